#!/usr/bin/env python3
"""Memory per million requests: peak memory of a long run over that of a short one, records written."""
import sys

from support.pair import Sim, run_weir, verdict

SHORT, LONG = 50_000, 550_000
OPTIONS = ["-c", "64", "--osl", "1", "--isl", "3"]


def main():
    sim = Sim("--ttft", "0ms", "--itl", "0ms")
    short = run_weir(sim.port, "-n", str(SHORT), *OPTIONS)
    long = run_weir(sim.port, "-n", str(LONG), *OPTIONS)
    sim.stop()
    print(f"{SHORT} requests: {short['peak_kib']} KiB; {LONG} requests: {long['peak_kib']} KiB")
    per_million = (long["peak_kib"] - short["peak_kib"]) / (LONG - SHORT) * 1e6
    return 0 if verdict("memory a million requests", per_million, 1024, "KiB") else 1


if __name__ == "__main__":
    sys.exit(main())
