"""The evaluator of partition projection, held to the rules and examples of AWS's pages (see projection.py)."""

import datetime

import pytest
from projection import Projection, ProjectionError

NOW = datetime.datetime(2026, 3, 1, 13, 45, 59)


def project(location="s3://bucket/table/", template=None, now=NOW, **keys):
    """A projection of string keys: project(day={"type": "date", ...})."""
    properties = {"projection.enabled": "true", "classification": "parquet"}
    for name, settings in keys.items():
        properties |= {f"projection.{name}.{setting}": value for setting, value in settings.items()}
    if template:
        properties["storage.location.template"] = template
    return Projection([(name, "string") for name in keys], properties, location, now)


def integer(span, **more):
    return {"type": "integer", "range": span, **more}


def date(span, form, interval=None, unit=None):
    more = {"interval": interval, "interval.unit": unit}
    return {"type": "date", "range": span, "format": form, **{k: v for k, v in more.items() if v}}


def values(settings, **where):
    """The values of a single key, each of which must be found by looking it up, too."""
    projection = project(key=settings)
    found = [value for (value,), _ in projection.partitions(**where)]
    assert all((value,) in projection for value in found)
    assert projection.count(**where) == len(found)
    return found


@pytest.mark.parametrize("settings, want", [
    (integer("1,3"), ["1", "2", "3"]),
    (integer("1,3", interval="2"), ["1", "3"]),
    (integer("1,4", interval=" 2 "), ["1", "3"]),
    (integer("1,3", digits="1"), ["1", "2", "3"]),
    (integer("1,3", digits="2"), ["01", "02", "03"]),
    (integer("8,11", digits="2"), ["08", "09", "10", "11"]),
    (integer(" 0001 , 3 "), ["1", "2", "3"]),
    (integer("00,23", digits="2", interval="11"), ["00", "11", "22"]),
    (integer("-1,1"), ["-1", "0", "1"]),
    (integer("7,7"), ["7"]),
    ({"type": " Integer ", "range": "1,1"}, ["1"]),
    ({"type": "enum", "values": "B,A, C"}, ["B", "A", " C"]),
    ({"type": "ENUM", "values": "111122223333"}, ["111122223333"]),
])
def test_numbers_and_lists(settings, want):
    assert values(settings) == want


@pytest.mark.parametrize("settings, want", [
    (date("2025-12-30,2026-01-02", "yyyy-MM-dd"), ["2025-12-30", "2025-12-31", "2026-01-01", "2026-01-02"]),
    (date("2024/02/28,2024/03/01", "yyyy/MM/dd"), ["2024/02/28", "2024/02/29", "2024/03/01"]),
    (date("2025/02/28,2025/03/01", "yyyy/MM/dd"), ["2025/02/28", "2025/03/01"]),
    (date("30-12-2018,02-01-2019", "dd-MM-yyyy", "2"), ["30-12-2018", "01-01-2019"]),
    (date("2026-01-01,2026-01-31", "yyyy-MM-dd", "2", "weeks"), ["2026-01-01", "2026-01-15", "2026-01-29"]),
    (date("2017-11,2018-02", "yyyy-MM"), ["2017-11", "2017-12", "2018-01", "2018-02"]),
    (date("2017-01,2017-06", "yyyy-MM", "2", "MONTHS"), ["2017-01", "2017-03", "2017-05"]),
    (date("201701,201702", "yyyyMM"), ["201701", "201702"]),
    (date("2023,2025", "yyyy", "1", "YEARS"), ["2023", "2024", "2025"]),
    (date("2026-01-31,2026-04-30", "yyyy-MM-dd", "1", "MONTHS"), ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]),
    (date("2026/01/01/22,2026/01/02/01", "yyyy/MM/dd/HH", "1", "HOURS"),
     ["2026/01/01/22", "2026/01/01/23", "2026/01/02/00", "2026/01/02/01"]),
    (date("31-12-2025-23-59-30,01-01-2026-00-00-30", "dd-MM-yyyy-HH-mm-ss", "30", "SECONDS"),
     ["31-12-2025-23-59-30", "01-01-2026-00-00-00", "01-01-2026-00-00-30"]),
    (date("year=2025/month=12/day=31,year=2026/month=01/day=01", "'year='yyyy'/month='MM'/day='dd"),
     ["year=2025/month=12/day=31", "year=2026/month=01/day=01"]),
    (date("the 1st' 2026-01-01,the 1st' 2026-01-01", "'the 1st'' 'yyyy-MM-dd"), ["the 1st' 2026-01-01"]),
])
def test_dates(settings, want):
    assert values(settings) == want


@pytest.mark.parametrize("span, want", [
    ("2026-02-27,NOW", ["2026-02-27", "2026-02-28", "2026-03-01"]),
    ("2026-02-28, NOW + 1 DAY ", ["2026-02-28", "2026-03-01", "2026-03-02"]),
    ("NOW-2DAYS,NOW", ["2026-02-27", "2026-02-28", "2026-03-01"]),
    ("NOW-1WEEK,2026-02-23", ["2026-02-22", "2026-02-23"]),
    ("NOW,NOW+11HOURS", ["2026-03-01", "2026-03-02"]),
    ("NOW-13HOURS,NOW+10HOURS", ["2026-03-01"]),
    ("NOW-1MONTH,2026-02-02", ["2026-02-01", "2026-02-02"]),
    ("NOW-1YEARS,2025-03-02", ["2025-03-01", "2025-03-02"]),
    ("NOW-826MINUTES,NOW-825MINUTES", ["2026-02-28", "2026-03-01"]),
    ("NOW-49560SECONDS,NOW-49559SECONDS", ["2026-02-28", "2026-03-01"]),
])
def test_now_is_counted_from_in_utc(span, want):
    assert values(date(span, "yyyy-MM-dd")) == want


def test_now_to_the_hour_and_to_the_month():
    assert values(date("NOW-2HOURS,NOW", "yyyy-MM-dd-HH", "1", "HOURS")) == ["2026-03-01-11", "2026-03-01-12", "2026-03-01-13"]
    assert values(date("NOW-3MONTHS,NOW", "yyyy-MM")) == ["2025-12", "2026-01", "2026-02", "2026-03"]


@pytest.mark.parametrize("settings, hidden", [
    (integer("1,12", digits="2"), ["1", "00", "13", "001", "x", "", "+1", "１"]),
    (integer("1,9", interval="2"), ["2", "01", "11"]),
    ({"type": "enum", "values": "A,B"}, ["a", "AB", "A,B", " B"]),
    (date("2026-01-01,2026-01-31", "yyyy-MM-dd"), ["2025-12-31", "2026-02-01", "2026-1-5", "2026-01-32", "2026-01-05 "]),
    (date("2026-01-01,2026-03-31", "yyyy-MM-dd", "1", "MONTHS"), ["2026-01-02", "2026-02-28"]),
    (date("2026-01-01,2026-03-31", "yyyy-MM-dd", "2", "DAYS"), ["2026-01-02"]),
])
def test_values_outside_give_no_folder_and_no_error(settings, hidden):
    projection = project(key=settings)
    for value in hidden:
        assert (value,) not in projection
        assert projection.partitions(key=value) == []


def test_partitions_are_the_product_in_the_order_of_the_keys():
    projection = project(region={"type": "enum", "values": "b,a"}, month=integer("1,2", digits="2"))
    assert projection.partitions() == [
        (("b", "01"), "s3://bucket/table/region=b/month=01/"), (("b", "02"), "s3://bucket/table/region=b/month=02/"),
        (("a", "01"), "s3://bucket/table/region=a/month=01/"), (("a", "02"), "s3://bucket/table/region=a/month=02/"),
    ]
    assert projection.partitions(month="02", region=["a", "c", "a"]) == [(("a", "02"), "s3://bucket/table/region=a/month=02/")]
    with pytest.raises(ProjectionError, match="no keys"):
        projection.partitions(day="01")


def test_a_template_may_place_and_repeat_the_keys_freely():
    template = "s3://other/c=${c}/${b}/some%20static_subdirectory/${a}/${b}/"
    projection = project(template=template, a=integer("1,1"), b=integer("2,2"), c=integer("3,3"))
    assert projection.partitions() == [(("1", "2", "3"), "s3://other/c=3/2/some%20static_subdirectory/1/2/")]


def test_a_location_without_a_slash_gets_one():
    assert project("s3://bucket/table", a=integer("1,1")).folder(("1",)) == "s3://bucket/table/a=1/"


def test_injected_needs_values():
    projection = project(account={"type": "injected"}, day=integer("1,2"))
    assert projection.partitions(account="x", day="2") == [(("x", "2"), "s3://bucket/table/account=x/day=2/")]
    assert [v for v, _ in projection.partitions(account=["x", "y"], day="1")] == [("x", "1"), ("y", "1")]
    assert ("anything", "1") in projection and ("anything", "3") not in projection
    with pytest.raises(ProjectionError, match="^CONSTRAINT_VIOLATION: .*account"):
        projection.partitions(day="1")
    with pytest.raises(ProjectionError, match="1,000"):
        projection.partitions(account=[str(i) for i in range(1_001)])
    with pytest.raises(ProjectionError, match="string"):
        Projection([("n", "int")], {"projection.enabled": "true", "projection.n.type": "injected"}, "s3://b/")


def test_a_scan_has_its_limit_but_looking_up_has_none():
    projection = project(a=integer("0,9223372036854775807"), second=date("0001-01-01-00-00-00,9999-12-31-23-59-59",
                         "yyyy-MM-dd-HH-mm-ss", "1", "SECONDS"))
    assert ("9223372036854775807", "9999-12-31-23-59-59") in projection
    assert projection.count(a="5") == 315_537_897_600
    assert len(projection.partitions(a="5", second="2026-01-01-00-00-00")) == 1
    with pytest.raises(ProjectionError, match="1,000,000"):
        projection.partitions(a="5")


@pytest.mark.parametrize("settings, words", [
    ({}, "HIVE_METASTORE_ERROR: Table database.table is configured for partition projection, but the following "
         "partition columns are missing projection configuration: [key]"),
    ({"range": "1,2"}, "missing projection configuration: [key]"),
    ({"type": "int"}, "projection.key.type"),
    ({"type": "enum"}, "projection.key.values is missing"),
    ({"type": "integer"}, "projection.key.range is missing"),
    (integer("2020-2030"), 'INVALID_TABLE_PROPERTY: For input string: "2020-2030"'),
    (integer("1,2,3"), "INVALID_TABLE_PROPERTY"),
    (integer("1,x"), 'For input string: "x"'),
    (integer("1,9223372036854775808"), "9223372036854775808"),
    (integer("2,1"), "ends before it begins"),
    (integer("1,2", interval="0"), "projection.key.interval"),
    (integer("1,2", digits="-2"), "projection.key.digits"),
    (integer("1,2", digit="2"), "has no digit"),
    ({"type": "enum", "values": "a", "range": "1,2"}, "has no range"),
    ({"type": "date", "range": "2026,2027"}, "projection.key.format is missing"),
    (date("2026-01-01", "yyyy-MM-dd"), "INVALID_TABLE_PROPERTY"),
    (date("2026/01/01,NOW", "yyyy-MM-dd"), "'2026/01/01'"),
    (date("2026-01-01, 2026-01-02", "yyyy-MM-dd"), "' 2026-01-02'"),
    (date("2026-01-01,now", "yyyy-MM-dd"), "'now'"),
    (date("2026-01-01,NOW+1MILLI", "yyyy-MM-dd"), "NOW+1MILLI"),
    (date("NOW,2026-01-01", "yyyy-MM-dd"), "ends before it begins"),
    (date("2026-02-30,NOW", "yyyy-MM-dd"), "'2026-02-30'"),
    (date("2026,2027", "yyyy"), "projection.key.interval is missing"),
    (date("2026,2027", "yyyy", "1"), "projection.key.interval.unit is missing"),
    (date("2026-01-01-00,NOW", "yyyy-MM-dd-HH", "1"), "projection.key.interval.unit is missing"),
    (date("2026-01-01,NOW", "yyyy-MM-dd", "1", "DECADES"), "projection.key.interval.unit"),
    (date("2026-1-1,NOW", "yyyy-M-d"), "M is not understood"),
    (date("2026,NOW", "YYYY", "1", "YEARS"), "YYYY is not understood"),
    (date("05,06", "HH", "1", "HOURS"), "leaves a part of the time open"),
    (date("2026-2026,NOW", "yyyy-yyyy", "1", "YEARS"), "says it twice"),
    (date("2026,NOW", "yyyy'", "1", "YEARS"), "open quote"),
])
def test_wrong_settings_are_refused(settings, words):
    with pytest.raises(ProjectionError) as refused:
        project(key=settings)
    assert words in str(refused.value)


@pytest.mark.parametrize("template", [
    "s3://b/${key}/${other}/", "s3://b/key/", "s3://b/${key}", "s3://b/${key}//", "s3://b/$key/", "s3://b/${Key}/",
])
def test_a_template_names_every_key_and_ends_in_a_slash(template):
    with pytest.raises(ProjectionError, match="storage.location.template"):
        project(template=template, key=integer("1,2"))


def test_settings_of_other_columns_are_refused():
    properties = {"projection.enabled": "true", "projection.yaer.type": "integer", "projection.year.type": "enum",
                  "projection.year.values": "2026"}
    with pytest.raises(ProjectionError, match="yaer is no partition column"):
        Projection([("year", "string")], properties, "s3://b/")


@pytest.mark.parametrize("enabled", [{}, {"projection.enabled": "false"}])
def test_projection_must_be_on(enabled):
    with pytest.raises(ProjectionError, match="projection.enabled"):
        Projection([], enabled, "s3://b/")
