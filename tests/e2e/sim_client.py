"""Requests to the simulator over plain sockets: what came, in which HTTP chunks, how the connection ended."""

import http.client
import json
import socket

CHAT = "/v1/chat/completions"
MESSAGES = [{"role": "user", "content": "one two three"}]


def post(port, path, body, headers=None):
    """(status, headers, body) by Python's own HTTP client; a body that breaks off raises."""
    conn = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        conn.request("POST", path, json.dumps(body), headers or {})
        answer = conn.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        conn.close()


def get(port, path):
    conn = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        conn.request("GET", path)
        answer = conn.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        conn.close()


def chat(**fields):
    return {"messages": MESSAGES, "stream": True, "max_tokens": 4, **fields}


class Raw:
    """One request whose answer is read as it comes."""

    def __init__(self, port, body, path=CHAT, headers=()):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        payload = json.dumps(body).encode()
        lines = "".join(f"{line}\r\n" for line in headers)
        self.socket.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\n{lines}Content-Length: {len(payload)}\r\n\r\n".encode() + payload)
        self.data = b""

    def until(self, mark):
        """Read on until `mark` has come; what was read so far."""
        while mark not in self.data:
            piece = self.socket.recv(65536)
            if not piece:
                raise AssertionError(f"the connection ended before {mark!r} in {self.data!r}")
            self.data += piece
        return self.data

    def rest(self):
        """Read to the end of the connection: "closed" or "reset"."""
        try:
            while piece := self.socket.recv(65536):
                self.data += piece
        except ConnectionResetError:
            return "reset"
        return "closed"

    def is_silent(self, seconds):
        """Whether nothing comes for so long."""
        self.socket.settimeout(seconds)
        try:
            self.data += self.socket.recv(65536)
            return False
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(30)

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def chunks(data):
    """The HTTP chunks of a whole chunked answer, without its head."""
    body = data.partition(b"\r\n\r\n")[2]
    found = []
    while True:
        size, _, body = body.partition(b"\r\n")
        if int(size, 16) == 0:
            return found
        found.append(body[:int(size, 16)])
        body = body[int(size, 16) + 2:]


def stream(port, path=CHAT, **fields):
    """Lines of data of a stream, parsed; "[DONE]" stays text. NDJSON too."""
    status, headers, content = post(port, path, fields or chat())
    assert status == 200, content
    lines = content.decode().splitlines()
    if "ndjson" in headers["Content-Type"]:
        return [json.loads(line) for line in lines]
    found = [line[5:].strip() for line in lines if line.startswith("data:")]
    return [text if text == "[DONE]" else json.loads(text) for text in found]
