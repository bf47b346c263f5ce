"""The Python library hdrhistogram behind the same commands as HlogPeer.java: encode, decode, golden."""
import sys

from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

DAY = 86_400_000_000_000
SHAPES = [(DAY, 3), (DAY, 1), (DAY, 2), (DAY, 4), (1000, 5), (2, 1), (2**63 - 1, 3)]


def write(tag, start, length, histogram):
    """The library's own writer leaves tags out."""
    tag = "" if tag == "-" else f"Tag={tag},"
    longest = histogram.get_max_value() / 1e6
    print(f"{tag}{start:.3f},{length:.3f},{longest:.3f},{histogram.encode().decode()}")


def encode():
    line_of = None
    for line in sys.stdin:
        words = line.split()
        if words[0] != "hist":
            line_of[3].record_value(int(words[0]), int(words[1]))
            continue
        if line_of is not None:
            write(*line_of)
        histogram = HdrHistogram(int(words[4]), int(words[5]), int(words[6]))
        line_of = (words[1], float(words[2]), float(words[3]), histogram)
    write(*line_of)


def decode():
    reader = HistogramLogReader("/dev/stdin", None)
    while (histogram := reader.get_next_interval_histogram()) is not None:
        print("hist", histogram.get_tag() or "-", histogram.highest_trackable_value,
              histogram.significant_figures, histogram.get_total_count())
        for slot in histogram.get_recorded_iterator():
            highest = histogram.get_highest_equivalent_value(slot.value_iterated_to)
            print(highest, slot.count_at_value_iterated_to)


def fill(histogram, highest, count):
    state = count + 1
    for i in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        value = (state >> 1 >> (state >> 58)) % (highest // 2)
        histogram.record_value(value, 1 << i % 40 if i % 10 == 0 else 1)


def golden():
    print("#[Written by hdrhistogram 0.10.8 for Python]")
    print("#[Histogram log format version 1.2]")
    for i, (highest, digits) in enumerate(SHAPES):
        histogram = HdrHistogram(1, highest, digits)
        fill(histogram, highest, 100 * i)
        write(f"set{i}", i, 0.5 * i, histogram)


if __name__ == "__main__":
    {"encode": encode, "decode": decode, "golden": golden}[sys.argv[1]]()
