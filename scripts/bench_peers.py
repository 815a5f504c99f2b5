"""What bench.py measures flowparquet against, each run as `bench_peers.py NAME SOURCE OUT` in a process of its own: the
same job done with other people's tools, and the floor, which only unpacks.

All write the one day of SOURCE as zstd Parquet of level 1 to 3 (each its own default), partitioned year/month/day, typed as
in schemas/vpc_flow.toml. They are given what serves them: the list of files, the types (no inference), no quoting, `-` as null
in number columns only, and no order to keep unless they sort. `sorted` means by srcaddr, dstaddr, start, with row groups
of 128 Ki where that can be said.
"""

import glob
import gzip
import multiprocessing
import pathlib
import sys
import tomllib

SCHEMA = pathlib.Path(__file__).resolve().parent.parent / "schemas" / "vpc_flow.toml"
PARTITION = ("year=2026", "month=01", "day=15")
ORDER = ["srcaddr", "dstaddr", "start"]
ROW_GROUP_ROWS = 128 << 10


def objects(source):
    return sorted(glob.glob(f"{glob.escape(source)}/**/*.log.gz", recursive=True))


def fields(source):
    """Token -> (column, type) in the order of the first object's header."""
    with gzip.open(objects(source)[0], "rt") as file:
        tokens = file.readline().split()
    known = {field["name"]: (field["column"], field["type"]) for field in tomllib.loads(SCHEMA.read_text())["field"]}
    return {token: known[token] for token in tokens}


def folder_of(out):
    folder = pathlib.Path(out, *PARTITION)
    folder.mkdir(parents=True)
    return folder


def polars(source, out, order=None):
    import polars as pl

    named = fields(source)
    types = {"int": pl.Int32, "bigint": pl.Int64, "string": pl.String}
    schema = {token: types[kind] for token, (_, kind) in named.items()}
    nulls = {token: "-" for token, (_, kind) in named.items() if kind != "string"}
    table = pl.scan_csv(objects(source), separator=" ", schema=schema, null_values=nulls, quote_char=None)
    table = table.rename({token: column for token, (column, _) in named.items()})
    # Writing the one partition's file directly is faster than a partitioned sink.
    file, more = folder_of(out) / "part.parquet", {}
    if order:
        table, more = table.sort(order), {"row_group_size": ROW_GROUP_ROWS}
    table.sink_parquet(file, compression="zstd", maintain_order=bool(order), **more)


def polars_sorted(source, out):
    polars(source, out, ORDER)


def duckdb(source, out, order=None):
    import duckdb as db

    named = dict(fields(source).values())
    types = {"int": "INTEGER", "bigint": "BIGINT", "string": "VARCHAR"}
    columns = {column: types[kind] for column, kind in named.items()}
    strings = [column for column, kind in named.items() if kind == "string"]
    db.sql("SET preserve_insertion_order = false")
    # One file; to partition by columns of the query costs DuckDB more.
    db.sql(f"""
        COPY (
            SELECT * FROM read_csv({objects(source)}, delim = ' ', header = true, quote = '', escape = '',
                auto_detect = false, nullstr = '-', force_not_null = {strings}, columns = {columns})
            {f"ORDER BY {', '.join(order)}" if order else ""}
        ) TO '{folder_of(out) / "part.parquet"}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP_ROWS})""")


def duckdb_sorted(source, out):
    duckdb(source, out, ORDER)


def clickhouse(source, out):
    import chdb

    named = dict(fields(source).values())
    types = {"int": "Nullable(Int32)", "bigint": "Nullable(Int64)", "string": "String"}
    columns = ", ".join(f"{column} {types[kind]}" for column, kind in named.items())
    chdb.query(f"""
        INSERT INTO FUNCTION file('{folder_of(out) / "part.parquet"}', Parquet)
        SELECT * FROM file('{source}/**/*.log.gz', CustomSeparatedWithNames, '{columns}')
        SETTINGS format_custom_escaping_rule = 'CSV', format_custom_field_delimiter = ' ',
            format_csv_null_representation = '-', format_csv_allow_double_quotes = 0,
            input_format_with_names_use_header = 0, output_format_parquet_compression_method = 'zstd'""")


def gunzip(source, out):
    with multiprocessing.Pool() as pool:
        pool.map(gunzip_one, objects(source), chunksize=4)


def gunzip_one(path):
    import deflate  # libdeflate

    deflate.gzip_decompress(pathlib.Path(path).read_bytes())


def rows(source, out):
    """Prints the rows of what was written below OUT."""
    import pyarrow.parquet

    files = [f for f in glob.glob(f"{glob.escape(out)}/**/*.parquet", recursive=True) if "_flowparquet" not in f]
    print(sum(pyarrow.parquet.read_metadata(f).num_rows for f in files))


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
