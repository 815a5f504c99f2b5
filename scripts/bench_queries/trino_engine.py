"""Trino as an engine of the harness: tables in a Glue catalog (moto), as Athena has them, their files in the store that counts."""

import contextlib
import json
import pathlib
import re
import subprocess
import sys
import time

import boto3
from questions import TABLE
from store import BUCKET, Run

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))

import s3_servers  # noqa: E402
import trino_server  # noqa: E402


VERSION = trino_server.VERSION
# A server that is busy takes itself for gone now and then.
PATIENCE_SECONDS = 60


class Trino:
    name = "trino"
    scans = False
    metric = "requests at the store; bytes are those of its GETs of objects"

    def __init__(self, store, binary, heap="4g"):
        self.store, self.binary = store, binary
        self.databases = set()
        self.servers = contextlib.ExitStack()
        server = self.servers.enter_context(s3_servers.start("moto"))
        self.client = self.servers.enter_context(trino_server.start(server, store.endpoint, heap))
        self.glue = boto3.client("glue", endpoint_url=server.endpoint, aws_access_key_id=server.access_key,
                                 aws_secret_access_key=server.secret_key, region_name=server.region)

    def ask(self, question, layout):
        return self.query(question.sql("trino"), layout.folder)

    def query(self, sql, folder):
        """The answer to a statement about the table in a folder of the store."""
        self.client.schema = self._database(folder)
        for left in range(PATIENCE_SECONDS, -1, -1):
            self.store.reset()
            began = time.perf_counter()
            try:
                answer = self.client.query(sql)
                break
            except trino_server.QueryFailed as error:
                if "NO_NODES_AVAILABLE" not in str(error) or not left:
                    raise
                time.sleep(1)
        seconds = time.perf_counter() - began
        gets = self.store.gets()
        return Run(answer.rows, sum(size for *_, size in gets), self.store.count()[1], seconds, len(gets), answer.bytes_read)

    def _database(self, folder):
        """One for each folder, so that the table has the same name in all."""
        name = re.sub(r"\W", "_", folder.lower())
        if name not in self.databases:
            said = subprocess.run([self.binary, "ddl", self.store.root / folder, "--location", f"s3://{BUCKET}/{folder}/",
                                   "--format", "glue-json", "--no-comments"], check=True, capture_output=True, text=True).stdout
            self.glue.create_database(DatabaseInput={"Name": name})
            self.glue.create_table(DatabaseName=name, TableInput={**json.loads(said), "Name": TABLE})
            self.databases.add(name)
        return name

    def close(self):
        self.servers.close()
