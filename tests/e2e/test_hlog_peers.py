"""weir's histogram logs against the libraries of the format's authors: each reads what the other writes.

Peers: the Java library (Debian: libhdrhistogram-java) and Python's hdrhistogram. A peer that is not there is skipped.
"""
import base64
import importlib.util
import os
import pathlib
import random
import shutil
import subprocess
import sys
import unittest
import zlib

PEERS = pathlib.Path(__file__).resolve().parent.parent / "peers"
TOOL = pathlib.Path(os.environ["WEIR_BIN"]).parent / "tests" / "stat_test_hlog"
JAR = pathlib.Path(os.environ.get("WEIR_HDR_JAR", "/usr/share/java/hdrhistogram.jar"))
DAY = 86_400_000_000_000


def run(command, text):
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.stderr}")
    return done.stdout


def weir(mode, text):
    return run([TOOL, mode], text)


# Lowest and highest value and digits. weir itself writes a lowest value of 1 and at least one digit only.
OWN = [(1, DAY, 3), (1, DAY, 2), (1, DAY, 4), (1, 10**6, 5), (1, 10**9, 1), (1, 2**40, 3), (1, 2**40 - 1, 3),
       (1, 2**62, 3), (1, 2, 1)]
FOREIGN = [(1000, DAY, 3), (1024, DAY, 3), (2**20, DAY, 2), (3, 2**30, 5), (2**40, 2**63 - 1, 1), (1, 10**6, 0),
           (7, 10**6, 0), (2**30, 2**31, 3), (8192, 3_600_000_000_000, 2)]


def data_set(seed, shapes):
    """Histograms of many shapes, as the text that all the programs read."""
    rng = random.Random(seed)
    lines = []
    for number, (lowest, highest, digits) in enumerate(shapes):
        tag = f"level={number}:ttft" if number % 4 else "-"
        lines.append(f"hist {tag} {number * 1.5:.3f} 1.500 {lowest} {highest} {digits}")
        for _ in range(rng.choice([0, 1, 50, 2000])):
            value = int(2 ** rng.uniform(0, highest.bit_length())) - rng.choice([0, 1])
            lines.append(f"{min(value, highest)} {rng.choice([1, 1, 1, rng.randrange(1, 2**40)])}")
    return "\n".join(lines) + "\n"


def intervals(log):
    """Tag, start, length, cookie and inflated payload of each line."""
    found = []
    for line in log.splitlines():
        if line.startswith(("#", '"')):
            continue
        head, word = line.rsplit(",", 1)
        frame = base64.b64decode(word, validate=True)
        found.append((head.rsplit(",", 1)[0], frame[:4], zlib.decompress(frame[8:])))
    return found


def words(log):
    return [line.rsplit(",", 1)[1] for line in log.splitlines() if not line.startswith(("#", '"'))]


def comparable(text, shapes):
    """What two programs must agree on. The last slot may reach above the highest value: there weir answers the highest
    value itself. Of layouts that it has not, it widens digits and range."""
    lines = []
    shape = iter(shapes)
    for line in text.splitlines():
        word, *rest = line.split()
        if word == "hist":
            lowest, highest, digits = next(shape)
            is_own = lowest == 1 and digits > 0
            lines.append((word, *rest) if is_own else (word, rest[0], rest[-1]))
        elif word.startswith("p"):
            lines.append((word, min(int(rest[0]), highest)))
        else:
            lines.append((min(int(word), highest), *rest))
    return lines


def without_percentiles(text):
    return [line for line in text.splitlines() if not line.startswith("p")]


class JavaPeer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if shutil.which("java") is None or not JAR.exists():
            raise unittest.SkipTest(f"needs java and {JAR}")

    def java(self, mode, text):
        return run(["java", "-cp", JAR, PEERS / "HlogPeer.java", mode], text)

    def test_payloads_are_the_same_bytes(self):
        data = data_set(1, OWN)
        ours, theirs = weir("encode", data), self.java("encode", data)
        self.assertEqual(len(intervals(ours)), 9)
        self.assertEqual(intervals(ours), intervals(theirs))
        self.assertEqual(ours.splitlines()[:3], theirs.splitlines()[:3])
        same = sum(a == b for a, b in zip(words(ours), words(theirs)))
        print(f"{same} of 9 words are the same after deflate too", file=sys.stderr)

    def test_java_reads_what_weir_writes(self):
        log = weir("encode", data_set(2, OWN))
        self.assertEqual(comparable(self.java("decode", log), OWN), comparable(weir("decode", log), OWN))

    def test_weir_reads_what_java_writes(self):
        for shapes in OWN, FOREIGN:
            log = self.java("encode", data_set(3, shapes))
            ours, theirs = weir("decode", log), self.java("decode", log)
            self.assertEqual(comparable(ours, shapes), comparable(theirs, shapes))


@unittest.skipIf(importlib.util.find_spec("hdrh") is None, "needs the Python package hdrhistogram")
class PythonPeer(unittest.TestCase):
    """It ranks percentiles by rounding to nearest, so slots are compared; single empty slots it writes as -1, not 0."""

    def python(self, mode, text):
        return run([sys.executable, PEERS / "hlog_peer.py", mode], text)

    def test_python_reads_what_weir_writes(self):
        log = weir("encode", data_set(4, OWN))
        self.assertEqual(without_percentiles(self.python("decode", log)), without_percentiles(weir("decode", log)))

    def test_weir_reads_what_python_writes(self):
        data = data_set(5, OWN)
        log = self.python("encode", data)
        ours = without_percentiles(weir("decode", log))
        self.assertEqual(ours, without_percentiles(self.python("decode", log)))
        self.assertEqual(ours, without_percentiles(weir("decode", weir("encode", data))))


if __name__ == "__main__":
    unittest.main()
