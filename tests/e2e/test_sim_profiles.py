"""Profiles: the first events of each server's stream, its paths and its errors, in the order its source gives them."""

import base64
import json
import struct
import unittest

from harness import Sim, TestCase
from sim_client import CHAT, MESSAGES, Raw, chat, chunks, get, post, stream


def sim(profile, *args):
    return Sim("--profile", profile, "--ttft", "2ms", "--itl", "1ms", *args)


def word(event):
    """What a chat event is: members of its delta, and what stands beside it."""
    if event == "[DONE]":
        return "done"
    if "error" in event or event.get("object") == "error":
        return "error"
    said = ["usage"] if event.get("usage") else ["null"] if "usage" in event else []
    if not event["choices"]:
        return "+".join(["-", *said])
    choice = event["choices"][0]
    delta = choice["delta"]
    names = [name if delta[name] else f"{name}:{json.dumps(delta[name])}" for name in ("role", "content") if name in delta]
    if choice["finish_reason"]:
        names.append("finish")
    return "+".join(names + said)


ASKED = {"stream_options": {"include_usage": True}}

# Four tokens, usage asked for. "-" is an event without choices.
ORDERS = {
    "plain": ['role+content:""', *["content"] * 4, "finish", "-+usage", "done"],
    "openai": ['role+content:""+null', *["content+null"] * 4, "finish+null", "-+usage", "done"],
    "vllm": ['role+content:""', *["content"] * 3, "content+finish", "-+usage", "done"],
    "sglang": ['role+content:""', *["content"] * 4, "finish", "-+usage", "done"],
    "tgi": [*["role+content+null"] * 3, "role+content+finish+null", "-+usage", "done"],
    "ollama": ["role+content", *["content"] * 3, "finish", "-+usage", "done"],
    "llamacpp": ["role+content:null", *["content"] * 4, "finish", "-+usage", "done"],
    "friendli": ['role+content:""', *["content"] * 4, "finish", "-+usage", "done"],
    "trtllm": ['role+content:""', *["content"] * 3, "content+finish", "-+usage", "done"],
    "triton": ['role+content:""', *["content"] * 4, "finish", "-+usage", "done"],
    "lmdeploy": [*["role+content+null"] * 3, "role+content+finish+null", "-+usage", "done"],
    "foundry": ['role+content:""', *["content"] * 4, "finish", "-+usage", "done"],
    "fakeai": ['role+content:""', *["content"] * 4, "finish+usage", "done"],
}

# What a client has before the first token, which is an hour away: nothing, the headers, or the role too
AHEAD = {"plain": "role", "openai": "", "vllm": "head", "sglang": "", "tgi": "head", "ollama": "", "llamacpp": "",
         "triton": "role", "foundry": "role", "fakeai": "role", "lmdeploy": "", "trtllm": "", "friendli": ""}


class Order(TestCase):
    def test_chat(self):
        for profile, order in ORDERS.items():
            with self.subTest(profile), sim(profile) as server:
                events = stream(server.port, **chat(**ASKED))
                self.assertEqual(order, [word(event) for event in events])
                said = [event["usage"] for event in events if event != "[DONE]" and event.get("usage")]
                self.assertEqual((3, 4, 7), tuple(said[-1][name + "_tokens"] for name in ("prompt", "completion", "total")))

    def test_what_comes_before_the_first_token(self):
        self.assertEqual(set(ORDERS), set(AHEAD))
        for profile, ahead in AHEAD.items():
            with self.subTest(profile), Sim("--profile", profile, "--ttft", "1h") as server, Raw(server.port, chat()) as one:
                if ahead:
                    one.until(b"\r\n\r\n")
                if ahead == "role":
                    one.until(b'"role"')
                get(server.port, "/health")  # the request was read by now
                self.assertTrue(one.is_silent(0.1))
                self.assertEqual(ahead == "role", b"data:" in one.data)
                self.assertEqual(bool(ahead), bool(one.data))

    def test_options_win_over_the_profile(self):
        with sim("vllm", "--finish", "own", "--role-chunk", "none") as server:
            self.assertEqual([*["content"] * 4, "finish", "done"], [word(event) for event in stream(server.port, **chat())])

    def test_reasoning_has_the_name_the_server_gives_it(self):
        for profile, field in (("vllm", "reasoning"), ("sglang", "reasoning_content"), ("ollama", "reasoning")):
            with self.subTest(profile), sim(profile, "--reasoning-tokens", "2") as server:
                deltas = [event["choices"][0]["delta"] for event in stream(server.port, **chat()) if event != "[DONE]"]
                self.assertEqual(2, sum(bool(delta.get(field)) for delta in deltas))
        # SGLang serialises the member even when it is null
        self.assertTrue(any("reasoning_content" in delta and delta["reasoning_content"] is None for delta in deltas)
                        or profile != "sglang")

    def test_completions_of_ollama_and_tgi(self):
        body = {"prompt": "a b", "stream": True, "max_tokens": 3, **ASKED}
        with sim("ollama") as server:
            usages = [event["usage"]["completion_tokens"] for event in stream(server.port, "/v1/completions", **body)[:-1]]
        self.assertEqual([0, 0, 0, 0, 3], usages)
        with sim("tgi") as server:
            events = stream(server.port, "/v1/completions", **body)[:-1]
        self.assertEqual(["", "", "length"], [event["choices"][0]["finish_reason"] for event in events])
        self.assertEqual([None, None, 3], [event["usage"] and event["usage"]["completion_tokens"] for event in events])
        self.assertEqual({""}, {event["id"] for event in events})

    def test_llamacpp_tells_timings_on_its_last_event(self):
        with sim("llamacpp") as server:
            with_usage = stream(server.port, **chat(**ASKED))
            without = stream(server.port, **chat())
        for event in (with_usage[-2], without[-2]):
            self.assertEqual((3, 4), (event["timings"]["prompt_n"], event["timings"]["predicted_n"]))
            self.assertAlmostEqual(2, event["timings"]["prompt_ms"], places=2)
            self.assertAlmostEqual(3, event["timings"]["predicted_ms"], places=2)


class Framing(TestCase):
    def test_bytes_of_events(self):
        for framing, begin, end in (("lf", b"data: {", b"}\n\n"), ("crlf", b"data: {", b"}\r\n\r\n"), ("cr", b"data: {", b"}\r\r"),
                                    ("tight", b"data:{", b"}\n\n"), ("padded", b"data: {", b"} \n\n")):
            with self.subTest(framing), sim("plain", "--sse", framing) as server, Raw(server.port, chat()) as one:
                pieces = chunks(one.until(b"0\r\n\r\n"))
                self.assertEqual(7, len(pieces))
                for piece in pieces[:-1]:
                    self.assertTrue(piece.startswith(begin) and piece.endswith(end), piece)
                    self.assertEqual(1, piece.count(b"data:"))

    def test_trtllm_has_a_blank_before_the_line_end(self):
        with sim("trtllm") as server, Raw(server.port, chat()) as one:
            self.assertTrue(all(piece.endswith(b" \n\n") for piece in chunks(one.until(b"0\r\n\r\n"))))

    def test_pings_come_while_the_first_token_does_not(self):
        for profile, ping in (("tgi", b":\n\n"), ("vllm", b": keep-alive\n\n"), ("llamacpp", b":\n\n")):
            with self.subTest(profile), Sim("--profile", profile, "--ttft", "1h", "--ping", "20ms") as server:
                with Raw(server.port, chat()) as one:
                    one.until(b"\r\n" + ping)
                    one.until(ping + b"\r\n" + b"%x\r\n" % len(ping) + ping)
                    self.assertNotIn(b"data:", one.data)
        with Sim("--profile", "anthropic", "--ttft", "1h", "--ping", "20ms") as server:
            with Raw(server.port, chat(), "/v1/messages") as one:
                one.until(b'event: ping\ndata: {"type":"ping"}\n\n')

    def test_a_flush_interval_gathers_tokens(self):
        with Sim("--ttft", "0s", "--itl", "1ms", "--flush-interval", "40ms") as server:
            events = stream(server.port, **chat(max_tokens=200))
            self.assertEqual(200, sum(event != "[DONE]" and word(event) == "content" for event in events))
            records, summary = server.truth()
        self.assertEqual((200, 200), (records[0]["chunks"], records[0]["tokens"]))
        self.assertEqual(199, summary["itl_ms"]["count"])
        self.assertEqual(0, summary["itl_ms"]["p90"])  # in one write
        self.assertGreater(summary["itl_ms"]["max"], 10)

    def test_connections_end_after_so_many_requests(self):
        with sim("llamacpp", "--connection-requests", "2") as server, Raw(server.port, chat()) as one:
            one.until(b"[DONE]\n\n\r\n0\r\n\r\n")
            self.assertNotIn(b"Connection: close", one.data)
            one.data = b""
            one.socket.sendall(b"GET /health HTTP/1.1\r\n\r\n")
            self.assertEqual("closed", one.rest())
            self.assertIn(b"Connection: close", one.data)


class Native(TestCase):
    def test_ollama_chat_and_generate(self):
        with sim("ollama", "--reasoning-tokens", "1") as server:
            lines = stream(server.port, "/api/chat", messages=MESSAGES, model="sim-model:latest", options={"num_predict": 3})
            self.assertEqual([False, False, False, True], [line["done"] for line in lines])
            self.assertTrue(lines[0]["message"]["thinking"])
            self.assertEqual(["assistant"] * 4, [line["message"]["role"] for line in lines])
            last = lines[-1]
            self.assertEqual(("length", 3, 3), (last["done_reason"], last["prompt_eval_count"], last["eval_count"]))
            self.assertEqual(last["load_duration"] + last["prompt_eval_duration"] + last["eval_duration"], last["total_duration"])
            self.assertEqual(2_000_000, last["eval_duration"])
            lines = stream(server.port, "/api/generate", prompt="a b", options={"num_predict": 3})
            self.assertTrue(all(line["response"] for line in lines[1:-1]))
            whole = json.loads(post(server.port, "/api/generate", {"prompt": "a", "stream": False, "options": {"num_predict": 5}})[2])
            self.assertEqual((True, 5), (whole["done"], whole["eval_count"]))
            self.assertEqual(5, len((whole["thinking"] + " " + whole["response"]).split()))
            self.assertEqual("sim-model", json.loads(get(server.port, "/api/tags")[2])["models"][0]["name"])
            self.assertIn("version", json.loads(get(server.port, "/api/version")[2]))
            self.assertEqual(b"Ollama is running", get(server.port, "/")[2])
            self.assertEqual({"error"}, set(json.loads(post(server.port, "/api/chat", {"model": "x", "messages": MESSAGES})[2])))

    def test_tgi(self):
        body = {"inputs": "a b", "parameters": {"max_new_tokens": 3, "details": True}}
        with sim("tgi") as server:
            events = stream(server.port, "/generate_stream", **body)
            self.assertEqual([1, 2, 3], [event["index"] for event in events])
            self.assertEqual([None, None], [event["generated_text"] for event in events[:-1]])
            self.assertEqual("".join(event["token"]["text"] for event in events), events[-1]["generated_text"])
            self.assertEqual({"finish_reason": "length", "generated_tokens": 3, "seed": None, "input_length": 2}, events[-1]["details"])
            whole = json.loads(post(server.port, "/generate", body)[2])
            self.assertEqual(3, len(whole["generated_text"].split()))
            self.assertEqual(128, json.loads(get(server.port, "/info")[2])["max_concurrent_requests"])
            status, _, content = post(server.port, "/generate", {"inputs": 1})
            self.assertEqual((422, "validation"), (status, json.loads(content)["error_type"]))

    def test_llamacpp(self):
        with sim("llamacpp") as server:
            events = stream(server.port, "/completion", prompt="a b", n_predict=3, max_tokens=9, stream=True)
            self.assertEqual([False] * 3 + [True], [event["stop"] for event in events])
            last = events[-1]
            self.assertEqual(("limit", 3, 2), (last["stop_type"], last["tokens_predicted"], last["tokens_evaluated"]))
            self.assertEqual(3, last["timings"]["predicted_n"])
            self.assertIn("total_slots", json.loads(get(server.port, "/props")[2]))
            self.assertEqual(400, json.loads(post(server.port, "/completion", {})[2])["error"]["code"])

    def test_sglang_repeats_its_text(self):
        with sim("sglang") as server:
            body = {"text": "a b", "sampling_params": {"max_new_tokens": 3}, "stream": True}
            events = stream(server.port, "/generate", **body)
            self.assertEqual("[DONE]", events.pop())
            self.assertEqual([1, 2, 3], [len(event["text"].split()) for event in events])
            self.assertEqual([1, 2, 3], [event["meta_info"]["completion_tokens"] for event in events])
            self.assertEqual({"type": "length", "length": 3}, events[-1]["meta_info"]["finish_reason"])
            self.assertTrue(events[-1]["text"].startswith(events[0]["text"]))
            self.assertTrue(json.loads(get(server.port, "/model_info")[2])["is_generation"])
            self.assertEqual("error", json.loads(post(server.port, "/generate", {})[2])["object"])

    def test_triton(self):
        with sim("triton") as server:
            events = stream(server.port, "/v2/models/any/generate_stream", text_input="a", max_tokens=3)
            self.assertEqual([{"model_name", "model_version", "text_output"}] * 3, [set(event) for event in events])
            self.assertEqual(200, get(server.port, "/v2/health/ready")[0])

    def test_anthropic(self):
        with sim("anthropic", "--reasoning-tokens", "1") as server:
            events = stream(server.port, "/v1/messages", **chat(max_tokens=3))
            self.assertEqual(["message_start", "content_block_start", "ping", "content_block_delta", "content_block_delta",
                              "content_block_stop", "content_block_start", "content_block_delta", "content_block_delta",
                              "content_block_stop", "message_delta", "message_stop"], [event["type"] for event in events])
            self.assertEqual(["thinking_delta", "signature_delta", "text_delta", "text_delta"],
                             [event["delta"]["type"] for event in events if event["type"] == "content_block_delta"])
            self.assertEqual(3, events[0]["message"]["usage"]["input_tokens"])
            self.assertEqual((3, "max_tokens"), (events[-2]["usage"]["output_tokens"], events[-2]["delta"]["stop_reason"]))
            status, _, content = post(server.port, "/v1/messages", {"messages": MESSAGES})
            self.assertEqual((400, "invalid_request_error"), (status, json.loads(content)["error"]["type"]))

    def test_responses(self):
        with sim("openai") as server:
            events = stream(server.port, "/v1/responses", input="a b", max_output_tokens=2, stream=True)
            self.assertEqual(["created", "in_progress", "output_item.added", "content_part.added", "output_text.delta",
                              "output_text.delta", "output_text.done", "content_part.done", "output_item.done", "incomplete"],
                             [event["type"].removeprefix("response.") for event in events])
            self.assertEqual(list(range(10)), [event["sequence_number"] for event in events])
            text = "".join(event["delta"] for event in events if event["type"].endswith("delta"))
            self.assertEqual(text, events[-1]["response"]["output"][0]["content"][0]["text"])
            self.assertEqual(2, events[-1]["response"]["usage"]["output_tokens"])

    def test_embeddings_as_floats_and_base64_are_the_same(self):
        with sim("openai", "--seed", "5") as one, sim("openai", "--seed", "5") as other:
            floats = json.loads(post(one.port, "/v1/embeddings", {"input": ["a b", "c"]})[2])
            packed = json.loads(post(other.port, "/v1/embeddings", {"input": ["a b", "c"], "encoding_format": "base64"})[2])
        self.assertEqual([0, 1], [item["index"] for item in floats["data"]])
        self.assertEqual({"prompt_tokens": 3, "total_tokens": 3}, floats["usage"])
        for left, right in zip(floats["data"], packed["data"]):
            values = struct.unpack("<64f", base64.b64decode(right["embedding"]))
            for a, b in zip(left["embedding"], values, strict=True):
                self.assertAlmostEqual(a, b, places=5)

    def test_rerank_is_sorted(self):
        with sim("vllm") as server:
            answer = json.loads(post(server.port, "/v1/rerank", {"query": "a", "documents": ["b", "c d", "e"]})[2])
        scores = [item["relevance_score"] for item in answer["results"]]
        self.assertEqual(sorted(scores, reverse=True), scores)
        self.assertEqual({0, 1, 2}, {item["index"] for item in answer["results"]})

    def test_paths_a_server_does_not_have(self):
        for profile, path in (("openai", "/api/chat"), ("anthropic", CHAT), ("tgi", "/completion"), ("vllm", "/generate")):
            with self.subTest(profile), sim(profile) as server:
                status, _, content = post(server.port, path, {})
                self.assertEqual(404, status)
                self.assertIn(b"There are:", content)


class Errors(TestCase):
    def test_shapes(self):
        for profile, code in (("openai", None), ("vllm", 400), ("foundry", None)):
            with self.subTest(profile), sim(profile) as server:
                error = json.loads(post(server.port, CHAT, {})[2])["error"]
                self.assertEqual({"message", "type", "param", "code"}, set(error))
                self.assertEqual(code, error["code"])
        for profile in ("sglang", "trtllm", "lmdeploy"):
            with self.subTest(profile), sim(profile) as server:
                error = json.loads(post(server.port, CHAT, {})[2])
                self.assertEqual(("error", 400), (error["object"], error["code"]))

    def test_what_follows_an_error_within_a_stream(self):
        for profile, end in (("vllm", ["error", "done"]), ("sglang", ["error", "done"]), ("lmdeploy", ["error", "done"]),
                             ("llamacpp", ["error"]), ("openai", ["error"]), ("foundry", ["error"]), ("tgi", ["error", "done"]),
                             ("ollama", [])):
            with self.subTest(profile), sim(profile, "--fault", "error_event=100%") as server:
                words = [word(event) for event in stream(server.port, **chat())]
                self.assertEqual(end, words[words.index("error"):] if end else [one for one in words if one in ("error", "done")])
                self.assertGreater(len(words), len(end))
                records, _ = server.truth()
                self.assertEqual(("error_event", "faulted", 200),
                                 (records[0]["fault"], records[0]["outcome"], records[0]["http_status"]))


if __name__ == "__main__":
    unittest.main()
