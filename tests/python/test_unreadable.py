"""Objects that S3 lists and does not give: each costs itself, and is named by S3's own code. The answers are those that S3 documents
(https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html)."""

import json

import pytest
from conftest import expected, read, records
from flowlogs import DAY, V2, data_keys, key, make_rows, pack, text
from proxy import Cut, Reply

BODIES = {key(n): make_rows(V2, 40, seed=n) for n in range(6)}
OTHER_DAY = key(0, day="2026-01-16")
DENIALS = {
    "archived": (Reply(403, "InvalidObjectState", "The operation is not valid for the object's storage class"),
                 "InvalidObjectState: it is archived"),
    "denied": (Reply(403, "AccessDenied", "Access Denied"), "AccessDenied: it is denied"),
    "key off": (Reply(400, "KMS.DisabledException", "arn:aws:kms:us-east-1:1:key/k is disabled."),
                "KMS.DisabledException: its KMS key"),
    "key gone": (Reply(400, "KMS.KMSInvalidStateException", "arn:aws:kms:us-east-1:1:key/k is pending deletion."),
                 "KMS.KMSInvalidStateException: its KMS key"),
    "not there": (Reply(404, "NoSuchKey", "The specified key does not exist."), "NoSuchKey: it is listed, and not there"),
    "fails": (Reply(500, "InternalError", "We encountered an internal error. Please try again."),
              "InternalError: the store fails to give it"),
    "busy": (Reply(503, "ServiceUnavailable", "Reduce your request rate."), "ServiceUnavailable: the store fails to give it"),
    "breaks": (lambda r: Cut(received=0 if "range" in r.headers else 30), "its content breaks off each time"),
}


def fill(s3):
    source, dest = s3.place("raw", s3.new_bucket()), s3.place("out")
    for name, rows in {**BODIES, OTHER_DAY: make_rows(V2, 7, seed=9)}.items():
        source.put(name, pack(text(V2, rows)))
    return source, dest


def deny(s3, source, answer, names=lambda name: True):
    """Has the store answer so whenever the content of these objects is asked for."""
    def hook(request):
        if request.kind == "GET" and request.bucket == source.name and names(request.key):
            return answer(request) if callable(answer) else answer
        return None

    s3.proxy.hook = hook


def rows_of(names):
    return expected(V2, [row for name in names for row in BODIES[name]])


def entries(dest):
    return [name for name in dest.keys() if "/ledger/" in name]


@pytest.mark.parametrize("kind", ["archived", "denied", "key off", "not there"])
def test_what_only_its_content_would_tell_is_named_when_nobody_may_look(s3, run, convert, kind):
    answer, code = DENIALS[kind]
    source, dest = fill(s3)
    folders = ["misc/x", "AWSLogs/123456789012/backup"]
    for n, folder in enumerate(folders):
        source.put(f"{folder}/part-{n}", pack(text(V2, make_rows(V2, 5, seed=20 + n))))
    source.put("misc/manifest.json", b"{}")   # its name says that it is none
    deny(s3, source, answer, lambda name: "/part-" in name or name.endswith("manifest.json"))
    for command in ["plan", "convert"]:
        done = run(command, source.uri, dest.uri, "--day", DAY, *source.args, env=source.env, expect=1)
        said = f"only its content would say whether it is a flow log, and it cannot be read: {code.split(':')[0]} "
        assert done.said.count(said) == len(folders), done
        assert "manifest.json" not in done.said, done
    run("verify", source.uri, dest.uri, "--day", DAY, *source.args, env=source.env, expect=1)


@pytest.mark.parametrize("kind", DENIALS)
@pytest.mark.parametrize("bad", [[0], [5], [1, 2, 4], [0, 1, 2, 3]])
def test_an_unreadable_object_costs_one_object(s3, run, convert, tmp_path, kind, bad):
    answer, code = DENIALS[kind]
    source, dest = fill(s3)
    source.env["AWS_MAX_ATTEMPTS"] = "4"
    bad = [key(n) for n in bad]
    good = [name for name in BODIES if name not in bad]
    deny(s3, source, answer, lambda name: any(name.endswith(b) for b in bad))
    first = convert(source, dest, "--day", DAY, "--report", "-", expect=1)
    report = json.loads(first.out)
    assert report["objects_unreadable"] == len(bad) == len(report["unreadable"]), first
    assert all(named["reason"].startswith(code) for named in report["unreadable"]), first
    assert sorted(named["object"] for named in report["unreadable"]) == [f"{source.uri}/{name}" for name in bad]
    assert f"unreadable: {code}" in first.err and "tried again next time" in first.err, first
    assert records(read(dest, tmp_path / "1"), V2) == rows_of(good)
    # Every night: named again, and the ledger does not grow.
    before = entries(dest)
    again = convert(source, dest, "--day", DAY, "--report", "-", expect=1)
    assert json.loads(again.out)["objects_unreadable"] == len(bad), again
    assert entries(dest) == before
    counted = run("query", source.uri, "SELECT count(*) AS n FROM vpc_flow_logs", "--raw", "--day", DAY, "--output", "csv",
                  *source.args, env=source.env, expect=1)
    assert counted.out == f"n\n{len(rows_of(good))}\n", counted
    assert f"left out as unreadable: 0 lines and {len(bad)} object" in counted.err, counted
    assert "not converted" in run("verify", source.uri, dest.uri, "--day", DAY, *source.args, env=source.env, expect=1).said
    # So says `status`, that asks for no content: before they are readable again, and then.
    status = ["status", dest.uri, "--source", source.uri, "--day", DAY, "--json", *source.args]
    for hook in [s3.proxy.hook, None]:
        s3.proxy.hook = hook
        day = json.loads(run(*status, env=source.env, expect=1).out)["days"][DAY]
        assert (day["objects"], day["unconverted_objects"], day["rejected_objects"]) == (len(good), len(bad), 0), day
    healed = json.loads(convert(source, dest, "--day", DAY, "--report", "-").out)
    assert json.loads(run(*status, env=source.env).out)["days"][DAY]["unconverted_objects"] == 0
    assert "objects_unreadable" not in healed and healed["totals"]["objects"] == len(bad), healed
    assert records(read(dest, tmp_path / "2"), V2) == rows_of(BODIES)
    run("verify", source.uri, dest.uri, "--day", DAY, *source.args, env=source.env)


@pytest.mark.parametrize("kind", ["archived", "breaks", "not there"])
def test_a_claim_that_was_recorded_does_not_block(s3, run, convert, start, tmp_path, kind):
    """The run that claimed it is killed; then it is archived."""
    answer, code = DENIALS[kind]
    source, dest = fill(s3)
    source.env["AWS_MAX_ATTEMPTS"] = "4"
    s3.proxy.hook = lambda r: Reply(403, "ExpiredToken") if r.method == "PUT" and "/part-" in r.key else None
    convert(source, dest, "--day", DAY, expect=2)
    assert not data_keys(dest) and entries(dest)
    deny(s3, source, answer, lambda name: name.endswith(key(3)))
    assert f"unreadable: {code}" in convert(source, dest, "--day", DAY, expect=1).err
    assert records(read(dest, tmp_path), V2) == rows_of([name for name in BODIES if name != key(3)])


def test_archived_days_do_not_block_a_backfill(s3, run, convert, tmp_path):
    source, dest = fill(s3)
    deny(s3, source, DENIALS["archived"][0], lambda name: "/2026/01/16/" in name)
    said = convert(source, dest, "--all", expect=1)
    assert "unreadable: InvalidObjectState" in said.err, said
    assert records(read(dest, tmp_path), V2) == rows_of(BODIES)


@pytest.mark.parametrize("typed", [[], ["--log-type", "vpc"]])
@pytest.mark.parametrize("kind", ["archived", "denied", "key off"])
def test_a_source_of_which_nothing_can_be_read_stops_the_run(s3, run, convert, kind, typed):
    source, dest = fill(s3)
    deny(s3, source, DENIALS[kind][0])
    s3.proxy.clear()
    said = convert(source, dest, "--all", *typed, expect=2)
    assert "nothing can be read: none of the 7 objects" in said.err and DENIALS[kind][1] in said.err, said
    assert not data_keys(dest)
    s3.proxy.hook = None
    convert(source, dest, "--all")


@pytest.mark.parametrize("code", ["InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "NoSuchBucket"])
@pytest.mark.parametrize("where", ["LIST", "GET"])
def test_a_bucket_that_refuses_stops_the_run_at_once(s3, run, convert, code, where):
    source, dest = fill(s3)
    answer = Reply(404 if code == "NoSuchBucket" else 403, code, "no")
    s3.proxy.hook = lambda r: answer if r.kind == where and r.bucket == source.name else None
    said = convert(source, dest, "--all", expect=2)
    assert not data_keys(dest) and s3.proxy.count(where, source.name) < 20, said


def test_a_refused_list_is_no_empty_source(s3, run, convert):
    source, dest = fill(s3)
    s3.proxy.hook = lambda r: Reply(403, "AccessDenied", "no") if r.kind == "LIST" and r.bucket == source.name else None
    for command in ["convert", "plan"]:
        said = run(command, source.uri, dest.uri, "--all", *source.args, env=source.env, expect=2)
        assert "the store denies it (AccessDenied)" in said.err, said


@pytest.mark.parametrize("storage", ["GLACIER", "DEEP_ARCHIVE"])
def test_plan_counts_what_is_archived(s3, run, convert, tmp_path, storage):
    if s3.server.kind != "moto":
        pytest.skip("only moto knows storage classes")
    source, dest = fill(s3)
    name, rows = next(iter(BODIES.items()))
    s3.client.put_object(Bucket=source.name, Key=f"raw/{name}", Body=pack(text(V2, rows)), StorageClass=storage)
    plan = ["plan", source.uri, dest.uri, "--all", *source.args]
    said = run(*plan, env=source.env)
    assert "1 object of those to convert archived" in said.out and "restore" in said.out, said
    total = json.loads(run(*plan, "--json", env=source.env).out)["total"]
    assert (total["archived"], total["to_convert"]) == (1, 7)
    # It is tried before it is claimed: nothing is given up for it.
    deny(s3, source, DENIALS["archived"][0], lambda asked: asked.endswith(name))
    convert(source, dest, "--day", DAY, expect=1)
    assert len(entries(dest)) == 2, entries(dest)
    status = ["status", dest.uri, "--source", source.uri, "--day", DAY, *source.args]
    assert "1 object to convert" in run(*status, env=source.env, expect=1).out
    # Restored: the listing says what it said before.
    s3.proxy.hook = None
    s3.client.restore_object(Bucket=source.name, Key=f"raw/{name}", RestoreRequest={"Days": 1})
    assert "1 object of those to convert archived" in run(*plan, env=source.env).out
    convert(source, dest, "--day", DAY)
    assert records(read(dest, tmp_path), V2) == rows_of(BODIES)


@pytest.mark.parametrize("bad", [[2], range(6)])
def test_verify_of_raw_logs_that_were_archived_later(s3, run, convert, bad):
    source, dest = fill(s3)
    bad = [key(n) for n in bad]
    convert(source, dest, "--all")
    deny(s3, source, DENIALS["archived"][0], lambda name: any(name.endswith(b) for b in bad))
    verify = ["verify", source.uri, dest.uri, "--all", *source.args]
    said = run(*verify, env=source.env, expect=1)
    assert "unreadable: InvalidObjectState: it is archived" in said.out, said
    assert "every row of 1 of 2 files compared: 7 raw rows" in said.out, said
    found = json.loads(run(*verify, "--json", env=source.env, expect=1).out)
    assert [p["verdict"] for p in found["partitions"]] == ["incomplete", "agrees"], found
    assert found["partitions"][0]["unreadable"]["count"] == len(bad), found


def test_a_large_object_that_breaks_off(s3, run, convert, tmp_path):
    """One that is read piece by piece, by `verify`."""
    source, dest = s3.place("raw", s3.new_bucket()), s3.place("out")
    source.env["AWS_MAX_ATTEMPTS"] = "4"
    source.put(key(0), text(V2, make_rows(V2, 100_000)))
    source.put(key(1), pack(text(V2, make_rows(V2, 9))))
    convert(source, dest, "--all")
    deny(s3, source, DENIALS["breaks"][0], lambda name: name.endswith(key(0)))
    said = run("verify", source.uri, dest.uri, "--all", *source.args, env=source.env, expect=1)
    assert "unreadable: its content breaks off" in said.out, said
