//! What an operator between two expressions means in Athena, once their types are known.
//!
//! In: an operator and two planned expressions. Out: a function of ours for arithmetic, the same operator with casts for
//! comparisons, or an error with Trino's words for types that do not go together.

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{DFSchema, Diagnostic, Result, ScalarValue, Span, plan_datafusion_err};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Expr, ExprSchemable, cast};
use sqlparser::ast::BinaryOperator;

use crate::functions;
use crate::types::{Kind, shown_type};

/// The planner.
#[derive(Debug)]
pub struct Operators;

impl ExprPlanner for Operators {
    fn plan_binary_op(&self, raw: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        let (left, right) = (raw.left.get_type(schema)?, raw.right.get_type(schema)?);
        let kinds = (Kind::of(&left), Kind::of(&right));
        let name = match raw.op {
            BinaryOperator::Plus => "plus",
            BinaryOperator::Minus => "minus",
            BinaryOperator::Multiply => "times",
            BinaryOperator::Divide => "divided",
            BinaryOperator::Modulo => "modulo",
            _ => return compared(raw, &left, &right),
        };
        match kinds {
            (Kind::Number | Kind::Null, Kind::Number | Kind::Null) => {
                let args = vec![narrow(raw.left), narrow(raw.right)];
                Ok(PlannerResult::Planned(Expr::ScalarFunction(ScalarFunction::new_udf(functions::named(name)?, args))))
            }
            // In Athena they are an interval apart, not a number.
            (Kind::Date, Kind::Date) if raw.op == BinaryOperator::Minus => {
                let millis = DataType::Timestamp(TimeUnit::Millisecond, None);
                let (left, right) = (cast(raw.left, millis.clone()), cast(raw.right, millis));
                Ok(PlannerResult::Original(RawBinaryExpr { left, right, ..raw }))
            }
            (Kind::Date, Kind::Interval) if is_of_hours(&raw.right) => Err(of_hours(&raw.left)),
            (Kind::Interval, Kind::Date) if is_of_hours(&raw.left) => Err(of_hours(&raw.right)),
            // Times and intervals.
            (
                Kind::Time | Kind::Date | Kind::Interval | Kind::Null,
                Kind::Time | Kind::Date | Kind::Interval | Kind::Null,
            ) => Ok(PlannerResult::Original(raw)),
            (Kind::Number, Kind::Interval) if raw.op == BinaryOperator::Multiply => multiplied(raw.right, raw.left),
            (Kind::Interval, Kind::Number) if raw.op == BinaryOperator::Multiply => multiplied(raw.left, raw.right),
            (Kind::Interval, Kind::Number) if raw.op == BinaryOperator::Divide => {
                let number = cast(raw.right, DataType::Float64);
                let one = Expr::Literal(ScalarValue::Float64(Some(1.0)), None);
                let share = ScalarFunction::new_udf(functions::named("divided")?, vec![one, number]);
                multiplied(raw.left, Expr::ScalarFunction(share))
            }
            _ => Err(mismatch(&raw, &left, &right)),
        }
    }
}

/// Returns whether an interval that a statement names is not one of whole days.
fn is_of_hours(interval: &Expr) -> bool {
    const NANOS_A_DAY: i64 = 86_400_000_000_000;
    match interval {
        Expr::Literal(ScalarValue::IntervalMonthDayNano(Some(interval)), _) => interval.nanoseconds % NANOS_A_DAY != 0,
        _ => false,
    }
}

fn of_hours(date: &Expr) -> datafusion::common::DataFusionError {
    said(
        "cannot add hours, minutes or seconds to a date".to_owned(),
        &[date],
        "CAST the date AS timestamp first".to_owned(),
    )
}

/// Returns an interval, so many times.
fn multiplied(interval: Expr, number: Expr) -> Result<PlannerResult<RawBinaryExpr>> {
    let times = functions::named("interval_times")?;
    Ok(PlannerResult::Planned(Expr::ScalarFunction(ScalarFunction::new_udf(times, vec![interval, number]))))
}

/// Returns a whole number that a statement names as the integer that it is in Trino, if it fits one.
fn narrow(expr: Expr) -> Expr {
    match expr {
        Expr::Literal(ScalarValue::Int64(Some(value)), metadata) => match i32::try_from(value) {
            Ok(value) => Expr::Literal(ScalarValue::Int32(Some(value)), metadata),
            Err(_) => Expr::Literal(ScalarValue::Int64(Some(value)), metadata),
        },
        other => other,
    }
}

fn compared(raw: RawBinaryExpr, left: &DataType, right: &DataType) -> Result<PlannerResult<RawBinaryExpr>> {
    use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq, StringConcat};
    let kinds = (Kind::of(left), Kind::of(right));
    match raw.op {
        Eq | NotEq | Lt | LtEq | Gt | GtEq if !kinds.0.goes_with(kinds.1) => Err(mismatch(&raw, left, right)),
        Eq | NotEq | Lt | LtEq | Gt | GtEq if left.is_floating() || right.is_floating() => of_doubles(raw, left, right),
        // A time without a zone is one of UTC, the session's zone; DataFusion would take the other side's.
        Eq | NotEq | Lt | LtEq | Gt | GtEq
            if zone(left).is_some() && zone(right).is_none() && kinds.1 != Kind::Null =>
        {
            Ok(PlannerResult::Original(RawBinaryExpr { right: in_utc(raw.right), ..raw }))
        }
        Eq | NotEq | Lt | LtEq | Gt | GtEq
            if zone(right).is_some() && zone(left).is_none() && kinds.0 != Kind::Null =>
        {
            Ok(PlannerResult::Original(RawBinaryExpr { left: in_utc(raw.left), ..raw }))
        }
        StringConcat
            if kinds.0.goes_with(kinds.1)
                && !matches!(kinds.0, Kind::Number | Kind::Boolean | Kind::Time | Kind::Date | Kind::Json) =>
        {
            Ok(PlannerResult::Original(raw))
        }
        StringConcat => Err(mismatch(&raw, left, right)),
        _ => Ok(PlannerResult::Original(raw)),
    }
}

/// Returns a comparison of doubles: none holds of NaN but `<>`. DataFusion compares by a total order, in which NaN equals itself and
/// is larger than all; so it gets another place on each side.
fn of_doubles(raw: RawBinaryExpr, left: &DataType, right: &DataType) -> Result<PlannerResult<RawBinaryExpr>> {
    let left_above = !matches!(raw.op, BinaryOperator::Gt | BinaryOperator::GtEq);
    // DataFusion would make a decimal of the double.
    let side = |expr: Expr, of: &DataType, other: &DataType, above: bool| match of.is_decimal() {
        true => Ok(cast(expr, other.clone())),
        false => with_nan(expr, of, above),
    };
    let (a, b) = (side(raw.left, left, right, left_above)?, side(raw.right, right, left, !left_above)?);
    Ok(PlannerResult::Original(RawBinaryExpr { left: a, right: b, ..raw }))
}

/// Returns a double of which NaN is above or below all others; anything else as it is.
pub fn with_nan(expr: Expr, of: &DataType, above: bool) -> Result<Expr> {
    if !of.is_floating() {
        return Ok(expr);
    }
    let place = functions::named(if above { "nan_above" } else { "nan_below" })?;
    Ok(Expr::ScalarFunction(ScalarFunction::new_udf(place, vec![expr])))
}

fn zone(data_type: &DataType) -> Option<&str> {
    match data_type {
        DataType::Timestamp(_, zone) => zone.as_deref(),
        _ => None,
    }
}

fn in_utc(expr: Expr) -> Expr {
    let millis = |zone| DataType::Timestamp(TimeUnit::Millisecond, zone);
    cast(cast(expr, millis(None)), millis(Some("UTC".into())))
}

fn mismatch(raw: &RawBinaryExpr, left: &DataType, right: &DataType) -> datafusion::common::DataFusionError {
    let types = format!("{} {} {}", shown_type(left), raw.op, shown_type(right));
    let message = format!("cannot apply operator: {types}");
    said(message, &[&raw.left, &raw.right], hint(&raw.op, (&raw.left, left), (&raw.right, right)))
}

/// Returns the error of a statement whose types do not go together, at the first of its expressions whose place is known.
pub fn said(message: String, expressions: &[&Expr], help: String) -> datafusion::common::DataFusionError {
    let span = expressions.iter().find_map(|expr| place(expr));
    let diagnostic = Diagnostic::new_error(message.clone(), span).with_help(help, None);
    plan_datafusion_err!("{message}").with_diagnostic(diagnostic)
}

fn place(expr: &Expr) -> Option<Span> {
    expr.column_refs().iter().find_map(|column| column.spans().first())
}

fn hint(op: &BinaryOperator, left: (&Expr, &DataType), right: (&Expr, &DataType)) -> String {
    let (text, other) = match (Kind::of(left.1), Kind::of(right.1)) {
        (Kind::Json, _) | (_, Kind::Json) => {
            return "write json_extract_scalar(text, path), which gives a text".to_owned();
        }
        (Kind::Text, _) => (left, right),
        (_, Kind::Text) => (right, left),
        _ => return "CAST one side to the type of the other".to_owned(),
    };
    match (op, text.0, other.0, Kind::of(other.1)) {
        (BinaryOperator::StringConcat, ..) => format!("write CAST({} AS varchar)", shown(other.0)),
        (
            BinaryOperator::Plus
            | BinaryOperator::Minus
            | BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::Modulo,
            Expr::Column(column),
            _,
            Kind::Number,
        ) => format!("{} is a text: write CAST({} AS {})", column.name, column.name, shown_type(other.1)),
        (_, Expr::Column(column), Expr::Literal(value, _), Kind::Number) => {
            let width = if matches!(column.name.as_str(), "month" | "day" | "hour") { 2 } else { 0 };
            format!("{} is a text: write {} {op} '{:0>width$}'", column.name, column.name, value.to_string())
        }
        (_, Expr::Literal(..), of, kind @ (Kind::Time | Kind::Date)) => {
            let word = if kind == Kind::Date { "DATE" } else { "TIMESTAMP" };
            format!("write {word} {} for the text beside {}", text.0, shown(of))
                .replace("Utf8(\"", "'")
                .replace("\")", "'")
        }
        (_, Expr::Literal(..), Expr::Column(column), Kind::Number)
            if matches!(column.name.as_str(), "start" | "end") =>
        {
            format!(
                "{} is seconds since 1970: write from_unixtime(\"{}\") {op} TIMESTAMP '...'",
                column.name, column.name
            )
        }
        (_, _, _, Kind::Address) => format!("write CAST({} AS ipaddress)", shown(text.0)),
        _ => format!("write CAST({} AS {})", shown(text.0), shown_type(other.1)),
    }
}

fn shown(expr: &Expr) -> String {
    match expr {
        Expr::Column(column) => column.name.clone(),
        Expr::Literal(value, _) => {
            value.try_as_str().flatten().map_or_else(|| value.to_string(), |text| format!("'{text}'"))
        }
        _ => "...".to_owned(),
    }
}
