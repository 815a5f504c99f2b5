"""An independent reading of raw logs in plain Python, written from AWS's pages and docs/raw-logs.md: what an object's rows and
rejected lines are, and to which partition they belong. It shares nothing with the program, not even the list of fields. It is
written to be read, one line after the other; where it and the program differ, one of them is wrong.
"""

import re
import zlib
from dataclasses import dataclass, field

from flowlogs import INT32, INT64, TGW, V5

ECS = ("ecs-cluster-arn ecs-cluster-name ecs-container-instance-arn ecs-container-instance-id ecs-container-id "
       "ecs-second-container-id ecs-service-name ecs-task-definition-arn ecs-task-arn ecs-task-id").split()
V8 = ("reject-reason resource-id encryption-status instance-tag instance-tag-2 interface-tag interface-tag-2 asg-tag "
      "asg-tag-2 interface-type next-hop-interface-id next-hop-subnet-id next-hop-az-id next-hop-vpc-id "
      "next-hop-interface-type").split()
VPC = V5 + ECS + V8
KNOWN = {*VPC, *TGW}
TAKEN = {"aws_account_id", "aws_region", "year", "month", "day", "hour"}  # by the table's partitions
NAME = re.compile(rb"[A-Za-z][A-Za-z0-9_-]{0,254}")
NUMBER = re.compile(rb"-?[0-9]+")
GZIP = b"\x1f\x8b\x08"


class Unreadable(Exception):
    """An object that does not read to its end: none of its rows count."""


@dataclass
class Read:
    """What an object holds. A row is column -> value, without the columns that are NULL."""

    rows: list = field(default_factory=list)
    rejected: list = field(default_factory=list)  # (line from 1, offset from 0, text)
    columns: set = field(default_factory=set)
    other_type: bool = False


def read(name, body, log_type="vpc", dash_as_null=False, log_format=None):
    """Reads an object; raises Unreadable."""
    content = unpack(name, body)
    found, header, columns, at, number, ours = Read(), None, None, 0, 0, False
    for line in content.split(b"\n"):
        number, start, at = number + 1, at, at + len(line) + 1
        line = line.removesuffix(b"\r")
        tokens = [token for token in line.split(b" ") if token]
        if not tokens:
            continue
        is_header = names_of(tokens)
        if header is None:
            header = is_header or log_format
            if header is None:
                raise Unreadable("no header")
        elif is_header:
            header = is_header
        if is_header or columns is None:
            columns = columns_of(header)
            other = type_of(header) not in (None, log_type)
            ours |= not other
        if not other:
            found.columns |= set(columns)
        # Lines behind a header of the other type are left alone.
        if is_header or other:
            continue
        row = row_of(columns, tokens, line, dash_as_null)
        if row is None:
            found.rejected.append((number, start, line))
        else:
            found.rows.append(row)
    return found if ours or header is None else Read(other_type=True)


def unpack(name, body):
    if not body:
        raise Unreadable("empty")
    if not body.startswith(GZIP):
        # Text is text, whatever its name says.
        if name.endswith(".gz") and not all(byte in b"\t\n\r" or 32 <= byte <= 126 for byte in body[:3]):
            raise Unreadable("not gzip")
        return body
    text = b""
    while body.strip(b"\0"):  # Zeros behind the last member are padding; a member never begins with one.
        member = zlib.decompressobj(wbits=31)
        try:
            text += member.decompress(body) + member.flush()
        except zlib.error as error:
            raise Unreadable(str(error)) from None
        if not member.eof:
            raise Unreadable("cut off")
        body = member.unused_data
    return text


def names_of(tokens):
    """The names, if a line is a header: all of it can be names of fields, one of them is known, and none has the column of
    another."""
    if not all(NAME.fullmatch(token) for token in tokens):
        return None
    names = [token.decode() for token in tokens]
    if not any(name in KNOWN for name in names) or len(set(columns_of(names))) < len(names):
        return None
    return names


def columns_of(names):
    """The columns that a header names; a known field in other letters has the same column."""
    columns = []
    for name in names:
        column = name.lower().replace("-", "_")
        columns.append(column + "_" if column in TAKEN else column)
    return columns


def type_of(names):
    """The log type that knows more of the names; None if both know as many."""
    vpc, tgw = (sum(name in known for name in names) for known in (set(VPC), set(TGW)))
    return None if vpc == tgw else "vpc" if vpc > tgw else "tgw"


def row_of(columns, tokens, line, dash_as_null):
    if len(tokens) != len(columns):
        return None
    try:
        line.decode()
    except UnicodeDecodeError:
        return None
    row = {}
    for column, token in zip(columns, tokens):
        kind = kind_of(column)
        if kind == "string":
            if token != b"-" or not dash_as_null:
                row[column] = token.decode()
        elif token != b"-":
            most = 1 << (31 if kind == "int32" else 63)
            if not NUMBER.fullmatch(token) or not -most <= int(token) < most:
                return None
            row[column] = int(token)
    return row


KINDS = {name.replace("-", "_"): kind for names, kind in ((INT32, "int32"), (INT64, "int64")) for name in names}


def kind_of(column):
    return KINDS.get(column, "string")


# --- where it belongs ---------------------------------------------------------------------------------------------------

DATED = re.compile(r"(?:^|/)(?:year=)?(20\d\d)/(?:month=)?(\d\d)/(?:day=)?(\d\d)(?:/(?:hour=)?(\d\d))?/[^/]*$")
AWS = re.compile(r"(?:^|/)AWSLogs/(?:aws-account-id=)?(\d{12})/(?:(?:aws-)?service=)?vpcflowlogs/(?:aws-region=)?([^/]+)/")
NAMED = re.compile(r"(\d{12})_vpcflowlogs_([^_]+)_[^_]+_(\d{4})(\d\d)(\d\d)T(\d\d)\d\dZ_[^_/]*$")


def place_of(key, partition_by, assume_day=None):
    """The values of the partition columns of an object's rows, None if the object is no log or has no day."""
    name = key.rsplit("/", 1)[-1]
    if name.startswith((".", "_")) or not name.endswith((".gz", ".log", ".txt")):
        return None
    folders, aws, said = DATED.search(key), AWS.search(key), NAMED.search(name.split(".")[0])
    day = folders.groups()[:3] if folders and (aws or not said) else said.groups()[2:5] if said else None
    if day is None:
        if assume_day is None:
            return None
        day = tuple(assume_day.split("-"))
    place = dict(zip(("year", "month", "day"), day))
    if "hour" in partition_by:
        place["hour"] = (folders and folders[4]) or said[6]
    if "account" in partition_by:
        place["aws_account_id"], place["aws_region"] = aws.groups() if aws else said.groups()[:2]
    return place
