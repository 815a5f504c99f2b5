#!/usr/bin/env python3
"""A real Trino, the engine behind Athena, on loopback for the tests: it finds tables in a Glue catalog and their data on
S3, and honours Athena's partition projection.

The server's jars and its Hive connector are fetched once from Maven Central (450 MB) into target/trino, with checksums;
nothing is installed. It needs Java.

By hand, with moto as Glue and S3; SQL is read from standard input, a statement a line:
    target/venv/bin/python scripts/trino_server.py
"""

import contextlib
import datetime
import decimal
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from dataclasses import dataclass, field

import s3_servers
from s3_servers import Processes, Unavailable

# The last version whose server is on Maven Central; https://trino.io/docs/476/release/release-476.html: it needs Java 24.
VERSION, MIN_JAVA = "476", 24
MAVEN = os.environ.get("MAVEN_CENTRAL", "https://repo1.maven.org/maven2")
SERVER = (f"io/trino/trino-server-core/{VERSION}/trino-server-core-{VERSION}.tar.gz",
          "0f388f9967c177ae70a47c099082fc95387f0c3cb96d8000d1d41fc3a5223158")
CONNECTOR = (f"io/trino/trino-hive/{VERSION}/trino-hive-{VERSION}.zip",
             "611bacdb07d9f3cf7b9d47f97ecc76fa2e7ff8bfe8a9728c3d06adc1bfb8662e")

JAVA_OPTIONS = [
    "-Duser.timezone=UTC",  # as Athena's
    "-XX:TieredStopAtLevel=1",  # compiles less: up in 10 s instead of 18, and small queries gain nothing from the rest
    "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow",
]

CONFIG = """\
node.environment=test
node.bind-ip=127.0.0.1
node.internal-address=127.0.0.1
coordinator=true
node-scheduler.include-coordinator=true
http-server.http.port={port}
discovery.uri=http://127.0.0.1:{port}
catalog.config-dir={run}/catalog
plugin.dir={plugins}
"""

# The second block is what Athena does without being asked.
CATALOG = """\
connector.name=hive
fs.native-s3.enabled=true
s3.endpoint={s3_endpoint}
s3.path-style-access=true
s3.region={server.region}
s3.aws-access-key={server.access_key}
s3.aws-secret-key={server.secret_key}

hive.partition-projection-enabled=true
hive.ignore-absent-partitions=true
hive.recursive-directories=true

# Nothing writes statistics here; asking for those of every projected partition takes longer than the query.
hive.table-statistics-enabled=false
"""

# Where catalogs keep their tables. `hive` is Glue's. Trino's own CREATE TABLE asks for statistics, which moto's Glue does
# not have: such tables are kept by `files`, in a folder.
METASTORES = {
    "hive": """
hive.metastore=glue
hive.metastore.glue.endpoint-url={server.endpoint}
hive.metastore.glue.region={server.region}
hive.metastore.glue.aws-access-key={server.access_key}
hive.metastore.glue.aws-secret-key={server.secret_key}
""",
    "files": """
hive.metastore=file
hive.metastore.catalog.dir=local:///metastore
hive.allow-register-partition-procedure=true
fs.native-local.enabled=true
local.location={run}
""",
}


@contextlib.contextmanager
def start(server, s3_endpoint=None, heap="1500m"):
    """Starts Trino on the Glue catalog and the S3 of an s3_servers.Server (moto, which has both), and yields its client.
    `s3_endpoint` is another way to the same S3, such as a proxy, or another S3."""
    java = find_java()
    root = install()
    run_dir = pathlib.Path(tempfile.mkdtemp(prefix="run-", dir=root.parent))
    processes = Processes(run_dir)
    try:
        port = s3_servers.free_port()
        (run_dir / "catalog").mkdir()
        (run_dir / "config.properties").write_text(CONFIG.format(port=port, run=run_dir, plugins=root / "plugin"))
        for name, metastore in METASTORES.items():
            catalog = (CATALOG + metastore).format(server=server, s3_endpoint=s3_endpoint or server.endpoint, run=run_dir)
            (run_dir / "catalog" / f"{name}.properties").write_text(catalog)
        processes.spawn("trino", java, f"-Xmx{heap}", *JAVA_OPTIONS, f"-Djava.io.tmpdir={run_dir}",
                        f"-Dconfig={run_dir}/config.properties", "-cp", f"{root}/lib/*", "io.trino.server.TrinoServer")
        trino = Trino(f"http://127.0.0.1:{port}", run_dir)
        # It answers, and reports itself as started, before it has a worker: only a query shows that it can run one.
        processes.wait("trino", lambda: trino.rows("SELECT 1"), 180, (OSError, QueryFailed))
        yield trino
    finally:
        processes.stop()
        shutil.rmtree(run_dir, ignore_errors=True)


# --- what it needs ----------------------------------------------------------------------------------------------------


def find_java():
    """The first Java that is new enough: of JAVA_HOME, in the PATH, among those of the system."""
    home = os.environ.get("JAVA_HOME")
    candidates = [pathlib.Path(home, "bin/java")] if home else []
    candidates += [pathlib.Path(p) for p in [shutil.which("java")] if p]
    candidates += sorted(pathlib.Path("/usr/lib/jvm").glob("*/bin/java"))
    found = {java: java_version(java) for java in candidates if os.access(java, os.X_OK)}
    for java, version in found.items():
        if version >= MIN_JAVA:
            return str(java)
    have = f"the newest here is {max(found.values())}" if found else "no Java is installed"
    raise Unavailable(f"Trino {VERSION} needs Java {MIN_JAVA} or newer and {have}; set JAVA_HOME to one, "
                      "or run the tests without --trino")


def java_version(java):
    said = subprocess.run([java, "-version"], capture_output=True, text=True).stderr
    version = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(version[1]) if version else 0


def install():
    """Unpacks the server's jars and the connector under target/trino/VERSION, once."""
    root = s3_servers.TARGET / "trino" / VERSION
    complete = root / ".complete"
    if complete.exists():
        return root
    print(f"downloading and unpacking Trino {VERSION} (450 MB) into target/trino", file=sys.stderr)
    shutil.rmtree(root, ignore_errors=True)
    (root / "plugin").mkdir(parents=True)
    # Of the server only its own jars: each plugin that is there makes the start longer.
    archive = download(*SERVER, root)
    top = f"trino-server-core-{VERSION}"
    with tarfile.open(archive) as tar:
        tar.extraction_filter = lambda member, path: member  # any: the checksum vouches for them
        tar.extractall(root, [m for m in tar if m.name.startswith(f"{top}/lib/")])
    (root / top / "lib").rename(root / "lib")
    (root / top).rmdir()
    archive.unlink()
    archive = download(*CONNECTOR, root)
    with zipfile.ZipFile(archive) as connector:
        connector.extractall(root / "plugin")
    archive.unlink()
    complete.touch()
    return root


def download(path, sha256, folder):
    url, file = f"{MAVEN}/{path}", folder / pathlib.Path(path).name
    try:
        with urllib.request.urlopen(url, timeout=60) as response, open(file, "wb") as out:
            shutil.copyfileobj(response, out, 1 << 20)
    except OSError as error:
        raise Unavailable(f"cannot download {url}: {error}; run the tests without --trino") from error
    with open(file, "rb") as written:
        found = hashlib.file_digest(written, "sha256").hexdigest()
    if found != sha256:
        raise Unavailable(f"{url} has the SHA-256 {found}, not {sha256}")
    return file


# --- the client: https://trino.io/docs/current/develop/client-protocol.html --------------------------------------------


class QueryFailed(Exception):
    """Trino refused or could not finish a statement; the text is its own."""


@dataclass
class Answer:
    """What a query returned, and what it read for that."""

    names: list
    types: list
    rows: list
    bytes_read: int


# Numbers and texts come as JSON has them.
FROM_JSON = {"date": datetime.date.fromisoformat, "decimal": decimal.Decimal}


@dataclass
class Trino:
    """Runs SQL; names without a catalog and a schema are those of `catalog`.`schema`."""

    url: str
    folder: pathlib.Path  # what the catalog `files` calls local:///
    schema: str = "default"
    catalog: str = "hive"
    properties: dict = field(default_factory=dict)  # session properties of the catalog
    prepared: dict = field(default_factory=dict)  # what PREPARE named; the protocol leaves it to the client

    def rows(self, sql):
        """The rows of a query, as tuples."""
        return self.query(sql).rows

    def query(self, sql):
        headers = {"X-Trino-User": "test", "X-Trino-Catalog": self.catalog, "X-Trino-Schema": self.schema}
        if self.properties:
            headers["X-Trino-Session"] = ",".join(f"{self.catalog}.{name}={value}" for name, value in self.properties.items())
        if self.prepared:
            headers["X-Trino-Prepared-Statement"] = urllib.parse.urlencode(self.prepared).replace("&", ",")
        reply = self._json(urllib.request.Request(f"{self.url}/v1/statement", sql.encode(), headers))
        columns, data = [], []
        while True:
            if error := reply.get("error"):
                raise QueryFailed(f"{error['errorName']}: {error['message']}\n{sql}")
            columns = reply.get("columns") or columns
            data += reply.get("data") or []
            if "nextUri" not in reply:
                break
            reply = self._json(reply["nextUri"])
        convert = [FROM_JSON.get(column["typeSignature"]["rawType"]) for column in columns]
        rows = [tuple(c(v) if c and v is not None else v for c, v in zip(convert, row)) for row in data]
        return Answer([c["name"] for c in columns], [c["type"] for c in columns], rows,
                      reply["stats"]["physicalInputBytes"])

    def _json(self, request):
        with urllib.request.urlopen(request, timeout=120) as response:
            self.prepared.update(urllib.parse.parse_qsl(response.headers.get("X-Trino-Added-Prepare", "")))
            return json.load(response)


def main():
    fetch = sys.argv[1:] == ["fetch"]
    if sys.argv[1:] and not fetch:
        sys.exit(f"usage: {sys.argv[0]} [fetch]")
    try:
        if fetch:
            find_java()
            install()
            return
        began = time.monotonic()
        with s3_servers.start("moto") as server, start(server) as trino:
            print(f"Trino answers at {trino.url} after {time.monotonic() - began:.1f} s; the end of input stops it")
            print(f"Glue and S3: export AWS_ACCESS_KEY_ID={server.access_key} AWS_SECRET_ACCESS_KEY={server.secret_key}"
                  f" AWS_REGION={server.region} AWS_ENDPOINT_URL={server.endpoint}", flush=True)
            for sql in filter(str.strip, sys.stdin):
                try:
                    answer = trino.query(sql.strip().rstrip(";"))
                    print("\t".join(answer.names), *("\t".join(map(str, row)) for row in answer.rows), sep="\n", flush=True)
                except QueryFailed as error:
                    print(error, flush=True)
    except KeyboardInterrupt:
        pass
    except Unavailable as error:
        print(f"{sys.argv[0]}: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
