//! UNNEST beside a table, WITH ORDINALITY and in a LEFT JOIN -> what DataFusion plans.

use std::ops::ControlFlow;

use sqlparser::ast::{
    self, Expr, FunctionArg, FunctionArgExpr, Ident, Value, visit_expressions, visit_expressions_mut,
};

use crate::calls::call;
use crate::names::{all_of, selected};

/// Rewrites `FROM a CROSS JOIN UNNEST(column) AS t (x)`, which DataFusion plans only of constants, to
/// `FROM (SELECT *, unnest(column) AS x FROM a WHERE column IS NOT NULL) AS a`, and `t.x` to `x`.
pub fn unnest_columns(select: &mut ast::Select) {
    let Some(joined) = joined(select) else { return };
    let Joined { table, known, name, columns, arrays, left, others } = joined;
    let there = any_there(&arrays);
    let arrays = if left { arrays.into_iter().map(never_empty).collect() } else { arrays };
    let mut inner = select.clone();
    inner.distinct = None;
    inner.having = None;
    inner.group_by = ast::GroupByExpr::Expressions(Vec::new(), Vec::new());
    inner.named_window = Vec::new();
    inner.projection = vec![ast::SelectItem::Wildcard(ast::WildcardAdditionalOptions::default())];
    inner.projection.extend(
        arrays
            .into_iter()
            .zip(columns)
            .map(|(array, alias)| ast::SelectItem::ExprWithAlias { expr: call("unnest", vec![array]), alias }),
    );
    // An array that is NULL gives no row, but in a LEFT JOIN.
    inner.selection = there.filter(|_| !left);
    inner.from = vec![ast::TableWithJoins { relation: table, joins: Vec::new() }];
    select.from = vec![ast::TableWithJoins {
        relation: ast::TableFactor::Derived {
            lateral: false,
            subquery: Box::new(all_of(selected(inner))),
            alias: Some(ast::TableAlias { explicit: true, name: known.clone(), columns: Vec::new(), at: None }),
            sample: None,
        },
        joins: others,
    }];
    let _ = visit_expressions_mut(select, |part| {
        moved(part, &name, &known);
        ControlFlow::<()>::Continue(())
    });
}

/// Rewrites `t.x` in the ORDER BY of a query whose SELECT is rewritten by [`unnest_columns`]; before that.
pub fn unnest_order(query: &mut ast::Query) {
    let ast::SetExpr::Select(select) = &*query.body else { return };
    if let Some(Joined { known, name, .. }) = joined(select) {
        let _ = visit_expressions_mut(&mut query.order_by, |part| {
            moved(part, &name, &known);
            ControlFlow::<()>::Continue(())
        });
    }
}

/// Has a column of an UNNEST be one of what the UNNEST became part of.
fn moved(part: &mut Expr, unnest: &Ident, whole: &Ident) {
    if let Expr::CompoundIdentifier(parts) = part
        && let [table, _] = parts.as_mut_slice()
        && table.value.eq_ignore_ascii_case(&unnest.value)
    {
        *table = Ident { span: table.span, ..whole.clone() };
    }
}

/// What a subquery without a name is called, with the UNNEST beside it.
const WITHOUT_NAME: &str = "_unnested";

/// A table and the UNNEST beside it.
struct Joined {
    table: ast::TableFactor,
    /// What the table is called.
    known: Ident,
    /// What the UNNEST is called, and its columns.
    name: Ident,
    columns: Vec<Ident>,
    /// Its arrays; the numbers of its rows are the last one, if they are wanted.
    arrays: Vec<Expr>,
    /// Whether rows of the table stay that have no elements.
    left: bool,
    /// What is joined to both.
    others: Vec<ast::Join>,
}

/// Returns the table and the UNNEST that a SELECT begins to read from.
fn joined(select: &ast::Select) -> Option<Joined> {
    use ast::JoinOperator::{CrossJoin, Inner, Join as Plain};
    let (table, other, left, others) = match select.from.as_slice() {
        [table] => match table.joins.as_slice() {
            [join, others @ ..] if matches!(join.join_operator, CrossJoin(_) | Inner(_) | Plain(_)) => {
                (&table.relation, &join.relation, false, others)
            }
            [join, others @ ..] if is_left_on_true(&join.join_operator) => {
                (&table.relation, &join.relation, true, others)
            }
            _ => return None,
        },
        [table, other] if table.joins.is_empty() => (&table.relation, &other.relation, false, other.joins.as_slice()),
        _ => return None,
    };
    let ast::TableFactor::Table { name, alias: Some(alias), args: Some(args), with_ordinality, .. } = other else {
        return None;
    };
    let mut arrays: Vec<Expr> = args.args.iter().filter_map(plain).collect();
    let is_name = |part: &Expr| matches!(part, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
    let constant = arrays.iter().all(|array| {
        visit_expressions(array, |part| if is_name(part) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            .is_continue()
    });
    arrays.extend(with_ordinality.then(|| ordinals(&arrays)));
    // Of constants alone DataFusion has a table.
    let fits = name.to_string().eq_ignore_ascii_case("unnest") && (left || !constant);
    if !fits || alias.columns.len() != arrays.len() {
        return None;
    }
    let known = match table {
        ast::TableFactor::Table { name, alias, .. } => {
            let known = alias.as_ref().map(|alias| alias.name.clone());
            known.or_else(|| name.0.last().and_then(|part| part.as_ident().cloned()))
        }
        ast::TableFactor::Derived { alias, .. } => {
            let known = alias.as_ref().map(|alias| alias.name.clone());
            Some(known.unwrap_or_else(|| Ident::with_quote('"', WITHOUT_NAME)))
        }
        _ => None,
    };
    let columns = alias.columns.iter().map(|column| column.name.clone()).collect();
    let (table, name, others) = (table.clone(), alias.name.clone(), others.to_vec());
    Some(Joined { table, known: known?, name, columns, arrays, left, others })
}

/// Returns an argument of UNNEST.
pub fn plain(arg: &FunctionArg) -> Option<Expr> {
    match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
        _ => None,
    }
}

/// Returns the numbers of the rows that arrays give beside each other.
pub fn ordinals(arrays: &[Expr]) -> Expr {
    let number = |digit: &str| Expr::Value(Value::Number(digit.to_owned(), false).into());
    let length = |array: &Expr| Expr::Cast {
        kind: ast::CastKind::Cast,
        expr: Box::new(call("coalesce", vec![call("cardinality", vec![array.clone()]), number("0")])),
        data_type: ast::DataType::BigInt(None),
        array: false,
        format: None,
    };
    let mut lengths: Vec<Expr> = arrays.iter().map(length).collect();
    let longest = if lengths.len() == 1 { lengths.remove(0) } else { call("greatest", lengths) };
    call("sequence", vec![number("1"), longest])
}

/// Returns an array that gives a row in any case: of NULL, if it has no elements.
fn never_empty(array: Expr) -> Expr {
    let none = Expr::Value(Value::Number("0".to_owned(), false).into());
    let some = Expr::BinaryOp {
        left: Box::new(call("cardinality", vec![array.clone()])),
        op: ast::BinaryOperator::Gt,
        right: Box::new(none),
    };
    let null = Expr::Array(ast::Array { elem: vec![Expr::Value(Value::Null.into())], named: true });
    call("if", vec![some, array, null])
}

/// Returns whether a join keeps rows of the left side, and has no condition.
fn is_left_on_true(join: &ast::JoinOperator) -> bool {
    use ast::JoinOperator::{Left, LeftOuter};
    match join {
        Left(ast::JoinConstraint::On(Expr::Value(on))) | LeftOuter(ast::JoinConstraint::On(Expr::Value(on))) => {
            on.value == Value::Boolean(true)
        }
        _ => false,
    }
}

/// Returns the condition that one of several arrays is there.
fn any_there(arrays: &[Expr]) -> Option<Expr> {
    arrays
        .iter()
        .map(|array| Expr::IsNotNull(Box::new(Expr::Nested(Box::new(array.clone())))))
        .reduce(|a, b| Expr::BinaryOp { left: Box::new(a), op: ast::BinaryOperator::Or, right: Box::new(b) })
}
