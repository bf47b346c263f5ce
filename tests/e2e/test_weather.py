"""Bad weather on the wire: each way a server can fail has its outcome, and weir neither hangs nor asks twice."""

import shutil
import subprocess
import ssl
import unittest

import answers
from faults import FaultServer, FullBacklog, closed_port
from harness import Sim, TestCase, over_curl, weir

REQUESTS = 4


class Weather(TestCase):
    def meet(self, outcome, behaviour, *args, says=None, timeout=None, **server):
        """Four requests to a server that does nothing else: all end so, the summary stands, and the exit code is 3. What the
        server counted is what weir says it sent: nothing was tried twice behind its back."""
        with FaultServer(behaviour, **server) as at:
            run = self.sweep(at.url, "-m", "fault-model", "-c", 2, "-n", REQUESTS, *args, code=3, limit=20)
            sent = len(at.posts())
        self.assertComplete(run)
        self.assertOnly(run, outcome, REQUESTS)
        self.assertEqual(REQUESTS, sent, "requests that the server saw")
        self.assertEqual(0, run.metric("time_to_first_token")["count"])
        self.assertIsNone(run.metric("time_to_first_token")["p50"])
        self.assertEqual(REQUESTS, run.metric("time_to_failure")["count"])
        self.assertEqual(100, run.metric("error_rate")["avg"])
        if timeout:
            self.assertEqual(REQUESTS, run.level()["requests"]["timeouts"][timeout])
        if says:
            self.assertSays(run.result.err + run.result.out, says)
        return run

    @staticmethod
    def outcomes(run):
        return {key: count for key, count in run.level()["requests"]["outcomes"].items() if count}


class Refused(Weather):
    def test_server_down(self):
        keeper, url = closed_port()
        for args in ((), ("-m", "m")):
            with self.subTest(args), keeper:
                run = self.sweep(url, "-n", REQUESTS, *args, code=3, limit=10)
                self.assertSays(run.result.err, r"connect|refused")
                self.assertIn(url.rsplit(":", 1)[1], run.result.err)

    def test_a_server_that_goes_away(self):
        """The second request is answered on a connection that ends; after it nobody listens."""
        def last(answer):
            server.leave()
            answers.chat(framing="close")(answer)

        with FaultServer(answers.by_turn(answers.chat(), last)) as server:
            run = self.sweep(server.url, "-n", 6, "-c", 1)
        self.assertEqual({"ok": 2, "connect": 4}, self.outcomes(run))
        self.assertSays(run.result.err + run.result.out, "connect|refused")

    def test_refused_requests_do_not_spin(self):
        """By time, with nobody there: some attempts, not a busy loop of thousands."""
        def last(answer):
            server.leave()
            answers.chat(framing="close")(answer)

        with FaultServer(last) as server:
            run = self.sweep(server.url, "-m", "m", "--duration", "500ms", "-c", 4)
        self.assertGreater(run.level()["requests"]["outcomes"]["connect"], 0)

    def test_a_name_that_does_not_resolve(self):
        run = self.sweep("http://no-such-host.invalid:8000", "-m", "m", "-n", 1, code=3)
        self.assertSays(run.result.err, r"no-such-host\.invalid")

    def test_wrong_model(self):
        gone = answers.refusal(404, "The model `nope` does not exist.", code="model_not_found")
        with FaultServer(gone, models=("alpha-7b", "beta-70b")) as server:
            run = self.sweep(server.url, "-m", "nope", "-n", REQUESTS, code=3)
        self.assertSays(run.result.err, r"nope.*alpha-7b.*beta-70b")

    def test_no_models_at_all(self):
        with FaultServer(answers.chat(), models=()) as server:
            run = self.sweep(server.url, "-n", 1, code=2)
        self.assertSays(run.result.err, r"--model")

    def test_401(self):
        self.meet("http_4xx", answers.refusal(401, "Incorrect API key provided"), says="401.*Incorrect API key")

    def test_401_while_the_model_is_looked_up(self):
        with FaultServer(None, get=answers.refusal(401, "Incorrect API key provided")) as server:
            run = self.sweep(server.url, "-n", 1, code=3)
        self.assertSays(run.result.err, "401.*--(model|api-key)")

    def test_404(self):
        self.meet("http_4xx", answers.refusal(404, "Not Found"), says="404")

    def test_429(self):
        busy = answers.refusal(429, "Rate limit reached", [("Retry-After", "1")])
        self.meet("http_429", busy, says="429.*Rate limit reached")

    def test_500(self):
        self.meet("http_5xx", answers.refusal(500, "CUDA error"), says="500.*CUDA error")

    def test_503_with_an_odd_body(self):
        self.meet("http_5xx", answers.document(503, b"<html>no upstream</html>"), says="503")

    def test_an_error_that_is_a_string(self):
        self.meet("http_4xx", answers.document(401, {"error": "Unauthorized"}), says="Unauthorized")

    def test_flat_error(self):
        flat = {"object": "error", "message": "queue is full", "code": 503}
        self.meet("http_5xx", answers.document(503, flat), says="queue is full")

    def test_error_without_a_body(self):
        self.meet("http_5xx", answers.document(502, b""), says="502")

    def test_error_body_of_a_megabyte(self):
        self.meet("http_5xx", answers.document(500, b"x" * (1 << 20)), says="500")

    def test_redirect_is_not_followed(self):
        with FaultServer(answers.chat()) as elsewhere:
            self.meet("http_3xx", answers.redirect(elsewhere.url + "/v1/chat/completions"), says="302|redirect")
            self.assertEqual([], elsewhere.requests)


class TimeLimits(Weather):
    def test_no_answer_until_first_token(self):
        self.meet("timeout", answers.silence(), "--first-token-timeout", "150ms", timeout="first_token", says="first.token")

    def test_headers_and_no_token(self):
        self.meet("timeout", answers.break_off(after=0), "--first-token-timeout", "150ms", timeout="first_token")

    def test_a_role_and_no_token(self):
        self.meet("timeout", answers.break_off(after=1), "--first-token-timeout", "150ms", timeout="first_token")

    def test_no_answer_at_all(self):
        self.meet("timeout", answers.silence(), "--timeout", "150ms", timeout="total")

    def test_stall(self):
        self.meet("timeout", answers.break_off(after=3), "--stall-timeout", "150ms", timeout="stall", says="stall")

    def test_slow_but_steady_is_no_stall(self):
        with FaultServer(answers.chat(tokens=4, itl=0.1)) as server:
            run = self.sweep(server.url, "-n", 2, "--stall-timeout", "2s", "--first-token-timeout", "2s")
        self.assertOnly(run, "ok", 2)

    def test_the_whole_takes_too_long(self):
        self.meet("timeout", answers.chat(tokens=100, itl=0.05), "--timeout", "300ms", timeout="total")

    def test_connect(self):
        with FullBacklog() as full:
            run = self.sweep(full.url, "-m", "m", "-n", 2, "--connect-timeout", "300ms", code=3, limit=10)
        self.assertSays(run.result.err, r"connect.*(time|300)|time.*connect")

    def test_comments_do_not_count_as_tokens(self):
        def ping(answer):
            answer.head()
            while True:
                answer.part(b": ping\n\n")
                answer.pause(0.03)

        self.meet("timeout", ping, "--first-token-timeout", "200ms", timeout="first_token")


class BrokenOff(Weather):
    def test_hang_up_before_the_answer(self):
        self.meet("reset", answers.hang_up())

    def test_reset_before_the_answer(self):
        self.meet("reset", answers.hang_up("reset"))

    def test_close_in_mid_stream(self):
        self.meet("reset", answers.break_off(then="close"))

    def test_close_in_mid_body(self):
        self.meet("reset", answers.break_off(then="close", framing="length"))

    def test_reset_in_mid_stream(self):
        self.meet("reset", answers.break_off(then="reset"))

    def test_clean_end_without_end_mark(self):
        self.meet("truncated", answers.break_off(then="end"))

    def test_end_of_connection_without_end_mark(self):
        self.meet("truncated", answers.break_off(then="close", framing="close"))

    def test_body_shorter_than_promised(self):
        """The end mark is the end: what the framing says after it changes nothing."""
        with FaultServer(answers.lying_length(10)) as server:
            self.assertOnly(self.sweep(server.url, "-n", REQUESTS, "-c", 2, name="with"), "ok", REQUESTS)
        self.meet("reset", answers.lying_length(10, done=False, finish=False))

    def test_end_mark_without_a_finish_and_a_lost_connection(self):
        """What llama-cpp-python leaves of a stream that it gives up for another request."""
        self.meet("reset", answers.lying_length(10, finish=False))

    def test_half_an_event(self):
        whole = answers.stream(4)
        self.meet("truncated", answers.raw_stream(*whole[:3], whole[3][:40]))

    def test_half_an_event_and_a_lost_connection(self):
        def half(answer):
            answer.head()
            answer.part(answers.stream(4)[1][:40])
            answer.close()

        self.meet("reset", half)


class NotTheProtocol(Weather):
    def test_half_an_object_in_a_whole_event(self):
        self.meet("malformed", answers.inject(b'data: {"choices": [{"delta": {"cont\n\n'))

    def test_broken_json(self):
        self.meet("malformed", answers.inject(b'data: {"choices": [}\n\n'))

    def test_html_instead_of_a_stream(self):
        self.meet("malformed", answers.document(200, b"<html><body>It works!</body></html>"))

    def test_not_http(self):
        self.meet("malformed", answers.raw_bytes(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\r\n"))

    def test_compressed_unasked(self):
        """Not one event in it, so no end mark either."""
        self.meet("truncated", answers.gzip_header())

    def test_an_endless_event(self):
        def endless(answer):
            answer.head()
            answer.part(b"data: ")
            while True:
                answer.part(b"x" * 65536)

        self.meet("malformed", endless, "--timeout", "10s")

    def test_not_streamed_and_broken(self):
        self.meet("malformed", answers.document(200, b'{"choices": ['), "--no-streaming")

    def test_plain_port(self):
        with FaultServer(answers.chat()) as server:
            run = self.sweep(server.url.replace("http:", "https:"), "-m", "m", "-n", 2, code=3)
        self.assertSays(run.result.err, r"tls|ssl")
        if (run.path / "summary.json").exists():
            self.assertOnly(run, "tls", 2)

    def test_plain_port_of_the_simulator(self):
        with Sim() as sim:
            run = self.sweep(sim.url.replace("http:", "https:"), "-m", "m", "-n", 2, code=3)
        self.assertSays(run.result.err, r"tls|ssl")

    def test_own_transport_is_for_plain_http(self):
        out = self.out()
        result = weir("run", "--url", "https://127.0.0.1:1", "-m", "m", "--out", out, "--transport", "native")
        self.assertCode(result, 2)
        self.assertSays(result.err, r"--transport native.*https.*(auto|curl)")
        self.assertFalse(out.exists())

    @unittest.skipUnless(shutil.which("openssl"), "needs openssl to make a certificate")
    def test_certificate_of_nobody(self):
        key, cert = self.dir / "key.pem", self.dir / "cert.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "1", "-subj", "/CN=nobody", "-keyout", key, "-out", cert],
                       check=True, capture_output=True, timeout=30)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        with FaultServer(answers.chat(), tls=context) as server:
            run = self.sweep(server.url, "-m", "m", "-n", 2, code=3)
        self.assertSays(run.result.err, r"certificate|tls|ssl")


class ErrorsInsideAnswers(Weather):
    def test_error_event(self):
        self.meet("error_event", answers.inject(answers.event({"error": answers.ERROR})), says="out of blocks")

    def test_error_event_and_nothing_else(self):
        self.meet("error_event", answers.raw_stream(answers.event({"error": answers.ERROR})), says="out of blocks")

    def test_error_event_then_done(self):
        self.meet("error_event", answers.raw_stream(answers.event({"error": answers.ERROR}), answers.DONE))

    def test_error_that_is_a_string(self):
        self.meet("error_event", answers.raw_stream(answers.event({"error": "overloaded"})), says="overloaded")

    def test_error_object_in_a_200_that_is_not_streamed(self):
        self.meet("error_event", answers.document(200, {"error": answers.ERROR}), "--no-streaming", says="out of blocks")

    def test_nothing_in_the_stream(self):
        self.meet("empty", answers.raw_stream())

    def test_no_token(self):
        self.meet("empty", answers.chat(tokens=0))

    def test_no_text_in_an_answer_that_is_not_streamed(self):
        self.meet("empty", answers.whole(tokens=0, text=""), "--no-streaming")


class Mixed(Weather):
    def test_one_failure_among_many(self):
        steps = [answers.chat()] * 3 + [answers.refusal(500, "hiccup"), answers.chat()]
        with FaultServer(answers.by_turn(*steps)) as server:
            run = self.sweep(server.url, "-n", 10)
        self.assertComplete(run)
        self.assertEqual({"ok": 9, "http_5xx": 1}, self.outcomes(run))
        self.assertEqual(10, run.metric("error_rate")["avg"])
        self.assertEqual(9, run.metric("time_to_first_token")["count"])
        self.assertEqual(36, sum(one["output_tokens"] for one in run.measured(outcome="ok")))
        self.assertSays(run.result.err + run.result.out, "hiccup")

    def test_connections_that_are_closed_after_some_requests(self):
        """llama.cpp closes each connection after 100 requests, uvicorn after 5 idle seconds: the client must not send a POST
        twice because of it."""
        with FaultServer(answers.chat(), requests_per_connection=3) as server:
            run = self.sweep(server.url, "-m", "fault-model", "-c", 4, "-n", 60)
        self.assertEqual(60, run.level()["requests"]["sent"])
        self.assertLessEqual(set(self.outcomes(run)), {"ok", "reset"})
        self.assertEqual(len(server.posts()), len({post.headers["x-request-id"] for post in server.posts()}), "sent twice")

    def test_a_connection_that_has_served_and_is_dropped(self):
        """The second request on it is read and never answered: lost, and not sent again behind the scenes."""
        for how in ("close", "reset"):
            behaviour = answers.by_turn(answers.chat(), answers.hang_up(how), answers.chat())
            with self.subTest(how), FaultServer(behaviour) as server:
                run = self.sweep(server.url, "-n", 4, name=how)
                self.assertEqual({"ok": 3, "reset": 1}, self.outcomes(run))
                self.assertEqual(4, len(server.posts()))

    def test_a_failed_stream_does_not_poison_its_connection(self):
        steps = [answers.break_off(after=3), answers.chat()]
        with FaultServer(answers.by_turn(*steps)) as server:
            run = self.sweep(server.url, "-n", 4, "--stall-timeout", "150ms")
        self.assertEqual({"ok": 3, "timeout": 1}, self.outcomes(run))


globals().update(over_curl(Refused, TimeLimits, BrokenOff, NotTheProtocol, ErrorsInsideAnswers, Mixed))


if __name__ == "__main__":
    unittest.main()
