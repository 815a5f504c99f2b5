//! Files of sorted rows, whole: that no row is lost, that they lie in order, and what readers of another make find in them.

use parquet::basic::Encoding;
use parquet::bloom_filter::Sbbf;
use parquet::file::metadata::{RowGroupMetaData, SortingColumn};
use proptest::prelude::*;

use super::rows::SortedRows;
use super::run::SortedRun;
use crate::encode::codec::Compression;
use crate::encode::column::Encoders;
use crate::encode::file::FileWriter;
use crate::encode::layout::{Layout, SortBy};
use crate::encode::testing::{any_headers, batch, batches_of, check_row_groups, opened, read};
use crate::record::columns::{Batch, MAX_LONG_BYTES};
use crate::record::decode::ObjectDecoder;
use crate::record::header::Header;
use crate::record::schema::LogType;

const ORDERS: [&str; 4] = ["addresses", "srcaddr,dstaddr,start", "bytes", "start,action"];

/// Writes batches as runs that are put in order.
fn write_sorted(batches: &[Batch], layout: &Layout) -> Vec<u8> {
    write_parts(&[batches], layout)
}

/// Writes batches that are put in order apart from each other.
fn write_parts(parts: &[&[Batch]], layout: &Layout) -> Vec<u8> {
    let compression = Compression::default();
    let (mut file, encoders) =
        (FileWriter::new(Vec::new(), LogType::Vpc, compression), Encoders::new(compression, layout));
    let batches = parts.iter().flat_map(|batches| *batches);
    file.declare(batches.flat_map(Batch::columns).map(|data| &data.column)).unwrap();
    for batches in parts {
        let runs = batches.iter().map(|batch| SortedRun::of(batch, &layout.sort_by)).collect();
        let sorted = SortedRows::new(runs, layout).unwrap();
        let codings = sorted.codings(&encoders).unwrap();
        file.begin_anew();
        for group in 0..sorted.groups() {
            file.append(encoders.with(|encoder| sorted.row_group(group, &codings, encoder)).unwrap()).unwrap();
        }
    }
    file.finish("{}").unwrap().0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn whatever_the_order_no_row_is_lost_or_changed(
        parts in prop::collection::vec(
            prop::collection::vec(("[1-3]{1,2}|-", "[1-2]{1,2}|-", "-|[0-9]{1,3}", "-|[0-9]{1,18}|-[0-9]{1,18}"), 1..80),
            1..5,
        ),
        times in 1_usize..40,
        order in 0_usize..ORDERS.len(),
        row_group_rows in 1_u32..400,
    ) {
        let (mut batches, mut expected) = (Vec::new(), Vec::new());
        for (part, rows) in parts.iter().enumerate() {
            let mut text = String::new();
            for i in 0..times {
                for (a, b, c, d) in rows {
                    text.push_str(&format!("{a} {b}{i} {c} {d}\n"));
                    let number = |n: &str| n.parse::<i64>().ok().map(|n| n.to_string());
                    let start = number(c).filter(|_| part != 1);
                    expected.push(vec![Some(a.clone()), Some(format!("{b}{i}")), number(d), start]);
                }
            }
            // One of the formats lacks the start.
            batches.push(if part == 1 {
                let cut = |line: &str| {
                    let fields: Vec<&str> = line.split(' ').collect();
                    format!("{} {} {}\n", fields[0], fields[1], fields[3])
                };
                batch("srcaddr dstaddr bytes", &text.lines().map(cut).collect::<String>())
            } else {
                batch("srcaddr dstaddr start bytes", &text)
            });
        }
        let sort_by: SortBy = ORDERS[order].parse().unwrap();
        let layout = Layout { sort_by: sort_by.clone(), row_group_rows, page_rows: 50, ..Layout::default() };
        let file = write_sorted(&batches, &layout);
        let reader = opened(&file);
        for group in reader.metadata().row_groups() {
            prop_assert!(group.num_rows() <= i64::from(row_group_rows), "{}", group.num_rows());
        }
        let names: Vec<String> = reader.schema().fields().iter().map(|field| field.name().clone()).collect();
        let mut rows = read(file);
        if let SortBy::Columns(columns) = &sort_by {
            let places: Vec<Option<usize>> = columns.iter().map(|c| names.iter().position(|n| n == c)).collect();
            let key = |row: &Vec<Option<String>>| -> Vec<(Option<i64>, Option<String>)> {
                places.iter().flatten().map(|place| match names[*place].as_str() {
                    "srcaddr" | "dstaddr" => (None, row[*place].clone()),
                    _ => (row[*place].as_ref().map(|value| value.parse().unwrap()), None),
                }).collect()
            };
            prop_assert!(rows.is_sorted_by_key(key), "sorted by {columns:?}");
        }
        // A file has the columns that its rows have.
        if !names.iter().any(|name| name == "start") {
            expected.iter_mut().for_each(|row| row.truncate(3));
        }
        rows.sort();
        expected.sort();
        prop_assert_eq!(rows, expected);
    }
}

/// Rows of 40 hosts that talk to 200 others, at any time of a day.
fn conversations() -> Batch {
    let line = |i: u64| {
        let mixed = i.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let (host, peer, time) = (mixed >> 40 & 31, mixed >> 20 & 127, mixed >> 3 & 0xffff);
        format!("10.0.0.{host} 52.1.{peer}.9 {} {}\n", 1_768_435_200 + time, i % 7 * 1000)
    };
    batch("srcaddr dstaddr start bytes", &(0..60_000).map(line).collect::<String>())
}

#[test]
fn an_address_lies_in_few_row_groups() {
    let layout = Layout { row_group_rows: 1_000, ..Layout::default() };
    let file = write_sorted(&[conversations(), conversations()], &layout);
    let reader = opened(&file);
    let groups = reader.metadata().row_groups();
    assert!((120..=240).contains(&groups.len()), "{}", groups.len());
    let with = |column: usize, value: &str| {
        let holds = |group: &&RowGroupMetaData| {
            let statistics = group.column(column).statistics().unwrap();
            let (low, high) = (statistics.min_bytes_opt().unwrap(), statistics.max_bytes_opt().unwrap());
            (low..=high).contains(&value.as_bytes())
        };
        groups.iter().filter(holds).count() * 100 / groups.len()
    };
    for (column, value) in [(0, "10.0.0.7"), (0, "10.0.0.31"), (1, "52.1.77.9"), (1, "52.1.0.9")] {
        assert!(with(column, value) <= 12, "{value} in {} % of all row groups", with(column, value));
    }
}

#[test]
fn columns_are_encoded_as_their_values_ask_for_it() {
    let layout = Layout { bloom_filters: vec!["srcaddr".to_owned()], ..Layout::default() };
    let file = write_sorted(&[conversations()], &layout);
    let reader = opened(&file);
    let group = reader.metadata().row_group(0);
    let encodings = |column: usize| group.column(column).encodings().collect::<Vec<_>>();
    assert!(encodings(0).contains(&Encoding::RLE_DICTIONARY), "{:?}", encodings(0));
    assert!(encodings(2).contains(&Encoding::RLE_DICTIONARY), "few sizes: {:?}", encodings(2));
    assert!(!encodings(3).contains(&Encoding::RLE_DICTIONARY), "times far apart: {:?}", encodings(3));
    let filter =
        |column: usize| Sbbf::read_from_column_chunk(group.column(column), &bytes::Bytes::from(file.clone())).unwrap();
    let addresses = filter(0).unwrap();
    let least = group.column(0).statistics().unwrap().min_bytes_opt().unwrap().to_vec();
    assert!(addresses.check(least.as_slice()) && !addresses.check("10.9.9.9"));
    assert!(filter(1).is_none(), "only where it was asked for");
    assert_eq!(group.sorting_columns(), None, "boxes are no order of a column");
    let layout = Layout { sort_by: "start".parse().unwrap(), ..Layout::default() };
    let reader = opened(&write_sorted(&[conversations()], &layout));
    let group = reader.metadata().row_group(0);
    let sorted = SortingColumn { column_idx: 3, descending: false, nulls_first: true };
    assert_eq!(group.sorting_columns(), Some(&vec![sorted]));
    assert!(group.column(3).encodings().any(|e| e == Encoding::DELTA_BINARY_PACKED), "times that ascend");
    let twice = write_parts(&[&[conversations()], &[conversations()]], &layout);
    let reader = opened(&twice);
    assert_eq!(reader.metadata().row_group(0).sorting_columns(), None, "the file is not sorted as a whole");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn every_row_group_belongs_to_one_part_of_the_file(
        headers in any_headers(),
        rows in 1_usize..600,
        order in 0_usize..ORDERS.len(),
        row_group_rows in 1_u32..400,
        bloom in any::<bool>(),
    ) {
        let batches = batches_of(&headers, rows);
        let bloom_filters = if bloom { vec!["srcaddr".to_owned()] } else { Vec::new() };
        let sort_by = ORDERS[order].parse().unwrap();
        let layout = Layout { sort_by, row_group_rows, page_rows: 50, bloom_filters, ..Layout::default() };
        // Sorted apart from each other: columns of the later ones come late.
        let parts: Vec<&[Batch]> = batches.chunks(2).collect();
        check_row_groups(&write_parts(&parts, &layout))?;
    }
}

#[test]
fn row_groups_end_before_their_long_strings_are_too_many() {
    // 300 values of 60 KB are more than a dictionary has; 1,200 rows would have 72 MB of them.
    let line = |row: usize| format!("10.0.0.{} {} {row}\n", row % 7, format!("{:03}", row % 300).repeat(20_000));
    let long = || {
        let text: String = (0..300).map(line).collect();
        let header = std::sync::Arc::new(Header::parse(b"srcaddr brand-new bytes").unwrap());
        let mut decoder = ObjectDecoder::new(header, LogType::Vpc, std::collections::BTreeSet::new(), false, 1, 0);
        let (mut batches, mut at) = (Vec::new(), 0);
        while at < text.len() {
            let mut batch = Batch::default();
            at += decoder.decode(text.as_bytes(), at, &mut batch, usize::MAX, &mut Vec::new()).bytes;
            batches.push(batch);
        }
        batches
    };
    let batches: Vec<Batch> = (0..4).flat_map(|_| long()).collect();
    assert!(batches.iter().all(|batch| batch.rows() <= MAX_LONG_BYTES / 60_000), "batches end as early");
    for order in ORDERS {
        let file = write_sorted(&batches, &Layout { sort_by: order.parse().unwrap(), ..Layout::default() });
        let reader = opened(&file);
        let groups = reader.metadata().row_groups();
        assert!((5..12).contains(&groups.len()), "{} by {order}", groups.len());
        let most = groups.iter().map(RowGroupMetaData::total_byte_size).max().unwrap();
        assert!(most < (MAX_LONG_BYTES + (1 << 20)) as i64, "{most} bytes by {order}");
        let mut numbers: Vec<usize> = read(file).iter().map(|row| row[1].as_ref().unwrap().parse().unwrap()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..300).flat_map(|number| [number; 4]).collect::<Vec<_>>());
    }
}
