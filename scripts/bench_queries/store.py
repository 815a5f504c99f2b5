"""A store that counts: enough of S3 for readers (ListObjectsV2, HEAD, GET with a range) over a folder, on loopback.

It is the scale on which engines are weighed. `count()` gives what was asked for since `reset()`: requests, and bytes of bodies
of GETs of objects as they left, not as they were asked for: an engine that gives up early pays for what it took. `gets()` gives the
GETs of objects alone, one by one.
"""

import contextlib
import http.client
import http.server
import pathlib
import re
import threading
import urllib.parse
from dataclasses import dataclass
from xml.sax.saxutils import escape

BUCKET = "logs"


@dataclass
class Run:
    """An answer, and what an engine read for it."""

    answer: list
    bytes: int
    requests: int | None
    seconds: float
    gets: int | None = None     # of objects, among the requests
    counted: int | None = None  # bytes by the engine's own account


class Store:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.lock = threading.Lock()
        self.reset()
        store = self

        class Handler(_Handler):
            pass

        Handler.store = store
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def reset(self):
        with self.lock:
            self.requests = self.bytes = 0
            self.read = []

    def add(self, size, key=None, first=0):
        """A request that was answered; with a key, a GET of that object from its byte `first` on."""
        with self.lock:
            self.requests += 1
            self.bytes += size
            if key:
                self.read.append((key, first, size))

    def count(self):
        with self.lock:
            return self.bytes, self.requests

    def gets(self):
        """(key, first byte, bytes) of each."""
        with self.lock:
            return list(self.read)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def _parts(self):
        url = urllib.parse.urlsplit(self.path)
        bucket, _, key = urllib.parse.unquote(url.path).lstrip("/").partition("/")
        return bucket, key, dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))

    def _answer(self, code, body=b"", **headers):
        self.send_response(code)
        headers.setdefault("Content_Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        bucket, key, query = self._parts()
        if not key:
            self.store.add(0)
            return self._answer(200, self._list(query) if "list-type" in query else b"", Content_Type="application/xml")
        path = self.store.root / key
        if bucket != BUCKET or not path.is_file():
            self.store.add(0)
            return self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>", Content_Type="application/xml")
        size = path.stat().st_size
        first, last, code = 0, size - 1, 200
        wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        if wanted:
            code = 206
            if not wanted[1]:
                first = max(0, size - int(wanted[2]))
            else:
                first, last = int(wanted[1]), min(last, int(wanted[2])) if wanted[2] else last
        head = {"Last_Modified": "Thu, 15 Jan 2026 00:00:00 GMT", "ETag": f'"{size:x}"', "Accept_Ranges": "bytes",
                "Content_Type": "binary/octet-stream"}
        if code == 206:
            head["Content_Range"] = f"bytes {first}-{last}/{size}"
        if self.command == "HEAD":
            self.store.add(0)
            return self._answer(code, Content_Length=str(last - first + 1), **head)
        self._answer(code, Content_Length=str(last - first + 1), **head)
        sent = 0
        with open(path, "rb") as file, contextlib.suppress(ConnectionError):
            file.seek(first)
            while sent <= last - first:
                piece = file.read(min(1 << 16, last - first + 1 - sent))
                self.wfile.write(piece)
                sent += len(piece)
        self.store.add(sent, key, first)

    def _list(self, query):
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        keys, folders = [], set()
        for path in sorted(p for p in self.store.root.rglob("*") if p.is_file()):
            key = path.relative_to(self.store.root).as_posix()
            if not key.startswith(prefix):
                continue
            rest = key[len(prefix):]
            if delimiter and delimiter in rest:
                folders.add(prefix + rest.split(delimiter)[0] + delimiter)
            else:
                keys.append((key, path.stat().st_size))
        body = "".join(f"<Contents><Key>{escape(k)}</Key><LastModified>2026-01-15T00:00:00.000Z</LastModified>"
                       f'<ETag>"{s:x}"</ETag><Size>{s}</Size><StorageClass>STANDARD</StorageClass></Contents>' for k, s in keys)
        body += "".join(f"<CommonPrefixes><Prefix>{escape(f)}</Prefix></CommonPrefixes>" for f in sorted(folders))
        return (f'<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
                f"<Name>{BUCKET}</Name><Prefix>{escape(prefix)}</Prefix><KeyCount>{len(keys) + len(folders)}</KeyCount>"
                f"<MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>{body}</ListBucketResult>").encode()


class Ranges:
    """Reads objects of a store by ranges; one connection per thread."""

    def __init__(self, endpoint):
        self.host = urllib.parse.urlsplit(endpoint).netloc
        self.local = threading.local()

    def ask(self, method, key, headers=()):
        if not hasattr(self.local, "connection"):
            self.local.connection = http.client.HTTPConnection(self.host)
        self.local.connection.request(method, "/" + urllib.parse.quote(f"{BUCKET}/{key}"), headers=dict(headers))
        response = self.local.connection.getresponse()
        body = response.read()
        assert response.status in (200, 206), f"{method} {key}: {response.status}"
        return response, body

    def size(self, key):
        return int(self.ask("HEAD", key)[0].headers["Content-Length"])

    def read(self, key, offset, length):
        return self.ask("GET", key, {"Range": f"bytes={offset}-{offset + length - 1}"})[1]
