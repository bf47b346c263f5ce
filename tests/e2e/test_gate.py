"""weir gate and weir compare over real run directories: verdicts and exit codes, words for pipelines, provenance, baselines, and the
example workflows, whose commands are run as they stand."""

import copy
import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest
import xml.etree.ElementTree as xml

from harness import SOURCE, WEIR, Run, TestCase, environment, weir

LATENCIES = ("time_to_first_token", "inter_token_latency", "request_latency")
CODES = {"PASS": 0, "FAIL": 1, "INVALID": 4, "INCONCLUSIVE": 5}


def calm(path):
    """These machines are busy: whether the client kept up is not what is tested here."""
    file = pathlib.Path(path) / "summary.json"
    summary = json.loads(file.read_text())
    for one in [summary, *summary["levels"]]:
        one["verdict"], one["verdict_reasons"] = "valid", []
    file.write_text(json.dumps(summary))


def scale(metric, factor):
    for key, value in metric.items():
        if key not in ("unit", "count", "dropped") and isinstance(value, (int, float)):
            metric[key] = value * factor


class Gate(TestCase):
    """One measured run; the others are made from it by scaling its figures, so that verdicts do not hang on the weather."""

    @classmethod
    def setUpClass(cls):
        case = TestCase()
        case.setUp()
        cls.addClassCleanup(case.doCleanups)
        cls.shelf = case.dir
        cls.run_ = case.sweep("sim:ttft=20ms:20,itl=2ms:20", "-c", "2,8", "--duration", "1s", "--osl", "16",
                              name="measured")
        calm(cls.run_.path)

    def made(self, name, latency=1.0, rate=1.0, change=None, levels=None):
        """A copy with its figures scaled; `change` edits the summary."""
        path = self.out(name)
        shutil.copytree(self.run_.path, path)
        summary = copy.deepcopy(self.run_.summary)
        for one in [summary, *summary["levels"]]:
            one["verdict"], one["verdict_reasons"] = "valid", []
        for level in summary["levels"]:
            for tag in LATENCIES:
                scale(level["metrics"][tag], latency)
            scale(level["metrics"]["output_token_throughput"], rate)
        if levels is not None:
            summary["levels"] = summary["levels"][:levels]
            (path / "histograms.hlog").unlink()  # it names them all
        if change is not None:
            change(summary)
        (path / "summary.json").write_text(json.dumps(summary))
        return path

    def several(self, name, count=5, latency=1.0):
        """`count` runs that differ a little; together in one directory."""
        for index in range(count):
            wobble = 1 + 0.004 * ((index * 7) % 5 - 2)
            self.made(f"{name}/{index}", latency * wobble, 1 / (latency * wobble))
        return self.out(name)

    def gate(self, *args, verdict=None, env=None):
        result = weir("gate", *args, "--json", cwd=self.dir, env=env)
        self.assertIn(result.code, CODES.values(), str(result))
        report = json.loads(result.out)
        self.assertEqual("weir.gate/1", report["schema"])
        self.assertEqual(CODES[report["verdict"]], result.code, str(result))
        self.assertEqual(result.code, report["exit_code"])
        if verdict is not None:
            self.assertEqual(verdict, report["verdict"], json.dumps(report, indent=1))
        return report

    def refused(self, *args, says):
        result = weir("gate", *args, cwd=self.dir)
        self.assertCode(result, 2)
        self.assertSays(result.err, says)


class Conditions(Gate):
    def test_verdicts(self):
        run = self.run_.path
        self.gate(run, "--slo", "ttft:p50<1s", "--slo", "error_rate<=0%", verdict="PASS")
        self.gate(run, "--slo", "ttft:p50<1ms", verdict="FAIL")
        self.gate(run, "--slo", "at c=8 ttft:p99.9<10s", verdict="INCONCLUSIVE")
        self.gate(run, "--fail-if", "error_rate>1%", verdict="PASS")
        self.gate(run, "--fail-if", "ttft:p50>1ms", verdict="FAIL")
        self.gate(run, "--slo", "connect_time:p50<9s", "--slo", "reasoning_tokens:p50<9", verdict="FAIL")

    def test_it_says_how_many_more(self):
        report = self.gate(self.run_.path, "--slo", "at concurrency=8 ttft:p99.9<10s")
        row, = report["rows"]
        count = self.run_.metric("time_to_first_token", 1)["count"]
        # all values are below: 0.999^n = 0.025 needs 3688
        self.assertAlmostEqual(3688 - count, row["needs"], delta=40)

    def test_values_are_those_of_the_summary(self):
        report = self.gate(self.run_.path, "--slo", "ttft:p50<1s tps>0 rps>0")
        self.assertEqual(6, len(report["rows"]))
        for row in report["rows"]:
            index = 0 if row["level"] == "concurrency 2" else 1
            metric = self.run_.metric(row["metric"], index)
            self.assertAlmostEqual(metric["p50" if "p50" in row["condition"] else "avg"], row["value"], places=5)

    def test_invalid_is_never_a_pass(self):
        def spoil(summary):
            summary["verdict"], summary["verdict_reasons"] = "invalid", ["the client was late"]
        report = self.gate(self.made("spoilt", change=spoil), "--slo", "ttft:p50<1s", verdict="INVALID")
        self.assertIn("the client was late", " ".join(report["notes"]))

    def test_rules_from_files(self):
        rules = self.dir / "rules.txt"
        rules.write_text("# comment\nttft:p50<1s\nfail-if error_rate>1%\n")
        self.assertEqual(4, len(self.gate(self.run_.path, "--gate-file", rules, verdict="PASS")["rows"]))
        config = self.dir / "gate.yaml"
        config.write_text("slo: ['ttft:p50<1ms']\nfail-if: 'error_rate>1%'\n")
        self.gate(self.run_.path, "--config", config, verdict="FAIL")
        rules.write_text("ttft:p50<1s\nttfd:p50<1s\n")
        self.refused(self.run_.path, "--gate-file", rules, says="rules.txt:2.*(ttfd|ttft)")

    def test_usage(self):
        self.refused("--slo", "ttft<1s", says="run directory")
        self.refused(self.run_.path, says="nothing is demanded")
        self.refused(self.run_.path, "--slo", "ttft<", says="ttft|number|column")
        self.refused(self.run_.path, "--regression", "ttft:p50", says="baseline")
        self.refused(self.out("nowhere"), "--slo", "ttft<1s", says="no directory")
        self.out("empty").mkdir()
        self.refused(self.out("empty"), "--slo", "ttft<1s", says="no run directory")
        self.refused(self.run_.path, "--slo", "ttft<1s", "--target", "elsewhere", says="elsewhere")


class Words(Gate):
    def setUp(self):
        super().setUp()
        self.args = [self.run_.path, "--slo", "ttft:p50<1ms", "--slo", "at c=2 itl:p50<1s", "--slo", "ttft:p99.9<9s"]

    def test_junit(self):
        report = self.gate(*self.args, "--junit", self.out("gate.xml"), verdict="FAIL")
        root = xml.parse(self.out("gate.xml")).getroot()
        suite, = root.findall("testsuite")
        cases = suite.findall("testcase")
        self.assertEqual(1 + len(report["rows"]), len(cases))
        self.assertEqual(str(len(cases)), root.get("tests"))
        self.assertEqual(len(suite.findall("testcase/failure")), int(suite.get("failures")))
        self.assertEqual(len(suite.findall("testcase/error")), int(suite.get("errors")))
        by_verdict = {"PASS": 0, "FAIL": 0, "INCONCLUSIVE": 0}
        for row in report["rows"]:
            by_verdict[row["verdict"]] += 1
        self.assertEqual((by_verdict["FAIL"], by_verdict["INCONCLUSIVE"]),
                         (int(suite.get("failures")), int(suite.get("errors"))))
        self.assertTrue(all(by_verdict.values()), by_verdict)

    def test_openmetrics(self):
        report = self.gate(*self.args, "--metrics", self.out("metrics.txt"))
        lines = self.out("metrics.txt").read_text().splitlines()
        self.assertEqual("# EOF", lines[-1])
        sample = re.compile(r'weir_gate_\w+(\{\w+="(?:\\.|[^"\\])*"(,\w+="(?:\\.|[^"\\])*")*\})? -?[0-9.e+]+$')
        samples = [line for line in lines if not line.startswith("#")]
        for line in samples:
            self.assertRegex(line, sample)
        self.assertIn("weir_gate_verdict 2", samples)
        self.assertEqual(len(report["rows"]), sum(line.startswith("weir_gate_row_verdict{") for line in samples))

    def test_github(self):
        summary = self.out("summary.md")
        summary.write_text("before\n")
        env = environment(GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(summary))
        result = weir("gate", *self.args, cwd=self.dir, env=env)
        self.assertCode(result, 1)
        notes = [line for line in result.out.splitlines() if line.startswith("::")]
        self.assertTrue(notes[0].startswith("::error title=weir gate::weir gate: FAIL: "), notes)
        self.assertTrue(all(re.match(r"::(error|warning|notice) title=[^:,]*::", note) for note in notes), notes)
        self.assertIn("::warning title=INCONCLUSIVE", result.out)
        text = summary.read_text()
        self.assertTrue(text.startswith("before\n### weir gate: FAIL\n"), text)
        none = weir("gate", *self.args, "--annotate", "none", cwd=self.dir, env=env)
        self.assertNotIn("::error", none.out)

    def test_one_line(self):
        result = weir("gate", *self.args, "--quiet", cwd=self.dir)
        line, = result.out.splitlines()
        self.assertTrue(line.startswith("weir gate: FAIL: "), line)

    def test_a_full_disk_is_told(self):
        result = weir("gate", *self.args, "--junit", "/dev/full", cwd=self.dir)
        self.assertCode(result, 70)
        self.assertSays(result.err, "cannot write /dev/full")


class Regressions(Gate):
    def test_several_runs(self):
        base = self.several("base")
        report = self.gate(self.several("same"), "--baseline", base, verdict="PASS")
        self.assertEqual(8, len(report["rows"]))
        report = self.gate(self.several("slow", latency=1.1), "--baseline", base, verdict="FAIL")
        for row in report["rows"]:
            self.assertEqual("FAIL", row["verdict"], row)
            expected = -1 + (1 / 1.1 if row["metric"] == "output_token_throughput" else 1.1)
            self.assertAlmostEqual(expected, row["change"], delta=0.01)
            low, high = row["change_bounds"]
            self.assertTrue(low < row["change"] < high and row["p"] <= 0.025, row)
        self.gate(self.several("fast", latency=0.8), "--baseline", base, verdict="PASS")

    def test_least_effect(self):
        base, slow = self.several("base"), self.several("slow", latency=1.1)
        self.gate(slow, "--baseline", base, "--min-effect", "15", verdict="PASS")
        self.gate(slow, "--baseline", base, "--regression", "ttft:p50 20%", verdict="PASS")
        self.gate(slow, "--baseline", base, "--regression", "ttft:p50 8%", verdict="FAIL")

    def test_paired(self):
        base, slow = self.several("base", count=8), self.several("slow", count=8, latency=1.1)
        report = self.gate(slow, "--baseline", base, "--paired", verdict="FAIL")
        self.assertIn("pairs", report["rows"][0]["method"])

    def test_few_runs_are_inconclusive(self):
        report = self.gate(self.several("slow", 3, 1.5), "--baseline", self.several("base", 3), verdict="INCONCLUSIVE")
        self.assertIn("no difference whatsoever can fail", " ".join(report["notes"]))

    def test_one_against_several(self):
        base = self.several("base", 5)
        self.gate(self.made("slow", 1.3, 1 / 1.3), "--baseline", base, verdict="FAIL")
        report = self.gate(self.made("same"), "--baseline", base, verdict="PASS")
        self.assertIn("Student", report["rows"][0]["method"])

    def test_no_such_level_fails(self):
        base = self.several("base")
        for index in range(5):
            self.made(f"short/{index}", 1 + 0.001 * index, levels=1)
        report = self.gate(self.out("short"), "--baseline", base, verdict="FAIL")
        self.assertTrue(any("no such level" in row["text"] for row in report["rows"]))

    def test_single_run_is_called_weak(self):
        """A minute of seconds, made by hand: the window of a real one would be too long for a test."""
        def long(summary):
            for level in summary["levels"]:
                level["window"] = {"start_s": 0, "end_s": 60}
        base, slow = self.made("base", change=long), self.made("slow", 1.6, 1 / 1.6, change=long)
        for path, factor in ((base, 1), (slow, 1.6)):
            header = (path / "slices.csv").read_text().splitlines()[0]
            lines = [header]
            for level in range(2):
                for second in range(60):
                    wobble = 1 + 0.02 * ((second * 7) % 5 - 2)
                    lines.append(f"{level},{second},40,40,0,640,{int(640 / factor * wobble)},8,"
                                 f"{20 * factor * wobble:.3f},,{2 * factor * wobble:.4f},,1")
            (path / "slices.csv").write_text("\n".join(lines) + "\n")
        report = self.gate(slow, "--baseline", base, verdict="FAIL")
        self.assertIn("Weak", report["rows"][0]["method"])
        self.gate(base, "--baseline", base, verdict="PASS")

    def test_provenance(self):
        def elsewhere(summary):
            summary["host"]["hostname"] = "another"
        def model(summary):
            for level in summary["levels"]:
                level["model"] = "another-model"
        base = self.made("base")
        self.refused(self.made("moved", change=elsewhere), "--baseline", base, says="hostname.*another.*--allow-different host")
        self.gate(self.out("moved"), "--baseline", base, "--allow-different", "host")
        self.refused(self.made("other", change=model), "--baseline", base, "--allow-different", "host", says="model")
        self.gate(self.out("other"), "--baseline", base, "--allow-different", "all")
        seeded = self.made("seeded")
        run = json.loads((seeded / "run.json").read_text())
        run["config"]["isl"]["value"] = 4096
        (seeded / "run.json").write_text(json.dumps(run))
        self.refused(seeded, "--baseline", base, says="isl is 4096 here")
        self.refused(seeded, "--baseline", base, "--allow-different", "hots", says="host")

    def test_targets_of_one_run(self):
        def two(summary):
            twin = copy.deepcopy(summary["levels"])
            for level in summary["levels"]:
                level["target"] = "old"
            for level in twin:
                level["target"] = "new"
                level["level"] += 2
                for tag in LATENCIES:
                    scale(level["metrics"][tag], 1.2)
            summary["levels"] += twin
        for index in range(5):
            self.made(f"both/{index}", 1 + 0.001 * index, change=two)
        both = self.out("both")
        report = self.gate(both, "--target", "new", "--baseline-target", "old", "--regression", "ttft:p50", verdict="FAIL")
        self.assertAlmostEqual(0.2, report["rows"][0]["change"], delta=0.01)
        self.gate(both, "--target", "old", "--baseline-target", "new", "--regression", "ttft:p50", verdict="PASS")
        self.refused(both, "--target", "new", "--baseline-target", "new", says="same target")
        result = weir("compare", both / "0", "--json", cwd=self.dir)
        self.assertCode(result, 0)
        names = [side["name"] for side in json.loads(result.out)["rows"][0]["sides"]]
        self.assertEqual(["old", "new"], names)


class Baselines(Gate):
    def test_recorded_and_used(self):
        place = self.dir / "perf" / "baseline"
        self.gate(self.several("base"), "--fail-if", "error_rate>1%", "--record-baseline", place, verdict="PASS")
        kept = sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())
        self.assertEqual(["baseline.json"] + [f"run-{index:03d}/{name}" for index in range(1, 6) for name in
                         ("histograms.hlog", "run.json", "slices.csv", "summary.json")], kept)
        self.gate(self.several("same"), "--baseline", place, verdict="PASS")
        self.gate(self.several("slow", latency=1.2), "--baseline", place, verdict="FAIL")
        self.gate(self.several("fewer", 2), "--record-baseline", place)
        self.assertEqual(2, len(list(place.glob("run-*"))))

    def test_nothing_else_is_overwritten(self):
        place = self.dir / "mine"
        place.mkdir()
        (place / "thesis.txt").write_text("years of work")
        self.refused(self.made("run"), "--record-baseline", place, says="no baseline")
        self.assertEqual("years of work", (place / "thesis.txt").read_text())

    def test_what_fails_is_not_recorded(self):
        place = self.dir / "baseline"
        self.gate(self.made("run"), "--slo", "ttft:p50<1ms", "--record-baseline", place, verdict="FAIL")
        self.assertFalse(place.exists())


class Compare(Gate):
    def compare(self, *args, code=0):
        result = weir("compare", *args, "--json", cwd=self.dir)
        self.assertCode(result, code)
        return json.loads(result.out)

    def test_runs(self):
        base, slow = self.several("base"), self.several("slow", latency=1.25)
        report = self.compare(base, slow)
        row = report["rows"][0]
        self.assertEqual(("concurrency 2", "time_to_first_token:p50"), (row["level"], row["metric"]))
        self.assertAlmostEqual(0.25, row["sides"][1]["change"], delta=0.01)
        low, high = row["sides"][1]["change_bounds"]
        self.assertTrue(0.2 < low < 0.25 < high < 0.3, row)
        self.assertTrue(any("time_to_first_token:p50 is higher than base at every level" in note
                            for note in report["notes"]), report["notes"])
        text = weir("compare", base, slow, "--markdown", self.out("it.md"), cwd=self.dir)
        self.assertCode(text, 0)
        self.assertIn("against base", text.out)
        self.assertIn("| time", self.out("it.md").read_text().replace("\\_", "_"))

    def test_three_and_unequal_levels(self):
        report = self.compare(self.made("a"), self.made("b", 1.2), self.made("c", 0.9, levels=1))
        self.assertEqual(3, len(report["rows"][0]["sides"]))
        last = report["rows"][-1]
        self.assertIsNone(last["sides"][2]["value"])

    def test_what_is_not_comparable(self):
        other = self.made("other")
        run = json.loads((other / "run.json").read_text())
        run["config"]["osl"]["value"] = 999
        (other / "run.json").write_text(json.dumps(run))
        result = weir("compare", self.run_.path, other, cwd=self.dir)
        self.assertCode(result, 2)
        self.assertSays(result.err, "osl is 16 in one and 999 in the other.*--allow-different prompts")
        report = self.compare(self.run_.path, other, "--allow-different", "prompts")
        self.assertIn("osl", [one["what"] for one in report["differences"]])

    def test_another_host_is_a_warning(self):
        def elsewhere(summary):
            summary["host"]["hostname"] = "another"
        result = weir("compare", self.run_.path, self.made("moved", change=elsewhere), cwd=self.dir)
        self.assertCode(result, 0)
        self.assertSays(result.err, "hostname differs")

    def test_usage(self):
        for args, says in (((), "name what to compare"), ((self.run_.path,), "one target"),
                           ((self.run_.path, self.out("nowhere")), "no directory")):
            result = weir("compare", *args, cwd=self.dir)
            self.assertCode(result, 2)
            self.assertSays(result.err, says)


class Workflows(TestCase):
    """The commands of the example pipelines as they stand, warm-up and window shortened; the candidate once like the baseline, once slower."""

    def commands(self, name):
        text = (SOURCE / "configs" / "ci" / name).read_text()
        lines = [line.strip().removeprefix("- ") for line in text.splitlines()]
        return [line for line in lines if line.startswith("weir ")]

    def url(self, name):
        return re.search(r'WEIR_URL: "(.*)"', (SOURCE / "configs" / "ci" / name).read_text()).group(1)

    def shell(self, command, url):
        env = environment(PATH=f"{pathlib.Path(WEIR).resolve().parent}:{os.environ['PATH']}", WEIR_URL=url, WEIR_DURATION="700ms",
                          GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(self.dir / "step.md"))
        return subprocess.run(["bash", "-c", command], cwd=self.dir, env=env, capture_output=True, text=True, timeout=120,
                              check=False)

    def follow(self, name, slower):
        shutil.copytree(SOURCE / "configs" / "ci", self.dir / "configs" / "ci")
        load = self.dir / "configs" / "ci" / "load.yaml"
        text = load.read_text()
        self.assertIn("warmup-duration: 1s", text)
        load.write_text(text.replace("warmup-duration: 1s", "warmup-duration: 100ms"))
        baseline_run, record, run, gate = self.commands(name)
        self.assertIn(self.shell(baseline_run, self.url(name)).returncode, (0, 4))
        calm(self.dir / "results" / "baseline")
        recorded = self.shell(record, self.url(name))
        self.assertEqual(0, recorded.returncode, recorded.stderr + recorded.stdout)
        self.assertIn(self.shell(run, slower).returncode, (0, 4))
        calm(self.dir / "results" / "candidate")
        return self.shell(gate, slower)

    def test_github(self):
        done = self.follow("github-actions.yml", self.url("github-actions.yml"))
        self.assertIn(done.returncode, (0, 5), done.stdout + done.stderr)  # the same server: never FAIL
        self.assertIn("### weir gate", (self.dir / "step.md").read_text())
        self.assertTrue(xml.parse(self.dir / "results" / "gate.xml").getroot().findall(".//testcase"))

    def test_gitlab(self):
        done = self.follow("gitlab-ci.yml", "sim:ttft=60ms:10,itl=4ms:10")
        self.assertEqual(1, done.returncode, done.stdout + done.stderr)
        self.assertIn("time_to_first_token:p50", done.stdout)
        self.assertTrue((self.dir / "results" / "metrics.txt").read_text().endswith("# EOF\n"))
        self.assertIn("FAIL", (self.dir / "results" / "gate.md").read_text())


if __name__ == "__main__":
    unittest.main()
