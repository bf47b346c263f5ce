#!/usr/bin/env python3
"""Cost: CPU a streamed token at 1000 streams: weir over each of its transports and the bare epoll reader (the floor), in turn
against one simulator each."""
import sys

from support.pair import Sim, median, run_floor, run_weir, verdict

STREAMS, TOKENS, SECONDS, ROUNDS = 1000, 100, 6, 3
BOUNDS = {"native": 1.4, "curl": 2.5}


def weir_once(transport):
    sim = Sim("--ttft", "50ms", "--itl", "10ms")
    level = run_weir(sim.port, "-c", str(STREAMS), "-d", f"{SECONDS}s", "--osl", str(TOKENS), "--isl", "32",
                     "--transport", transport)
    sim.stop()
    return level["cpu_s"] * 1e6 / level["client"]["token_events"], level["client"]["cpu_ms"] * 1e3 / level["client"]["token_events"]


def floor_once():
    sim = Sim("--ttft", "50ms", "--itl", "10ms")
    result = run_floor(sim.port, STREAMS, TOKENS, SECONDS)
    sim.stop()
    return result["cpu_us_per_token"]


def main():
    ratios = {transport: [] for transport in BOUNDS}
    for _ in range(ROUNDS):
        floor = floor_once()
        print(f"floor {floor:.2f} us/token")
        for transport, of in ratios.items():
            whole, worker = weir_once(transport)
            of.append(whole / floor)
            print(f"weir over {transport} {whole:.2f} us/token (worker alone {worker:.2f}), ratio {of[-1]:.2f}")
    held = [verdict(f"CPU a token, weir over {transport} / floor (median)", median(ratios[transport]), bound, "times")
            for transport, bound in BOUNDS.items()]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
