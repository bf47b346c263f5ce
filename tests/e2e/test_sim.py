"""`weir sim` over plain sockets: what it answers, in which order and when, and that its truth file is the truth."""

import http.client
import json
import os
import re
import socket
import subprocess
import time
import unittest

from harness import WEIR, Program, Sim, TestCase, environment, percentile, weir

MESSAGES = [{"role": "user", "content": "one two three"}]


def ask(port, body, path="/v1/chat/completions", headers=None, connection=None):
    """One POST; (status, headers, body)."""
    conn = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    conn.request("POST", path, json.dumps(body) if not isinstance(body, bytes) else body, headers or {})
    answer = conn.getresponse()
    content = answer.read()
    if connection is None:
        conn.close()
    return answer.status, answer.headers, content


def get(port, path, method="GET"):
    conn = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    conn.request(method, path)
    answer = conn.getresponse()
    content = answer.read()
    conn.close()
    return answer.status, answer.headers, content


def events_of(content):
    """Events of a stream, which must be framed exactly: "data: …" and one blank line each."""
    text = content.decode()
    assert text.endswith("\n\n"), text[-40:]
    parts = text[:-2].split("\n\n")
    assert all(part.startswith("data: ") and "\n" not in part for part in parts), parts
    return [part[6:] for part in parts]


def chat(port, **fields):
    status, _, content = ask(port, {"messages": MESSAGES, "stream": True, **fields})
    assert status == 200, content
    events = events_of(content)
    assert events[-1] == "[DONE]", events[-1]
    return [json.loads(event) for event in events[:-1]]


def kind(event):
    """What an event is, in a word."""
    if not event["choices"]:
        return "usage"
    choice = event["choices"][0]
    if choice["finish_reason"] is not None:
        return "finish"
    delta = choice["delta"]
    if "role" in delta:
        return "role"
    return "reasoning" if "reasoning_content" in delta or "reasoning" in delta else "text"


def kinds(events):
    return [kind(event) for event in events]


def text_of(events):
    return "".join(e["choices"][0]["delta"].get("content", "") for e in events if e["choices"])


class Stream:
    """A request whose pieces are looked at one HTTP chunk after the other."""

    def __init__(self, port, body, path="/v1/chat/completions"):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        payload = json.dumps(body).encode()
        self.socket.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" %
                            (path.encode(), len(payload), payload))
        self.file = self.socket.makefile("rb")

    def head(self):
        return self.read_until(b"\r\n\r\n").decode()

    def read_until(self, end):
        data = b""
        while not data.endswith(end):
            byte = self.file.read(1)
            if not byte:
                raise AssertionError(f"the connection ended after {data!r}")
            data += byte
        return data

    def chunk(self):
        size = int(self.read_until(b"\r\n"), 16)
        data = self.file.read(size)
        assert self.file.read(2) == b"\r\n"
        return data

    def close(self):
        self.file.close()
        self.socket.close()


class Answers(TestCase):
    def sim(self, *args):
        sim = Sim("--ttft", "5ms", "--itl", "1ms", *args)
        sim.__enter__()
        self.addCleanup(sim.__exit__)
        return sim

    def test_order_of_events(self):
        port = self.sim().port
        self.assertEqual(["role", *["text"] * 4, "finish"], kinds(chat(port, max_tokens=4)))
        with_usage = chat(port, max_tokens=4, stream_options={"include_usage": True})
        self.assertEqual(["role", *["text"] * 4, "finish", "usage"], kinds(with_usage))
        self.assertEqual({"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}, with_usage[-1]["usage"])
        self.assertEqual(1, len({event["id"] for event in with_usage}))
        self.assertEqual({"sim-model"}, {event["model"] for event in with_usage})
        self.assertEqual("length", with_usage[-2]["choices"][0]["finish_reason"])

    def test_role_chunk_modes(self):
        for mode, begin in (("early", ["role", "text"]), ("first", ["role", "text"]), ("none", ["text", "text"])):
            with self.subTest(mode), Sim("--ttft", "1ms", "--itl", "1ms", "--role-chunk", mode) as sim:
                self.assertEqual(begin, kinds(chat(sim.port, max_tokens=3))[:2])

    def test_early_role_does_not_wait_for_the_first_token(self):
        """The first token is an hour away: head and role must come all the same."""
        with Sim("--ttft", "1h", "--role-chunk", "early") as sim:
            stream = Stream(sim.port, {"messages": MESSAGES, "stream": True})
            self.assertIn("text/event-stream", stream.head())
            self.assertIn(b'"role":"assistant"', stream.chunk())
            stream.close()

    def test_role_with_the_first_token_comes_not_before_it(self):
        for mode in ("first", "none"):
            with self.subTest(mode), Sim("--ttft", "1h", "--role-chunk", mode) as sim:
                stream = Stream(sim.port, {"messages": MESSAGES, "stream": True})
                self.assertEqual(200, get(sim.port, "/health")[0])  # the request was read by now, or is about to be
                stream.socket.settimeout(0.2)
                with self.assertRaises(TimeoutError):
                    stream.socket.recv(1)
                stream.close()

    def test_usage_modes(self):
        asked = {"include_usage": True, "continuous_usage_stats": True}
        for mode, options, expected in (("auto", None, []), ("auto", {"include_usage": True}, [4]),
                                        ("auto", asked, [0, 1, 2, 3, 4, 4, 4]), ("off", asked, []),
                                        ("final", None, [4]), ("every", None, [0, 1, 2, 3, 4, 4, 4])):
            with self.subTest(mode, options=options), Sim("--ttft", "1ms", "--itl", "1ms", "--usage", mode) as sim:
                fields = {"stream_options": options} if options else {}
                events = chat(sim.port, max_tokens=4, **fields)
                self.assertEqual(expected, [e["usage"]["completion_tokens"] for e in events if e.get("usage")])

    def test_reasoning_comes_first_and_is_counted(self):
        port = self.sim("--reasoning-tokens", "3", "--usage", "final").port
        events = chat(port, max_tokens=5)
        self.assertEqual(["role", *["reasoning"] * 3, "text", "text", "finish", "usage"], kinds(events))
        self.assertEqual({"reasoning_tokens": 3}, events[-1]["usage"]["completion_tokens_details"])
        self.assertEqual(5, events[-1]["usage"]["completion_tokens"])

    def test_tokens_per_chunk(self):
        port = self.sim("--tokens-per-chunk", "4", "--usage", "every").port
        counts = [e["usage"]["completion_tokens"] for e in chat(port, max_tokens=10) if kind(e) == "text"]
        self.assertEqual([4, 8, 10], counts)

    def test_completions(self):
        port = self.sim().port
        status, headers, content = ask(port, {"prompt": "a b", "stream": True, "max_tokens": 3}, "/v1/completions")
        self.assertEqual(200, status)
        self.assertIn("text/event-stream", headers["Content-Type"])
        events = [json.loads(event) for event in events_of(content)[:-1]]
        self.assertEqual([True] * 3 + [False], [bool(e["choices"][0]["text"]) for e in events])
        self.assertEqual("length", events[-1]["choices"][0]["finish_reason"])
        whole = json.loads(ask(port, {"prompt": "a b", "max_tokens": 3}, "/v1/completions")[2])
        self.assertEqual(3, len(whole["choices"][0]["text"].split()))
        self.assertEqual({"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}, whole["usage"])

    def test_an_answer_that_is_not_streamed_takes_as_long_as_its_tokens(self):
        with Sim("--ttft", "60ms", "--itl", "10ms") as sim:
            began = time.monotonic()
            whole = json.loads(ask(sim.port, {"messages": MESSAGES, "max_tokens": 15})[2])
            self.assertGreaterEqual(time.monotonic() - began, 0.2)  # never earlier; how much later is the machine's affair
            self.assertEqual(15, len(whole["choices"][0]["message"]["content"].split()))
            records, _ = sim.truth()
            self.assertGreaterEqual(records[0]["ended_ns"] - records[0]["received_ns"], 200e6)

    def test_keep_alive_reuses_one_connection(self):
        port = self.sim().port
        conn = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        local = None
        for _ in range(5):
            status, _, _ = ask(port, {"messages": MESSAGES, "stream": True, "max_tokens": 2}, connection=conn)
            self.assertEqual(200, status)
            self.assertIn(local, (None, conn.sock.getsockname()))
            local = conn.sock.getsockname()
        conn.close()

    def test_http_1_0_gets_a_body_that_ends_with_the_connection(self):
        port = self.sim().port
        body = json.dumps({"messages": MESSAGES, "stream": True, "max_tokens": 2}).encode()
        with socket.create_connection(("127.0.0.1", port), timeout=30) as conn:
            conn.sendall(b"POST /v1/chat/completions HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            data = b"".join(iter(lambda: conn.recv(65536), b""))
        head, _, content = data.partition(b"\r\n\r\n")
        self.assertNotIn(b"chunked", head)
        self.assertEqual("[DONE]", events_of(content)[-1])

    def test_lengths_follow_the_option_when_the_request_does_not_say(self):
        port = self.sim("--output-tokens", "20:50").port
        lengths = {len(text_of(chat(port)).split()) for _ in range(12)}
        self.assertLessEqual(lengths, set(range(10, 31)))
        self.assertGreater(len(lengths), 1)

    def test_same_seed_same_answers(self):
        def answers(*args):
            with Sim("--ttft", "1ms", "--itl", "0s", "--output-tokens", "30:lognormal:10", *args) as sim:
                return [text_of(chat(sim.port)) for _ in range(5)]

        first = answers("--seed", "7")
        self.assertEqual(first, answers("--seed", "7"))
        self.assertNotEqual(first, answers("--seed", "8"))
        self.assertEqual(5, len(set(first)))

    def test_discovery(self):
        port = self.sim("--model", "my model").port
        status, _, content = get(port, "/v1/models")
        self.assertEqual((200, "my model"), (status, json.loads(content)["data"][0]["id"]))
        self.assertEqual(200, get(port, "/health")[0])
        version = subprocess.run([WEIR, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
        self.assertEqual(version, json.loads(get(port, "/version")[2])["version"])
        self.assertEqual("my model", chat(port, model="my model", max_tokens=1)[0]["model"])


class Refusals(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sim = Sim("--ttft", "1ms", "--itl", "1ms")
        cls.sim.__enter__()
        cls.addClassCleanup(cls.sim.__exit__)

    def error(self, status, says, answer):
        self.assertEqual(status, answer[0], answer[2])
        error = json.loads(answer[2])["error"]
        self.assertEqual({"message", "type", "param", "code"}, set(error))
        self.assertIn(says, error["message"])
        return answer

    def test_unknown_paths_and_methods(self):
        self.error(404, "/v1/chat/completions", get(self.sim.port, "/nope"))
        self.assertEqual("POST", self.error(405, "POST", get(self.sim.port, "/v1/chat/completions"))[1]["Allow"])
        self.assertEqual("GET", self.error(405, "GET", ask(self.sim.port, {}, "/v1/models"))[1]["Allow"])
        status, headers, content = get(self.sim.port, "/health", "HEAD")
        self.assertEqual((404, b""), (status, content))
        self.assertGreater(int(headers["Content-Length"]), 0)

    def test_wrong_requests(self):
        self.error(404, "The model `x` does not exist", ask(self.sim.port, {"model": "x", "messages": MESSAGES}))
        self.error(400, "not JSON", ask(self.sim.port, b"{bad"))
        self.error(400, "no body", ask(self.sim.port, b""))
        self.error(400, "'messages'", ask(self.sim.port, {"prompt": "a"}))
        self.error(400, "'prompt'", ask(self.sim.port, {"messages": MESSAGES}, "/v1/completions"))
        self.error(400, "one choice", ask(self.sim.port, {"messages": MESSAGES, "n": 2}))
        self.error(400, "max_tokens", ask(self.sim.port, {"messages": MESSAGES, "max_tokens": 0}))

    def test_the_connection_survives_a_refusal(self):
        conn = http.client.HTTPConnection("127.0.0.1", self.sim.port, timeout=30)
        self.assertEqual(400, ask(0, b"{bad", connection=conn)[0])
        local = conn.sock.getsockname()
        self.assertEqual(200, ask(0, {"messages": MESSAGES, "max_tokens": 1}, connection=conn)[0])
        self.assertEqual(local, conn.sock.getsockname())
        conn.close()

    def test_no_http(self):
        with socket.create_connection(("127.0.0.1", self.sim.port), timeout=30) as conn:
            conn.sendall(b"what?\r\n\r\n")
            data = b"".join(iter(lambda: conn.recv(65536), b""))
        self.assertTrue(data.startswith(b"HTTP/1.1 400 "), data)
        self.assertIn(b"Connection: close", data)


class Truth(TestCase):
    def test_records_and_summary_agree(self):
        with Sim("--ttft", "10ms:50", "--itl", "1ms:lognormal:500us", "--output-tokens", "20:50",
                 "--reasoning-tokens", "4", "--tokens-per-chunk", "3") as sim:
            streams = [Stream(sim.port, {"messages": MESSAGES, "stream": True}) for _ in range(40)]
            for stream in streams:
                stream.read_until(b"0\r\n\r\n")
                stream.close()
            ask(sim.port, {"messages": MESSAGES, "max_tokens": 2}, headers={"X-Request-Id": "whole"})
            ask(sim.port, {"messages": []}, headers={"X-Request-Id": "bad"})
            records, summary = sim.truth()
        self.assertEqual(set(range(42)), {one["id"] for one in records})
        streamed = [one for one in records if one["stream"]]
        self.assertEqual(40, len(streamed))
        for one in streamed:
            self.assertEqual(("ok", 200), (one["outcome"], one["http_status"]))
            instants = [one[key + "_ns"] for key in "received first_token first_output_token last_token ended".split()]
            self.assertEqual(sorted(instants), instants)
            self.assertEqual(-(-4 // 3) - (-(one["tokens"] - 4) // 3), one["chunks"])
            self.assertGreaterEqual(one["first_token_ns"] - one["received_ns"], 5e6)
        by_id = {one["request_id"]: one for one in records if one["request_id"]}
        self.assertEqual(("ok", None, 2), tuple(by_id["whole"][k] for k in ("outcome", "first_token_ns", "tokens")))
        self.assertEqual(("rejected", 400), (by_id["bad"]["outcome"], by_id["bad"]["http_status"]))
        self.assertSummary(records, streamed, summary)

    def assertSummary(self, records, streamed, summary):
        self.assertEqual((42, 41), (summary["requests"], summary["ok"]))
        self.assertEqual(sum(one["tokens"] for one in records), summary["tokens"])
        self.assertLessEqual(summary["max_streams"], 40)
        ttft = [(one["first_token_ns"] - one["received_ns"]) / 1e6 for one in streamed]
        for name, value in (("p50", percentile(ttft, 50)), ("p90", percentile(ttft, 90)), ("p99", percentile(ttft, 99)),
                            ("min", min(ttft)), ("max", max(ttft)), ("mean", sum(ttft) / len(ttft))):
            self.assertAlmostEqual(value, summary["ttft_ms"][name], places=5, msg=name)
        self.assertEqual(sum(one["chunks"] - 1 for one in streamed), summary["itl_ms"]["count"])
        spans = [(one["last_token_ns"] - one["first_token_ns"]) / 1e6 for one in streamed]
        self.assertAlmostEqual(sum(spans), summary["itl_ms"]["mean"] * summary["itl_ms"]["count"], places=2)
        tpot = [span / (one["tokens"] - 1) for span, one in zip(spans, streamed)]
        self.assertAlmostEqual(percentile(tpot, 50), summary["tpot_ms"]["p50"], places=5)
        self.assertGreaterEqual(summary["lateness_ms"]["min"], 0)  # nothing is ever sent early
        self.assertEqual(sum(one["chunks"] for one in streamed), summary["lateness_ms"]["count"])

    def test_clocks_agree_with_a_client_on_the_same_machine(self):
        """Received after the client began to send, ended before the client had it all: one clock, no guesswork."""
        with Sim("--ttft", "5ms", "--itl", "1ms") as sim:
            before = time.monotonic_ns()
            chat(sim.port, max_tokens=3)
            after = time.monotonic_ns()
            records, _ = sim.truth()
        # the kernel's stamp is carried over from another clock, known to some microseconds
        self.assertLess(before - 50_000, records[0]["received_ns"])
        self.assertLess(records[0]["ended_ns"], after)

    def test_a_client_that_leaves(self):
        with Sim("--ttft", "1ms", "--itl", "1ms") as sim:
            stream = Stream(sim.port, {"messages": MESSAGES, "stream": True, "max_tokens": 1000000})
            stream.read_until(b'"content":"')
            stream.close()
            self.assertEqual(200, get(sim.port, "/health")[0])
            records, summary = sim.truth()
        self.assertIn(records[0]["outcome"], ("client_closed", "stopped"))
        self.assertEqual((1, 0, 0), (summary["requests"], summary["ok"], summary["ttft_ms"]["count"]))
        self.assertIsNone(summary["ttft_ms"]["p50"])


class Process(TestCase):
    def test_signals_end_it_well(self):
        import signal
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number), Program("sim", "--port", "0") as sim:
                self.assertRegex(sim.process.stdout.readline(), r"^weir sim: listening on http://127\.0\.0\.1:\d+\n$")
                sim.send(number)
                self.assertCode(sim.wait(), 0)

    def test_end_of_file_on_the_stop_pipe_ends_it_with_its_truth(self):
        truth = self.out("truth.jsonl")
        read_end, write_end = os.pipe()
        sim = subprocess.Popen([WEIR, "sim", "--port", "0", "--ttft", "1h", "--truth", truth], stdout=subprocess.PIPE,
                               env=environment(WEIR_SIM_STOP_FD=str(read_end)), pass_fds=[read_end], text=True)
        os.close(read_end)
        try:
            port = int(re.search(r":(\d+)$", sim.stdout.readline()).group(1))
            stream = Stream(port, {"messages": MESSAGES, "stream": True})
            stream.head()
            os.close(write_end)
            self.assertEqual(0, sim.wait(timeout=30))
            stream.close()
        finally:
            if sim.poll() is None:
                sim.kill()
            sim.wait()
            sim.stdout.close()
        record, summary = [json.loads(line) for line in truth.read_text().splitlines()]
        self.assertEqual("stopped", record["outcome"])
        self.assertEqual(1, summary["summary"]["requests"])

    def test_a_port_in_use(self):
        with Sim() as sim:
            result = weir("sim", "--port", sim.port)
            self.assertCode(result, 2)
            self.assertSays(result.err, rf"port {sim.port} is in use.*--port 0")

    def test_a_truth_file_that_cannot_be_written(self):
        result = weir("sim", "--port", "0", "--truth", self.dir / "none" / "truth.jsonl")
        self.assertCode(result, 2)
        self.assertSays(result.err, "cannot write the truth file")

    def test_bad_options(self):
        self.assertCode(weir("sim", "--ttft", "fast"), 2)
        self.assertCode(weir("sim", "--port", "65536"), 2)
        result = weir("sim", "--port", "0", "--model", "m" * 300)
        self.assertCode(result, 2)
        self.assertSays(result.err, "--model")


if __name__ == "__main__":
    unittest.main()
