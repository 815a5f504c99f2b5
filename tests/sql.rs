//! The package `flowparquet-sql` by itself: what becomes of statements as people write them for Athena, and what functions of
//! Athena's give.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use flowparquet_sql::{Engine, Failure, Files, Order, Partitioned, QueryOptions, Value, parse};

/// Of a table without files nothing is read.
#[derive(Debug)]
struct NoFiles;

impl Files for NoFiles {
    fn read(&self, key: &str, _: &[Range<u64>]) -> Result<Vec<Bytes>, Failure> {
        Err(format!("there is no {key}").into())
    }

    fn requests(&self, _: &[Range<u64>]) -> u64 {
        0
    }

    fn url(&self, key: &str) -> String {
        key.to_owned()
    }
}

/// Computes expressions.
struct Calculator(Engine);

impl Calculator {
    fn new() -> Self {
        let table = Partitioned { columns: Vec::new(), keys: vec!["day"], partitions: Vec::new() };
        let options = QueryOptions {
            table: "t".to_owned(),
            threads: 1,
            memory_bytes: 64 << 20,
            page_index: true,
            spill_folder: None,
        };
        Self(Engine::over_files(table, Vec::new(), Arc::new(NoFiles), &options).unwrap())
    }

    fn compute(&self, expression: &str) -> Result<Value, String> {
        let statements = parse(&format!("SELECT {expression}"), "t", "SQL").map_err(|e| e.to_string())?;
        let mut values = Vec::new();
        let ran = self.0.run(&statements[0], "SQL", &mut |answer| {
            values.extend(answer.rows.into_iter().flatten());
            Ok(())
        });
        ran.map_err(|e| e.to_string())?;
        assert_eq!(values.len(), 1, "{expression}");
        Ok(values.remove(0))
    }

    #[track_caller]
    fn gives(&self, expression: &str, wanted: &str) {
        assert_eq!(self.compute(expression).map(|value| value.to_string()).as_deref(), Ok(wanted), "{expression}");
    }

    #[track_caller]
    fn refuses(&self, expression: &str) {
        let computed = self.compute(expression);
        assert!(computed.is_err(), "{expression}: {computed:?}");
    }
}

fn one(sql: &str) -> String {
    parse(sql, "t", "SQL").unwrap()[0].rewritten()
}

fn refused(sql: &str) -> String {
    parse(sql, "t", "SQL").unwrap_err().to_string()
}

#[test]
fn rows_of_values_need_no_parentheses() {
    let rewritten = "SELECT * FROM \"t\" CROSS JOIN (VALUES ('a'), ('b')) AS w (x)";
    for sql in [
        "SELECT * FROM t CROSS JOIN (VALUES 'a', 'b') AS w (x)",
        "select * from logs.T cross join (values ('a'), ('b')) as w (x)",
    ] {
        assert_eq!(one(sql), rewritten);
    }
    assert_eq!(one("VALUES 1, abs(2, (3)), (4) ORDER BY 1"), "VALUES (1), (abs(2, (3))), (4) ORDER BY 1");
}

#[test]
fn names_of_athena() {
    for (athena, here) in [
        ("count_if(a = 1)", "count(CASE WHEN a = 1 THEN 1 END)"),
        ("if(a, b, c)", "CASE WHEN a THEN b ELSE c END"),
        ("bitwise_and(tcp_flags, 2) <> 0", "((tcp_flags) & (2)) <> 0"),
        ("TRY_CAST(a AS ipaddress)", "try_ip_address(a)"),
        ("IPPREFIX '10.0.0.0/8'", "'10.0.0.0/8'"),
        ("CAST(a AS varchar(10))", "varchar_of(a, 10)"),
        ("a AT TIME ZONE 'Asia/Tokyo'", "at_timezone(a, 'Asia/Tokyo')"),
        ("hour(a)", "date_part('hour', a)"),
        ("max_by(a, b)", "first_value(a ORDER BY b DESC NULLS LAST) FILTER (WHERE (b) IS NOT NULL)"),
        ("any_match(ARRAY['x'], n -> contains(n, a))", "any_match(ARRAY['x'], n -> contains(n, a))"),
    ] {
        assert_eq!(one(&format!("SELECT {athena} AS x FROM t")), format!("SELECT {here} AS x FROM \"t\""), "{athena}");
    }
}

#[test]
fn says_where_it_went_wrong() {
    assert!(refused("SELECT 1\nFROM\n  x.u").contains("no table x.u here\n  at SQL, line 3, column 3\n"));
    assert!(refused("SELECT\n numeric_histogram(2, a) FROM t").contains("at SQL, line 2, column 2\n"));
    assert!(refused("SELECT a FRM t WHERE").contains("at SQL, line 1"));
    assert!(refused("SELECT 'a").contains("at SQL, line 1, column 8"));
    assert!(refused(" -- nothing\n;").contains("there is no statement"));
    for sql in ["DROP TABLE t", "INSERT INTO t VALUES (1)", "COPY t TO 'x'", "CREATE TABLE x AS SELECT 1", "SET a = 1"]
    {
        assert!(refused(sql).contains("does not read"), "{sql}");
    }
    let deep = format!("SELECT {}1{} FROM t", "(".repeat(10_000), ")".repeat(10_000));
    assert!(refused(&deep).contains("recursion"), "{}", refused(&deep));
}

#[test]
fn statements_have_names_text_and_order() {
    let sql = "-- title: Best\n-- note: x\nSELECT a, b FROM t ORDER BY 1 DESC, b LIMIT 3;\n\n/* two */ WITH c AS (SELECT 1 AS é FROM t) SELECT * FROM c;SELECT 2";
    let found = parse(sql, "t", "SQL").unwrap();
    let names: Vec<&str> = found.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["Best", "two", "query 3"]);
    assert_eq!(found[0].text, "SELECT a, b FROM t ORDER BY 1 DESC, b LIMIT 3");
    assert_eq!(found[1].text, "WITH c AS (SELECT 1 AS é FROM t) SELECT * FROM c");
    assert_eq!(found[0].order, Order { keys: vec!["1".into(), "b".into()], ordered: true, limited: true });
    assert!(!found[1].order.ordered && !found[2].is_view());
}

#[test]
fn columns_that_are_compared_with_values() {
    let sql = "SELECT * FROM t WHERE t.A = 1 AND 2 > \"b\" AND c IN (1, 2) AND d NOT IN (1) AND e = f AND g BETWEEN 1 AND 2 AND a < 3";
    assert_eq!(parse(sql, "t", "SQL").unwrap()[0].compared_with_values(), ["a", "b", "c", "g", "a"]);
}

#[test]
fn networks_hold_their_addresses() {
    let here = Calculator::new();
    for (network, address) in [
        ("10.0.0.0/8", "10.255.1.2"),
        // As in Trino, which refuses this of IPv4 alone.
        ("fc00::1/7", "fc00::2"),
        ("0.0.0.0/0", "255.255.255.255"),
        ("1.2.3.4/32", "1.2.3.4"),
        ("fc00::/7", "fdff::1"),
        ("::/0", "1.2.3.4"),
    ] {
        here.gives(&format!("contains('{network}', IPADDRESS '{address}')"), "true");
    }
    for (network, address) in [("10.0.0.0/8", "11.0.0.0"), ("0.0.0.0/0", "::1"), ("fc00::/7", "fe80::1")] {
        here.gives(&format!("contains('{network}', IPADDRESS '{address}')"), "false");
    }
    for bad in ["10.0.0.0", "10.1.2.3/8", "10.0.0.0/0", "10.0.0.0/33", "::/129", "x/8", "", "/8"] {
        here.refuses(&format!("contains('{bad}', IPADDRESS '10.0.0.1')"));
    }
    for address in ["10.0.0.1", "2001:db8::1", "::1"] {
        here.gives(&format!("IPADDRESS '{address}'"), address);
    }
}

#[test]
fn urls_are_decoded() {
    let here = Calculator::new();
    for (encoded, decoded) in [("a%20b+c", "a b c"), ("%2D", "-"), ("%C3%A9é", "éé")] {
        here.gives(&format!("url_decode('{encoded}')"), decoded);
    }
    for wrong in ["100%", "%zz", "%4", "%+1", "%é"] {
        here.refuses(&format!("url_decode('{wrong}')"));
        here.gives(&format!("coalesce(TRY(url_decode('{wrong}')), 'none')"), "none");
    }
}

#[test]
fn doubles_are_compared_as_ieee_does() {
    let here = Calculator::new();
    for (comparison, holds) in [
        ("nan() = nan()", "false"),
        ("nan() <> nan()", "true"),
        ("nan() > 1e0", "false"),
        ("nan() < 1e0", "false"),
        ("5 < nan()", "false"),
        ("nan() BETWEEN 0e0 AND 1e0", "false"),
        ("nan() IN (nan(), 1e0)", "false"),
        ("0e0 = -0e0", "true"),
        ("REAL '0.1' = 0.1", "true"),
    ] {
        here.gives(comparison, holds);
    }
}

#[test]
fn slips_are_refused() {
    for (sql, help) in [
        ("SELECT a FROM t LIMIT 2 OFFSET 3", "write OFFSET 20 LIMIT 10"),
        ("SELECT a FROM t LIMIT 1 + 1", "write LIMIT 10"),
        ("SELECT lpad(a, 3) FROM t", "write lpad(a, 3, ' ')"),
        ("CREATE VIEW v AS SELECT count(*) FROM t", "write count(*) AS name"),
        ("SELECT regexp_replace(a, 'x', y -> y[1]) FROM t", "write regexp_replace(text, pattern, '$1')"),
    ] {
        assert!(refused(sql).contains(help), "{}", refused(sql));
    }
}

#[test]
fn patterns_of_mysql() {
    let here = Calculator::new();
    for (pattern, text) in [
        ("%Y-%m-%d %H:%i:%s", "2026-01-15 05:03:04"),
        ("%y %c %e %k %l %I %p %f", "26 1 15 5 5 05 AM 567000"),
        ("%T|%r|%j|%v|%x", "05:03:04|05:03:04 AM|015|03|2026"),
        ("%M %b %W %a %% é", "January Jan Thursday Thu % é"),
    ] {
        here.gives(&format!("date_format(TIMESTAMP '2026-01-15 05:03:04.567', '{pattern}')"), text);
    }
    here.refuses("date_format(TIMESTAMP '2026-01-15 05:03:04.567', '%D')");
    here.refuses("date_format(TIMESTAMP '2026-01-15 05:03:04.567', '%')");
}

#[test]
fn times_are_read_and_shown_as_athena_does() {
    let here = Calculator::new();
    for (expression, wanted) in [
        ("date_parse('2026-01-15 05:03', '%Y-%m-%d %H:%i')", "2026-01-15 05:03:00.000"),
        ("date_parse('15/Jan/2026', '%d/%b/%Y')", "2026-01-15 00:00:00.000"),
        ("TIMESTAMP '2026-01-15'", "2026-01-15 00:00:00.000"),
        ("TIMESTAMP '2026-01-15 09:00 Asia/Tokyo'", "2026-01-15 09:00:00.000 Asia/Tokyo"),
        ("from_iso8601_timestamp('2026-01-15T00:00:00Z')", "2026-01-15 00:00:00.000 UTC"),
        ("from_iso8601_timestamp('2026-01-15T09:00:00+09:00')", "2026-01-15 09:00:00.000 +09:00"),
        ("TIMESTAMP '2026-01-15 05:30:00.000 +05:30'", "2026-01-15 05:30:00.000 +05:30"),
        ("TIMESTAMP '2026-01-15 05:03:04.567'", "2026-01-15 05:03:04.567"),
        ("from_unixtime(1768453384.567e0)", "2026-01-15 05:03:04.567 UTC"),
        ("from_unixtime(1768453384) AT TIME ZONE 'Asia/Tokyo'", "2026-01-15 14:03:04.000 Asia/Tokyo"),
    ] {
        here.gives(expression, wanted);
    }
    for bad in [
        "date_parse('2026-13-01', '%Y-%m-%d')",
        "date_parse('x', '%D')",
        "TIMESTAMP 'yesterday'",
        "TIMESTAMP '2026-01-15 00:00:00 Mars/Olympus'",
    ] {
        here.refuses(bad);
    }
}

#[test]
fn differences_and_sums_of_times() {
    let here = Calculator::new();
    let morning = "TIMESTAMP '2026-01-15 05:03:04.567'";
    here.gives(&format!("date_diff('minute', {morning}, TIMESTAMP '2026-01-15 05:05:04.566')"), "1");
    here.gives(&format!("date_diff('month', {morning}, TIMESTAMP '2026-03-16 05:03:04.567')"), "2");
    here.gives(&format!("date_diff('day', {morning}, TIMESTAMP '2026-01-14 05:03:04.567')"), "-1");
    here.gives(&format!("date_add('month', 1, {morning})"), "2026-02-15 05:03:04.567");
    here.refuses(&format!("date_diff('fortnight', {morning}, {morning})"));
    here.refuses(&format!("date_add('fortnight', 1, {morning})"));
}

#[test]
fn sums_of_fractions_are_equal_up_to_their_last_digits() {
    assert_eq!(Value::Float(0.1 + 0.2).comparable(), Value::Float(0.3).comparable());
    assert_ne!(Value::Float(0.3).comparable(), Value::Float(0.300_000_1).comparable());
    assert_eq!(Value::Float(-0.0).comparable(), Value::Float(0.0).comparable());
    let list = |values: &[i64]| Value::List(values.iter().copied().map(Value::Int).collect());
    assert_eq!(list(&[2, 1]).comparable(), list(&[1, 2]).comparable());
    assert_ne!(Value::Null.comparable(), Value::Text("NULL".into()).comparable());
}
