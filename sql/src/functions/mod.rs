//! Functions that Athena has and DataFusion lacks, or has with another meaning.
//!
//! A [`Fun`] is a function of whole columns: constants come as columns of one value each row, so that nothing in here
//! knows of them. Types of arguments and of the answer are functions of their own.

mod among;
mod bits;
mod bounded;
mod bytes;
mod convert;
mod format;
mod intervals;
mod joda;
mod json;
mod map_agg;
mod maps;
mod network;
mod number;
mod pattern;
mod percentile;
mod quantified;
mod reduce;
mod sums;
mod text;
mod time;

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue, exec_datafusion_err, plan_datafusion_err};
use datafusion::logical_expr::{
    AggregateUDF, ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::types::shown_type;

pub use among::among;
pub use bounded::bounded;
pub use json::{JSON, written};
pub use maps::parts_of;
pub use network::{ADDRESS_BYTES, shown_address};
pub use pattern::of_ascii;
pub use quantified::KNOWN;
pub use reduce::reduce;
pub use time::shown_timestamp;

/// What holds a condition above a join: it names columns of both sides besides.
pub const HELD: &str = "held";

/// What may be NULL though its argument may not: never computed before a statement is run.
pub const OR_NULL: &str = "or_null";

/// All of them, by name.
static ALL: LazyLock<HashMap<&str, Arc<ScalarUDF>>> = LazyLock::new(|| {
    let funs = time::FUNS
        .iter()
        .chain(network::FUNS)
        .chain(text::FUNS)
        .chain(number::FUNS)
        .chain(bits::FUNS)
        .chain(bytes::FUNS)
        .chain(intervals::FUNS)
        .chain(joda::FUNS)
        .chain(json::FUNS)
        .chain(maps::FUNS)
        .chain(quantified::FUNS)
        .chain(convert::FUNS.iter().flatten());
    let udf = |fun: &'static Fun| {
        let volatility = if fun.name == OR_NULL { Volatility::Volatile } else { Volatility::Immutable };
        Udf { fun, signature: Signature::user_defined(volatility) }
    };
    funs.map(|fun| (fun.name, Arc::new(ScalarUDF::new_from_impl(udf(fun))))).collect()
});

/// Returns all of them.
pub fn all() -> Vec<ScalarUDF> {
    ALL.values().map(|function| function.as_ref().clone()).collect()
}

/// Returns those of rows together.
pub fn aggregates() -> Vec<AggregateUDF> {
    sums::all().into_iter().chain(map_agg::all()).chain([percentile::percentile()]).collect()
}

/// Returns one of them.
///
/// # Errors
/// When there is none of that name.
pub fn named(name: &str) -> Result<Arc<ScalarUDF>> {
    ALL.get(name).cloned().ok_or_else(|| plan_datafusion_err!("there is no function {name}"))
}

/// A function.
pub struct Fun {
    name: &'static str,
    /// How it is used, for whoever used it otherwise.
    usage: &'static str,
    /// The types that arguments of these types are turned into, or `None` if it takes no such arguments.
    takes: fn(&[DataType]) -> Option<Vec<DataType>>,
    /// The type of the answer, by types and constants of the arguments.
    gives: fn(&[DataType], &[Option<&ScalarValue>]) -> Result<DataType>,
    /// Computes the answer, of that type.
    run: fn(&[ArrayRef], &DataType) -> Result<ArrayRef>,
}

struct Udf {
    fun: &'static Fun,
    signature: Signature,
}

impl std::fmt::Debug for Udf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.fun.name)
    }
}

impl PartialEq for Udf {
    fn eq(&self, other: &Self) -> bool {
        self.fun.name == other.fun.name
    }
}

impl Eq for Udf {}

impl Hash for Udf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.fun.name.hash(state);
    }
}

impl ScalarUDFImpl for Udf {
    fn name(&self) -> &str {
        self.fun.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        (self.fun.takes)(types).ok_or_else(|| {
            let types: Vec<String> = types.iter().map(shown_type).collect();
            plan_datafusion_err!("{} takes no ({}): write {}", self.fun.name, types.join(", "), self.fun.usage)
        })
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        (self.fun.gives)(types, &vec![None; types.len()])
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let types: Vec<DataType> = args.arg_fields.iter().map(|field| field.data_type().clone()).collect();
        Ok(Arc::new(Field::new(self.fun.name, (self.fun.gives)(&types, args.scalar_arguments)?, true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        // Of constants alone the answer is one.
        let constant = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let is_lookup = maps::LOOKUPS.contains(&self.fun.name);
        let column = |(at, arg): (usize, &ColumnarValue)| match arg {
            // What is looked into may be large, and is one for all rows.
            ColumnarValue::Scalar(_) if at == 0 && is_lookup => arg.to_array(1),
            _ => arg.to_array(rows),
        };
        let columns: Vec<ArrayRef> = args.args.iter().enumerate().map(column).collect::<Result<_>>()?;
        let answer = (self.fun.run)(&columns, args.return_type())?;
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&answer, 0)?));
        }
        Ok(ColumnarValue::Array(answer))
    }
}

fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null)
}

fn is_number(data_type: &DataType) -> bool {
    data_type.is_numeric() || matches!(data_type, DataType::Null)
}

/// Returns the texts of a column of strings.
fn texts(column: &ArrayRef) -> Result<Vec<Option<&str>>> {
    Ok(match column.data_type() {
        DataType::Utf8View => column.as_string_view().iter().collect(),
        DataType::Utf8 => column.as_string::<i32>().iter().collect(),
        DataType::LargeUtf8 => column.as_string::<i64>().iter().collect(),
        DataType::Null => vec![None; column.len()],
        other => return Err(exec_datafusion_err!("{other} is no text")),
    })
}

/// Keeps what was made of the last value: constants come as columns of equal values.
struct Last<T> {
    of: Option<String>,
    made: T,
}

impl<T: Default> Last<T> {
    fn new() -> Self {
        Self { of: None, made: T::default() }
    }

    fn get(&mut self, of: &str, make: impl FnOnce(&str) -> Result<T>) -> Result<&T> {
        if self.of.as_deref() != Some(of) {
            self.made = make(of)?;
            self.of = Some(of.to_owned());
        }
        Ok(&self.made)
    }
}
