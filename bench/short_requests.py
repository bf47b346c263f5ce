#!/usr/bin/env python3
"""Short requests: one token, 64 in flight: CPU a request of weir over each of its transports and of wrk, in turn, on one simulator."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

from support.pair import CLIENT_CORE, Sim, median, pinned, run_weir, verdict

ROUNDS, SECONDS = 3, 5
BOUNDS = {"native": 1.5, "curl": 3.0}
BODY = '{"model":"sim-model","messages":[{"role":"user","content":"one two three"}],"max_tokens":1,"stream":true}'


def wrk_once(port):
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(f'wrk.method = "POST"\nwrk.body = [[{BODY}]]\nwrk.headers["Content-Type"] = "application/json"\n')
        script.flush()
        command = ["wrk", "-t1", "-c64", f"-d{SECONDS}s", "-s", script.name, f"http://127.0.0.1:{port}/v1/chat/completions"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=pinned(CLIENT_CORE))
        output = process.stdout.read()
        usage = os.wait4(process.pid, 0)[2]
    requests = int(re.search(r"(\d+) requests in", output).group(1))
    return (usage.ru_utime + usage.ru_stime) * 1e6 / requests, requests / SECONDS


def weir_once(port, transport):
    level = run_weir(port, "-c", "64", "-d", f"{SECONDS}s", "--osl", "1", "--isl", "3", "--no-unique-prompts", "--records", "none",
                     "--transport", transport)
    return level["cpu_s"] * 1e6 / level["requests"]["sent"], level["requests"]["sent"] / SECONDS


def main():
    if shutil.which("wrk") is None:
        print("wrk is not installed (Debian package wrk): nothing to compare with")
        return 0
    sim = Sim("--ttft", "0ms", "--itl", "0ms")
    ratios = {transport: [] for transport in BOUNDS}
    for _ in range(ROUNDS):
        wrk_us, wrk_rate = wrk_once(sim.port)
        print(f"wrk {wrk_us:.1f} us/request at {wrk_rate:.0f}/s")
        for transport, of in ratios.items():
            weir_us, weir_rate = weir_once(sim.port, transport)
            of.append(weir_us / wrk_us)
            print(f"weir over {transport} {weir_us:.1f} us/request at {weir_rate:.0f}/s, ratio {of[-1]:.2f}")
    sim.stop()
    held = [verdict(f"CPU a request, weir over {transport} / wrk (median)", median(ratios[transport]), bound, "times")
            for transport, bound in BOUNDS.items()]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
