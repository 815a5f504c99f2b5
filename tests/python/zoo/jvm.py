"""parquet-mr, the library under Spark, Hive, EMR and Glue: reads files whole, by the row groups that it gives to byte ranges,
and with each of its four filters of row groups and pages alone. And the commands of parquet-cli that hold a file's statistics,
page index and Bloom filters against its data."""

import pathlib
import re
import shutil
import tempfile

from . import java_

NAME = "parquet-mr"
SPLITS = (1 << 16, 1 << 20)
POM = java_.SOURCES / "pom.xml"
# Hadoop's classes reach into the JDK's; the programs run for seconds.
OPTIONS = ["-XX:+UseSerialGC", "-Xmx2g"]


def _fetch(folder):
    """The jars of pom.xml, by Maven; checksums are Maven's."""
    jars = folder / "lib"
    shutil.rmtree(jars, ignore_errors=True)
    java_.run(["mvn", "-q", "-B", "-f", POM, "dependency:copy-dependencies", f"-DoutputDirectory={jars}"])
    return jars / "*"


PROGRAMS = java_.Programs("parquet-mr", ["Checksum", "Common", "ParquetMr", "ReadByParquetMr", "ParquetCli"], [POM], _fetch)


def _pinned(name):
    return re.search(rf"<{name}\.version>(.+)</", POM.read_text(encoding="utf-8"))[1]


def version():
    return f"parquet-mr {_pinned('parquet')}, parquet-cli {_pinned('parquet-cli')}"


def missing():
    if not shutil.which("mvn"):
        return "Maven (mvn); on Debian and Ubuntu: apt-get install maven"
    return java_.missing_jdk()


def answers(files, folder):
    return PROGRAMS.lines("ReadByParquetMr", {"files": files}, folder, *SPLITS, options=OPTIONS)


def cli_complaints(paths, bloom=None):
    """What parquet-cli's check-stats, column-index and bloom-filter, and our own reading of every value, have to say against
    files: {path: [lines]}. `bloom`: {path: {column: [values that are in the file]}}, columns that have Bloom filters."""
    job = [{"path": str(path), "bloom": (bloom or {}).get(path, {})} for path in paths]
    with tempfile.TemporaryDirectory() as folder:
        said = PROGRAMS.lines("ParquetCli", {"files": job}, pathlib.Path(folder), options=OPTIONS)
    found = {}
    for path, answer in zip(paths, said, strict=True):
        error = [answer["error"]] if answer["error"] else []
        found[path] = error + answer.get("complaints", []) + answer.get("warnings", [])
    return found
