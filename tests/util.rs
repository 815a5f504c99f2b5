//! What all tests share: a folder and a command per test, raw objects, and reading back what was written.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use arrow_array::{Array, Int32Array, Int64Array, StringArray};
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use flowparquet::LogType;
use flowparquet::parts::ColumnType;
use jiff::civil::Date;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value as Json;

/// The day of most tests.
pub const DAY: &str = "2026-01-15";
/// Its folder in a table.
pub const DAY_FOLDER: &str = "year=2026/month=01/day=15";
pub const ACCOUNT: &str = "123456789012";
pub const REGION: &str = "ap-northeast-1";
/// The default format.
pub const V2: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status";

/// A folder of its own for a test, with raw logs in `raw` and a table in `table`; removed if the test succeeds.
pub struct Work {
    dir: PathBuf,
}

impl Work {
    /// Makes an empty folder named after the test.
    pub fn new() -> Self {
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("main").replace("::", "-");
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).unwrap();
        Self { dir }
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.dir.join(relative)
    }

    /// Returns a path as an argument.
    pub fn arg(&self, relative: &str) -> String {
        self.path(relative).to_str().unwrap().to_owned()
    }

    /// Writes a file, its folders included; returns its path below the test's folder.
    pub fn write(&self, relative: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        relative.to_owned()
    }

    /// Writes a gzip object below `raw`; returns its path below the test's folder.
    pub fn object(&self, key: &str, text: impl AsRef<[u8]>) -> String {
        self.write(&format!("raw/{key}"), gz(text))
    }

    pub fn remove(&self, relative: &str) {
        let path = self.path(relative);
        if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }

    /// Runs the program and waits for it.
    pub fn run(&self, args: &[&str]) -> Ran {
        self.wait(args, self.start(args))
    }

    /// Starts the program; nothing of the environment reaches it.
    pub fn start(&self, args: &[&str]) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flowparquet"));
        command.args(args).current_dir(&self.dir).env_clear();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Waits for a started program.
    pub fn wait(&self, args: &[&str], child: Child) -> Ran {
        let output = child.wait_with_output().unwrap();
        Ran {
            args: args.iter().map(ToString::to_string).collect(),
            code: output.status.code(),
            stdout: self.redact(&String::from_utf8(output.stdout).unwrap()),
            stderr: self.redact(&String::from_utf8(output.stderr).unwrap()),
        }
    }

    /// Puts `WORK` in place of the test's folder.
    pub fn redact(&self, text: &str) -> String {
        let dir = self.dir.to_str().unwrap();
        text.replace(dir, "WORK").replace(dir.trim_start_matches('/'), "WORK")
    }

    /// Converts `raw` to `table` with a report on standard output.
    pub fn convert(&self, args: &[&str]) -> Ran {
        self.convert_from("raw", "table", args)
    }

    /// Converts with a report on standard output, whose books are checked.
    pub fn convert_from(&self, source: &str, dest: &str, args: &[&str]) -> Ran {
        let (source, dest) = (self.arg(source), self.arg(dest));
        let ran = self.run(&[&["convert", &source, &dest, "--report", "-"], args].concat());
        if !ran.stdout.is_empty() {
            ran.check_books();
        }
        ran
    }

    /// Returns the rows of the table, sorted.
    pub fn rows(&self) -> Vec<Row> {
        self.rows_of("table")
    }

    /// Returns the rows of a table, sorted.
    pub fn rows_of(&self, table: &str) -> Vec<Row> {
        let files = self.parquet_files(table);
        let mut rows: Vec<Row> = files.iter().flat_map(|file| read_parquet(&self.path(table).join(file))).collect();
        rows.sort();
        rows
    }

    /// Returns the files of a table, by name; anything else in a folder of the table fails the test.
    pub fn parquet_files(&self, table: &str) -> Vec<String> {
        let files: Vec<String> =
            self.files(table).into_iter().filter(|file| !file.starts_with("_flowparquet/")).collect();
        for file in &files {
            let name = file.rsplit('/').next().unwrap();
            assert!(name.starts_with("part-") && name.ends_with(".parquet"), "{file} lies in the table");
        }
        files
    }

    /// Returns the folders of the table that hold files.
    pub fn partitions(&self, table: &str) -> Vec<String> {
        let files = self.parquet_files(table);
        let mut folders: Vec<String> = files.iter().map(|file| file.rsplit_once('/').unwrap().0.to_owned()).collect();
        folders.dedup();
        folders
    }

    /// Returns every file below a folder, by its path below it, sorted.
    pub fn files(&self, folder: &str) -> Vec<String> {
        let mut files = Vec::new();
        walk(&self.path(folder), "", &mut files);
        files.sort();
        files
    }

    /// Returns the ledger entries of the usual day, by number.
    pub fn ledger(&self) -> Vec<Json> {
        let folder = format!("table/_flowparquet/ledger/{DAY_FOLDER}");
        // A writer that was killed on the local disk leaves its half-made entry behind, under a name that is none.
        let names: Vec<String> = self.files(&folder).into_iter().filter(|name| !name.contains('#')).collect();
        let expected: Vec<String> = (1..=names.len()).map(|number| format!("{number:08}.json")).collect();
        assert_eq!(names, expected, "numbers of the ledger's entries");
        let read = |name: &String| serde_json::from_slice(&fs::read(self.path(&folder).join(name)).unwrap()).unwrap();
        names.iter().map(read).collect()
    }

    /// Returns `claim`, `done` or `abandon` for each of the ledger's entries.
    pub fn entries(&self) -> Vec<String> {
        self.ledger().iter().map(|entry| entry["entry"].as_str().unwrap().to_owned()).collect()
    }

    /// Returns the path of a ledger entry of the usual day.
    pub fn entry(&self, number: u32) -> String {
        format!("table/_flowparquet/ledger/{DAY_FOLDER}/{number:08}.json")
    }

    /// Returns the lines of all rejects objects.
    pub fn rejects(&self) -> Vec<Json> {
        let folder = "table/_flowparquet/rejects";
        let mut lines = Vec::new();
        for name in self.files(folder) {
            assert!(name.ends_with(".jsonl.gz"), "{name} lies among the rejects");
            let mut text = String::new();
            let file = fs::File::open(self.path(folder).join(&name)).unwrap();
            MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
            lines.extend(text.lines().map(|line| serde_json::from_str(line).unwrap()));
        }
        lines
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.dir);
        }
    }
}

fn walk(folder: &Path, below: &str, files: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let entry = entry.unwrap();
        let path = format!("{below}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            walk(&entry.path(), &format!("{path}/"), files);
        } else {
            files.push(path);
        }
    }
}

/// What a run of the program gave; failed assertions show all of it.
#[derive(Debug, Clone)]
pub struct Ran {
    pub args: Vec<String>,
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    #[track_caller]
    pub fn fail(&self, why: &str) -> ! {
        let Self { args, code, stdout, stderr } = self;
        panic!(
            "{why}\n\n$ flowparquet {}\n-- exit code {code:?}\n-- stdout\n{stdout}-- stderr\n{stderr}--",
            args.join(" ")
        );
    }

    /// Asserts the exit code.
    #[track_caller]
    pub fn code(&self, code: i32) -> &Self {
        if self.code != Some(code) {
            self.fail(&format!("the exit code should be {code}"));
        }
        self
    }

    /// Asserts all of standard error.
    #[track_caller]
    pub fn says_only(&self, text: &str) -> &Self {
        if self.stderr != text {
            self.fail(&format!("stderr should be\n{text}"));
        }
        self
    }

    /// Asserts some of standard error, lines whole.
    #[track_caller]
    pub fn says(&self, lines: &str) -> &Self {
        if !format!("\n{}", self.stderr).contains(&format!("\n{lines}")) {
            self.fail(&format!("stderr should have the line(s)\n{lines}"));
        }
        self
    }

    /// Asserts that a text is not in standard error.
    #[track_caller]
    pub fn does_not_say(&self, text: &str) -> &Self {
        if self.stderr.contains(text) {
            self.fail(&format!("stderr should not have\n{text}"));
        }
        self
    }

    /// Returns the report that was written to standard output.
    #[track_caller]
    pub fn report(&self) -> Json {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| self.fail(&format!("stdout is no report: {e}")))
    }

    /// Returns a counter of the report's totals.
    #[track_caller]
    pub fn total(&self, counter: &str) -> u64 {
        self.report()["totals"][counter].as_u64().unwrap_or_else(|| self.fail(&format!("no total {counter}")))
    }

    /// Asserts counters of the report's totals.
    #[track_caller]
    pub fn totals(&self, expected: &[(&str, u64)]) -> &Self {
        for (counter, value) in expected {
            if self.total(counter) != *value {
                self.fail(&format!("{counter} should be {value}"));
            }
        }
        self
    }

    /// rows read = written + rejected, in total and in each partition, and totals are sums.
    #[track_caller]
    pub fn check_books(&self) {
        let report = self.report();
        let number = |counts: &Json, name: &str| counts[name].as_u64().unwrap_or_else(|| self.fail(name));
        let partitions = report["partitions"].as_array().unwrap();
        for counts in partitions.iter().chain([&report["totals"]]) {
            if number(counts, "rows_read") != number(counts, "rows_written") + number(counts, "rows_rejected") {
                self.fail("rows read are not rows written and rejected");
            }
        }
        for (name, total) in report["totals"].as_object().unwrap() {
            if partitions.iter().map(|counts| number(counts, name)).sum::<u64>() != total.as_u64().unwrap() {
                self.fail(&format!("{name} does not add up"));
            }
        }
    }

    /// Asserts that everything was converted before.
    #[track_caller]
    pub fn nothing_to_do(&self, objects: u64) -> &Self {
        let plural = if objects == 1 { "" } else { "s" };
        self.code(0).says_only(&format!("nothing to do: {objects} object{plural} converted before, none new\n"))
    }
}

/// A value of a column; NULL is its absence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    Number(i64),
    Text(String),
}

/// A row by column names, without its NULLs: a file that lacks a column and one where it is NULL say the same.
pub type Row = BTreeMap<String, Value>;

/// Reads a whole file with the reference reader.
pub fn read_parquet(path: &Path) -> Vec<Row> {
    let file = fs::File::open(path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let mut rows = Vec::new();
    for batch in reader {
        let batch = batch.unwrap();
        let before = rows.len();
        rows.resize(before + batch.num_rows(), Row::new());
        for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
            for (row, value) in rows[before..].iter_mut().zip(values(column)) {
                if let Some(value) = value {
                    row.insert(field.name().clone(), value);
                }
            }
        }
    }
    rows
}

fn values(column: &dyn Array) -> Vec<Option<Value>> {
    let any = column.as_any();
    if let Some(ints) = any.downcast_ref::<Int32Array>() {
        ints.iter().map(|v| v.map(|v| Value::Number(v.into()))).collect()
    } else if let Some(ints) = any.downcast_ref::<Int64Array>() {
        ints.iter().map(|v| v.map(Value::Number)).collect()
    } else {
        let texts = any.downcast_ref::<StringArray>().expect("a column is int32, int64 or string");
        texts.iter().map(|v| v.map(|v| Value::Text(v.to_owned()))).collect()
    }
}

/// Reads text as the plainest of readers would: the first line is the header, every other a record.
pub fn expected(text: &str) -> Vec<Row> {
    expected_with(text, false)
}

/// The same, with `-` as NULL in string columns too if `dash_as_null`.
pub fn expected_with(text: &str, dash_as_null: bool) -> Vec<Row> {
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
    let mut rows: Vec<Row> = lines.map(|line| expected_row(&header, line, dash_as_null)).collect();
    rows.sort();
    rows
}

/// Reads one record.
pub fn expected_row(header: &[&str], line: &str, dash_as_null: bool) -> Row {
    let values: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(header.len(), values.len(), "{line}");
    let mut row = Row::new();
    for (name, text) in header.iter().zip(values) {
        let field = LogType::ALL.iter().find_map(|log_type| log_type.schema().field(name));
        let value = match field.map_or(ColumnType::String, |field| field.column_type) {
            ColumnType::Int | ColumnType::Bigint => (text != "-").then(|| Value::Number(text.parse().unwrap())),
            ColumnType::String => (!dash_as_null || text != "-").then(|| Value::Text(text.to_owned())),
        };
        if let Some(value) = value {
            row.insert(name.to_lowercase().replace('-', "_"), value);
        }
    }
    row
}

/// Returns the rows of several texts, sorted.
pub fn all_expected<'a>(texts: impl IntoIterator<Item = &'a String>) -> Vec<Row> {
    let mut rows: Vec<Row> = texts.into_iter().flat_map(|text| expected(text)).collect();
    rows.sort();
    rows
}

/// Asserts that two tables hold the same rows, showing the first that differ.
#[track_caller]
pub fn assert_rows(actual: &[Row], expected: &[Row]) {
    for (at, (actual, expected)) in actual.iter().zip(expected).enumerate() {
        assert_eq!(actual, expected, "row {at} of the sorted rows");
    }
    assert_eq!(actual.len(), expected.len(), "number of rows");
}

/// Packs a text as one gzip member.
pub fn gz(text: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_ref()).unwrap();
    encoder.finish().unwrap()
}

/// Returns record `number` of the default format; all of them differ.
pub fn line(number: u64) -> String {
    let (high, low) = (number / 250 % 250, number % 250);
    let start = 1_768_435_200 + number % 86_000;
    format!(
        "2 {ACCOUNT} eni-{number:017x} 10.0.{high}.{low} 10.1.{low}.7 {} 443 6 {} {} {start} {} ACCEPT OK",
        number * 7 % 65_536,
        number % 90 + 1,
        number * 1_031 + 40,
        start + 60
    )
}

/// Returns an object's text: the default header and `count` records from `first` on.
pub fn text(first: u64, count: u64) -> String {
    let mut text = format!("{V2}\n");
    for number in first..first + count {
        text.push_str(&line(number));
        text.push('\n');
    }
    text
}

/// How AWS lays keys out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    Default,
    Hourly,
    Hive,
    HiveHourly,
    /// As the Transit Gateway pages write it.
    ServiceHive,
}

impl Layout {
    pub const ALL: [Self; 5] = [Self::Default, Self::Hourly, Self::Hive, Self::HiveHourly, Self::ServiceHive];

    /// Returns the key of object `number` of a day; objects are five minutes apart.
    pub fn key(self, account: &str, region: &str, day: &str, number: u32) -> String {
        let folder = match self {
            Self::Default | Self::Hourly => format!("AWSLogs/{account}/vpcflowlogs/{region}/{}", day.replace('-', "/")),
            Self::Hive | Self::HiveHourly | Self::ServiceHive => {
                let [year, month, date] = day.split('-').collect::<Vec<_>>().try_into().unwrap();
                let service = if self == Self::ServiceHive { "service" } else { "aws-service" };
                format!(
                    "AWSLogs/aws-account-id={account}/{service}=vpcflowlogs/aws-region={region}/year={year}/month={month}/day={date}"
                )
            }
        };
        let hour = format!("{:02}", number / 12 % 24);
        let folder = match self {
            Self::Hourly => format!("{folder}/{hour}"),
            Self::HiveHourly => format!("{folder}/hour={hour}"),
            _ => folder,
        };
        format!("{folder}/{}", name(account, region, day, number))
    }
}

/// Returns the name that AWS gives object `number` of a day.
pub fn name(account: &str, region: &str, day: &str, number: u32) -> String {
    let (hour, minute) = (number / 12 % 24, number % 12 * 5);
    let date = day.replace('-', "");
    format!("{account}_vpcflowlogs_{region}_fl-0123456789abcdef0_{date}T{hour:02}{minute:02}Z_{number:08x}.log.gz")
}

/// Returns the key of object `number` of the usual day, account and Region.
pub fn key(number: u32) -> String {
    Layout::Default.key(ACCOUNT, REGION, DAY, number)
}

/// Returns the UTC day so many days before today.
pub fn days_ago(days: i64) -> Date {
    let today = jiff::Timestamp::now().to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
    today.checked_sub(jiff::Span::new().days(days)).unwrap()
}

/// Returns the folder of a day in a table.
pub fn folder_of(day: Date) -> String {
    format!("year={:04}/month={:02}/day={:02}", day.year(), day.month(), day.day())
}
