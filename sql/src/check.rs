//! What Athena refuses and DataFusion would make something of: types that do not go together.
//!
//! In: a plan as it follows from the statement, before anything is cast. Out: an error with Trino's words, and how to write it.
//! Operators are looked at by [`crate::planner`]; here is what else compares or joins values.

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::cast;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan};

use crate::planner::{said, with_nan};
use crate::types::{Kind, shown_type};

/// Functions whose first argument is a text, by DataFusion's names; it would make one of a number.
const OF_TEXT: [&str; 22] = [
    "lower",
    "upper",
    "btrim",
    "ltrim",
    "rtrim",
    "character_length",
    "substr",
    "replace",
    "reverse",
    "strpos",
    "starts_with",
    "split",
    "lpad",
    "rpad",
    "regexp_like",
    "regexp_replace",
    "regexp_count",
    "levenshtein",
    "translate",
    "initcap",
    "ascii",
    "concat_ws",
];

/// Checks a plan and the plans of its subqueries.
///
/// # Errors
/// A planning error for the first thing that Trino refuses.
pub fn check(plan: &LogicalPlan) -> Result<()> {
    plan.apply_with_subqueries(|node| {
        let schema = match node.inputs().as_slice() {
            [] => node.schema().as_ref().clone(),
            inputs => merge_schema(inputs),
        };
        node.apply_expressions(|expr| {
            expr.apply(|part| {
                one(part, &schema)?;
                shifted(part, node, &schema)?;
                Ok(TreeNodeRecursion::Continue)
            })
        })?;
        whole(node, &schema)?;
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(())
}

/// Makes doubles of decimals that stand beside doubles in CASE, IN and the like, as Trino does: DataFusion would make decimals of
/// the doubles.
///
/// # Errors
/// When the plan does not hold together afterwards.
pub fn widened(plan: LogicalPlan) -> Result<LogicalPlan> {
    let done = plan.transform_up_with_subqueries(|node| {
        let schema = match node.inputs().as_slice() {
            [] => return Ok(Transformed::no(node)),
            inputs => merge_schema(inputs),
        };
        let names = NamePreserver::new(&node);
        let node = node.map_expressions(|expr| {
            let name = names.save(&expr);
            Ok(expr.transform_up(|part| with_doubles(part, &schema))?.update_data(|expr| name.restore(expr)))
        })?;
        match node.transformed {
            true => node.map_data(LogicalPlan::recompute_schema),
            false => Ok(node),
        }
    })?;
    Ok(done.data)
}

fn with_doubles(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let has = |expr: &Expr, is: fn(&DataType) -> bool| expr.get_type(schema).is_ok_and(|of| is(&of));
    let decimal = |expr: &Expr| has(expr, DataType::is_decimal);
    let floating = |all: &[&Expr]| all.iter().any(|e| has(e, DataType::is_floating));
    let mixed = |all: &[&Expr]| all.iter().any(|e| decimal(e)) && floating(all);
    let double = |expr: Expr| if decimal(&expr) { cast(expr, DataType::Float64) } else { expr };
    Ok(match expr {
        Expr::Case(mut case) => {
            let results: Vec<&Expr> =
                case.when_then_expr.iter().map(|(_, then)| &**then).chain(case.else_expr.as_deref()).collect();
            if !mixed(&results) {
                return Ok(Transformed::no(Expr::Case(case)));
            }
            for (_, then) in &mut case.when_then_expr {
                **then = double(std::mem::take(&mut **then));
            }
            case.else_expr = case.else_expr.map(|expr| Box::new(double(*expr)));
            Transformed::yes(Expr::Case(case))
        }
        Expr::InList(mut list) => {
            if !floating(&std::iter::once(&*list.expr).chain(&list.list).collect::<Vec<_>>()) {
                return Ok(Transformed::no(Expr::InList(list)));
            }
            // As operators compare them; beside reals alone a decimal is a real.
            let all = || std::iter::once(&*list.expr).chain(&list.list);
            let wide = all().any(|expr| has(expr, |of| *of == DataType::Float64));
            let float = if wide { DataType::Float64 } else { DataType::Float32 };
            let placed = |expr: Expr, above| {
                let expr = if decimal(&expr) { cast(expr, float.clone()) } else { expr };
                let of = expr.get_type(schema)?;
                with_nan(expr, &of, above)
            };
            list.expr = Box::new(placed(*list.expr, true)?);
            list.list = list.list.into_iter().map(|one| placed(one, false)).collect::<Result<_>>()?;
            Transformed::yes(Expr::InList(list))
        }
        Expr::ScalarFunction(mut function)
            if matches!(function.name(), "coalesce" | "greatest" | "least" | "nullif" | "make_array")
                && mixed(&function.args.iter().collect::<Vec<_>>()) =>
        {
            function.args = function.args.into_iter().map(double).collect();
            Transformed::yes(Expr::ScalarFunction(function))
        }
        other => Transformed::no(other),
    })
}

/// Returns the kind of an expression, and its type's name; NULL's where it is not known.
fn kind(expr: &Expr, schema: &DFSchema) -> (Kind, String) {
    expr.get_type(schema)
        .map_or((Kind::Null, String::new()), |data_type| (Kind::of(&data_type), shown_type(&data_type)))
}

/// Checks that expressions are of one kind.
fn agree<'a>(
    first: &'a Expr,
    others: impl Iterator<Item = &'a Expr>,
    schema: &DFSchema,
    message: impl Fn(&str, &str) -> String,
) -> Result<()> {
    let mut known = kind(first, schema);
    for other in others {
        let next = kind(other, schema);
        if !known.0.goes_with(next.0) {
            let text = if known.0 == Kind::Text { first } else { other };
            return Err(said(message(&known.1, &next.1), &[first, other], cast_hint(text, &known, &next)));
        }
        if known.0 == Kind::Null {
            known = next;
        }
    }
    Ok(())
}

fn cast_hint(text: &Expr, a: &(Kind, String), b: &(Kind, String)) -> String {
    let wanted = if a.0 == Kind::Text { &b.1 } else { &a.1 };
    match (text, a.0 == Kind::Text || b.0 == Kind::Text) {
        (Expr::Column(column), true) => {
            format!("{} is a text: write values in single quotes ('15'), or CAST({0} AS {wanted})", column.name)
        }
        (_, true) => format!("CAST the text AS {wanted}, or the other side AS varchar"),
        _ => "CAST one to the type of the other".to_owned(),
    }
}

fn one(expr: &Expr, schema: &DFSchema) -> Result<()> {
    match expr {
        Expr::InList(list) => agree(&list.expr, list.list.iter(), schema, |a, b| {
            format!("IN value and list items must be of one type: {a}, {b}")
        }),
        Expr::Between(between) => agree(&between.expr, [&*between.low, &*between.high].into_iter(), schema, |a, b| {
            format!("cannot check whether {a} is BETWEEN values of {b}")
        }),
        Expr::Like(like) => {
            for side in [&*like.expr, &*like.pattern] {
                let (found, name) = kind(side, schema);
                if !matches!(found, Kind::Text | Kind::Null) {
                    let help = "CAST it AS varchar first".to_owned();
                    return Err(said(format!("LIKE wants texts, and this is {name}"), &[side], help));
                }
            }
            Ok(())
        }
        Expr::Case(case) => {
            let results: Vec<&Expr> =
                case.when_then_expr.iter().map(|(_, then)| &**then).chain(case.else_expr.as_deref()).collect();
            let (first, rest) = (results[0], &results[1..]);
            agree(first, rest.iter().copied(), schema, |a, b| {
                format!("all results of CASE (or IF) must be of one type, and there are {a} and {b}")
            })?;
            match &case.expr {
                Some(of) => agree(of, case.when_then_expr.iter().map(|(when, _)| &**when), schema, |a, b| {
                    format!("CASE compares {a} with {b}")
                }),
                None => case
                    .when_then_expr
                    .iter()
                    .try_for_each(|(when, _)| boolean(when, schema, "the condition of CASE (or IF)")),
            }
        }
        Expr::ScalarFunction(function) => of_function(function, schema),
        Expr::Not(inner) => boolean(inner, schema, "what follows NOT"),
        Expr::InSubquery(within) => {
            let (Ok(field), found) =
                (within.subquery.subquery.schema().fields().first().ok_or(()), kind(&within.expr, schema))
            else {
                return Ok(());
            };
            let asked = (Kind::of(field.data_type()), shown_type(field.data_type()));
            match found.0.goes_with(asked.0) {
                true => Ok(()),
                false => Err(said(
                    format!("value and result of the subquery must be of one type: {}, {}", found.1, asked.1),
                    &[&within.expr],
                    match (&*within.expr, found.0) {
                        (Expr::Column(column), _) => format!("write CAST({} AS {})", column.name, asked.1),
                        _ => cast_hint(&within.expr, &found, &asked),
                    },
                )),
            }
        }
        _ => Ok(()),
    }
}

/// Checks what a function is given.
fn of_function(function: &ScalarFunction, schema: &DFSchema) -> Result<()> {
    let (name, args) = (function.name(), &function.args);
    if name == "date_part"
        && let Some(time) = args.get(1)
    {
        return match kind(time, schema) {
            (Kind::Text | Kind::Number | Kind::Boolean, given) => Err(said(
                format!("parts of a time are asked of {given}"),
                &[time],
                "write from_unixtime(seconds), or CAST(text AS timestamp)".to_owned(),
            )),
            _ => Ok(()),
        };
    }
    if matches!(name, "coalesce" | "nullif" | "greatest" | "least") && !args.is_empty() {
        return agree(&args[0], args[1..].iter(), schema, |a, b| {
            format!("{name} wants values of one type, not {a} and {b}")
        });
    }
    // An array among the arguments, wherever it stands: DataFusion would write it as a text.
    let array = |arg: &&Expr| kind(arg, schema).0 == Kind::Other;
    let first = args.iter().find(array).or(args.first());
    let Some(first) = first.filter(|_| OF_TEXT.contains(&name)) else { return Ok(()) };
    let (found, given) = kind(first, schema);
    match found {
        Kind::Other => Err(said(
            format!("{} of {given} is not here", athenas(name)),
            &[first],
            "array_join makes a text of an array".to_owned(),
        )),
        Kind::Json => Err(said(
            format!("unexpected parameters (json) for function {}", athenas(name)),
            &[first],
            "write json_extract_scalar(text, path), which gives a text".to_owned(),
        )),
        Kind::Number | Kind::Boolean | Kind::Date | Kind::Time | Kind::Address => Err(said(
            format!("unexpected parameters ({given}) for function {}", athenas(name)),
            &[first],
            "CAST it AS varchar first".to_owned(),
        )),
        _ => Ok(()),
    }
}

/// Checks that bits are shifted by an integer: literals and VALUES are bigint here and integer in Trino, and stay.
fn shifted(expr: &Expr, node: &LogicalPlan, schema: &DFSchema) -> Result<()> {
    let Expr::ScalarFunction(function) = expr else { return Ok(()) };
    let (true, [_, by]) = (function.name().starts_with("bitwise_"), function.args.as_slice()) else { return Ok(()) };
    let wide = match by {
        Expr::Column(_) => {
            by.get_type(schema)? == DataType::Int64
                && !node.exists(|part| Ok(matches!(part, LogicalPlan::Values(_))))?
        }
        Expr::ScalarFunction(cast) => cast.name() == "cast_bigint",
        _ => false,
    };
    match wide && function.name().contains("_shift") {
        true => Err(said(
            format!("unexpected parameters (..., bigint) for function {}", function.name()),
            &[by],
            format!("write {}(number, CAST(bits AS integer))", function.name()),
        )),
        false => Ok(()),
    }
}

fn boolean(expr: &Expr, schema: &DFSchema, what: &str) -> Result<()> {
    match kind(expr, schema) {
        (Kind::Boolean | Kind::Null, _) => Ok(()),
        (_, name) => {
            Err(said(format!("{what} must be a boolean, not {name}"), &[expr], "compare it with something".to_owned()))
        }
    }
}

/// Returns Athena's name of a function.
fn athenas(name: &str) -> &str {
    match name {
        "btrim" => "trim",
        "character_length" => "length",
        other => other,
    }
}

fn whole(node: &LogicalPlan, schema: &DFSchema) -> Result<()> {
    match node {
        LogicalPlan::Filter(filter) => boolean(&filter.predicate, schema, "a condition"),
        LogicalPlan::Join(join) => join.on.iter().try_for_each(|(left, right)| {
            agree(left, std::iter::once(right), schema, |a, b| format!("cannot apply operator: {a} = {b}"))
        }),
        LogicalPlan::Union(union) => {
            let Some((first, rest)) = union.inputs.split_first() else { return Ok(()) };
            for other in rest {
                for (at, (a, b)) in first.schema().fields().iter().zip(other.schema().fields()).enumerate() {
                    if a.data_type().is_decimal() && b.data_type().is_floating()
                        || a.data_type().is_floating() && b.data_type().is_decimal()
                    {
                        return Err(said(
                            format!("column {} of UNION has decimals and doubles", at + 1),
                            &[],
                            "CAST both AS double".to_owned(),
                        ));
                    }
                    if !Kind::of(a.data_type()).goes_with(Kind::of(b.data_type())) {
                        let (a, b) = (shown_type(a.data_type()), shown_type(b.data_type()));
                        return Err(said(
                            format!("column {} of UNION has types that do not go together: {a}, {b}", at + 1),
                            &[],
                            "CAST one to the type of the other".to_owned(),
                        ));
                    }
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}
