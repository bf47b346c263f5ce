#!/usr/bin/env python3
"""Truth: weir against the simulator's own record, at 1000 and at 8000 streams; and memory a stream. What libcurl makes of the same
load is shown and held to nothing."""
import sys

from support.pair import Sim, run_weir, verdict


def compare(name, sim_options, run_options, bounds):
    sim = Sim(*sim_options)
    level = run_weir(sim.port, *run_options)
    truth = sim.stop()
    ttft, itl = level["metrics"]["time_to_first_token"], level["metrics"]["inter_chunk_latency"]
    print(f"{name}: {level['requests']['ok']} requests, {level['requests']['failed']} failed, verdict {level['verdict']}, "
          f"client {level['client']['cpu_utilisation'] * 100:.0f} % of a core")
    holds = True
    for key, measured, true in (("TTFT p50", ttft["p50"], truth["ttft_ms"]["p50"]),
                                ("TTFT p99", ttft["p99"], truth["ttft_ms"]["p99"]),
                                ("ITL p99", itl["p99"], truth["itl_ms"]["p99"])):
        print(f"  {key}: true {true:.3f} ms, measured {measured:.3f} ms")
        if key in bounds:
            holds &= verdict(f"  {key} error", abs(measured - true), bounds[key], "ms")
    holds &= verdict("  failed requests", level["requests"]["failed"], 0, "requests")
    holds &= verdict("  requests missing on either side", abs(truth["ok"] - level["requests"]["ok"]), 0, "requests")
    return holds, level


MEDIUM = ["-c", "1000", "-d", "10s", "--osl", "100", "--isl", "32", "--records", "none"]
LARGE = ["-c", "8000", "-d", "20s", "--osl", "50", "--isl", "32", "--records", "none"]


def measure(transport, medium_bounds, large_bounds, bytes_bound):
    carried = ["--transport", transport]
    holds, _ = compare(f"{transport}: 1000 streams, TTFT 50 ms, ITL 10 ms, 100 tokens", ["--ttft", "50ms", "--itl", "10ms"],
                       MEDIUM + carried, medium_bounds)
    large, level = compare(f"{transport}: 8000 streams, TTFT 200 ms, ITL 100 ms, 50 tokens",
                           ["--ttft", "200ms", "--itl", "100ms"], LARGE + carried, large_bounds)
    sim = Sim()
    idle = run_weir(sim.port, "-c", "1", "-n", "1", "--osl", "1", "--isl", "32", "--records", "none", *carried)
    sim.stop()
    per_stream = (level["peak_kib"] - idle["peak_kib"]) / 8000
    return verdict("memory a stream over the idle program", per_stream, bytes_bound, "KiB") & holds & large


def main():
    holds = measure("native", {"TTFT p50": 0.1, "TTFT p99": 0.1, "ITL p99": 0.2}, {"TTFT p99": 0.5}, 10)
    holds &= measure("curl", {}, {}, 25)
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
