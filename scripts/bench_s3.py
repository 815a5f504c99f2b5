"""A small S3 for measurements: buckets are folders below a root (read) or memory (written), answers come after a delay that
is told, and every request is counted. One asyncio thread, so that the server takes little of a machine that measures.

It knows what flowparquet asks for: ListObjectsV2, GET whole and in ranges, HEAD, PUT, If-None-Match, multipart uploads,
DELETE. It checks no signatures. For tests use scripts/s3_servers.py, which starts other people's servers.
"""

import asyncio
import collections
import hashlib
import os
import pathlib
import re
import threading
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape, unescape

MAX_KEYS = 1_000
CHUNK = 1 << 18


class Server:
    """Serves `root`/BUCKET/KEY; what is written stays in memory. `delay`: seconds that every answer waits. `copies`: every
    object is there so many times, under names of its own, and of Parquet files only the ETag is kept: a store of any size."""

    def __init__(self, root, delay=0.0, copies=1):
        self.root, self.delay, self.copies = pathlib.Path(root), delay, copies
        self.paths = {}
        self.written, self.uploads = {}, {}
        self.counts = collections.Counter()
        self.at_once, self.most_at_once = 0, 0
        self.keys = {}
        self.loop = asyncio.new_event_loop()
        started = threading.Event()
        self.thread = threading.Thread(target=self.run, args=(started,), daemon=True)
        self.thread.start()
        started.wait()

    def run(self, started):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self.client, "127.0.0.1", 0, backlog=256))
        self.endpoint = "http://127.0.0.1:%d" % server.sockets[0].getsockname()[1]
        started.set()
        self.loop.run_forever()

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    def listing(self, bucket):
        """All keys of a bucket with size and ETag, ascending."""
        if bucket not in self.keys:
            base = self.root / bucket
            files = [(p.relative_to(base).as_posix(), p) for p in base.rglob("*") if p.is_file()]
            # A name ends in a hash, which may have any length.
            files += [(key.replace(".log.gz", f"{copy:06x}.log.gz"), p) for key, p in files for copy in range(1, self.copies)]
            self.keys[bucket] = {key: (p.stat().st_size, f'"{hashlib.md5(key.encode()).hexdigest()}"') for key, p in files}
            self.paths |= {(bucket, key): p for key, p in files}
        found = dict(self.keys[bucket])
        found.update({k: (len(b), etag(b)) for (owner, k), b in self.written.items() if owner == bucket})
        return sorted(found.items())

    async def client(self, reader, writer):
        try:
            while line := await reader.readline():
                method, target, _ = line.decode().split()
                headers = {}
                while (line := (await reader.readline()).decode().strip()):
                    name, _, value = line.partition(":")
                    headers[name.lower()] = value.strip()
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.at_once += 1
                self.most_at_once = max(self.most_at_once, self.at_once)
                try:
                    await asyncio.sleep(self.delay)
                    await self.answer(writer, method, urlsplit(target), headers, body)
                finally:
                    self.at_once -= 1
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def answer(self, writer, method, url, headers, body):
        bucket, _, key = unquote(url.path).lstrip("/").partition("/")
        query = {k: v[0] for k, v in parse_qs(url.query, keep_blank_values=True).items()}
        kind = "DELETE" if "delete" in query else method if key else "LIST"
        self.counts[kind + (" part" if "partNumber" in query else "")] += 1
        if "delete" in query:
            keys = re.findall(r"<Key>(.*?)</Key>", body.decode())
            for key in keys:
                self.written.pop((bucket, unescape(key)), None)
            return await send(writer, 200, xml("DeleteResult", "".join(f"<Deleted><Key>{k}</Key></Deleted>" for k in keys)))
        if kind == "LIST":
            return await send(writer, 200, self.list(bucket, query))
        if method in ("GET", "HEAD"):
            return await self.get(writer, method, bucket, key, headers)
        if method == "PUT" and "partNumber" in query:
            self.uploads[query["uploadId"]][int(query["partNumber"])] = body if self.copies == 1 else b""
            return await send(writer, 200, b"", {"ETag": etag(body)})
        if method == "PUT":
            there = (bucket, key) in self.written or (self.root / bucket / key).exists()
            if headers.get("if-none-match") == "*" and there:
                return await send(writer, 412, b"<Error><Code>PreconditionFailed</Code></Error>")
            self.written[bucket, key] = body
            return await send(writer, 200, b"", {"ETag": etag(body)})
        if method == "POST" and "uploads" in query:
            upload = str(len(self.uploads) + 1)
            self.uploads[upload] = {}
            names = f"<Bucket>{bucket}</Bucket><Key>{escape(key)}</Key><UploadId>{upload}</UploadId>"
            return await send(writer, 200, xml("InitiateMultipartUploadResult", names))
        if method == "POST":
            parts = self.uploads.pop(query["uploadId"])
            whole = b"".join(part for _, part in sorted(parts.items()))
            self.written[bucket, key] = whole
            return await send(writer, 200, xml("CompleteMultipartUploadResult", f"<ETag>{escape(etag(whole))}</ETag>"))
        self.written.pop((bucket, key), None)
        await send(writer, 204, b"")

    def list(self, bucket, query):
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        after = query.get("continuation-token", query.get("start-after", ""))
        items, seen, more = [], set(), False
        for key, (size, tag) in self.listing(bucket):
            if not key.startswith(prefix) or key <= after or (delimiter and after.endswith("/") and key.startswith(after)):
                continue
            folder = prefix + key[len(prefix):].split(delimiter)[0] + delimiter if delimiter in key[len(prefix):] and delimiter else ""
            if folder in seen:
                continue
            if len(items) == MAX_KEYS:
                more = True
                break
            if folder:
                seen.add(folder)
                items.append((folder, f"<CommonPrefixes><Prefix>{escape(folder)}</Prefix></CommonPrefixes>"))
            else:
                items.append((key, f"<Contents><Key>{escape(key)}</Key><LastModified>2026-01-15T00:00:00.000Z</LastModified>"
                                   f"<ETag>{escape(tag)}</ETag><Size>{size}</Size></Contents>"))
        token = f"<NextContinuationToken>{escape(items[-1][0])}</NextContinuationToken>" if more else ""
        head = f"<Name>{bucket}</Name><Prefix>{escape(prefix)}</Prefix><KeyCount>{len(items)}</KeyCount><MaxKeys>{MAX_KEYS}</MaxKeys>"
        flag = f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}"
        return xml("ListBucketResult", head + flag + "".join(item for _, item in items))

    async def get(self, writer, method, bucket, key, headers):
        content = self.written.get((bucket, key))
        self.listing(bucket) if bucket not in self.keys else None
        path = self.paths.get((bucket, key))
        if content is None and path is None:
            return await send(writer, 404, b"<Error><Code>NoSuchKey</Code></Error>" if method == "GET" else b"")
        tag = etag(content) if content is not None else self.keys[bucket][key][1]
        size = len(content) if content is not None else os.path.getsize(path)
        about = {"ETag": tag, "Last-Modified": "Thu, 15 Jan 2026 00:00:00 GMT", "Accept-Ranges": "bytes"}
        first, last, status = 0, size - 1, 200
        if "range" in headers:
            a, _, b = headers["range"].removeprefix("bytes=").partition("-")
            first, last = (int(a), min(int(b or size - 1), size - 1)) if a else (max(size - int(b), 0), size - 1)
            status, about["Content-Range"] = 206, f"bytes {first}-{last}/{size}"
        if method == "HEAD":
            return await send(writer, 200, b"", about, length=size)
        if content is None:
            with open(path, "rb") as file:
                file.seek(first)
                content = file.read(last - first + 1)
        else:
            content = content[first:last + 1]
        await send(writer, status, content, about)


def etag(content):
    return f'"{hashlib.md5(content).hexdigest()}"'


def xml(name, inside):
    return (f'<?xml version="1.0" encoding="UTF-8"?>\n<{name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"{inside}</{name}>").encode()


async def send(writer, status, body, headers=None, length=None):
    lines = [f"HTTP/1.1 {status} -", f"Content-Length: {len(body) if length is None else length}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
    for at in range(0, len(body), CHUNK):
        writer.write(body[at:at + CHUNK])
        await writer.drain()
    await writer.drain()
