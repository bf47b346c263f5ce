"""The dresses a good answer wears in the field: each must be ok, with the tokens the server said and not one more."""

import unittest
import uuid

import answers
from faults import FaultServer
from harness import TestCase, over_curl, request_id

REQUESTS = 6


class GoodAnswers(TestCase):
    def ask(self, behaviour, *args, tokens=4, source="usage", server=None):
        """Six requests, all ok; answers the run for what else there is to say."""
        with FaultServer(behaviour, **(server or {})) as at:
            run = self.sweep(at.url, "-c", 2, "-n", REQUESTS, *args)
            self.posts = at.posts()
        self.assertComplete(run)
        self.assertOnly(run, "ok", REQUESTS)
        self.assertEqual(REQUESTS, len(self.posts))
        length = run.metric("output_sequence_length")
        self.assertEqual((tokens, tokens), (length["min"], length["max"]))
        self.assertEqual(source, run.level()["token_source"])
        return run

    def test_a_request_is_what_the_server_needs(self):
        self.ask(answers.chat(), "--osl", 4, "--api-key", "k", "-H", "X-Team: blue", "--extra-inputs", "ignore_eos=true")
        body = self.posts[0].json()
        self.assertEqual("/v1/chat/completions", self.posts[0].target)
        self.assertEqual(("fault-model", True, True), (body["model"], body["stream"], body["ignore_eos"]))
        self.assertEqual({"include_usage": True}, body["stream_options"])
        self.assertIn(4, (body.get("max_tokens"), body.get("max_completion_tokens")))
        headers = self.posts[0].headers
        self.assertEqual(("Bearer k", "blue"), (headers["authorization"], headers["x-team"]))
        self.assertNotIn("expect", headers)
        self.assertNotIn("accept-encoding", headers)

    def test_request_ids_are_unique(self):
        self.ask(answers.chat())
        ids = [post.headers["x-request-id"] for post in self.posts]
        self.assertEqual({request_id(0, number) for number in range(REQUESTS)}, set(ids))
        self.assertEqual({4}, {uuid.UUID(one).version for one in ids})

    def test_prompts_are_unique(self):
        self.ask(answers.chat(), "--isl", 32)
        prompts = [post.json()["messages"][-1]["content"] for post in self.posts]
        self.assertEqual(REQUESTS, len({prompt[:15] for prompt in prompts}))

    def test_large_bodies_do_not_wait_for_a_continue(self):
        run = self.ask(answers.chat(), "--isl", 300000, "--prompt-pool", 1)
        self.assertGreater(len(self.posts[0].body), 1 << 20)
        self.assertLess(run.metric("request_latency")["max"], 900)

    def test_writes(self):
        for write in ("event", "whole", "byte"):
            for lines in ("\n", "\r\n", "\r"):
                with self.subTest(write=write, lines=lines):
                    self.ask(answers.chat(write=write, lines=lines))
                    self.setUp()

    def test_comments_are_not_tokens(self):
        run = self.ask(answers.chat(comments=True), source="usage")
        self.assertEqual(REQUESTS * 3, run.metric("inter_chunk_latency")["count"])

    def test_framings(self):
        for framing in ("chunked", "length", "close"):
            with self.subTest(framing):
                self.ask(answers.chat(framing=framing))
                self.setUp()

    def test_connection_close_each_time(self):
        self.ask(answers.chat(headers=[("Connection", "close")]))
        self.assertEqual(REQUESTS, len({post.connection for post in self.posts}))

    def test_usage(self):
        for usage, source in (("final", "usage"), ("every", "chunk_usage"), ("zeros", "usage"), ("null", "usage"),
                              ("off", "events")):
            with self.subTest(usage):
                self.ask(answers.chat(usage=usage), source=source)
                self.setUp()

    def test_several_tokens_an_event(self):
        run = self.ask(answers.chat(tokens=12, tokens_per_event=3, usage="every", itl=0.03), tokens=12, source="chunk_usage")
        chunk, token = run.metric("inter_chunk_latency"), run.metric("inter_token_latency")
        self.assertEqual(REQUESTS * 3, chunk["count"])
        self.assertEqual(REQUESTS * 9, token["count"])
        self.assertAlmostEqual(chunk["avg"] / 3, token["avg"], delta=0.5)

    def test_reasoning_under_both_names(self):
        for field in ("reasoning_content", "reasoning"):
            with self.subTest(field):
                run = self.ask(answers.chat(tokens=6, reasoning=3, reasoning_field=field, itl=0.02), tokens=6)
                self.assertEqual(3, run.metric("reasoning_tokens")["avg"])
                first, output = run.metric("time_to_first_token"), run.metric("time_to_first_output_token")
                self.assertGreaterEqual(output["min"], first["min"] + 3 * 20 - 5)
                self.setUp()

    def test_tool_calls_are_tokens(self):
        self.ask(answers.chat(tool_calls=True))

    def test_a_role_is_not_a_token(self):
        run = self.ask(answers.chat(ttft=0.08))
        self.assertGreaterEqual(run.metric("time_to_first_token")["min"], 79)

    def test_no_role_at_all(self):
        self.ask(answers.chat(role=False))

    def test_a_missing_end_mark_after_finish_is_forgiven(self):
        self.ask(answers.chat(done=False))

    def test_completions(self):
        self.ask(answers.chat(is_chat=False), "--endpoint-type", "completions")
        self.assertEqual("/v1/completions", self.posts[0].target)
        self.assertIsInstance(self.posts[0].json()["prompt"], str)

    def test_not_streamed(self):
        run = self.ask(answers.whole(), "--no-streaming")
        self.assertFalse(self.posts[0].json().get("stream", False))
        self.assertEqual(0, run.metric("time_to_first_token")["count"])
        self.assertIsNone(run.metric("time_to_first_token")["p50"])
        self.assertEqual(REQUESTS, run.metric("request_latency")["count"])

    def test_completions_not_streamed(self):
        self.ask(answers.whole(is_chat=False), "--no-streaming", "--endpoint-type", "completions")

    def test_a_large_event(self):
        self.ask(answers.inject(answers.chunk({"content": "x" * 200000})))

    def test_a_byte_order_mark(self):
        self.ask(answers.raw_stream(b"\xef\xbb\xbf", *answers.stream(4)))

    def test_urls(self):
        for suffix in ("/", "/v1", "/v1/", "/v1/chat/completions"):
            with self.subTest(suffix), FaultServer(answers.chat()) as server:
                run = self.sweep(server.url + suffix, "-n", 1, name="url" + suffix.replace("/", "-"))
                self.assertOnly(run, "ok", 1)
                self.assertEqual("/v1/chat/completions", server.posts()[0].target)

    def test_a_base_below_a_path(self):
        with FaultServer(routes={"tenant": self._routed}) as server:
            run = self.sweep(server.url + "/tenant", "-n", 1, "-m", "m")
            self.assertOnly(run, "ok", 1)
            self.assertEqual("/tenant/v1/chat/completions", server.posts()[0].target)

    @staticmethod
    def _routed(answer):
        if answer.request.method == "GET":
            answer.document(200, {"object": "list", "data": [{"id": "m"}]})
        else:
            answers.chat()(answer)

    def test_the_first_model_is_taken(self):
        self.ask(answers.chat(), server={"models": ("alpha", "beta")})
        self.assertEqual({"alpha"}, {post.json()["model"] for post in self.posts})

    def test_an_input_file(self):
        path = self.dir / "prompts.jsonl"
        path.write_text('{"prompt": "first\\nöne", "max_tokens": 3}\n{"messages": [{"role": "user", "content": "second"}]}\n')
        self.ask(answers.chat(), "--input-file", path)
        seen = {post.json()["messages"][-1]["content"]: post.json() for post in self.posts}
        self.assertEqual({"first\nöne", "second"}, set(seen))
        first = seen["first\nöne"]
        self.assertEqual(3, first.get("max_tokens", first.get("max_completion_tokens")))


globals().update(over_curl(GoodAnswers))


if __name__ == "__main__":
    unittest.main()
