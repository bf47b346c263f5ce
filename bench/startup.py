#!/usr/bin/env python3
"""Start-up: from the program's start to its first request on the wire, by the clock of a server that notes when it comes."""
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from support.pair import WEIR, median, verdict

ROUNDS = 11
ANSWER = b'{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}'


class Clock(BaseHTTPRequestHandler):
    posts = []
    protocol_version = "HTTP/1.1"

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(b'{"data":[{"id":"m"}]}')

    def do_POST(self):
        Clock.posts.append(time.monotonic())
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(ANSWER)

    def log_message(self, *_):
        pass


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Clock)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    spans = []
    for _ in range(ROUNDS):
        Clock.posts.clear()
        began = time.monotonic()
        subprocess.run([WEIR, "run", "-u", f"http://127.0.0.1:{server.server_port}", "-n", "2", "--no-streaming", "-q", "--out",
                        f"/tmp/weir-startup-{os.getpid()}-{len(spans)}"], check=True, stdout=subprocess.DEVNULL)
        spans.append((Clock.posts[0] - began) * 1000)
        subprocess.run(["rm", "-r", f"/tmp/weir-startup-{os.getpid()}-{len(spans) - 1}"], check=True)
    server.shutdown()
    size = os.path.getsize(WEIR) / 1024
    print(f"binary {size:.0f} KiB with symbols; start to first request: min {min(spans):.1f}, max {max(spans):.1f} ms")
    return 0 if verdict("start to first request (median)", median(spans), 50, "ms") else 1


if __name__ == "__main__":
    sys.exit(main())
