#!/usr/bin/env python3
"""Lateness: how long after it was due a request is sent, and CPU a request, at fixed rates with answers of one token.

Prints and judges nothing: figures of this kind hold for the machine they were taken on. The server has a core of its own where
there are two.
"""
from support.pair import Sim, run_weir

SECONDS, RATES = 5, (100, 1000, 5000)
ROW = "{:>8}  {:>8}  {:>9}  {:>9}  {:>9}  {:>9}  {:>10}  {}"


def measure(rate):
    sim = Sim("--ttft", "1ms", "--itl", "0ms")
    level = run_weir(sim.port, "--request-rate", str(rate), "--arrival", "constant", "-d", f"{SECONDS}s", "--warmup-duration",
                     "1s", "--osl", "1", "--isl", "32", "--records", "none")
    sim.stop()
    return level


def main():
    print(ROW.format("rate /s", "sent /s", "p50 ms", "p99 ms", "max ms", "late", "CPU us/req", "verdict"))
    for rate in RATES:
        level = measure(rate)
        requests, lateness = level["requests"], level["client"]["send_lateness_ms"]
        everyone = requests["sent"] + requests["warmup"]
        shown = [f"{value:.3f}" for value in (lateness["p50"], lateness["p99"], lateness["max"])]
        print(ROW.format(rate, f"{level['open_loop']['sent_rate']:.1f}", *shown, level["open_loop"]["late"],
                         f"{level['cpu_s'] * 1e6 / everyone:.1f}", level["verdict"]))
        for reason in level["verdict_reasons"]:
            print(f"          {reason}")


if __name__ == "__main__":
    main()
