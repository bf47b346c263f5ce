"""What the whole-program tests share: the program under test with a limit on every wait, the simulator, run directories.

WEIR_BIN names the program; without it build/weir of the source tree is taken. Every process is ended by its own id.
"""

import functools
import json
import math
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
WEIR = os.environ.get("WEIR_BIN", str(SOURCE / "build" / "weir"))
LIMIT_S = 60

OUTCOMES = ("ok http_3xx http_4xx http_429 http_5xx dns connect tls timeout reset truncated malformed error_event empty "
            "cancelled client_resource").split()
TIMEOUTS = "connect first_token stall total".split()
FILES = "run.json summary.json summary.csv records.jsonl slices.csv histograms.hlog report.md".split()


@functools.lru_cache(maxsize=1)
def is_sanitized():
    """Whether the program was built with a sanitizer: it is several times slower then, and needs room in memory."""
    with open(WEIR, "rb") as file:
        image = file.read()
    return b"__asan_init" in image or b"__tsan_init" in image


def environment(**extra):
    """No proxies, keys or colours of whoever runs the tests."""
    kept = {key: value for key, value in os.environ.items()
            if not key.lower().endswith("_proxy") and key not in ("WEIR_API_KEY", "OPENAI_API_KEY")}
    return {**kept, "TERM": "dumb", **extra}


class Result:
    """A program that has ended."""

    def __init__(self, args, code, out, err, seconds):
        self.args, self.code, self.out, self.err, self.seconds = args, code, out, err, seconds

    def __str__(self):
        return f"weir {' '.join(self.args)}\nexit code {self.code}\n--- out\n{self.out}\n--- err\n{self.err}"


class Program:
    """weir, running. Ended by its own id at the latest when the block is left."""

    def __init__(self, *args, cwd=None, env=None, preexec=None):
        self.args = [str(arg) for arg in args]
        self._began = time.monotonic()
        self.process = subprocess.Popen([WEIR, *self.args], cwd=cwd, env=env or environment(), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=preexec)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def send(self, number):
        self.process.send_signal(number)

    def wait(self, limit=LIMIT_S):
        try:
            out, err = self.process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            self.process.kill()
            out, err = self.process.communicate()
            raise AssertionError(f"still running after {limit} s: weir {' '.join(self.args)}\n{out}\n{err}") from None
        return Result(self.args, self.process.returncode, out, err, time.monotonic() - self._began)


def weir(*args, limit=LIMIT_S, **how):
    with Program(*args, **how) as program:
        return program.wait(limit)


class Sim:
    """`weir sim` on a free port. `truth()` stops it and reads what it recorded."""

    def __init__(self, *args):
        self._dir = tempfile.mkdtemp(prefix="weir-sim-")
        self._truth = pathlib.Path(self._dir) / "truth.jsonl"
        self._args = ["sim", "--port", "0", "--truth", self._truth, *args]
        self._program = None
        self.port = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        self._program = Program(*self._args)
        self.port = self._read_port()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self._dir, ignore_errors=True)

    def _read_port(self):
        process = self._program.process
        ready, _, _ = select.select([process.stdout], [], [], 20)
        line = process.stdout.readline() if ready else ""
        found = re.search(r"(?:127\.0\.0\.1:|port )(\d+)", line)
        if not found:
            self._program.send(signal.SIGKILL)
            raise AssertionError(f"the simulator did not say its port: {line!r} {process.stderr.read()}")
        return int(found.group(1))

    def stop(self):
        if self._program.process.poll() is None:
            self._program.send(signal.SIGINT)
        with self._program as program:
            return program.wait(20)

    def truth(self):
        """(records, summary) as the simulator saw it; it is stopped for that."""
        self.stop()
        lines = [json.loads(line) for line in self._truth.read_text().splitlines()]
        return lines[:-1], lines[-1]["summary"]


class Run:
    """A run directory, read."""

    def __init__(self, path, result=None):
        self.path = pathlib.Path(path)
        self.result = result

    @functools.cached_property
    def summary(self):
        return json.loads((self.path / "summary.json").read_text())

    @functools.cached_property
    def run(self):
        return json.loads((self.path / "run.json").read_text())

    @functools.cached_property
    def records(self):
        """Every line must be whole."""
        text = (self.path / "records.jsonl").read_text()
        assert not text or text.endswith("\n"), "the last record is not a whole line"
        return [json.loads(line) for line in text.splitlines()]

    def level(self, index=0):
        return self.summary["levels"][index]

    def metric(self, tag, index=0):
        return self.level(index)["metrics"][tag]

    def measured(self, level=0, outcome=None):
        return [one for one in self.records if one["level"] == level and one["phase"] == "measured"
                and outcome in (None, one["outcome"])]


class TestCase(unittest.TestCase):
    """A scratch directory each, and assertions that show what the program said."""

    maxDiff = None
    transport = None  # --transport of its runs; None: weir's choice

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="weir-e2e-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)

    def out(self, name="run"):
        return self.dir / name

    def sweep(self, url, *args, code=0, name="run", **how):
        """`weir run` into a fresh directory; it must end with `code`. --allow-invalid: these machines are busy, and whether the
        client kept up is test_truth's and the engine's business."""
        out = self.out(name)
        carried = ("--transport", self.transport) if self.transport else ()
        result = weir("run", "--url", url, "--out", out, "--progress", "none", "--allow-invalid", *carried, *args, cwd=self.dir,
                      **how)
        self.assertCode(result, code)
        return Run(out, result)

    def assertCode(self, result, code):
        self.assertEqual(code, result.code, f"exit code\n{result}")

    def assertSays(self, text, pattern):
        self.assertRegex(text, re.compile(pattern, re.IGNORECASE | re.DOTALL))

    def assertComplete(self, run):
        """Every file stands and the counts in them agree."""
        missing = [name for name in FILES if not (run.path / name).is_file()]
        self.assertEqual([], missing, f"missing files\n{run.result}")
        self.assertEqual("weir.summary/1", run.summary["schema"])
        for index, level in enumerate(run.summary["levels"]):
            self.assertCounts(run, level, index)

    def assertCounts(self, run, level, index):
        requests = level["requests"]
        outcomes = requests["outcomes"]
        self.assertLessEqual(set(outcomes), set(OUTCOMES))
        self.assertEqual(requests["sent"], sum(outcomes.values()))
        self.assertEqual(requests["ok"], outcomes.get("ok", 0))
        self.assertEqual(requests["cancelled"], outcomes.get("cancelled", 0))
        self.assertEqual(requests["sent"], requests["ok"] + requests["failed"] + requests["cancelled"])
        self.assertEqual(outcomes.get("timeout", 0), sum(requests.get("timeouts", {}).values()))
        seen = {}
        for one in run.measured(index):
            seen[one["outcome"]] = seen.get(one["outcome"], 0) + 1
        self.assertEqual({key: count for key, count in outcomes.items() if count}, seen, "summary and records disagree")

    def assertOnly(self, run, outcome, count=None, index=0):
        """All requests of the level ended in this way."""
        outcomes = {key: value for key, value in run.level(index)["requests"]["outcomes"].items() if value}
        self.assertEqual([outcome], list(outcomes), f"{outcomes}\n{run.result}")
        if count is not None:
            self.assertEqual(count, outcomes[outcome])


def request_id(level, number):
    """X-Request-Id of a request: in the form of a UUID, since some servers answer 400 to anything else."""
    return f"77656972-{level >> 12:04x}-4{level & 0xfff:03x}-8000-{number:012x}"


def percentile(values, p):
    """The value below or at which p % of the values lie, by rank: what a histogram answers, without its rounding."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * p / 100) - 1)]


def over_curl(*cases):
    """The same cases once more over libcurl: names and classes for a module's globals. Left to itself, weir carries plain HTTP by
    its own transport; both must be told apart by nothing but their cost."""
    return {case.__name__ + "OverCurl": type(case.__name__ + "OverCurl", (case,), {"transport": "curl", "__module__": case.__module__})
            for case in cases}
