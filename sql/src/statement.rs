//! SQL as people write it for Athena -> statements that DataFusion plans.
//!
//! In: a text of one or several statements. Out: [`Statement`]s, with names and clauses that DataFusion calls otherwise
//! rewritten. What is not understood is a usage error that names line and column. Only reading statements pass.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{self, Expr, Ident, ObjectName, Query, Statement as Parsed, VisitMut, visit_expressions};
use sqlparser::dialect::Dialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer, Whitespace};

use crate::apart::tell_apart;
use crate::differences;
use crate::error::{Result, SqlError, at};
use crate::names::{Alias, Ctes, Names};
use crate::prepared::{Prepared, Step, filled};
use crate::tokens::{
    is_operator, with_addresses, with_arrays, with_distinct, with_in, with_names, with_parts, with_rows, words,
};

/// Most bytes of a text of statements; what people write has kilobytes.
const MAX_SQL_BYTES: usize = 4 << 20;

/// How deep expressions may be nested in parentheses and functions.
const MAX_DEPTH: usize = 400;

/// Most operators of a statement: each may make an expression deeper by one (`a OR b OR c`), and what is deep is walked and
/// dropped recursively.
const MAX_OPERATORS: usize = 4_000;

/// A statement, read and rewritten.
#[derive(Debug, Clone)]
pub struct Statement {
    /// What to call it: its `-- title:`, the first line of a comment before it, or its number.
    pub name: String,
    /// The statement as it was written, without comments before it.
    pub text: String,
    /// Of a prepared statement that is executed, what is run.
    pub executed: Option<String>,
    /// Of a view, its name with its columns, and its query as it was written.
    pub view: Option<(String, String)>,
    /// How its rows are ordered, if they are.
    pub order: Order,
    pub(crate) parsed: Parsed,
    compared: Vec<String>,
    differences: Vec<&'static str>,
    /// Names in GROUP BY and HAVING that SELECT gives: Athena knows them only if they are columns too.
    pub(crate) aliases: Vec<Alias>,
}

/// What a statement promises about the order and choice of its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Names (or places, from 1) of the columns of a top-level ORDER BY, as far as they are that simple.
    pub keys: Vec<String>,
    /// Whether there is a top-level ORDER BY.
    pub ordered: bool,
    /// Whether there is a top-level LIMIT or FETCH.
    pub limited: bool,
}

impl Statement {
    /// Returns whether it makes a view instead of giving rows.
    pub fn is_view(&self) -> bool {
        matches!(self.parsed, Parsed::CreateView(_))
    }

    /// Returns what DataFusion plans for it.
    pub fn rewritten(&self) -> String {
        self.parsed.to_string()
    }

    /// Returns the names that it compares with values, in lower case and without a table's; each as often as it does.
    pub fn compared_with_values(&self) -> Vec<String> {
        self.compared.clone()
    }

    /// Returns what of it Athena may answer otherwise, a sentence each; docs/query.md lists all that differs.
    pub fn differences(&self) -> &[&'static str] {
        &self.differences
    }
}

/// Returns them of a statement that is not rewritten yet.
fn compared_with_values(parsed: &Parsed) -> Vec<String> {
    let mut names = Vec::new();
    let mut take = |expr: &Expr| {
        let name = match expr {
            Expr::Identifier(name) => Some(name),
            Expr::CompoundIdentifier(names) => names.last(),
            _ => None,
        };
        names.extend(name.map(|name| name.value.to_lowercase()));
    };
    let _ = visit_expressions(parsed, |expr| {
        match expr {
            Expr::BinaryOp { left, op, right } if COMPARISONS.contains(op) => {
                if matches!(**right, Expr::Value(_)) {
                    take(left);
                } else if matches!(**left, Expr::Value(_)) {
                    take(right);
                }
            }
            Expr::InList { expr, negated: false, .. } | Expr::Between { expr, negated: false, .. } => take(expr),
            _ => {}
        }
        ControlFlow::<()>::Continue(())
    });
    names
}

/// Comparisons by which rows are found.
const COMPARISONS: [ast::BinaryOperator; 5] = [
    ast::BinaryOperator::Eq,
    ast::BinaryOperator::Lt,
    ast::BinaryOperator::LtEq,
    ast::BinaryOperator::Gt,
    ast::BinaryOperator::GtEq,
];

/// The SQL of Athena (Trino), as far as the parser has to be told.
#[derive(Debug)]
struct Athena;

impl Dialect for Athena {
    fn is_delimited_identifier_start(&self, c: char) -> bool {
        c == '"' || c == '`'
    }

    fn is_identifier_start(&self, c: char) -> bool {
        c.is_alphabetic() || c == '_'
    }

    fn is_identifier_part(&self, c: char) -> bool {
        c.is_alphanumeric() || c == '_' || c == '$' || c == '@'
    }

    fn supports_lambda_functions(&self) -> bool {
        true
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    fn supports_group_by_expr(&self) -> bool {
        true
    }

    fn supports_window_clause_named_window_reference(&self) -> bool {
        true
    }
}

/// Reads statements for a run that has the table `table`; `place` says where they stand.
///
/// # Errors
/// A usage error with line and column for what is no statement that reads, or names another table.
pub fn parse(sql: &str, table: &str, place: &str) -> Result<Vec<Statement>> {
    if sql.len() > MAX_SQL_BYTES {
        return Err(SqlError::usage(format!("the statements are longer than {MAX_SQL_BYTES} bytes")).at(place));
    }
    let tokens = tokens(sql, place)?;
    let mut statements = Vec::new();
    let mut known = Known { table, views: BTreeSet::new(), prepared: Prepared::default() };
    for piece in tokens.split(|token| token.token == Token::SemiColon) {
        let significant = |token: &&TokenWithSpan| !matches!(token.token, Token::Whitespace(_) | Token::EOF);
        let Some(first) = piece.iter().find(significant).map(|token| token.span.start) else { continue };
        let end = piece.iter().rev().find(significant).map_or(first, |token| token.span.end);
        let name = name(piece, first).unwrap_or_else(|| format!("query {}", statements.len() + 1));
        let Some(read) = known.read(piece, first, place)? else { continue };
        let view = view(&read.parsed, sql, piece, end);
        statements.push(Statement { name, text: cut(sql, first, end).to_owned(), view, ..read });
    }
    if statements.is_empty() {
        return Err(SqlError::usage("there is no statement")
            .at(place)
            .help("such as SELECT count(*) FROM vpc_flow_logs"));
    }
    Ok(statements)
}

/// What statements can name: a table, and the views and statements that stand before them.
struct Known<'a> {
    table: &'a str,
    views: BTreeSet<String>,
    prepared: Prepared,
}

impl Known<'_> {
    /// Reads a statement that begins at `first`; `None` for one that only prepares another, or forgets it.
    fn read(&mut self, piece: &[TokenWithSpan], first: Location, place: &str) -> Result<Option<Statement>> {
        Ok(match self.prepared.step(piece, place)? {
            Step::Prepared(inner) => {
                // What is wrong with it is said at once, as in Athena.
                self.plain(&inner, first, place)?;
                None
            }
            Step::Forgotten => None,
            Step::Executed(inner) => Some(self.executed(&inner, first, place)?),
            Step::Written(sql, place, values) => {
                let tokens = tokens(&sql, &place)?;
                let inner = filled(&tokens, &values).map_err(|why| why.at(place.as_str()))?;
                Some(self.executed(&inner, inner.first().map_or(first, |token| token.span.start), &place)?)
            }
            Step::Plain => Some(self.plain(piece, first, place)?),
        })
    }

    /// Reads a statement that was prepared, with its values.
    fn executed(&mut self, inner: &[TokenWithSpan], first: Location, place: &str) -> Result<Statement> {
        let executed: String = inner.iter().map(|token| token.token.to_string()).collect();
        Ok(Statement { executed: Some(executed), ..self.plain(inner, first, place)? })
    }

    /// Reads a statement that gives rows or makes a view.
    fn plain(&mut self, piece: &[TokenWithSpan], first: Location, place: &str) -> Result<Statement> {
        let parsed = parsed(piece, first, place)?;
        let (compared, differences) = (compared_with_values(&parsed), differences::met(&parsed));
        let (mut parsed, aliases) = self.named(parsed, place)?;
        let order = order(&parsed);
        tell_apart(&mut parsed);
        let (name, text) = (String::new(), String::new());
        Ok(Statement { name, text, executed: None, view: None, order, parsed, compared, differences, aliases })
    }

    /// Gives what a statement names the names that it has here.
    fn named(&mut self, mut parsed: Parsed, place: &str) -> Result<(Parsed, Vec<Alias>)> {
        if let Parsed::CreateView(view) = &mut parsed
            && let Some(name) = view.name.0.last().and_then(|part| part.as_ident().cloned())
        {
            view.name = ObjectName::from(vec![Ident {
                value: name.value.to_lowercase(),
                quote_style: Some('"'),
                span: name.span,
            }]);
        }
        let mut names = Names::new(&parsed, self.views.clone(), self.table, place);
        if let ControlFlow::Break(error) = parsed.visit(&mut Ctes(names.known())) {
            return Err(error);
        }
        if let ControlFlow::Break(error) = parsed.visit(&mut names) {
            return Err(error);
        }
        if let Parsed::CreateView(view) = &parsed {
            self.views.extend(view.name.0.last().map(|part| part.to_string().trim_matches('"').to_lowercase()));
        }
        Ok((parsed, names.into_aliases()))
    }
}

/// Returns the tokens of a text.
fn tokens(sql: &str, place: &str) -> Result<Vec<TokenWithSpan>> {
    Tokenizer::new(&Athena, sql).tokenize_with_location().map_err(|e| {
        SqlError::usage(format!("this is not SQL: {}", e.message)).at(at(place, e.location.line, e.location.column))
    })
}

/// Returns what the parser makes of a statement, if that only reads.
fn parsed(piece: &[TokenWithSpan], first: Location, place: &str) -> Result<Parsed> {
    if piece.iter().filter(|token| is_operator(&token.token)).count() > MAX_OPERATORS {
        return Err(SqlError::usage(format!("this statement has more than {MAX_OPERATORS} operators"))
            .at(at(place, first.line, first.column))
            .help("write IN (...) for a list of values, or VALUES and a join"));
    }
    words(piece, place)?;
    let piece = with_rows(&with_addresses(&with_arrays(&with_parts(&with_in(&with_distinct(&with_names(piece)))))));
    let mut parser = Parser::new(&Athena).with_recursion_limit(MAX_DEPTH).with_tokens_with_locations(piece);
    let parsed = parser.parse_statement().map_err(|e| not_sql(&e.to_string(), place))?;
    let rest = parser.peek_token();
    if rest.token != Token::EOF {
        return Err(SqlError::usage(format!("this is not SQL: unexpected {}", rest.token))
            .at(at(place, rest.span.start.line, rest.span.start.column))
            .help("end a statement with a semicolon"));
    }
    let reads = match &parsed {
        Parsed::Query(query) => is_reading(query),
        Parsed::CreateView(view) => !view.materialized && is_reading(&view.query),
        _ => false,
    };
    if !reads {
        return Err(SqlError::usage("this statement does not read: only SELECT and CREATE VIEW are run here")
            .at(at(place, first.line, first.column))
            .help("tables are defined by `flowparquet ddl` and written by `flowparquet convert`"));
    }
    if let Parsed::CreateView(view) = &parsed
        && view.columns.is_empty()
        && let Some((position, expr)) = unnamed(&view.query.body)
    {
        return Err(SqlError::usage(format!("column {position} of the view has no name"))
            .at(at(place, first.line, first.column))
            .help(format!("write {expr} AS name")));
    }
    Ok(parsed)
}

/// Returns the first item of a SELECT that gives a column without a name, and its place from 1.
fn unnamed(body: &ast::SetExpr) -> Option<(usize, &Expr)> {
    match body {
        ast::SetExpr::Select(select) => select.projection.iter().enumerate().find_map(|(at, item)| match item {
            ast::SelectItem::UnnamedExpr(Expr::Identifier(_) | Expr::CompoundIdentifier(_)) => None,
            ast::SelectItem::UnnamedExpr(expr) => Some((at + 1, expr)),
            _ => None,
        }),
        ast::SetExpr::Query(query) => unnamed(&query.body),
        ast::SetExpr::SetOperation { left, .. } => unnamed(left),
        _ => None,
    }
}

/// Returns name and query of a view: what `WITH name AS (query)` wants.
fn view(parsed: &Parsed, sql: &str, piece: &[TokenWithSpan], end: Location) -> Option<(String, String)> {
    let Parsed::CreateView(view) = parsed else { return None };
    let mut name = view.name.0.last()?.to_string();
    if !view.columns.is_empty() {
        let columns: Vec<String> = view.columns.iter().map(|column| column.name.to_string()).collect();
        name.push_str(&format!(" ({})", columns.join(", ")));
    }
    let is_as =
        |token: &TokenWithSpan| matches!(&token.token, Token::Word(word) if word.value.eq_ignore_ascii_case("as"));
    let mut rest = piece.iter().skip_while(|token| !is_as(token)).skip(1);
    let query = rest.find(|token| !matches!(token.token, Token::Whitespace(_)))?;
    Some((name, cut(sql, query.span.start, end).to_owned()))
}

fn not_sql(message: &str, place: &str) -> SqlError {
    let message = message.trim_start_matches("sql parser error: ");
    let (message, position) = message.split_once(" at Line: ").unwrap_or((message, ""));
    let number = |text: &str| text.trim().parse::<u64>().unwrap_or(0);
    let (line, column) = position.split_once(", Column: ").map_or((0, 0), |(a, b)| (number(a), number(b)));
    SqlError::usage(format!("this is not SQL: {}", message.to_lowercase_first())).at(at(place, line, column))
}

trait LowercaseFirst {
    fn to_lowercase_first(&self) -> String;
}

impl LowercaseFirst for str {
    fn to_lowercase_first(&self) -> String {
        let mut chars = self.chars();
        chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
    }
}

/// Returns the first line of the comments that stand before a statement.
fn name(piece: &[TokenWithSpan], first: Location) -> Option<String> {
    let comments = piece.iter().take_while(|token| token.span.start < first).filter_map(|token| match &token.token {
        Token::Whitespace(Whitespace::SingleLineComment { comment, .. } | Whitespace::MultiLineComment(comment)) => {
            comment.lines().map(str::trim).find(|line| !line.is_empty())
        }
        _ => None,
    });
    let comments: Vec<&str> = comments.collect();
    let title = comments.iter().find_map(|line| line.strip_prefix("title: "));
    title.or(comments.first().copied()).map(str::to_owned)
}

/// Returns the part of a text between two places, the second one excluded.
fn cut(text: &str, from: Location, to: Location) -> &str {
    let offset = |location: Location| {
        let line: usize = text.split_inclusive('\n').take(location.line.saturating_sub(1) as usize).map(str::len).sum();
        let rest = &text[line..];
        let column = location.column.saturating_sub(1) as usize;
        line + rest.char_indices().nth(column).map_or(rest.len(), |(at, _)| at)
    };
    text.get(offset(from)..offset(to)).unwrap_or_default()
}

/// Returns whether a query only reads: the parser takes INSERT and the like for the body of one.
fn is_reading(query: &Query) -> bool {
    fn reads(body: &ast::SetExpr) -> bool {
        match body {
            ast::SetExpr::Select(select) => select.into.is_none(),
            ast::SetExpr::Query(query) => is_reading(query),
            ast::SetExpr::SetOperation { left, right, .. } => reads(left) && reads(right),
            ast::SetExpr::Values(_) => true,
            _ => false,
        }
    }
    reads(&query.body)
}

fn order(parsed: &Parsed) -> Order {
    let Parsed::Query(query) = parsed else { return Order { keys: Vec::new(), ordered: false, limited: false } };
    let limited = query.limit_clause.is_some() || query.fetch.is_some();
    let Some(ast::OrderBy { kind: ast::OrderByKind::Expressions(by), .. }) = &query.order_by else {
        return Order { keys: Vec::new(), ordered: false, limited };
    };
    let key = |by: &ast::OrderByExpr| match &by.expr {
        Expr::Identifier(name) if name.quote_style.is_some() => name.value.clone(),
        Expr::Identifier(name) => name.value.to_lowercase(),
        other => other.to_string(),
    };
    Order { keys: by.iter().map(key).collect(), ordered: true, limited }
}
