//! `verify`: that it agrees with every way logs are written, and finds every row that is not what it should be.

use std::fs;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use arrow_array::{Array, ArrayRef, Int32Array, RecordBatch, StringArray};
use arrow_select::concat::concat_batches;
use flate2::Compression;
use flate2::write::GzEncoder;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::properties::WriterProperties;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value as Json;

use crate::golden::golden;
use crate::util::{ACCOUNT, DAY, Layout, REGION, Ran, V2, Work, gz, key, line, text};

const ON_THIS_DAY: [&str; 2] = ["--day", DAY];

impl Work {
    /// Verifies `table` against `raw`, as JSON.
    fn verify(&self, args: &[&str]) -> Ran {
        self.run(&[&["verify", "raw", "table", "--json", "--progress", "none", "--day", DAY], args].concat())
    }

    /// Verifies as people do.
    fn verify_text(&self, args: &[&str]) -> Ran {
        self.run(&[&["verify", "raw", "table", "--day", DAY], args].concat())
    }

    /// Returns the only file of the table.
    fn only_file(&self) -> String {
        let [file] = self.parquet_files("table").try_into().unwrap();
        format!("table/{file}")
    }

    /// Changes a ledger entry of the usual day.
    fn change_entry(&self, number: u32, change: impl FnOnce(&mut Json)) {
        let path = self.path(&self.entry(number));
        let mut entry: Json = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        change(&mut entry);
        if entry.get("inputs").is_some() {
            // Of later versions the name of the file is computed again.
            entry["version"] = 2.into();
        }
        fs::write(path, serde_json::to_vec(&entry).unwrap()).unwrap();
    }

    /// Puts other content where an object was, which the ledger then takes for the same.
    fn change_unseen(&self, number: u32, text: &str) {
        let path = self.path(&self.object(&key(number), text));
        let (size, etag) = (fs::metadata(&path).unwrap().len(), self.etag(number));
        self.change_entry(1, |entry| {
            for input in entry["inputs"].as_array_mut().unwrap() {
                if input["key"].as_str().unwrap().ends_with(&key(number)) {
                    input["size"] = size.into();
                    input["etag"] = etag.clone().into();
                }
            }
        });
    }

    /// Returns the ETag that the local store gives an object.
    fn etag(&self, number: u32) -> String {
        // A table of this object alone says it.
        let scratch = self.path("scratch");
        let _ = fs::remove_dir_all(&scratch);
        let ran = self.convert_from("raw", "scratch", &ON_THIS_DAY);
        assert!([Some(0), Some(1)].contains(&ran.code), "{ran:?}");
        let mut etag = None;
        for file in self.files("scratch/_flowparquet/ledger") {
            let entry = fs::read(scratch.join("_flowparquet/ledger").join(file)).unwrap();
            let entry: Json = serde_json::from_slice(&entry).unwrap();
            for input in entry["inputs"].as_array().into_iter().flatten() {
                if input["key"].as_str().unwrap().ends_with(&key(number)) {
                    etag = Some(input["etag"].as_str().unwrap().to_owned());
                }
            }
        }
        etag.unwrap()
    }
}

/// Returns the only partition.
#[track_caller]
fn partition(ran: &Ran) -> Json {
    let partitions = ran.report()["partitions"].clone();
    assert_eq!(partitions.as_array().unwrap().len(), 1, "{partitions}");
    partitions[0].clone()
}

/// Returns what differs of the only file that does: what is compared, and by raw, Parquet and ledger.
#[track_caller]
fn differences(ran: &Ran) -> Vec<(String, String, String, String)> {
    let files = partition(ran)["differing"].clone();
    assert_eq!(files.as_array().unwrap().len(), 1, "{files}");
    let of = |difference: &Json, key: &str| difference[key].as_str().unwrap_or_default().to_owned();
    let list = files[0]["differences"].as_array().unwrap().iter();
    list.map(|d| (of(d, "what"), of(d, "raw"), of(d, "parquet"), of(d, "ledger"))).collect()
}

#[track_caller]
fn has(ran: &Ran, what: &str, raw: &str, parquet: &str, ledger: &str) {
    let wanted = (what.to_owned(), raw.to_owned(), parquet.to_owned(), ledger.to_owned());
    let found = differences(ran);
    assert!(found.contains(&wanted), "{wanted:?} is not among\n{found:#?}");
}

/// Returns the lone rows of a side: count, and object or file, number, and a column's value of the first ones.
#[track_caller]
fn lone(ran: &Ran, side: &str, column: &str) -> (u64, Vec<(String, u64, String)>) {
    let rows = partition(ran)["differing"][0][side].clone();
    let first = rows["first"].as_array().unwrap().iter().map(|row| {
        let value = row["row"][column].as_str().unwrap_or("NULL").to_owned();
        (row["object"].as_str().unwrap().to_owned(), row["number"].as_u64().unwrap(), value)
    });
    (rows["count"].as_u64().unwrap(), first.collect())
}

/// Converts, verifies, and asserts that all agrees: so many rows, so many rejected.
#[track_caller]
fn agrees(work: &Work, args: &[&str], rows: u64, rejected: u64) -> Ran {
    let converted = work.convert(&[&ON_THIS_DAY[..], args].concat());
    converted.code(i32::from(rejected > 0)).totals(&[("rows_written", rows), ("rows_rejected", rejected)]);
    let ran = work.verify(&[]);
    ran.code(0).says_only("");
    let partition = partition(&ran);
    assert_eq!((&partition["verdict"], &partition["rows"]), (&"agrees".into(), &rows.into()), "{partition}");
    assert_eq!((&partition["rejected_rows"], &ran.report()["rows_read"]), (&rejected.into(), &rows.into()));
    assert_eq!(partition["files"], partition["files_compared"]);
    ran
}

/// Returns a header line with sixty names of no schema, and a record.
fn growing(name: &str) -> String {
    let names: String = (0..60).map(|at| format!(" {name}{at}")).collect();
    format!("{V2}{names}\n{}{}\n", line(7), " x".repeat(60))
}

// ---- Agreement: every rule of how logs are written

#[test]
fn agrees_on_every_way_a_log_is_written() {
    let cases: Vec<(&str, Vec<u8>, u64, u64)> = vec![
        ("as AWS writes", gz(text(0, 5)), 5, 0),
        ("crlf", gz(text(0, 5).replace('\n', "\r\n")), 5, 0),
        ("runs of blanks", gz(text(0, 5).replace(' ', "   ")), 5, 0),
        ("blanks around", gz(text(0, 5).replace('\n', "  \r\n  ")), 5, 0),
        ("no last line end", gz(text(0, 5).trim_end()), 5, 0),
        ("a lone carriage return at the end", gz(text(0, 5).trim_end().to_owned() + "\r"), 5, 0),
        ("empty lines", gz(format!("\n\r\n  \n{}\n \n\n", text(0, 5).replace('\n', "\n\n"))), 5, 0),
        ("repeated headers", gz(format!("{V2}\r\n{}{}{V2}", text(0, 5), text(5, 5))), 10, 0),
        ("another header", gz(format!("{}srcaddr dstport bytes\n10.0.0.1 - 5\n{}", text(0, 2), text(2, 2))), 5, 0),
        ("several members", [gz(&text(0, 9)[..300]), gz(""), gz(&text(0, 9)[300..])].concat(), 9, 0),
        ("header only", gz(text(0, 0)), 0, 0),
        ("dashes", gz(format!("{V2}\n{}\n{} -\n", line(1), "- ".repeat(13).trim_end())), 2, 0),
        ("unknown names", gz(format!("{V2} next-big-Thing day\n{} 12 monday\n{} - -\n", line(0), line(1))), 2, 0),
        ("names of later headers that are too many", gz(growing("u") + &growing("w") + &text(3, 2)), 3, 1),
        ("too few and too many", gz(format!("{}a b\n{} x\n", text(0, 3), line(4))), 3, 2),
        ("no number", gz(text(0, 3).replacen(" 443 ", " 44x ", 1)), 2, 1),
        ("a plus", gz(text(0, 3).replacen(" 443 ", " +443 ", 1)), 2, 1),
        ("leading zeros and minus", gz(text(0, 3).replacen(" 443 ", " -00000000000000000000443 ", 1)), 3, 0),
        ("out of int", gz(text(0, 3).replacen(" 443 ", " 2147483648 ", 1)), 2, 1),
        ("least int", gz(text(0, 3).replacen(" 443 ", " -2147483648 ", 1)), 3, 0),
        ("out of bigint", gz(text(0, 1).replacen(" ACCEPT", "0000000000000 ACCEPT", 1)), 0, 1),
        ("tabs do not separate", gz(text(0, 3).replacen(" OK", "\tOK", 1)), 2, 1),
        ("controls and NUL are values", gz(text(0, 3).replacen(" OK", " \0\u{1b}[31m\u{7f}", 1)), 3, 0),
        ("unicode", gz(text(0, 3).replacen(" OK", " é\u{a0}\u{2028}😀", 1)), 3, 0),
        (
            "not UTF-8",
            {
                let mut bytes = text(0, 3).into_bytes();
                *bytes.last_chunk_mut::<3>().unwrap() = *b"\xffK\n";
                gz(bytes)
            },
            2,
            1,
        ),
        ("a value that is a field's name", gz(format!("{V2}\n{}\n", line(0).replacen('2', "type", 1))), 0, 1),
    ];
    let work = Work::new();
    for (what, object, rows, rejected) in cases {
        let _ = fs::remove_dir_all(work.path("raw"));
        let _ = fs::remove_dir_all(work.path("table"));
        work.write(&format!("raw/{}", key(0)), object);
        println!("{what}");
        agrees(&work, &[], rows, rejected);
        let _ = fs::remove_dir_all(work.path("table"));
        agrees(&work, &["--dash-as-null"], rows, rejected);
    }
}

/// Names that come late in one object and late in another one of the same file.
#[test]
fn agrees_on_unknown_names_that_are_too_many_together() {
    let work = Work::new();
    work.object(&key(0), text(0, 2) + &growing("u"));
    work.object(&key(1), text(2, 2) + &growing("w") + &growing("u") + &text(4, 1));
    agrees(&work, &[], 7, 1);
}

#[test]
fn agrees_on_plain_text_and_on_gzip_under_a_plain_name() {
    let work = Work::new();
    work.write(&format!("raw/{}", key(0).replace(".log.gz", ".log")), text(0, 5));
    work.write(&format!("raw/{}", key(1).replace(".log.gz", ".log")), gz(text(5, 5)));
    agrees(&work, &[], 10, 0);
}

#[test]
fn agrees_on_logs_without_a_header() {
    let work = Work::new();
    let format = V2.split(' ').map(|name| format!("${{{name}}}")).collect::<Vec<_>>().join(" ");
    work.object(&key(0), format!("{}\n{}\nx\n", line(0), line(1)));
    // One that has a header is read by that.
    work.object(&key(1), "srcaddr bytes\n10.0.0.1 7\n");
    work.object(&key(2), "\n \n");
    agrees(&work, &["--log-format", &format], 3, 1);
}

#[test]
fn agrees_on_a_day_of_several_formats_files_and_objects() {
    let work = Work::new();
    for number in 0..6_u32 {
        let from = u64::from(number) * 100;
        let wider =
            text(from, 50).replace(" log-status\n", " log-status vpc-id new\n").replace(" OK\n", " OK vpc-1 -\n");
        work.object(&key(number), if number % 2 == 0 { wider } else { text(from, 50) });
    }
    work.convert(&["--day", DAY, "--target-file-size", "1"]).code(0);
    work.object(&key(9), text(9_000, 3));
    let ran = agrees_all(&work, 303);
    let partition = partition(&ran);
    assert!(partition["files"].as_u64().unwrap() > 2, "{partition}");
    let counted = &partition["counted"];
    let sum: u64 =
        (0..6).flat_map(|n| (0..50).map(move |m| n * 100 + m)).chain(9_000..9_003).map(|n| n * 1_031 + 40).sum();
    assert_eq!((&counted["rows"], &counted["sum_bytes"]), (&303.into(), &sum.into()));
    assert_eq!((&counted["nulls"]["vpc_id"], &counted["nulls"]["bytes"]), (&153.into(), &0.into()));
    // The hash of a day does not depend on how it lies in files.
    let _ = fs::remove_dir_all(work.path("table"));
    let once = agrees(&work, &["--threads", "1", "--compression", "none"], 303, 0);
    let hash = |ran: &Ran| ran.report()["partitions"][0]["counted"]["hash"].clone();
    assert_eq!(hash(&ran), hash(&once));
}

#[track_caller]
fn agrees_all(work: &Work, rows: u64) -> Ran {
    work.convert(&ON_THIS_DAY).code(0);
    let ran = work.verify(&[]);
    ran.code(0);
    assert_eq!(ran.report()["rows_read"], rows);
    ran
}

#[test]
fn agrees_on_logs_of_another_type_among_them() {
    let work = Work::new();
    let tgw = "version resource-type account-id tgw-id srcaddr dstaddr\n6 TransitGateway 1 tgw-1 10.0.0.1 10.0.0.2\n";
    work.object(&key(0), tgw);
    work.object(&key(1), text(0, 5));
    work.convert(&["--day", DAY, "--log-type", "vpc"]).code(0);
    let ran = work.verify(&[]);
    ran.code(0);
    assert_eq!(partition(&ran)["other_type_objects"], 1);
    // An object that the ledger calls one of another type, and is none.
    work.change_unseen(0, &text(50, 2));
    let ran = work.verify(&[]);
    ran.code(1);
    let found = differences(&ran);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].0.ends_with(&key(0)) && found[0].3 == "of another log type", "{found:?}");
}

#[test]
fn both_readers_agree_on_random_text() {
    let names =
        prop::sample::subsequence(V2.split(' ').chain(["vpc-id", "new-1"]).collect::<Vec<_>>(), 1..6).prop_shuffle();
    let value = prop_oneof![
        4 => "[0-9]{1,12}", 2 => Just("-".to_owned()), 1 => "[+-]?[0-9]{0,22}", 2 => "[a-zA-Z0-9.:é\t\0-]{1,6}",
        1 => Just("version".to_owned()), 1 => Just("\u{feff}".to_owned()),
    ];
    let gap = prop_oneof![6 => Just(" "), 1 => Just("  "), 1 => Just("\t"), 1 => Just("\r")];
    let end = prop_oneof![6 => Just("\n"), 2 => Just("\r\n"), 1 => Just(" \n"), 1 => Just("\n\n")];
    let record = (prop::collection::vec((value, gap), 0..7), end);
    let object = (names, prop::collection::vec((record, 0..14_u8, any::<u8>()), 0..40), any::<bool>());
    let objects = prop::collection::vec(object, 1..6);
    let work = Work::new();
    let mut runner = TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
    let result = runner.run(&objects, |objects| {
        let _ = fs::remove_dir_all(work.path("raw"));
        let _ = fs::remove_dir_all(work.path("table"));
        for (number, (names, records, crlf)) in objects.iter().enumerate() {
            let mut text = names.join(" ").into_bytes();
            text.extend_from_slice(if *crlf { b"\r\n" } else { b"\n" });
            for ((values, end), odd, byte) in records {
                match odd {
                    0 => text.extend_from_slice(names.join(" ").as_bytes()),
                    1 => text.extend_from_slice(b"srcaddr version bytes"),
                    2 => text.push(*byte),
                    _ => {
                        // Mostly as many values as there are names.
                        let wanted = if *odd < 6 { values.len() } else { names.len() };
                        for (at, (value, gap)) in values.iter().cycle().take(wanted).enumerate() {
                            text.extend_from_slice(if at > 0 { gap.as_bytes() } else { b"" });
                            text.extend_from_slice(value.as_bytes());
                        }
                    }
                }
                text.extend_from_slice(end.as_bytes());
            }
            work.object(&key(number as u32), text);
        }
        let ran = work.convert(&["--day", DAY, "--log-type", "vpc"]);
        prop_assert!([Some(0), Some(1)].contains(&ran.code), "{:?}", ran);
        let left_out = ran.total("objects_rejected");
        let ran = work.verify_text(&[]);
        prop_assert!(ran.code == Some(i32::from(left_out > 0)) && !ran.stdout.contains("differ"), "{}", ran.stdout);
        Ok(())
    });
    if let Err(e) = result {
        panic!("{e}");
    }
}

// ---- Tampering: each is found, and named

/// Rewrites a Parquet file with the reference writer, with the footer's keys as they were.
pub fn rewrite(path: &Path, change: impl FnOnce(RecordBatch) -> RecordBatch) {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let keys = builder.metadata().file_metadata().key_value_metadata().cloned();
    let schema = builder.schema().clone();
    let batches: Vec<RecordBatch> = builder.build().unwrap().map(Result::unwrap).collect();
    let batch = change(concat_batches(&schema, &batches).unwrap());
    let properties = WriterProperties::builder().set_key_value_metadata(keys).build();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// Replaces a column.
fn with_column(batch: &RecordBatch, name: &str, change: impl FnOnce(&ArrayRef) -> ArrayRef) -> RecordBatch {
    let at = batch.schema().index_of(name).unwrap();
    let mut columns = batch.columns().to_vec();
    columns[at] = change(&columns[at]);
    RecordBatch::try_new(batch.schema(), columns).unwrap()
}

/// Returns the number of the row with this ENI, from 1.
fn row_of(path: &Path, eni: &str) -> u64 {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
    let mut row = 0;
    for batch in reader {
        let batch = batch.unwrap();
        let column =
            batch.column_by_name("interface_id").unwrap().as_any().downcast_ref::<StringArray>().unwrap().clone();
        for value in &column {
            row += 1;
            if value == Some(eni) {
                return row;
            }
        }
    }
    panic!("{eni} is not in the file");
}

fn eni(number: u64) -> String {
    format!("eni-{number:017x}")
}

/// Three objects of 40 rows, in one file.
fn small_table() -> (Work, String) {
    let work = Work::new();
    for number in 0..3_u32 {
        work.object(&key(number), text(u64::from(number) * 100, 40));
    }
    work.convert(&ON_THIS_DAY).code(0);
    work.verify(&[]).code(0);
    let file = work.only_file();
    (work, file)
}

fn raw(number: u32) -> String {
    format!("WORK/raw/{}", key(number))
}

#[test]
fn finds_a_changed_value() {
    let (work, file) = small_table();
    let row = row_of(&work.path(&file), &eni(117));
    rewrite(&work.path(&file), |batch| {
        with_column(&batch, "dstport", |column| {
            let values = column.as_any().downcast_ref::<Int32Array>().unwrap();
            let change = |(at, value)| if at as u64 + 1 == row { Some(444) } else { value };
            Arc::new(values.iter().enumerate().map(change).collect::<Int32Array>())
        })
    });
    let ran = work.verify(&[]);
    ran.code(1);
    assert!(differences(&ran).iter().any(|(what, ..)| what == "hash of the rows"));
    assert!(!differences(&ran).iter().any(|(what, ..)| what == "rows" || what.starts_with("sum")));
    // Object 1 begins with its header: record 17 of it stands in line 19.
    assert_eq!(lone(&ran, "missing", "dstport"), (1, vec![(raw(1), 19, "443".to_owned())]));
    let row = row_of(&work.path(&file), &eni(117));
    assert_eq!(lone(&ran, "extra", "dstport"), (1, vec![(format!("WORK/{file}"), row, "444".to_owned())]));
    assert_eq!(lone(&ran, "extra", "interface_id").1[0].2, eni(117));
}

#[test]
fn finds_a_value_that_became_null_and_a_null_that_became_a_value() {
    let (work, file) = small_table();
    rewrite(&work.path(&file), |batch| {
        with_column(&batch, "action", |column| {
            let values = column.as_any().downcast_ref::<StringArray>().unwrap();
            Arc::new(values.iter().enumerate().map(|(at, v)| if at == 7 { None } else { v }).collect::<StringArray>())
        })
    });
    let ran = work.verify(&[]);
    has(ran.code(1), "NULLs of action", "0", "1", "");
    assert_eq!(lone(&ran, "extra", "action").1[0].2, "NULL");
    assert_eq!(lone(&ran, "missing", "action").1[0].2, "ACCEPT");
}

#[test]
fn finds_a_dropped_and_a_doubled_row() {
    let (work, file) = small_table();
    let row = row_of(&work.path(&file), &eni(205));
    let at = row as usize - 1;
    rewrite(&work.path(&file), |batch| {
        concat_batches(&batch.schema(), &[batch.slice(0, at), batch.slice(at + 1, 119 - at)]).unwrap()
    });
    let ran = work.verify(&[]);
    has(ran.code(1), "rows", "120", "119", "120");
    has(&ran, "rows by the footer", "", "119", "120");
    assert_eq!(lone(&ran, "missing", "interface_id"), (1, vec![(raw(2), 7, eni(205))]));
    assert_eq!(lone(&ran, "extra", "interface_id"), (0, vec![]));

    // Dropped here, another one doubled: the number of rows is right.
    rewrite(&work.path(&file), |batch| concat_batches(&batch.schema(), &[batch.slice(3, 1), batch.clone()]).unwrap());
    let ran = work.verify(&[]);
    assert!(!differences(ran.code(1)).iter().any(|(what, ..)| what == "rows"));
    assert_eq!(lone(&ran, "missing", "interface_id"), (1, vec![(raw(2), 7, eni(205))]));
    assert_eq!(lone(&ran, "extra", "interface_id").0, 1);
}

#[test]
fn finds_a_changed_raw_line() {
    let (work, file) = small_table();
    let before = text(100, 40);
    // The ledger is made to believe that it is the object that was converted.
    work.change_unseen(1, &before.replacen(&line(103), &line(103).replace("ACCEPT", "REJECT"), 1));
    let ran = work.verify(&[]);
    assert_eq!(lone(ran.code(1), "missing", "action"), (1, vec![(raw(1), 5, "REJECT".to_owned())]));
    let row = row_of(&work.path(&file), &eni(103));
    assert_eq!(lone(&ran, "extra", "action"), (1, vec![(format!("WORK/{file}"), row, "ACCEPT".to_owned())]));
    // A line that does not fit any more.
    work.change_unseen(1, &before.replacen(&line(103), "2 unfit", 1));
    let ran = work.verify(&[]);
    has(ran.code(1), "rejected rows", "1", "", "0");
    has(&ran, "rows", "119", "120", "120");
    // An object that does not read to its end any more.
    work.change_unseen(1, &before);
    work.verify(&[]).code(0);
    let whole = fs::read(work.path(&format!("raw/{}", key(1)))).unwrap();
    work.change_unseen(1, &before);
    fs::write(work.path(&format!("raw/{}", key(1))), &whole[..whole.len() - 4]).unwrap();
    let (size, etag) = (whole.len() as u64 - 4, work.etag(1));
    work.change_entry(1, |entry| {
        entry["inputs"][1]["size"] = size.into();
        entry["inputs"][1]["etag"] = etag.into();
    });
    let ran = work.verify(&[]);
    let found = differences(ran.code(1));
    assert!(
        found.iter().any(|(what, raw, ..)| what.ends_with(&key(1)) && raw.starts_with("does not read to its end")),
        "{found:?}"
    );
}

#[test]
fn finds_a_changed_number_of_the_ledger() {
    for (name, what, raw, parquet) in [
        ("rows", "rows", "120", "120"),
        ("rejected_rows", "rejected rows", "0", ""),
        ("text_bytes", "bytes of text", "", ""),
    ] {
        let (work, _) = small_table();
        work.change_entry(2, |entry| entry[name] = 7.into());
        let ran = work.verify(&[]);
        let found = differences(ran.code(1));
        let found = found.iter().find(|(found, ..)| found == what).unwrap_or_else(|| panic!("{what}: {found:?}"));
        assert_eq!(found.3, "7");
        assert!(raw.is_empty() || (found.1 == raw && found.2 == parquet), "{found:?}");
        assert_eq!(lone(&ran, "missing", "srcaddr").0 + lone(&ran, "extra", "srcaddr").0, 0, "every row is there");
    }
    let (work, _) = small_table();
    work.change_entry(2, |entry| entry["file"]["bytes"] = 7.into());
    let ran = work.verify(&["--footers-only"]);
    assert_eq!(differences(ran.code(1)).len(), 1);
    assert_eq!(differences(&ran)[0].0, "size in bytes");
    work.change_entry(2, |entry| {
        entry["file"]["columns"].as_array_mut().unwrap().pop();
    });
    assert!(differences(work.verify(&["--footers-only"]).code(1)).iter().any(|(what, ..)| what == "columns"));
}

#[test]
fn finds_a_file_that_is_missing_damaged_or_nobodys() {
    let (work, file) = small_table();
    let whole = fs::read(work.path(&file)).unwrap();
    // A byte in the middle of the pages.
    let mut flipped = whole.clone();
    (0..40).for_each(|at| flipped[200 + at] ^= 0x5a);
    fs::write(work.path(&file), flipped).unwrap();
    assert!(!differences(work.verify(&[]).code(1)).is_empty());
    work.verify(&["--footers-only"]).code(0);
    fs::write(work.path(&file), &whole[..whole.len() - 9]).unwrap();
    let found = differences(work.verify(&[]).code(1));
    assert!(
        found.iter().any(|(what, _, parquet, _)| what == "file" && parquet == "it is no Parquet file"),
        "{found:?}"
    );
    work.remove(&file);
    let ran = work.verify(&[]);
    assert_eq!(differences(ran.code(1))[0].2, "missing");
    work.write(&file, &whole);
    let ran = work.verify(&[]);
    ran.code(0);

    let copy = file.replace(".parquet", "-copy.parquet");
    work.write(&copy, &whole);
    work.write(&file.replace("part-", "_part-"), "hidden");
    work.write(&format!("{}/sub/x.parquet", file.rsplit_once('/').unwrap().0), &whole);
    let ran = work.verify(&[]);
    let unknown = partition(ran.code(1))["unknown_files"].clone();
    assert_eq!(unknown["count"], 2, "{unknown}");
    assert_eq!(unknown["first"][0]["object"], format!("WORK/{copy}"));
    // A day that no ledger knows of.
    let other = "table/year=2026/month=01/day=16/x.parquet";
    work.write(other, &whole);
    let ran = work.run(&["verify", "raw", "table", "--json", "--day", "2026-01-16"]);
    assert_eq!(partition(ran.code(1))["unknown_files"]["first"][0]["object"], format!("WORK/{other}"));
    assert_eq!(
        work.run(&["verify", "raw", "table", "--json", "--all"]).code(1).report()["partitions"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn many_differences_are_counted_and_the_first_ones_shown() {
    let (work, file) = small_table();
    rewrite(&work.path(&file), |batch| {
        with_column(&batch, "srcport", |column| Arc::new(Int32Array::from(vec![-1; column.len()])))
    });
    let ran = work.verify(&[]);
    let (missing, first) = lone(ran.code(1), "missing", "srcport");
    assert_eq!((missing, first.len()), (120, 20));
    assert_eq!((first[0].0.as_str(), first[0].1, first[19].1), (raw(0).as_str(), 2, 21));
    let (extra, first) = lone(&ran, "extra", "srcport");
    assert_eq!((extra, first.len(), first[0].1, first[19].1), (120, 20, 1, 20));
}

// ---- What is there and what is not

#[test]
fn raw_objects_that_are_gone_are_no_error() {
    let (work, file) = small_table();
    work.remove(&format!("raw/{}", key(1)));
    let ran = work.verify(&[]);
    let partition = partition(ran.code(0));
    assert_eq!((&partition["verdict"], &partition["files_compared"]), (&"agrees".into(), &0.into()));
    assert_eq!(partition["gone"]["first"][0]["object"], raw(1));
    assert_eq!(partition["not_compared"]["first"][0]["reason"], "1 of its 3 raw objects are gone or changed");
    // What can still be known is.
    rewrite(&work.path(&file), |batch| {
        with_column(&batch, "srcport", |column| Arc::new(Int32Array::from(vec![-1; column.len()])))
    });
    work.change_entry(2, |entry| entry["file"]["bytes"] = fs::metadata(work.path(&file)).unwrap().len().into());
    let ran = work.verify(&[]);
    assert!(differences(ran.code(1)).iter().any(|(what, ..)| what == "SHA-256 of the file"));
}

#[test]
fn objects_that_changed_or_are_not_converted_are_named() {
    let (work, _) = small_table();
    sleep(Duration::from_millis(20));
    work.object(&key(1), text(100, 41));
    work.object(&key(5), text(500, 3));
    let ran = work.verify(&[]);
    let partition = partition(ran.code(1));
    assert_eq!((&partition["verdict"], &partition["differing"]), (&"incomplete".into(), &serde_json::json!([])));
    assert_eq!(partition["changed"]["first"][0]["object"], raw(1));
    assert_eq!(partition["not_converted"]["first"][0]["object"], raw(5));
    let ran = work.verify_text(&[]);
    assert!(ran.stdout.contains("1 object not converted, 1 object changed"), "{}", ran.stdout);
}

#[test]
fn rejected_objects_and_unfinished_claims_are_named() {
    let work = Work::new();
    work.object(&key(0), text(0, 40));
    work.write(&format!("raw/{}", key(1)), "broken");
    work.convert(&ON_THIS_DAY).code(1);
    let ran = work.verify(&[]);
    let found = partition(ran.code(1));
    assert_eq!((&found["verdict"], &found["files_compared"]), (&"incomplete".into(), &1.into()));
    assert_eq!(found["not_converted"]["first"][0]["object"], raw(1));
    // It is mended, and converted.
    sleep(Duration::from_millis(20));
    work.object(&key(1), text(100, 40));
    work.convert(&ON_THIS_DAY).code(0);
    work.verify(&[]).code(0);
    work.object(&key(2), text(200, 40));
    work.convert(&ON_THIS_DAY).code(0);
    work.remove(&work.entry(7)); // The fifth is the verification.
    let found = partition(work.verify(&[]).code(1));
    assert_eq!((&found["unfinished"]["count"], &found["unknown_files"]["count"]), (&1.into(), &0.into()), "{found}");
}

// ---- The record

#[test]
fn what_differs_is_not_safe_to_expire_whatever_was_found_before() {
    let work = Work::new();
    work.object(&key(0), text(0, 20));
    work.convert(&ON_THIS_DAY).code(0);
    work.verify(&[]).code(0);
    let expire = |code| work.run(&["status", "table", "--safe-to-expire", "--source", "raw"]).code(code).stderr.clone();
    expire(0);
    let file = work.path("table").join(work.parquet_files("table").remove(0));
    let whole = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    work.verify(&["--no-record"]).code(1);
    assert!(expire(1).contains(" is gone, or has another size than the ledger says: run verify\n"));
    work.verify(&["--footers-only"]).code(1);
    work.verify(&[]).code(1); // Not again what is known.
    assert_eq!(work.entries(), ["claim", "done", "verified", "verified"]);
    let said = expire(1);
    assert!(said.contains("the last verify found that something differs: run it again to see what\n"), "{said}");
    let ran = work.run(&["status", "table"]);
    assert!(ran.code(1).stdout.contains("  verify found a difference: run it again to see it\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("...d..."), "{}", ran.stdout);
    let ran = work.run(&["ledger", "table", "--day", DAY]);
    assert!(ran.stdout.ends_with(", something differs\n"), "{}", ran.stdout);
    fs::write(&file, whole).unwrap();
    work.verify(&[]).code(0);
    expire(0);
    work.run(&["status", "table"]).code(0);
}

#[test]
fn a_folder_with_something_new_is_not_safe_to_expire() {
    let work = Work::new();
    (0..3_u32).for_each(|number| drop(work.object(&key(number), text(u64::from(number) * 100, 20))));
    work.convert(&ON_THIS_DAY).code(0);
    work.verify(&[]).code(0);
    let expire = |args: &[&str], code| {
        let ran = work.run(&[&["status", "table", "--safe-to-expire"], args].concat());
        ran.code(code);
        (ran.stdout.lines().count(), ran.stderr.clone())
    };
    let from_source = &["--source", "raw"];
    assert_eq!(expire(from_source, 0), (1, "1 of 1 folder are converted and verified\n".to_owned()));
    // Late: the ledger cannot know of it.
    work.object(&key(7), text(700, 20));
    let (folders, said) = expire(from_source, 1);
    assert_eq!(folders, 0);
    assert!(said.contains(&format!("file://WORK/raw/{} is not converted as it is now: run convert", key(7))), "{said}");
    // In a folder below, which goes with it.
    work.remove(&format!("raw/{}", key(7)));
    assert_eq!(expire(from_source, 0).0, 1);
    let (folder, name) = key(8).rsplit_once('/').map(|(folder, name)| (folder.to_owned(), name.to_owned())).unwrap();
    work.object(&format!("{folder}/05/{name}"), text(800, 20));
    assert_eq!(expire(from_source, 1).0, 0);
    work.remove(&format!("raw/{folder}/05/{name}"));
    // Changed since.
    sleep(Duration::from_millis(20));
    work.object(&key(1), text(900, 20));
    assert_eq!(expire(from_source, 1).0, 0);
    work.convert(&ON_THIS_DAY).code(0);
    work.verify(&[]).code(0);
    assert_eq!(expire(from_source, 0).0, 1);
}

#[test]
fn what_agrees_is_recorded_until_something_changes() {
    let work = Work::new();
    for number in 0..3_u32 {
        work.object(&key(number), text(u64::from(number) * 100, 20));
        work.convert(&ON_THIS_DAY).code(0);
    }
    let expire = |code| work.run(&["status", "table", "--safe-to-expire", "--source", "raw"]).code(code).stdout.clone();
    let calendar = || work.run(&["status", "table", "--json"]).report()["places"][0]["calendar"]["2026-01"].to_string();
    work.verify(&["--footers-only"]).code(0);
    assert_eq!(expire(1), "", "footers alone are not enough to delete raw logs");
    work.verify(&[]).code(0);
    let entries = work.entries();
    assert_eq!(entries[6..], ["verified", "verified"]);
    let folder = key(0).rsplit_once('/').unwrap().0.to_owned();
    assert_eq!(expire(0), format!("file://WORK/raw/{folder}/\n"));
    assert!(calendar().contains('L'), "{}: late, and verified", calendar());
    // Not again what is known, and nothing that reads less hides it.
    work.verify(&[]).code(0);
    work.verify(&["--footers-only"]).code(0);
    assert_eq!(work.entries(), entries);
    // A merge changes the files, not the rows: it is verified anew, against the objects of all of them.
    work.run(&["compact", "table", "--min-age", "0"]).code(0);
    assert_eq!(expire(1), "");
    let found = partition(work.verify(&[]).code(0));
    assert_eq!((&found["files_compared"], &found["counted"]["rows"]), (&1.into(), &60.into()));
    assert_eq!(expire(0).lines().count(), 1);
    sleep(Duration::from_millis(20));
    work.object(&key(1), text(500, 25));
    work.convert(&ON_THIS_DAY).code(0);
    assert!(calendar().contains('l'), "{}", calendar());
    let found = partition(work.verify(&[]).code(0));
    assert_eq!(found["counted"]["rows"], 65);
    // What is gone from SOURCE then stays converted and verified.
    work.remove(&format!("raw/{}", key(2)));
    work.verify(&[]).code(0);
    assert_eq!(expire(0).lines().count(), 1);
}

#[test]
fn source_may_be_given_higher_than_it_was_and_nothing_outside_is_read() {
    let (work, _) = small_table();
    work.object(&Layout::Default.key(ACCOUNT, "eu-west-1", "2026-01-14", 0), text(0, 1));
    let other = format!("raw/AWSLogs/{ACCOUNT}/vpcflowlogs/eu-west-1");
    let ran = work.run(&["verify", &other, "table", "--day", DAY, "--json"]);
    let found = partition(ran.code(0));
    assert_eq!(found["files_compared"], 0);
    let why = found["not_compared"]["first"][0]["reason"].as_str().unwrap();
    assert!(why.starts_with("its raw objects lie elsewhere, not below SOURCE: "), "{why}");
    let higher = work.run(&["verify", ".", "table", "--day", DAY, "--json"]);
    assert_eq!(partition(&higher)["files_compared"], 1, "keys are whole: the objects are found where they are");
    work.run(&["verify", "raw", "table", "--day", DAY, "--region", REGION]).code(0);
}

#[test]
fn a_sample_is_the_same_every_time() {
    let work = Work::new();
    for number in 0..8_u32 {
        work.object(&key(number), text(u64::from(number) * 100, 20));
    }
    work.convert(&["--day", DAY, "--target-file-size", "1"]).code(0);
    let files = work.parquet_files("table").len() as u64;
    assert!(files >= 4, "{files}");
    let compared = |args: &[&str]| {
        let ran = work.verify(args);
        let partition = partition(ran.code(0));
        (partition["files_compared"].as_u64().unwrap(), partition["counted"]["hash"].clone())
    };
    assert_eq!(compared(&["--sample", "1"]).0, 1, "at least one");
    let half = compared(&["--sample", "50%"]);
    assert_eq!(half.0, files.div_ceil(2));
    assert_eq!(compared(&["--sample", "50", "--threads", "1"]), half);
    assert_eq!(compared(&["--sample", "100"]).0, files);
    let footers = work.verify(&["--footers-only"]);
    assert_eq!(
        (footers.code(0).report()["rows_read"].clone(), footers.report()["source_requests"]["get"].clone()),
        (0.into(), 0.into())
    );
    for bad in ["0", "-1", "101", "x"] {
        work.verify(&[&format!("--sample={bad}")]).code(2);
    }
    work.verify(&["--sample", "1", "--footers-only"]).code(2);
}

#[test]
fn what_cannot_be_verified_is_refused() {
    let work = Work::new();
    work.object(&key(0), text(0, 1));
    work.verify(&[]).code(2).says("error: nothing is converted here yet\n");
    work.verify(&["--threads", "0"]).code(2).says("error: --threads must be at least 1\n");
    work.convert(&ON_THIS_DAY).code(0);
    let ran = work.run(&["verify", "raw", "table", "--day", "2026-01-10"]);
    assert_eq!(ran.code(0).stdout, "nothing to compare: neither raw objects nor Parquet of these days\n");
}

#[test]
fn reads_objects_that_are_too_large_to_be_held() {
    let work = Work::new();
    // Hardly packed, so that it is read piece by piece.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
    std::io::Write::write_all(&mut encoder, text(0, 80_000).as_bytes()).unwrap();
    work.write(&format!("raw/{}", key(0)), encoder.finish().unwrap());
    agrees(&work, &[], 80_000, 0);
}

#[test]
fn what_people_see() {
    let (work, file) = small_table();
    work.object(&key(7), text(700, 2));
    work.write(&format!("raw/{}", key(8)), "broken");
    work.convert(&ON_THIS_DAY).code(1);
    rewrite(&work.path(&file), |batch| batch.slice(0, 119));
    work.object(&key(9), text(900, 2));
    let stable = |ran: &Ran| {
        let mut text = String::new();
        for line in ran.stdout.lines() {
            // Sizes are those of this version, times and names those of this machine.
            let line = match line.split_once("/part-") {
                Some((folder, _)) => format!("{folder}/part-NAME.parquet"),
                None => line.to_owned(),
            };
            let line = match line.split_once(", in ") {
                Some((sum, _)) => format!("{sum}, in TIME"),
                None if line.starts_with("  size in bytes") => "  size in bytes: SIZES".to_owned(),
                None if line.starts_with("  SHA-256") => "  SHA-256 of the file: HASHES".to_owned(),
                None => line,
            };
            text.push_str(&line);
            text.push('\n');
        }
        text
    };
    golden("verify.txt", &stable(work.verify_text(&[]).code(1)));
    golden("verify-footers.txt", &stable(work.verify_text(&["--footers-only"]).code(1)));
    let (work, _) = small_table();
    golden("verify-agrees.txt", &stable(work.verify_text(&[]).code(0)));
    let mut json = work.verify(&[]).code(0).report();
    (json["seconds"], json["started"], json["tool"]) = (0.into(), "TIME".into(), "flowparquet VERSION".into());
    golden("verify.json", &(serde_json::to_string_pretty(&json).unwrap() + "\n"));
    let (seen, json) = (work.files("table"), work.verify(&["--no-record"]));
    json.code(0);
    assert_eq!(work.files("table"), seen, "--no-record writes nothing");
}

/// Lines of blanks and CRs above the first record: no header line says that they stand above it, so they are records that do not
/// fit, to both readers.
#[test]
fn lines_above_the_first_record_mean_the_same_to_both_readers() {
    let format = "${version} ${srcaddr}";
    for (text, rejected) in
        [("\n \r\r\n2 a\n", 1), ("\r\n  \n2 a\n", 0), ("\r\r\r\n \r \r\n", 2), (" \r\r\nversion srcaddr\n2 a\n", 0)]
    {
        let work = Work::new();
        work.object(&key(0), text);
        let ran = work.convert(&["--day", DAY, "--log-type", "vpc", "--log-format", format]);
        ran.code(i32::from(rejected > 0)).totals(&[("rows_rejected", rejected)]);
        work.run(&["verify", "raw", "table", "--day", DAY]).code(0);
    }
}
