//! From the table of today to one over Parquet: `ddl --like`, `ddl --cutover`, raw tables, and definitions outgrown.

use std::fs;

use crate::golden::{golden, stable};
use crate::util::{ACCOUNT, DAY, Layout, REGION, V2, Work, days_ago, folder_of, key, text};

/// The columns of the default format as AWS's documentation declares them, without their parentheses.
const COLUMNS: &str = "`version` int, `account_id` string, `interface_id` string, `srcaddr` string, `dstaddr` string, \
    `srcport` int, `dstport` int, `protocol` bigint, `packets` bigint, `bytes` bigint, `start` bigint, `end` bigint, \
    `action` string, `log_status` string";

const TEXT: &str = "ROW FORMAT DELIMITED FIELDS TERMINATED BY ' '";

const SKIP: &str = "'skip.header.line.count' = '1'";

/// A day in a table of one account and Region.
fn one_day() -> Work {
    let work = Work::new();
    work.object(&key(0), text(0, 5));
    work.convert(&["--day", DAY]).code(0);
    work
}

/// The same day in a table partitioned by account and Region.
fn by_account() -> Work {
    let work = Work::new();
    for (account, region) in [(ACCOUNT, REGION), ("444455556666", "eu-west-1")] {
        work.object(&Layout::Default.key(account, region, DAY, 0), text(0, 5));
    }
    work.convert(&["--day", DAY, "--partition-by", "account-region-day"]).code(0);
    work
}

fn like(work: &Work, sql: &str, args: &[&str]) -> crate::util::Ran {
    work.write("old.sql", sql);
    let fixed = ["ddl", "table", "--like", "old.sql", "--location", "s3://bucket/flow", "--no-comments"];
    work.run(&[&fixed[..], args].concat())
}

/// Puts a definition and what is said of it together, as a person sees them.
fn shown(ran: &crate::util::Ran) -> String {
    let notes: String = ran.stderr.lines().map(|line| format!("# {line}\n")).collect();
    stable(&format!("{notes}{}", ran.code(0).stdout))
}

#[test]
fn the_tutorials_table_needs_no_view() {
    let work = one_day();
    let columns = COLUMNS.replace("bigint, `packets`", "int, `packets`");
    let sql = format!(
        "-- my table\nCREATE EXTERNAL TABLE flow.vpc_flow_logs ({columns})\nPARTITIONED BY (year string, month string, \
         day string)\n{TEXT}\nLOCATION 's3://b/AWSLogs/123456789012/vpcflowlogs/ap-northeast-1/';"
    );
    golden("like/tutorial.sql", &shown(&like(&work, &sql, &[])));
    golden("like/tutorial-projected.sql", &shown(&like(&work, &sql, &["--projection", "on", "--table", "flows"])));
    let spark = like(&work, &sql, &["--format", "spark"]);
    golden("like/tutorial.spark.sql", &shown(&spark));
}

#[test]
fn awss_table_by_date_gets_a_view_for_its_protocol() {
    let work = one_day();
    let sql = format!(
        "CREATE EXTERNAL TABLE IF NOT EXISTS `vpc_flow_logs` ({COLUMNS}, `vpc_id` string)\nPARTITIONED BY (`date` date)\n\
         ROW FORMAT DELIMITED\nFIELDS TERMINATED BY ' '\nLOCATION 's3://b/prefix/AWSLogs/{{account_id}}/vpcflowlogs/{{region_code}}/'\n\
         TBLPROPERTIES (\"skip.header.line.count\"=\"1\");"
    );
    golden("like/aws-date.sql", &shown(&like(&work, &sql, &[])));
    golden("like/aws-date-projected.sql", &shown(&like(&work, &sql, &["--projection", "on"])));
    golden("like/aws-date.spark.sql", &shown(&like(&work, &sql, &["--format", "spark"])));
    like(&work, &sql, &["--format", "glue-json"]).code(2).says("error: a table alone cannot answer for theirs");
    // With the type of the files the table alone will do, under the same keys.
    let exact = sql.replace("`protocol` bigint", "`protocol` int");
    let ran = like(&work, &exact, &["--format", "glue-json", "--projection", "off"]);
    assert!(ran.code(0).stdout.contains("\"Type\": \"date\""), "{}", ran.stdout);
}

#[test]
fn awss_projected_table_keeps_its_keys_by_a_view() {
    let work = by_account();
    let sql = format!(
        "CREATE EXTERNAL TABLE IF NOT EXISTS vpc_flow_logs ({})\nPARTITIONED BY (accid string, region string, day string)\n{TEXT}\n\
         LOCATION 's3://b/AWSLogs/'\nTBLPROPERTIES ({SKIP}, 'projection.enabled' = 'true', 'projection.accid.type' = 'enum', \
         'projection.accid.values' = '{ACCOUNT}', 'projection.region.type' = 'enum', 'projection.region.values' = '{REGION}', \
         'projection.day.type' = 'date', 'projection.day.range' = '2026/01/01,NOW', 'projection.day.format' = 'yyyy/MM/dd', \
         'storage.location.template' = 's3://b/AWSLogs/${{accid}}/vpcflowlogs/${{region}}/${{day}}')",
        COLUMNS.replace("`protocol` bigint", "`protocol` int")
    );
    golden("like/aws-projected.sql", &shown(&like(&work, &sql, &[])));
    // Registered, no view is needed: the values are those of their keys.
    golden("like/aws-projected-off.sql", &shown(&like(&work, &sql, &["--projection", "off"])));
    // Keys that are single parts are projected under their own names.
    let keys = sql.replace("day string)", "year string, month string, day string)").replace("projection.day.", "x.");
    golden("like/aws-projected-parts.sql", &shown(&like(&work, &keys, &[])));
}

#[test]
fn awss_parquet_table_keeps_its_hyphens() {
    let work = by_account();
    let sql = format!(
        "CREATE EXTERNAL TABLE IF NOT EXISTS vpc_flow_logs_parquet ({})\nPARTITIONED BY (\n`aws-account-id` string,\n\
         `aws-service` string,\n`aws-region` string,\n`year` string,\n`month` string,\n`day` string\n)\nROW FORMAT SERDE\n\
         'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe'\nSTORED AS INPUTFORMAT\n\
         'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat'\nOUTPUTFORMAT\n\
         'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat'\nLOCATION\n's3://b/prefix/AWSLogs/'\n\
         TBLPROPERTIES (\n'EXTERNAL'='true',\n'skip.header.line.count'='1'\n)",
        COLUMNS.replace("`protocol` bigint", "`protocol` int")
    );
    golden("like/aws-parquet.sql", &shown(&like(&work, &sql, &["--table", "flows"])));
}

#[test]
fn old_names_and_other_types_are_shown_by_a_view() {
    let work = one_day();
    let sql = format!(
        "CREATE EXTERNAL TABLE vpc_flow_logs (version int, account string, interfaceid string, sourceaddress string, \
         destinationaddress varchar(40), sourceport int, destinationport smallint, protocol int, numpackets int, \
         numbytes double, starttime int, endtime string, action string, logstatus string, bytes decimal(20,0))\n\
         PARTITIONED BY (dt string)\n{TEXT} LOCATION 's3://b/'\nTBLPROPERTIES ({SKIP}, 'projection.enabled'='true', \
         'projection.dt.type'='date', 'projection.dt.format'='yyyy-MM-dd')"
    );
    golden("like/old-names.sql", &shown(&like(&work, &sql, &[])));
    // Names of nobody else: the place among the columns tells, once the logs have been looked at.
    let columns = "a int, b string, c string, d string, e string, f int, g int, h int, i bigint, j bigint, k bigint";
    let sql = format!("CREATE EXTERNAL TABLE t ({columns}, l bigint, m string, n string, o string) {TEXT}");
    like(&work, &sql, &[]).code(2).says(
        "error: no field of flow logs is called a\n  at old.sql, line 1, column 26\n  help: give --source SOURCE",
    );
    golden("like/by-place.sql", &shown(&like(&work, &sql, &["--source", "raw"])));
    assert_eq!(
        like(&work, &sql, &["--source", "raw"]).stdout,
        like(&work, &sql, &["--log-format", V2]).stdout,
        "the format may be said as well"
    );
    // A name that stands in the wrong place shows another field today.
    let swapped = COLUMNS.replace("`srcaddr` string, `dstaddr`", "`dstaddr` string, `srcaddr`");
    let ran = like(&work, &format!("CREATE EXTERNAL TABLE t ({swapped}) {TEXT}"), &["--source", "raw"]);
    ran.code(0).says("note: dstaddr (line 1, column 85) stands where the logs have srcaddr,");
}

#[test]
fn what_has_no_answer_is_pointed_at() {
    let work = one_day();
    let table = |keys: &str| {
        format!("CREATE EXTERNAL TABLE t ({COLUMNS})\nPARTITIONED BY ({keys})\n{TEXT}\nTBLPROPERTIES ({SKIP})")
    };
    for (keys, wanted) in [
        (
            "region string, day string",
            "error: what the partition key day holds cannot be told from its name\n  at old.sql, line 2, column 32\n  \
             help: say it: --key day=account, --key day=region or --key day=yyyy/MM/dd\n",
        ),
        (
            "region string, year string, month string, day string",
            "error: DEST is not partitioned by aws_region, which their key region tells\n  at old.sql, line 2, column 17\n  \
             help: convert into another DEST with --partition-by account-region-day; or say with --account and --region \
             whose logs these all are\n",
        ),
        (
            "year string, month string, day string, hour string",
            "error: DEST is not partitioned by hour, which their key hour tells\n  at old.sql, line 2, column 56\n",
        ),
    ] {
        like(&work, &table(keys), &[]).code(2).says(wanted);
    }
    // What a person says of keys and of whose logs these are settles it.
    let ran = like(&work, &table("region string, day string"), &["--key", "day=yyyy/MM/dd", "--source", "raw"]);
    assert!(
        ran.code(0).stdout.contains(&format!("PARTITION (`region` = '{REGION}', `day` = '2026/01/15')")),
        "{}",
        ran.stdout
    );
    let bad = |sql: &str| like(&work, sql, &[]);
    bad("CREATE EXTERNAL TABLE t (\n  a struct<x:int>)").code(2).says(
        "error: the type struct of a cannot be carried over\n  at old.sql, line 2, column 5\n  help: values of flow logs",
    );
    bad("CREATE EXTERNAL TABLE t (version int) STORED AS ORC")
        .code(2)
        .says("error: ORC cannot be carried over\n  at old.sql, line 1, column 39\n");
    bad("DROP TABLE t").code(2).says("error: DROP stands here, wanted is CREATE\n  at old.sql, line 1, column 1\n");
    work.run(&["ddl", "table", "--like", "none.sql"]).code(2).says("error: cannot read this file\n  at none.sql\n");
    for name in ["t` (a int); DROP TABLE x; --", "t\"", "t'", "t\nu", "t*/u"] {
        like(&work, &table("year string, month string, day string"), &["--table", name]).code(2);
        like(&work, &table("year string, month string, day string"), &["--database", name]).code(2);
        let sql = table("year string, month string, day string").replace("TABLE t ", &format!("TABLE `{name}` "));
        like(&work, &sql, &[]).code(2);
    }
}

/// Four days: two converted, one of them with a late object, one not converted, and today's first objects.
fn days_in_use() -> Work {
    let work = Work::new();
    let object = |day: &str, number: u32| {
        work.object(&Layout::Default.key(ACCOUNT, REGION, day, number), text(u64::from(number) * 10, 5));
    };
    for day in ["2026-01-10", "2026-01-11", "2026-01-13", "2026-01-14"] {
        object(day, 0);
    }
    work.convert(&["--all"]).code(0);
    object("2026-01-12", 0);
    object("2026-01-14", 7);
    let today = days_ago(0).to_string();
    object(&today, 0);
    work.convert(&["--day", &today]).code(0);
    work
}

fn cutover(work: &Work, args: &[&str]) -> crate::util::Ran {
    let fixed = ["ddl", "table", "--source", "raw", "--location", "s3://bucket/flow"];
    work.run(&[&fixed[..], args].concat())
}

/// Returns a script without this year, which `days_in_use` has objects of: the way back registers no day of it.
fn dated(ran: &crate::util::Ran) -> String {
    let today = days_ago(0);
    let day = today.to_string();
    let lines = shown(ran);
    let lines = lines.lines().filter(|line| !line.contains(&day) && !line.contains(&day.replace('-', "/")));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn each_day_comes_from_one_side() {
    let work = days_in_use();
    golden("cutover/hybrid.sql", &dated(&cutover(&work, &["--cutover"])));
    let view = cutover(&work, &["--cutover=view"]);
    golden("cutover/view.sql", &dated(&view));
    // The day with a late object, the one that is not converted and today's come from the raw logs.
    for part in [
        "WHERE (concat(\"year\", \"month\", \"day\") BETWEEN '20260110' AND '20260111')\n   OR (concat(\"year\", \"month\", \"day\") BETWEEN '20260113' AND '20260113')\n",
        "WHERE (concat(\"year\", \"month\", \"day\") < '20260110')\n",
        "   OR (concat(\"year\", \"month\", \"day\") > '20260111' AND concat(\"year\", \"month\", \"day\") < '20260113')\n",
        "   OR (concat(\"year\", \"month\", \"day\") > '20260113');\n",
    ] {
        assert!(view.stdout.contains(part), "{part}\nis not in\n{}", view.stdout);
    }
    work.convert(&["--all"]).code(0);
    let view = cutover(&work, &["--cutover=view"]);
    assert!(view.stdout.contains("BETWEEN '20260110' AND '20260114'\n"), "{}", view.stdout);
}

#[test]
fn the_tables_below_the_view_list_what_it_takes_from_them() {
    // A year, an account and a Region that come when the cut-over is long done: a day that the view takes from a table
    // whose projection ends before it would be in neither.
    let work = days_in_use();
    let new = cutover(&work, &["--cutover"]);
    for table in ["parquet", "raw"] {
        assert!(new.stdout.contains(&format!("\nCREATE EXTERNAL TABLE `vpc_flow_logs_{table}` (\n")), "{}", new.stdout);
    }
    assert_eq!(new.stdout.matches("'projection.year.range' = '2026,").count(), 3, "{}", new.stdout);
    work.object(&Layout::Default.key(ACCOUNT, REGION, "2024-12-31", 0), text(0, 5));
    work.convert(&["--all"]).code(0);
    let listed_first = |view: &crate::util::Ran, property: &str| {
        let at = |text: &str| view.stdout.find(text).unwrap_or_else(|| view.fail(text));
        for table in ["parquet", "raw"] {
            let alter = at(&format!("ALTER TABLE `vpc_flow_logs_{table}` SET TBLPROPERTIES (\n"));
            let end = alter + view.stdout[alter..].find(");\n").unwrap();
            assert!(view.stdout[alter..end].contains(property), "{property}\n{}", view.stdout);
            assert!(!view.stdout[alter..end].contains("skip.header"), "{}", view.stdout);
            assert!(alter < at("CREATE OR REPLACE VIEW"), "{}", view.stdout);
        }
    };
    listed_first(&cutover(&work, &["--cutover=view"]), "'projection.year.range' = '2024,");

    let work = by_account();
    work.object(&Layout::Default.key("777788889999", "us-west-2", DAY, 0), text(0, 5));
    work.convert(&["--all"]).code(0);
    let view = cutover(&work, &["--cutover=view"]);
    listed_first(&view, &format!("'projection.aws_account_id.values' = '{ACCOUNT},444455556666,777788889999'"));
    listed_first(&view, &format!("'projection.aws_region.values' = '{REGION},eu-west-1,us-west-2'"));
}

#[test]
fn keys_that_are_numbers_stay_numbers() {
    let work = one_day();
    let sql = format!(
        "CREATE EXTERNAL TABLE t ({})\nPARTITIONED BY (year int, month int, day int)\n{TEXT}\nTBLPROPERTIES ({SKIP})",
        COLUMNS.replace("`protocol` bigint", "`protocol` int")
    );
    let ran = like(&work, &sql, &[]);
    let said = &ran.code(0).stdout;
    assert!(said.contains("PARTITIONED BY (`year` int, `month` int, `day` int)"), "{said}");
    assert!(
        said.contains(
            "PARTITION (`year` = 2026, `month` = 1, `day` = 15) LOCATION 's3://bucket/flow/year=2026/month=01/day=15/';"
        ),
        "{said}"
    );
    let calls = like(&work, &sql, &["--format", "glue-json", "--since", DAY]);
    assert!(calls.code(0).stdout.starts_with("[{\"Values\":[\"2026\",\"1\",\"15\"]"), "{}", calls.stdout);
    // Projected values have zeros in front, as the folders do: a view makes numbers of them.
    let ran = like(&work, &sql, &["--projection", "on"]);
    assert!(ran.code(0).stdout.contains("\n  TRY_CAST(\"month\" AS integer) AS \"month\",\n"), "{}", ran.stdout);
    // What is no number cannot be a value of such a key.
    let sql = sql.replace("year int, month int, day int", "day int");
    like(&work, &sql, &["--key", "day=yyyy-MM-dd"])
        .code(2)
        .says("error: \"2026-01-15\" is no value of a key that is a number\n");
}

#[test]
fn a_table_of_their_own_is_moved_and_can_be_moved_back() {
    let work = days_in_use();
    work.write(
        "old.sql",
        format!(
            "CREATE EXTERNAL TABLE flow.logs ({COLUMNS})\nPARTITIONED BY (`date` date)\n{TEXT}\nLOCATION 's3://b/'"
        ),
    );
    golden("cutover/like.sql", &dated(&cutover(&work, &["--cutover", "--like", "old.sql"])));
    golden("cutover/replace.sql", &dated(&cutover(&work, &["--cutover=replace", "--like", "old.sql"])));
    work.run(&["ddl", "table", "--cutover"]).code(2);
    cutover(&work, &["--cutover", "--format", "spark"]).code(2).says("error: --cutover prints statements for Athena\n");
}

#[test]
fn nothing_to_move_is_said() {
    let work = Work::new();
    let today = days_ago(0).to_string();
    work.object(&Layout::Default.key(ACCOUNT, REGION, &today, 0), text(0, 5));
    cutover(&work, &["--cutover"]).code(2).says("error: nothing is converted here yet\n");
    work.convert(&["--day", &today]).code(0);
    cutover(&work, &["--cutover"]).code(2).says("error: no day is converted completely yet\n");
}

#[test]
fn a_raw_table_has_the_columns_of_the_newest_header() {
    let work = Work::new();
    let old = text(0, 5);
    let new = old.replacen(V2, &V2.replacen("account-id interface-id", "interface-id account-id", 1), 1);
    let put = |day: &str, flow_log: &str, text: &str| {
        let key = Layout::Default.key(ACCOUNT, REGION, day, 0).replace("fl-0123456789abcdef0", flow_log);
        work.object(&key, text);
    };
    for day in ["2026-01-10", "2026-01-11", "2026-01-14"] {
        put(day, "fl-old", &old);
    }
    put("2026-01-14", "fl-new", &new);
    put("2026-01-15", "fl-new", &new);
    let ran = work.run(&["ddl", "--raw", "raw", "--location", "s3://bucket/logs"]);
    let columns: Vec<&str> =
        ran.stdout.lines().filter_map(|line| line.trim().strip_prefix('`')?.split('`').next()).collect();
    assert_eq!(columns[..3], ["version", "interface_id", "account_id"]);
    ran.code(0).says_only(&format!(
        "warning: the logs have 2 formats, and a raw table finds columns by position:\n  \
         2026-01-14 to 2026-01-15 (this definition fits): {}\n  \
         2026-01-10 to 2026-01-11, 2026-01-14 (columns are WRONG here): {V2}\n  \
         help: give each format a prefix of its own, or query the converted table, which knows them all\n",
        V2.replacen("account-id interface-id", "interface-id account-id", 1)
    ));
}

#[test]
fn a_raw_table_follows_the_layout_of_the_newest_objects() {
    let work = Work::new();
    for (layout, below, keys) in [
        (Layout::Default, "AWSLogs/{A}/vpcflowlogs/{R}/${year}/${month}/${day}/", "year month day"),
        (Layout::Hourly, "AWSLogs/{A}/vpcflowlogs/{R}/${year}/${month}/${day}/${hour}/", "year month day hour"),
        (
            Layout::Hive,
            "AWSLogs/aws-account-id={A}/aws-service=vpcflowlogs/aws-region={R}/year=${year}/month=${month}/day=${day}/",
            "year month day",
        ),
        (
            Layout::HiveHourly,
            "AWSLogs/aws-account-id={A}/aws-service=vpcflowlogs/aws-region={R}/year=${year}/month=${month}/day=${day}/hour=${hour}/",
            "year month day hour",
        ),
    ] {
        let one = format!("{layout:?}");
        let put = |source: &str, account: &str, region: &str| {
            let key = layout.key(account, region, DAY, 30);
            work.write(&format!("{source}/{key}"), crate::util::gz(text(0, 3)));
        };
        put(&one, ACCOUNT, REGION);
        let two = format!("{one}-two");
        put(&two, ACCOUNT, REGION);
        put(&two, "444455556666", REGION);
        let ddl = |source: &str| {
            work.run(&["ddl", "--raw", source, "--location", "s3://b/logs", "--no-comments"]).code(0).stdout.clone()
        };
        let said = ddl(&one);
        let template = below.replace("{A}", ACCOUNT).replace("{R}", REGION);
        assert!(said.contains(&format!("'storage.location.template' = 's3://b/logs/{template}'")), "{said}");
        let wanted: Vec<String> = keys.split(' ').map(|key| format!("`{key}` string")).collect();
        assert!(said.contains(&format!("PARTITIONED BY ({})\n", wanted.join(", "))), "{said}");
        let said = ddl(&two);
        let template = below.replace("{A}", "${aws_account_id}").replace("{R}", "${aws_region}");
        assert!(said.contains(&format!("'storage.location.template' = 's3://b/logs/{template}'")), "{said}");
        assert!(said.contains(&format!("'projection.aws_account_id.values' = '{ACCOUNT},444455556666'")), "{said}");
    }
    // Objects in another layout beside them are named with their days.
    work.object(&Layout::Default.key(ACCOUNT, REGION, "2026-01-10", 0), text(0, 3));
    work.object(&Layout::Hourly.key(ACCOUNT, REGION, DAY, 0), text(0, 3));
    work.run(&["ddl", "--raw", "raw"]).code(0).says(
        "warning: objects of 2026-01-10 lie in another layout and are not shown: file://WORK/raw/AWSLogs/\
         ${aws_account_id}/vpcflowlogs/${aws_region}/${year}/${month}/${day}/\n",
    );
    // Without a header line only a person can tell.
    work.write("bare/2026/01/15/x.log", "2 123456789012 eni-1\n");
    work.run(&["ddl", "--raw", "bare"]).code(2).says("error: the newest object does not tell its columns\n");
    let ran = work.run(&[
        "ddl",
        "--raw",
        "bare",
        "--log-format",
        "${version} ${account-id} ${interface-id}",
        "--location",
        "s3://b/x",
    ]);
    assert!(ran.code(0).stdout.contains("LOCATION 's3://b/x/'\n"), "{}", ran.stdout);
    work.write("none/readme.md", "x");
    work.run(&["ddl", "--raw", "none"]).code(2).says("error: there are no flow log objects below SOURCE\n");
}

#[test]
fn a_definition_is_held_against_the_footers() {
    let work = one_day();
    let file = format!("table/{}", work.parquet_files("table").remove(0));
    work.object(&key(1), text(0, 3).replacen(" bytes", " new-field", 1));
    work.convert_from("raw", "other", &["--day", DAY]).code(0);
    let other = format!("other/{}", work.parquet_files("other").remove(0));
    // Of the same size, so that the footer is found where the ledger's size says.
    let mut bytes = fs::read(work.path(&other)).unwrap();
    let size = usize::try_from(fs::metadata(work.path(&file)).unwrap().len()).unwrap();
    if bytes.len() > size {
        bytes.drain(..bytes.len() - size);
    } else {
        bytes.splice(0..0, std::iter::repeat_n(0, size - bytes.len()));
    }
    fs::write(work.path(&file), bytes).unwrap();
    let ran = work.run(&["ddl", "table"]);
    ran.code(2)
        .says("error: this file is not the one that the ledger speaks of: its footer has other columns or is none\n");
}

#[test]
fn a_run_says_what_earlier_definitions_do_not_show() {
    let work = Work::new();
    let put = |account: &str, day: &str, text: &str| work.object(&Layout::Default.key(account, REGION, day, 0), text);
    put(ACCOUNT, "2025-06-01", &text(0, 3));
    put(ACCOUNT, "2025-06-02", &text(0, 3));
    let convert = |args: &[&str]| work.convert(&[&["--partition-by", "account-region-day"], args].concat());
    convert(&["--all"]).code(0).does_not_say("warning");
    put("444455556666", "2026-01-15", &text(0, 3));
    let help = "a table definition from before this run does not show it: print it anew with `flowparquet ddl`, or change the live one (docs/definitions.md#growing)";
    convert(&["--day", DAY]).code(0).says(&format!("warning: the table now has the account 444455556666; {help}\n"));
    convert(&["--day", DAY]).code(0).does_not_say("warning");
    put(ACCOUNT, "2024-12-31", &text(0, 3));
    let ran = convert(&["--day", "2024-12-31"]);
    ran.code(0).says(&format!("warning: the table now begins with the year 2024, not 2025; {help}\n"));
    assert_eq!(ran.report()["warnings"].as_array().unwrap().len(), 1);
    put(ACCOUNT, "2025-06-03", &text(0, 3).replacen(" bytes", " vpc-id", 1));
    let ran = convert(&["--from", "2025-06-01", "--to", "2025-06-03"]);
    ran.code(0).says(&format!("warning: the table now has the column vpc_id; {help}\n"));
}

#[test]
fn the_last_projected_year_warns_and_is_extended() {
    let work = one_day();
    let path = work.path("table/_flowparquet/table.json");
    let this_year = days_ago(0).year();
    let founded = |year: i16| {
        let mut info: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        info["founded"] = format!("{year:04}-06-01").into();
        fs::write(&path, info.to_string()).unwrap();
    };
    let range = || {
        let ran = work.run(&["ddl", "table"]);
        let line = ran.code(0).stdout.lines().find(|line| line.contains("projection.year.range")).unwrap().to_owned();
        line.rsplit(',').nth(1).unwrap().trim_end_matches('\'').parse::<i16>().unwrap()
    };
    for (age, warns, last) in [(0, false, 10), (9, false, 1), (10, true, 10), (11, false, 9), (20, true, 10)] {
        founded(this_year - age);
        assert_eq!(range(), this_year + last, "{age} years old");
        let ran = work.convert(&["--day", DAY]);
        let said = ran
            .code(0)
            .stderr
            .contains(&format!("the years that definitions of this table project end with {this_year}:"));
        assert_eq!(said, warns, "{age} years old\n{}", ran.stderr);
        let status = work.run(&["status", "table"]);
        assert_eq!(status.code(0).stderr.starts_with("warning: the years that definitions"), warns, "{age} years old");
    }
    // Tables from before there was such a day count from their first data.
    let mut info: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    info.as_object_mut().unwrap().remove("founded");
    fs::write(&path, info.to_string()).unwrap();
    assert!(range() > this_year);
}

#[test]
fn partitions_are_registered_for_converted_days_only() {
    let work = Work::new();
    let days: Vec<_> = (1..=3).map(days_ago).collect();
    for day in &days {
        work.object(&Layout::Default.key(ACCOUNT, REGION, &day.to_string(), 0), text(0, 2));
    }
    work.convert(&[]).code(0);
    work.object(&Layout::Default.key(ACCOUNT, REGION, "2026-01-01", 0), text(0, 2));
    let ddl = |args: &[&str]| {
        let fixed = ["ddl", "table", "--location", "s3://b/t", "--projection", "off"];
        work.run(&[&fixed[..], args].concat()).code(0).stdout.clone()
    };
    let folders = |text: &str| -> Vec<String> {
        let lines = text.lines().filter_map(|line| line.split_once("LOCATION 's3://b/t/year")).map(|(_, rest)| rest);
        lines.map(|rest| format!("year{}", rest.trim_end_matches(&['\'', ';', '/'][..]))).collect()
    };
    let wanted: Vec<String> = days.iter().rev().map(|day| folder_of(*day)).collect();
    let all = ddl(&[]);
    assert_eq!(folders(&all), wanted);
    assert!(
        all.starts_with("CREATE EXTERNAL TABLE IF NOT EXISTS `vpc_flow_logs`") && !all.contains("projection."),
        "{all}"
    );
    let since = ddl(&["--since", &days[1].to_string()]);
    assert_eq!(folders(&since), wanted[1..]);
    assert!(since.starts_with("ALTER TABLE `vpc_flow_logs` ADD IF NOT EXISTS\n"), "{since}");
    work.run(&["ddl", "table", "--since", "2026-01-01"]).code(2).says("error: --since registers partitions");
}

#[test]
fn a_table_can_be_defined_before_its_first_conversion() {
    let work = Work::new();
    let ran = work.run(&["ddl", "--schema-version", "3", "--location", "s3://b/t", "--no-comments"]);
    let columns = ran.code(0).stdout.lines().filter(|line| line.starts_with("  `")).count();
    assert_eq!(columns, 21, "{}", ran.stdout);
    let ran =
        work.run(&["ddl", "--log-format", "${bytes} ${version} ${x-y}", "--location", "s3://b/t", "--no-comments"]);
    let lines: Vec<&str> = ran.code(0).stdout.lines().filter(|line| line.starts_with("  `")).collect();
    assert_eq!(lines, ["  `version` int,", "  `bytes`   bigint,", "  `x_y`     string"], "as files will have them");
    let by = ["ddl", "--schema-version", "2", "--location", "s3://b/t", "--partition-by", "account-region-day"];
    work.run(&by).code(2).says("error: the values of aws_account_id are not known yet\n");
    let ran = work.run(&[&by[..], &["--account", ACCOUNT, "--region", "a-1", "--region", "b-1"]].concat());
    assert!(ran.code(0).stdout.contains("'projection.aws_region.values' = 'a-1,b-1'"), "{}", ran.stdout);
    work.run(&["ddl"]).code(2);
    work.run(&["ddl", "table"])
        .code(2)
        .says("error: nothing is converted here yet\n  at table\n  help: run `flowparquet");
    // All that was there is rejected.
    work.object(&key(0), text(0, 1).replace("2 ", "2 x "));
    work.convert(&["--day", DAY]).code(1);
    work.run(&["ddl", "table"])
        .code(2)
        .says("error: nothing is converted here yet\n  at table\n  help: `flowparquet status");
    let work = one_day();
    work.run(&["ddl", "table", "--schema-version", "5"])
        .code(2)
        .says("error: DEST has data, so its columns are those of its files\n");
}

/// A table without keys over one account and Region.
fn plain_of(account: &str, region: &str) -> String {
    format!(
        "CREATE EXTERNAL TABLE t ({COLUMNS}) {TEXT} LOCATION 's3://b/AWSLogs/{account}/vpcflowlogs/{region}/' TBLPROPERTIES ({SKIP})"
    )
}

#[test]
fn logs_that_cannot_be_told_apart_are_refused() {
    let work = Work::new();
    let other = "444455556666";
    for (account, region) in [(ACCOUNT, REGION), (other, "eu-west-1")] {
        work.object(&Layout::Default.key(account, region, DAY, 0), text(0, 5));
    }
    work.convert(&["--day", DAY, "--merge"]).code(0);
    let sql = plain_of(ACCOUNT, REGION);
    let at = sql.find("'s3://").unwrap() + 1;
    let wanted = format!(
        "error: their table holds the account {ACCOUNT}, the Region {REGION}, and DEST also has the account {other} in the same \
         partitions\n  at old.sql, line 1, column {at}\n  help: convert into another DEST with --partition-by \
         account-region-day, or these logs alone with --account and --region\n"
    );
    like(&work, &sql, &[]).code(2).says(&wanted);
    cutover(&work, &["--cutover", "--like", "old.sql"]).code(2).says(&wanted);
    // Whoever asks for an account is told the same.
    like(&work, &sql.replace(&format!("{ACCOUNT}/vpcflowlogs/{REGION}/"), ""), &["--account", other]).code(2).says(
        &format!("error: their table holds the account {other}, and DEST also has the account {ACCOUNT} in the same"),
    );
    like(&work, &sql, &["--account", other])
        .code(2)
        .says(&format!("error: their table holds the account {ACCOUNT}, and --account asks for {other}\n"));
    // All of it is no matter.
    like(&work, &sql.replace(&format!("{ACCOUNT}/vpcflowlogs/{REGION}/"), ""), &[]).code(0).does_not_say("of DEST");
}

#[test]
fn a_cut_over_reads_the_formats_of_the_accounts_that_its_table_holds() {
    let work = Work::new();
    let other = "444455556666";
    work.object(&Layout::Default.key(ACCOUNT, REGION, "2026-01-14", 0), text(0, 5));
    work.convert(&["--all", "--partition-by", "account-region-day"]).code(0);
    // The newest object of SOURCE is of another account, and of another format.
    let new = V2.replacen("account-id interface-id", "interface-id account-id", 1);
    work.object(&Layout::Default.key(other, REGION, DAY, 0), text(0, 5).replacen(V2, &new, 1));
    work.convert(&["--all", "--partition-by", "account-region-day"]).code(0);
    work.write("old.sql", plain_of(ACCOUNT, REGION));
    let ran = cutover(&work, &["--cutover", "--like", "old.sql"]);
    let script = &ran.code(0).does_not_say("warning").stdout;
    let raw = &script[script.find("CREATE EXTERNAL TABLE `t_raw`").unwrap()..];
    let columns: Vec<&str> = raw.lines().filter_map(|line| line.strip_prefix("  `")?.split('`').next()).collect();
    assert_eq!(columns[..3], ["version", "account_id", "interface_id"], "{raw}");
    assert!(!script.contains(other), "{script}");
    // A table of Parquet, or with fewer columns, says nothing of the order of the fields of raw logs.
    let sql = "CREATE EXTERNAL TABLE t (bytes bigint, srcaddr string) PARTITIONED BY (year string, month string, day string) \
               STORED AS PARQUET LOCATION 's3://b/'";
    work.write("old.sql", sql);
    let ran = cutover(&work, &["--cutover", "--like", "old.sql", "--account", ACCOUNT, "--table", "flows"]);
    let script = &ran.code(0).stdout;
    let raw = &script[script.find("CREATE EXTERNAL TABLE `flows_raw`").unwrap()..];
    assert!(
        raw.starts_with("CREATE EXTERNAL TABLE `flows_raw` (\n  `version`      int,\n  `account_id`   string,\n"),
        "{raw}"
    );
    assert!(raw.contains("CREATE OR REPLACE VIEW \"t\" AS\n"), "{raw}");
    assert!(
        raw.contains("note what SHOW PARTITIONS says before it is dropped") && !raw.contains("-- ALTER TABLE"),
        "{raw}"
    );
}

#[test]
fn a_table_that_shows_new_days_by_itself_goes_on_to() {
    let work = one_day();
    let sql = plain_of(ACCOUNT, REGION);
    let ran = like(&work, &sql, &[]);
    assert!(
        ran.code(0).stdout.contains("'projection.enabled' = 'true'") && !ran.stdout.contains("ALTER TABLE"),
        "{}",
        ran.stdout
    );
    let by_hand =
        "note: their table shows new days by itself, this one does not: print it again after each conversion ";
    like(&work, &sql, &["--projection", "off"]).code(0).says(by_hand);
    like(&work, &sql, &["--format", "spark"]).code(0).says(by_hand);
    // A person who registers each day goes on to.
    let keys =
        sql.replace(&format!(") {TEXT}"), &format!(") PARTITIONED BY (year string, month string, day string) {TEXT}"));
    like(&work, &keys, &["--projection", "off"]).code(0).does_not_say(by_hand);
}

#[test]
fn a_bucket_of_its_own_says_whose_logs_a_table_holds() {
    // LOCATION names no account, and DEST was made of two folders with logs of different accounts.
    let work = Work::new();
    for (top, account) in [("one", ACCOUNT), ("two", "444455556666")] {
        work.write(&format!("{top}/{}", Layout::Default.key(account, REGION, DAY, 0)), crate::util::gz(text(0, 5)));
        let by = ["--day", DAY, "--partition-by", "account-region-day"];
        work.convert_from(top, "table", &by).code(0);
    }
    let below = |folder: &str| {
        let folder = work.path(folder).canonicalize().unwrap().to_str().unwrap().to_owned();
        plain_of(ACCOUNT, REGION)
            .replace(&format!("s3://b/AWSLogs/{ACCOUNT}/vpcflowlogs/{REGION}/"), &format!("file://{folder}/"))
    };
    let ran = like(&work, &below("two"), &[]);
    ran.code(0).says("note: their table holds the account 444455556666: of DEST the new one shows nothing else\n");
    assert!(!ran.stdout.contains(ACCOUNT), "{}", ran.stdout);
    like(&work, &below(""), &[]).code(0).does_not_say("of DEST");
}

#[test]
fn what_the_old_table_shows_and_dest_lacks_is_said() {
    let work = Work::new();
    let other = "444455556666";
    for (account, region) in [(ACCOUNT, REGION), (other, REGION), (other, "eu-west-1")] {
        work.object(&Layout::Default.key(account, region, DAY, 0), text(0, 5));
    }
    for (table, by) in [("table", "account-region-day"), ("mixed", "day")] {
        work.convert_from("raw", table, &["--all", "--account", ACCOUNT, "--partition-by", by]).code(0);
    }
    let all = format!("CREATE EXTERNAL TABLE t ({COLUMNS}) {TEXT} LOCATION 's3://b/AWSLogs/' TBLPROPERTIES ({SKIP})");
    let listed = |accounts: &str, regions: &str| {
        let keys = "(account string, region string, day string)";
        let list = |key: &str, values: &str| {
            format!("'projection.{key}.type' = 'enum', 'projection.{key}.values' = '{values}'")
        };
        format!(
            "CREATE EXTERNAL TABLE t ({COLUMNS}) PARTITIONED BY {keys} {TEXT} LOCATION 's3://b/AWSLogs/' TBLPROPERTIES ({SKIP}, \
             'projection.enabled' = 'true', {}, {}, 'projection.day.type' = 'date', 'projection.day.format' = 'yyyy/MM/dd', \
             'projection.day.range' = '2026/01/01,NOW', \
             'storage.location.template' = 's3://b/AWSLogs/${{account}}/vpcflowlogs/${{region}}/${{day}}/')",
            list("account", accounts),
            list("region", regions)
        )
    };
    let open = format!(
        "note: their table shows whoever's logs lie below s3://b/AWSLogs/, and DEST has those of {ACCOUNT} {REGION}: --source says \
         whether that is all\n"
    );
    let in_source = format!(
        "note: SOURCE has logs of {other} {REGION}, {other} eu-west-1, which their table shows and DEST has not"
    );
    for dest in ["table", "mixed"] {
        work.write("old.sql", &all);
        let fixed = ["ddl", dest, "--like", "old.sql", "--location", "s3://bucket/flow"];
        work.run(&fixed).code(0).says(&open).does_not_say("SOURCE has");
        work.run(&[&fixed[..], &["--source", "raw"]].concat()).code(0).says(&in_source).does_not_say(&open);
        // Of what nobody shows, nothing is said.
        work.write("old.sql", plain_of(ACCOUNT, REGION));
        for more in [&[][..], &["--source", "raw"]] {
            let ran = work.run(&[&fixed[..], more].concat());
            ran.code(0).does_not_say("DEST has").does_not_say("SOURCE has");
        }
    }
    // What a projection lists and nobody has is said, and is no reason to think that days are not converted.
    let sql = listed(&format!("{ACCOUNT},777788889999"), &format!("{REGION},sa-east-1"));
    for args in [&[][..], &["--source", "raw"]] {
        let ran = like(&work, &sql, args);
        ran.code(0).says("note: their table also looks for the account 777788889999, of which DEST has nothing\n");
        ran.says("note: their table also looks for the Region sa-east-1, of which DEST has nothing\n")
            .does_not_say("SOURCE has");
    }
    let steps = cutover(&work, &["--cutover", "--like", "old.sql"]);
    assert!(steps.code(0).stdout.contains(&format!("BETWEEN '{}'", DAY.replace('-', ""))), "{}", steps.stdout);
    // All that is listed and lies in SOURCE is to be converted first.
    like(&work, &listed(&format!("{ACCOUNT},{other}"), REGION), &["--source", "raw"])
        .code(0)
        .says(&format!("note: SOURCE has logs of {other} {REGION}, which their table shows and DEST has not"));
    cutover(&work, &["--cutover", "--like", "old.sql"]).code(2).says("error: no day is converted completely yet\n");
}

#[test]
fn logs_that_are_gone_from_source_stay_in_the_view() {
    let work = by_account();
    work.object(&Layout::Default.key(ACCOUNT, REGION, "2026-01-20", 0), text(0, 5));
    work.convert(&["--all"]).code(0);
    // Raw logs expire when they are converted: those of an account may all be gone.
    for account in [ACCOUNT, "444455556666"] {
        let region = if account == ACCOUNT { REGION } else { "eu-west-1" };
        work.remove(&format!("raw/{}", Layout::Default.key(account, region, DAY, 0)));
    }
    let view = cutover(&work, &["--cutover=view"]);
    let script = &view.code(0).stdout;
    assert!(script.contains(&format!("'projection.aws_account_id.values' = '{ACCOUNT},444455556666'")), "{script}");
    assert!(script.contains("BETWEEN '20260115' AND '20260115'"), "{script}");
    // SOURCE itself says whose they are.
    let one = format!("raw/AWSLogs/{ACCOUNT}/vpcflowlogs/{REGION}");
    let fixed = ["ddl", "table", "--source", &one, "--location", "s3://bucket/flow", "--cutover=view"];
    let view = work.run(&fixed);
    view.code(0).says(&format!("note: their table holds the account {ACCOUNT}, the Region {REGION}: of DEST"));
    assert!(!view.stdout.contains("444455556666"), "{}", view.stdout);
}
