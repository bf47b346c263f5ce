"""Faults and limits: each does what its name says, to whom the seed says, and the truth file tells."""

import collections
import http.client
import json
import threading
import time
import unittest

from harness import Sim, TestCase, weir
from sim_client import CHAT, MESSAGES, Raw, chat, get, post, stream


def sim(*args):
    return Sim("--ttft", "2ms", "--itl", "1ms", *args)


class Kinds(TestCase):
    def struck(self, fault, body=None, path=CHAT):
        """(what came, how it ended, its record) of a request that `fault` strikes; Connection: close."""
        with sim("--fault", fault) as server, Raw(server.port, body or chat(max_tokens=20), path, ["Connection: close"]) as one:
            end = one.rest()
            records, _ = server.truth()
        self.assertEqual(fault.partition("=")[0], records[0]["fault"])
        self.assertIsNotNone(records[0]["fault_ns"])
        return one.data, end, records[0]

    def test_statuses(self):
        for status, retry in ((400, ""), (401, ""), (403, ""), (404, ""), (422, ""), (429, ":retry-after=1500ms"), (500, ""),
                              (502, ""), (503, ":retry-after=2s"), (504, ""), (529, "")):
            with self.subTest(status), sim("--fault", f"http_{status}=100%{retry}") as server:
                got, headers, content = post(server.port, CHAT, chat())
                self.assertEqual(status, got)
                self.assertIn("error", json.loads(content))
                self.assertEqual("2" if retry else None, headers["Retry-After"])
                records, _ = server.truth()
                self.assertEqual((status, "rejected", f"http_{status}"),
                                 tuple(records[0][name] for name in ("http_status", "outcome", "fault")))

    def test_truncate_ends_the_body_but_not_the_answer(self):
        data, _, record = self.struck("truncate=100%")
        self.assertTrue(data.endswith(b"\r\n0\r\n\r\n"), data[-30:])
        self.assertNotIn(b"[DONE]", data)
        self.assertNotIn(b'"finish_reason":"', data)
        self.assertEqual(data.count(b'"content":"') - 1, record["tokens"])  # the role has content ""
        self.assertTrue(1 <= record["tokens"] < 20)

    def test_cut_and_reset_end_the_connection_within_the_body(self):
        for fault, end in (("cut", "closed"), ("reset", "reset")):
            with self.subTest(fault):
                data, ended, record = self.struck(f"{fault}=100%")
                self.assertEqual(end, ended)
                self.assertFalse(data.endswith(b"0\r\n\r\n"))
                self.assertEqual("faulted", record["outcome"])

    def test_hangup_says_nothing(self):
        self.assertEqual((b"", "closed"), self.struck("hangup=100%")[:2])

    def test_malformed_is_one_event_that_breaks_off(self):
        data, _, record = self.struck("malformed=100%")
        lines = [line[6:] for line in data.split(b"\r\n\r\n", 1)[1].split(b"\n") if line.startswith(b"data: {")]
        broken = [line for line in lines if not line.endswith(b"}")]
        self.assertEqual(1, len(broken))
        self.assertTrue(data.endswith(b"0\r\n\r\n"))
        self.assertEqual(("faulted", 20), (record["outcome"], record["tokens"]))

    def test_empty_has_a_beginning_and_an_end(self):
        data, _, record = self.struck("empty=100%")
        self.assertIn(b'"finish_reason":"stop"', data)
        self.assertIn(b"[DONE]", data)
        self.assertEqual(0, data.count(b'"content":"') - 1)
        self.assertEqual((0, None, "faulted"), (record["tokens"], record["first_token_ns"], record["outcome"]))

    def test_short_and_long(self):
        for fault, tokens in (("short", 10), ("long", 30)):
            with self.subTest(fault):
                data, _, record = self.struck(f"{fault}=100%")
                self.assertEqual((tokens, "ok"), (record["tokens"], record["outcome"]))
                self.assertEqual(tokens, data.count(b'"content":"') - 1)

    def test_byte_writes_change_no_byte(self):
        plain, _, _ = self.struck("slow_start=100%:1ms")
        bytewise, _, record = self.struck("byte_writes=100%")
        self.assertEqual(plain.count(b"\n"), bytewise.count(b"\n"))
        self.assertTrue(bytewise.endswith(b"0\r\n\r\n"))
        self.assertEqual(("ok", 20), (record["outcome"], record["tokens"]))

    def test_one_write_holds_everything_back(self):
        with Sim("--ttft", "1ms", "--itl", "20ms", "--fault", "one_write=100%") as server, Raw(server.port, chat(max_tokens=10)) as one:
            one.until(b"[DONE]")
            records, summary = server.truth()
        self.assertEqual(records[0]["first_token_ns"], records[0]["last_token_ns"])
        self.assertGreaterEqual(records[0]["first_token_ns"] - records[0]["received_ns"], 181e6)
        self.assertEqual((10, 0), (records[0]["chunks"], summary["itl_ms"]["max"]))

    def test_never_answers_and_waits(self):
        with sim("--fault", "never=100%") as server, Raw(server.port, chat()) as one:
            self.assertEqual(200, get(server.port, "/health")[0])
            self.assertTrue(one.is_silent(0.2))
            records, summary = server.truth()
        self.assertEqual(("stopped", "never", 0), (records[0]["outcome"], records[0]["fault"], summary["max_streams"]))

    def test_wrong_length_promises_more(self):
        for streaming in (True, False):
            with self.subTest(streaming), sim("--fault", "wrong_length=100%") as server:
                with self.assertRaises(http.client.IncompleteRead) as caught:
                    post(server.port, CHAT, chat(stream=streaming))
                self.assertIn(b"length", caught.exception.partial)  # the whole answer is there

    def test_spans_are_kept(self):
        with sim("--fault", "slow_start=100%:150ms") as server:
            stream(server.port, **chat())
            records, _ = server.truth()
        self.assertGreaterEqual(records[0]["first_token_ns"] - records[0]["received_ns"], 152e6)
        with sim("--fault", "stall=100%:150ms") as server:
            stream(server.port, **chat())
            records, summary = server.truth()
        self.assertGreaterEqual(summary["itl_ms"]["max"], 100)  # the token before it may have been late
        self.assertLess(records[0]["fault_ns"], records[0]["last_token_ns"])
        self.assertEqual("ok", records[0]["outcome"])

    def test_answers_that_are_not_streamed(self):
        body = chat(stream=False)
        for fault in ("truncate", "cut", "wrong_length", "hangup", "reset"):
            with self.subTest(fault), sim("--fault", f"{fault}=100%") as server:
                with self.assertRaises((http.client.HTTPException, ConnectionError)):
                    post(server.port, CHAT, body)
        with sim("--fault", "malformed=100%") as server:
            status, _, content = post(server.port, CHAT, body)
            self.assertEqual(200, status)
            self.assertRaises(json.JSONDecodeError, json.loads, content)
        with sim("--fault", "error_event=100%") as server:
            self.assertEqual(500, post(server.port, CHAT, body)[0])
        with sim("--fault", "empty=100%") as server:
            choice = json.loads(post(server.port, CHAT, body)[2])["choices"][0]
            self.assertEqual("", choice["message"]["content"])

    def test_a_stream_of_one_token_can_break_too(self):
        for fault in ("truncate", "cut", "reset", "error_event", "malformed", "stall"):
            argument = ":5ms" if fault == "stall" else ""
            with self.subTest(fault):
                _, _, record = self.struck(f"{fault}=100%{argument}", chat(max_tokens=1))
                self.assertEqual("ok" if fault == "stall" else "faulted", record["outcome"])

    def test_ndjson_breaks_as_well(self):
        body = {"messages": MESSAGES, "options": {"num_predict": 9}}
        data, _, _ = self.struck("error_event=100%", body, "/api/chat")
        self.assertIn(b'{"error":"', data)
        self.assertNotIn(b'"done":true', data)
        data, _, record = self.struck("truncate=100%", body, "/api/chat")
        self.assertNotIn(b'"done":true', data)
        self.assertEqual(data.count(b'"done":false'), record["tokens"])


class Shares(TestCase):
    FAULTS = {"http_500": 0.02, "http_429": 0.05, "truncate": 0.03, "cut": 0.03, "error_event": 0.03, "empty": 0.02, "short": 0.05}

    def names(self, seed, count):
        """What was done to `count` requests, in their order."""
        options = [part for name, share in self.FAULTS.items() for part in ("--fault", f"{name}={share * 100:g}%")]
        with Sim("--ttft", "0s", "--itl", "0s", "--seed", seed, *options) as server:
            for _ in range(count):
                with Raw(server.port, chat(max_tokens=3), headers=["Connection: close"]) as one:
                    one.rest()
            records, _ = server.truth()
        records.sort(key=lambda one: one["id"])
        self.assertEqual(count, len(records))
        return [one["fault"] for one in records]

    def test_shares_are_kept_and_the_seed_decides(self):
        count = 1500
        names = self.names(3, count)
        found = collections.Counter(names)
        for name, share in self.FAULTS.items():
            deviation = (count * share * (1 - share)) ** 0.5
            self.assertLess(abs(found[name] - count * share), 4 * deviation, f"{name}: {found}")
        self.assertEqual(names[:300], self.names(3, 300))
        self.assertNotEqual(names[:300], self.names(4, 300))


class Limits(TestCase):
    def crowd(self, port, count, **fields):
        """So many requests at once; (status, body) of each."""
        got = []
        lock = threading.Lock()

        def one():
            status, _, content = post(port, CHAT, chat(**fields))
            with lock:
                got.append((status, content))

        threads = [threading.Thread(target=one) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return got

    def test_slots_are_never_exceeded_and_all_are_served(self):
        with Sim("--ttft", "10ms", "--itl", "1ms", "--slots", "3") as server:
            got = self.crowd(server.port, 20, max_tokens=10)
            records, summary = server.truth()
        self.assertEqual([200] * 20, [status for status, _ in got])
        self.assertEqual(3, summary["max_streams"])
        self.assertGreater(summary["max_waiting"], 0)
        self.assertInFlight(records, 3)
        records.sort(key=lambda one: one["id"])  # first come, first served, among those that had to wait
        admitted = [one["admitted_ns"] for one in records[3:]]
        self.assertEqual(sorted(admitted), admitted)
        for one in records:
            self.assertGreaterEqual(one["first_token_ns"] - one["admitted_ns"], 10e6)

    def assertInFlight(self, records, most):
        edges = sorted([(one["admitted_ns"], 1) for one in records] + [(one["ended_ns"], -1) for one in records])
        level = peak = 0
        for _, step in edges:
            level += step
            peak = max(peak, level)
        self.assertLessEqual(peak, most)

    def test_a_full_queue_refuses_each_profile_in_its_way(self):
        for profile, status, shape in (("plain", 503, b'"message"'), ("ollama", 503, b"server busy"), ("vllm", 503, b'"code":503')):
            with self.subTest(profile):
                self.assertOverload(profile, status, shape, b"")
        self.assertOverload("sglang", 200, b"The request queue is full.", b"[DONE]")
        self.assertOverload("tgi", 200, b"Model is overloaded", b"[DONE]")
        self.assertOverload("sglang", 503, b'"object":"error"', b"", stream=False)
        self.assertOverload("tgi", 429, b'"error_type":"overloaded"', b"", stream=False)

    def assertOverload(self, profile, status, shape, end, **fields):
        with Sim("--profile", profile, "--ttft", "1h", "--slots", "1", "--max-queue", "1") as server:
            with Raw(server.port, chat()) as first, Raw(server.port, chat()) as second:
                self.wait_for(server, 2)
                got, _, content = post(server.port, CHAT, chat(**fields))
                self.assertEqual(status, got)
                self.assertIn(shape, content)
                self.assertIn(end, content)
                first.close()
                second.close()
            records, summary = server.truth()
        self.assertEqual((1, 1), (summary["max_streams"], summary["max_waiting"]))
        refused = [one for one in records if one["fault"] == "queue_full"]
        self.assertEqual([("rejected", status)], [(one["outcome"], one["http_status"]) for one in refused])

    def wait_for(self, server, count):
        """Until the simulator has read so many requests: one at a time, since connections are served in turn."""
        for _ in range(count):
            get(server.port, "/health")

    def test_a_waiting_client_that_leaves_frees_its_place(self):
        with Sim("--ttft", "30ms", "--itl", "1ms", "--slots", "1") as server:
            with Raw(server.port, chat()) as first:
                self.wait_for(server, 1)
                with Raw(server.port, chat()) as second:
                    self.wait_for(server, 1)
                    second.close()
                self.assertEqual(200, post(server.port, CHAT, chat())[0])
                first.until(b"[DONE]")
            records, _ = server.truth()
        self.assertEqual({"client_closed": 1, "ok": 2}, collections.Counter(one["outcome"] for one in records))

    def test_tokens_a_second_are_shared(self):
        with Sim("--ttft", "0s", "--itl", "0s", "--tokens-per-second", "500") as server:
            began = time.monotonic()
            self.crowd(server.port, 5, max_tokens=40)
            self.assertGreaterEqual(time.monotonic() - began, 199 / 500)
            records, summary = server.truth()
        self.assertEqual(200, summary["tokens"])
        span = max(one["last_token_ns"] for one in records) - min(one["first_token_ns"] for one in records)
        self.assertGreaterEqual(span, 199 / 500 * 1e9 - 100e6)  # the first may have been late

    def test_rate_limit_says_when_to_come_back(self):
        with sim("--rate-limit", "1:3") as server:
            got = [post(server.port, CHAT, chat(max_tokens=1)) for _ in range(5)]
            records, _ = server.truth()
        statuses = [status for status, _, _ in got]
        self.assertEqual([200] * 3 + [429], statuses[:4])
        self.assertEqual("1", got[3][1]["Retry-After"])
        self.assertTrue(0 < int(got[3][1]["Retry-After-Ms"]) <= 1000)
        limited = [one for one in records if one["fault"] == "rate_limit"]
        self.assertEqual(statuses.count(429), len(limited))

    def test_the_whole_server_stalls(self):
        with Sim("--ttft", "10ms", "--itl", "10ms", "--stall-at", "100ms:300ms", "--stall-at", "600ms:200ms") as server:
            got = self.crowd(server.port, 4, max_tokens=60)
            records, summary = server.truth()
        self.assertEqual([200] * 4, [status for status, _ in got])
        first = min(one["received_ns"] for one in records)
        self.assertEqual(2, len(summary["stalls"]))
        for stall, (at, span) in zip(summary["stalls"], ((100e6, 300e6), (600e6, 200e6))):
            self.assertGreaterEqual(stall["began_ns"] - first, at - 1e6)
            self.assertGreaterEqual(stall["ended_ns"] - stall["began_ns"], span)
        for one in records:  # nothing is caught up: all of it comes later by the stalls
            self.assertGreaterEqual(one["last_token_ns"] - one["received_ns"], 600e6 + 500e6 - 1e6)
        self.assertEqual(8, sum(1 for _ in records for _ in summary["stalls"]))
        self.assertGreaterEqual(summary["itl_ms"]["max"], 300)

    def test_a_stall_does_not_keep_it_from_stopping(self):
        with Sim("--ttft", "1ms", "--itl", "1ms", "--stall-at", "0s:1h") as server, Raw(server.port, chat()) as one:
            self.assertTrue(one.is_silent(0.1) or one.data)
            self.assertEqual(0, server.stop().code)
            self.assertEqual(1, len(server.truth()[1]["stalls"]))


class Usage(TestCase):
    def test_bad_options_say_what_would_be_right(self):
        for option, value, says in (("--fault", "http_5000=1%", "did you mean"), ("--fault", "stall=1%", "stall=1%:2s"),
                                    ("--fault", "cut=1", "cut=1%"), ("--rate-limit", "fast", "10:20"),
                                    ("--stall-at", "5s", "5s:2s"), ("--profile", "vlm", "vllm")):
            with self.subTest(option, value=value):
                result = weir("sim", "--port", "0", option, value)
                self.assertCode(result, 2)
                self.assertIn(says, result.err)


if __name__ == "__main__":
    unittest.main()
