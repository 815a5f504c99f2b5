"""`compare --with`: a Trino server that answers, and one that answers wrongly, slowly, or not at all.

Here its protocol is played by a server of our own; `test_athena_sql.py` has the real one.
"""

import collections
import http.server
import json
import threading

import pytest
from flowlogs import DAY, V2, Folder, key, make_rows, pack, text

ROWS = make_rows(V2, 50)
COUNT = "SELECT count(*) AS n FROM vpc_flow_logs"
BIGINT = [{"name": "n", "type": "bigint"}]
Request = collections.namedtuple("Request", "method path headers body")


class FakeTrino:
    """Answers with pages that a test says; what was asked is in `requests`."""

    def __init__(self):
        self.requests, self.pages = [], []
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                fake.requests.append(Request(self.command, self.path, dict(self.headers), body))
                page = fake.pages.pop(0)
                if isinstance(page, int):
                    self.send_response(page)
                    self.send_header("Location", f"{fake.url}/elsewhere")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                if isinstance(page, dict) and page.pop("more", fake.pages):
                    page.setdefault("nextUri", f"{fake.url}/v1/statement/1/{len(fake.requests)}")
                data = page if isinstance(page, bytes) else json.dumps({"id": "1", "stats": {}} | page).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_DELETE = answer

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.place = f"trino://me@127.0.0.1:{self.server.server_port}/hive/flow"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def says(self, *pages):
        self.requests, self.pages = [], list(pages)


@pytest.fixture
def trino():
    fake = FakeTrino()
    yield fake
    fake.server.shutdown()
    fake.server.server_close()


@pytest.fixture(scope="module")
def logs(tmp_path_factory, convert):
    folder = tmp_path_factory.mktemp("with")
    source, dest = Folder(folder / "raw"), Folder(folder / "parquet")
    source.put(key(1), pack(text(V2, ROWS)))
    convert(source, dest, "--day", DAY)
    return source.path, dest.path


@pytest.fixture
def compare(run, logs, trino):
    def compare(sql, *args, expect=0, **more):
        return run("compare", *logs, sql, "--with", trino.place, *args, expect=expect, **more)
    return compare


def test_an_answer_of_several_pages(compare, trino):
    trino.says({}, 503, {"columns": BIGINT}, {"columns": BIGINT, "data": [[50]]}, {})
    ran = compare(COUNT)
    assert "same, Trino: same" in ran.out, ran
    post = trino.requests[0]
    assert (post.method, post.path, post.body) == ("POST", "/v1/statement", COUNT)
    wanted = {"X-Trino-User": "me", "X-Trino-Catalog": "hive", "X-Trino-Schema": "flow", "X-Trino-Time-Zone": "UTC"}
    said = {name.lower(): value for name, value in post.headers.items()}
    assert {name: said[name.lower()] for name in wanted} == wanted
    assert [request.method for request in trino.requests] == ["POST", "GET", "GET", "GET", "GET"]


def test_json_has_both_answers(compare, trino):
    trino.says({"columns": BIGINT, "data": [[49]]})
    said = json.loads(compare(COUNT, "--json", expect=1).out)
    statement = said["statements"][0]
    assert said["with"] == trino.place.replace("me@", "")
    assert statement["verdict"]["answers"] == "equal"
    assert statement["trino"].pop("seconds") > 0
    assert statement["trino"] == {"rows": 1, "answers": "different", "only_trino": [[49]], "only_parquet": [[50]], "counts": [1, 1]}


def test_other_rows_are_shown(compare, trino, tmp_path):
    trino.says({"columns": BIGINT, "data": [[49]]})
    page = tmp_path / "page.html"
    ran = compare(COUNT, "--html", page, expect=1)
    assert "Trino answers otherwise\nonly in  n" in ran.out and "same, Trino: DIFFERS" in ran.out, ran
    assert "Trino: DIFFERS" in page.read_text() and "<td>Trino</td><td>49</td>" in page.read_text()


def test_what_trino_refuses_is_said(compare, trino):
    trino.says({"error": {"errorName": "TABLE_NOT_FOUND", "message": "Table 'hive.flow.vpc_flow_logs' does not exist"}})
    ran = compare(COUNT, expect=1)
    assert "Trino refuses it: TABLE_NOT_FOUND: Table 'hive.flow.vpc_flow_logs' does not exist" in ran.out, ran


@pytest.mark.parametrize("page, said", [
    (b"<html>", "this is no answer of Trino"),
    (401, "Trino answers HTTP status 401"),
    (302, "Trino answers HTTP status 302"),
    ({"nextUri": "http://169.254.169.254/latest"}, "from another server, which is not asked"),
    ({"columns": BIGINT, "data": [[1, 2]]}, "a row of other columns"),
    ({"nextUri": "nowhere"}, "names no URL"),
    ({"stats": {"state": "FAILED"}}, "says that the statement failed, and not why"),
])
def test_no_trino(compare, trino, page, said):
    trino.says(page)
    ran = compare(COUNT, expect=3)
    assert said in ran.err and len(trino.requests) == 1, ran


def test_nobody_answers(run, logs):
    ran = run("compare", *logs, COUNT, "--with", "trino://127.0.0.1:9/hive/flow", expect=3)
    assert "cannot ask Trino" in ran.err and "at trino://127.0.0.1:9/hive/flow" in ran.err, ran


def test_chosen_days_and_views_go_along(compare, trino, run, logs):
    trino.says({"columns": BIGINT, "data": [[50]]})
    compare(f"CREATE VIEW all_rows (version) AS SELECT version FROM vpc_flow_logs; {COUNT.replace('vpc_flow_logs', 'all_rows')}",
            "--day", DAY)
    asked = trino.requests[0].body
    day = DAY.replace("-", "")
    assert asked == (f"WITH \"vpc_flow_logs\" AS (SELECT * FROM \"vpc_flow_logs\" WHERE concat(year, month, day) IN ('{day}')), "
                     "\"all_rows\" (version) AS (SELECT version FROM vpc_flow_logs\n) SELECT count(*) AS n FROM all_rows"), asked
    trino.says({"columns": BIGINT, "data": [[50]]})
    compare(f"WITH a AS (SELECT * FROM vpc_flow_logs) {COUNT.replace('vpc_flow_logs', 'a')}", "--day", DAY)
    assert trino.requests[0].body.startswith("WITH \"vpc_flow_logs\" AS (") and "), a AS (" in trino.requests[0].body.replace("  ", " ")
    trino.says()
    ran = compare(COUNT.replace("vpc_flow_logs", "flow.vpc_flow_logs"), "--day", DAY, expect=1)
    assert "Trino would answer for all days" in ran.out and not trino.requests, ran


def test_a_prepared_statement_goes_as_it_is_run(compare, trino):
    trino.says({"columns": BIGINT, "data": [[50]]})
    ran = compare(f"PREPARE by_day FROM {COUNT} WHERE day = ?; EXECUTE by_day USING '15'")
    assert "same, Trino: same" in ran.out and trino.requests[0].body.strip() == f"{COUNT} WHERE day = '15'", ran


def test_a_password_goes_to_nobody_in_the_open(compare, trino):
    trino.says({"columns": BIGINT, "data": [[50]]})
    ran = compare(COUNT, env={"TRINO_PASSWORD": "hunter2-hunter2"}, expect=2)
    assert "is asked without TLS" in ran.err and "hunter2" not in ran.out + ran.err and not trino.requests, ran


def test_too_many_rows_are_not_fetched(compare, trino):
    trino.says({"columns": BIGINT, "data": [[n] for n in range(600_000)]}, {"data": [[n] for n in range(600_000)], "more": True}, {})
    ran = compare("SELECT bytes AS n FROM vpc_flow_logs", expect=1)
    assert "more than 1000000 rows" in ran.out, ran
    assert [request.method for request in trino.requests] == ["POST", "GET", "DELETE"]


def test_labels_of_ready_queries_are_kept(run, logs, tmp_path):
    printed = tmp_path / "printed.sql"
    printed.write_text(run("queries", "top-talkers", "--day", DAY).out)
    ran = run("compare", *logs, "--file", printed)
    assert "\ntop-talkers " in ran.out and "running: top-talkers" in ran.err, ran


@pytest.mark.parametrize("sql, said", [
    ("SELECT approx_distinct(srcaddr) FROM vpc_flow_logs", "approximate results"),
    ("SELECT typeof(bytes) FROM vpc_flow_logs", "typeof"),
    ("SELECT CAST(protocol AS smallint) FROM vpc_flow_logs", "smallint"),
    ("SELECT array_max(array_agg(bytes)) FROM vpc_flow_logs", "array_max"),
    ("SELECT CAST(TIMESTAMP '2026-01-15 00:00:00' AS varchar)", "milliseconds"),
    ("SELECT TIMESTAMP '2026-01-15 00:00:00.123456'", "milliseconds"),
    ("SELECT date_trunc('hour', from_unixtime(start, 'Europe/Berlin')) FROM vpc_flow_logs", "clocks"),
    ("SELECT from_unixtime(start) AT TIME ZONE 'Asia/Tokyo', from_unixtime(start, 'Europe/Berlin') FROM vpc_flow_logs", "several zones"),
    ("SELECT bytes FROM vpc_flow_logs EXCEPT SELECT 1.5", "EXCEPT"),
    ("CREATE VIEW v AS SELECT approx_distinct(srcaddr) AS n FROM vpc_flow_logs; SELECT n FROM v", "approximate results"),
    ("SELECT count(*), sum(bytes), max_by(srcaddr, bytes) FROM vpc_flow_logs WHERE action = 'ACCEPT'", ""),
    ("SELECT date_trunc('hour', from_unixtime(start)) AS h, count(*) FROM vpc_flow_logs GROUP BY 1 ORDER BY 1", ""),
    ("SELECT srcaddr FROM vpc_flow_logs EXCEPT SELECT srcaddr FROM vpc_flow_logs WHERE action = 'REJECT'", ""),
    ("SELECT CAST(from_unixtime(start) AS varchar) FROM vpc_flow_logs", ""),
])
def test_both_say_what_athena_may_answer_otherwise(run, logs, sql, said):
    for ran in (run("query", logs[1], sql), run("compare", *logs, sql)):
        notes = [line for line in (ran.out + ran.err).splitlines() if "Athena may answer otherwise" in line]
        assert all("docs/query.md" in note for note in notes)
        assert bool(notes) == bool(said) and (not said or any(said in note for note in notes)), ran
