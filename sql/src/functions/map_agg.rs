//! `map_agg(key, value)` and `histogram(value)`: maps of many rows.
//!
//! <https://trino.io/docs/current/functions/aggregate.html#map-aggregate-functions>. Rows without a key are left out; of a key that comes
//! again the first value stays.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, ListArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Int64Type};
use arrow::row::{OwnedRow, RowConverter, SortField};
use datafusion::common::{Result, ScalarValue, exec_datafusion_err, plan_datafusion_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility};

use super::maps::{map_array, map_type, parts_of};

/// Bytes of an entry besides those of key and value: the key stands in a table and in a list.
const ENTRY_BYTES: usize = 64;

/// Returns both.
pub fn all() -> [AggregateUDF; 2] {
    let of = |name, counts| {
        AggregateUDF::new_from_impl(MapOf { name, counts, signature: Signature::user_defined(Volatility::Immutable) })
    };
    [of("map_agg", false), of("histogram", true)]
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct MapOf {
    name: &'static str,
    /// Whether the value of a key is how often it comes.
    counts: bool,
    signature: Signature,
}

impl AggregateUDFImpl for MapOf {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        match types.len() == if self.counts { 1 } else { 2 } {
            true => Ok(types.to_vec()),
            false => Err(plan_datafusion_err!("write map_agg(key, value) or histogram(value)")),
        }
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(map_type(&types[0], types.get(1).unwrap_or(&DataType::Int64)))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let (key, value) =
            parts_of(args.return_field.data_type()).ok_or_else(|| plan_datafusion_err!("{} gives a map", self.name))?;
        let list = |of: &DataType, name| {
            Arc::new(Field::new(format_state_name(args.name, name), DataType::new_list(of.clone(), true), true))
        };
        Ok(vec![list(key, "keys"), list(value, "values")])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        if args.is_distinct {
            return Err(plan_datafusion_err!("{} of different values alone is not here", self.name));
        }
        let gives = args.return_field.data_type().clone();
        let (key, _) = parts_of(&gives).ok_or_else(|| plan_datafusion_err!("{} gives a map", self.name))?;
        let converter = RowConverter::new(vec![SortField::new(key.clone())])?;
        let (places, keys, values) = (HashMap::new(), Vec::new(), Vec::new());
        Ok(Box::new(Entries {
            counts: self.counts,
            gives,
            converter,
            places,
            keys,
            values,
            counted: Vec::new(),
            bytes: 0,
        }))
    }
}

/// The entries of a map.
#[derive(Debug)]
struct Entries {
    counts: bool,
    gives: DataType,
    converter: RowConverter,
    places: HashMap<OwnedRow, usize>,
    keys: Vec<OwnedRow>,
    /// Of each key, unless they are counted.
    values: Vec<ScalarValue>,
    counted: Vec<i64>,
    bytes: usize,
}

impl Entries {
    /// Adds keys with their values, or how often they come: once each where nothing is said.
    fn add(&mut self, keys: &ArrayRef, values: Option<&ArrayRef>) -> Result<()> {
        let rows = self.converter.convert_columns(&[Arc::clone(keys)])?;
        for at in (0..keys.len()).filter(|at| keys.is_valid(*at)) {
            let key = rows.row(at).owned();
            let found = self.places.get(&key).copied();
            let place = found.unwrap_or(self.keys.len());
            if found.is_none() {
                self.bytes += 2 * key.row().as_ref().len() + ENTRY_BYTES;
                self.places.insert(key.clone(), place);
                self.keys.push(key);
            }
            if self.counts {
                let more = values.map_or(1, |counts| counts.as_primitive::<Int64Type>().value(at));
                if found.is_none() {
                    self.counted.push(0);
                }
                let sum = self.counted[place].checked_add(more);
                self.counted[place] = sum.ok_or_else(|| exec_datafusion_err!("histogram: too many rows"))?;
            } else if let (Some(values), None) = (values, found) {
                let value = ScalarValue::try_from_array(values, at)?;
                self.bytes += value.size();
                self.values.push(value);
            }
        }
        Ok(())
    }

    fn parts(&self) -> Result<(ArrayRef, ArrayRef)> {
        let (key, value) = parts_of(&self.gives).ok_or_else(|| exec_datafusion_err!("this is no map"))?;
        if self.keys.is_empty() {
            return Ok((arrow::array::new_empty_array(key), arrow::array::new_empty_array(value)));
        }
        let keys = self.converter.convert_rows(self.keys.iter().map(OwnedRow::row))?;
        let keys = keys.into_iter().next().ok_or_else(|| exec_datafusion_err!("a map without keys"))?;
        let values = match self.counts {
            true => Arc::new(Int64Array::from(self.counted.clone())),
            false => ScalarValue::iter_to_array(self.values.iter().cloned())?,
        };
        Ok((keys, values))
    }
}

impl Accumulator for Entries {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.add(&values[0], values.get(1))
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        if self.keys.is_empty() {
            return ScalarValue::try_from(&self.gives);
        }
        let (keys, values) = self.parts()?;
        let end = i32::try_from(keys.len()).map_err(|_| exec_datafusion_err!("a map has too many entries"))?;
        let map = map_array(&self.gives, vec![0, end], (keys, values), None)?;
        ScalarValue::try_from_array(&map, 0)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.bytes
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let (keys, values) = self.parts()?;
        let list = |items: ArrayRef| -> Result<ScalarValue> {
            let field = Arc::new(Field::new_list_field(items.data_type().clone(), true));
            let offsets = OffsetBuffer::from_lengths([items.len()]);
            Ok(ScalarValue::List(Arc::new(ListArray::try_new(field, offsets, items, None)?)))
        };
        Ok(vec![list(keys)?, list(values)?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let (keys, values) = (states[0].as_list::<i32>(), states[1].as_list::<i32>());
        for row in (0..keys.len()).filter(|row| keys.is_valid(*row)) {
            self.add(&keys.value(row), Some(&values.value(row)))?;
        }
        Ok(())
    }
}
