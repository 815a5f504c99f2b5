//! One benchmark for each stage of a conversion, in rows and bytes of text; what a stage gives is checked before it is
//! timed.
//!
//! `cargo bench --manifest-path benches/Cargo.toml` runs all, with `-- decode` one. Each stage works on what the one
//! before it gives for some lifelike objects of one unit, on one thread, so that their times add up to what a row costs.
//! `convert` is all of them with the local disk, on all threads. Seconds mean little from one machine to another; ratios do.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has nothing better to do than to stop")]

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use criterion::{
    BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use flowparquet::internals::{
    Batch, ColumnData, Encoder, Encoders, Header, Interner, ObjectDecoder, SortedRows, SortedRun, TokenTable, Unpacked,
    Unpacker, Values,
};
use flowparquet::parts::generate;
use flowparquet::{
    Compression, ConvertOptions, GenerateOptions, Io, Layout, Location, LogType, Silent, SortBy, Store, StoreOptions,
    Table, convert,
};

const OBJECTS: u32 = 6;
const ROWS_PER_OBJECT: u32 = 20_000;
const ROWS: u64 = OBJECTS as u64 * ROWS_PER_OBJECT as u64;

/// Objects of one flow log version, and their text.
struct Sample {
    version: u8,
    objects: Vec<(String, Vec<u8>)>,
    texts: Vec<Vec<u8>>,
}

impl Sample {
    fn new(version: u8) -> Self {
        let mut options = GenerateOptions::of_version(LogType::Vpc, version).unwrap();
        options.days = vec![jiff::civil::date(2026, 1, 16)];
        options.objects_per_day = OBJECTS;
        options.rows_per_object = ROWS_PER_OBJECT;
        options.regions = vec!["eu-west-1".to_owned()];
        let objects = Mutex::new(Vec::new());
        let Ok(_) = generate::<Infallible>(&options, &|object| {
            objects.lock().unwrap().push((object.key, object.gzip));
            Ok(())
        });
        let mut objects = objects.into_inner().unwrap();
        objects.sort();
        let mut unpacker = Unpacker::default();
        let texts = objects.iter().map(|(_, object)| unpack(&mut unpacker, object, Vec::new())).collect();
        Self { version, objects, texts }
    }

    fn text_bytes(&self) -> u64 {
        self.texts.iter().map(|text| text.len() as u64).sum()
    }

    fn header(&self) -> (Arc<Header>, usize) {
        let end = self.texts[0].iter().position(|byte| *byte == b'\n').unwrap() + 1;
        (Arc::new(Header::parse(&self.texts[0][..end]).unwrap()), end)
    }

    /// Decodes all texts.
    fn decode(&self, batch: &mut Batch) {
        batch.clear();
        let (header, begin) = self.header();
        for text in &self.texts {
            let mut decoder =
                ObjectDecoder::new(Arc::clone(&header), LogType::Vpc, BTreeSet::new(), false, 1, begin as u64);
            let (mut at, mut rejects) = (begin, Vec::new());
            while at < text.len() {
                at += decoder.decode(text, at, batch, usize::MAX / 2, &mut rejects).bytes;
            }
        }
    }

    fn batch(&self) -> Batch {
        let mut batch = Batch::default();
        self.decode(&mut batch);
        batch
    }
}

fn unpack(unpacker: &mut Unpacker, object: &[u8], mut text: Vec<u8>) -> Vec<u8> {
    assert!(matches!(unpacker.unpack(object, true, &mut text, 1 << 30, 1 << 30), Ok(Unpacked::Whole)));
    text
}

fn gunzip(group: &mut BenchmarkGroup<'_, WallTime>, sample: &Sample) {
    let mut unpacker = Unpacker::default();
    let mut text = Vec::new();
    group.bench_function("gunzip", |bencher| {
        bencher.iter(|| {
            for (_, object) in &sample.objects {
                text = unpack(&mut unpacker, object, std::mem::take(&mut text));
            }
        });
    });
    assert_eq!(Some(&text), sample.texts.last());
}

fn tokens(group: &mut BenchmarkGroup<'_, WallTime>, sample: &Sample) {
    let (header, begin) = sample.header();
    let mut table = TokenTable::new(header.columns.len());
    let mut scan = || {
        let mut lines = 0;
        for text in &sample.texts {
            let mut at = begin;
            while at < text.len() {
                at = table.scan(text, at, usize::MAX);
                lines += table.lines();
            }
        }
        lines as u64
    };
    assert_eq!(scan(), ROWS);
    group.bench_function("tokens", |bencher| bencher.iter(|| black_box(scan())));
}

fn decode(group: &mut BenchmarkGroup<'_, WallTime>, sample: &Sample) {
    let mut batch = sample.batch();
    assert_eq!(batch.rows() as u64, ROWS);
    group.bench_function("decode", |bencher| bencher.iter(|| sample.decode(&mut batch)));
}

/// The column of a batch whose values are looked up most often without being there at once.
fn intern(group: &mut BenchmarkGroup<'_, WallTime>, sample: &Sample) {
    let batch = sample.batch();
    let column = batch.columns().iter().find(|data| data.column.name == "srcaddr").unwrap();
    let ColumnData { values: Values::String { codes, dictionary }, .. } = column else { unreachable!() };
    let mut text = Vec::new();
    let mut tokens = Vec::new();
    for code in codes {
        let begin = text.len() as u32;
        text.extend_from_slice(dictionary.value(*code));
        tokens.push(begin..text.len() as u32);
        text.push(b' ');
    }
    let mut interner = Interner::default();
    let mut again = Vec::new();
    let mut look_up = || {
        interner.clear();
        again.clear();
        for tokens in tokens.chunks(256) {
            interner.intern_all(&text, tokens.chunks_exact(1), 0, &mut again);
        }
    };
    look_up();
    group.bench_function("intern srcaddr", |bencher| bencher.iter(&mut look_up));
    assert_eq!(&again, codes);
}

fn encode(group: &mut BenchmarkGroup<'_, WallTime>, sample: &Sample) {
    let batch = sample.batch();
    let mut encoder = Encoder::new(Compression::default(), &Layout::arrival()).unwrap();
    let encoded = encoder.row_group(&batch).unwrap();
    assert_eq!((encoded.rows, encoded.columns.len()), (ROWS, batch.columns().len()));
    group.bench_function("encode, arrival order", |bencher| {
        bencher.iter(|| black_box(encoder.row_group(&batch).unwrap()));
    });
}

fn sort(group: &mut BenchmarkGroup<'_, WallTime>, sample: &Sample) {
    let batch = sample.batch();
    let layout = Layout::default();
    let run = || SortedRun::of(&batch, &SortBy::default());
    assert_eq!(run().rows() as u64, ROWS);
    group.bench_function("sort into a run", |bencher| bencher.iter(|| black_box(run())));
    let encoders = Encoders::new(Compression::default(), &layout);
    let encode = |runs: Vec<SortedRun>| -> u64 {
        let sorted = SortedRows::new(runs, &layout).unwrap();
        let codings = sorted.codings(&encoders).unwrap();
        let rows = |group| encoders.with(|encoder| sorted.row_group(group, &codings, encoder)).unwrap().rows;
        (0..sorted.groups()).map(rows).sum()
    };
    // On one thread, as the other stages.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(pool.install(|| encode(vec![run()])), ROWS);
    group.bench_function("order and encode runs", |bencher| {
        bencher.iter_batched(|| vec![run()], |runs| pool.install(|| encode(runs)), BatchSize::PerIteration);
    });
}

fn end_to_end(group: &mut BenchmarkGroup<'_, WallTime>, sample: &Sample) {
    let folder = Folder::new(sample.version);
    for (key, object) in &sample.objects {
        let path = folder.0.join("raw").join(key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, object).unwrap();
    }
    let io = Io::start().unwrap();
    let store = |path: &Path| {
        Store::open(&Location::parse(&path.to_string_lossy()).unwrap(), &StoreOptions::default(), &io).unwrap()
    };
    let mut number = 0;
    let mut run = || {
        number += 1;
        let dest = folder.0.join(format!("table-{number}"));
        let report = convert(&store(&folder.0.join("raw")), &Table::new(store(&dest)), &options(), &Silent).unwrap();
        fs::remove_dir_all(dest).unwrap();
        report.totals.rows_written
    };
    assert_eq!(run(), ROWS);
    group.bench_function("convert", |bencher| bencher.iter(&mut run));
}

fn options() -> ConvertOptions {
    let mut options = ConvertOptions::default();
    options.target_file_bytes = 256 << 20;
    options
}

/// A folder that is gone when this is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(version: u8) -> Self {
        let path = std::env::temp_dir().join(format!("flowparquet-bench-{}-v{version}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn stages(criterion: &mut Criterion) {
    for version in [2, 5] {
        let sample = Sample::new(version);
        let mut group = criterion.benchmark_group(format!("v{version}"));
        group.throughput(Throughput::ElementsAndBytes { elements: ROWS, bytes: sample.text_bytes() });
        group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3));
        for stage in [gunzip, tokens, decode, intern, sort, encode, end_to_end] {
            stage(&mut group, &sample);
        }
        group.finish();
    }
}

criterion_group!(benches, stages);
criterion_main!(benches);
