"""Every configuration file that ships runs, shortened by flags: what stands in configs/ works as it stands."""

import re
import unittest

import answers
from faults import FaultServer
from harness import SOURCE, Run, TestCase, weir

OPEN_LOOP = re.compile(r"^(request-rate|rate-schedule|arrival-file):", re.MULTILINE)
CONFIGS = sorted((SOURCE / "configs").glob("*.yaml"))


class Configs(TestCase):
    def test_there_are_some(self):
        self.assertNotEqual([], CONFIGS)

    def test_each_runs(self):
        with FaultServer(answers.chat(tokens=3), models=("sim-model",)) as server:
            for path in CONFIGS:
                with self.subTest(path.name):
                    self.shortened(path, server)

    def shortened(self, path, server):
        """Against its own simulator where the file names one, else against a server that stands in for the user's."""
        text = path.read_text()
        args = ["--config", path, "--out", self.out(path.stem), "--duration", "300ms", "--warmup-duration", "50ms",
                "--progress", "none", "--allow-invalid"]
        if f"weir find --config configs/{path.name}" in text:
            args = ["find", *args, "--find-max", "10", "--slo", "error_rate<1%"]
        else:
            args = ["run", *args, "--request-count", "0", "--warmup-count", "0", "--no-records-compress"]
        if args[0] == "run" and not OPEN_LOOP.search(text):  # which says itself when requests are sent
            args += ["--concurrency", "1,2"]
        if not re.search(r"\bsim:", text):
            args += ["--url", server.url, "--model", "sim-model"]
        result = weir(*args, cwd=SOURCE)
        self.assertCode(result, 0)
        run = Run(self.out(path.stem), result)
        self.assertComplete(run)
        self.assertEqual(0, sum(level["requests"]["failed"] for level in run.summary["levels"]))


if __name__ == "__main__":
    unittest.main()
