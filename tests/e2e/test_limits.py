"""Descriptors: too few for a level is said before the run, with the remedy."""

import resource
import unittest

from harness import Sim, TestCase, is_sanitized, weir


@unittest.skipIf(is_sanitized(), "the sanitizer's own descriptors and address space do not fit into small limits")
class Descriptors(TestCase):
    def limited(self, soft, hard, *args):
        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

        with Sim("--ttft", "1ms", "--itl", "1ms", "--output-tokens", "3") as sim:
            result = weir("run", "--url", sim.url, "--out", self.out(), "--progress", "none", "--allow-invalid", *args,
                          preexec=limit, cwd=self.dir)
            records, _ = sim.truth()
        return result, records

    def test_too_few_is_said_before_the_run(self):
        result, records = self.limited(64, 64, "-c", "1,200", "-n", "400")
        self.assertCode(result, 2)
        self.assertSays(result.err, r"ulimit -n|RLIMIT_NOFILE|LimitNOFILE")
        self.assertSays(result.err, "200")
        self.assertEqual([], records, "no request was sent")

    def test_the_soft_limit_is_raised(self):
        result, records = self.limited(64, 1024, "-c", "200", "-n", "400")
        self.assertCode(result, 0)
        self.assertEqual(400, len(records))


if __name__ == "__main__":
    unittest.main()
