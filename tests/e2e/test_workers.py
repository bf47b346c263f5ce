"""Several workers share a level and nothing else: what they did adds up to what was asked for."""

import unittest

from harness import Sim, TestCase


class Workers(TestCase):
    def test_counts_add_up(self):
        with Sim("--ttft", "5ms", "--itl", "1ms", "--output-tokens", "8") as sim:
            run = self.sweep(sim.url, "--workers", 3, "-c", "1,7", "-n", 120, "--warmup-count", 10)
            records, _ = sim.truth()
        self.assertComplete(run)
        self.assertEqual(2 * 130, len(records))
        for index, level in enumerate(run.summary["levels"]):
            self.assertOnly(run, "ok", 120, index)
            self.assertEqual(120 * 7, run.metric("inter_chunk_latency", index)["count"])
            everyone = [one for one in run.records if one["level"] == index]
            self.assertEqual(list(range(130)), sorted(one["id"] for one in everyone))
            self.assertEqual(min(3, level["concurrency"]), level["client"]["workers"])
        self.assertEqual({0, 1, 2}, {one["worker"] for one in run.records if one["level"] == 1})

    def test_the_level_is_what_was_asked_for(self):
        with Sim("--ttft", "30ms", "--itl", "2ms", "--output-tokens", "20") as sim:
            run = self.sweep(sim.url, "--workers", 2, "-c", 10, "--duration", "600ms", "--warmup-duration", "150ms")
        self.assertComplete(run)
        self.assertLessEqual(run.metric("effective_concurrency")["avg"], 10.001)
        self.assertGreater(run.metric("effective_concurrency")["avg"], 9)


if __name__ == "__main__":
    unittest.main()
