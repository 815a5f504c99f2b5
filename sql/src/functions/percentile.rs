//! `approx_percentile(value, share)` and `approx_percentile(value, weight, share)`.
//!
//! <https://trino.io/docs/current/functions/aggregate.html#approx_percentile>. Of a few rows Trino gives one of them, that below which the
//! share lies; DataFusion's lies between two. Of many rows both are estimates, which depend on the order of rows. Here the answer is one of
//! the values and exact, whatever the order, up to [`MAX_ITEMS`] different ones; then each two neighbours become one of the weight of
//! both, and the smallest and the greatest stay.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, ListArray};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type, Int64Type};
use datafusion::common::{Result, ScalarValue, exec_datafusion_err, plan_datafusion_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility};

use super::is_number;

/// Different values of a group that are kept as they are: 16 MB, which count against the memory of the run.
const MAX_ITEMS: usize = 1 << 20;

/// Values after which equal ones become one for the first time.
const FIRST_ITEMS: usize = 1 << 12;

/// What a person is to write.
const USAGE: &str =
    "write approx_percentile(number, share) or approx_percentile(number, weight, share), the share from 0 to 1";

/// Returns the function.
pub fn percentile() -> AggregateUDF {
    AggregateUDF::new_from_impl(Percentile { signature: Signature::user_defined(Volatility::Immutable) })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Percentile {
    signature: Signature,
}

impl AggregateUDFImpl for Percentile {
    fn name(&self) -> &str {
        "approx_percentile"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let [value, .., _] = types else { return Err(plan_datafusion_err!("{USAGE}")) };
        if types.len() > 3 || !types.iter().all(is_number) {
            return Err(plan_datafusion_err!("{USAGE}"));
        }
        // Decimals are real there, whole numbers bigint.
        let value = match value {
            DataType::Float64 => DataType::Float64,
            DataType::Float32 | DataType::Decimal128(..) | DataType::Decimal256(..) => DataType::Float32,
            _ => DataType::Int64,
        };
        Ok(std::iter::once(value).chain(types[1..].iter().map(|_| DataType::Float64)).collect())
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(types[0].clone())
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let field = |name, of| Arc::new(Field::new(format_state_name(args.name, name), of, true));
        let list = |of| DataType::new_list(of, true);
        Ok(vec![
            field("share", DataType::Float64),
            field("keys", list(DataType::Int64)),
            field("weights", list(DataType::Float64)),
        ])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        if args.is_distinct {
            return Err(plan_datafusion_err!("approx_percentile of different values alone is not here"));
        }
        Ok(Box::new(Ranked {
            gives: args.return_field.data_type().clone(),
            share: None,
            items: Vec::new(),
            room: FIRST_ITEMS,
            upper: false,
        }))
    }
}

/// The values of a group.
#[derive(Debug)]
struct Ranked {
    gives: DataType,
    share: Option<f64>,
    /// Each with its weight, as a key that is ordered as the values are.
    items: Vec<(i64, f64)>,
    /// How many there may be before equal ones become one.
    room: usize,
    /// Which of two neighbours stays the next time.
    upper: bool,
}

impl Ranked {
    fn add(&mut self, key: i64, weight: f64) -> Result<()> {
        if !(weight.is_finite() && weight >= 0.0) {
            return Err(exec_datafusion_err!("approx_percentile: a weight is 0 or more, not {weight}"));
        }
        if weight > 0.0 {
            self.items.push((key, weight));
        }
        if self.items.len() >= self.room {
            self.sort();
            if self.items.len() >= MAX_ITEMS {
                self.halve();
            }
            self.room = 2 * self.items.len().max(FIRST_ITEMS);
        }
        Ok(())
    }

    /// Puts them in order, equal ones as one.
    fn sort(&mut self) {
        self.items.sort_unstable_by_key(|(key, _)| *key);
        self.items.dedup_by(|later, kept| {
            let is_equal = later.0 == kept.0;
            kept.1 += if is_equal { later.1 } else { 0.0 };
            is_equal
        });
    }

    /// Makes one of each two neighbours of those in order; the first and the last keep their values.
    fn halve(&mut self) {
        let last = self.items.len().div_ceil(2) - 1;
        let pairs = self.items.chunks(2).enumerate().map(|(at, pair)| {
            let takes_upper = at == last || (at > 0 && self.upper);
            let key = if takes_upper { pair[pair.len() - 1].0 } else { pair[0].0 };
            (key, pair.iter().map(|(_, weight)| weight).sum())
        });
        self.items = pairs.collect();
        self.upper = !self.upper;
    }

    fn set_share(&mut self, share: f64) -> Result<()> {
        if !(0.0..=1.0).contains(&share) {
            return Err(exec_datafusion_err!("approx_percentile: the share must be from 0 to 1, not {share}"));
        }
        self.share = Some(share);
        Ok(())
    }
}

impl Accumulator for Ranked {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let (value, rest) = values.split_first().ok_or_else(|| exec_datafusion_err!("{USAGE}"))?;
        let (share, weight) = rest.split_last().ok_or_else(|| exec_datafusion_err!("{USAGE}"))?;
        let keys = keys(value)?;
        let shares = share.as_primitive::<Float64Type>();
        let weights = weight.first().map(AsArray::as_primitive::<Float64Type>);
        for (at, key) in keys.iter().enumerate() {
            let (Some(key), true) = (key, shares.is_valid(at)) else { continue };
            let weight = match weights {
                Some(weights) if weights.is_null(at) => continue,
                Some(weights) => weights.value(at),
                None => 1.0,
            };
            self.set_share(shares.value(at))?;
            self.add(key, weight)?;
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.sort();
        let all: f64 = self.items.iter().map(|(_, weight)| weight).sum();
        let below = self.share.unwrap_or_default() * all;
        let mut passed = 0.0;
        let found = self.items.iter().find(|(_, weight)| {
            passed += weight;
            passed > below
        });
        match found.or(self.items.last()) {
            Some((key, _)) => value(*key, &self.gives),
            None => ScalarValue::try_from(&self.gives),
        }
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.items.capacity() * size_of::<(i64, f64)>()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let list = |items: ArrayRef| -> Result<ScalarValue> {
            let field = Arc::new(Field::new_list_field(items.data_type().clone(), true));
            let offsets = OffsetBuffer::from_lengths([items.len()]);
            Ok(ScalarValue::List(Arc::new(ListArray::try_new(field, offsets, items, None)?)))
        };
        let (keys, weights): (Vec<i64>, Vec<f64>) = self.items.iter().copied().unzip();
        Ok(vec![
            ScalarValue::Float64(self.share),
            list(Arc::new(Int64Array::from(keys)))?,
            list(Arc::new(Float64Array::from(weights)))?,
        ])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let shares = states[0].as_primitive::<Float64Type>();
        let (keys, weights) = (states[1].as_list::<i32>(), states[2].as_list::<i32>());
        for row in 0..shares.len() {
            if shares.is_valid(row) {
                self.set_share(shares.value(row))?;
            }
            if keys.is_null(row) || weights.is_null(row) {
                continue;
            }
            let (keys, weights) = (keys.value(row), weights.value(row));
            let (keys, weights) = (keys.as_primitive::<Int64Type>(), weights.as_primitive::<Float64Type>());
            for (key, weight) in keys.values().iter().zip(weights.values()) {
                self.add(*key, *weight)?;
            }
        }
        Ok(())
    }
}

/// Returns whole numbers as they are, doubles as whole numbers of the same order.
fn keys(values: &ArrayRef) -> Result<Int64Array> {
    if values.data_type() == &DataType::Int64 {
        return Ok(values.as_primitive::<Int64Type>().clone());
    }
    let doubles = cast(values, &DataType::Float64)?;
    Ok(doubles.as_primitive::<Float64Type>().unary(|value| ordered(value.to_bits().cast_signed())))
}

/// Turns the bits of a double into a number of its order, and back.
fn ordered(bits: i64) -> i64 {
    bits ^ (((bits >> 63).cast_unsigned()) >> 1).cast_signed()
}

fn value(key: i64, gives: &DataType) -> Result<ScalarValue> {
    match gives {
        DataType::Int64 => Ok(ScalarValue::Int64(Some(key))),
        other => ScalarValue::Float64(Some(f64::from_bits(ordered(key).cast_unsigned()))).cast_to(other),
    }
}
