//! Objects of both log types: headers of VPC and Transit Gateway logs in one object, and in one source.

use serde_json::Value as Json;

use crate::util::{ACCOUNT, DAY, REGION, Row, V2, Work, assert_rows, expected_row, key, line, text};

const TGW: &str = "version resource-type account-id tgw-id srcaddr dstaddr";
/// Of both types alike.
const EITHER: &str = "version account-id srcaddr dstaddr bytes";

fn tgw_line(number: u64) -> String {
    format!("6 TransitGateway {ACCOUNT} tgw-1 10.0.0.1 10.9.0.{}", number % 256)
}

fn either_line(number: u64) -> String {
    format!("2 {ACCOUNT} 10.0.0.1 10.8.0.{} {number}", number % 256)
}

/// What a table of a log type has of an object.
#[derive(Debug, Default, PartialEq)]
struct Model {
    rows: Vec<Row>,
    rejected: u64,
    others: u64,
    /// Whether a header is of this log type, or of either.
    ours: bool,
}

impl Model {
    /// Reads an object plainly: every line by the header line above it.
    fn of(object: &str, log_type: &str) -> Self {
        let (mut found, mut header) = (Self::default(), "");
        for line in object.lines().filter(|line| !line.trim().is_empty()) {
            if let Some(met) = [V2, TGW, EITHER].into_iter().find(|header| *header == line) {
                header = met;
                found.ours |= header == EITHER || (header == TGW) == (log_type == "tgw");
            } else if header != EITHER && (header == TGW) != (log_type == "tgw") {
                found.others += 1;
            } else if header.split(' ').count() == line.split(' ').count() {
                found.rows.push(expected_row(&header.split(' ').collect::<Vec<_>>(), line, false));
            } else {
                found.rejected += 1;
            }
        }
        found
    }
}

/// Returns objects of up to four pieces: header lines of every kind and records of every kind, in every order.
fn objects() -> Vec<String> {
    let (headers, mut objects) = ([V2, TGW, EITHER], Vec::new());
    let piece = |kind: usize, number: u64| match kind {
        0..3 => format!("{}\n", headers[kind]),
        3 => format!("{}\n{}\n", line(number), line(number + 1)),
        4 => format!("{}\n", tgw_line(number)),
        _ => format!("\n{}\r\n", either_line(number)),
    };
    let mut number = 0;
    for (first, second, third) in (0..3).flat_map(|a| (0..6).flat_map(move |b| (0..6).map(move |c| (a, b, c)))) {
        for fourth in 3..6 {
            number += 10;
            let pieces = [first, second, third, fourth].into_iter().zip(number..).map(|(kind, n)| piece(kind, n));
            objects.push(pieces.collect());
        }
    }
    objects
}

#[test]
fn every_line_goes_to_the_table_of_the_header_above_it() {
    let work = Work::new();
    let objects = objects();
    for (number, object) in objects.iter().enumerate() {
        work.object(&key(number as u32), object);
    }
    for log_type in ["vpc", "tgw"] {
        let models: Vec<Model> = objects.iter().map(|object| Model::of(object, log_type)).collect();
        let ours = models.iter().filter(|model| model.ours);
        let sum = |of: fn(&Model) -> u64| ours.clone().map(of).sum::<u64>();
        let ran = work.convert_from("raw", log_type, &["--day", DAY, "--log-type", log_type]);
        let mut rows: Vec<Row> = ours.clone().flat_map(|model| model.rows.clone()).collect();
        rows.sort();
        ran.totals(&[
            ("rows_written", rows.len() as u64),
            ("rows_rejected", sum(|model| model.rejected)),
            ("rows_of_other_type", sum(|model| model.others)),
            ("objects_mixed", sum(|model| u64::from(model.others > 0))),
            ("objects_of_other_type", models.iter().filter(|model| !model.ours).count() as u64),
        ]);
        assert_rows(&work.rows_of(log_type), &rows);
        // The second reader has the same of it.
        let ran = work.run(&["verify", "raw", log_type, "--all", "--json"]);
        let found: Json = serde_json::from_str(&ran.code(0).stdout).unwrap();
        assert_eq!(found["rows_read"], rows.len() as u64);
    }
}

#[test]
fn it_does_not_matter_how_an_object_is_read() {
    // Read in pieces, and packed as several members.
    let work = Work::new();
    let big = format!("{}{TGW}\n{}\n{}", text(0, 40_000), tgw_line(1), text(40_000, 30_000));
    work.write(&format!("raw/{}", key(0).trim_end_matches(".gz")), &big);
    work.object(&key(1), format!("{TGW}\n{}\n{}", tgw_line(2), text(70_000, 5)));
    for memory in ["128MiB", "2GiB"] {
        let ran = work.convert(&["--day", DAY, "--log-type", "vpc", "--memory", memory]);
        ran.code(0).totals(&[("rows_written", 70_005), ("rows_of_other_type", 2), ("objects_mixed", 2)]);
        work.remove("table");
    }
}

#[test]
fn lines_of_the_other_type_are_named_and_are_no_alarm_if_the_type_was_said() {
    let work = Work::new();
    let mixed = format!("{}{TGW}\n{}\n", text(0, 3), tgw_line(1));
    work.object(&key(0), &mixed);
    work.object(&key(1), format!("{TGW}\n{}\n", tgw_line(2)));
    work.object(&key(2), text(5, 2));
    let said = format!(
        "mixed: 1 line behind a header line of Transit Gateway Flow Logs left alone: convert with --log-type tgw into \
         another DEST\n  at WORK/raw/{}\n",
        key(0)
    );
    let ran = work.convert(&["--day", DAY]);
    ran.code(1).says(&said);
    assert_eq!(ran.report()["mixed"].as_array().unwrap().len(), 1);
    assert_eq!(work.ledger()[1]["other_type_rows"], 1);
    // As long as nobody says that it is meant.
    work.convert(&["--day", DAY]).code(1);
    work.convert(&["--day", DAY, "--log-type", "vpc"]).code(0);
    for (log_type, rows) in [("vpc", 5), ("tgw", 2)] {
        let ran = work.convert_from("raw", log_type, &["--day", DAY, "--log-type", log_type]);
        ran.code(0).totals(&[("rows_written", rows), ("rows_rejected", 0)]);
        work.run(&["verify", "raw", log_type, "--all"]).code(0);
    }
}

#[test]
fn a_said_format_founds_a_table_of_its_type() {
    let fields = |header: &str| header.split(' ').map(|name| format!("${{{name}}}")).collect::<Vec<_>>().join(" ");
    // Fields of both types, most of them of Transit Gateways.
    let more = format!("{TGW} vpc-id");
    for format in [TGW, more.as_str()] {
        let work = Work::new();
        let record = if format == TGW { tgw_line(1) } else { format!("{} vpc-1", tgw_line(1)) };
        work.object(&key(0), format!("{record}\n"));
        // One with a header speaks for itself, and the newest object for all of them.
        work.object("AWSLogs/999999999999/vpcflowlogs/eu-west-1/2025/01/15/x_20250115T0000Z_0.log.gz", text(0, 2));
        let args = ["--day", DAY, "--log-format", &fields(format)];
        let ran = work.convert(&args);
        ran.code(0).totals(&[("rows_written", 1), ("objects_of_other_type", 0)]);
        assert_eq!(ran.report()["log_type"], "tgw");
        assert_rows(&work.rows(), &[expected_row(&format.split(' ').collect::<Vec<_>>(), &record, false)]);
        work.run(&["verify", "raw", "table", "--day", DAY]).code(0);
    }
    assert_ne!(REGION, "eu-west-1");
}
