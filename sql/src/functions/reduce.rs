//! `reduce(array, initial, (state, x) -> ..., state -> ...)`.
//!
//! <https://trino.io/docs/current/functions/array.html#reduce>. The elements at one place of all arrays of a batch are taken in together.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, UInt32Array, new_null_array};
use arrow::compute::{cast, concat, take, take_arrays};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{DataFusionError, Result, plan_datafusion_err};
use datafusion::logical_expr::{
    ColumnarValue, HigherOrderFunctionArgs, HigherOrderReturnFieldArgs, HigherOrderSignature, HigherOrderUDF,
    HigherOrderUDFImpl, LambdaArgument, LambdaParametersProgress, ValueOrLambda, Volatility,
};

/// Returns the function, whose states may have so many bytes for a batch of rows.
pub fn reduce(limit_bytes: u64) -> HigherOrderUDF {
    use ValueOrLambda::{Lambda, Value};
    let args = vec![Value(()), Value(()), Lambda(()), Lambda(())];
    HigherOrderUDF::new_from_impl(Reduce {
        signature: HigherOrderSignature::exact(args, Volatility::Immutable),
        limit_bytes,
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Reduce {
    signature: HigherOrderSignature,
    limit_bytes: u64,
}

fn wrong() -> DataFusionError {
    plan_datafusion_err!("write reduce(array, initial, (state, x) -> ..., state -> ...)")
}

fn element(list: &FieldRef) -> Result<FieldRef> {
    match list.data_type() {
        DataType::List(of) => Ok(Arc::clone(of)),
        _ => Err(wrong()),
    }
}

impl HigherOrderUDFImpl for Reduce {
    fn name(&self) -> &str {
        "reduce"
    }

    fn signature(&self) -> &HigherOrderSignature {
        &self.signature
    }

    fn coerce_value_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        match types {
            [list @ DataType::List(_), _] => {
                Ok(types.to_vec()).map(|types| [vec![list.clone()], types[1..].to_vec()].concat())
            }
            [DataType::Null, initial] => Ok(vec![DataType::new_list(DataType::Null, true), initial.clone()]),
            _ => Err(wrong()),
        }
    }

    fn lambda_parameters(
        &self,
        _step: usize,
        fields: &[ValueOrLambda<FieldRef, Option<FieldRef>>],
    ) -> Result<LambdaParametersProgress> {
        let [ValueOrLambda::Value(list), ValueOrLambda::Value(initial), ValueOrLambda::Lambda(merged), _] = fields
        else {
            return Err(wrong());
        };
        let of = element(list)?;
        let state = |data_type: &DataType| Arc::new(Field::new("state", data_type.clone(), true));
        // The state has the type that the first lambda gives it.
        Ok(match merged {
            Some(merged) => {
                let state = state(merged.data_type());
                LambdaParametersProgress::Complete(vec![vec![Arc::clone(&state), of], vec![state]])
            }
            None => LambdaParametersProgress::Partial(vec![Some(vec![state(initial.data_type()), of]), None]),
        })
    }

    fn return_field_from_args(&self, args: HigherOrderReturnFieldArgs) -> Result<FieldRef> {
        match args.arg_fields {
            [_, _, _, ValueOrLambda::Lambda(finished)] => {
                Ok(Arc::new(Field::new("", finished.data_type().clone(), true)))
            }
            _ => Err(wrong()),
        }
    }

    fn invoke_with_args(&self, args: HigherOrderFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let state_type = match &args.arg_fields[..] {
            [_, _, ValueOrLambda::Lambda(merged), _] => merged.data_type().clone(),
            _ => return Err(wrong()),
        };
        let [
            ValueOrLambda::Value(lists),
            ValueOrLambda::Value(initial),
            ValueOrLambda::Lambda(merge),
            ValueOrLambda::Lambda(finish),
        ] = &args.args[..]
        else {
            return Err(wrong());
        };
        let lists = lists.to_array(rows)?;
        let lists = lists.as_list_opt::<i32>().ok_or_else(wrong)?;
        let initial = cast(&initial.to_array(rows)?, &state_type)?;
        let state = self.merged(lists, initial, merge)?;
        let finished = finish.evaluate(&[&|| Ok(Arc::clone(&state))], |captures| Ok(captures.to_vec()))?;
        let finished = finished.into_array(rows)?;
        if lists.null_count() == 0 {
            return Ok(ColumnarValue::Array(finished));
        }
        if lists.null_count() == rows {
            return Ok(ColumnarValue::Array(new_null_array(finished.data_type(), rows)));
        }
        // Of no array there is nothing.
        let kept: UInt32Array = (0..rows).map(|row| lists.is_valid(row).then_some(row as u32)).collect();
        Ok(ColumnarValue::Array(take(&finished, &kept, None)?))
    }
}

impl Reduce {
    /// Returns the last state of each row.
    fn merged(&self, lists: &ListArray, initial: ArrayRef, merge: &LambdaArgument) -> Result<ArrayRef> {
        let (offsets, data_type) = (lists.value_offsets(), initial.data_type().clone());
        let length = |row: u32| (offsets[row as usize + 1] - offsets[row as usize]) as usize;
        let mut rows: Vec<u32> = (0..lists.len() as u32).collect();
        let mut state = initial;
        // Rows whose arrays have ended, and their states.
        let (mut ended, mut states): (Vec<u32>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
        for at in 0.. {
            let (going, done): (Vec<u32>, Vec<u32>) =
                (0..rows.len() as u32).partition(|place| length(rows[*place as usize]) > at);
            if !done.is_empty() {
                ended.extend(done.iter().map(|place| rows[*place as usize]));
                states.push(take(&state, &UInt32Array::from(done), None)?);
                rows = going.iter().map(|place| rows[*place as usize]).collect();
                state = take(&state, &UInt32Array::from(going), None)?;
            }
            if rows.is_empty() {
                break;
            }
            let places = rows.iter().map(|row| offsets[*row as usize] as u32 + at as u32);
            let elements = take(lists.values(), &places.collect::<UInt32Array>(), None)?;
            let chosen = UInt32Array::from(rows.clone());
            let next = merge.evaluate(&[&|| Ok(Arc::clone(&state)), &|| Ok(Arc::clone(&elements))], |captures| {
                Ok(take_arrays(captures, &chosen, None)?)
            })?;
            state = cast(&next.into_array(rows.len())?, &data_type)?;
            let bytes = state.get_array_memory_size() as u64;
            if bytes > self.limit_bytes {
                let limit = self.limit_bytes;
                return Err(DataFusionError::ResourcesExhausted(format!(
                    "reduce has states of {bytes} bytes at once, and there are {limit} for that"
                )));
            }
        }
        let mut back = vec![0_u32; lists.len()];
        ended.iter().enumerate().for_each(|(place, row)| back[*row as usize] = place as u32);
        let states: Vec<&dyn Array> = states.iter().map(AsRef::as_ref).collect();
        if states.is_empty() {
            return Ok(state);
        }
        Ok(take(&concat(&states)?, &UInt32Array::from(back), None)?)
    }
}
