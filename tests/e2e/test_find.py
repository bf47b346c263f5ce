"""weir find: the answer is the server's own limit, measured by requests that did not choose it."""

import json
import select
import signal
import unittest

import answers
from faults import FaultServer
from harness import Program, Run, Sim, TestCase, weir
from test_rate import slots

SHORT = ("--duration", "1s", "--warmup-duration", "200ms", "--allow-invalid")


class FindTest(TestCase):
    def find(self, url, *args, code=0, limit=120, **how):
        result = weir("find", "--url", url, "--out", self.out(), "--progress", "none", *SHORT, *args, cwd=self.dir,
                      limit=limit, **how)
        self.assertCode(result, code)
        return result

    def json(self, url, *args, **how):
        return json.loads(self.find(url, "--json", *args, **how).out)

    def assertConsistent(self, answer, step=1.1):
        """The search doubles and bisects, and the answer was measured afresh and held."""
        probes = answer["probes"]
        search = [one for one in probes if one["phase"] == "search"]
        fresh = [one for one in probes if one["phase"] == "measured"]
        self.assertEqual(probes, search + fresh)
        held = [one["load"] for one in search if one["result"] == "held"]
        for before, after in zip(held, held[1:]):
            self.assertLess(before, after, "a load that held is not fallen back from")
        for one in probes:
            states = {each["result"] for each in one["objectives"]}
            self.assertEqual(one["result"] == "held", states == {"met"}, one)
        found = [one for one in fresh if one["load"] == answer["found"]]
        self.assertEqual("held", found[-1]["result"])
        if answer["beyond"] is not None:
            near = answer["beyond"] <= answer["found"] * step * 1.01 or answer["beyond"] - answer["found"] <= 1
            self.assertTrue(near, answer)
            self.assertIn(answer["beyond"], [one["load"] for one in probes])


class Concurrency(FindTest):
    def test_the_knee(self):
        """Four at a time of 25 ms: n in flight wait n * 6.25 ms, 60 ms are reached by nine or ten."""
        with FaultServer(slots(4, 0.025)) as server:
            answer = self.json(server.url, "--slo", "ttft:p50<60ms error_rate<1%", "--find-max", 64)
        self.assertConsistent(answer)
        self.assertEqual("concurrency", answer["vary"])
        self.assertEqual([1, 2, 4, 8], [one["load"] for one in answer["probes"][:4]])
        self.assertTrue(6 <= answer["found"] <= 11, answer["found"])
        self.assertGreater(answer["beyond"], answer["found"])
        run = Run(answer["run_directory"])
        self.assertEqual(answer["found"], run.level()["concurrency"])
        self.assertComplete(run)
        self.assertEqual(["weir", "find"], run.run["command"][:2])

    def test_no_prompt_comes_twice(self):
        """The requests that chose the load are not those reported, nor could a prefix cache answer for the server."""
        with FaultServer(answers.chat(tokens=2, ttft=0.01)) as server:
            answer = self.json(server.url, "--slo", "error_rate<1%", "--find-max", 4)
            bodies = [post.body for post in server.posts()]
        self.assertConsistent(answer)
        self.assertEqual(len(bodies), len(set(bodies)))
        self.assertEqual((4, None), (answer["found"], answer["beyond"]), "nothing missed up to --find-max")

    def test_a_probe_lasts_until_its_percentile_can_be_told(self):
        with FaultServer(answers.chat(tokens=2, ttft=0.03)) as server:
            answer = self.json(server.url, "--slo", "ttft:p99<5s", "--find-max", 2)
        self.assertConsistent(answer)
        for one in answer["probes"]:
            self.assertGreaterEqual(one["ok"], 100, one)
        self.assertGreater(answer["probes"][0]["window_s"], 2)
        share = answer["probes"][-1]["objectives"][0]
        self.assertEqual(1, share["attained"])
        self.assertTrue(0.9 < share["attained_interval"][0] < share["attained_interval"][1] == 1)

    def test_the_table(self):
        with FaultServer(answers.chat(tokens=2, ttft=0.01)) as server:
            result = self.find(server.url, "--slo", "ttft:p50<5s", "--find-max", 2)
        self.assertSays(result.out, r"\[1\] time_to_first_token:p50<5000ms\n.*1  search .*held.*2  measured .*held")
        self.assertSays(result.out, r"Highest concurrency tried that keeps the objectives: 2\.")


class Rate(FindTest):
    def test_the_knee(self):
        """Two at a time of 20 ms bear 100 requests/s."""
        with FaultServer(slots(2, 0.02)) as server:
            answer = self.json(server.url, "--vary", "request-rate", "--find-from", 20, "--find-max", 400, "--arrival", "constant",
                               "--duration", "2s", "--slo", "scheduled_ttft:p90<100ms")
        self.assertConsistent(answer)
        self.assertTrue(60 <= answer["found"] <= 105, answer["found"])
        self.assertEqual("rate", Run(answer["run_directory"]).level()["mode"])


class Failures(FindTest):
    def test_even_the_first_load_misses(self):
        with Sim("--ttft", "20ms", "--itl", "1ms", "--output-tokens", "3") as sim:
            result = self.find(sim.url, "--slo", "ttft:p50<1ms", "--find-from", 3, code=1)
        self.assertSays(result.err, "no load from 3 on")
        self.assertFalse(self.out().exists(), "there is nothing to measure afresh")

    def test_no_request_succeeds(self):
        with FaultServer(answers.refusal(500, "no")) as server:
            self.find(server.url, "--slo", "error_rate<1%", code=3)

    def test_too_few_values_are_no_answer(self):
        with FaultServer(answers.chat(tokens=1)) as server:  # one token: there is no gap between tokens
            result = self.find(server.url, "--slo", "itl:p50<1s", "--duration", "100ms", code=5)
        self.assertSays(result.err, "lengthen --duration")

    def test_bad_usage(self):
        for args, text in (((), "--slo is missing"), (("--slo", "ttft:p99<"), "slo|objective|number"),
                           (("--slo", "error_rate<1%", "--find-from", 9, "--find-max", 3), "--find-max 3 lies below"),
                           (("--slo", "error_rate<1%", "--find-from", 1.2, "--find-max", 1.8), "no whole number"),
                           (("--slo", "error_rate<1%", "--concurrency", 3), "concurrency"),
                           (("--slo", "error_rate<1%", "--arrival", "constant"), "--arrival shapes an open loop"),
                           (("--slo", "error_rate<1%", "--url", "sim:"), "one target")):
            with self.subTest(args=args):
                result = self.find("sim:", *args, code=2)
                self.assertSays(result.err, text)

    def test_ctrl_c(self):
        with FaultServer(answers.chat(tokens=2, ttft=0.01)) as server:
            with Program("find", "--url", server.url, "--slo", "error_rate<1%", "--out", self.out(), *SHORT,
                         cwd=self.dir) as program:
                ready, _, _ = select.select([program.process.stderr], [], [], 30)
                self.assertTrue(ready, "the first probe says how it ended")
                before = len(server.posts())
                while len(server.posts()) == before:  # the second one is on its way
                    select.select([], [], [], 0.01)
                program.send(signal.SIGINT)
                result = program.wait(20)
        self.assertCode(result, 130)
        self.assertSays(result.out, r"1  search .*held\n.*Interrupted: there is no answer")


if __name__ == "__main__":
    unittest.main()
