"""The run directory: one that is taken, one that must be made, and a disk that is full."""

import os
import resource
import signal
import subprocess
import unittest

import answers
from faults import FaultServer
from harness import Run, TestCase, weir


class Directories(TestCase):
    def test_a_directory_with_something_in_it(self):
        self.out().mkdir()
        (self.out() / "summary.json").write_text("precious")
        with FaultServer(answers.chat()) as server:
            run = self.sweep(server.url, "-n", 1, code=2)
            self.assertEqual([], server.posts())
        self.assertSays(run.result.err, "run.*(empty|exists)")
        self.assertEqual("precious", (self.out() / "summary.json").read_text())

    def test_an_empty_directory(self):
        self.out().mkdir()
        with FaultServer(answers.chat()) as server:
            self.assertComplete(self.sweep(server.url, "-n", 1))

    def test_a_file(self):
        self.out().write_text("precious")
        with FaultServer(answers.chat()) as server:
            run = self.sweep(server.url, "-n", 1, code=2)
        self.assertSays(run.result.err, "not a directory|file|exists")
        self.assertEqual("precious", self.out().read_text())

    def test_directories_on_the_way_are_made(self):
        with FaultServer(answers.chat()) as server:
            self.assertComplete(self.sweep(server.url, "-n", 1, name="a/b/c"))

    def test_the_default_directory(self):
        with FaultServer(answers.chat()) as server:
            result = weir("run", "--url", server.url, "-n", 1, "--name", "my test", "--progress", "none", "--allow-invalid",
                          cwd=self.dir)
        self.assertCode(result, 0)
        made = list((self.dir / "weir-runs").iterdir())
        self.assertEqual(1, len(made))
        self.assertRegex(made[0].name, r"^20\d\d-?\d\d-?\d\dT\d\d[-:]?\d\d[-:]?\d\d.*Z-my.test$")
        self.assertComplete(Run(made[0], result))
        self.assertIn(made[0].name, result.out + result.err)

    def test_two_runs_in_one_second(self):
        with FaultServer(answers.chat()) as server:
            for _ in range(2):
                self.assertCode(weir("run", "--url", server.url, "-n", 1, "--quiet", "--allow-invalid", cwd=self.dir), 0)
        self.assertEqual(2, len(list((self.dir / "weir-runs").iterdir())))


class FullDisk(TestCase):
    """The run goes on and tells its result; what could not be written is named, and what stands in the files is whole."""

    def run_it(self, **how):
        with FaultServer(answers.chat(tokens=2)) as server:
            result = weir("run", "--url", server.url, "-m", "m", "-n", 400, "-c", 4, "--out", self.out(), "--progress", "none",
                          "--allow-invalid", cwd=self.dir, **how)
        self.assertEqual(400, len(server.posts()), "the run went on")
        self.assertSays(result.err, r"records\.jsonl")
        self.assertSays(result.out, "ttft")
        return Run(self.out(), result)

    def test_records_that_do_not_fit(self):
        """A limit on the size of files: the records pass it, the summary does not."""
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (60000, 60000))

        run = self.run_it(preexec=limit)
        self.assertCode(run.result, 0)
        self.assertSays(run.result.err, "too large")
        level = run.level()
        self.assertEqual(400, level["requests"]["ok"])
        self.assertNotEqual([], run.records)
        self.assertEqual(400 - len(run.records), level["client"]["records_dropped"])
        self.assertNotEqual("valid", level["verdict"])
        self.assertSays(" ".join(level["verdict_reasons"]), r"records\.jsonl")

    @unittest.skipIf(os.geteuid() != 0, "only root may mount")
    def test_a_small_file_system(self):
        """Nor is there room for the summary: then it stands on standard output, and the exit code is not 0."""
        self.out().mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", self.out()], capture_output=True, check=False)
        if done.returncode != 0:
            self.skipTest("may not mount here")
        try:
            run = self.run_it()
            self.assertCode(run.result, 70)
            self.assertSays(run.result.err, r"no space left.*summary\.json: no space left")
            self.assertNotEqual([], run.records)
            self.assertEqual("running", run.run["state"], "not complete")
        finally:
            subprocess.run(["umount", "-l", self.out()], check=True)


if __name__ == "__main__":
    unittest.main()
