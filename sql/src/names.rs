//! Names of tables, views and aliases of a statement, and what stands around its expressions.
//!
//! In: a parsed statement. Out: the same with the names that DataFusion knows, or an error for a name that is none in Athena.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    self, Expr, Ident, ObjectName, Query, Spanned, Statement as Parsed, Value, VisitorMut, visit_expressions,
};
use sqlparser::tokenizer::Span;

use crate::calls::{Refused, not_a_place};
use crate::error::{SqlError, SqlErrorKind, at};
use crate::joins;
use crate::ordered::by_hidden;
use crate::partitions::PATH;
use crate::rewrite::{least_bigint, looked_up, rewritten};
use crate::sets::counted;
use crate::unnest::{ordinals, plain, unnest_columns, unnest_order};
use crate::windows::written_out;

/// Returns the name of the form of a table that has the URLs of its files as a column: no statement can name it.
pub(crate) fn with_path(table: &str) -> String {
    format!("{table} with {PATH}")
}

/// Returns whether a statement names the column with the URL of a row's file.
fn names_path(parsed: &Parsed) -> bool {
    let is_path = |name: Option<&Ident>| name.is_some_and(|name| name.value.eq_ignore_ascii_case(PATH));
    let named = visit_expressions(parsed, |part| {
        let named = match part {
            Expr::Identifier(name) => is_path(Some(name)),
            Expr::CompoundIdentifier(names) => is_path(names.last()),
            _ => false,
        };
        if named { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    named.is_break()
}

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
    /// Name of the form of the table that the statement needs.
    form: String,
    place: &'a str,
    aliases: Vec<Alias>,
    /// How many aliases there were when each of the queries began that are open.
    begun: Vec<usize>,
}

impl<'a> Names<'a> {
    /// Returns the visitor of a statement that has these views before it, in a run with this table.
    pub fn new(parsed: &Parsed, views: BTreeSet<String>, table: &'a str, place: &'a str) -> Self {
        let form = if names_path(parsed) { with_path(table) } else { table.to_owned() };
        Self { names: views.clone(), views, table, form, place, aliases: Vec::new(), begun: Vec::new() }
    }

    /// Leaves the column with the URLs of files out of `*`, which in Athena only gives it by its name.
    fn without_path(&self, select: &mut ast::Select) {
        let tables = select
            .from
            .iter()
            .flat_map(|from| std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation)));
        let is_table = |factor: &ast::TableFactor| match factor {
            ast::TableFactor::Table { name, args: None, .. } => {
                let last = name.0.last().and_then(|part| part.as_ident()).map(|name| name.value.to_lowercase());
                last.is_some_and(|name| name == self.table && !self.names.contains(&name))
            }
            _ => false,
        };
        if self.form == self.table || !tables.into_iter().any(is_table) {
            return;
        }
        for item in &mut select.projection {
            if let ast::SelectItem::Wildcard(options) | ast::SelectItem::QualifiedWildcard(_, options) = item
                // Not one that was put here for an UNNEST.
                && options.wildcard_token.0.span != Span::empty()
            {
                let path = ObjectName::from(vec![Ident::with_quote('"', PATH)]);
                options.opt_exclude = Some(ast::ExcludeSelectItem::Single(path));
            }
        }
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
        const TWICE: [&str; 10] =
            ["greatest", "least", "nullif", "max_by", "min_by", "max", "min", "array_position", "element_at", "slice"];
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
        if let Err(op) = counted(&mut query.body) {
            let help = format!("write the columns one by one, or {op} alone, which leaves out rows that come twice");
            return self.refused(format!("{op} ALL of * is not here"), help, query.span());
        }
        if !query.locks.is_empty() {
            return self.refused("Athena has no FOR UPDATE".to_owned(), "leave it away".to_owned(), query.span());
        }
        unnest_order(query);
        if let ast::SetExpr::Select(select) = &mut *query.body {
            written_out(select, query.order_by.as_mut());
        }
        by_hidden(query);
        if let Some(((what, help), span)) = odd_limit(query) {
            return self.refused(what, help, span);
        }
        if let Some(ast::OrderBy { kind: ast::OrderByKind::Expressions(by), .. }) = &mut query.order_by {
            by.iter_mut().for_each(|by| not_a_place(&mut by.expr));
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
        written_out(select, None);
        joins::by_on(select);
        if let ast::GroupByExpr::Expressions(groups, _) = &mut select.group_by {
            *groups = groups.drain(..).flat_map(grouped).collect();
        }
        self.without_path(select);
        unnest_columns(select);
        let joins = select.from.iter().flat_map(|from| &from.joins);
        if joins.into_iter().any(|join| is_natural(&join.join_operator)) {
            return self.refused(
                "Athena has no NATURAL JOIN".to_owned(),
                "write JOIN ... USING (column)".to_owned(),
                select.span(),
            );
        }
        let sampled = |relation: &ast::TableFactor| {
            use ast::TableFactor::{Derived, Table};
            matches!(relation, Table { sample: Some(_), .. } | Derived { sample: Some(_), .. })
        };
        if relations(select).any(sampled) {
            return self.refused(
                "TABLESAMPLE is not here".to_owned(),
                "write a condition, such as srcport % 10 = 0".to_owned(),
                select.span(),
            );
        }
        if let Some((what, help)) = of_other_engines(select) {
            return self.refused(format!("Athena has no {what}"), help.to_owned(), select.span());
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
            let columns = Parsed::Query(Box::new(all_of(selected(asked))));
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
                ObjectName::from(vec![Ident { value: self.form.clone(), quote_style: Some('"'), span: last.span }]);
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
            let mut arrays: Vec<Expr> = args.args.iter().filter_map(plain).collect();
            arrays.extend(with_ordinality.then(|| ordinals(&arrays)));
            *factor = ast::TableFactor::UNNEST {
                array_exprs: arrays,
                alias: alias.take(),
                with_offset: false,
                with_offset_alias: None,
                with_ordinality: false,
            };
        }
        ControlFlow::Continue(())
    }

    fn post_visit_table_factor(&mut self, factor: &mut ast::TableFactor) -> ControlFlow<SqlError> {
        // In whatever form, it is called as it was named.
        if let ast::TableFactor::Table { name, alias: alias @ None, .. } = factor
            && self.form != self.table
            && let [ast::ObjectNamePart::Identifier(ident)] = name.0.as_slice()
            && ident.value == self.form
        {
            let name = Ident { value: self.table.to_owned(), quote_style: Some('"'), span: ident.span };
            *alias = Some(ast::TableAlias { explicit: true, name, columns: Vec::new(), at: None });
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<SqlError> {
        if let Expr::Function(function) = expr
            && let Some(looked_up) = looked_up(function)
        {
            *expr = looked_up;
        }
        // Before its number is looked at, which is too large without the sign.
        if let Some(least) = least_bigint(expr) {
            *expr = least;
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

/// Returns why LIMIT or OFFSET is none of Athena's, which take whole numbers, and what to write.
fn odd_limit(query: &Query) -> Option<Refused> {
    let is_whole = |expr: &Expr| match expr {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => digits.bytes().all(|b| b.is_ascii_digit()),
            // Of a statement that is only prepared.
            Value::Placeholder(_) => true,
            _ => false,
        },
        _ => false,
    };
    match query.limit_clause.as_ref()? {
        ast::LimitClause::LimitOffset { limit, offset, .. } => {
            let (clause, odd) = [("LIMIT", limit.as_ref()), ("OFFSET", offset.as_ref().map(|offset| &offset.value))]
                .into_iter()
                .find_map(|(clause, of)| of.filter(|of| !is_whole(of)).map(|of| (clause, of)))?;
            Some(((format!("{clause} wants a whole number, not {odd}"), format!("write {clause} 10")), odd.span()))
        }
        ast::LimitClause::OffsetCommaLimit { offset, limit } => {
            let help = format!("write OFFSET {offset} LIMIT {limit}");
            Some((("Athena's LIMIT takes one number".to_owned(), help), offset.span()))
        }
    }
}

/// Returns what of a SELECT only other engines have, and what to write instead.
fn of_other_engines(select: &ast::Select) -> Option<(&'static str, &'static str)> {
    use ast::JoinOperator::{Anti, LeftAnti, LeftSemi, RightAnti, RightSemi, Semi};
    let joins = select.from.iter().flat_map(|from| &from.joins);
    let is_semi = |join: &ast::Join| {
        matches!(join.join_operator, Semi(_) | LeftSemi(_) | RightSemi(_) | Anti(_) | LeftAnti(_) | RightAnti(_))
    };
    if joins.into_iter().any(is_semi) {
        return Some(("SEMI or ANTI JOIN", "write WHERE column IN (SELECT ...), or NOT IN"));
    }
    let has_no_condition = |join: &ast::Join| match &join.join_operator {
        ast::JoinOperator::Join(on) | ast::JoinOperator::Inner(on) => matches!(on, ast::JoinConstraint::None),
        _ => false,
    };
    let mut joins = select.from.iter().flat_map(|from| &from.joins);
    if joins.any(|join| has_no_condition(join) && !is_unnest(&join.relation)) {
        return Some(("JOIN without ON or USING", "write ON ..., or CROSS JOIN"));
    }
    let hinted = |relation: &ast::TableFactor| matches!(relation, ast::TableFactor::Table { with_hints, .. } if !with_hints.is_empty());
    if relations(select).any(hinted) {
        return Some(("WITH behind a table", "leave it away"));
    }
    match select.group_by {
        ast::GroupByExpr::All(_) => Some(("GROUP BY ALL", "name the columns")),
        ast::GroupByExpr::Expressions(..) => None,
    }
}

/// Returns what a SELECT reads from.
fn relations(select: &ast::Select) -> impl Iterator<Item = &ast::TableFactor> {
    select
        .from
        .iter()
        .flat_map(|from| std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation)))
}

fn is_unnest(relation: &ast::TableFactor) -> bool {
    match relation {
        ast::TableFactor::UNNEST { .. } => true,
        ast::TableFactor::Table { name, args: Some(_), .. } => name.to_string().eq_ignore_ascii_case("unnest"),
        _ => false,
    }
}

/// Returns the columns of `(a, b)` in GROUP BY, which is one set of columns; others as they are.
fn grouped(expr: Expr) -> Vec<Expr> {
    match expr {
        Expr::Tuple(columns) if !columns.is_empty() => columns,
        other => vec![other],
    }
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

/// Returns a SELECT as the body of a query.
pub fn selected(select: ast::Select) -> ast::SetExpr {
    ast::SetExpr::Select(Box::new(select))
}

/// Returns a query that is a SELECT or the like and nothing else.
pub fn all_of(body: ast::SetExpr) -> Query {
    Query {
        with: None,
        body: Box::new(body),
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
