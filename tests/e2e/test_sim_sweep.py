"""weir against every profile of its simulator, clean and under faults: counts, tokens and outcomes are those of the truth file."""

import collections
import unittest

from harness import Sim, TestCase
from test_run import request_id

# Which language each profile is asked in
PAIRS = (("vllm", "chat"), ("vllm", "rerank"), ("sglang", "chat"), ("sglang", "sglang-generate"), ("tgi", "chat"),
         ("tgi", "tgi-generate-stream"), ("ollama", "chat"), ("ollama", "ollama-chat"), ("ollama", "ollama-generate"),
         ("llamacpp", "chat"), ("llamacpp", "llamacpp-completion"), ("triton", "triton-generate-stream"), ("anthropic", "messages"),
         ("openai", "responses"), ("openai", "embeddings"), ("friendli", "completions"), ("trtllm", "chat"), ("lmdeploy", "chat"),
         ("foundry", "chat"), ("fakeai", "chat"))

# What a client may call each fault
OUTCOMES = {
    None: {"ok"}, "http_404": {"http_4xx"}, "http_429": {"http_429"}, "http_500": {"http_5xx"}, "truncate": {"truncated"},
    "cut": {"truncated", "reset"}, "reset": {"reset"}, "hangup": {"reset"}, "error_event": {"error_event"}, "malformed": {"malformed"},
    "empty": {"empty"}, "short": {"ok"}, "long": {"ok"}, "byte_writes": {"ok"}, "one_write": {"ok"}, "slow_start": {"ok"}, "stall": {"ok"},
    "wrong_length": {"ok", "truncated", "reset"},  # the answer itself is complete, end mark and all
}
SPANS = {"slow_start": ":5ms", "stall": ":5ms"}


class Sweep(TestCase):
    def joined(self, run, sim):
        """(weir's record, the simulator's) of each request."""
        records, _ = sim.truth()
        theirs = {one["request_id"]: one for one in records}
        return [(one, theirs[request_id(one["level"], one["id"])]) for one in run.records]

    def test_every_language_of_every_server(self):
        for profile, dialect in PAIRS:
            with self.subTest(profile, dialect=dialect), Sim("--profile", profile, "--ttft", "3ms", "--itl", "1ms") as sim:
                run = self.sweep(sim.url, "--endpoint-type", dialect, "--model", "sim-model", "-c", "4", "-n", "16", "--osl", "12",
                                 name=f"{profile}-{dialect}")
                pairs = self.joined(run, sim)
            self.assertEqual(16, len(pairs))
            for mine, theirs in pairs:
                self.assertEqual(("ok", "ok"), (mine["outcome"], theirs["outcome"]))
                self.assertEqual(theirs["tokens"], mine["output_tokens"] or 0)
                self.assertEqual(theirs["chunks"], mine["chunks"] if theirs["tokens"] else 0)

    def test_faults_have_their_names(self):
        options = [part for name in OUTCOMES if name for part in ("--fault", f"{name}=5%{SPANS.get(name, '')}")]
        for profile in ("vllm", "llamacpp"):
            with self.subTest(profile), Sim("--profile", profile, "--ttft", "2ms", "--itl", "1ms", "--seed", "2", *options) as sim:
                run = self.sweep(sim.url, "--model", "sim-model", "-c", "8", "-n", "400", "--osl", "8", name=profile)
                pairs = self.joined(run, sim)
            wrong = collections.Counter((theirs["fault"], mine["outcome"]) for mine, theirs in pairs
                                        if mine["outcome"] not in OUTCOMES[theirs["fault"]])
            self.assertEqual({}, dict(wrong))
            self.assertEqual(set(OUTCOMES), {theirs["fault"] for _, theirs in pairs})


if __name__ == "__main__":
    unittest.main()
