//! Input that somebody made to hurt: whoever may write into a bucket of logs must not be able to stop the conversion of
//! the others, to fill memory, or to speak to the terminal of the person who looks at it.
//!
//! Every test has good objects beside the bad one: they are converted. Peak memory is measured, with the least
//! `--memory` there is.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use flate2::Compression;
use flate2::write::GzEncoder;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};

use crate::util::{DAY, Ran, V2, Work, all_expected, assert_rows, gz, key, line, text};

const ON_THIS_DAY: [&str; 2] = ["--day", DAY];
const WITH_LINKS: [&str; 3] = ["--day", DAY, "--follow-links"];
/// What a run with `--memory 128MiB` may take at its peak, in MiB: more than any of these attacks needs today, and far
/// less than what they unpack to.
const MAX_PEAK_MIB: u64 = 160;
const MIB: usize = 1 << 20;

/// Packs `piece` so many times between a beginning and an end; a thousandth of it is held.
fn bomb(begin: &str, piece: &[u8], times: usize, end: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(begin.as_bytes()).unwrap();
    for _ in 0..times {
        encoder.write_all(piece).unwrap();
    }
    encoder.write_all(end.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// Converts with little memory, and asserts the peak, as the kernel counted it.
#[track_caller]
fn convert(work: &Work, options: &[&str]) -> Ran {
    let (source, dest) = (work.arg("raw"), work.arg("table"));
    let memory: &[&str] = if options.contains(&"--memory") { &[] } else { &["--memory", "128MiB"] };
    let args = [&["convert", &source, &dest, "--day", DAY, "--report", "-"], memory, options].concat();
    let (ran, peak_mib) = peak(work, &args);
    if peak_mib > MAX_PEAK_MIB {
        ran.fail(&format!("it took {peak_mib} MiB"));
    }
    ran
}

/// Runs the program; returns the most memory that it took too, in MiB.
fn peak(work: &Work, args: &[&str]) -> (Ran, u64) {
    let child = work.start(args);
    let status = format!("/proc/{}/status", child.id());
    let (sender, stop) = std::sync::mpsc::channel::<()>();
    // The high-water mark of a process is gone with it: the last that was seen counts.
    let watch = std::thread::spawn(move || {
        let mut peak_kib = 0;
        while stop.recv_timeout(std::time::Duration::from_millis(5)).is_err() {
            let text = fs::read_to_string(&status).unwrap_or_default();
            let mark = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
            peak_kib = mark.and_then(|mark| mark.parse().ok()).unwrap_or(0_u64).max(peak_kib);
        }
        peak_kib
    });
    let ran = work.wait(args, child);
    sender.send(()).unwrap();
    (ran, watch.join().unwrap() >> 10)
}

/// A folder with a good object on either side of a bad one.
fn beside(bad: &[u8]) -> Work {
    let work = Work::new();
    work.object(&key(0), text(0, 3));
    work.write(&format!("raw/{}", key(1)), bad);
    work.object(&key(2), text(3, 2));
    work
}

/// The bad object is rejected, the good ones are converted, and so it stays.
#[track_caller]
fn rejected(bad: &[u8], options: &[&str], reason: &str) {
    let work = beside(bad);
    for (objects, rows) in [(2, 5), (0, 0)] {
        let ran = convert(&work, options);
        ran.code(1).says(&format!("rejected: {reason}\n  at WORK/raw/{}\n", key(1)));
        ran.totals(&[("objects", objects), ("rows_written", rows), ("objects_rejected", 1), ("rows_rejected", 0)]);
    }
    assert_rows(&work.rows(), &all_expected([&text(0, 5)]));
}

// ---- Much text in few bytes

const LINE_TOO_LONG: &str = "is longer than 16777216 bytes";

#[test]
fn a_hundred_megabytes_of_zeros() {
    rejected(&bomb("", &[0; MIB], 100, ""), &[], &format!("line 1 {LINE_TOO_LONG}"));
}

#[test]
#[ignore = "long"]
fn a_gigabyte_of_zeros() {
    rejected(&bomb("", &[0; MIB], 1024, ""), &[], &format!("line 1 {LINE_TOO_LONG}"));
    rejected(&bomb(&text(0, 5), &[b'x'; MIB], 1024, "\n"), &[], &format!("line 7 {LINE_TOO_LONG}"));
}

#[test]
fn a_bomb_over_the_limit() {
    let reason = "the object unpacks to more than --max-object-bytes 50000000";
    rejected(&bomb("", &[0; MIB], 100, ""), &["--max-object-bytes", "50MB"], reason);
    let record = (line(1) + "\n").repeat(10_000);
    rejected(&bomb(&text(0, 1), record.as_bytes(), 60, ""), &["--max-object-bytes", "50MB"], reason);
}

#[test]
fn a_line_of_megabytes() {
    let long = format!("line 7 {LINE_TOO_LONG}");
    rejected(&bomb(&text(0, 5), &[b'x'; MIB], 17, "\n"), &[], &long);
    // The same whether the text is held whole or read in pieces, or the line is the last.
    rejected(&bomb(&text(0, 5), &[b'x'; MIB], 17, ""), &["--memory", "1GiB"], &long);
    rejected(&bomb(&text(0, 5), b"x x x x ", 3 * MIB, "\n"), &[], &long);
    // One that is just short enough is a rejected row.
    let work = beside(&bomb(&text(10, 1), &[b'x'; MIB], 16, "\n"));
    convert(&work, &[]).code(1).totals(&[("objects", 3), ("rows_written", 6), ("rows_rejected", 1)]);
    assert_eq!(work.rejects()[0]["text"].as_str().map(str::len), Some(16 * MIB));
}

/// Lines and blanks that are no records, `lines` of them.
#[track_caller]
fn nothing_but(bad: &[u8], rows: u64, rejected_rows: u64) {
    let work = beside(bad);
    let ran = convert(&work, &[]);
    ran.code(i32::from(rejected_rows > 0));
    ran.totals(&[("objects", 3), ("rows_written", 5 + rows), ("rows_rejected", rejected_rows)]);
    ran.check_books();
}

#[test]
fn blank_lines_by_the_megabyte() {
    nothing_but(&bomb(&text(9, 1), &[b'\n'; MIB], 40, &line(8)), 2, 0);
    nothing_but(&bomb("", &[b'\n'; MIB], 40, &text(9, 1)), 1, 0);
    nothing_but(&bomb("", b"  \r\n", 10 * MIB, &text(9, 1)), 1, 0);
    nothing_but(&bomb("", &[b'\n'; MIB], 40, ""), 0, 0);
}

#[test]
fn short_lines_that_fit_nothing() {
    // Each is a reject of a hundred bytes: they must not wait in memory.
    let work = beside(&bomb(&text(9, 1), b"x\n", 300_000, ""));
    let ran = convert(&work, &[]);
    ran.code(1).totals(&[("objects", 3), ("rows_written", 6), ("rows_rejected", 300_000)]);
    let kept = work.rejects();
    assert_eq!(kept.len(), 300_000);
    assert_eq!((&kept[299_999]["line"], &kept[299_999]["text"]), (&300_002.into(), &"x".into()));
}

#[test]
#[ignore = "long"]
fn short_lines_that_fit_nothing_by_the_million() {
    nothing_but(&bomb(&text(9, 1), b"x\n", 8 * MIB, ""), 1, 8 * MIB as u64);
}

#[test]
fn gzip_members_and_fields_by_the_hundred_thousand() {
    let member = gz(line(1) + "\n");
    let members = [gz(format!("{V2}\n")), member.repeat(20_000)].concat();
    nothing_but(&members, 20_000, 0);
    let empty = [gz(text(9, 1)), gz("").repeat(200_000), gz(line(1))].concat();
    nothing_but(&empty, 2, 0);
    // FEXTRA with all that fits, full of members' beginnings; FNAME without an end.
    let plain = gz(text(9, 1));
    let mut extra = plain[..10].to_vec();
    extra[3] = 4;
    extra.extend(65_535_u16.to_le_bytes());
    extra.extend(plain[..5].iter().cycle().take(65_535));
    extra.extend(&plain[10..]);
    nothing_but(&extra, 1, 0);
    let mut name = plain[..10].to_vec();
    name[3] = 8;
    name.extend(vec![b'n'; 3 * MIB]);
    rejected(&name, &[], "the gzip data is cut off after 3145738 bytes");
}

// ---- Long strings

/// What a command may take beyond its `--memory`, in MiB.
const BEYOND_MEMORY_MIB: u64 = 64;

/// Runs a command with `--memory`, and asserts that it stays within it.
#[track_caller]
fn within(work: &Work, memory_mib: u64, args: &[&str]) -> Ran {
    let memory = format!("{memory_mib}MiB");
    let (ran, peak_mib) = peak(work, &[args, &["--memory", &memory]].concat());
    if peak_mib > memory_mib + BEYOND_MEMORY_MIB {
        ran.fail(&format!("it took {peak_mib} MiB"));
    }
    ran
}

/// Packs rows of an unknown field behind AWS's own, of each its interface and that field.
fn packed(rows: impl Iterator<Item = (String, String)>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    writeln!(encoder, "{V2} brand-new").unwrap();
    for (number, (interface, new)) in rows.enumerate() {
        let row = line(number as u64);
        let mut row: Vec<&str> = row.split(' ').collect();
        row[2] = &interface;
        writeln!(encoder, "{} {new}", row.join(" ")).unwrap();
    }
    encoder.finish().unwrap()
}

/// Converts, merges and recounts rows of long strings, in every order, within this memory.
#[track_caller]
fn long_strings(memory_mib: &[u64], rows: u64, row: impl Fn(u64) -> (String, String)) {
    let bad = packed((0..rows).map(row));
    for memory_mib in memory_mib {
        for order in ["addresses", "none", "interface_id,start"] {
            let work = beside(&bad);
            let (source, dest) = (work.arg("raw"), work.arg("table"));
            // A file of each object, so that there is something to merge.
            let order = ["--sort-by", order, "--target-file-size", "1"];
            let args = ["convert", &source, &dest, "--day", DAY, "--report", "-"];
            let ran = within(&work, *memory_mib, &[&args[..], &order].concat());
            ran.code(0).totals(&[("objects", 3), ("rows_written", rows + 5), ("files", 3)]);
            within(&work, *memory_mib, &["compact", &dest, "--day", DAY, "--min-age", "0"]).code(0);
            assert_eq!(work.parquet_files("table").len(), 1);
            within(&work, *memory_mib, &["verify", &source, &dest, "--day", DAY]).code(0);
        }
    }
}

#[test]
fn different_strings_of_kilobytes() {
    let value = |number: u64| format!("{number:08}{}", "x".repeat(10_000));
    long_strings(&[128], 10_000, |number| (value(number), value(number / 2)));
}

#[test]
fn few_strings_that_many_rows_share() {
    // More than a dictionary may have, and far more if each row had its own.
    let value = |number: u64| format!("{number:08}{}", "x".repeat(64_000));
    long_strings(&[128], 3_000, |number| (value(number % 300), "x".to_owned()));
}

#[test]
fn lines_that_are_just_short_enough() {
    let value = |number: u64| format!("{number:08}{}", "x".repeat(16 * MIB - 400));
    long_strings(&[128], 8, |number| (value(number), "x".to_owned()));
    // As rejects, escaped to six times their size.
    let work = beside(&bomb(&text(10, 1), &[&[1; 16 * MIB - 1], b"\n".as_slice()].concat(), 3, ""));
    let args = ["convert", "raw", "table", "--day", DAY, "--report", "-"];
    within(&work, 128, &args).code(1).totals(&[("rows_written", 6), ("rows_rejected", 3)]);
    assert_eq!(work.rejects()[2]["text"].as_str().map(str::len), Some(16 * MIB - 1));
}

#[test]
#[ignore = "long"]
fn long_strings_of_every_kind_with_any_memory() {
    let value = |number: u64, bytes: usize| format!("{number:08}{}", "x".repeat(bytes));
    let memory = [128, 256, 1024];
    long_strings(&memory, 100_000, |number| (value(number, 10_000), "x".to_owned()));
    long_strings(&memory, 20_000, |number| ("x".to_owned(), value(number, 100_000)));
    // More than 4 GiB, the reach of 32 bits. The most of all these, so with the least memory only.
    long_strings(&memory[..1], 131_000, |number| (value(number, 33_000), "x".to_owned()));
    long_strings(&memory, 40, |number| (value(number, 16 * MIB - 400), "x".to_owned()));
    long_strings(&memory, 40_000, |number| (value(number % 300, 64_000), "x".to_owned()));
    long_strings(&memory, 500_000, |number| (value(number, 240), value(number, 240)));
    long_strings(&memory, 1_000_000, |number| (value(number, 0), value(number, 0)));
}

// ---- Parquet that somebody else put in the place of ours

/// Puts a file of one row group of this many strings of a megabyte, and a row of nothing before them, in the place of the
/// table's only one.
fn replace_by_long_strings(work: &Work, count: usize, properties: WriterPropertiesBuilder) {
    let file = work.parquet_files("table").remove(0);
    let long = "x".repeat(MIB);
    let values: ArrayRef =
        Arc::new((0..count).map(|number| Some(format!("{number:08}{long}"))).collect::<StringArray>());
    let batch = RecordBatch::try_from_iter([("action", values)]).unwrap();
    let properties = properties
        .set_compression(parquet::basic::Compression::ZSTD(ZstdLevel::default()))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_write_batch_size(count)
        .set_data_page_size_limit(4 << 30)
        .set_dictionary_page_size_limit(4 << 30);
    let out = fs::File::create(work.path(&format!("table/{file}"))).unwrap();
    let mut writer = ArrowWriter::try_new(out, batch.schema(), Some(properties.build())).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

#[test]
fn parquet_that_unpacks_to_a_thousand_times_its_size() {
    let plain = || WriterProperties::builder().set_dictionary_enabled(false);
    let cases = [
        ("one page", plain(), "unpacked it takes"),
        ("a dictionary", WriterProperties::builder(), "unpacked it takes"),
        ("shared prefixes", plain().set_encoding(Encoding::DELTA_BYTE_ARRAY), "encoding 7"),
    ];
    for (what, properties, said) in cases {
        let work = Work::new();
        work.object(&key(0), text(0, 3));
        work.convert(&ON_THIS_DAY).code(0);
        replace_by_long_strings(&work, 200, properties);
        let ran = within(&work, 128, &["verify", "raw", "table", "--day", DAY]);
        ran.code(1);
        assert!(ran.stdout.contains("  file: Parquet row group 0 ") && ran.stdout.contains(said), "{what}: {ran:?}");
        // A merge reads none of it: its hash is another one.
        within(&work, 128, &["compact", "table", "--day", DAY, "--min-age", "0"]);
    }
}

#[test]
fn rows_that_differ_are_found_and_shown_within_memory() {
    let work = Work::new();
    let value = |number: u64| format!("{number:08}{}", "x".repeat(8 * MIB));
    work.write(&format!("raw/{}", key(0)), packed((0..21).map(|number| (value(number), "x".to_owned()))));
    work.object(&key(1), text(0, 3));
    within(&work, 128, &["convert", "raw", "table", "--day", DAY]).code(0);
    replace_by_long_strings(&work, 1, WriterProperties::builder());
    let ran = within(&work, 128, &["verify", "raw", "table", "--day", DAY, "--json"]);
    let file = &ran.code(1).report()["partitions"][0]["differing"][0];
    assert_eq!((&file["missing"]["count"], &file["extra"]["count"]), (&24.into(), &1.into()));
    let shown = file["missing"]["first"][0]["row"]["interface_id"].as_str().unwrap();
    assert!(shown.len() < 10_000 && shown.ends_with("..."), "{} bytes are shown", shown.len());
}

// ---- Headers and columns

#[test]
fn a_million_columns() {
    let names: Vec<String> = (0..1_000_000).map(|number| format!("f{number}")).collect();
    let header = gz(format!("version {}\n", names.join(" ")));
    rejected(&header, &[], "the header names 1000001 fields, more than the 1000 that are allowed");
    rejected(
        &gz(format!("version {}\n", names[..200].join(" "))),
        &[],
        "its header names 200 unknown fields (\"f0\" and so on), with those of the objects before it more than the 100 that are allowed",
    );
}

#[test]
fn a_header_of_a_hundred_megabytes() {
    rejected(&bomb(V2, b" abcdefg", 12 * MIB, "\n"), &[], &format!("line 1 {LINE_TOO_LONG}"));
    rejected(&bomb(V2, b"abcdefgh", 12 * MIB, "\n"), &[], &format!("line 1 {LINE_TOO_LONG}"));
    let few = bomb(V2, b" abcdefg", MIB, "\n");
    rejected(&few, &[], &format!("the header names {} fields, more than the 1000 that are allowed", MIB + 14));
}

#[test]
fn a_record_of_a_million_fields() {
    let work = beside(&gz(format!("{}{}\n{}\n", text(9, 1), "a ".repeat(1_000_000), line(8))));
    let ran = convert(&work, &[]);
    ran.code(1).says("rejected: 1000000 fields, the header names 14\n");
    ran.totals(&[("rows_written", 7), ("rows_rejected", 1)]);
}

#[test]
fn header_lines_one_after_the_other() {
    nothing_but(&bomb("", b"version\naction\n", MIB, ""), 0, 0);
}

#[test]
fn many_formats_in_one_object() {
    let formats: String = (0..50_000).map(|number| format!("version new-{number}\n2 x\n")).collect();
    let work = beside(&gz(&formats));
    let ran = convert(&work, &[]);
    ran.code(1).totals(&[("objects", 3), ("rows_written", 5 + 100), ("rows_rejected", 49_900)]);
    ran.says("rejected: no usable header: with the one above, there are more than 100 unknown fields\n");
    ran.says("warning: 80 more unknown fields became string columns: check who writes these logs\n");
}

#[test]
fn many_formats_in_one_day() {
    let work = Work::new();
    work.object(&key(0), text(0, 3));
    let count =
        if std::env::var_os("FLOWPARQUET_TEST_LONG").is_some_and(|long| !long.is_empty()) { 10_000 } else { 1_000 };
    for number in 1..=count {
        work.object(&key(number), format!("version new-{number} bytes\n2 x 7\n"));
    }
    work.object(&key(count + 1), text(3, 2));
    let ran = convert(&work, &[]);
    ran.code(1).says("rejected: its header names 1 unknown field (\"new-");
    assert!(ran.stderr.contains("with those of the objects before it more than the 100 that are allowed\n"));
    ran.totals(&[("objects", 102), ("objects_rejected", u64::from(count) - 100), ("rows_written", 105)]);
    // Formats of known fields are no attack, however many.
    let work = Work::new();
    let names: Vec<&str> = V2.split(' ').collect();
    for number in 0..count {
        let mut names = names.clone();
        names.rotate_left(number as usize % 14);
        names.swap(0, number as usize / 14 % 14);
        work.object(&key(number), names.join(" ") + "\n" + &vec!["1"; 14].join(" ") + "\n");
    }
    convert(&work, &[]).code(0).totals(&[("rows_written", u64::from(count))]);
}

#[test]
fn few_bytes_under_many_columns() {
    // A row group of 262,144 rows of 115 columns would take hundreds of megabytes; so would the NULLs of the others.
    let names: Vec<String> = (0..100).map(|number| format!("new-{number}")).collect();
    let wide = format!("{V2} {}\n", names.join(" "));
    let record = line(1) + &" x".repeat(100) + "\n";
    nothing_but(&bomb(&wide, record.as_bytes(), 100_000, ""), 100_000, 0);
    nothing_but(&bomb(&format!("{wide}version\n"), b"2\n", 500_000, ""), 500_000, 0);
    nothing_but(&bomb("version\n", b"2\n", 250_000, &format!("{wide}{record}")), 250_001, 0);
}

// ---- Odd bytes

#[test]
fn odd_bytes_in_lines() {
    let zero = line(8).replace("ACCEPT", "ACC\0EPT");
    let work = beside(&gz(format!("{}{zero}\n\0\n", text(9, 1))));
    let ran = convert(&work, &[]);
    ran.code(1).says("rejected: 1 field, the header names 14\n").totals(&[("rows_written", 7), ("rows_rejected", 1)]);
    let found = work.rows().iter().any(|row| format!("{row:?}").contains("ACC\\0EPT"));
    assert!(found, "a NUL is a character like others");
    rejected(
        &gz(format!("ver\0sion {V2}\n")),
        &[],
        "the first line is not a header (it begins \"ver\\0sion version account-id interface-id...\"); give --log-format for objects without one",
    );
    // All of it is one line to us, and to Athena.
    let reason = "the header names 1314 fields, more than the 1000 that are allowed";
    rejected(&gz(text(0, 100).replace('\n', "\r")), &[], reason);
    rejected(
        &gz(vec![0xff; 100_000]),
        &[],
        &format!(
            "the first line is not a header (it begins \"{}...\"); give --log-format for objects without one",
            "\u{fffd}".repeat(40)
        ),
    );
}

/// Asserts that nothing was printed that a terminal would obey.
#[track_caller]
fn nothing_to_obey(ran: &Ran) {
    if ran.stderr.contains(|c: char| c.is_control() && c != '\n') {
        ran.fail("control characters were printed");
    }
}

#[test]
fn nothing_in_a_record_speaks_to_the_terminal() {
    let evil = "\u{1b}]0;owned\u{7}\u{9b}2J";
    let bad = [
        format!("{V2}\n{}\n", line(1).replace(" 443 ", &format!(" {evil} "))),
        format!("{V2}\n{evil}\n"),
        format!("{evil} {V2}\n"),
        format!("version {evil}\n"),
    ];
    for bad in bad {
        let work = beside(&gz(bad));
        let ran = convert(&work, &[]);
        nothing_to_obey(ran.code(1));
        assert_eq!(work.rejects().len(), 1);
    }
}

// ---- Keys

#[test]
fn keys_of_every_kind() {
    let work = Work::new();
    let folder = key(0).rsplit_once('/').unwrap().0.to_owned();
    let long = "n".repeat(255 - ".log.gz".len());
    let names = [
        "..log",
        "...",
        "a'b\"c`",
        "back\\slash",
        "100%25",
        "a%2Fb",
        "é\u{301} 日本",
        "a b",
        "$(id)",
        "-rf",
        "a#1x",
        "a?b*c[d]",
        "{x}",
        "&amp;<>",
        "~",
        &long,
        "\u{202e}gz.gol",
    ];
    for (number, name) in names.iter().enumerate() {
        work.object(&format!("{folder}/{name}.log.gz"), text(number as u64 * 2, 2));
    }
    let ran = convert(&work, &[]);
    // `...` is hidden.
    let rows = (names.len() as u64 - 2) * 2;
    ran.code(0).totals(&[("objects", names.len() as u64 - 2), ("rows_written", rows)]);
    assert_eq!(work.rows().len() as u64, rows);
    work.convert(&ON_THIS_DAY).nothing_to_do(names.len() as u64 - 2);
}

#[test]
fn names_that_are_no_keys_are_named_and_passed_over() {
    use std::os::unix::ffi::OsStrExt;
    let work = Work::new();
    work.object(&key(0), text(0, 3));
    let folder = key(0).rsplit_once('/').unwrap().0.to_owned();
    for name in ["a\nb", "\u{1b}[2Jc", "d\u{7f}", "line\r\nerror: all is lost"] {
        work.object(&format!("{folder}/{name}.log.gz"), text(5, 1));
    }
    let latin = std::ffi::OsStr::from_bytes(b"caf\xe9.log.gz");
    fs::write(work.path(&format!("raw/{folder}")).join(latin), gz(text(5, 1))).unwrap();
    let ran = convert(&work, &[]);
    ran.code(1).totals(&[("objects", 1), ("rows_written", 3)]);
    nothing_to_obey(&ran);
    assert_eq!(ran.report()["objects_to_look_at"], 5);
    ran.says(&format!(
        "passed over: its key has an empty folder (//), `.`, `..`, control characters, or is not UTF-8 (rename it)\n  at WORK/raw/{folder}/\\u{{1b}}[2Jc.log.gz\n"
    ));
    ran.does_not_say("\nerror: all is lost");
    nothing_to_obey(work.run(&["plan", "raw", "table", "--day", DAY]).code(1));
    // In folders above the logs too.
    work.write("raw/evil\n\u{1b}[2J/x.txt", "x");
    nothing_to_obey(convert(&work, &[]).code(1));
}

#[test]
fn an_error_escapes_what_others_wrote() {
    let work = Work::new();
    work.object(&key(0), text(0, 3));
    let evil = "raw/evil\u{9b}2J";
    work.write(&format!("{evil}/{}", key(1).replace("ap-northeast-1", "eu-west-1")), gz(text(3, 2)));
    let ran = work.convert(&ON_THIS_DAY);
    nothing_to_obey(ran.code(2));
    ran.says("error: SOURCE holds 2 accounts and Regions, and --partition-by day would mix them: ");
    let ran = work.convert(&["--day", DAY, "--partition-by", "account-region-day"]);
    nothing_to_obey(ran.code(0));
}

// ---- What a disk may hold besides files

/// Makes a FIFO, which hangs everybody who opens it.
fn fifo(work: &Work, path: &str) {
    let path = work.path(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn what_is_no_file_is_no_object() {
    let work = Work::new();
    work.object(&key(0), text(0, 3));
    fifo(&work, &format!("raw/{}", key(1)));
    let _socket = std::os::unix::net::UnixListener::bind("/tmp/flowparquet-test.sock").ok();
    symlink("/dev/zero", work.path(&format!("raw/{}", key(2)))).unwrap();
    symlink("/tmp/flowparquet-test.sock", work.path(&format!("raw/{}", key(3)))).unwrap();
    convert(&work, &[]).code(0).totals(&[("objects", 1), ("rows_written", 3)]);
    fs::remove_file("/tmp/flowparquet-test.sock").ok();
    // A flat folder is listed in another way.
    work.write(&format!("flat/{}", key(4).rsplit('/').next().unwrap()), gz(text(0, 3)));
    fifo(&work, "flat/a.log.gz");
    let ran = work.convert_from("flat", "table2", &ON_THIS_DAY);
    ran.code(0).totals(&[("objects", 1), ("rows_written", 3)]);
    // And in the table.
    fifo(&work, &format!("table/{}/part-0.parquet", crate::util::DAY_FOLDER));
    fifo(&work, &format!("table/_flowparquet/ledger/{}/00000003.json", crate::util::DAY_FOLDER));
    work.convert(&ON_THIS_DAY).nothing_to_do(1);
}

#[test]
fn links_are_followed_but_never_round() {
    let work = Work::new();
    work.object(&key(0), text(0, 3));
    let folder = format!("raw/{}", key(0).rsplit_once('/').unwrap().0);
    // Away from SOURCE: whoever may link may copy.
    work.write("elsewhere/other.log.gz", gz(text(3, 2)));
    symlink(work.path("elsewhere/other.log.gz"), work.path(&format!("{folder}/linked.log.gz"))).unwrap();
    symlink("/nowhere", work.path(&format!("{folder}/gone.log.gz"))).unwrap();
    symlink("myself.log.gz", work.path(&format!("{folder}/myself.log.gz"))).unwrap();
    for (target, link) in [(".", "here"), ("..", "up"), ("../../../../../../..", "top")] {
        symlink(target, work.path(&format!("{folder}/{link}"))).unwrap();
    }
    symlink(work.path("raw"), work.path("raw/raw")).unwrap();
    symlink("..", work.path("raw/AWSLogs/back")).unwrap();
    let check = |args: &[&str]| {
        let ran = work.convert(args);
        ran.code(0).totals(&[("objects", 2), ("rows_written", 5)]);
        assert_rows(&work.rows(), &all_expected([&text(0, 5)]));
        work.convert(args).nothing_to_do(2);
        work.remove("table");
    };
    check(&WITH_LINKS);
    check(&["--all", "--follow-links"]);
    // A folder that is a link, and a DEST that is one.
    fs::rename(work.path("raw/AWSLogs"), work.path("logs")).unwrap();
    symlink("../logs", work.path("raw/AWSLogs")).unwrap();
    fs::create_dir(work.path("real")).unwrap();
    symlink("real", work.path("table")).unwrap();
    work.convert(&WITH_LINKS).code(0).totals(&[("objects", 2), ("rows_written", 5)]);
    assert_eq!(work.rows_of("real").len(), 5);
    work.convert(&WITH_LINKS).nothing_to_do(2);
    symlink("..", work.path("real/up")).unwrap();
    symlink("..", work.path("real/_flowparquet/ledger/up")).unwrap();
    work.convert(&WITH_LINKS).nothing_to_do(2);
    work.run(&["status", "table"]).code(0);
    work.run(&["ddl", "table"]).code(0);
}

#[test]
fn what_may_not_be_read_costs_itself_and_loses_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let work = Work::new();
    work.object(&key(0), text(0, 3));
    work.object(&key(1), text(3, 2));
    let allow = |path: &str, mode: u32| fs::set_permissions(work.path(path), fs::Permissions::from_mode(mode)).unwrap();
    let object = format!("raw/{}", key(1));
    let folder = object.rsplit_once('/').unwrap().0;
    allow(&object, 0);
    if fs::read(work.path(&object)).is_ok() {
        return; // We are root, whom nothing is denied.
    }
    let said = work.convert(&ON_THIS_DAY);
    said.code(1).says("unreadable: ").totals(&[("rows_written", 3)]);
    assert_eq!(said.report()["objects_unreadable"], 1);
    allow(&object, 0o644);
    allow(folder, 0);
    work.convert(&ON_THIS_DAY).code(2).says("error: cannot list: the disk refuses it\n");
    allow(folder, 0o755);
    work.convert(&ON_THIS_DAY).code(0);
    assert_rows(&work.rows(), &all_expected([&text(0, 5)]));
}
