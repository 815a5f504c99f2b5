//! `SELECT from_unixtime(f.start) AS start ... ORDER BY f.start`: ordered by a column that a name of the SELECT hides.
//!
//! In: a query as it was written. Out: the same, with what it is ordered by as columns of a subquery. DataFusion puts such a column
//! beside those that are shown, and then finds two of one name.

use std::ops::ControlFlow;

use sqlparser::ast::{
    self, ExcludeSelectItem, Expr, Ident, ObjectName, OrderByKind, Query, SelectItem, SetExpr, Value, visit_expressions,
};

use crate::sets::select;

/// Orders a query by columns of a subquery, if names of its SELECT hide them.
pub fn by_hidden(query: &mut Query) {
    let (SetExpr::Select(inner), Some(order)) = (&mut *query.body, &mut query.order_by) else { return };
    let OrderByKind::Expressions(by) = &mut order.kind else { return };
    let Some(names) = names(&inner.projection).filter(|_| inner.distinct.is_none()) else { return };
    if !by.iter().any(|by| is_hidden(&by.expr, &inner.projection)) {
        return;
    }
    let mut hidden = Vec::new();
    for by in by.iter_mut().filter(|by| !is_shown(&by.expr, &names)) {
        let name = Ident::with_quote('"', format!("__order_{}", hidden.len()));
        let expr = std::mem::replace(&mut by.expr, Expr::Identifier(name.clone()));
        hidden.push(SelectItem::ExprWithAlias { expr, alias: name });
    }
    for (at, item) in inner.projection.iter_mut().enumerate() {
        if let SelectItem::UnnamedExpr(expr) = item
            && !matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_))
        {
            *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias: Ident::new(format!("_col{at}")) };
        }
    }
    let excluded = hidden.iter().filter_map(|item| match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(ObjectName::from(vec![alias.clone()])),
        _ => None,
    });
    let exclude = ExcludeSelectItem::Multiple(excluded.collect());
    let options = ast::WildcardAdditionalOptions { opt_exclude: Some(exclude), ..Default::default() };
    inner.projection.extend(hidden);
    let rows = SetExpr::Select(inner.clone());
    *query.body = SetExpr::Select(Box::new(select(vec![SelectItem::Wildcard(options)], rows, Vec::new())));
}

/// Returns the names that a SELECT gives, in small letters; `None` if they do not stand in it, or one comes twice.
fn names(items: &[SelectItem]) -> Option<Vec<String>> {
    let mut names = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let name = match item {
            SelectItem::ExprWithAlias { alias, .. } => alias.value.to_lowercase(),
            SelectItem::UnnamedExpr(Expr::Identifier(name)) => name.value.to_lowercase(),
            SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => parts.last()?.value.to_lowercase(),
            SelectItem::UnnamedExpr(_) => format!("_col{at}"),
            _ => return None,
        };
        if names.contains(&name) {
            return None;
        }
        names.push(name);
    }
    Some(names)
}

/// Returns whether an expression names a column of a table that a SELECT gives something else the name of.
fn is_hidden(expr: &Expr, items: &[SelectItem]) -> bool {
    let hides = |part: &Expr| {
        let Expr::CompoundIdentifier(parts) = part else { return false };
        items.iter().any(|item| match item {
            SelectItem::ExprWithAlias { expr, alias } => {
                expr != part && parts.last().is_some_and(|name| name.value.eq_ignore_ascii_case(&alias.value))
            }
            _ => false,
        })
    };
    visit_expressions(expr, |part| if hides(part) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        .is_break()
}

/// Returns whether an expression is made of what a SELECT shows: a place in it, or names that it gives.
fn is_shown(expr: &Expr, names: &[String]) -> bool {
    let is_other = |part: &Expr| match part {
        Expr::Identifier(name) => !names.contains(&name.value.to_lowercase()),
        Expr::CompoundIdentifier(_) | Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. } => true,
        _ => false,
    };
    let has = |wanted: &dyn Fn(&Expr) -> bool| {
        visit_expressions(expr, |part| if wanted(part) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            .is_break()
    };
    let is_place = matches!(expr, Expr::Value(value) if matches!(value.value, Value::Number(..)));
    // count(*) is of the rows of the SELECT.
    is_place || has(&|part| matches!(part, Expr::Identifier(_))) && !has(&is_other)
}
