"""A small HTTP proxy between flowparquet and the S3 server: it records every request, and a test may let it answer
instead of the server, drop or cut the connection, deliver twice, or do something (wait, kill the process) at a chosen
request.

Requests go on unchanged, Host included, because the signature covers it.
"""

import http.client
import http.server
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

CHUNK = 1 << 16


@dataclass
class Request:
    """One request as the proxy saw it."""

    number: int  # from 1
    method: str
    bucket: str
    key: str
    query: dict
    headers: dict
    status: int = 0  # what was answered; 0 = nothing was

    @property
    def kind(self):
        """The S3 operation: LIST, GET, HEAD, PUT, DELETE, CREATE_MULTIPART, PUT_PART, COMPLETE_MULTIPART, ..."""
        if self.method == "GET" and not self.key:
            return "LIST"
        if self.method == "PUT" and "partNumber" in self.query:
            return "PUT_PART"
        if self.method == "POST":
            return next((name for q, name in POSTS.items() if q in self.query), "POST")
        return self.method

    def __str__(self):
        query = "&".join(f"{k}={v}" for k, v in self.query.items())
        return f"{self.number:4} {self.status} {self.kind} {self.bucket}/{self.key} {query}"


POSTS = {"uploads": "CREATE_MULTIPART", "uploadId": "COMPLETE_MULTIPART", "delete": "DELETE_MANY"}


@dataclass(frozen=True)
class Reply:
    """What a hook returns to answer in place of the server; `after` = the server still gets the request, and does it."""

    status: int
    code: str = "InternalError"
    message: str = "a test asked for this"
    after: bool = False

    def body(self):
        xml = f"<Error><Code>{self.code}</Code><Message>{self.message}</Message></Error>"
        return ('<?xml version="1.0" encoding="UTF-8"?>\n' + xml).encode()


@dataclass(frozen=True)
class Drop:
    """What a hook returns to close the connection; `after` = the server still gets the request, only its reply is lost;
    `then` is called before the connection closes."""

    after: bool = False
    then: object = None


@dataclass(frozen=True)
class Cut:
    """What a hook returns to cut the connection after so many bytes of the request's body, or of the reply's."""

    sent: int = None
    received: int = None


@dataclass(frozen=True)
class Twice:
    """What a hook returns to deliver the request twice; the client gets the reply to the second."""


@dataclass(frozen=True)
class Slow:
    """What a hook returns to let the bodies of request and reply take so many seconds each, piece by piece."""

    seconds: float


@dataclass
class Proxy:
    """Set `hook` to a function of a Request that returns None (forward) or one of the above; it may change the headers,
    and it may take its time."""

    upstream: str
    hook: object = None
    requests: list = field(default_factory=list)
    busy: int = 0  # requests that are being handled

    def __post_init__(self):
        self.lock = threading.Lock()
        self.server = _Server(("127.0.0.1", 0), _Handler)
        self.server.proxy = self
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def count(self, kind, bucket=None, prefix=""):
        """How many requests of that kind (see Request.kind) there were, of a bucket and under a key prefix."""
        return len(self.of(kind, bucket, prefix))

    def of(self, kind, bucket=None, prefix=""):
        return [r for r in self.requests
                if r.kind == kind and bucket in (None, r.bucket) and r.key.startswith(prefix)]

    def clear(self):
        self.requests.clear()

    def wait_idle(self, seconds=60):
        """Waits until nothing is under way any more: what a killed client sent may reach the server after its end."""
        deadline = time.monotonic() + seconds
        while self.busy and time.monotonic() < deadline:
            time.sleep(0.005)
        assert not self.busy, f"{self.busy} requests are still under way"

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def record(self, method, target, headers):
        url = urlsplit(target)
        bucket, _, key = url.path.removeprefix("/").partition("/")
        query = {k: v[0] for k, v in parse_qs(url.query, keep_blank_values=True).items()}
        with self.lock:
            request = Request(len(self.requests) + 1, method, bucket, unquote(key), query, headers)
            self.requests.append(request)
        return request


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A client that went away is what some tests want; nothing to print."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    pieces, pause = None, 0
    disable_nagle_algorithm = True

    def handle_one(self):
        proxy = self.server.proxy
        with proxy.lock:
            proxy.busy += 1
        try:
            request = proxy.record(self.command, self.path, dict(self.headers.items()))
            self.act(request, proxy.hook(request) if proxy.hook else None)
        finally:
            with proxy.lock:
                proxy.busy -= 1

    def act(self, request, action):
        if isinstance(action, Drop) and not action.after:
            self.close_connection = True
            if action.then:
                action.then()
            return
        if isinstance(action, Reply) and not action.after:
            self.read_body(lambda chunk: None)
            self.send_reply(request, action)
            return
        if isinstance(action, Cut) and action.sent is not None:
            self.close_connection = True
            self.forward(request, self.read_body, action.sent).close()
            return
        body = self.read_body
        if isinstance(action, Slow):
            self.pieces, self.pause = 20, action.seconds / 20
        if isinstance(action, Twice):
            content = []
            self.read_body(content.append)
            body = lambda send: [send(chunk) for chunk in content]  # noqa: E731
            first = self.forward(request, body)
            first.getresponse().read()
            first.close()
        connection = self.forward(request, body)
        try:
            response = connection.getresponse()
            request.status = response.status
            if isinstance(action, Drop):
                self.close_connection = True
                response.read()
                if action.then:
                    action.then()
            elif isinstance(action, Reply):
                response.read()
                self.send_reply(request, action)
            else:
                self.pass_on(response, action.received if isinstance(action, Cut) else None)
        finally:
            connection.close()

    def forward(self, request, body, sent=None):
        """Sends the request to the server, or only so many bytes of its body."""
        upstream = urlsplit(self.server.proxy.upstream)
        connection = http.client.HTTPConnection(upstream.hostname, upstream.port, timeout=120)
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in request.headers.items():
            if name.lower() not in ("connection", "expect"):
                connection.putheader(name, value)
        connection.endheaders()
        try:
            if sent is None:
                body(connection.send)
            else:
                connection.send(self.rfile.read(min(sent, self.length())))
        except OSError:
            connection.close()
            raise
        return connection

    def length(self):
        return int(self.headers.get("Content-Length") or 0)

    def pass_on(self, response, received):
        names = ("connection", "transfer-encoding", "content-length", "keep-alive")
        kept = {k: v for k, v in response.getheaders() if k.lower() not in names}
        length = response.getheader("Content-Length")
        if received is not None:
            body = response.read()
            self.close_connection = True
            self.send_head(response.status, kept, length or str(len(body)))
            self.wfile.write(body[:received])
        elif self.command == "HEAD" or length is None:
            self.send_body(response.status, kept, response.read(), length)
        else:
            self.send_head(response.status, kept, length)
            while chunk := response.read(self.piece(int(length))):
                self.wfile.write(chunk)
                self.wfile.flush()
                time.sleep(self.pause)

    def send_reply(self, request, reply):
        request.status = reply.status
        self.send_body(reply.status, {"Content-Type": "application/xml"}, reply.body())

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_one

    def piece(self, length):
        return -(-length // self.pieces) if self.pieces else CHUNK

    def read_body(self, send):
        left = self.length()
        while left:
            chunk = self.rfile.read(min(left, self.piece(self.length())))
            time.sleep(self.pause)
            if not chunk:
                raise ConnectionAbortedError("the client went away in the middle of a body")
            left -= len(chunk)
            send(chunk)

    def send_head(self, status, headers, length):
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", length)
        self.end_headers()

    def send_body(self, status, headers, body, length=None):
        self.send_head(status, headers, length or str(len(body)))
        if self.command != "HEAD":
            self.wfile.write(body)
