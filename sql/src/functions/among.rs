//! Whether a value is among the distinct rows of a subquery.

use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type};
use arrow::row::{RowConverter, SortField};
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_datafusion_err, plan_datafusion_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use super::quantified::common;

/// What a row in the set takes besides its own bytes.
const ROW_BYTES: usize = 48;

/// Returns a function of a value and an array of all rows: true, false, or NULL if nobody knows. `most_bytes` is what the rows may
/// take.
pub fn among(most_bytes: u64) -> ScalarUDF {
    let signature = Signature::user_defined(Volatility::Immutable);
    ScalarUDF::new_from_impl(Among { signature, most_bytes, made: Mutex::new(None) })
}

struct Among {
    signature: Signature,
    most_bytes: u64,
    /// The set of the array that it was made of: the same for all rows of a statement.
    made: Mutex<Option<(ArrayRef, Arc<Rows>)>>,
}

struct Rows {
    converter: RowConverter,
    known: HashSet<Box<[u8]>>,
    has_null: bool,
    are_none: bool,
}

impl std::fmt::Debug for Among {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl PartialEq for Among {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Among {}

impl Hash for Among {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl ScalarUDFImpl for Among {
    fn name(&self) -> &str {
        "among"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let [value, DataType::List(rows)] = types else {
            return Err(plan_datafusion_err!("among takes a value and an array"));
        };
        let of = common(value, rows.data_type())?;
        Ok(vec![of.clone(), DataType::List(Arc::new(Field::new_list_field(of, true)))])
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [value, rows] = args.args.as_slice() else { return Err(exec_datafusion_err!("among takes two arguments")) };
        let list = match rows {
            ColumnarValue::Scalar(ScalarValue::List(list)) => Arc::clone(list),
            // The same for all rows.
            other => Arc::new(other.to_array(1)?.as_list::<i32>().clone()),
        };
        // Of no rows an aggregate makes NULL.
        let all = if list.is_empty() || list.is_null(0) { list.values().slice(0, 0) } else { list.value(0) };
        let rows = self.rows(&all)?;
        let value = plain(&value.to_array(args.number_rows)?)?;
        let values = rows.converter.convert_columns(&[Arc::clone(&value)])?;
        let answers = values.iter().enumerate().map(|(at, row)| {
            if rows.are_none {
                Some(false)
            } else if value.is_null(at) {
                None
            } else if rows.known.contains(row.as_ref()) {
                Some(true)
            } else {
                (!rows.has_null).then_some(false)
            }
        });
        Ok(ColumnarValue::Array(Arc::new(answers.collect::<BooleanArray>())))
    }
}

impl Among {
    /// Returns the set of an array, which is made once.
    fn rows(&self, array: &ArrayRef) -> Result<Arc<Rows>> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, rows)) = made.as_ref().filter(|(of, _)| of.to_data().ptr_eq(&array.to_data())) {
            debug_assert_eq!(of.len(), array.len());
            return Ok(Arc::clone(rows));
        }
        let rows = Arc::new(self.set(array)?);
        *made = Some((Arc::clone(array), Arc::clone(&rows)));
        Ok(rows)
    }

    fn set(&self, array: &ArrayRef) -> Result<Rows> {
        let values = plain(array)?;
        let converter = RowConverter::new(vec![SortField::new(values.data_type().clone())])?;
        let is_nan =
            |at: usize| values.as_primitive_opt::<Float64Type>().is_some_and(|values| values.value(at).is_nan());
        let rows = converter.convert_columns(&[Arc::clone(&values)])?;
        let mut known = HashSet::new();
        let mut bytes = 0;
        // NaN equals nothing.
        for (_, row) in rows.iter().enumerate().filter(|(at, _)| values.is_valid(*at) && !is_nan(*at)) {
            bytes += row.as_ref().len() + ROW_BYTES;
            if bytes as u64 > self.most_bytes {
                return Err(DataFusionError::ResourcesExhausted(format!(
                    "the rows of IN (SELECT ...) take more than {} bytes",
                    self.most_bytes
                )));
            }
            known.insert(Box::from(row.as_ref()));
        }
        Ok(Rows { converter, known, has_null: values.null_count() > 0, are_none: values.is_empty() })
    }
}

/// Returns values of which equal ones have equal bytes: both zeros of a double are one.
fn plain(values: &ArrayRef) -> Result<ArrayRef> {
    match values.data_type() {
        DataType::Float32 => plain(&cast(values, &DataType::Float64)?),
        DataType::Float64 => {
            let zero = |value: f64| if value == 0.0 { 0.0 } else { value };
            Ok(Arc::new(values.as_primitive::<Float64Type>().unary::<_, Float64Type>(zero) as Float64Array))
        }
        _ => Ok(Arc::clone(values)),
    }
}
