//! Raw logs as a table: objects of the asked days, read whole, decoded, and handed on as columns.
//!
//! Answers are those of the raw table in Athena: `-` stays in strings and is NULL in numbers, partitions come from the
//! keys. Lines that fit no row and objects that do not read to their end are left out and counted, as `convert` does.
//! Each reader holds one object packed and its text, or a piece of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use flowparquet_sql::arrow::array::{
    ArrayRef, Int32Array, Int64Array, RecordBatch, RecordBatchOptions, StringViewArray, StringViewBuilder, UInt32Array,
    new_null_array,
};
use flowparquet_sql::arrow::buffer::NullBuffer;
use flowparquet_sql::arrow::compute::take;
use flowparquet_sql::arrow::datatypes::{DataType, SchemaRef};
use flowparquet_sql::arrow::error::ArrowError;
use flowparquet_sql::{Emit, Failure, LeftOut, ObjectReader, Objects};

use crate::error::{Error, Result};
use crate::record::columns::{Batch, ColumnData, Values};
use crate::record::decode::ObjectDecoder;
use crate::record::header::Column;
use crate::source::reader::{ObjectEnded, ObjectReader as RawReader, Rules, Sink};
use crate::store::{Listed, Store, Unread};

/// Rows that are handed on at once.
const BATCH_ROWS: usize = 8_192;

/// Most text of an object that is held at once; the text of a larger one is read in pieces of this size.
pub const MAX_TEXT_BYTES: usize = 64 << 20;

/// The objects of the table.
#[derive(Debug)]
pub struct RawObjects {
    /// Where they are.
    pub store: Store,
    /// How they are read.
    pub rules: Rules,
    /// Columns of their rows.
    pub columns: Vec<Column>,
    /// The partitions: a value of each partition column.
    pub values: Vec<Vec<String>>,
    /// The objects with the places of their partitions.
    pub objects: Vec<(usize, Listed)>,
    /// Whether one that the store does not give ends the statement.
    pub all: bool,
}

impl Objects for RawObjects {
    fn reader<'a>(&'a self, columns: &'a [usize], schema: &'a SchemaRef) -> Box<dyn ObjectReader + 'a> {
        let work = RawWork { objects: self, wanted: columns, schema, batch: Batch::default() };
        Box::new(OneByOne { reader: RawReader::default(), work })
    }

    fn url(&self, at: usize) -> String {
        self.objects.get(at).map_or_else(String::new, |(_, object)| self.store.location().url_of(&object.key))
    }
}

/// Reads one object after the other.
struct OneByOne<'a> {
    reader: RawReader,
    work: RawWork<'a>,
}

impl ObjectReader for OneByOne<'_> {
    fn read(&mut self, at: usize, emit: &mut Emit<'_>) -> Result<LeftOut, Failure> {
        let RawObjects { store, rules, objects, .. } = self.work.objects;
        let (partition, listed) = &objects[at];
        let packed = match store.get_heads(&[listed], listed.size)?.pop() {
            Some(Ok(packed)) => packed,
            Some(Err(Unread::Refused(why))) if self.work.objects.all => {
                return Err(Error::refused("a raw log cannot be read, so nothing can be compared")
                    .at(store.location().url_of(&listed.key))
                    .because(why)
                    .into());
            }
            // It is refused, or gone since it was listed.
            _ => return Ok(LeftOut { objects: 1, ..LeftOut::default() }),
        };
        let mut rows = ObjectRows { work: &mut self.work, partition: *partition, emit, rejected: 0 };
        let object = (packed.as_ref(), listed.key.ends_with(".gz"));
        let ended = self.reader.whole(rules, object, &BTreeSet::new(), &mut rows)?;
        let mut left_out = LeftOut { rows: rows.rejected, ..LeftOut::default() };
        match ended {
            ObjectEnded::Read { decoder, .. } => {
                left_out.rows += decoder.other_type_rows().map_or(0, |(lines, _)| lines);
            }
            ObjectEnded::Enough => {}
            ObjectEnded::Rejected { .. } | ObjectEnded::OtherType(_) => left_out.objects = 1,
            ObjectEnded::NoFlowLog(_) => left_out.no_flow_logs = 1,
        }
        Ok(left_out)
    }
}

struct RawWork<'a> {
    objects: &'a RawObjects,
    wanted: &'a [usize],
    schema: &'a SchemaRef,
    batch: Batch,
}

impl RawWork<'_> {
    /// Returns the wanted columns of the rows at hand.
    fn columns(&self, partition: usize) -> Result<RecordBatch, ArrowError> {
        let rows = self.batch.rows();
        let known = &self.objects.columns;
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.wanted.len());
        for (at, field) in self.wanted.iter().zip(self.schema.fields()) {
            arrays.push(match known.get(*at) {
                Some(column) => match self.batch.columns().iter().find(|data| data.column == *column) {
                    Some(data) => array(data)?,
                    None => new_null_array(field.data_type(), rows),
                },
                None => {
                    let values = &self.objects.values[partition];
                    let value = values.get(at - known.len()).map_or("", String::as_str);
                    Arc::new(StringViewArray::from_iter_values(std::iter::repeat_n(value, rows)))
                }
            });
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(self.schema), arrays, &options)
    }
}

/// Emits the rows of an object.
struct ObjectRows<'w, 'a, 'e> {
    work: &'w mut RawWork<'a>,
    partition: usize,
    emit: &'e mut Emit<'e>,
    /// Lines that are no rows.
    rejected: u64,
}

impl Sink for ObjectRows<'_, '_, '_> {
    fn text(&mut self, decoder: &mut ObjectDecoder, text: &[u8], mut from: usize) -> Result<bool> {
        let work = &mut *self.work;
        let mut rejects = Vec::new();
        while from < text.len() {
            work.batch.clear();
            // The decoder returns early where the format changes or strings are long: what came before is handed on, too small
            // or not.
            let done = decoder.decode(text, from, &mut work.batch, BATCH_ROWS, &mut rejects);
            from += done.bytes;
            self.rejected += done.rejected;
            rejects.clear();
            if work.batch.rows() > 0 {
                let columns = work.columns(self.partition);
                let columns = columns.map_err(|e| Error::stopped("the rows of an object fit no columns").because(e))?;
                if !(self.emit)(columns) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

fn array(data: &ColumnData) -> Result<ArrayRef, ArrowError> {
    let nulls = |rows: usize| {
        (!data.nulls.is_empty()).then(|| {
            let mut valid = vec![true; rows];
            data.nulls.iter().for_each(|row| valid[*row as usize] = false);
            NullBuffer::from(valid)
        })
    };
    Ok(match &data.values {
        Values::Int(values) => Arc::new(Int32Array::new(values.clone().into(), nulls(values.len()))),
        Values::Bigint(values) => Arc::new(Int64Array::new(values.clone().into(), nulls(values.len()))),
        Values::String { codes, dictionary } if dictionary.is_empty() => {
            new_null_array(&DataType::Utf8View, codes.len())
        }
        Values::String { codes, dictionary } => {
            let mut values = StringViewBuilder::with_capacity(dictionary.len());
            for code in 0..dictionary.len() as u32 {
                // Lines that are not UTF-8 are rejected before.
                values.append_value(String::from_utf8_lossy(dictionary.value(code)));
            }
            let values: ArrayRef = Arc::new(values.finish());
            let codes = UInt32Array::new(codes.clone().into(), nulls(codes.len()));
            take(&values, &codes, None)?
        }
    })
}
