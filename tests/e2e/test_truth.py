"""weir against the record of the simulator: counts to the last token, latencies within what a busy machine allows.

How close they are on a quiet machine is for `weir calibrate` and bench/ to say; these bounds only catch a wrong clock, a wrong
instant or a wrong join, which are off by far more.
"""

import unittest

from harness import Sim, TestCase, is_sanitized, percentile, request_id

TOKENS = 20
BOUND_MS = 25 if is_sanitized() else 2


class Truth(TestCase):
    @classmethod
    def setUpClass(cls):
        case = TestCase()
        case.setUp()
        cls.addClassCleanup(case.doCleanups)
        with Sim("--ttft", "40ms:40", "--itl", "6ms:50", "--output-tokens", str(TOKENS), "--seed", "5") as sim:
            cls.run_ = case.sweep(sim.url, "-c", "8", "-n", 120)
            cls.truth, cls.true = sim.truth()

    def joined(self):
        theirs = {one["request_id"]: one for one in self.truth}
        return [(one, theirs[request_id(one["level"], one["id"])]) for one in self.run_.records]

    def test_counts_are_equal(self):
        self.assertEqual(120, self.true["requests"])
        self.assertEqual(120, self.true["ok"])
        self.assertEqual(120, self.run_.level()["requests"]["ok"])
        self.assertEqual(self.true["tokens"], sum(one["output_tokens"] for one in self.run_.records))
        for mine, theirs in self.joined():
            self.assertEqual((theirs["tokens"], theirs["chunks"]), (mine["output_tokens"], mine["chunks"]))

    def test_percentiles_are_true(self):
        for tag, key in (("time_to_first_token", "ttft_ms"), ("inter_token_latency", "itl_ms"),
                         ("time_per_output_token", "tpot_ms")):
            for p in ("p50", "p90"):
                with self.subTest(tag, p=p):
                    self.assertAlmostEqual(self.true[key][p], self.run_.metric(tag)[p], delta=BOUND_MS)

    def test_each_request_is_true(self):
        """weir's clock starts before the server's and sees the first token after it: never the other way round."""
        errors = []
        for mine, theirs in self.joined():
            claimed = mine["first_token_ns"] - mine["sent_ns"]
            errors.append((claimed - (theirs["first_token_ns"] - theirs["received_ns"])) / 1e6)
        self.assertGreater(percentile(errors, 5), -0.2)
        self.assertLess(percentile(errors, 50), BOUND_MS)

    def test_the_whole_answer_is_true(self):
        errors = []
        for mine, theirs in self.joined():
            claimed = mine["last_token_ns"] - mine["first_token_ns"]
            errors.append(abs(claimed - (theirs["last_token_ns"] - theirs["first_token_ns"])) / 1e6)
        self.assertLess(percentile(errors, 50), BOUND_MS)


class Wave(TestCase):
    def test_tokens_that_come_at_once_are_stamped_when_they_came(self):
        """A batching engine answers all streams in one instant; the client must not charge its own way through them to the
        server. No spread: 64 streams, every token of all at the same time."""
        with Sim("--ttft", "60ms", "--itl", "25ms", "--output-tokens", "8") as sim:
            run = self.sweep(sim.url, "-c", "64", "-n", "128")
            _, true = sim.truth()
        self.assertComplete(run)
        self.assertEqual(128, run.level()["requests"]["ok"])
        self.assertAlmostEqual(true["ttft_ms"]["p50"], run.metric("time_to_first_token")["p50"], delta=BOUND_MS)
        self.assertAlmostEqual(true["itl_ms"]["p50"], run.metric("inter_token_latency")["p50"], delta=BOUND_MS)


class Shapes(TestCase):
    """The simulator's other dresses, counted to the token."""

    def check(self, sim_args, *args, source="usage", chunks=None):
        with Sim("--ttft", "5ms", "--itl", "1ms", "--output-tokens", "12", *sim_args) as sim:
            run = self.sweep(sim.url, "-c", 2, "-n", 10, *args)
            truth, true = sim.truth()
        self.assertComplete(run)
        self.assertOnly(run, "ok", 10)
        self.assertEqual(source, run.level()["token_source"])
        self.assertEqual((10, 10), (true["requests"], true["ok"]))
        self.assertEqual(true["tokens"] if source != "events" else sum(one["chunks"] for one in truth),
                         sum(one["output_tokens"] for one in run.records))
        self.assertEqual(sum(one["chunks"] for one in truth), sum(one["chunks"] for one in run.records))
        return run, truth

    def test_tokens_a_chunk(self):
        run, _ = self.check(["--tokens-per-chunk", "4", "--usage", "every"], source="chunk_usage")
        self.assertEqual(20, run.metric("inter_chunk_latency")["count"])
        self.assertEqual(80, run.metric("inter_token_latency")["count"])

    def test_no_usage(self):
        self.check(["--usage", "off"], source="events")

    def test_role_chunk(self):
        for role in ("early", "first", "none"):
            with self.subTest(role):
                run, _ = self.check(["--role-chunk", role])
                self.assertGreaterEqual(run.metric("time_to_first_token")["min"], 4.9)
                self.setUp()

    def test_reasoning(self):
        for field in ("reasoning_content", "reasoning"):
            with self.subTest(field):
                run, truth = self.check(["--reasoning-tokens", "5", "--reasoning-field", field])
                first, output = run.metric("time_to_first_token"), run.metric("time_to_first_output_token")
                true = [(one["first_output_token_ns"] - one["first_token_ns"]) / 1e6 for one in truth]
                self.assertAlmostEqual(percentile(true, 50), output["p50"] - first["p50"], delta=BOUND_MS)
                self.setUp()

    def test_completions(self):
        self.check([], "--endpoint-type", "completions")

    def test_length_from_the_request(self):
        run, _ = self.check([], "--osl", "7")
        self.assertEqual({7}, {one["output_tokens"] for one in run.records})

    def test_length_from_a_distribution(self):
        run, _ = self.check(["--output-tokens", "30:50"])
        self.assertGreater(len({one["output_tokens"] for one in run.records}), 2)

    def test_not_streamed(self):
        with Sim("--ttft", "5ms", "--itl", "1ms", "--output-tokens", "12") as sim:
            run = self.sweep(sim.url, "-n", 5, "--no-streaming")
            _, true = sim.truth()
        self.assertOnly(run, "ok", 5)
        self.assertEqual(true["tokens"], sum(one["output_tokens"] for one in run.records))
        self.assertGreaterEqual(run.metric("request_latency")["min"], 15)

    def test_idle_connections_that_the_server_closes(self):
        """The first level's connections are closed while the second runs on one; nothing is retried and nothing lost."""
        with Sim("--ttft", "5ms", "--itl", "1ms", "--output-tokens", "12", "--idle-close", "100ms") as sim:
            run = self.sweep(sim.url, "-c", "8,1,8", "-n", 24)
            truth, _ = sim.truth()
        self.assertEqual(72, len(truth))
        for index in range(3):
            self.assertOnly(run, "ok", 24, index)


if __name__ == "__main__":
    unittest.main()
