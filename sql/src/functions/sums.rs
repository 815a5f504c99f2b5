//! `sum` and `avg` with Trino's types: a sum of whole numbers that is too large is an error, that of decimals has 38 digits, and
//! their average is a decimal.
//!
//! <https://trino.io/docs/current/functions/aggregate.html>. What is added up is looked at number by number.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowNativeTypeOp, AsArray, BooleanArray, PrimitiveArray};
use arrow::compute::cast;
use arrow::datatypes::{ArrowPrimitiveType, DataType, Decimal128Type, Field, FieldRef, Int64Type};
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_datafusion_err, plan_datafusion_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};

use super::number::{MAX_PRECISION, number, ten_to};
use crate::types::shown_type;

/// Returns both; they take the place of DataFusion's, which they leave doubles to.
pub fn all() -> [AggregateUDF; 2] {
    let of = |inner: Arc<AggregateUDF>, mean| {
        AggregateUDF::new_from_impl(Sum { signature: Signature::user_defined(Volatility::Immutable), inner, mean })
    };
    [
        of(datafusion::functions_aggregate::sum::sum_udaf(), false),
        of(datafusion::functions_aggregate::average::avg_udaf(), true),
    ]
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Sum {
    signature: Signature,
    inner: Arc<AggregateUDF>,
    mean: bool,
}

impl Sum {
    /// Returns whether it is reckoned here: of doubles, and of different values alone, DataFusion does it.
    fn is_own(&self, given: &DataType, distinct: bool) -> bool {
        !distinct && (given.is_decimal() || !self.mean && *given == DataType::Int64)
    }
}

/// Returns the type in which sums are kept.
fn kept(given: &DataType) -> DataType {
    match given {
        DataType::Decimal128(_, s) => DataType::Decimal128(MAX_PRECISION, *s),
        _ => DataType::Int64,
    }
}

impl AggregateUDFImpl for Sum {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let taken = match types {
            [DataType::Null] => {
                return Err(plan_datafusion_err!(
                    "{} of NULL alone has no type: write {0}(CAST(NULL AS bigint))",
                    self.name()
                ));
            }
            [one] => number(one),
            _ => None,
        };
        let taken = taken.ok_or_else(|| {
            let types: Vec<String> = types.iter().map(shown_type).collect();
            plan_datafusion_err!("{} takes no ({}): write {0}(number)", self.name(), types.join(", "))
        })?;
        Ok(vec![match taken {
            DataType::Decimal128(..) => taken,
            DataType::Int32 | DataType::Int64 if !self.mean => DataType::Int64,
            _ => DataType::Float64,
        }])
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(match &types[0] {
            decimal @ DataType::Decimal128(..) if self.mean => decimal.clone(),
            decimal @ DataType::Decimal128(..) => kept(decimal),
            other => other.clone(),
        })
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let given = args.expr_fields[0].data_type().clone();
        match self.is_own(&given, args.is_distinct) {
            true => {
                Ok(Box::new(Total { given, gives: args.return_type().clone(), mean: self.mean, total: 0, count: 0 }))
            }
            false => self.inner.accumulator(args),
        }
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        match self.is_own(args.expr_fields[0].data_type(), args.is_distinct) {
            true => self.accumulator(args),
            false => self.inner.create_sliding_accumulator(args),
        }
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let given = args.input_fields[0].data_type();
        if !self.is_own(given, args.is_distinct) {
            return self.inner.state_fields(args);
        }
        let field = |name: &str, data_type| Arc::new(Field::new(format!("{}[{name}]", args.name), data_type, true));
        let mut fields = vec![field("total", kept(given))];
        if self.mean {
            fields.push(field("count", DataType::Int64));
        }
        Ok(fields)
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        match self.is_own(args.expr_fields[0].data_type(), args.is_distinct) {
            true => !self.mean,
            false => self.inner.groups_accumulator_supported(args),
        }
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        let given = args.expr_fields[0].data_type().clone();
        match self.is_own(&given, args.is_distinct) {
            true if given == DataType::Int64 => Ok(Box::new(Totals::<Int64Type>::new(&given))),
            true => Ok(Box::new(Totals::<Decimal128Type>::new(&given))),
            false => self.inner.create_groups_accumulator(args),
        }
    }
}

/// Returns a sum as what it is given as.
fn fitting(total: i128, gives: &DataType) -> Result<i128> {
    let fits = match gives {
        DataType::Int64 => i64::try_from(total).is_ok(),
        DataType::Decimal128(p, _) => total.unsigned_abs() < ten_to(*p).unsigned_abs(),
        _ => true,
    };
    if fits { Ok(total) } else { Err(too_large()) }
}

fn too_large() -> DataFusionError {
    exec_datafusion_err!("the sum is too large for its type: sum(CAST(... AS decimal(38, 0))) has room")
}

/// The sum of a group, or of a window that slides.
#[derive(Debug)]
struct Total {
    given: DataType,
    gives: DataType,
    mean: bool,
    total: i128,
    count: i64,
}

impl Total {
    fn add(&mut self, values: &ArrayRef, sign: i64) -> Result<()> {
        let all: Box<dyn Iterator<Item = i128>> = match values.data_type() {
            DataType::Int64 => Box::new(values.as_primitive::<Int64Type>().iter().flatten().map(i128::from)),
            _ => Box::new(values.as_primitive::<Decimal128Type>().iter().flatten()),
        };
        for value in all {
            self.total = self.total.checked_add(value * i128::from(sign)).ok_or_else(too_large)?;
            self.count += sign;
        }
        Ok(())
    }
}

impl Accumulator for Total {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.add(&values[0], 1)
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.add(&values[0], -1)
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        if self.count == 0 {
            return ScalarValue::try_from(&self.gives);
        }
        let value = match self.mean {
            true => mean(self.total, self.count),
            false => self.total,
        };
        let value = fitting(value, &self.gives)?;
        Ok(match self.gives {
            DataType::Decimal128(p, s) => ScalarValue::Decimal128(Some(value), p, s),
            _ => ScalarValue::Int64(i64::try_from(value).ok()),
        })
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let total = (self.count > 0).then_some(self.total);
        let mut state = vec![match kept(&self.given) {
            DataType::Decimal128(p, s) => ScalarValue::Decimal128(total, p, s),
            // As in Trino, a sum of some rows must fit too.
            _ => ScalarValue::Int64(
                total.map(|total| fitting(total, &DataType::Int64)).transpose()?.map(|total| total as i64),
            ),
        }];
        if self.mean {
            state.push(ScalarValue::Int64(Some(self.count)));
        }
        Ok(state)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let before = self.count;
        self.add(&states[0], 1)?;
        if let Some(counts) = states.get(1) {
            self.count = before + counts.as_primitive::<Int64Type>().iter().flatten().sum::<i64>();
        }
        Ok(())
    }
}

/// Divides a sum, away from zero from a half on.
fn mean(total: i128, count: i64) -> i128 {
    let count = i128::from(count);
    let (quotient, rest) = (total / count, total % count);
    if rest.abs() * 2 >= count { quotient + total.signum() } else { quotient }
}

/// The sums of many groups.
#[derive(Debug)]
struct Totals<T: ArrowPrimitiveType> {
    kept: DataType,
    totals: Vec<T::Native>,
    seen: Vec<bool>,
}

impl<T: ArrowPrimitiveType> Totals<T> {
    fn new(given: &DataType) -> Self {
        Self { kept: kept(given), totals: Vec::new(), seen: Vec::new() }
    }

    fn add(&mut self, values: &ArrayRef, groups: &[usize], filter: Option<&BooleanArray>, count: usize) -> Result<()> {
        self.totals.resize(count, T::Native::ZERO);
        self.seen.resize(count, false);
        let values = values.as_primitive::<T>();
        let (totals, seen) = (&mut self.totals, &mut self.seen);
        let mut one = |group: usize, value: T::Native| -> Result<()> {
            totals[group] = totals[group].add_checked(value).map_err(|_| too_large())?;
            seen[group] = true;
            Ok(())
        };
        if filter.is_none() && values.null_count() == 0 {
            return values.values().iter().zip(groups).try_for_each(|(value, group)| one(*group, *value));
        }
        for (row, (value, group)) in values.iter().zip(groups).enumerate() {
            let taken = filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row));
            if let Some(value) = value.filter(|_| taken) {
                one(*group, value)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, emit: EmitTo) -> ArrayRef {
        let (totals, seen) = (emit.take_needed(&mut self.totals), emit.take_needed(&mut self.seen));
        let sums = PrimitiveArray::<T>::new(totals.into(), Some(seen.into()));
        Arc::new(sums.with_data_type(self.kept.clone()))
    }
}

impl<T: ArrowPrimitiveType> GroupsAccumulator for Totals<T> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        count: usize,
    ) -> Result<()> {
        self.add(&values[0], groups, filter, count)
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], count: usize) -> Result<()> {
        self.add(&states[0], groups, None, count)
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let sums = self.take(emit);
        if let (DataType::Decimal128(..), Some(sums)) = (&self.kept, sums.as_primitive_opt::<Decimal128Type>()) {
            sums.iter().flatten().try_for_each(|sum| fitting(sum, &self.kept).map(drop))?;
        }
        Ok(sums)
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.take(emit)])
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let wide = cast(&values[0], &self.kept)?;
        let Some(filter) = filter else { return Ok(vec![wide]) };
        let left_out: BooleanArray = filter.iter().map(|taken| Some(taken != Some(true))).collect();
        Ok(vec![arrow::compute::nullif(&wide, &left_out)?])
    }

    fn size(&self) -> usize {
        self.totals.capacity() * size_of::<T::Native>() + self.seen.capacity()
    }
}
