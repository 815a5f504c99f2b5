//! EXCEPT ALL and INTERSECT ALL, which count how often rows come, as EXCEPT and INTERSECT of rows that are numbered.
//!
//! DataFusion has them too, but of other rows than Trino: <https://trino.io/docs/current/sql/select.html>.

use sqlparser::ast::{self, Expr, Ident, SetExpr, SetOperator, SetQuantifier};

use crate::calls::{call, over};
use crate::names::all_of;

/// Rewrites what counts rows in the body of a query.
///
/// # Errors
/// The operator whose columns have no names in the statement: `SELECT *`.
pub fn counted(body: &mut SetExpr) -> Result<(), SetOperator> {
    let SetExpr::SetOperation { op, set_quantifier, left, right } = body else { return Ok(()) };
    counted(left)?;
    counted(right)?;
    let counts = matches!(op, SetOperator::Except | SetOperator::Intersect);
    if !counts || *set_quantifier != SetQuantifier::All {
        return Ok(());
    }
    let columns = columns(left).ok_or(*op)?;
    let both = SetExpr::SetOperation {
        op: *op,
        set_quantifier: SetQuantifier::None,
        left: Box::new(numbered(left, columns.len())),
        right: Box::new(numbered(right, columns.len())),
    };
    let named = columns.into_iter().enumerate().map(|(at, alias)| {
        let expr = Expr::Identifier(internal(at));
        ast::SelectItem::ExprWithAlias { expr, alias }
    });
    *body = SetExpr::Select(Box::new(select(named.collect(), both, Vec::new())));
    Ok(())
}

fn internal(at: usize) -> Ident {
    Ident::with_quote('"', format!("column {at}"))
}

/// Returns rows with their number among those that equal them.
fn numbered(body: &SetExpr, count: usize) -> SetExpr {
    let names: Vec<Ident> = (0..count).map(internal).collect();
    let columns: Vec<Expr> = names.iter().cloned().map(Expr::Identifier).collect();
    let mut items: Vec<ast::SelectItem> = columns.iter().cloned().map(ast::SelectItem::UnnamedExpr).collect();
    items.push(ast::SelectItem::ExprWithAlias {
        expr: over(call("row_number", Vec::new()), columns),
        alias: internal(count),
    });
    SetExpr::Select(Box::new(select(items, body.clone(), names)))
}

/// Returns a SELECT of what a query gives, whose columns get other names.
pub fn select(projection: Vec<ast::SelectItem>, from: SetExpr, names: Vec<Ident>) -> ast::Select {
    let columns = names.into_iter().map(|name| ast::TableAliasColumnDef { name, data_type: None }).collect();
    let alias = ast::TableAlias { explicit: true, name: Ident::with_quote('"', "__rows"), columns, at: None };
    let relation = ast::TableFactor::Derived {
        lateral: false,
        subquery: Box::new(all_of(from)),
        alias: Some(alias),
        sample: None,
    };
    ast::Select {
        select_token: ast::helpers::attached_token::AttachedToken::empty(),
        optimizer_hints: Vec::new(),
        distinct: None,
        select_modifiers: None,
        top: None,
        top_before_distinct: false,
        projection,
        exclude: None,
        into: None,
        from: vec![ast::TableWithJoins { relation, joins: Vec::new() }],
        lateral_views: Vec::new(),
        prewhere: None,
        selection: None,
        connect_by: Vec::new(),
        group_by: ast::GroupByExpr::Expressions(Vec::new(), Vec::new()),
        cluster_by: Vec::new(),
        distribute_by: Vec::new(),
        sort_by: Vec::new(),
        having: None,
        named_window: Vec::new(),
        qualify: None,
        window_before_qualify: false,
        value_table_mode: None,
        flavor: ast::SelectFlavor::Standard,
    }
}

/// Returns a query that gives what is known of the first column of another: see [`crate::functions::KNOWN`].
pub fn known_of(query: &ast::Query) -> ast::Query {
    let column = internal(0);
    let of = |name: &str| call(name, vec![Expr::Identifier(column.clone())]);
    let one = Expr::Value(ast::Value::Number("1".to_owned(), false).into());
    let parts = [of("min"), of("max"), call("count", vec![one]), of("count")];
    let named = crate::functions::KNOWN.iter().zip(parts).flat_map(|(name, part)| [crate::calls::text(name), part]);
    let item = ast::SelectItem::ExprWithAlias { expr: call("named_struct", named.collect()), alias: internal(1) };
    let from = SetExpr::Query(Box::new(query.clone()));
    all_of(SetExpr::Select(Box::new(select(vec![item], from, vec![column]))))
}

/// Returns the names of the columns that a query gives, if they stand in it.
fn columns(body: &SetExpr) -> Option<Vec<Ident>> {
    match body {
        SetExpr::Select(select) => {
            let name = |(at, item): (usize, &ast::SelectItem)| match item {
                ast::SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(name.clone()),
                ast::SelectItem::UnnamedExpr(Expr::CompoundIdentifier(names)) => names.last().cloned(),
                ast::SelectItem::UnnamedExpr(_) => Some(Ident::new(format!("_col{at}"))),
                ast::SelectItem::ExprWithAlias { alias, .. } => Some(alias.clone()),
                _ => None,
            };
            select.projection.iter().enumerate().map(name).collect()
        }
        SetExpr::SetOperation { left, .. } => columns(left),
        SetExpr::Query(query) => columns(&query.body),
        SetExpr::Values(values) => {
            let count = values.rows.first()?.len();
            Some((0..count).map(|at| Ident::new(format!("_col{at}"))).collect())
        }
        _ => None,
    }
}
