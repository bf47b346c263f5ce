"""Open loop: requests are sent when they are due, whatever the server does, and every arrival is accounted for."""

import datetime
import math
import queue
import threading
import time
import unittest

import answers
from faults import FaultServer
from harness import Run, Sim, TestCase, weir

FAST = ("--ttft", "5ms", "--itl", "1ms", "--output-tokens", "3")
NS = 1e9


class Freeze:
    """A server that answers nobody from `at` to `at + span` seconds after its first request, and then everybody."""

    def __init__(self, at, span):
        self._at, self._span, self._first, self._lock = at, span, None, threading.Lock()
        self._answer = answers.chat(tokens=2)

    def __call__(self, answer):
        now = time.monotonic()
        with self._lock:
            self._first = self._first or now
        if self._at <= now - self._first < self._at + self._span:
            answer.pause(self._first + self._at + self._span - now)
        self._answer(answer)


def slots(count, seconds):
    """A server that answers `count` at a time, first come, first served, each in `seconds`."""
    free, plain = queue.Queue(), answers.chat(tokens=2)
    for one in range(count):
        free.put(one)

    def behave(answer):
        one = free.get()
        try:
            answer.pause(seconds)
        finally:
            free.put(one)
        plain(answer)

    return behave


class RateTest(TestCase):
    def assertAccounted(self, run, index=0):
        """Planned is sent plus dropped, and what was sent was due inside the window."""
        level = run.level(index)
        requests, open_loop, window = level["requests"], level["open_loop"], level["window"]
        self.assertEqual(requests["planned"], requests["sent"] + open_loop["dropped"])
        measured = run.measured(index)
        self.assertEqual(requests["sent"], len(measured))
        length = window["end_s"] - window["start_s"]
        self.assertAlmostEqual(requests["planned"] / length, open_loop["offered_rate"], delta=0.01)
        self.assertAlmostEqual(requests["sent"] / length, open_loop["sent_rate"], delta=0.01)
        for one in run.records:
            if one["level"] != index:
                continue
            inside = window["start_s"] * NS - 1e3 <= one["due_ns"] < window["end_s"] * NS + 1e3
            self.assertEqual(inside, one["phase"] == "measured", one)
            self.assertGreaterEqual(one["sent_ns"], one["due_ns"])
        lateness = level["client"]["send_lateness_ms"]
        self.assertEqual(requests["ok"], lateness["count"])
        if requests["ok"]:
            self.assertTrue(0 <= lateness["min"] <= lateness["max"] < math.inf)
        late = sum(one["sent_ns"] - one["due_ns"] > 1_000_000 for one in measured if one["outcome"] == "ok")
        # To the width of a histogram's slot.
        self.assertLessEqual(abs(late - open_loop["late"]), 2 + late * 0.02)

    def dues(self, run, phase=None):
        return sorted(one["due_ns"] for one in run.records if phase in (None, one["phase"]))


class Accounts(RateTest):
    def test_every_arrival_is_accounted_for(self):
        with Sim(*FAST) as sim:
            run = self.sweep(sim.url, "-r", "40,80", "-d", "1s", "--warmup-duration", "300ms")
            records, _ = sim.truth()
        self.assertComplete(run)
        self.assertEqual(len(run.records), len(records), "each was seen by the server once")
        for index, rate in enumerate((40, 80)):
            self.assertAccounted(run, index)
            self.assertOnly(run, "ok", None, index)
            level = run.level(index)
            self.assertEqual(("rate", rate, 0), (level["mode"], level["request_rate"], level["open_loop"]["dropped"]))
            self.assertAlmostEqual(1, level["window"]["end_s"] - level["window"]["start_s"], places=6)

    def test_constant_arrivals_are_equally_apart(self):
        with Sim(*FAST) as sim:
            run = self.sweep(sim.url, "-r", 100, "--arrival", "constant", "-d", "1s")
        self.assertAccounted(run)
        dues = self.dues(run)
        self.assertEqual(100, run.level()["requests"]["planned"])
        self.assertTrue(all(abs(b - a - 10_000_000) <= 2 for a, b in zip(dues, dues[1:])))

    def test_bursts_are_due_together(self):
        with Sim(*FAST) as sim:
            run = self.sweep(sim.url, "-r", 60, "--arrival", "constant", "--burst", 6, "-d", "1s")
        self.assertAccounted(run)
        dues = self.dues(run)
        self.assertEqual({6}, {dues.count(one) for one in dues})

    def test_request_count_is_exact(self):
        with Sim(*FAST) as sim:
            run = self.sweep(sim.url, "-r", 120, "-n", 77, "--warmup-count", 9, "--workers", 2)
            records, _ = sim.truth()
        self.assertComplete(run)
        self.assertOnly(run, "ok", 77)
        self.assertEqual((77, 9, 86), (run.level()["requests"]["planned"], run.level()["requests"]["warmup"], len(records)))

    def test_rescaled_counts_do_not_vary(self):
        with Sim(*FAST) as sim:
            for seed in (1, 2, 3):
                run = self.sweep(sim.url, "-r", 70, "-d", "1s", "--rescale-arrivals", "--seed", seed, name=f"r{seed}")
                self.assertEqual(70, run.level()["requests"]["planned"])


class Timelines(RateTest):
    def test_a_schedule_with_a_ramp(self):
        pieces = "50/s for 500ms, ramp to 150/s over 1s"
        with Sim(*FAST) as sim:
            run = self.sweep(sim.url, "--rate-schedule", pieces, "--arrival", "constant")
        self.assertAccounted(run)
        self.assertOnly(run, "ok")
        self.assertIsNone(run.level()["request_rate"])
        self.assertAlmostEqual(1.5, run.level()["window"]["end_s"], places=6)
        seconds = [due / NS for due in self.dues(run)]
        for begin, end, expected in ((0, 0.5, 25), (0.5, 1, 37.5), (1, 1.5, 62.5)):
            count = sum(begin <= one < end for one in seconds)
            self.assertLessEqual(abs(count - expected), 1.5, (begin, end))

    def test_a_file_of_arrivals(self):
        times = ["0.05", "0.1", "0.1", "0.1234567", "0.4", "0.75"]
        path = self.dir / "arrivals.txt"
        path.write_text("\n".join(times) + "\n")
        with Sim(*FAST) as sim:
            run = self.sweep(sim.url, "--arrival-file", path)
        self.assertAccounted(run)
        self.assertOnly(run, "ok", len(times))
        self.assertEqual([round(float(one) * NS) for one in times], self.dues(run))

    def test_the_number_of_workers_changes_nothing(self):
        """Due times, items and bodies are the same byte for byte; another seed gives others."""
        seen = {}
        for name, args in (("1", ("-w", 1)), ("2", ("-w", 2)), ("4", ("-w", 4)), ("again", ("-w", 4)), ("seed", ("-s", 2))):
            with FaultServer(answers.chat(tokens=2)) as server:
                run = self.sweep(server.url, "-r", 80, "-d", "1s", "--warmup-duration", "200ms", "--isl-stddev", 20, *args,
                                 name=f"w{name}")
            self.assertAccounted(run)
            self.assertOnly(run, "ok")
            bodies = {post.headers["x-request-id"]: post.body for post in server.posts()}
            self.assertEqual(len(bodies), len(run.records))
            timeline = {one["id"]: (one["due_ns"], one["item"], one["phase"]) for one in run.records}
            self.assertEqual(list(range(len(timeline))), sorted(timeline))
            if name in ("2", "4"):
                self.assertEqual(int(name), len({one["worker"] for one in run.records}))
            seen[name] = (timeline, bodies)
        for name in ("2", "4", "again"):
            self.assertEqual(seen["1"], seen[name], f"{name} differs from one worker")
        self.assertNotEqual(seen["1"][0], seen["seed"][0])
        self.assertNotEqual(seen["1"][1], seen["seed"][1])


class Full(RateTest):
    """--max-in-flight with a server that is slower than the rate."""

    ARGS = ("-r", 50, "--arrival", "constant", "-d", "1s", "--max-in-flight", 2)

    def test_waiting_arrivals_are_sent_late(self):
        with FaultServer(answers.chat(tokens=2, ttft=0.06)) as server:
            run = self.sweep(server.url, *self.ARGS)
        self.assertAccounted(run)
        self.assertOnly(run, "ok", 50)
        level = run.level()
        self.assertEqual(0, level["open_loop"]["dropped"])
        self.assertGreater(level["open_loop"]["late"], 30)
        self.assertLessEqual(level["metrics"]["effective_concurrency"]["avg"], 2.001)
        waited = run.metric("scheduled_time_to_first_token")
        self.assertGreater(waited["p50"], 3 * run.metric("time_to_first_token")["p50"], "their wait counts")
        instants = sorted([(one["sent_ns"], 1) for one in run.records] + [(one["done_ns"], -1) for one in run.records])
        in_flight = 0
        for _, step in instants:
            in_flight += step
            self.assertLessEqual(in_flight, 2)

    def test_dropped_arrivals_are_counted_and_the_run_is_invalid(self):
        with FaultServer(answers.chat(tokens=2, ttft=0.1)) as server:
            result = weir("run", "-u", server.url, "-m", "m", "--out", self.out(), "--progress", "none", *self.ARGS,
                          "--when-full", "drop", cwd=self.dir)
        self.assertCode(result, 4)
        run = Run(self.out(), result)
        self.assertAccounted(run)
        level = run.level()
        self.assertEqual(50, level["requests"]["planned"])
        self.assertGreater(level["open_loop"]["dropped"], 20)
        self.assertEqual(len(server.posts()), level["requests"]["sent"])
        self.assertEqual("invalid", level["verdict"])
        self.assertSays(" ".join(level["verdict_reasons"]), r"\d+ of 50 arrivals were dropped")

    def test_allow_invalid_takes_it(self):
        with FaultServer(answers.chat(tokens=2, ttft=0.1)) as server:
            run = self.sweep(server.url, *self.ARGS, "--when-full", "drop")
        self.assertEqual("invalid", run.level()["verdict"])


class Stalls(RateTest):
    ARGS = ("-r", 100, "--arrival", "constant", "-d", "3s")

    def frozen(self, *args):
        with FaultServer(Freeze(1, 1)) as server:
            run = self.sweep(server.url, *self.ARGS, *args)
        self.assertAccounted(run)
        self.assertOnly(run, "ok", 300)  # nothing is lost
        return run

    def test_a_stall_shows_in_latency_from_due(self):
        run = self.frozen()
        # 100 of 300 arrive during the second of silence and wait for its end: p99 is close to all of it.
        self.assertGreater(run.metric("scheduled_time_to_first_token")["p99"], 900)
        self.assertGreater(run.metric("scheduled_request_latency")["p90"], 600)

    def test_a_client_that_waits_too_does_not_hide_it(self):
        """With few in flight only those few are slow from sent; from due, everybody who came is."""
        run = self.frozen("--max-in-flight", 4)
        due, sent = run.metric("scheduled_time_to_first_token"), run.metric("time_to_first_token")
        self.assertGreater(due["p90"], 600)
        self.assertGreater(due["p90"], 2 * sent["p90"])
        self.assertGreater(run.level()["open_loop"]["late"], 90)


class Saturation(RateTest):
    def test_a_rate_above_capacity_is_called_saturated_and_ends_the_sweep(self):
        with FaultServer(slots(1, 0.02)) as server:  # at most 50 requests/s
            run = self.sweep(server.url, "-r", "20,80,30", "--arrival", "constant", "-d", "7s", "--stop-when-saturated",
                             "--timeout", "60s")
        self.assertEqual([False, True], [level["open_loop"]["saturated"] for level in run.summary["levels"]])
        self.assertNotEqual("valid", run.level(1)["verdict"])
        self.assertSays(" ".join(run.level(1)["verdict_reasons"]), "saturated")
        for index in (0, 1):
            self.assertAccounted(run, index)
            self.assertOnly(run, "ok", None, index)
        self.assertGreater(run.level(1)["trends"]["in_flight"]["slope_per_hour"], 0)


class Users(RateTest):
    def test_a_share_of_them_leaves(self):
        left = []
        for name in ("a", "b"):
            with FaultServer(answers.chat(tokens=3, ttft=0.15)) as server:
                run = self.sweep(server.url, "-r", 150, "-d", "1500ms", "--cancel-rate", 25, "--cancel-after", "30ms", name=name)
            self.assertAccounted(run)
            outcomes = run.level()["requests"]["outcomes"]
            self.assertLessEqual(set(outcomes), {"ok", "cancelled"})
            share = outcomes["cancelled"] / run.level()["requests"]["sent"]
            self.assertTrue(0.12 < share < 0.4, share)  # 6 standard deviations on either side
            for tag in ("time_to_first_token", "request_latency", "scheduled_request_latency"):
                self.assertEqual(outcomes["ok"], run.metric(tag)["count"], "those who left are in no latency")
            left.append({one["id"] for one in run.records if one["outcome"] == "cancelled"})
        self.assertEqual(left[0], left[1], "the seed decides who leaves")

    def test_goodput(self):
        with Sim(*FAST) as sim:
            run = self.sweep(sim.url, "-r", 60, "-d", "1s", "--goodput", "time_to_first_token<20s request_latency<20s")
            none = self.sweep(sim.url, "-r", 60, "-d", "1s", "--goodput", "time_to_first_token<1ms", name="none")
        level = run.level()
        self.assertEqual(level["requests"]["ok"], level["goodput"]["good"])
        self.assertEqual(1, level["goodput"]["attainment"])
        low, high = level["goodput"]["interval95"]
        self.assertTrue(0.8 < low < high == 1)
        self.assertAlmostEqual(run.metric("request_throughput")["avg"], run.metric("goodput")["avg"])
        self.assertEqual((0, 0), (none.level()["goodput"]["good"], none.metric("goodput")["avg"]))

    def test_objectives_decide_the_exit_code(self):
        with Sim(*FAST) as sim:
            met = self.sweep(sim.url, "-r", 50, "-d", "1s", "--slo", "ttft:p50<20s", "--slo", "error_rate<1%")
            missed = self.sweep(sim.url, "-r", 50, "-d", "1s", "--slo", "ttft:p50<20s,ttft:avg<1ms", code=1, name="missed")
        self.assertEqual(["met", "met"], [one["result"] for one in met.level()["objectives"]])
        self.assertEqual(["met", "missed"], [one["result"] for one in missed.level()["objectives"]])
        self.assertSays(missed.result.err, r"misses time_to_first_token:avg<1ms")
        self.assertComplete(missed)


class Steadiness(RateTest):
    def test_auto_warm_up_says_when_it_settled(self):
        with Sim(*FAST) as sim:
            run = self.sweep(sim.url, "-r", 60, "--arrival", "constant", "--warmup", "auto", "--warmup-duration", "15s", "-d",
                             "1s", limit=90)
        self.assertAccounted(run)
        level = run.level()
        warmup, window = level["warmup"], level["window"]
        self.assertTrue(warmup["auto"])
        self.assertAlmostEqual(1, window["end_s"] - window["start_s"], places=6)
        self.assertGreater(level["requests"]["warmup"], 0)
        self.assertGreaterEqual(window["start_s"], 6, "as many seconds as it takes to compare")
        if warmup["settled"]:
            self.assertAlmostEqual(warmup["settled_s"], window["start_s"], places=3)
        else:
            self.assertIsNone(warmup["settled_s"])
            self.assertGreaterEqual(window["start_s"], 15)

    def test_repetitions_are_kept_apart_and_the_server_rests_between(self):
        with Sim(*FAST) as sim:
            run = self.sweep(sim.url, "-r", "40,60", "--arrival", "constant", "-d", "400ms", "--repeat", 2, "--cooldown",
                             "300ms")
        levels = run.summary["levels"]
        self.assertEqual([(0, 40), (0, 60), (1, 40), (1, 60)], [(one["repetition"], one["request_rate"]) for one in levels])
        for index in range(4):
            self.assertAccounted(run, index)
        starts = [datetime.datetime.fromisoformat(one.replace("Z", "+00:00")) for one in run.run["level_starts"]]
        for index in range(3):
            gap = (starts[index + 1] - starts[index]).total_seconds()
            self.assertGreaterEqual(gap, levels[index]["whole_run"]["duration_s"] + 0.29)

    def test_targets_take_turns(self):
        with Sim(*FAST) as sim:
            run = self.sweep(f"a={sim.url}", "--url", f"b={sim.url}", "-r", 40, "-d", "300ms", "--repeat", 2)
        self.assertEqual(["a", "b", "b", "a"], [one["target"] for one in run.summary["levels"]])


if __name__ == "__main__":
    unittest.main()
