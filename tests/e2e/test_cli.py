"""The command line: help, version, mistakes that get a suggestion, exit codes."""

import unittest

from harness import SOURCE, TestCase, weir

COMMANDS = ("run", "plan", "sim", "calibrate")


class Help(TestCase):
    def test_help_of_the_program(self):
        for args in (("--help",), ("-h",), ("help",)):
            result = weir(*args)
            self.assertCode(result, 0)
            for command in COMMANDS:
                self.assertIn(command, result.out)

    def test_help_of_each_command(self):
        for command in COMMANDS:
            result = weir(command, "--help")
            self.assertCode(result, 0)
            self.assertIn("--seed", result.out)
            self.assertEqual("", result.err)
            self.assertTrue(all(len(line) <= 100 for line in result.out.splitlines()))

    def test_help_lists_only_what_the_command_takes(self):
        self.assertNotIn("--truth", weir("run", "--help").out)
        self.assertNotIn("--concurrency", weir("sim", "--help").out)

    def test_version(self):
        result = weir("--version")
        self.assertCode(result, 0)
        self.assertRegex(result.out, r"^weir \d+\.\d+\.\d+")

    def test_nothing_at_all(self):
        result = weir()
        self.assertCode(result, 2)
        self.assertIn("run", result.err + result.out)


class Mistakes(TestCase):
    def refused(self, *args, says, code=2):
        result = weir(*args, cwd=self.dir)
        self.assertCode(result, code)
        self.assertSays(result.err, says)
        self.assertEqual("", result.out)
        self.assertEqual([], [path.name for path in self.dir.iterdir() if path.name != "c.yaml"], "nothing was made")

    def test_commands(self):
        self.refused("rnu", says="rnu.*run")
        self.refused("frobnicate", says="frobnicate")

    def test_options(self):
        self.refused("run", "--concurency", "4", says="--?concurency.*concurrency")
        self.refused("run", "--url", "http://127.0.0.1:1", "--truth", "x", says="truth.*sim")
        self.refused("run", "--url", says="url")
        self.refused("run", "stray", says="stray")

    def test_no_url(self):
        self.refused("run", "-n", "1", says="--url")

    def test_values(self):
        url = ("run", "--url", "http://127.0.0.1:1")
        self.refused(*url, "--duration", "5 parsecs", says="duration.*parsecs")
        self.refused(*url, "--concurrency", "0", says="concurrency.*1")
        self.refused(*url, "--concurrency", "1,,2", says="concurrency")
        self.refused(*url, "--request-count", "-3", says="request-count")
        self.refused(*url, "--request-count", "9" * 30, says="request-count")
        self.refused(*url, "--connection", "recycle", says="connection.*reuse.*new")
        self.refused(*url, "--endpoint-type", "chit", says="endpoint-type.*chat")
        self.refused(*url, "--workers", "0", says="workers")
        self.refused(*url, "--extra-inputs", "{not json", says="extra-inputs")
        self.refused(*url, "-H", "no colon", says="header")

    def test_urls(self):
        for url in ("", "127.0.0.1", "ftp://127.0.0.1", "http://", "http://127.0.0.1:99999", "http://127.0.0.1:x"):
            with self.subTest(url):
                self.refused("run", "--url", url, "-m", "m", "-n", "1", says="url")

    def test_two_targets_of_one_name(self):
        self.refused("run", "--url", "a=http://127.0.0.1:1", "--url", "a=http://127.0.0.1:2", "-m", "m", says="a")

    def test_sim_options(self):
        self.refused("run", "--url", "sim:tfft=5ms", "-n", "1", says="tfft.*ttft")
        self.refused("sim", "--ttft", "fast", says="ttft")
        self.refused("sim", "--port", "70000", says="port")

    def test_files_that_are_missing(self):
        self.refused("run", "--config", "none.yaml", says=r"none\.yaml")
        self.refused("run", "--url", "sim:", "--input-file", "none.jsonl", "-n", "1", says=r"none\.jsonl")

    def test_yaml(self):
        path = self.dir / "c.yaml"
        for text, says in (("url: 'sim:'\nconcurency: 4\n", r"c\.yaml:2:1: .*concurrency"),
                           ("url: 'sim:'\nconcurrency: [1, two]\n", r"c\.yaml:2:\d+: .*two"),
                           ("url: [sim:\n", r"c\.yaml:\d+:\d+: "),
                           ("- url\n", r"c\.yaml:1:1: "),
                           ("url: 'sim:'\nurl: 'sim:'\n", r"c\.yaml:2:1: .*url"),
                           ("truth: x\n", r"c\.yaml:1:1: .*truth")):
            with self.subTest(text):
                path.write_text(text)
                self.refused("run", "--config", "c.yaml", says=says)

    def test_input_file(self):
        path = self.dir / "c.yaml"  # any name will do
        for text, says in (('{"prompt": "a"}\n{"prompt": 1}\n', ":2"), ('{"prompt": "a"}\n{oops\n', ":2"),
                           ("", "empty|no prompt")):
            with self.subTest(text):
                path.write_text(text)
                self.refused("plan", "--url", "http://127.0.0.1:1", "-m", "m", "-n", "1", "--input-file", path, says=says)


class Plan(TestCase):
    def test_plan_sends_nothing(self):
        result = weir("plan", "--url", "http://127.0.0.1:1", "-m", "m", "-c", "1,2", "-n", "10", "--osl", "5", cwd=self.dir)
        self.assertCode(result, 0)
        self.assertSays(result.out, "127.0.0.1:1")
        self.assertEqual([], list(self.dir.iterdir()))

    def test_plan_is_the_same_each_time(self):
        args = ("plan", "--url", "http://127.0.0.1:1", "-m", "m", "-c", "1,2", "-n", "10", "--seed", "7")
        self.assertEqual(weir(*args).out, weir(*args).out)


class Documents(TestCase):
    def test_every_option_is_in_the_reference(self):
        text = (SOURCE / "configs" / "OPTIONS.md").read_text()
        for command in COMMANDS:
            for word in weir(command, "--help").out.replace(",", " ").split():
                if word.startswith("--") and word[2:3].isalpha():
                    name = word[2:].split("=")[0].strip(".,;:)('`")
                    if not name.startswith("no-") and name not in ("config", "help"):
                        self.assertIn(name, text)


if __name__ == "__main__":
    unittest.main()
