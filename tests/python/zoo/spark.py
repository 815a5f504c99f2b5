"""Spark (the jars of the pyspark package): its vectorised reader and its reader of rows, over whole files and small splits, with
filters pushed down and not, and with parquet-mr's ways to prune on and off."""

import importlib.metadata
import importlib.util
import pathlib
import shutil

from . import FULL, java_

NAME = "Spark"
# Spark's classes reach into the JDK's (its launcher gives the same), and it runs for less than a minute.
OPENED = ["java.lang", "java.lang.invoke", "java.lang.reflect", "java.io", "java.net", "java.nio", "java.util",
          "java.util.concurrent", "java.util.concurrent.atomic", "jdk.internal.ref", "sun.nio.ch", "sun.nio.cs",
          "sun.security.action", "sun.util.calendar"]
OPTIONS = [*(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED), "-XX:+UseSerialGC", "-Xmx2g"]


def _jars():
    return pathlib.Path(importlib.util.find_spec("pyspark").origin).parent / "jars"


def _programs():
    jar = next(_jars().glob("spark-sql_*.jar"))
    return java_.Programs("spark", ["Checksum", "Common", "ReadBySpark"], [jar], lambda folder: _jars() / "*")


def version():
    parquet = next(_jars().glob("parquet-hadoop-*.jar")).stem.split("-")[-1]
    return f"Spark {importlib.metadata.version('pyspark')} with parquet-mr {parquet}"


def missing():
    if not importlib.util.find_spec("pyspark"):
        return "pyspark; scripts/test.sh installs scripts/requirements-engines.txt into target/venv"
    return java_.missing_jdk()


def answers(files, folder, quick=not FULL):
    """`quick`: splits of 64 KB only, and all ways to prune together or none."""
    scratch = pathlib.Path(folder) / "spark"
    scratch.mkdir()
    try:
        return _programs().lines("ReadBySpark", {"files": files}, folder, scratch, "quick" if quick else "full",
                                 options=OPTIONS)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
