"""A server on 127.0.0.1 that misbehaves as it is told, and remembers every request it was sent.

    with FaultServer(answers.chat(tokens=4)) as server:
        ...load on server.url...
    server.posts()                 # what arrived, in order

A behaviour is a function of one `Answer`: the request that came and the means to answer it, badly if need be. It stands for
every POST of the instance; a base URL of `server.url + "/<name>"` picks one of `routes` instead. GET /v1/models lists
`models` and GET /health is well, unless `get` says otherwise.
"""

import json
import select
import socket
import ssl
import struct
import threading

READ_BYTES = 65536
HEAD_BYTES_MAX = 65536


class Gone(Exception):
    """The client closed, or the server is being stopped."""


class Request:
    """One request as it arrived. `connection` counts connections from 0, `turn` the requests on it."""

    def __init__(self, method, target, headers, body, connection, turn):
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.connection = connection
        self.turn = turn

    def json(self):
        return json.loads(self.body)


class Answer:
    """What a behaviour works with. Nothing is sent but what it says; whatever it leaves open is closed after it."""

    def __init__(self, sock, request, server):
        self.sock = sock
        self.request = request
        self.server = server
        self.keeps_alive = False
        self._is_chunked = False

    def head(self, status=200, headers=(), framing="chunked", length=None, kind="text/event-stream"):
        """Status line and headers. framing: chunked, length (needs `length`), or close (the end of the connection ends it)."""
        lines = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}"]
        if framing == "chunked":
            lines.append("Transfer-Encoding: chunked")
        elif framing == "length":
            lines.append(f"Content-Length: {length}")
        else:
            lines.append("Connection: close")
        lines += [f"{name}: {value}" for name, value in headers]
        self._is_chunked = framing == "chunked"
        self.keeps_alive = framing != "close" and ("Connection", "close") not in tuple(headers)
        self.raw("\r\n".join(lines).encode() + b"\r\n\r\n")

    def part(self, data):
        """A part of the body, framed as the head promised."""
        self.raw(self.framed(data))

    def framed(self, data):
        return b"%x\r\n%s\r\n" % (len(data), data) if self._is_chunked else data

    def end(self):
        if self._is_chunked:
            self.raw(b"0\r\n\r\n")

    def raw(self, data):
        try:
            self.sock.sendall(data)
        except OSError as error:
            raise Gone from error

    def document(self, status, body, headers=(), kind="application/json"):
        """A whole answer that is not a stream."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.head(status, headers, framing="length", length=len(data), kind=kind)
        self.raw(data)

    def pause(self, seconds):
        """Wait, but not for a client that has left or a server that stops."""
        ready, _, _ = select.select([self.sock, self.server.stop_fd], [], [], seconds)
        if ready:
            raise Gone

    def hold(self):
        """Say nothing more until the client gives up."""
        self.pause(None)

    def reset(self):
        """Drop the connection with RST, as a killed process or a firewall would."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Gone

    def close(self):
        """Drop the connection with FIN."""
        raise Gone


def list_models(*names):
    def get(answer):
        if answer.request.target.endswith("/models"):
            rows = [{"id": name, "object": "model"} for name in names]
            answer.document(200, {"object": "list", "data": rows})
        else:
            answer.document(200, {})

    return get


class FaultServer:
    """Threads: one accepts, one a connection. Counts are read after the client has ended."""

    def __init__(self, post=None, *, get=None, models=("fault-model",), routes=None, tls=None, requests_per_connection=None,
                 idle_close=None):
        self.post = post
        self.get = get or list_models(*models)
        self.routes = routes or {}
        self.requests = []
        self.connections = 0
        self._tls = tls
        self._requests_per_connection = requests_per_connection
        self._idle_close = idle_close
        self._lock = threading.Lock()
        self._threads = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self._listener.getsockname()[1]
        self._stop_send, self._stop_recv = socket.socketpair()
        self.stop_fd = self._stop_recv

    @property
    def url(self):
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def leave(self):
        """Stop listening: connections that are open go on, new ones are refused."""
        self._listener.shutdown(socket.SHUT_RDWR)

    def posts(self):
        return [request for request in self.requests if request.method == "POST"]

    def __enter__(self):
        self._start(self._accept)
        return self

    def __exit__(self, *_):
        self._stop_send.close()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()
        self._stop_recv.close()

    def _start(self, target, *args):
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        while True:
            ready, _, _ = select.select([self._listener, self.stop_fd], [], [])
            if self.stop_fd in ready:
                return
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return  # leave() was called
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._start(self._serve, sock, self.connections)
            self.connections += 1

    def _serve(self, sock, number):
        try:
            if self._tls:
                sock = self._tls.wrap_socket(sock, server_side=True)
            self._converse(sock, number)
        except (Gone, OSError, ssl.SSLError):
            pass
        finally:
            sock.close()

    def _converse(self, sock, number):
        rest, turn = b"", 0
        while turn != self._requests_per_connection:
            request, rest = self._read(sock, rest, number, turn)
            with self._lock:
                self.requests.append(request)
            answer = Answer(sock, request, self)
            self._behaviour(request)(answer)
            if not answer.keeps_alive:
                return
            turn += 1

    def _behaviour(self, request):
        route = self.routes.get(request.target.split("/")[1])
        if route:
            return route
        return self.get if request.method == "GET" else self.post

    def _read(self, sock, data, number, turn):
        data = self._until(sock, data, lambda seen: b"\r\n\r\n" in seen or seen[:1] == b"\x16")
        if data[:1] == b"\x16":  # a TLS handshake on a plain port: what web servers say to that
            sock.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
            raise Gone
        head, _, rest = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        length = int(headers.get("content-length", 0))
        rest = self._until(sock, rest, lambda seen: len(seen) >= length)
        return Request(method, target, headers, rest[:length], number, turn), rest[length:]

    def _until(self, sock, data, is_enough):
        while not is_enough(data):
            pending = self._tls and sock.pending()
            ready = [sock] if pending else select.select([sock, self.stop_fd], [], [], self._idle_close)[0]
            if not ready or self.stop_fd in ready:
                raise Gone
            more = sock.recv(READ_BYTES)
            if not more:
                raise Gone
            data += more
        return data


def closed_port():
    """A socket that is bound and does not listen: whoever connects is refused as long as it is kept. Returns (socket, url)."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    return sock, f"http://127.0.0.1:{sock.getsockname()[1]}"


class FullBacklog:
    """A listener whose queue is full: the next SYN is dropped, so that a connect neither succeeds nor fails."""

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=0)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._clients = []
        for _ in range(64):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(self._listener.getsockname())
            self._clients.append(client)
            _, writable, _ = select.select([], [client], [], 0.2)
            if not writable:
                return self
        raise RuntimeError("the kernel accepted 64 connections on a queue of length 0")

    def __exit__(self, *_):
        for client in self._clients:
            client.close()
        self._listener.close()
