"""weir calibrate: the same requests on both sides, and figures that the simulator's record bears out."""

import json
import unittest

from harness import TestCase, weir


class Calibrate(TestCase):
    def test_both_sides_speak_of_the_same_requests(self):
        result = weir("calibrate", "--concurrency", "1,8", "--duration", "700ms", "--osl", "10", "--ttft", "20ms:20",
                      "--itl", "5ms:20", "--bound", "500ms", "--json", "--progress", "none")
        self.assertCode(result, 0)
        report = json.loads(result.out)
        self.assertEqual("weir.calibration/1", report["schema"])
        self.assertEqual([1, 8], [level["concurrency"] for level in report["levels"]])
        self.assertEqual(8, report["accurate_up_to"])
        for level in report["levels"]:
            self.assertGreater(level["requests"], 5)
            self.assertEqual(level["requests"], level["true_requests"])
            self.assertGreater(level["cpu_us_per_token"], 0)
            pair = level["ttft_ms"]["p50"]
            self.assertLess(abs(pair["true"] - pair["measured"]), 500)
            self.assertLessEqual(abs(pair["true"] - pair["measured"]), level["error_ms"] + 1e-6)

    def test_the_table_names_the_limit(self):
        result = weir("calibrate", "--concurrency", "2", "--duration", "300ms", "--osl", "5", "--ttft", "10ms", "--itl", "2ms",
                      "--bound", "50ms", "--progress", "none")
        self.assertCode(result, 0)
        self.assertIn("within 50ms of the truth up to 2 streams", result.out)

    def test_a_bound_that_cannot_be_kept_is_exit_code_4(self):
        result = weir("calibrate", "--concurrency", "2", "--duration", "300ms", "--osl", "5", "--ttft", "10ms", "--itl", "2ms",
                      "--bound", "1us", "--progress", "none")
        self.assertCode(result, 4)
        self.assertIn("no tested level is within 1us", result.out)


if __name__ == "__main__":
    unittest.main()
