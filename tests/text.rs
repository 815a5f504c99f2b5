//! How logs are written (line ends, blanks, headers, gzip members), and that every value arrives as it was.

use std::fmt::Write;

use flowparquet::LogType;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::util::{
    DAY, Row, V2, Value, Work, all_expected, assert_rows, expected, expected_row, expected_with, gz, key, line, text,
};

const ON_THIS_DAY: [&str; 2] = ["--day", DAY];

/// Converts one object and asserts its rows.
#[track_caller]
fn reads(content: impl AsRef<[u8]>, rows: &[Row]) {
    let work = Work::new();
    work.object(&key(0), content);
    let ran = work.convert(&ON_THIS_DAY);
    ran.code(0).totals(&[("objects", 1), ("rows_read", rows.len() as u64)]);
    assert_rows(&work.rows(), rows);
}

#[test]
fn crlf_line_ends() {
    reads(text(0, 5).replace('\n', "\r\n"), &expected(&text(0, 5)));
    reads(text(0, 5).replace('\n', "\r\n").trim_end(), &expected(&text(0, 5)));
}

#[test]
fn runs_of_blanks_and_blanks_around() {
    reads(text(0, 5).replace(' ', "   "), &expected(&text(0, 5)));
    reads(text(0, 5).replace('\n', "  \n  "), &expected(&text(0, 5)));
    reads(text(0, 5).replace('\n', " \r\n"), &expected(&text(0, 5)));
}

#[test]
fn a_missing_last_line_end() {
    reads(text(0, 5).trim_end(), &expected(&text(0, 5)));
}

#[test]
fn empty_lines_anywhere() {
    reads(format!("\n\r\n  \n{}\n \n\n", text(0, 5).replace('\n', "\n\n")), &expected(&text(0, 5)));
}

#[test]
fn repeated_header_lines() {
    let twice = format!("{}{}", text(0, 5), text(5, 5));
    reads(&twice, &all_expected([&text(0, 5), &text(5, 5)]));
    let thrice = format!("{V2}\r\n{V2}\n{}{V2}", text(0, 5));
    reads(&thrice, &expected(&text(0, 5)));
}

#[test]
fn a_second_header_may_begin_with_a_name_that_nobody_knows() {
    let work = Work::new();
    let second = format!("new-field {V2}\nabc {}\n-", line(7));
    work.object(&key(0), format!("{}{second}", text(0, 5)));
    work.convert(&ON_THIS_DAY).code(1).totals(&[("objects", 1), ("rows_written", 6), ("rows_rejected", 1)]);
    let mut rows = expected(&text(0, 5));
    rows.extend(expected(&format!("new-field {V2}\nabc {}\n", line(7))));
    rows.sort();
    assert_rows(&work.rows(), &rows);
    let verified = work.run(&["verify", "raw", "table", "--day", DAY]);
    assert!(verified.code == Some(0), "{}{}", verified.stdout, verified.stderr);
}

#[test]
fn zeros_behind_gzip_are_padding_and_other_bytes_are_damage() {
    let padded = |zeros: usize| [gz(text(0, 5)), vec![0; zeros]].concat();
    let work = Work::new();
    for (number, zeros) in (0..).zip([1, 4, 511, 100_000]) {
        work.write(&format!("raw/{}", key(number)), padded(zeros));
    }
    work.write(&format!("raw/{}", key(9)), [padded(9), gz(text(0, 5))].concat());
    let ran = work.convert(&ON_THIS_DAY);
    ran.code(1).totals(&[("objects", 4), ("objects_rejected", 1)]);
    ran.says("rejected: the gzip data is damaged: there is something behind its end\n");
    let once = expected(&text(0, 5));
    let mut rows: Vec<Row> = std::iter::repeat_n(once, 4).flatten().collect();
    rows.sort();
    assert_rows(&work.rows(), &rows);
    let verified = work.run(&["verify", "raw", "table", "--day", DAY]);
    assert!(!verified.stdout.contains("differ"), "{}", verified.stdout);
}

#[test]
fn another_header_in_the_middle_of_an_object() {
    let wider = format!("{V2} vpc-id tcp-flags\n{} vpc-1 19\n{} vpc-2 -\n", line(5), line(6));
    let narrow = "dstaddr srcaddr bytes\n10.0.0.1 10.0.0.2 77\n".to_owned();
    // The same number of fields in another order: only the line itself tells.
    let mut turned: Vec<&str> = V2.split(' ').collect();
    turned.reverse();
    let turned = format!("{}\n{}\n", turned.join(" "), line(9).split(' ').rev().collect::<Vec<_>>().join(" "));
    let texts = [text(0, 5), wider, narrow, turned, text(20, 3)];
    reads(texts.concat(), &all_expected(&texts));
}

#[test]
fn several_gzip_members() {
    let work = Work::new();
    let whole = text(0, 50);
    // Cut in the middle of lines, one member empty.
    let (first, rest) = whole.split_at(whole.len() / 3);
    let (second, third) = rest.split_at(1);
    let packed: Vec<u8> = [first, second, "", third].iter().flat_map(gz).collect();
    work.write(&format!("raw/{}", key(0)), packed);
    work.convert(&ON_THIS_DAY).code(0).totals(&[("objects", 1), ("rows_read", 50), ("text_bytes", whole.len() as u64)]);
    assert_rows(&work.rows(), &expected(&whole));
}

#[test]
fn plain_text_objects() {
    let work = Work::new();
    let texts = [text(0, 5), text(5, 5), text(10, 5)];
    work.write(&format!("raw/{}", key(0).replace(".log.gz", ".log")), &texts[0]);
    work.write(&format!("raw/{}", key(1).replace(".log.gz", ".txt")), &texts[1]);
    // Gzip under a plain name is gzip all the same.
    work.write(&format!("raw/{}", key(2).replace(".log.gz", ".log")), gz(&texts[2]));
    work.convert(&ON_THIS_DAY).code(0).totals(&[("objects", 3)]);
    assert_rows(&work.rows(), &all_expected(&texts));
}

#[test]
fn unknown_fields_become_string_columns() {
    let work = Work::new();
    let newer = format!("{V2} next-big-Thing day\n{} 12 monday\n{} - -\n", line(0), line(1));
    work.object(&key(0), &newer);
    work.object(&key(1), text(2, 2));
    let ran = work.convert(&ON_THIS_DAY);
    ran.code(0).says("warning: field \"day\" is unknown to this version: it became a string column\nwarning: field \"next-big-Thing\" is unknown to this version: it became a string column\n");
    assert_eq!(ran.report()["warnings"].as_array().unwrap().len(), 2);
    let rows = work.rows();
    let of = |column: &str| -> Vec<Option<Value>> { rows.iter().map(|row| row.get(column).cloned()).collect() };
    let some = |text: &str| Some(Value::Text(text.to_owned()));
    assert_eq!(of("next_big_thing"), [some("12"), some("-"), None, None]);
    // `day` is a folder of the table, which no column may be named after.
    assert_eq!(of("day_"), [some("monday"), some("-"), None, None]);
    assert_eq!(of("day"), [None, None, None, None]);
    assert_eq!(work.ledger()[1]["unknown_fields"], serde_json::json!(["day", "next-big-Thing"]));
}

#[test]
fn a_day_of_several_formats_has_the_union_of_their_columns() {
    let work = Work::new();
    let wide = LogType::Vpc.schema().names_up_to(u8::MAX).join(" ");
    let record: String =
        LogType::Vpc.schema().fields.iter().enumerate().fold(String::new(), |mut record, (at, field)| {
            let separator = if at > 0 { " " } else { "" };
            match field.column_type.athena() {
                "string" => write!(record, "{separator}v{at}").unwrap(),
                _ => write!(record, "{separator}{at}").unwrap(),
            }
            record
        });
    let texts = [
        text(0, 3),
        format!("{wide}\n{record}\n{}\n", vec!["-"; wide.split(' ').count()].join(" ")),
        "bytes dstaddr\n7 10.0.0.9\n".to_owned(),
        text(3, 3),
    ];
    for (number, content) in texts.iter().enumerate() {
        work.object(&key(number as u32), content);
    }
    work.convert(&ON_THIS_DAY).code(0).totals(&[("objects", 4), ("files", 1)]);
    assert_rows(&work.rows(), &all_expected(&texts));
    // Columns stand in AWS's order.
    let columns = work.ledger()[1]["file"]["columns"].clone();
    let columns: Vec<&str> =
        columns.as_array().unwrap().iter().map(|column| column["name"].as_str().unwrap()).collect();
    let all: Vec<&str> = LogType::Vpc.schema().fields.iter().map(|field| field.column.as_str()).collect();
    assert_eq!(columns, all);
}

#[test]
fn a_file_has_the_columns_of_its_inputs_only() {
    let work = Work::new();
    work.object(&key(0), "bytes dstaddr\n7 10.0.0.9\n");
    work.convert(&ON_THIS_DAY).code(0);
    let columns = work.ledger()[1]["file"]["columns"].clone();
    assert_eq!(
        columns,
        serde_json::json!([{"name": "dstaddr", "type": "string"}, {"name": "bytes", "type": "bigint"}])
    );
}

#[test]
fn a_dash_is_null_in_numbers_and_stays_in_strings() {
    let dashes = vec!["-"; 14].join(" ");
    let content = format!("{}{dashes}\n", text(0, 2));
    let work = Work::new();
    work.object(&key(0), &content);
    work.convert(&ON_THIS_DAY).code(0);
    let rows = work.rows();
    assert_rows(&rows, &expected(&content));
    let header: Vec<&str> = V2.split(' ').collect();
    let row = expected_row(&header, &dashes, false);
    assert_eq!(row.len(), 6, "six of the fields are strings: {row:?}");
    assert!(rows.contains(&row));

    work.convert_from("raw", "tidy", &["--day", DAY, "--dash-as-null"]).code(0);
    let rows = work.rows_of("tidy");
    assert_rows(&rows, &expected_with(&content, true));
    assert!(rows.contains(&Row::new()), "a row of nothing but NULLs is a row all the same");
}

#[test]
fn every_compression_holds_the_same_rows() {
    let content = text(0, 500);
    let mut sizes = Vec::new();
    for compression in ["zstd", "zstd:1", "zstd:19", "snappy", "gzip", "none"] {
        let work = Work::new();
        work.object(&key(0), &content);
        let ran = work.convert(&["--day", DAY, "--compression", compression]);
        ran.code(0);
        assert_rows(&work.rows(), &expected(&content));
        sizes.push(ran.total("output_bytes"));
    }
    assert!(sizes[0] < sizes[5], "{sizes:?}");
}

#[test]
fn nothing_is_dropped_because_it_is_equal_or_says_nodata() {
    let nodata = "2 123456789012 eni-1 - - - - - - - 1768435200 1768435260 - NODATA\n";
    let skip = "2 123456789012 eni-1 - - - - - - - 1768435200 1768435260 - SKIPDATA\n";
    let content = format!("{V2}\n{}", [nodata, nodata, skip, &(line(1) + "\n"), &(line(1) + "\n")].concat());
    reads(&content, &expected(&content));
}

#[test]
fn rows_of_many_objects_all_arrive() {
    let work = Work::new();
    let texts: Vec<String> = (0..300).map(|number| text(number * 40, number % 40)).collect();
    for (number, content) in texts.iter().enumerate() {
        work.object(&key(number as u32), content);
    }
    work.convert(&ON_THIS_DAY).code(0).totals(&[("objects", 300)]);
    assert_rows(&work.rows(), &all_expected(&texts));
}

#[test]
fn an_object_with_far_more_text_than_bytes() {
    // 40 MB of text in some 100 kB: more than is held at once with little memory.
    let work = Work::new();
    let record = line(1) + "\n";
    let count = 400_000;
    let content = format!("{V2}\n{}", record.repeat(count));
    work.object(&key(0), &content);
    let ran = work.convert(&["--day", DAY, "--memory", "128MiB"]);
    ran.code(0).totals(&[("rows_written", count as u64), ("text_bytes", content.len() as u64)]);
    let header: Vec<&str> = V2.split(' ').collect();
    let row = expected_row(&header, record.trim_end(), false);
    let rows = work.rows();
    assert_eq!(rows.len(), count);
    assert!(rows.iter().all(|found| *found == row));
}

/// Any value that a field may have, as text.
fn any_value(field: &str) -> BoxedStrategy<String> {
    let field = LogType::ALL.iter().find_map(|log_type| log_type.schema().field(field)).unwrap();
    let number = match field.column_type.athena() {
        "int" => any::<i32>().prop_map(|v| v.to_string()).boxed(),
        "bigint" => any::<i64>().prop_map(|v| v.to_string()).boxed(),
        _ => "[!-~\u{a1}-\u{2ff}\u{4e00}-\u{4e10}]{1,12}".boxed(),
    };
    prop_oneof![1 => Just("-".to_owned()), 4 => number, 1 => "[0-9]{1,9}"].boxed()
}

#[test]
fn random_records_arrive() {
    let formats = [V2, "srcaddr bytes", "tcp-flags pkt-srcaddr end traffic-path instance-tag"];
    let record = |format: &'static str| {
        let values: Vec<BoxedStrategy<String>> = format.split(' ').map(any_value).collect();
        prop::collection::vec(values.prop_map(|values| values.join(" ")), 0..40).prop_map(move |lines| {
            format!("{format}\n{}", lines.iter().map(|line| format!("{line}\n")).collect::<String>())
        })
    };
    let object = prop_oneof![record(formats[0]), record(formats[1]), record(formats[2])];
    let objects = prop::collection::vec(object, 1..6);
    let mut runner = TestRunner::new(Config { cases: 25, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&objects, |texts| {
        let work = Work::new();
        for (number, content) in texts.iter().enumerate() {
            work.object(&key(number as u32), content);
        }
        work.convert(&ON_THIS_DAY).code(0);
        assert_rows(&work.rows(), &all_expected(&texts));
        Ok(())
    });
    outcome.unwrap();
}
