//! What must hold for any bytes: one function for each fuzz target, which panics if it does not.
//!
//! `tests/fuzz/targets` feed them with what LLVM's fuzzer makes up, `tests/fuzz_corpus.rs` with what is kept in
//! `tests/fuzz/corpus`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use flowparquet::internals::{
    Batch, Dialect, Draft, Entry, FileName, Header, Hints, Level, MAX_COLUMNS, MAX_UNKNOWN, ObjectDecoder,
    PartitionState, Place, Record, RejectedRow, Suffix, TableFile, TableInfo, TableName, Theirs, Values, bridge,
    create_view, entry_number, folders_of, hive,
};
use flowparquet::parts::{ColumnType, Contents, Partition};
use flowparquet::{
    ConvertOptions, Days, Io, Location, LogType, PartitionBy, Silent, Store, StoreOptions, Table, convert,
};
use jiff::civil::date;

/// Keys of raw objects: nothing of a key is lost, and a day's folder is the one that the way to the day leads to.
pub fn layout(data: &[u8]) {
    let Ok(key) = std::str::from_utf8(data) else { return };
    let (above, folders) = folders_of(key);
    let depth = above.matches('/').count() + folders.len();
    let all = key.matches('/').count();
    let to_a_day = folders.iter().any(|folder| folder.level == Level::Day);
    assert!(depth == all || to_a_day && depth < all, "{above:?} and {folders:?}");
    assert!(key.starts_with(&above), "{above:?}");

    let (prefix, name) = key.rsplit_once('/').unwrap_or(("", key));
    let said = FileName::parse(name);
    assert_eq!(said.day.is_some(), said.hour.is_some());
    assert!(said.account.is_none_or(|account| account.len() == 12));
    let _ = Suffix::of(name);

    let mut place = Place::of_prefix("");
    for folder in prefix.split('/').filter(|folder| !folder.is_empty()) {
        let above = place.clone();
        place = place.enter(folder).unwrap_or_else(|| Place::of_prefix(""));
        if let Some(day) = place.day.filter(|_| place.level == Level::Day) {
            // Of two dates the inner one counts: a day's folder may hold that of another day.
            assert!(place.may_hold(day) && (above.day.is_some() || above.may_hold(day)));
        }
        assert_eq!(place.hour.is_some(), place.level == Level::Hour);
    }
    assert_eq!(place, Place::of_prefix(prefix));
    if let Some(partition) = Partition::parse(prefix) {
        assert_eq!(partition.path(), prefix);
    }
    let _ = entry_number(name);
}

/// Header lines: the columns are as many as the names and all different, and the names are a header line again.
pub fn header(data: &[u8]) {
    let from_line = Header::parse(data);
    if let Ok(header) = &from_line {
        let again = header.names.join(" ");
        assert_eq!(Header::parse(again.as_bytes()), from_line);
        assert!(Header::repeats(again.as_bytes()));
    }
    let from_format = std::str::from_utf8(data).ok().and_then(|text| Header::from_log_format(text).ok());
    for header in from_line.ok().into_iter().chain(from_format) {
        assert!(!header.names.is_empty() && header.names.len() <= MAX_COLUMNS);
        assert_eq!(header.names.len(), header.columns.len());
        let distinct: BTreeSet<&str> = header.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(distinct.len(), header.columns.len());
        assert!(header.unknown().count() <= header.names.len());
        let described: Vec<String> = header.names.iter().map(|name| format!("${{{name}}}")).collect();
        assert_eq!(Header::from_log_format(&described.join(" ")).as_ref(), Ok(&header));
        let _ = header.log_type();
    }
}

/// An object's text: the decoder gives the rows and rejects of a plain reader, however the text is cut.
///
/// The first byte says how.
pub fn records(data: &[u8]) {
    let Some((how, text)) = data.split_first() else { return };
    let end = text.iter().position(|b| *b == b'\n').map_or(text.len(), |at| at + 1);
    let Ok(header) = Header::parse(&text[..end]) else { return };
    let unknown: BTreeSet<String> = header.unknown().map(str::to_owned).collect();
    if unknown.len() > MAX_UNKNOWN {
        return; // Such an object is rejected as a whole.
    }
    let dash_as_null = how & 1 == 1;
    let expected = plain(header.clone(), &text[end..], end as u64, dash_as_null);
    let whole = decoded(header.clone(), &unknown, text, end, dash_as_null, usize::MAX, 1 << 20);
    let (piece, rows) = (usize::from(how >> 1) % 16 * 16 + 1, usize::from(how >> 5) + 1);
    let cut = decoded(header, &unknown, text, end, dash_as_null, piece, rows);
    assert_eq!(whole, expected);
    assert_eq!(cut, expected);
}

/// A row without its NULLs, by column.
type Row = BTreeMap<String, String>;
/// Rows, and of each reject its line, first byte and text.
type Rows = (Vec<Row>, Vec<(u64, u64, Vec<u8>)>);

fn plain(mut header: Header, text: &[u8], begin: u64, dash_as_null: bool) -> Rows {
    let (mut rows, mut rejects) = (Vec::new(), Vec::new());
    let mut unknown: BTreeSet<String> = header.unknown().map(str::to_owned).collect();
    let (log_type, mut is_other) = (log_type_of(&header), false);
    let mut byte = begin;
    for (number, line) in text.split(|b| *b == b'\n').enumerate() {
        let (number, at) = (number as u64 + 2, byte);
        byte += line.len() as u64 + 1;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let tokens: Vec<&[u8]> = line.split(|b| *b == b' ').filter(|token| !token.is_empty()).collect();
        if tokens.is_empty() {
            continue;
        }
        if Header::repeats(line) {
            let next = Header::parse(line).unwrap_or_else(|e| panic!("a header line that is none: {e}"));
            is_other = next.log_type().is_some_and(|of| of != log_type);
            if is_other {
                continue;
            }
            let more: BTreeSet<String> = next.unknown().map(str::to_owned).chain(unknown.clone()).collect();
            if more.len() > MAX_UNKNOWN {
                header = Header { names: Vec::new(), columns: Vec::new() };
            } else {
                (header, unknown) = (next, more);
            }
            continue;
        }
        if is_other {
            continue;
        }
        let mut row = Row::new();
        let fits = tokens.len() == header.columns.len()
            && std::str::from_utf8(line).is_ok()
            && header.columns.iter().zip(&tokens).all(|(column, token)| {
                let text = String::from_utf8_lossy(token);
                let number = |value: Option<i64>| value.filter(|_| !text.starts_with('+')).map(|v| v.to_string());
                let value = match column.column_type {
                    ColumnType::String => (!dash_as_null || text != "-").then(|| Some(text.clone().into_owned())),
                    _ if text == "-" => None,
                    ColumnType::Int => Some(number(text.parse::<i32>().ok().map(i64::from))),
                    ColumnType::Bigint => Some(number(text.parse().ok())),
                };
                match value {
                    None => true,
                    Some(None) => false,
                    Some(Some(value)) => row.insert(column.name.clone(), value).is_none(),
                }
            });
        if fits {
            rows.push(row);
        } else {
            rejects.push((number, at, line.to_vec()));
        }
    }
    (rows, rejects)
}

/// The log type of a table that takes rows of this header.
fn log_type_of(header: &Header) -> LogType {
    header.log_type().unwrap_or(LogType::Vpc)
}

/// Decodes pieces of at least `piece` bytes, in batches of at most `max_rows` rows.
fn decoded(
    header: Header,
    unknown: &BTreeSet<String>,
    text: &[u8],
    begin: usize,
    dash_as_null: bool,
    piece: usize,
    max_rows: usize,
) -> Rows {
    let log_type = log_type_of(&header);
    let mut decoder = ObjectDecoder::new(Arc::new(header), log_type, unknown.clone(), dash_as_null, 0, 0);
    let (mut rows, mut rejects) = (Vec::new(), Vec::new());
    let mut batch = Batch::default();
    let (mut piece_begin, mut from) = (0, begin);
    while piece_begin < text.len() {
        // Whole lines, the header line in the first piece.
        let least = piece_begin.saturating_add(piece).max(begin).min(text.len());
        let whole = text[least - 1..].iter().position(|b| *b == b'\n').map_or(text.len(), |at| least + at);
        let this = &text[piece_begin..whole];
        while from < this.len() {
            let mut held: Vec<RejectedRow> = Vec::new();
            let done = decoder.decode(this, from, &mut batch, max_rows, &mut held);
            assert!(done.bytes > 0 || batch.rows() >= max_rows, "it does not get on");
            from += done.bytes;
            rejects.extend(held.into_iter().map(|reject| (reject.line, reject.byte, reject.text)));
            if batch.rows() >= max_rows {
                take_rows(&mut batch, &mut rows);
            }
        }
        decoder.next_piece(this);
        (piece_begin, from) = (whole, 0);
    }
    take_rows(&mut batch, &mut rows);
    assert_eq!(decoder.check(), Ok(()));
    assert_eq!(decoder.text_bytes(), text.len() as u64);
    (rows, rejects)
}

fn take_rows(batch: &mut Batch, rows: &mut Vec<Row>) {
    let before = rows.len();
    rows.resize(before + batch.rows(), Row::new());
    for data in batch.columns() {
        let nulls: BTreeSet<u32> = data.nulls.iter().copied().collect();
        assert_eq!(data.values.len(), batch.rows());
        for (at, row) in rows[before..].iter_mut().enumerate().filter(|(at, _)| !nulls.contains(&(*at as u32))) {
            let value = match &data.values {
                Values::Int(values) => values[at].to_string(),
                Values::Bigint(values) => values[at].to_string(),
                Values::String { codes, dictionary } => {
                    String::from_utf8_lossy(dictionary.value(codes[at])).into_owned()
                }
            };
            row.insert(data.column.name.clone(), value);
        }
    }
    batch.clear();
}

/// `ddl --like`: an error or a definition; the statement that was read says the same when it is read again.
pub fn like(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(theirs) = Theirs::parse(text, "old.sql") else { return };
    let shown = |theirs: &Theirs| {
        let columns = theirs.columns.iter().chain(&theirs.keys);
        columns.map(|column| format!("{} {}", column.name, column.sql_type)).collect::<Vec<_>>()
    };
    let again = Theirs::parse(&theirs.text, "old.sql").unwrap_or_else(|e| panic!("{e} in {:?}", theirs.text));
    assert_eq!(shown(&again), shown(&theirs));
    let fields = LogType::Vpc.schema().names_up_to(5);
    let header = Header::from_log_format(&fields.join(" ")).unwrap_or_else(|e| panic!("{e}"));
    for partition_by in [PartitionBy::Day, PartitionBy::AccountRegionHour] {
        let account_region =
            partition_by.by_account_region().then(|| ("111122223333".to_owned(), "eu-west-1".to_owned()));
        let day = date(2026, 1, 15);
        let contents = Contents {
            log_type: LogType::Vpc,
            partition_by,
            columns: header.columns.clone(),
            partitions: vec![Partition { account_region, day, hour: partition_by.by_hour().then_some(3) }],
            dash_as_null: false,
            founded: Some(2026),
            objects: BTreeSet::new(),
        };
        let hints = Hints { fields: Some(header.columns.clone()), ..Hints::default() };
        let Ok(name) = TableName::new(None, "t") else { return };
        let Ok(made) = bridge(&theirs, &contents, "s3://bucket/table", name, &hints, day) else { continue };
        let _ = hive::statements(&made.table, None);
        if let Some((name, select)) = &made.view {
            let _ = create_view(name, std::slice::from_ref(select), Dialect::Trino);
        }
    }
}

/// A partition's ledger, entries parted by NUL: an error or a state; what was read is written as it was read.
///
/// The entry `~` is what many of a kind are made of: it stands for the one before it.
pub fn ledger(data: &[u8]) {
    let mut state = PartitionState::default();
    let mut last = None;
    for (at, text) in data.split(|b| *b == 0).enumerate() {
        if text != b"~" {
            last = Record::from_json(text, "here").ok();
        }
        let Some(record) = &last else { return };
        let written = record.to_json().unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(Record::from_json(written.as_bytes(), "here").ok().as_ref(), Some(record));
        if state.add(at as u64 + 1, record.clone(), "here").is_err() {
            return;
        }
        assert_eq!(state.last_number(), at as u64 + 1);
        for (number, _) in state.unfinished() {
            assert!(number <= state.last_number() && state.done(number).is_none() && !state.is_abandoned(number));
        }
    }
}

/// A Parquet file that somebody else wrote: an error, or a footer of which everything can be asked. No row is read: the reference
/// implementation may break off there, and is caught where it does.
pub fn footer(data: &[u8]) {
    let here = Here::new();
    fs::write(here.path("file"), data).unwrap_or_else(|e| panic!("{e}"));
    let store = here.store("");
    let key = store.location().key("file");
    let file = TableFile::open(&store, &key, data.len() as u64, 128 << 20).unwrap_or_else(|e| panic!("{e}"));
    let Ok(file) = file else { return };
    let _ = (file.columns(), file.note(), file.misread(), file.rows());
    for row_group in 0..file.row_groups() {
        assert!(file.first_row(row_group) > 0 && file.packed_bytes(row_group) <= data.len() as u64);
        let _ = file.rows_at_once(row_group, 128 << 20).unwrap_or_else(|e| panic!("{e}"));
    }
}

/// The description of a table: an error or one that is written as it was read.
pub fn table(data: &[u8]) {
    let Ok(info) = TableInfo::from_json(data, "here") else { return };
    let written = serde_json::to_vec(&info).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(TableInfo::from_json(&written, "here").ok().as_ref(), Some(&info));
    let _ = info.founded_year();
}

/// Rows of the raw object that the entries of [`claim`] speak of.
const ROWS: u64 = 2;

/// An entry that somebody else wrote, in the ledger of a table: `convert` finishes it, names it or stops; it reads nothing
/// outside SOURCE and writes nothing outside DEST.
///
/// `@HERE@` stands for the folder in which SOURCE is `raw`, DEST is `table`, and `secret.log` is neither's. The file of a claim gets
/// the name that it must have.
pub fn claim(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let here = Here::new();
    let at = here.path("").to_string_lossy().trim_matches('/').to_owned();
    let Ok(mut record) = Record::from_json(text.replace("@HERE@", &at).as_bytes(), "here") else { return };
    let day = date(2026, 1, 15);
    let partition = Partition { account_region: None, day, hour: None };
    if let Entry::Claim(claim) | Entry::Replace(claim) = &mut record.entry {
        let (log_type, options, work) = (claim.log_type, claim.options.clone(), claim.work.clone());
        claim.output = Draft { log_type, options, work }.output_name(&partition, 0);
    }
    let folder = "AWSLogs/123456789012/vpcflowlogs/eu-west-1/2026/01/15";
    let name = "123456789012_vpcflowlogs_eu-west-1_fl-0a1b2c3d4e5f60718_20260115T0000Z_12345678.log";
    here.write(&format!("raw/{folder}/{name}"), "version srcaddr\n2 10.0.0.1\n2 10.0.0.2\n");
    here.write("secret.log", "hush\n");
    here.write(
        "table/_flowparquet/table.json",
        r#"{"version":3,"log_type":"vpc","partition_by":"day","dash_as_null":false,"single_writer":false}"#,
    );
    let entry = record.to_json().unwrap_or_else(|e| panic!("{e}"));
    here.write(&format!("table/_flowparquet/ledger/{}/00000001.json", partition.path()), &entry);

    let mut options = ConvertOptions::default();
    options.wanted.days = Days::These([day].into());
    options.threads = 1;
    let converted = convert(&here.store("raw"), &Table::new(here.store("table")), &options, &Silent);
    if let Ok(report) = converted {
        // Its own lines fit: a line that does not is of another file.
        assert_eq!(report.totals.rejected_rows, 0, "{report:?}");
        assert!(report.totals.rows_written <= ROWS, "{report:?}");
    }
    let mut left: Vec<_> =
        fs::read_dir(here.path("")).unwrap_or_else(|e| panic!("{e}")).flatten().map(|e| e.file_name()).collect();
    left.sort();
    assert_eq!(left, ["raw", "secret.log", "table"]);
}

/// A folder that is gone at the end, and what opens stores in it.
struct Here {
    folder: tempfile::TempDir,
    io: Io,
}

impl Here {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
        Self { folder, io: Io::start().unwrap_or_else(|e| panic!("{e}")) }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        let real = self.folder.path().canonicalize().unwrap_or_else(|e| panic!("{e}"));
        if name.is_empty() { real } else { real.join(name) }
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).unwrap_or_else(|e| panic!("{e}"));
        fs::write(path, text).unwrap_or_else(|e| panic!("{e}"));
    }

    fn store(&self, name: &str) -> Store {
        let location = Location::parse(&self.path(name).to_string_lossy()).unwrap_or_else(|e| panic!("{e}"));
        Store::open(&location, &StoreOptions::default(), &self.io).unwrap_or_else(|e| panic!("{e}"))
    }
}
