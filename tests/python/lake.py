"""Tables as Athena sees them: known to a Glue catalog, their data on S3, read by Trino, the engine behind Athena."""

import contextlib
import json
import uuid
from dataclasses import dataclass

import s3_servers
import trino_server
from conftest import S3, boto, reach


@dataclass
class Lake:
    """A Glue catalog, an S3 and the Trino that reads both; Trino's own requests to S3 go through the proxy."""

    s3: S3
    glue: object
    trino: trino_server.Trino

    def create(self, table_input):
        """Registers a table under a new name, and no partition of it; returns the name."""
        name = f"t{uuid.uuid4().hex[:8]}"
        self.glue.create_table(DatabaseName=self.trino.schema, TableInput={**table_input, "Name": name})
        return name

    def view(self, sql):
        name = f"v{uuid.uuid4().hex[:8]}"
        self.trino.rows(f"CREATE VIEW {name} AS {sql}")
        return name

    def rows(self, sql):
        return self.trino.rows(sql)

    @contextlib.contextmanager
    def watched(self):
        """What the statements in its block ask of S3."""
        self.s3.proxy.clear()
        asked = Asked()
        yield asked
        asked.listed = {r.query["prefix"] for r in self.s3.proxy.of("LIST")}
        asked.read = {r.key for r in self.s3.proxy.of("GET")}


class Asked:
    """The folders that were listed and the objects that were read."""

    listed: set
    read: set


@contextlib.contextmanager
def open_lake():
    """Starts the servers; all is gone when the block ends."""
    with s3_servers.start("moto") as server, reach(server) as s3:
        with trino_server.start(server, s3.proxy.endpoint) as trino:
            trino.schema = "logs"
            glue = boto(server, "glue")
            glue.create_database(DatabaseInput={"Name": trino.schema})
            yield Lake(s3, glue, trino)


def table_input(run, *args, place):
    """What `ddl --format glue-json` prints for `aws glue create-table --table-input`."""
    return json.loads(run("ddl", *args, "--no-comments", "--format", "glue-json", *place.args, env=place.env).out)
