#!/usr/bin/env python3
"""Cost: CPU a streamed token at 1000 streams, weir and the bare epoll reader (the floor) in turn against one simulator each."""
import sys

from support.pair import Sim, median, run_floor, run_weir, verdict

STREAMS, TOKENS, SECONDS, ROUNDS = 1000, 100, 6, 3


def weir_once():
    sim = Sim("--ttft", "50ms", "--itl", "10ms")
    level = run_weir(sim.port, "-c", str(STREAMS), "-d", f"{SECONDS}s", "--osl", str(TOKENS), "--isl", "32")
    sim.stop()
    return level["cpu_s"] * 1e6 / level["client"]["token_events"], level["client"]["cpu_ms"] * 1e3 / level["client"]["token_events"]


def floor_once():
    sim = Sim("--ttft", "50ms", "--itl", "10ms")
    result = run_floor(sim.port, STREAMS, TOKENS, SECONDS)
    sim.stop()
    return result["cpu_us_per_token"]


def main():
    rounds = []
    for _ in range(ROUNDS):
        whole, worker = weir_once()
        floor = floor_once()
        rounds.append((whole / floor, whole, worker, floor))
        print(f"weir {whole:.2f} us/token (worker alone {worker:.2f}), floor {floor:.2f} us/token, ratio {whole / floor:.2f}")
    return 0 if verdict("CPU a token, weir / floor (median)", median([r[0] for r in rounds]), 2.0, "times") else 1


if __name__ == "__main__":
    sys.exit(main())
