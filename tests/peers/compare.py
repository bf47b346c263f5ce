"""What a client claimed beside what the simulator knows.

    compare.py NAME CLAIM.json TRUTH.jsonl

CLAIM is peer_aiohttp.py's output, AIPerf's profile_export_aiperf.json or weir's summary.json (its first level).
"""

import json
import sys

ROWS = (("TTFT", "time_to_first_token", "ttft_ms"), ("ITL", "inter_chunk_latency", "itl_ms"))
PERCENTILES = ("p50", "p90", "p99")


def main(name, claim_path, truth_path):
    with open(claim_path, encoding="utf-8") as file:
        claim = json.load(file)
    if "levels" in claim:
        claim = claim["levels"][0]["metrics"]
    with open(truth_path, encoding="utf-8") as file:
        truth = json.loads(file.readlines()[-1])["summary"]
    print(f"{name}: {truth['ok']} of {truth['requests']} requests ok, {truth['tokens']} tokens, at most "
          f"{truth['max_streams']} at once; all in ms")
    print(f"{'':6}{'':5}{'claimed':>10}{'true':>10}{'error':>10}")
    for label, tag, key in ROWS:
        for p in PERCENTILES:
            said, was = claim[tag][p], truth[key][p]
            print(f"{label:6}{p:5}{said:10.3f}{was:10.3f}{said - was:+10.3f}")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
