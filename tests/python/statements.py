"""Statements that people have, tests/statements/*.sql, and the logs that they lie over: two accounts, two Regions, three days,
each in several layouts. What stands in the comments at the top of a statement is told in tests/statements.rs."""

import datetime
import pathlib
import re
from dataclasses import dataclass, field

from projection import Projection

ACCOUNTS, REGIONS = ["111122223333", "444455556666"], ["us-east-1", "eu-west-1"]
DAYS = ["2025-12-31", "2026-01-14", "2026-01-15"]
OBJECTS, ROWS = 1, 30
FOLDER = pathlib.Path(__file__).resolve().parents[1] / "statements"

# What `generate` is asked for, and what partitions DEST has then.
LOGS = {
    "default": (["--layout", "default"], "account-region-day"),
    "hourly": (["--layout", "default-hourly"], "account-region-hour"),
    "hive": (["--layout", "hive"], "account-region-day"),
    "tgw": (["--log-type", "tgw"], "account-region-day"),
}
PLACE = re.compile(r"AWSLogs/(?:aws-account-id=)?(?P<account>\d+)/[^/]+/(?:aws-region=)?(?P<region>[^/]+)/(?P<below>"
                   r"(?:year=)?(?P<y>\d+)/(?:month=)?(?P<m>\d+)/(?:day=)?(?P<d>\d+)/(?:(?:hour=)?(?P<h>\d+)/)?)")


@dataclass
class Statement:
    """A CREATE EXTERNAL TABLE that somebody has."""

    name: str
    text: str
    about: dict = field(default_factory=dict)

    def said(self, what, usual=""):
        return self.about.get(what, usual)

    @property
    def logs(self):
        return self.said("logs", "default")

    @property
    def table(self):
        return "tgw_flow_logs" if self.logs == "tgw" else "vpc_flow_logs"

    def named(self, database):
        """The statement with its table in another database."""
        return re.sub(r"(`?)\bflow(`?\.)", rf"\g<1>{database}\2", self.text)

    def for_hive(self, database, source):
        """The same as Hive and Spark take it, over logs at another place."""
        lines = [line for line in self.named(database).splitlines() if not line.startswith("--")]
        if '"createtab_stmt"' in lines:
            lines = [line[1:-1].replace('""', '"') for line in lines]
        sql = "\n".join(line for line in lines if "createtab_stmt" not in line).strip().removesuffix(";")
        sql = sql.replace("AwsDataCatalog.", "").replace("vpc-flow-logs", "vpc_flow_logs")
        sql = re.sub(r'"(end|start)"', r"`\1`", sql)
        sql = re.sub(rf"`{database}\.(\w+)`", rf"`{database}`.`\1`", sql)  # SHOW CREATE TABLE puts both in one pair
        sql = re.sub(r"\s*'EXTERNAL'\s*=\s*'TRUE',", "", sql)  # Spark sets it itself
        return sql.replace("s3://logs/", f"{source}/")

    def options(self, source):
        words = self.said("options").split()
        return [word for option in words for word in ([option, source] if option == "--source" else [option])]

    def holds(self, key):
        """Whether the object of a key is one of the table's."""
        at = PLACE.search(key)
        account, region = self.said("holds", "* *").split()
        day = f"{at['y']}-{at['m']}-{at['d']}"
        return (account in ("*", at["account"]) and region in ("*", at["region"])
                and self.said("since", "0") <= day <= self.said("until", "9"))

    def registered(self, keys):
        """[(values as SQL has them, folder below the logs)] of what a person has registered."""
        if not self.said("partition"):
            return []
        found = {}
        for key in filter(self.holds, keys):
            at = PLACE.search(key)
            parts = {name: value for name, value in at.groupdict().items() if value is not None}
            below = self.said("folder").format(**parts)
            if not below:
                below = at["below"] if "{h}" in self.said("partition") else at["below"][:11] if self.logs == "hourly" else at["below"]
            values = tuple(self.said("partition").format(**parts).split(", "))
            found[values] = key[:at.start("below")] + below
        return sorted(found.items())

    def projected(self, keys, properties, location):
        """[(values, folder)] of what Athena computes. The values of an injected key are what queries name."""
        properties = dict(properties)
        if self.said("injected"):
            name, values = self.said("injected").split("=")
            properties |= {f"projection.{name}.type": "enum", f"projection.{name}.values": values}
        template = properties.get("storage.location.template")
        if template:  # AWS's own page has none of the slashes that its rules want.
            properties["storage.location.template"] = template.rstrip("/") + "/"
        moves = any("NOW-" in value for value in properties.values())
        # Where the end is all that moves, the days after the logs are left away: nothing lies there.
        return Projection(keys, properties, location, None if moves else datetime.datetime(2026, 1, 16)).partitions()


def statements():
    found = []
    for file in sorted(FOLDER.glob("*.sql")):
        text = file.read_text()
        top = [line for line in text.split("\nCREATE")[0].splitlines() if line.startswith("-- ")]
        about = dict(re.findall(r"^-- (\w+): (.*)$", "\n".join(top), re.M))
        found.append(Statement(file.stem, text, about))
    return found


def compared():
    """Those whose rows can be compared: not refused, and over text."""
    return [s for s in statements() if not s.said("refused") and s.said("rows") != "no"]


def make_lake(run, place):
    """place(name): a SOURCE or DEST. The logs of each layout, and the tables made of them: ({logs: source}, {(logs, dest): dest})."""
    pairs = [("--account", a) for a in ACCOUNTS] + [("--region", r) for r in REGIONS] + [("--day", d) for d in DAYS]
    sources, dests = {}, {}
    for logs, (options, by) in LOGS.items():
        source = sources[logs] = place(f"raw-{logs}")
        run("generate", source.uri, "--objects", OBJECTS, "--rows", ROWS, *sum(pairs, ()), *options, *source.args, env=source.env)
        dests[logs, by] = place(f"table-{logs}")
        run("convert", source.uri, dests[logs, by].uri, "--all", "--partition-by", by, *source.args, env=source.env)
    dests["default", "day"] = place("table-day")
    run("convert", sources["default"].uri, dests["default", "day"].uri, "--all", "--account", ACCOUNTS[0], "--region", REGIONS[0],
        *sources["default"].args, env=sources["default"].env)
    return sources, dests
