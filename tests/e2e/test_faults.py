"""The fault server itself, asked by Python's own client: a test of weir is worth what its opponent is."""

import http.client
import json
import socket
import unittest

import answers
from faults import FaultServer, FullBacklog, closed_port


def ask(server, count=1):
    """What http.client makes of `count` requests on one connection, which it opens anew where it must."""
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=0.5)
    seen = []
    for _ in range(count):
        try:
            client.request("POST", "/v1/chat/completions", json.dumps({"model": "m"}))
            answer = client.getresponse()
            seen.append((answer.status, answer.read()))
        except (OSError, http.client.HTTPException) as error:
            seen.append(type(error))
            client.close()
    client.close()
    return seen


class GoodAnswers(unittest.TestCase):
    def test_all_dresses_say_the_same(self):
        plain = b"".join(answers.stream(4))
        for how in ({}, {"write": "whole"}, {"write": "byte"}, {"framing": "close"}, {"framing": "length"}):
            with self.subTest(how), FaultServer(answers.chat(**how)) as server:
                self.assertEqual([(200, plain)] * 2, ask(server, 2))
                self.assertEqual(2, len(server.posts()))

    def test_line_ends(self):
        with FaultServer(answers.chat(lines="\r\n", comments=True)) as server:
            body = ask(server)[0][1]
        self.assertEqual(body.count(b"\n"), body.count(b"\r\n"))
        self.assertIn(b": keep-alive\r\n\r\n", body)

    def test_shape_of_a_stream(self):
        events = [json.loads(one[6:]) for one in answers.stream(5, tokens_per_event=2, usage="every")[:-1]]
        self.assertEqual([0, 2, 4, 5, 5, 5], [one["usage"]["completion_tokens"] for one in events])
        self.assertEqual("length", events[-2]["choices"][0]["finish_reason"])
        self.assertEqual([], events[-1]["choices"])

    def test_connections_are_counted(self):
        with FaultServer(answers.chat(), requests_per_connection=2) as server:
            seen = ask(server, 5)
        self.assertGreaterEqual(seen.count((200, b"".join(answers.stream(4)))), 3)
        self.assertLessEqual(max(post.turn for post in server.posts()), 1)

    def test_models(self):
        with FaultServer(models=("a", "b")) as server:
            client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=0.5)
            client.request("GET", "/v1/models")
            listed = json.loads(client.getresponse().read())
            client.close()
        self.assertEqual(["a", "b"], [row["id"] for row in listed["data"]])


class Faults(unittest.TestCase):
    def expect(self, behaviour, *wanted):
        with FaultServer(behaviour) as server:
            seen = ask(server, len(wanted))
        self.assertEqual(list(wanted), [one if isinstance(one, type) else one[0] for one in seen])

    def test_each_is_what_it_says(self):
        self.expect(answers.silence(), TimeoutError)
        self.expect(answers.break_off(), TimeoutError)
        self.expect(answers.hang_up(), http.client.RemoteDisconnected)
        self.expect(answers.hang_up("reset"), ConnectionResetError)
        self.expect(answers.break_off(then="close"), http.client.IncompleteRead)
        self.expect(answers.break_off(then="reset"), ConnectionResetError)
        self.expect(answers.break_off(then="end"), 200)
        self.expect(answers.lying_length(10), http.client.IncompleteRead)
        self.expect(answers.redirect("http://127.0.0.1:1/"), 302)
        self.expect(answers.by_turn(answers.refusal(500, "x"), answers.chat()), 500, 200, 200)
        self.expect(answers.raw_bytes(b"SSH-2.0\r\n\r\n"), http.client.BadStatusLine)

    def test_nobody_listens(self):
        keeper, url = closed_port()
        with keeper, self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1])), 2)

    def test_leaving(self):
        with FaultServer(answers.chat()) as server:
            self.assertEqual(200, ask(server)[0][0])
            server.leave()
            self.assertEqual([ConnectionRefusedError], ask(server))

    def test_a_full_queue(self):
        with FullBacklog() as full, self.assertRaises(TimeoutError):
            socket.create_connection(("127.0.0.1", int(full.url.rsplit(":", 1)[1])), 0.3)


if __name__ == "__main__":
    unittest.main()
