//! Row groups -> one Parquet file, written from front to back.
//!
//! In: [`EncodedRowGroup`]s in order. Out: bytes into any writer, so that a file need not fit into memory.
//!
//! The chunks of a row group lie in the order of the schema, with NULLs for the columns that it lacks: side by side, or in a
//! stripe of the row groups of a slab. In a stripe the chunks of a *family* of columns lie together, those of all its row
//! groups, and behind them those of the next family. Trino reads what lies between two ranges if that is less than 1 MiB, so
//! that of small row groups it reads all columns, whichever are asked for; of a stripe it passes over the families that are
//! not. Nor does it read from one row group to the next but one: they are a stripe apart (docs/layout.md).
//!
//! Engines that read a file in parts ask where the first column of the schema lies, and take it for the place of the row
//! group: parquet-mr (Spark, Hive, EMR, Glue) adds half of the row group's size, and a column that lay at the end of the file
//! would put that point behind it, where no part is, so that nobody reads the row group (docs/readers.md). So the first
//! columns of all row groups of a stripe lie at its front, and the columns of a file are fixed by its first row group: see
//! [`FileWriter::declare`].

use std::io::Write;
use std::ops::Range;

use super::chunk::{EncodedColumn, EncodedPage};
use super::codec::Compression;
use super::column::{EncodedRowGroup, Encoder, InSlab};
use super::footer::{Footer, PlacedChunk, PlacedGroup};
use super::format::MAGIC;
use super::layout::Layout;
use crate::error::{Error, Result};
use crate::options::ROW_GROUP_ROWS;
use crate::record::header::Column;
use crate::record::schema::LogType;

/// Most columns of a file: AWS knows 54, and every row group has all of them, NULL or not.
pub const MAX_FILE_COLUMNS: usize = 1_000;

/// Most row groups of a file: the format numbers them in 16 bits with a sign (`RowGroup.ordinal`), and arrow-rs, hence
/// DataFusion, opens no file with more.
const MAX_ROW_GROUPS: usize = 1 << 15;

/// Columns that begin a family, and columns that end one. Questions about an address name most of the columns from `srcaddr`
/// to `bytes`, and often the times; sums name those from `srcaddr` to `bytes` alone.
const FAMILY_BEGINS: [&str; 2] = ["srcaddr", "start"];
const FAMILY_ENDS: [&str; 2] = ["end", "log_status"];

/// Bytes of a stripe that are not of the family of addresses, at least: engines read a gap that is no longer (Trino's
/// `parquet.max-merge-distance` is 1 MiB).
const STRIPE_GAP_BYTES: usize = 1 << 20;

/// Bytes of a stripe, about, at most: they wait in memory.
const MAX_STRIPE_BYTES: usize = 16 << 20;

/// A file in the making.
pub struct FileWriter<W: Write> {
    out: W,
    offset: u64,
    log_type: LogType,
    compression: Compression,
    groups: Vec<PlacedGroup>,
    /// Row groups that are still to be written, their chunks in the order of the schema.
    stripe: Vec<EncodedRowGroup>,
    /// In the order of the schema.
    columns: Vec<Column>,
    /// Whether a column came after the first row group.
    late: bool,
    /// Whether there are more row groups than a file can have.
    full: bool,
    /// Makes the NULLs of columns that a row group lacks.
    encoder: Option<Encoder>,
    /// Whether each row group goes on where the one before it ends, if they are sorted.
    in_order: bool,
}

impl<W: Write> std::fmt::Debug for FileWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileWriter").field("row_groups", &self.groups.len()).finish_non_exhaustive()
    }
}

/// What a finished file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileContent {
    /// Rows.
    pub rows: u64,
    /// Row groups.
    pub row_groups: u64,
    /// Columns in the order of the file.
    pub columns: Vec<Column>,
}

impl<W: Write> FileWriter<W> {
    /// Begins a file; writes nothing before the first row group.
    pub fn new(out: W, log_type: LogType, compression: Compression) -> Self {
        Self {
            out,
            offset: 0,
            log_type,
            compression,
            groups: Vec::new(),
            stripe: Vec::new(),
            columns: Vec::new(),
            late: false,
            full: false,
            encoder: None,
            in_order: true,
        }
    }

    /// Says that the file has these columns. One that nobody spoke of before the first row group comes too late, since those
    /// that are written have no place for it: then [`FileWriter::is_late`], and the file is to be given up and written again,
    /// with all of its columns declared.
    ///
    /// # Errors
    /// A usage error if the file would have more columns than any log has.
    pub fn declare<'a>(&mut self, columns: impl IntoIterator<Item = &'a Column>) -> Result<()> {
        let before = self.columns.len();
        for column in columns {
            if !self.columns.contains(column) {
                self.columns.push(column.clone());
            }
        }
        if self.columns.len() > MAX_FILE_COLUMNS {
            let last = self.columns.last().map(|column| column.name.as_str()).unwrap_or_default();
            return Err(Error::usage(format!("a file would have more than {MAX_FILE_COLUMNS} columns, {last:?} for one"))
                .help("header lines of its objects name fields that no log has: find out who wrote them, move them away, run again"));
        }
        if self.columns.len() > before {
            sort_columns(&mut self.columns, self.log_type);
            self.late |= self.row_groups() > 0;
        }
        Ok(())
    }

    /// Returns whether a column came too late: nothing can be appended any more.
    pub fn is_late(&self) -> bool {
        self.late
    }

    /// Returns whether there are more row groups than a file can have: those that are too many were not written, and the file
    /// is to be given up.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// Returns the error of a file that [`FileWriter::is_full`].
    pub fn too_many() -> Error {
        Error::usage(format!("a file would have more than {MAX_ROW_GROUPS} row groups"))
            .help(format!("give a larger {ROW_GROUP_ROWS}; nothing of this file was written"))
    }

    /// Returns the columns that were declared, in the order of the schema.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Says that other rows follow, sorted apart from those before. The file will not be called sorted then: the format means
    /// each row group by it, but engines (DataFusion for one) take it for the order of the whole file.
    pub fn begin_anew(&mut self) {
        self.in_order &= self.row_groups() == 0;
    }

    /// Returns the row groups appended so far.
    fn row_groups(&self) -> usize {
        self.groups.len() + self.stripe.len()
    }

    /// Returns the rows appended so far.
    pub fn rows(&self) -> u64 {
        let written = self.groups.iter().map(|group| group.rows);
        written.chain(self.stripe.iter().map(|group| group.rows)).sum()
    }

    /// Appends a row group; one without rows is passed over. Those of a slab are written when their stripe is complete.
    ///
    /// # Errors
    /// When the writer fails; as [`FileWriter::declare`]; and for a column that comes too late, which is a bug.
    pub fn append(&mut self, group: EncodedRowGroup) -> Result<()> {
        if group.rows == 0 {
            return Ok(());
        }
        if self.row_groups() == MAX_ROW_GROUPS {
            self.full = true;
            return Ok(());
        }
        self.declare(group.columns.iter().map(|chunk| &chunk.column))?;
        if self.late {
            return Err(Error::stopped("a column came after the first row group of its file")
                .help("this is a bug in flowparquet: nothing of this file was written; please report it"));
        }
        let in_slab = group.in_slab;
        if in_slab == InSlab::Alone {
            self.write_stripe()?;
        }
        let whole = self.whole(group)?;
        self.stripe.push(whole);
        let (bytes, gap) = self.stripe_bytes();
        let complete = match in_slab {
            InSlab::Alone => true,
            InSlab::Inside => false,
            InSlab::Last => gap > STRIPE_GAP_BYTES,
        };
        if complete || bytes > MAX_STRIPE_BYTES { self.write_stripe() } else { Ok(()) }
    }

    /// Returns a row group with all columns of the file, in their order.
    fn whole(&mut self, mut group: EncodedRowGroup) -> Result<EncodedRowGroup> {
        let mut chunks = std::mem::take(&mut group.columns);
        for column in self.columns.clone() {
            group.columns.push(match chunks.iter().position(|chunk| chunk.column == column) {
                Some(at) => chunks.swap_remove(at),
                None => self.nulls(&column, group.rows as usize)?,
            });
        }
        Ok(group)
    }

    /// Returns the bytes that wait, and how many of them are not of the family of addresses.
    fn stripe_bytes(&self) -> (usize, usize) {
        let bytes = |columns: &Range<usize>| {
            let chunks = self.stripe.iter().flat_map(|group| &group.columns[columns.clone()]);
            chunks.map(|chunk| chunk.bytes.len()).sum::<usize>()
        };
        let families = self.families();
        let of_addresses = families.iter().find(|family| self.columns[family.start].name == FAMILY_BEGINS[0]);
        let all = families.iter().map(&bytes).sum();
        (all, all - of_addresses.map_or(0, bytes))
    }

    /// Returns the families of columns, by their places.
    fn families(&self) -> Vec<Range<usize>> {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        let is_first =
            |place: &usize| FAMILY_BEGINS.contains(&names[*place]) || FAMILY_ENDS.contains(&names[*place - 1]);
        let begins: Vec<usize> = [0].into_iter().chain((1..names.len()).filter(is_first)).collect();
        let ends = begins[1..].iter().copied().chain([names.len()]);
        begins.iter().copied().zip(ends).map(|(begin, end)| begin..end).collect()
    }

    /// Writes the row groups that wait: family by family, and in a family one row group after the other.
    fn write_stripe(&mut self) -> Result<()> {
        let stripe = std::mem::take(&mut self.stripe);
        if self.groups.is_empty() && !stripe.is_empty() {
            self.write(MAGIC)?;
        }
        let families = self.families();
        let (mut placed, mut waiting): (Vec<PlacedGroup>, Vec<_>) = stripe
            .into_iter()
            .map(|group| {
                let EncodedRowGroup { rows, columns, sorted_by, .. } = group;
                (PlacedGroup { rows, sorted_by, chunks: Vec::with_capacity(columns.len()) }, columns.into_iter())
            })
            .unzip();
        for family in families {
            for (group, chunks) in placed.iter_mut().zip(&mut waiting) {
                for chunk in chunks.take(family.len()) {
                    group.chunks.push(self.place(chunk)?);
                }
            }
        }
        // Behind the stripe, where readers that look at filters only find them side by side.
        for placed in placed.iter_mut().flat_map(|group| &mut group.chunks) {
            if let Some(filter) = placed.chunk.bloom_filter.take() {
                placed.bloom_filter = Some((self.offset, filter.len() as u64));
                self.write(&filter)?;
            }
        }
        self.groups.extend(placed);
        Ok(())
    }

    /// Writes the footer, and returns the writer and what the file holds.
    ///
    /// `about` goes into the footer under [`super::footer::FOOTER_KEY`].
    ///
    /// # Errors
    /// When the writer fails.
    pub fn finish(mut self, about: &str) -> Result<(W, FileContent)> {
        self.write_stripe()?;
        drop_partial_bounds(&mut self.groups);
        let footer = Footer {
            columns: &self.columns,
            log_type: self.log_type,
            compression: self.compression,
            groups: &self.groups,
            in_order: self.in_order,
            about,
        };
        let footer = footer.to_bytes(self.offset);
        self.write(&footer)?;
        let (rows, row_groups) = (self.rows(), self.groups.len() as u64);
        Ok((self.out, FileContent { rows, row_groups, columns: self.columns }))
    }

    /// Returns the writer of a file that is given up.
    pub fn into_inner(self) -> W {
        self.out
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.out.write_all(bytes).map_err(|e| match e.downcast::<Error>() {
            Ok(error) => error,
            Err(e) => Error::stopped("cannot write").because(e),
        })?;
        self.offset += bytes.len() as u64;
        Ok(())
    }

    fn place(&mut self, mut chunk: EncodedColumn) -> Result<PlacedChunk> {
        let offset = self.offset;
        let bytes = std::mem::take(&mut chunk.bytes);
        self.write(&bytes)?;
        Ok(PlacedChunk { offset, bytes: bytes.len() as u64, chunk, bloom_filter: None })
    }

    fn nulls(&mut self, column: &Column, rows: usize) -> Result<EncodedColumn> {
        let encoder = match &mut self.encoder {
            Some(encoder) => encoder,
            none => none.insert(Encoder::new(self.compression, &Layout::arrival())?),
        };
        encoder.null_column(column, rows)
    }
}

/// Takes the bounds of a column's chunks away if one of them has values without bounds: DataFusion takes the bounds of the
/// others for those of all rows.
fn drop_partial_bounds(groups: &mut [PlacedGroup]) {
    for column in 0..groups.first().map_or(0, |group| group.chunks.len()) {
        let lacks = |group: &PlacedGroup| group.chunks[column].chunk.pages.iter().any(EncodedPage::lacks_bounds);
        if groups.iter().any(lacks) {
            groups.iter_mut().for_each(|group| group.chunks[column].chunk.min_max = None);
        }
    }
}

/// Puts columns in AWS's order, unknown ones behind by name: the same for every file and for the DDL.
pub fn sort_columns(columns: &mut [Column], log_type: LogType) {
    let fields = &log_type.schema().fields;
    columns.sort_by_cached_key(|column| {
        let place = fields.iter().position(|field| field.column == column.name);
        (place.unwrap_or(usize::MAX), column.name.clone())
    });
}

#[cfg(test)]
mod tests {
    use arrow_array::RecordBatch;
    use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
    use parquet::basic::{BoundaryOrder, Encoding};
    use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
    use parquet::file::page_index::column_index::ColumnIndexMetaData;
    use proptest::prelude::*;

    use super::*;
    use crate::encode::misread::misread;
    use crate::encode::testing::{CODECS, any_headers, batch, batches_of, check_row_groups, opened, read, write};
    use crate::record::columns::Batch;
    use crate::record::schema::ColumnType;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn what_is_written_is_read(
            rows in prop::collection::vec(("[a-c]{1,2}|-", "-|[0-9]{1,3}|-[1-9]", "-|[0-9]{1,18}"), 1..300),
            times in 1_usize..120,
            codec in 0_usize..4,
        ) {
            let mut text = String::new();
            let mut expected = Vec::new();
            for i in 0..times {
                for (a, b, c) in &rows {
                    let unique = if i % 3 == 0 { format!("{a}{i}x{b}") } else { a.clone() };
                    text.push_str(&format!("{unique} {b} {c}\n"));
                    let number = |n: &str| n.parse::<i64>().ok().map(|n| n.to_string());
                    expected.push(vec![Some(unique), number(b), number(c)]);
                }
            }
            let (file, content) = write(&[batch("srcaddr srcport bytes", &text)], CODECS[codec]);
            prop_assert_eq!(content.rows, expected.len() as u64);
            prop_assert_eq!(read(file), expected);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(30))]
        #[test]
        fn every_row_group_belongs_to_one_part_of_the_file(
            headers in any_headers(),
            rows in 1_usize..600,
            codec in 0_usize..4,
        ) {
            check_row_groups(&write(&batches_of(&headers, rows), CODECS[codec]).0)?;
        }
    }

    #[test]
    fn a_column_that_nobody_spoke_of_comes_too_late() {
        let mut encoder = Encoder::new(Compression::default(), &Layout::arrival()).unwrap();
        let mut file = FileWriter::new(Vec::new(), LogType::Vpc, Compression::default());
        let columns = |batch: &Batch| batch.columns().iter().map(|data| data.column.clone()).collect::<Vec<_>>();
        let (first, second) = (batch("srcaddr bytes", "a 1\n"), batch("bytes version", "2 2\n"));
        file.declare(&columns(&first)).unwrap();
        file.append(encoder.row_group(&first).unwrap()).unwrap();
        file.declare(&columns(&first)).unwrap();
        assert!(!file.is_late(), "known ones do not");
        file.declare(&columns(&second)).unwrap();
        file.declare(&columns(&second)).unwrap();
        assert!(file.is_late(), "however often they are declared");
        assert_eq!(file.columns().iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["version", "srcaddr", "bytes"]);
        let refused = file.append(encoder.row_group(&second).unwrap()).unwrap_err();
        assert!(refused.to_string().contains("after the first row group"), "{refused}");
    }

    /// Reads the chunk statistics of a column: (minimum, whether it is a value, maximum, whether it is one).
    fn bounds_of(group: &RowGroupMetaData, column: usize) -> Option<(Vec<u8>, bool, Vec<u8>, bool)> {
        let statistics = group.column(column).statistics()?;
        let (low, high) = (statistics.min_bytes_opt()?.to_vec(), statistics.max_bytes_opt()?.to_vec());
        Some((low, statistics.min_is_exact(), high, statistics.max_is_exact()))
    }

    #[test]
    fn long_values_have_short_bounds() {
        let long = "z".repeat(300);
        let (file, _) = write(
            &[batch("srcaddr bytes", &format!("a 1\n{long} 2\nb 3\n")), batch("srcaddr bytes", "zeta 4\n- 5\n")],
            Compression::default(),
        );
        let reader = opened(&file);
        let raised = "z".repeat(255) + "{";
        assert_eq!(
            bounds_of(reader.metadata().row_group(0), 0),
            Some((b"a".to_vec(), true, raised.into_bytes(), false))
        );
        assert_eq!(bounds_of(reader.metadata().row_group(1), 0), Some((b"-".to_vec(), true, b"zeta".to_vec(), true)));
        assert_eq!(read(file)[1][0].as_deref(), Some(long.as_str()));
    }

    #[test]
    fn a_column_has_bounds_in_all_row_groups_or_in_none() {
        // No character comes after these: there is no short bound above them.
        let last = "\u{10ffff}".repeat(70);
        let batches =
            [batch("srcaddr bytes", "a 1\n"), batch("srcaddr bytes", &format!("{last} 2\n")), batch("bytes", "3\n")];
        let (file, _) = write(&batches, Compression::default());
        let reader = opened(&file);
        let groups = reader.metadata().row_groups();
        assert_eq!(groups.iter().map(|group| bounds_of(group, 0)).collect::<Vec<_>>(), [None, None, None]);
        assert!(groups.iter().all(|group| bounds_of(group, 1).is_some()));
        assert_eq!(groups[2].column(0).statistics().unwrap().null_count_opt(), Some(1));
        assert_eq!(misread(reader.metadata(), file.len() as u64), None);
        assert_eq!(read(file)[1][0].as_deref(), Some(last.as_str()));
    }

    #[test]
    fn pages_of_long_strings_are_cut_by_their_bytes() {
        let values: Vec<Option<String>> = (0..120_usize)
            .map(|row| match row % 5 {
                0 => None,
                1 => Some(format!("{row:03}").repeat(800_000)),
                _ => Some(format!("{row:03}").repeat(60_000)),
            })
            .collect();
        let mut long = Batch::default();
        let column = Column { name: "brand_new".to_owned(), column_type: ColumnType::String };
        long.append_strings(&column, values.iter().map(|value| value.as_ref().map(String::as_bytes)));
        long.grow(values.len());
        let (file, _) = write(&[long], Compression::default());
        let options =
            ArrowReaderOptions::new().with_page_index_policy(parquet::file::metadata::PageIndexPolicy::Required);
        let reader =
            ParquetRecordBatchReaderBuilder::try_new_with_options(bytes::Bytes::from(file.clone()), options).unwrap();
        let column = reader.schema().index_of("brand_new").unwrap();
        let pages = reader.metadata().offset_index().unwrap()[0][column].page_locations();
        assert!(pages.len() > 40, "{} pages", pages.len());
        assert!(!reader.metadata().row_group(0).column(column).encodings().any(|e| e == Encoding::RLE_DICTIONARY));
        let rows = read(file);
        for (row, values) in rows.iter().enumerate() {
            let wanted = match row % 5 {
                0 => None,
                1 => Some(2_400_000),
                _ => Some(180_000),
            };
            assert_eq!(values[column].as_ref().map(String::len), wanted);
            assert!(values[column].as_ref().is_none_or(|value| value.starts_with(&format!("{row:03}"))));
        }
    }

    #[test]
    fn a_flipped_bit_in_a_page_is_noticed() {
        let text: String = (0..500).map(|row| format!("10.0.0.{} {row}\n", row % 250)).collect();
        let (file, _) = write(&[batch("srcaddr bytes", &text)], Compression::None);
        let reader = opened(&file);
        let end = reader
            .metadata()
            .row_group(0)
            .columns()
            .iter()
            .map(ColumnChunkMetaData::byte_range)
            .map(|(s, l)| s + l)
            .max();
        let mut damaged = file.clone();
        damaged[end.unwrap() as usize - 1] ^= 1;
        let reader = opened(&damaged);
        let read: std::result::Result<Vec<RecordBatch>, _> = reader.build().unwrap().collect();
        assert!(read.unwrap_err().to_string().contains("CRC"));
    }

    #[test]
    fn a_late_column_is_null_before() {
        let batches =
            [batch("srcaddr srcport", "a 1\nb 2\n"), batch("action srcaddr", "ACCEPT c\n"), batch("bytes", "7\n")];
        let (file, content) = write(&batches, Compression::default());
        let names: Vec<&str> = content.columns.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["srcaddr", "srcport", "bytes", "action"], "AWS's order");
        let text = |t: &str| Some(t.to_owned());
        assert_eq!(
            read(file),
            [
                vec![text("a"), text("1"), None, None],
                vec![text("b"), text("2"), None, None],
                vec![text("c"), None, None, text("ACCEPT")],
                vec![None, None, text("7"), None],
            ]
        );
    }

    #[test]
    fn statistics_are_those_of_the_values() {
        let text: String = (0..50_000).map(|i| format!("10.0.{}.{} {i} {}\n", i / 250 % 200, i % 250, i * 7)).collect();
        let (file, _) = write(&[batch("srcaddr srcport bytes", &text)], Compression::default());
        let options =
            ArrowReaderOptions::new().with_page_index_policy(parquet::file::metadata::PageIndexPolicy::Required);
        let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(bytes::Bytes::from(file), options).unwrap();
        let metadata = reader.metadata();
        let group = metadata.row_group(0);
        let stats = |c: usize| group.column(c).statistics().unwrap().clone();
        assert_eq!(stats(0).min_bytes_opt(), Some(b"10.0.0.0".as_slice()));
        assert_eq!(stats(0).max_bytes_opt(), Some(b"10.0.99.99".as_slice()));
        assert_eq!(stats(1).max_bytes_opt(), Some(49_999_i32.to_le_bytes().as_slice()));
        assert_eq!(stats(2).max_bytes_opt(), Some((49_999_i64 * 7).to_le_bytes().as_slice()));
        assert_eq!(stats(2).null_count_opt(), Some(0));
        let columns = &metadata.column_index().unwrap()[0];
        let ColumnIndexMetaData::INT32(ports) = &columns[1] else { panic!("an int column has an int index") };
        assert_eq!(
            (ports.min_values(), ports.max_values()),
            ([0, 20_000, 40_000].as_slice(), [19_999, 39_999, 49_999].as_slice())
        );
        assert_eq!(columns[1].get_boundary_order(), Some(BoundaryOrder::ASCENDING));
        assert_eq!(metadata.offset_index().unwrap()[0][1].page_locations().len(), 3);
    }

    /// Bytes that no compressor makes shorter, as text.
    fn noise(seed: u64, rows: usize) -> Batch {
        let mut text = String::new();
        for row in 0..rows as u64 {
            let mut mixed = (seed << 32 ^ row).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let mut number = || {
                mixed = (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                mixed >> 3
            };
            let [bytes, start, end] = [number(), number(), number()];
            text.push_str(&format!("2 10.0.0.{} {bytes} {start} {end} ACCEPT OK vpc-{row}\n", row % 200));
        }
        batch("version srcaddr bytes start end action log-status vpc-id", &text)
    }

    /// Writes row groups that lie in slabs as these say.
    fn write_slabs(places: &[InSlab], rows: usize) -> Vec<u8> {
        let mut encoder = Encoder::new(Compression::None, &Layout::default()).unwrap();
        let mut file = FileWriter::new(Vec::new(), LogType::Vpc, Compression::None);
        for (seed, in_slab) in (0..).zip(places) {
            let group = encoder.row_group(&noise(seed, rows)).unwrap();
            file.append(EncodedRowGroup { in_slab: *in_slab, ..group }).unwrap();
        }
        file.finish("{}").unwrap().0
    }

    #[test]
    fn families_of_a_stripe_lie_together() {
        use InSlab::{Alone, Inside, Last};
        // Some 30 bytes of a row are not of the family of addresses: of the first slab less than 1 MiB, of two more.
        let places = [Alone, Inside, Last, Inside, Inside, Last, Inside, Alone];
        let file = write_slabs(&places, 10_000);
        check_row_groups(&file).unwrap();
        let reader = opened(&file);
        let mut chunks: Vec<(u64, usize, usize)> = Vec::new();
        for (number, group) in reader.metadata().row_groups().iter().enumerate() {
            chunks.extend(group.columns().iter().enumerate().map(|(column, c)| (c.byte_range().0, number, column)));
        }
        chunks.sort_unstable();
        let stripe = |groups: Range<usize>| {
            let families = [0..1, 1..3, 3..5, 5..7, 7..8];
            let family = move |family: Range<usize>| {
                groups.clone().flat_map(move |group| family.clone().map(move |column| (group, column)))
            };
            families.into_iter().flat_map(family).collect::<Vec<_>>()
        };
        let wanted = [stripe(0..1), stripe(1..6), stripe(6..7), stripe(7..8)].concat();
        assert_eq!(chunks.into_iter().map(|(_, group, column)| (group, column)).collect::<Vec<_>>(), wanted);
        assert_eq!(read(file).len(), 8 * 10_000);
    }

    #[test]
    fn stripes_do_not_grow_beyond_what_memory_is_meant_for() {
        let mut file = FileWriter::new(Vec::new(), LogType::Vpc, Compression::None);
        let mut encoder = Encoder::new(Compression::None, &Layout::default()).unwrap();
        for seed in 0..12 {
            let group = encoder.row_group(&noise(seed, 60_000)).unwrap();
            file.append(EncodedRowGroup { in_slab: InSlab::Inside, ..group }).unwrap();
            assert!(file.stripe_bytes().0 <= MAX_STRIPE_BYTES);
        }
        let (file, content) = file.finish("{}").unwrap();
        assert_eq!((content.rows, content.row_groups), (720_000, 12));
        check_row_groups(&file).unwrap();
    }

    #[test]
    fn only_row_groups_of_many_pages_have_a_page_index() {
        for (rows, indexed) in [(40_000, false), (40_001, true)] {
            let text: String = (0..rows).map(|row| format!("10.0.0.1 {row}\n")).collect();
            let (file, _) = write(&[batch("srcaddr bytes", "10.0.0.2 7\n"), batch("srcaddr bytes", &text)], CODECS[0]);
            let reader = opened(&file);
            for chunk in reader.metadata().row_groups().iter().flat_map(RowGroupMetaData::columns) {
                let places = [chunk.column_index_offset(), chunk.offset_index_offset()];
                assert!(places.iter().all(|place| place.is_some() == indexed), "{rows} rows: {places:?}");
            }
        }
    }
}
