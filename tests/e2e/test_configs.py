"""Every configuration file that ships runs, shortened by flags: what stands in configs/ works as it stands."""

import re
import unittest

import answers
from faults import FaultServer
from harness import SOURCE, Run, TestCase, weir

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
        args = ["run", "--config", path, "--out", self.out(path.stem), "--duration", "300ms", "--request-count", "0",
                "--concurrency", "1,2", "--warmup-count", "0", "--warmup-duration", "50ms", "--progress", "none",
                "--allow-invalid"]
        if not re.search(r"\bsim:", text):
            args += ["--url", server.url, "--model", "sim-model"]
        result = weir(*args, cwd=SOURCE)
        self.assertCode(result, 0)
        run = Run(self.out(path.stem), result)
        self.assertComplete(run)
        self.assertEqual(0, sum(level["requests"]["failed"] for level in run.summary["levels"]))


if __name__ == "__main__":
    unittest.main()
