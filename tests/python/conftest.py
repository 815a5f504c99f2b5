"""What the black-box tests share: the binary and how it is run, the S3 server, the counting proxy, and how a table is read.

FLOWPARQUET_BIN         another binary than target/release/flowparquet
FLOWPARQUET_TEST_S3     moto (default) or rgw
FLOWPARQUET_TEST_TRINO  not empty: the tests that query with Trino too
FLOWPARQUET_TEST_LONG   not empty: the long tests too
"""

import contextlib
import os
import pathlib
import subprocess
import sys
import threading
import uuid
from collections import Counter
from dataclasses import dataclass

import boto3
import pyarrow.dataset
import pytest
from botocore.config import Config

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "scripts"), str(ROOT / "tests" / "python")]
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(ROOT / "target" / "hypothesis"))

import flowlogs  # noqa: E402
import s3_servers  # noqa: E402
from proxy import Proxy  # noqa: E402

S3_KIND = os.environ.get("FLOWPARQUET_TEST_S3") or "moto"
LONG = bool(os.environ.get("FLOWPARQUET_TEST_LONG"))
TRINO = bool(os.environ.get("FLOWPARQUET_TEST_TRINO"))


def pytest_collection_modifyitems(items):
    for item in items:
        if "s3" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.s3)
        if item.get_closest_marker("long") and not LONG:
            item.add_marker(pytest.mark.skip(reason="scripts/test.sh --long"))
        if item.get_closest_marker("trino") and not TRINO:
            item.add_marker(pytest.mark.skip(reason="scripts/test.sh --trino"))


class Tried:
    """Counts the runs that were disturbed, by place, what was done, and how they ended; printed at the end of all tests."""

    def __init__(self):
        self.counts, self.lock = {}, threading.Lock()

    def add(self, where, what, outcome, count=1):
        with self.lock:
            self.counts.setdefault((where, what), Counter())[outcome] += count

    def lines(self):
        for (where, what), outcomes in sorted(self.counts.items()):
            yield f"{where:12} {what:32} " + ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())

    def runs(self):
        return sum(count for outcomes in self.counts.values() for name, count in outcomes.items() if name in ENDS)


ENDS = ("went on", "stopped", "killed")
TRIED = Tried()


def pytest_terminal_summary(terminalreporter):
    if TRIED.counts:
        terminalreporter.section(f"{TRIED.runs()} disturbed runs, all put right by a plain one")
    for line in TRIED.lines():
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def tried():
    return TRIED


@pytest.fixture(scope="session")
def binary():
    path = pathlib.Path(os.environ.get("FLOWPARQUET_BIN") or ROOT / "target" / "release" / "flowparquet")
    if not path.exists():
        pytest.exit(f"{path} does not exist; build it first: cargo build --release", 2)
    return path


@dataclass
class Result:
    """How a run of flowparquet ended."""

    args: list
    code: int
    out: str
    err: str

    @property
    def said(self):
        return self.out + self.err

    def __str__(self):
        return f"$ flowparquet {' '.join(self.args)}\nexit code {self.code}\n-- stdout\n{self.out}\n-- stderr\n{self.err}"


@pytest.fixture(scope="session")
def start(binary, tmp_path_factory):
    """start(*args, env=...): a running flowparquet that sees nothing of the environment but PATH; `more` is for Popen."""
    home = tmp_path_factory.mktemp("home")

    def start(*args, env=None, **more):
        clean = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home), **(env or {})}
        args = [str(a) for a in args]
        process = subprocess.Popen([str(binary), *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=clean, cwd=home, text=True, errors="replace", **more)
        process.typed = args
        return process

    return start


def finish(process, expect=0, timeout=300):
    """Waits for a started flowparquet. expect: an exit code, several, or None for any."""
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        pytest.fail(f"still running after {timeout} s\n{Result(process.typed, -1, out, err)}")
    result = Result(process.typed, process.returncode, out, err)
    if expect is not None and result.code not in ((expect,) if isinstance(expect, int) else expect):
        pytest.fail(f"expected exit code {expect}\n{result}")
    return result


@pytest.fixture(scope="session")
def run(start):
    """run(*args, env=..., expect=0): runs flowparquet to its end; another exit code than expected fails with all it said."""
    return lambda *args, env=None, expect=0, timeout=300: finish(start(*args, env=env), expect, timeout)


@pytest.fixture(scope="session")
def convert(run):
    """convert(source, dest, *args): `flowparquet convert` between two places, all days unless args say which."""

    def convert(source, dest, *args, expect=0):
        return run(*convert_args(source, dest, *args), env={**source.env, **dest.env}, expect=expect)

    return convert


def convert_args(source, dest, *args):
    days = [] if any(str(a) in ("--day", "--all", "--from", "--yesterday") for a in args) else ["--all"]
    return ["convert", source.uri, dest.uri, *days, *(dest.args or source.args), *args]


@pytest.fixture
def folders(tmp_path):
    """A SOURCE and a DEST on local disk."""
    return flowlogs.Folder(tmp_path / "source"), flowlogs.Folder(tmp_path / "dest")


@pytest.fixture(scope="session")
def s3_server():
    try:
        with s3_servers.start(S3_KIND) as server:
            yield server
    except s3_servers.Unavailable as reason:
        pytest.exit(str(reason), 2)


@pytest.fixture(scope="session")
def engines(tmp_path_factory):
    """Hive and Spark; up in about 10 s, so only for the tests that ask for them."""
    from engines import Engines

    if os.environ.get("FLOWPARQUET_TEST_NO_JAVA"):
        pytest.skip("needs Java")
    engines = Engines(tmp_path_factory.mktemp("engines"))
    yield engines
    engines.stop()


@pytest.fixture(scope="session")
def lake():
    """Trino with Glue and S3; up in about 15 s, so only for the tests that ask for it."""
    from lake import open_lake

    try:
        with open_lake() as lake:
            yield lake
    except s3_servers.Unavailable as reason:
        pytest.exit(str(reason), 2)


@dataclass
class S3:
    """The S3 server of a test, with a fresh bucket."""

    server: s3_servers.Server
    client: object
    proxy: Proxy
    bucket: str = ""

    @property
    def env(self):
        return {"AWS_ACCESS_KEY_ID": self.server.access_key, "AWS_SECRET_ACCESS_KEY": self.server.secret_key,
                "AWS_REGION": self.server.region}

    def args(self, endpoint=None):
        # The proxy and the server behind it are one store.
        return ["--endpoint-url", endpoint or self.server.endpoint, "--allow-http", "--any-endpoint"]

    def new_bucket(self):
        name = f"test-{uuid.uuid4().hex[:16]}"
        self.client.create_bucket(Bucket=name)
        return name

    def place(self, prefix="", bucket=None, proxied=True):
        """A prefix of the bucket as SOURCE or DEST; flowparquet's requests go through the proxy, the test's own do not."""
        args = self.args(self.proxy.endpoint if proxied else None)
        return flowlogs.Bucket(self.client, bucket or self.bucket, prefix, args, self.env)


def boto(server, service="s3"):
    return boto3.client(
        service, endpoint_url=server.endpoint, aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key, region_name=server.region,
        # moto answers 500 to a listing if a key is deleted meanwhile: what checks a table asks again.
        config=Config(s3={"addressing_style": "path"}, max_pool_connections=16, retries={"max_attempts": 10}),
    )


@contextlib.contextmanager
def reach(server):
    """The S3 of a server, with a fresh bucket and a proxy of its own."""
    proxy = Proxy(server.endpoint)
    s3 = S3(server, boto(server), proxy)
    s3.bucket = s3.new_bucket()
    yield s3
    proxy.close()


@pytest.fixture(scope="module")
def s3_stories(s3_server):
    """An S3 whose bucket the stories of a module share."""
    with reach(s3_server) as s3:
        yield s3


@pytest.fixture(scope="module")
def story(s3_stories, start, tmp_path_factory, request):
    """A story of `fire`, which is the parameter."""
    import fire

    return fire.STORIES[request.param](s3_stories, start, tmp_path_factory.mktemp("story"))


@pytest.fixture
def s3(s3_server):
    with reach(s3_server) as s3:
        yield s3


@dataclass
class Glue:
    """Glue's catalog, which moto has on the port of its S3, with a fresh database."""

    server: s3_servers.Server
    database: str


@pytest.fixture
def glue(s3_server):
    if s3_server.kind != "moto":
        pytest.skip(f"{s3_server.kind} has no Glue")
    database = f"test_{uuid.uuid4().hex[:16]}"
    boto(s3_server, "glue").create_database(DatabaseInput={"Name": database})
    return Glue(s3_server, database)


PARTITION_COLUMNS = {"aws_account_id", "aws_region", "year", "month", "day", "hour"}


def read(place, tmp=None):
    """The whole table by pyarrow, partition columns as strings."""
    files = [str(place.local(tmp) / k) for k in flowlogs.data_keys(place)]
    assert files, f"no Parquet file in {place.uri}: {place.keys()}"
    root = str(place.local(tmp)) if isinstance(place, flowlogs.Folder) else str(tmp)
    names = sorted({part.split("=")[0] for f in files for part in f[len(root):].split("/") if "=" in part})
    keys = pyarrow.dataset.partitioning(pyarrow.schema([(n, pyarrow.string()) for n in names]), flavor="hive")
    schemas = [pyarrow.dataset.dataset(f).schema for f in files]
    merged = pyarrow.unify_schemas([*schemas, keys.schema])
    return pyarrow.dataset.dataset(files, schema=merged, partitioning=keys, partition_base_dir=root).to_table()


def records(table, fields):
    """The rows of those fields, as a sorted list of tuples: what is compared where order does not matter."""
    columns = [table.column(flowlogs.column(f)).to_pylist() for f in fields]
    return sorted(zip(*columns), key=repr)


def expected(fields, rows, source_fields=None):
    """The same for rows of text; a field that the rows' own format lacks is null."""
    position = {name: i for i, name in enumerate(source_fields or fields)}
    parsed = [tuple(flowlogs.value(f, row[position[f]]) if f in position else None for f in fields) for row in rows]
    return sorted(parsed, key=repr)
