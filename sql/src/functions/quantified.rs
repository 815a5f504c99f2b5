//! `x >= ALL (SELECT ...)` and `x < ANY (SELECT ...)`: a value beside what is known of the rows of a subquery.
//!
//! <https://trino.io/docs/current/functions/comparison.html>. Without rows ALL holds and ANY does not; NULL among them leaves open what the
//! others do not decide.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StructArray};
use arrow::compute::kernels::cmp;
use arrow::compute::{and_kleene, cast, or_kleene};
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::logical_expr::type_coercion::binary::comparison_coercion;

use super::{Fun, is_text, texts};
use crate::types::Kind;

/// What is known of the rows: the least and the greatest value, how many rows there are, and how many that are not NULL.
pub const KNOWN: [&str; 4] = ["low", "high", "rows", "known"];

/// The functions.
pub const FUNS: &[Fun] = &[Fun {
    name: "quantified",
    usage: "value >= ALL (SELECT ...), of one type",
    takes: |types| match types {
        [operator, quantifier, value, DataType::Struct(parts)] if is_text(operator) && is_text(quantifier) => {
            let of = parts.first()?.data_type();
            Kind::of(value).goes_with(Kind::of(of)).then(|| types.to_vec())
        }
        _ => None,
    },
    gives: |_, _| Ok(DataType::Boolean),
    run: |columns, _| {
        let known = columns[3].as_struct();
        let (operator, quantifier) = (texts(&columns[0])?, texts(&columns[1])?);
        let (operator, quantifier) = (operator.first().copied().flatten(), quantifier.first().copied().flatten());
        match (operator, quantifier) {
            (Some(operator), Some(quantifier)) => compared(operator, quantifier == "all", &columns[2], known),
            // Of no rows.
            _ => Ok(Arc::new(BooleanArray::from(Vec::<bool>::new()))),
        }
    },
}];

fn compared(operator: &str, all: bool, value: &ArrayRef, known: &StructArray) -> Result<ArrayRef> {
    let (low, high) = (known.column(0), known.column(1));
    let data_type = common(value.data_type(), low.data_type())?;
    let (value, low, high) = (cast(value, &data_type)?, cast(low, &data_type)?, cast(high, &data_type)?);
    let (greatest, least) = if all { (&high, &low) } else { (&low, &high) };
    let decides = match operator {
        ">" => cmp::gt(&value, greatest)?,
        ">=" => cmp::gt_eq(&value, greatest)?,
        "<" => cmp::lt(&value, least)?,
        "<=" => cmp::lt_eq(&value, least)?,
        // Rows that differ decide without the value, in Trino also where that is NULL.
        "=" => and_kleene(&cmp::eq(&low, &high)?, &cmp::eq(&value, &high)?)?,
        "<>" => or_kleene(&cmp::neq(&low, &high)?, &cmp::neq(&value, &high)?)?,
        other => return Err(exec_datafusion_err!("{other} compares nothing")),
    };
    let (rows, values) = (known.column(2).as_primitive::<Int64Type>(), known.column(3).as_primitive::<Int64Type>());
    let answers = (0..value.len()).map(|row| match decides.is_valid(row).then(|| decides.value(row)) {
        _ if rows.value(row) == 0 => Some(all),
        // One row decides: for ALL that it does not hold, for ANY that it does.
        Some(holds) if holds != all => Some(holds),
        Some(holds) => (values.value(row) == rows.value(row)).then_some(holds),
        None => None,
    });
    Ok(Arc::new(answers.collect::<BooleanArray>()))
}

/// Returns the type in which two values are compared.
pub fn common(one: &DataType, other: &DataType) -> Result<DataType> {
    if one.is_decimal() && other.is_floating() || one.is_floating() && other.is_decimal() {
        return Ok(DataType::Float64);
    }
    comparison_coercion(one, other).ok_or_else(|| exec_datafusion_err!("{one} and {other} are not compared"))
}
