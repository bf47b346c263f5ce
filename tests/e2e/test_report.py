"""weir report: pages from run directories; looked at in a headless browser where there is one, opened from disk."""

import html.parser
import os
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

import answers
from faults import FaultServer
from harness import LIMIT_S, TestCase, Program, weir

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SIM = "sim:ttft=20ms,itl=2ms"
SIZES = {"desktop": "1400,1000", "phone": "390,800"}


class Page(html.parser.HTMLParser):
    """What the browser made of a report: charts with their lines, tables with their cells, everything that refers elsewhere."""

    def __init__(self, text):
        super().__init__()
        self.charts, self.tables, self.links, self.headings = {}, {}, [], []
        self._chart = self._table = self._cell = self._heading = None
        self.width = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.links += [(tag, key, attrs[key]) for key in ("src", "href", "action") if key in attrs]
        if tag == "figure":
            self._chart = self.charts.setdefault(attrs["data-chart"], [])
        elif tag == "path" and self._chart is not None and attrs.get("class") == "line":
            self._chart.append(attrs.get("d", ""))
        elif tag == "table":
            self._table = self.tables.setdefault(attrs.get("id", len(self.tables)), [])
        elif tag == "tr" and self._table is not None:
            self._table.append([])
        elif tag in ("td", "th") and self._table is not None:
            self._table[-1].append("")
            self._cell = self._table[-1]
        elif tag == "h2":
            self._heading = True

    def handle_endtag(self, tag):
        if tag == "figure":
            self._chart = None
        elif tag == "table":
            self._table = self._cell = None
        elif tag in ("td", "th"):
            self._cell = None
        elif tag == "h2":
            self._heading = None

    def handle_data(self, data):
        if self._cell is not None:
            self._cell[-1] += data
        if self._heading:
            self.headings.append(data)


def open_page(path, size):
    """(page, what the console said): the browser opens the file with no network to go to."""
    profile = tempfile.mkdtemp(prefix="weir-browser-")
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
               "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
               "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", f"--user-data-dir={profile}",
               f"--window-size={size}", "--virtual-time-budget=3000", "--dump-dom", f"file://{path}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False, stdin=subprocess.DEVNULL)
    finally:
        shutil.rmtree(profile, ignore_errors=True)
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return Page(done.stdout), console


class Files(TestCase):
    def test_run_writes_the_page_and_report_makes_it_again(self):
        run = self.sweep(SIM, "-c", "1,4", "-n", 20, "--osl", 8)
        page = run.path / "report.html"
        first = page.read_text()
        page.unlink()
        (run.path / "report.md").unlink()
        result = weir("report", run.path, cwd=self.dir)
        self.assertCode(result, 0)
        self.assertEqual(f"{page}\n{run.path / 'report.md'}\n", result.out)
        self.assertEqual(first, page.read_text(), "the same files make the same page")
        self.assertEqual([], re.findall(r'(?:src|href|url)\s*[=(]\s*["\']?(?!data:)[a-z]+:', first))

    def test_markdown_made_again_equals_the_one_of_the_run(self):
        run = self.sweep(SIM, "-c", "1,4", "-n", 20, "--osl", 8)
        first = (run.path / "report.md").read_text()
        self.assertCode(weir("report", "-f", "md", run.path, "-o", self.dir / "again.md"), 0)
        self.assertEqual(first, (self.dir / "again.md").read_text())

    def test_where_it_goes(self):
        run = self.sweep(SIM, "-n", 5, "--osl", 4)
        for args, expected in ((["-o", self.dir / "one.html", run.path], ["one.html"]),
                               ([run.path, run.path, f"--out={self.dir / 'two.html'}"], ["two.html"]),
                               ([run.path, run.path, "-o", self.dir / "many"],
                                ["many/report.html", "many/report.md", "many/report-2.html", "many/report-2.md"])):
            self.assertCode(weir("report", *args), 0)
            for name in expected:
                self.assertGreater((self.dir / name).stat().st_size, 500, name)

    def test_what_is_wrong_is_said(self):
        run = self.sweep(SIM, "-n", 5, "--osl", 4)
        for args, said in (([], "name a run directory"), (["nowhere"], "no run directory nowhere"), (["--format", "pdf", run.path], "none of html and md"),
                           ([self.dir], "neither summary.json nor records.jsonl"), (["-o", run.path / "run.json", run.path], "name a file that ends in"),
                           (["--open", "-f", "md", run.path], "add html"), (["--loud", run.path], "unknown option --loud")):
            result = weir("report", *args, cwd=self.dir)
            self.assertCode(result, 2)
            self.assertSays(result.err, re.escape(said))

    def test_a_hostile_server_writes_no_markup(self):
        run = self.sweep(SIM, "-n", 5, "--osl", 4, "--name", "</script><script>alert(1)</script><!--")
        text = (run.path / "report.html").read_text()
        self.assertEqual(2, text.count("</script>"))
        self.assertNotIn("<!--", text)

    def test_a_killed_run(self):
        out = self.out()
        with Program("run", "--url", SIM, "-c", 2, "-d", "60s", "--osl", 4, "--out", out, "--progress", "none", cwd=self.dir) as program:
            self.wait_for_records(out / "records.jsonl", program)
            program.send(signal.SIGKILL)
            program.wait()
        result = weir("report", out)
        self.assertCode(result, 0)
        self.assertSays(result.err, "rebuilt from records.jsonl")
        self.assertSays((out / "report.md").read_text(), "interrupted.*rebuilt from records")
        self.assertNotIn("NaN", (out / "report.html").read_text().split('id="data">')[1].split("</script>")[0])

    def wait_for_records(self, path, program):
        """Until a second's worth is on disk: the file is flushed once a second."""
        while program.process.poll() is None:
            if path.exists() and path.stat().st_size > 4000:
                return
        self.fail("the run ended by itself")


@unittest.skipUnless(BROWSER, "no chromium")
class InTheBrowser(TestCase):
    def look(self, path, charts):
        """At both widths: each chart drawn, nothing on the console, no reference that leaves the page."""
        for name, size in SIZES.items():
            page, console = open_page(path, size)
            self.assertEqual([], console, name)
            self.assertLessEqual(set(charts), set(page.charts), f"{name}: charts")
            for chart, lines in page.charts.items():
                drawn = [line for line in lines if line.startswith("M")]
                self.assertTrue(drawn, f"{name}: nothing drawn in {chart}: {lines}")
            self.assertEqual([], [link for link in page.links if not link[2].startswith("data:")], name)
        return page

    def assertTable(self, page, run):
        """Numbers on the page are those of summary.json, to the four digits shown."""
        rows = [row for row in page.tables["headline"] if row and re.fullmatch(r"\d+", row[0])]
        self.assertEqual(len(run.summary["levels"]), len(rows))
        for level, row in zip(run.summary["levels"], rows):
            metrics = level["metrics"]
            self.assertEqual(str(level["concurrency"]), row[0])
            expected = [metrics["request_throughput"]["avg"], metrics["output_token_throughput"]["avg"],
                        metrics["output_token_throughput_per_user"]["p50"],
                        *(metrics["time_to_first_token"][key] for key in ("p50", "p90", "p99"))]
            for value, cell in zip(expected, row[1:]):
                if value is None:
                    self.assertEqual("n/a", cell)
                else:
                    self.assertAlmostEqual(1, float(cell.replace("\u2009", "")) / value, delta=6e-4, msg=f"{value} shown as {cell}")

    def test_a_sweep(self):
        run = self.sweep(SIM, "-c", "1,2,4,8", "-d", "1s", "--osl", 16)
        page = self.look(run.path / "report.html",
                         ["throughput", "pareto", "time_to_first_token", "inter_token_latency", "time_per_output_token", "request_latency",
                          "spectrum-time_to_first_token-0", "spectrum-inter_token_latency-0", "time-tokens-0", "time-ttft-0"])
        self.assertTable(page, run)
        for heading in ("Results", "Against the concurrency", "Percentile spectra", "Over time", "Failures", "Configuration"):
            self.assertIn(heading, page.headings)

    def test_two_targets_and_failures(self):
        busy = answers.refusal(503, "<b>busy</b> & <script>alert(1)</script>")
        with FaultServer(busy) as server:
            run = self.sweep(f"a={SIM}", "--url", f"b={server.url}", "-c", "1,4", "-n", 40, "--osl", 8)
        page = self.look(run.path / "report.html", ["throughput", "time_to_first_token"])
        failures = [row for table in page.tables.values() for row in table if "http_5xx" in row]
        self.assertEqual(2, len(failures))
        self.assertIn("<b>busy</b> & <script>alert(1)</script>", failures[0][-1])

    def test_rates(self):
        run = self.sweep(SIM, "-r", "20,60", "-d", "1s", "--osl", 8)
        page = self.look(run.path / "report.html", ["throughput", "request_latency"])
        self.assertIn("Against the request rate", page.headings)

    def test_one_level_without_streaming(self):
        run = self.sweep(SIM, "--no-streaming", "-n", 30, "--osl", 8)
        self.look(run.path / "report.html", ["request_latency"])

    def test_a_run_without_records_or_summary_parts(self):
        run = self.sweep(SIM, "-c", "1,4", "-n", 30, "--osl", 8)
        for name in ("slices.csv", "histograms.hlog", "run.json"):
            os.unlink(run.path / name)
        self.assertCode(weir("report", run.path), 0)
        page = self.look(run.path / "report.html", ["throughput"])
        self.assertNotIn("Percentile spectra", page.headings)

    def test_rebuilt_and_several_runs(self):
        first = self.sweep(SIM, "-c", "1,4", "-n", 30, "--osl", 8, name="first")
        second = self.sweep(SIM, "-c", "1,4", "-n", 30, "--osl", 8, name="second")
        os.unlink(second.path / "summary.json")
        self.assertCode(weir("report", first.path, second.path, "-o", self.dir / "both.html"), 0)
        page = self.look(self.dir / "both.html", ["throughput", "time-tokens-0", "time-tokens-1"])
        self.assertEqual(4, len([row for row in page.tables["headline"] if row and re.fullmatch(r"\d+", row[0])]))


if __name__ == "__main__":
    unittest.main()
