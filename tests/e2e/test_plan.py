"""weir plan: what run would send, on paper only."""
import json
import os
import subprocess
import unittest

WEIR = os.environ["WEIR_BIN"]
SECRET = "sk-never-to-be-seen"


def plan(*args):
    env = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    return subprocess.run([WEIR, "plan", *args], capture_output=True, text=True, timeout=60, env=env)


class Plan(unittest.TestCase):
    def test_json_has_levels_in_order_and_the_first_body(self):
        done = plan("--json", "-u", "a=http://h:1", "-u", "b=http://h:2/v1/completions", "-m", "tiny", "-c", "1,4",
                    "-n", "10", "--osl", "7", "--isl", "9", "--extra-inputs", "ignore_eos=true")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        report = json.loads(done.stdout)
        self.assertEqual(report["schema"], "weir.plan/1")
        self.assertEqual([(level["target"], level["concurrency"]) for level in report["levels"]],
                         [("a", 1), ("b", 1), ("a", 4), ("b", 4)])
        chat, completions = (target["first_body"] for target in report["targets"])
        self.assertEqual(chat["max_tokens"], 7)
        self.assertIs(chat["ignore_eos"], True)
        self.assertEqual(len(chat["messages"][0]["content"].split()), 9)
        self.assertEqual(completions["prompt"], chat["messages"][0]["content"])
        self.assertEqual(report["levels"][0]["request_count"], 10)
        self.assertIsNone(report["levels"][0]["duration_s"])

    def test_the_same_twice_and_another_with_another_seed(self):
        one, two, other = (plan("-u", "http://h", "-s", seed) for seed in ("5", "5", "6"))
        self.assertEqual(one.stdout, two.stdout)
        self.assertNotEqual(one.stdout, other.stdout)

    def test_secrets_are_not_shown(self):
        for form in ([], ["--json"]):
            done = plan("-u", "http://h", "--api-key", SECRET, "-H", "X-Token: " + SECRET, *form)
            self.assertEqual(done.returncode, 0)
            self.assertNotIn(SECRET, done.stdout + done.stderr)
        self.assertNotIn("hunter2", plan("-u", "http://me:hunter2@h").stderr)

    def test_nothing_is_contacted(self):
        done = plan("-u", "http://unresolvable.invalid:9", "-u", "sim:ttft=50ms", "-d", "1s")
        self.assertEqual(done.returncode, 0)
        self.assertIn("the first that the server lists", done.stdout)

    def test_mistakes_end_with_2_and_a_remedy(self):
        for args, remedy in (
            ([], "--url"),
            (["-u", "localhost:8000"], "http://localhost:8000"),
            (["-u", "http://h", "--endpoint-type", "chatt"], "did you mean 'chat'"),
            (["-u", "http://h", "-u", "http://h"], "a=URL"),
            (["-u", "http://h", "--osl-stddev", "3"], "--osl"),
            (["-u", "http://h", "-i", "/nonexistent.jsonl"], "/nonexistent.jsonl"),
            (["-u", "http://h", "--extra-inputs", "stream=false"], "--no-streaming"),
        ):
            with self.subTest(args=args):
                done = plan(*args)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(remedy, done.stderr)


if __name__ == "__main__":
    unittest.main()
