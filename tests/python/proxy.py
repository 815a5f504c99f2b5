"""A small HTTP proxy between flowparquet and the S3 server: it records every request, and a test may let it answer
instead of the server, drop the connection, or do something (kill the process) at a chosen request.

Requests go on unchanged, Host included, because the signature covers it.
"""

import http.client
import http.server
import threading
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


@dataclass
class Reply:
    """What a hook returns to answer in place of the server."""

    status: int
    code: str = "InternalError"
    message: str = "a test asked for this"

    def body(self):
        xml = f"<Error><Code>{self.code}</Code><Message>{self.message}</Message></Error>"
        return ('<?xml version="1.0" encoding="UTF-8"?>\n' + xml).encode()


class Drop:
    """What a hook returns to close the connection; `after` = the server still gets the request, only its reply is lost."""

    def __init__(self, after=False):
        self.after = after


@dataclass
class Proxy:
    """Set `hook` to a function of a Request that returns None (forward), a Reply or a Drop; it may change the headers."""

    upstream: str
    hook: object = None
    requests: list = field(default_factory=list)

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
    disable_nagle_algorithm = True

    def handle_one(self):
        proxy = self.server.proxy
        headers = dict(self.headers.items())
        request = proxy.record(self.command, self.path, headers)
        action = proxy.hook(request) if proxy.hook else None
        if isinstance(action, Drop) and not action.after:
            self.close_connection = True
            return
        if isinstance(action, Reply):
            self.read_body(lambda chunk: None)
            request.status = action.status
            self.send_body(action.status, {"Content-Type": "application/xml"}, action.body())
            return
        upstream = urlsplit(proxy.upstream)
        connection = http.client.HTTPConnection(upstream.hostname, upstream.port, timeout=120)
        try:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                if name.lower() not in ("connection", "expect"):
                    connection.putheader(name, value)
            connection.endheaders()
            self.read_body(connection.send)
            response = connection.getresponse()
            request.status = response.status
            if isinstance(action, Drop):
                self.close_connection = True
                return
            names = ("connection", "transfer-encoding", "content-length", "keep-alive")
            kept = {k: v for k, v in response.getheaders() if k.lower() not in names}
            length = response.getheader("Content-Length")
            if self.command == "HEAD" or length is None:
                self.send_body(response.status, kept, response.read(), length)
                return
            self.send_head(response.status, kept, length)
            while chunk := response.read(CHUNK):
                self.wfile.write(chunk)
        finally:
            connection.close()

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_one

    def read_body(self, send):
        left = int(self.headers.get("Content-Length") or 0)
        while left and (chunk := self.rfile.read(min(left, CHUNK))):
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
