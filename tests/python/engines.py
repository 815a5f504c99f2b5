"""Other people's engines as judges of table definitions. Out of the pyspark wheel: Hive's own parser and Driver, and Spark
SQL, all on one metastore. Besides, sqlglot's reading of Athena's dialect, which says what a definition is made of.

Of Athena's own parts there is none to run. Its DDL is Hive's: so Hive's parser is the strict judge here (it refuses
`start`, `end` and `date` without backticks), while Spark's and sqlglot's take much that Athena does not. Projection is
only stored by all three: projection.py evaluates it.
"""

import os
import pathlib
from dataclasses import dataclass, field

import sqlglot
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from sqlglot import exp

# Settings of the person's own Spark and Hadoop, which would otherwise choose other jars or another metastore.
FOREIGN = ["SPARK_HOME", "SPARK_CONF_DIR", "HADOOP_CONF_DIR", "HIVE_CONF_DIR", "YARN_CONF_DIR", "PYSPARK_SUBMIT_ARGS"]

# Hive's Driver stops silently after that many rows when Spark calls it (HiveClientImpl.runSqlHive).
MAX_HIVE_ROWS = 100_000

# For a JVM that lives for a minute, the best compiler and collector are those that start fast.
SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"

# Hive asks for these classes whenever a query is more than SELECT *, and the wheel has left the jar out. Empty ones do:
# they are looked at only by LLAP, a service that does not run here.
LLAP_STUB = """
package org.apache.hadoop.hive.llap.security;
public interface LlapSigner { interface Signable {} class SignedMessage {} }
"""


class Rejected(Exception):
    """An engine does not take a statement; the text is its own reason."""


class Engines:
    """One JVM for all tests of a run, with its metastore and all else that it writes below `folder`."""

    def __init__(self, folder):
        folder = pathlib.Path(folder)
        classes, tmp = folder / "classes", folder / "tmp"
        classes.mkdir()
        tmp.mkdir()
        for name in FOREIGN:
            os.environ.pop(name, None)
        os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
        settings = {
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.memory": "1g",
            "spark.driver.extraClassPath": classes,
            "spark.driver.extraJavaOptions": f"-Djava.io.tmpdir={tmp} -Dderby.system.home={tmp} {SHORT_LIVED}",
            "spark.local.dir": tmp,
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.sql.shuffle.partitions": "1",
            "spark.sql.warehouse.dir": folder / "warehouse",
            "spark.hadoop.javax.jdo.option.ConnectionURL": "jdbc:derby:memory:metastore;create=true",
            "spark.hadoop.hive.exec.scratchdir": folder / "scratch",
            # A template's ${year} is text, not a variable: both would otherwise put nothing in its place.
            "spark.sql.variable.substitute": "false",
            "spark.hadoop.hive.variable.substitute": "false",
            # Rows are read where the query is compiled; MapReduce is not there.
            "spark.hadoop.hive.fetch.task.conversion": "more",
        }
        builder = SparkSession.builder.master("local[2]").appName("definitions").enableHiveSupport()
        for name, value in settings.items():
            builder = builder.config(name, str(value))
        self.spark = builder.getOrCreate()
        self.spark.sparkContext.setLogLevel("ERROR")
        self.jvm = self.spark._jvm
        # The door to Hive's Driver is open to Spark's own tests only.
        self.jvm.java.lang.System.setProperty("spark.testing", "true")
        self.client = self.spark._jsparkSession.sharedState().externalCatalog().unwrapped().client()
        self._compile(LLAP_STUB, classes)

    def stop(self):
        self.spark.stop()

    def hive_parses(self, statement):
        """Passes if Hive's parser takes the statement, which must come without a `;`; else raises Rejected."""
        try:
            self.jvm.org.apache.hadoop.hive.ql.parse.ParseUtils.parse(statement)
        except Py4JJavaError as error:
            raise Rejected(error.java_exception.getMessage()) from None

    def hive(self, statement):
        """Runs one statement by Hive's Driver: rows as tuples of text, None for NULL. It honours skip.header.line.count,
        reads Parquet by Hive's own serde, which takes no other type than the file's, and cannot aggregate."""
        try:
            lines = self.client.runSqlHive(statement)
        except PySparkException as error:
            raise Rejected(str(error).strip().splitlines()[0]) from None
        assert lines.size() < MAX_HIVE_ROWS, f"Hive gives {MAX_HIVE_ROWS} rows at most, this may be a part: {statement}"
        # In one go: a call for every row would take longer than the query.
        text = lines.mkString("\n")
        rows = text.split("\n") if lines.size() else []
        return [tuple(None if word == "NULL" else word for word in row.split("\t")) for row in rows]

    def spark_sql(self, statement):
        """Runs one statement by Spark: rows as tuples."""
        return [tuple(row) for row in self.spark.sql(statement).collect()]

    def table_input(self, database, table):
        """What Hive's metastore keeps of a table, written as a Glue TableInput: Glue's catalog has the same shape."""
        entry = self.client.getRawHiveTable(database, table).rawTable().getTTable()
        storage, serde = entry.getSd(), entry.getSd().getSerdeInfo()
        return {
            "Name": entry.getTableName(),
            "TableType": entry.getTableType(),
            "Parameters": {k: v for k, v in dict(entry.getParameters()).items() if k != "transient_lastDdlTime"},
            "PartitionKeys": _glue_columns(entry.getPartitionKeys()),
            "StorageDescriptor": {
                "Columns": _glue_columns(storage.getCols()),
                "Location": storage.getLocation(),
                "InputFormat": storage.getInputFormat(),
                "OutputFormat": storage.getOutputFormat(),
                "Compressed": storage.isCompressed(),
                "NumberOfBuckets": storage.getNumBuckets(),
                "SerdeInfo": {
                    "SerializationLibrary": serde.getSerializationLib(),
                    "Parameters": dict(serde.getParameters()),
                },
                "StoredAsSubDirectories": storage.isStoredAsSubDirectories(),
            },
        }

    def _compile(self, source, folder):
        """Compiles Java by Janino, which Spark brings along, so that a Java without a compiler will do."""
        compiler = self.jvm.org.codehaus.janino.SimpleCompiler()
        compiler.cook(source)
        classes = compiler.getBytecodes()
        for name in list(classes):
            file = folder / (name.replace(".", "/") + ".class")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(bytes(classes[name]))


def _glue_columns(columns):
    return [{"Name": c.getName(), "Type": c.getType(), **({"Comment": c.getComment()} if c.getComment() else {})}
            for c in columns]


def split_statements(text):
    """The statements of what `ddl` prints, each without its `;`, which stands at the end of a line. Lines of `--` and empty
    lines stand between statements only: nobody says that Athena takes them inside of one, and Hive's Driver does not."""
    statements, lines = [], []
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("--") or not line.strip():
            assert not lines, f"line {number} is a comment or empty, inside a statement:\n{text}"
            continue
        lines.append(line)
        if line.endswith(";"):
            statements.append("\n".join(lines)[:-1])
            lines = []
    assert not lines, f"the last statement has no `;`:\n{text}"
    return statements


@dataclass
class Definition:
    """What a CREATE EXTERNAL TABLE is made of. Columns and keys are (name, type), types in Hive's lower-case words."""

    table: str
    database: str = ""
    columns: list = field(default_factory=list)
    keys: list = field(default_factory=list)
    comments: dict = field(default_factory=dict)
    table_comment: str = ""
    stored_as: str = ""
    delimiter: str = ""
    location: str = ""
    properties: dict = field(default_factory=dict)


def athena_structure(statement):
    """The parts of a CREATE EXTERNAL TABLE, read by sqlglot as Athena's."""
    create = sqlglot.parse_one(statement, read="athena")
    made = create.find(exp.ExternalProperty) if isinstance(create, exp.Create) and create.kind == "TABLE" else None
    assert made, f"no CREATE EXTERNAL TABLE, the only kind that Athena has: {statement}"
    schema = create.this
    found = Definition(schema.this.name, schema.this.db, _columns(schema))
    for column in schema.expressions:
        comment = column.find(exp.CommentColumnConstraint)
        if comment:
            found.comments[column.name] = comment.this.name
    for part in create.args["properties"].expressions:
        if isinstance(part, exp.PartitionedByProperty):
            found.keys = _columns(part.this)
        elif isinstance(part, exp.FileFormatProperty):
            found.stored_as = part.this.name
        elif isinstance(part, exp.RowFormatDelimitedProperty):
            found.delimiter = part.args["fields"].name
        elif isinstance(part, exp.LocationProperty):
            found.location = part.this.name
        elif isinstance(part, exp.SchemaCommentProperty):
            found.table_comment = part.this.name
        elif type(part) is exp.Property:
            assert part.name not in found.properties, f"{part.name} is given twice: {statement}"
            found.properties[part.name] = part.args["value"].name
        else:
            assert isinstance(part, exp.ExternalProperty), f"a clause that these tests do not know: {part.sql('athena')}"
    return found


def _columns(schema):
    return [(column.name, column.kind.sql("hive").lower()) for column in schema.expressions]
