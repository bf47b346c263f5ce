"""weir as a process that is told to end: Ctrl-C once and twice, SIGTERM, killed."""

import json
import os
import signal
import subprocess
import time
import unittest

import answers
from faults import FaultServer
from harness import Program, Run, TestCase


def lines_of(path):
    try:
        return path.read_text().splitlines()
    except FileNotFoundError:
        return []


class Running(TestCase):
    def start(self, url, *args):
        return Program("run", "--url", url, "-m", "sim-model", "--out", self.out(), "--progress", "none", "--allow-invalid",
                       *args, cwd=self.dir)

    def await_true(self, condition, limit=20):
        """The tests that follow a running process have nothing but its files to wait for."""
        end = time.monotonic() + limit
        while not condition():
            self.assertLess(time.monotonic(), end, "waited too long")
            time.sleep(0.02)


class Interrupted(Running):
    def test_ctrl_c_writes_everything(self):
        with FaultServer(answers.chat(tokens=5, itl=0.005)) as server:
            with self.start(server.url, "-c", "4,8", "--duration", "60s") as program:
                self.await_true(lambda: len(server.posts()) > 40)
                program.send(signal.SIGINT)
                result = program.wait(10)
        self.assertCode(result, 130)
        run = Run(self.out(), result)
        self.assertComplete(run)
        self.assertEqual(1, len(run.summary["levels"]), "the level that had not begun is not in the summary")
        level = run.level()
        self.assertGreaterEqual(level["requests"]["ok"], 30)
        self.assertLessEqual(set(level["requests"]["outcomes"]), {"ok", "cancelled"})
        self.assertEqual(len(server.posts()), len(run.records), "each request that the server saw has its record")
        self.assertLess(level["window"]["end_s"], 60)
        self.assertSays(json.dumps(run.summary), "interrupt")

    def test_terminate_does_the_same(self):
        with FaultServer(answers.chat(tokens=5, itl=0.005)) as server:
            with self.start(server.url, "-c", "2", "--duration", "60s") as program:
                self.await_true(lambda: len(server.posts()) > 10)
                program.send(signal.SIGTERM)
                result = program.wait(10)
        self.assertCode(result, 130)
        self.assertComplete(Run(self.out(), result))

    def test_second_ctrl_c_leaves_at_once(self):
        with FaultServer(answers.silence()) as server:
            with self.start(server.url, "-c", "4", "--duration", "60s") as program:
                self.await_true(lambda: len(server.posts()) == 4)
                program.send(signal.SIGINT)
                try:
                    program.process.wait(0.3)  # it may well give up on such a server by itself
                except subprocess.TimeoutExpired:
                    program.send(signal.SIGINT)
                began = time.monotonic()
                result = program.wait(10)
        self.assertCode(result, 130)
        self.assertLess(time.monotonic() - began, 3)

    def test_killed_keeps_what_was_measured(self):
        with FaultServer(answers.chat(tokens=5, itl=0.005)) as server:
            with self.start(server.url, "-c", "4", "--duration", "60s") as program:
                self.await_true(lambda: len(lines_of(self.out() / "records.jsonl")) > 20)
                program.send(signal.SIGKILL)
                result = program.wait(10)
        self.assertCode(result, -signal.SIGKILL)
        records = Run(self.out(), result).records
        self.assertGreater(len(records), 20)
        self.assertEqual({"ok"}, {one["outcome"] for one in records})
        self.assertTrue((self.out() / "run.json").is_file())

    def test_the_embedded_simulator_ends_with_a_killed_run(self):
        with Program("run", "--url", "sim:ttft=5ms,itl=1ms", "--out", self.out(), "--duration", "60s", "--progress", "none",
                     preexec=os.setsid, cwd=self.dir) as program:
            self.await_true(lambda: lines_of(self.out() / "records.jsonl"))
            group = program.process.pid
            program.send(signal.SIGKILL)
            program.process.wait(10)
            self.await_true(lambda: not group_lives(group), 5)


def group_lives(group):
    """Whether the process group still has a member that runs; one that only waits to be reaped does not."""
    for entry in os.listdir("/proc"):
        try:
            with open(f"/proc/{entry}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
        except (OSError, ValueError):
            continue
        if int(fields[2]) == group and fields[0] not in "ZX":
            return True
    return False


if __name__ == "__main__":
    unittest.main()
