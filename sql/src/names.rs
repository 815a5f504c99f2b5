//! Names of tables, views and aliases of a statement, and what stands around its expressions.
//!
//! In: a parsed statement. Out: the same with the names that DataFusion knows, or an error for a name that is none in Athena.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    self, Expr, FunctionArg, FunctionArgExpr, Ident, ObjectName, Query, Spanned, Statement as Parsed, Value,
    VisitorMut, visit_expressions, visit_expressions_mut,
};
use sqlparser::tokenizer::Span;

use crate::calls::{Refused, call};
use crate::error::{SqlError, SqlErrorKind, at};
use crate::rewrite::{looked_up, rewritten};

/// Most parts of an expression that is written twice.
const MAX_PARTS: usize = 20_000;

/// A name that SELECT gives, where a clause uses it that Athena computes before.
#[derive(Debug, Clone)]
pub(crate) struct Alias {
    /// The name, in lower case.
    pub name: String,
    /// The clause.
    pub clause: &'static str,
    /// Where it stands.
    pub span: Span,
    /// A statement that gives all columns of what the SELECT reads from.
    pub columns: Parsed,
}

/// Collects the names that WITH gives.
pub struct Ctes<'a>(pub &'a mut BTreeSet<String>);

impl VisitorMut for Ctes<'_> {
    type Break = SqlError;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<SqlError> {
        let ctes = query.with.iter().flat_map(|with| &with.cte_tables);
        self.0.extend(ctes.map(|cte| cte.alias.name.value.to_lowercase()));
        ControlFlow::Continue(())
    }
}

/// Checks names of tables and functions, and rewrites what DataFusion calls otherwise.
pub struct Names<'a> {
    /// Of WITH and of views.
    names: BTreeSet<String>,
    views: BTreeSet<String>,
    table: &'a str,
    place: &'a str,
    aliases: Vec<Alias>,
    /// How many aliases there were when each of the queries began that are open.
    begun: Vec<usize>,
}

impl<'a> Names<'a> {
    /// Returns the visitor of a statement that has these views before it, in a run with this table.
    pub fn new(views: BTreeSet<String>, table: &'a str, place: &'a str) -> Self {
        Self { names: views.clone(), views, table, place, aliases: Vec::new(), begun: Vec::new() }
    }

    /// Returns the names that are to be looked at once the columns are known, of a statement that was visited.
    pub fn into_aliases(self) -> Vec<Alias> {
        self.aliases
    }

    /// Returns the names that WITH gives and those of views, to add to.
    pub fn known(&mut self) -> &mut BTreeSet<String> {
        &mut self.names
    }

    /// Refuses what would be written twice too often: `greatest(greatest(...), ...)` doubles with each level.
    fn within_bounds(&self, expr: &Expr) -> Result<(), Refused> {
        const TWICE: [&str; 9] =
            ["greatest", "least", "max_by", "min_by", "max", "min", "array_position", "element_at", "slice"];
        let twice = match expr {
            Expr::Between { .. } => true,
            Expr::Function(function) => TWICE.contains(&function.name.to_string().to_lowercase().as_str()),
            _ => false,
        };
        let mut parts = 0;
        let many = twice
            && visit_expressions(expr, |_| {
                parts += 1;
                if parts > MAX_PARTS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
            .is_break();
        match many {
            true => Err((
                ("this expression is too large".to_owned(), "compute parts of it in a subquery or WITH".to_owned()),
                expr.span(),
            )),
            false => Ok(()),
        }
    }

    fn refused(&self, message: String, help: String, span: Span) -> ControlFlow<SqlError> {
        ControlFlow::Break(SqlError::usage(message).at(at(self.place, span.start.line, span.start.column)).help(help))
    }
}

/// Returns EXCEPT or INTERSECT of a query that counts how often rows come.
fn counting(body: &ast::SetExpr) -> Option<ast::SetOperator> {
    let ast::SetExpr::SetOperation { op, set_quantifier, left, right } = body else { return None };
    let counts = matches!(op, ast::SetOperator::Except | ast::SetOperator::Intersect);
    match set_quantifier {
        ast::SetQuantifier::All if counts => Some(*op),
        _ => counting(left).or_else(|| counting(right)),
    }
}

/// Returns the names without a table's that an expression has outside of its subqueries.
fn bare_names(expr: &Expr) -> Vec<Ident> {
    let mut names = Vec::new();
    let _ = visit_expressions(expr, |part| {
        if let Expr::Identifier(name) = part {
            names.push(name.clone());
        }
        ControlFlow::<()>::Continue(())
    });
    names
}

impl VisitorMut for Names<'_> {
    type Break = SqlError;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<SqlError> {
        self.begun.push(self.aliases.len());
        // DataFusion takes them for EXCEPT and INTERSECT of other rows than Trino.
        if let Some(op) = counting(&query.body) {
            let help = format!("write {op} alone, which leaves out rows that come twice, or count with GROUP BY");
            return self.refused(format!("{op} ALL is not here"), help, query.span());
        }
        // The same, in a clause that DataFusion has.
        let Some(fetch) = query.fetch.take_if(|fetch| !fetch.with_ties && !fetch.percent) else {
            return ControlFlow::Continue(());
        };
        let limit = fetch.quantity.unwrap_or_else(|| Expr::Value(Value::Number("1".to_owned(), false).into()));
        let (offset, limit_by) = match query.limit_clause.take() {
            Some(ast::LimitClause::LimitOffset { offset, limit_by, .. }) => (offset, limit_by),
            _ => (None, Vec::new()),
        };
        query.limit_clause = Some(ast::LimitClause::LimitOffset { limit: Some(limit), offset, limit_by });
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<SqlError> {
        let begun = self.begun.pop().unwrap_or_default();
        // What the query's own SELECTs read from may be named in its WITH.
        for alias in self.aliases.iter_mut().skip(begun) {
            if let (Some(with), Parsed::Query(asked)) = (&query.with, &mut alias.columns) {
                let mut with = with.clone();
                with.cte_tables.extend(asked.with.take().into_iter().flat_map(|inner| inner.cte_tables));
                asked.with = Some(with);
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut ast::Select) -> ControlFlow<SqlError> {
        if let Some(ast::Distinct::On(_)) = &select.distinct {
            let help = "write max_by(value, time) and GROUP BY, or row_number() in a subquery".to_owned();
            return self.refused("Athena has no DISTINCT ON".to_owned(), help, select.span());
        }
        unnest_columns(select);
        let joins = select.from.iter().flat_map(|from| &from.joins);
        if joins.into_iter().any(|join| is_natural(&join.join_operator)) {
            return self.refused(
                "Athena has no NATURAL JOIN".to_owned(),
                "write JOIN ... USING (column)".to_owned(),
                select.span(),
            );
        }
        for (at, item) in select.projection.iter_mut().enumerate() {
            match item {
                ast::SelectItem::ExprWithAlias { alias, .. } if alias.quote_style == Some('\'') => {
                    let (name, span) = (alias.value.clone(), alias.span);
                    return self.refused(
                        format!("'{name}' is a text, and no name"),
                        format!("write AS {name} or AS \"{name}\""),
                        span,
                    );
                }
                // As Athena calls what has no name.
                ast::SelectItem::UnnamedExpr(expr)
                    if !matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_)) =>
                {
                    *item =
                        ast::SelectItem::ExprWithAlias { expr: expr.clone(), alias: Ident::new(format!("_col{at}")) };
                }
                _ => {}
            }
        }
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, select: &mut ast::Select) -> ControlFlow<SqlError> {
        let given: BTreeSet<String> = select.projection.iter().filter_map(given_name).collect();
        let groups = match &select.group_by {
            ast::GroupByExpr::Expressions(groups, _) => groups.as_slice(),
            ast::GroupByExpr::All(_) => &[],
        };
        let used =
            groups.iter().map(|expr| ("GROUP BY", expr)).chain(select.having.iter().map(|expr| ("HAVING", expr)));
        let used = used.flat_map(|(clause, expr)| bare_names(expr).into_iter().map(move |name| (clause, name)));
        let mut found = Vec::new();
        for (clause, ident) in used {
            let name = ident.value.to_lowercase();
            if !given.contains(&name) {
                continue;
            }
            let mut asked = ast::Select {
                projection: vec![ast::SelectItem::Wildcard(ast::WildcardAdditionalOptions::default())],
                selection: None,
                group_by: ast::GroupByExpr::Expressions(Vec::new(), Vec::new()),
                having: None,
                distinct: None,
                sort_by: Vec::new(),
                ..select.clone()
            };
            asked.named_window = Vec::new();
            let columns = Parsed::Query(Box::new(all_of(asked)));
            found.push(Alias { name, clause, span: ident.span, columns });
        }
        self.aliases.extend(found);
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<SqlError> {
        let parts: Vec<Ident> = relation.0.iter().filter_map(|part| part.as_ident().cloned()).collect();
        let Some(last) = parts.last() else { return ControlFlow::Continue(()) };
        let name = last.value.to_lowercase();
        if parts.len() == 1 && self.names.contains(&name) || name == "unnest" {
            return ControlFlow::Continue(());
        }
        // A view of this run, whatever database it is said to be in.
        if parts.len() > 1 && self.views.contains(&name) {
            *relation = ObjectName::from(vec![Ident { value: name, quote_style: Some('"'), span: last.span }]);
            return ControlFlow::Continue(());
        }
        if name == self.table {
            // Whatever database it is said to be in: this run has one.
            *relation =
                ObjectName::from(vec![Ident { value: self.table.to_owned(), quote_style: Some('"'), span: last.span }]);
            return ControlFlow::Continue(());
        }
        let start = parts.first().map_or(last.span.start, |part| part.span.start);
        ControlFlow::Break(
            SqlError::new(SqlErrorKind::UnknownTable, format!("there is no table {relation} here"))
                .at(at(self.place, start.line, start.column))
                .help(format!("this run has the table {}", self.table)),
        )
    }

    fn pre_visit_table_factor(&mut self, factor: &mut ast::TableFactor) -> ControlFlow<SqlError> {
        // The parser takes it for a function that gives a table.
        if let ast::TableFactor::Table { name, args: Some(args), alias, with_ordinality, .. } = factor
            && name.to_string().eq_ignore_ascii_case("unnest")
        {
            let plain = |arg: &FunctionArg| match arg {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
                _ => None,
            };
            *factor = ast::TableFactor::UNNEST {
                array_exprs: args.args.iter().filter_map(plain).collect(),
                alias: alias.take(),
                with_offset: false,
                with_offset_alias: None,
                with_ordinality: *with_ordinality,
            };
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<SqlError> {
        if let Expr::Function(function) = expr
            && let Some(looked_up) = looked_up(function)
        {
            *expr = looked_up;
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<SqlError> {
        match self.within_bounds(expr).and_then(|()| rewritten(expr)) {
            Ok(Some(new)) => *expr = new,
            Ok(None) => {}
            Err((message, span)) => {
                let start = span.start;
                return ControlFlow::Break(
                    SqlError::usage(message.0).at(at(self.place, start.line, start.column)).help(message.1),
                );
            }
        }
        ControlFlow::Continue(())
    }
}

/// Rewrites `FROM a CROSS JOIN UNNEST(column) AS t (x)`, which DataFusion plans only of constants, to
/// `FROM (SELECT *, unnest(column) AS x FROM a WHERE column IS NOT NULL) AS a`, and `t.x` to `x`.
fn unnest_columns(select: &mut ast::Select) {
    use ast::JoinOperator::{CrossJoin, Inner, Join as Plain};
    let one = match select.from.as_mut_slice() {
        [table] => match table.joins.as_slice() {
            [join] if matches!(join.join_operator, CrossJoin(_) | Inner(_) | Plain(_)) => {
                Some((table.relation.clone(), join.relation.clone()))
            }
            _ => None,
        },
        [table, other] if table.joins.is_empty() && other.joins.is_empty() => {
            Some((table.relation.clone(), other.relation.clone()))
        }
        _ => None,
    };
    let Some((
        table,
        ast::TableFactor::Table { name, alias: Some(alias), args: Some(args), with_ordinality: false, .. },
    )) = one
    else {
        return;
    };
    let plain = |arg: &FunctionArg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
        _ => None,
    };
    let arrays: Vec<Expr> = args.args.iter().filter_map(plain).collect();
    let constant = arrays.iter().all(|array| {
        let names = |part: &Expr| matches!(part, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
        visit_expressions(array, |part| if names(part) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            .is_continue()
    });
    let fits = alias.columns.len() == arrays.len();
    let ast::TableFactor::Table { name: table_name, alias: table_alias, .. } = &table else { return };
    if !name.to_string().eq_ignore_ascii_case("unnest") || constant || !fits {
        return;
    }
    let known = table_alias.as_ref().map(|alias| alias.name.clone());
    let known = known.or_else(|| table_name.0.last().and_then(|part| part.as_ident().cloned()));
    let Some(known) = known else { return };
    let columns: Vec<Ident> = alias.columns.iter().map(|column| column.name.clone()).collect();
    let mut inner = select.clone();
    inner.distinct = None;
    inner.having = None;
    inner.group_by = ast::GroupByExpr::Expressions(Vec::new(), Vec::new());
    inner.named_window = Vec::new();
    inner.projection = vec![ast::SelectItem::Wildcard(ast::WildcardAdditionalOptions::default())];
    inner.projection.extend(arrays.iter().zip(&columns).map(|(array, column)| ast::SelectItem::ExprWithAlias {
        expr: call("unnest", vec![array.clone()]),
        alias: column.clone(),
    }));
    // An array that is NULL gives no row.
    inner.selection = arrays
        .into_iter()
        .map(|array| Expr::IsNotNull(Box::new(Expr::Nested(Box::new(array)))))
        .reduce(|a, b| Expr::BinaryOp { left: Box::new(a), op: ast::BinaryOperator::Or, right: Box::new(b) });
    inner.from = vec![ast::TableWithJoins { relation: table.clone(), joins: Vec::new() }];
    select.from = vec![ast::TableWithJoins {
        relation: ast::TableFactor::Derived {
            lateral: false,
            subquery: Box::new(all_of(inner)),
            alias: Some(ast::TableAlias { explicit: true, name: known, columns: Vec::new(), at: None }),
            sample: None,
        },
        joins: Vec::new(),
    }];
    let _ = visit_expressions_mut(select, |part| {
        if let Expr::CompoundIdentifier(parts) = part
            && let [table, column] = parts.as_slice()
            && table.value.eq_ignore_ascii_case(&alias.name.value)
        {
            *part = Expr::Identifier(column.clone());
        }
        ControlFlow::<()>::Continue(())
    });
}

fn is_natural(join: &ast::JoinOperator) -> bool {
    use ast::JoinOperator::{FullOuter, Inner, Join, Left, LeftOuter, Right, RightOuter};
    matches!(
        join,
        Join(ast::JoinConstraint::Natural)
            | Inner(ast::JoinConstraint::Natural)
            | Left(ast::JoinConstraint::Natural)
            | LeftOuter(ast::JoinConstraint::Natural)
            | Right(ast::JoinConstraint::Natural)
            | RightOuter(ast::JoinConstraint::Natural)
            | FullOuter(ast::JoinConstraint::Natural)
    )
}

/// Returns a query that is a SELECT and nothing else.
fn all_of(select: ast::Select) -> Query {
    Query {
        with: None,
        body: Box::new(ast::SetExpr::Select(Box::new(select))),
        order_by: None,
        limit_clause: None,
        fetch: None,
        locks: Vec::new(),
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators: Vec::new(),
    }
}

/// Returns the name that an item of SELECT gives to something else than the column of that name, in lower case.
fn given_name(item: &ast::SelectItem) -> Option<String> {
    let ast::SelectItem::ExprWithAlias { expr, alias } = item else { return None };
    let name = alias.value.to_lowercase();
    let itself = match expr {
        Expr::Identifier(column) => column.value.to_lowercase() == name,
        Expr::CompoundIdentifier(parts) => parts.last().is_some_and(|column| column.value.to_lowercase() == name),
        _ => false,
    };
    (!itself).then_some(name)
}
