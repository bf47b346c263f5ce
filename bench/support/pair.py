"""A server and a client on a core each: what the benchmarks that compare whole programs share."""
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WEIR = os.environ.get("WEIR_BIN", os.path.join(ROOT, "build-bench", "weir"))
FLOOR = os.path.join(os.path.dirname(WEIR), "bench", "bench_floor")
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, CLIENT_CORE = CORES[0], CORES[-1]


def pinned(core):
    """For subprocess: run on one core, with as many descriptors as there may be."""

    def apply():
        os.sched_setaffinity(0, {core})
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    return apply


class Sim:
    """`weir sim` on a core of its own; its truth when it has ended."""

    def __init__(self, *options):
        self.truth_file = tempfile.NamedTemporaryFile(suffix=".jsonl", delete=False)
        command = [WEIR, "sim", "--port", "0", "--truth", self.truth_file.name, *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=pinned(SERVER_CORE))
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        with open(self.truth_file.name) as lines:
            last = None
            for last in lines:
                pass
        os.unlink(self.truth_file.name)
        return json.loads(last)["summary"]


def run_weir(port, *options):
    """`weir run` against a port, pinned; its one level and its peak memory in KiB."""
    with tempfile.TemporaryDirectory() as scratch:
        out = os.path.join(scratch, "run")
        command = [WEIR, "run", "--url", f"http://127.0.0.1:{port}", "--out", out, "--quiet", "--allow-invalid",
                   "--workers", "1", "--progress", "none", *options]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=pinned(CLIENT_CORE))
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            sys.exit(f"weir run ended with {process.returncode}")
        with open(os.path.join(out, "summary.json")) as file:
            level = json.load(file)["levels"][0]
        level["cpu_s"] = usage.ru_utime + usage.ru_stime
        level["peak_kib"] = usage.ru_maxrss
        return level


def run_floor(port, streams, tokens, seconds):
    """The bare epoll reader on the client's core: its JSON line."""
    command = [FLOOR, str(port), str(streams), str(tokens), str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, preexec_fn=pinned(CLIENT_CORE))
    return json.loads(done.stdout.strip().splitlines()[-1])


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def verdict(name, value, bound, unit):
    """Print a figure beside the bound it is held against; True when it holds."""
    holds = value <= bound
    print(f"{name:<52} {value:>10.3f} {unit:<10} bound {bound:g}  {'ok' if holds else 'BEYOND'}")
    return holds
