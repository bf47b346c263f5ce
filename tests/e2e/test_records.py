"""records.jsonl in parts and compressed: nothing is missing, and too small a part is refused."""

import gzip
import json
import statistics
import unittest

import answers
from faults import FaultServer
from harness import TestCase

COUNT = 600


def lines(path):
    reader = gzip.open if path.suffix == ".gz" else open
    with reader(path, "rt") as file:
        return [json.loads(line) for line in file]


class Parts(TestCase):
    def check(self, run, pattern, largest):
        """Parts in the order of their names hold every request once. Returns how many there are."""
        parts = sorted(run.path.glob(pattern))
        ids = [one["id"] for part in parts for one in lines(part)]
        self.assertEqual(COUNT, len(ids))
        self.assertEqual(COUNT, len(set(ids)))
        self.assertLessEqual(max(part.stat().st_size for part in parts), largest)
        middles = [statistics.median(one["done_ns"] for one in lines(part)) for part in parts]
        self.assertEqual(sorted(middles), middles)
        self.assertEqual(0, run.level()["client"]["records_dropped"])
        return len(parts)

    def test_parts(self):
        with FaultServer(answers.chat()) as server:
            run = self.sweep(server.url, "-n", COUNT, "-c", 4, "--records-rotate", "64KiB")
        self.assertGreater(self.check(run, "records*.jsonl", 65536), 3)
        self.assertTrue((run.path / "records-0001.jsonl").is_file())
        self.assertTrue((run.path / "records.jsonl").is_file())

    def test_compressed(self):
        with FaultServer(answers.chat()) as server:
            run = self.sweep(server.url, "-n", COUNT, "-c", 4, "--records-compress")
        self.assertEqual(1, self.check(run, "records*", 150000))
        self.assertTrue((run.path / "records.jsonl.gz").is_file())

    def test_too_small_a_part(self):
        with FaultServer(answers.chat()) as server:
            run = self.sweep(server.url, "-n", 1, "--records-rotate", "65535B", code=2)
            self.assertEqual([], server.posts())
        self.assertSays(run.result.err, "--records-rotate.*64KiB")
        self.assertFalse(self.out().exists())


if __name__ == "__main__":
    unittest.main()
