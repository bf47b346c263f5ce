"""A sweep against the simulator: the run directory is complete, and what it says is what its records say."""

import csv
import json
import os
import re
import subprocess
import unittest

import answers
from faults import FaultServer
from harness import Run, Sim, TestCase, is_sanitized, percentile, request_id, weir

TOKENS = 20
MS = 1e6


class Sweep(TestCase):
    """One run that many tests read: levels 1 and 6, by time, with a warm-up."""

    @classmethod
    def setUpClass(cls):
        case = TestCase()
        case.setUp()
        cls.addClassCleanup(case.doCleanups)
        with Sim("--ttft", "20ms:20", "--itl", "2ms:20", "--output-tokens", str(TOKENS)) as sim:
            cls.run_ = case.sweep(sim.url, "-c", "1,6", "--duration", "700ms", "--warmup-duration", "150ms")
            cls.truth, _ = sim.truth()

    def levels(self):
        for index, level in enumerate(self.run_.summary["levels"]):
            with self.subTest(concurrency=level["concurrency"]):
                yield index, level

    def window(self, index):
        window = self.run_.level(index)["window"]
        return window["start_s"] * 1e9, window["end_s"] * 1e9

    def ok(self, index):
        """All ok requests of a level, warm-up included."""
        return [one for one in self.run_.records if one["level"] == index and one["outcome"] == "ok"]

    def test_it_is_complete(self):
        self.assertComplete(self.run_)
        self.assertEqual([1, 6], [level["concurrency"] for level in self.run_.summary["levels"]])
        for index, _ in self.levels():
            self.assertOnly(self.run_, "ok", index=index)

    def test_the_window_is_as_long_as_asked_for(self):
        for index, _ in self.levels():
            start, end = self.window(index)
            self.assertGreaterEqual(start, 150 * MS)
            self.assertAlmostEqual(700, (end - start) / MS, delta=1)

    def test_the_phase_is_decided_by_due_time(self):
        for index, _ in self.levels():
            start, end = self.window(index)
            for one in self.run_.records:
                if one["level"] == index:
                    is_inside = start - 1e3 <= one["due_ns"] < end + 1e3
                    self.assertEqual(is_inside, one["phase"] == "measured", one)

    def test_instants_are_in_order(self):
        for one in self.run_.records:
            order = [one[key + "_ns"] for key in ("due", "sent", "first_byte", "first_token", "last_token", "done")]
            self.assertEqual(sorted(order), order, one)

    def test_every_request_was_seen_by_the_server_once(self):
        self.assertEqual(len(self.run_.records), len(self.truth))
        sent = {request_id(one["level"], one["id"]) for one in self.run_.records}
        self.assertEqual(sent, {one["request_id"] for one in self.truth})

    def test_tokens(self):
        for one in self.run_.records:
            self.assertEqual((TOKENS, TOKENS, "usage"), (one["output_tokens"], one["chunks"], one["token_source"]))

    def test_the_level_is_kept(self):
        for index, level in self.levels():
            start, end = self.window(index)
            share = sum(max(0, min(one["done_ns"], end) - max(one["sent_ns"], start)) for one in self.ok(index)) / (end - start)
            said = self.run_.metric("effective_concurrency", index)["avg"]
            self.assertAlmostEqual(share, said, delta=0.01 * share)
            self.assertLessEqual(said, level["concurrency"] * 1.001)
            self.assertGreater(said, level["concurrency"] * (0.5 if is_sanitized() else 0.93))

    def test_slots_are_refilled_at_once(self):
        """No batch barriers: a request is due when one before it is done."""
        for index, level in self.levels():
            done = sorted(one["done_ns"] for one in self.ok(index))
            due = sorted(one["due_ns"] for one in self.ok(index))[level["concurrency"]:]
            for ended, began in zip(done, due):
                self.assertGreaterEqual(began, ended - 1e3)
            if not is_sanitized():
                waits = [began - ended for ended, began in zip(done, due)]
                self.assertLess(percentile(waits, 50), 2 * MS)

    def test_latencies_follow_from_the_records(self):
        spans = {"time_to_first_token": ("sent", "first_token"), "request_latency": ("sent", "last_token"),
                 "http_duration": ("sent", "done"), "time_to_second_token": ("first_token", "second_token"),
                 "scheduled_time_to_first_token": ("due", "first_token"), "send_lateness": ("due", "sent")}
        for index, _ in self.levels():
            for tag, (start, end) in spans.items():
                values = [(one[end + "_ns"] - one[start + "_ns"]) / MS for one in self.run_.measured(index)]
                self.assertStats(values, self.run_.metric(tag, index), tag)

    def test_time_per_output_token_follows_from_the_records(self):
        for index, _ in self.levels():
            values = [(one["last_token_ns"] - one["first_token_ns"]) / MS / (TOKENS - 1) for one in self.run_.measured(index)]
            self.assertStats(values, self.run_.metric("time_per_output_token", index), "time_per_output_token")
            gaps = self.run_.metric("inter_token_latency", index)
            self.assertEqual(len(values) * (TOKENS - 1), gaps["count"])
            self.assertAlmostEqual(sum(values) / len(values), gaps["avg"], delta=0.002 * gaps["avg"])

    def assertStats(self, values, stats, tag):
        """Within the resolution of the histogram, and within a rank, since percentiles of small samples are cut differently."""
        self.assertEqual(len(values), stats["count"], tag)
        self.assertAlmostEqual(sum(values) / len(values), stats["avg"], delta=0.002 * stats["avg"] + 1e-3, msg=tag)
        self.assertAlmostEqual(min(values), stats["min"], delta=0.002 * stats["min"] + 1e-3, msg=tag)
        self.assertAlmostEqual(max(values), stats["max"], delta=0.002 * stats["max"] + 1e-3, msg=tag)
        ordered = sorted(values)
        for p in (25, 50, 75, 90):
            rank = len(ordered) * p / 100
            low, high = ordered[max(0, int(rank) - 2)], ordered[min(len(ordered) - 1, int(rank) + 1)]
            if stats[f"p{p}"] is not None:
                self.assertGreaterEqual(stats[f"p{p}"], low * 0.998 - 1e-3, f"{tag} p{p}")
                self.assertLessEqual(stats[f"p{p}"], high * 1.002 + 1e-3, f"{tag} p{p}")

    def test_rates_follow_from_the_records(self):
        for index, _ in self.levels():
            start, end = self.window(index)
            seconds = (end - start) / 1e9
            ended = sum(start <= one["done_ns"] < end for one in self.ok(index))
            tokens = sum(one["chunks_in_window"] for one in self.ok(index))
            self.assertAlmostEqual(ended / seconds, self.run_.metric("request_throughput", index)["avg"], delta=1.01 / seconds)
            rate = self.run_.metric("output_token_throughput", index)["avg"]
            self.assertAlmostEqual(tokens / seconds, rate, delta=0.001 * rate)

    def test_percentiles_that_the_sample_cannot_support_are_null(self):
        for index, _ in self.levels():
            stats = self.run_.metric("time_to_first_token", index)
            self.assertLess(stats["count"], 500)
            self.assertIsNone(stats["p99.9"])
            self.assertIsNotNone(stats["p50"])

    def test_the_client_tells_of_itself(self):
        for _, level in self.levels():
            client = level["client"]
            self.assertEqual("kernel", client["timestamp_source"])
            self.assertEqual(1, client["workers"])
            self.assertGreater(client["loop_lag_ms"]["count"], 0)
            self.assertLessEqual(client["loop_lag_ms"]["p50"], 100)
            self.assertGreater(client["cpu_utilisation"], 0)
            self.assertLessEqual(client["cpu_utilisation"], 1.05)
            self.assertIn(level["verdict"], ("valid", "suspect", "invalid"))
            self.assertEqual(level["verdict"] == "valid", level["verdict_reasons"] == [])

    def test_csv_says_the_same(self):
        with open(self.run_.path / "summary.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        for index, level in self.levels():
            mine = {row["metric"]: row for row in rows if row["concurrency"] == str(level["concurrency"])}
            for tag, stats in level["metrics"].items():
                for key in ("avg", "p50"):
                    if stats.get(key) is None:
                        self.assertEqual("", mine[tag].get(key, ""), tag)
                    else:
                        self.assertAlmostEqual(stats[key], float(mine[tag][key]), places=4, msg=tag)

    def test_slices_add_up(self):
        with open(self.run_.path / "slices.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        for index, _ in self.levels():
            mine = [row for row in rows if row["level"] == str(index)]
            self.assertGreaterEqual(len(mine), 1)
            self.assertEqual(len(self.ok(index)), sum(int(row["ok"]) for row in mine))

    def test_run_json(self):
        text = json.dumps(self.run_.run)
        self.assertIn('"origin": "flag"', text)
        self.assertIn('"origin": "default"', text)

    def test_the_log_of_histograms(self):
        text = (self.run_.path / "histograms.hlog").read_text()
        self.assertTrue(text.startswith("#"))
        self.assertRegex(text, r"\nTag=[^,]*time_to_first_token[^,]*,[0-9.]+,[0-9.]+,[0-9.]+,HISTF")

    def test_the_table(self):
        self.assertRegex(self.run_.result.out, r"(?m)^\s*(\S+\s+)?1\s")
        self.assertRegex(self.run_.result.out, r"(?m)^\s*(\S+\s+)?6\s")
        self.assertRegex(self.run_.result.out, "(?i)ttft.*itl|TTFT")
        self.assertIn(self.run_.path.name, self.run_.result.out + self.run_.result.err)
        report = (self.run_.path / "report.md").read_text()
        self.assertRegex(report, "(?i)ttft|time_to_first_token")


class Stopping(TestCase):
    def test_request_count_is_exact(self):
        with Sim("--ttft", "4ms", "--itl", "1ms", "--output-tokens", "3") as sim:
            run = self.sweep(sim.url, "-c", "1,2,16", "-n", 25)
            truth, _ = sim.truth()
        self.assertComplete(run)
        self.assertEqual(75, len(truth))
        for index in range(3):
            self.assertOnly(run, "ok", 25, index)
            self.assertEqual(25, run.level(index)["requests"]["planned"])
            self.assertEqual(list(range(25)), sorted(one["id"] for one in run.measured(index)))

    def test_warm_up_by_count(self):
        with Sim("--ttft", "4ms", "--itl", "1ms", "--output-tokens", "3") as sim:
            run = self.sweep(sim.url, "-c", "3", "-n", 10, "--warmup-count", 5)
        self.assertComplete(run)
        self.assertEqual(15, len(run.records))
        self.assertEqual(set(range(5)), {one["id"] for one in run.records if one["phase"] == "warmup"})
        self.assertEqual(10, run.metric("time_to_first_token")["count"])

    def test_fewer_requests_than_slots(self):
        with FaultServer(answers.chat()) as server:
            run = self.sweep(server.url, "-c", 8, "-n", 3)
        self.assertOnly(run, "ok", 3)
        self.assertEqual(3, len(server.posts()))

    def test_whichever_comes_first(self):
        with FaultServer(answers.chat(itl=0.005)) as server:
            run = self.sweep(server.url, "-n", 1000000, "--duration", "300ms")
            window = run.level()["window"]
            self.assertLessEqual(window["end_s"] - window["start_s"], 0.301)
            run = self.sweep(server.url, "-n", 3, "--duration", "30s", name="second")
            self.assertOnly(run, "ok", 3)

    def test_a_slow_last_request_is_waited_for(self):
        """The window closes by time; the requests that were due in it are drained and counted."""
        with FaultServer(answers.chat(ttft=0.5)) as server:
            run = self.sweep(server.url, "-c", 2, "--duration", "100ms")
        self.assertOnly(run, "ok", 2)
        self.assertGreaterEqual(run.metric("time_to_first_token")["min"], 490)


class Connections(TestCase):
    def test_each_slot_keeps_its_own(self):
        with FaultServer(answers.chat()) as server:
            run = self.sweep(server.url, "-c", 4, "-n", 40)
        self.assertOnly(run, "ok", 40)
        self.assertEqual(4, len({post.connection for post in server.posts()}))

    def test_a_new_one_for_each(self):
        with FaultServer(answers.chat()) as server:
            run = self.sweep(server.url, "-c", 4, "-n", 40, "--connection", "new")
        self.assertOnly(run, "ok", 40)
        self.assertEqual(40, len({post.connection for post in server.posts()}))
        self.assertEqual({False}, {one["reused"] for one in run.records})
        self.assertEqual(40, run.metric("connect_time")["count"])
        self.assertTrue(all(one["connect_ns"] > 0 for one in run.records))

    def test_http_1_1_and_a_host(self):
        with FaultServer(answers.chat()) as server:
            self.sweep(server.url, "-n", 1)
        self.assertEqual(f"127.0.0.1:{server.port}", server.posts()[0].headers["host"])


class Targets(TestCase):
    def test_several_in_turn(self):
        with FaultServer(answers.chat()) as one, FaultServer(answers.chat(), models=("other",)) as two:
            run = self.sweep(f"a={one.url}", "--url", f"b={two.url}", "-c", "1,2", "-n", 5)
        self.assertComplete(run)
        self.assertEqual([("a", 1), ("b", 1), ("a", 2), ("b", 2)],
                         [(level["target"], level["concurrency"]) for level in run.summary["levels"]])
        self.assertEqual([10, 10], [len(one.posts()), len(two.posts())])
        self.assertEqual({"fault-model", "other"}, {level["model"] for level in run.summary["levels"]})

    def test_one_of_two_is_down_for_good(self):
        with FaultServer(answers.chat()) as one, FaultServer(answers.refusal(500, "no")) as two:
            run = self.sweep(f"a={one.url}", "--url", f"b={two.url}", "-n", 3)
        self.assertOnly(run, "ok", 3, 0)
        self.assertOnly(run, "http_5xx", 3, 1)

    def test_the_embedded_simulator(self):
        run = self.sweep("sim:ttft=5ms,itl=1ms,output-tokens=4", "-c", "1,2", "-n", 10, preexec=os.setsid)
        self.assertComplete(run)
        self.assertGreaterEqual(run.metric("time_to_first_token")["min"], 5)
        self.assertEqual(4, run.metric("output_sequence_length")["max"])
        left = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        self.assertNotIn("ttft=5ms,itl=1ms,output-tokens=4", left)


class Output(TestCase):
    def ask(self, *args, **how):
        with FaultServer(answers.chat()) as server:
            return self.sweep(server.url, "-c", "1,2", "-n", 5, *args, **how)

    def test_json(self):
        run = self.ask("--json")
        self.assertEqual(run.summary, json.loads(run.result.out))

    def test_quiet(self):
        run = self.ask("--quiet")
        self.assertEqual(("", ""), (run.result.out, run.result.err))
        self.assertComplete(run)

    def test_quiet_still_tells_errors(self):
        with FaultServer(answers.refusal(500, "no")) as server:
            run = self.sweep(server.url, "-n", 2, "--quiet", code=3)
        self.assertEqual("", run.result.out)
        self.assertNotEqual("", run.result.err)

    def test_plain_progress(self):
        with FaultServer(answers.chat()) as server:
            result = weir("run", "--url", server.url, "-n", 5, "--out", self.out(), "--progress", "plain", "--allow-invalid",
                          cwd=self.dir)
        self.assertCode(result, 0)
        self.assertNotIn("\x1b", result.out + result.err)
        self.assertNotIn("\r", result.out + result.err)

    def test_no_records(self):
        run = self.ask("--records", "none")
        self.assertFalse((run.path / "records.jsonl").exists())
        self.assertEqual(5, run.level()["requests"]["ok"])

    def test_name_and_seed(self):
        run = self.ask("--name", "Großer Test", "--seed", "42")
        self.assertEqual(("Großer Test", 42), (run.summary["name"], run.summary["seed"]))

    def test_secrets_are_in_no_file(self):
        run = self.ask("--api-key", "sk-very-secret", "-H", "X-Token: also-secret-1")
        for path in run.path.iterdir():
            self.assertNotRegex(path.read_text(errors="replace"), "sk-very-secret|also-secret-1", path.name)
        self.assertNotRegex(run.result.out + run.result.err, "sk-very-secret|also-secret-1")

    def test_the_key_comes_from_the_environment(self):
        with FaultServer(answers.chat()) as server:
            env = {**os.environ, "OPENAI_API_KEY": "sk-from-env"}
            run = self.sweep(server.url, "-n", 1, env=env)
        self.assertEqual("Bearer sk-from-env", server.posts()[0].headers["authorization"])
        self.assertNotIn("sk-from-env", (run.path / "run.json").read_text())

    def test_the_same_seed_sends_the_same(self):
        bodies = []
        for number, seed in enumerate((3, 3, 4)):
            with FaultServer(answers.chat()) as server:
                self.sweep(server.url, "-n", 4, "--isl", 20, "--seed", seed, name=f"seed-{number}")
            bodies.append([post.body for post in server.posts()])
        self.assertEqual(bodies[0], bodies[1])
        self.assertNotEqual(bodies[0], bodies[2])

    def test_started_and_ended(self):
        run = self.ask()
        for key in ("started_at", "ended_at"):
            self.assertRegex(run.summary[key], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
        self.assertLessEqual(run.summary["started_at"], run.summary["ended_at"])
        self.assertTrue(re.fullmatch(r"[0-9a-f]*[1-9a-f][0-9a-f]*", run.summary["config_hash"]), "not zero")
        self.assertEqual(run.run["config_hash"], run.summary["config_hash"])

    def test_configuration_file_and_flags(self):
        path = self.dir / "c.yaml"
        with FaultServer(answers.chat()) as server:
            path.write_text(f"url: {server.url}\nconcurrency: [1, 2]\nrequest-count: 7\n")
            result = weir("run", "--config", path, "-n", 3, "--out", self.out(), "--quiet", "--allow-invalid")
        self.assertCode(result, 0)
        run = Run(self.out(), result)
        self.assertEqual([3, 3], [level["requests"]["sent"] for level in run.summary["levels"]])
        text = json.dumps(run.run)
        self.assertIn("c.yaml:2", text)
        self.assertIn('"origin": "flag"', text)


if __name__ == "__main__":
    unittest.main()
