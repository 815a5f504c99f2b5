//! SQL as people write it for Athena -> statements that DataFusion plans.
//!
//! In: a text of one or several statements. Out: [`Statement`]s, with names and clauses that DataFusion calls otherwise
//! rewritten. What is not understood is a usage error that names line and column. Only reading statements pass.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    self, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, ObjectName,
    Query, Statement as Parsed, Value, VisitMut, VisitorMut, visit_expressions,
};
use sqlparser::dialect::Dialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer, Whitespace};

use crate::error::{Result, SqlError, SqlErrorKind};
use crate::hints;

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
    /// How its rows are ordered, if they are.
    pub order: Order,
    pub(crate) parsed: Parsed,
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
        let mut names = Vec::new();
        let mut take = |expr: &Expr| {
            let name = match expr {
                Expr::Identifier(name) => Some(name),
                Expr::CompoundIdentifier(names) => names.last(),
                _ => None,
            };
            names.extend(name.map(|name| name.value.to_lowercase()));
        };
        let _ = visit_expressions(&self.parsed, |expr| {
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
    let tokens = Tokenizer::new(&Athena, sql).tokenize_with_location().map_err(|e| {
        SqlError::usage(format!("this is not SQL: {}", e.message)).at(at(place, e.location.line, e.location.column))
    })?;
    let mut statements = Vec::new();
    let mut views: BTreeSet<String> = BTreeSet::new();
    for piece in tokens.split(|token| token.token == Token::SemiColon) {
        let significant = |token: &&TokenWithSpan| !matches!(token.token, Token::Whitespace(_) | Token::EOF);
        let Some(first) = piece.iter().find(significant).map(|token| token.span.start) else { continue };
        let end = piece.iter().rev().find(significant).map_or(first, |token| token.span.end);
        if piece.iter().filter(|token| is_operator(&token.token)).count() > MAX_OPERATORS {
            return Err(SqlError::usage(format!("this statement has more than {MAX_OPERATORS} operators"))
                .at(at(place, first.line, first.column))
                .help("write IN (...) for a list of values, or VALUES and a join"));
        }
        let name = name(piece, first).unwrap_or_else(|| format!("query {}", statements.len() + 1));
        let piece = with_rows(&with_addresses(piece));
        let mut parser = Parser::new(&Athena).with_recursion_limit(MAX_DEPTH).with_tokens_with_locations(piece);
        let parsed = parser.parse_statement().map_err(|e| not_sql(&e.to_string(), place))?;
        let rest = parser.peek_token();
        if rest.token != Token::EOF {
            return Err(SqlError::usage(format!("this is not SQL: unexpected {}", rest.token))
                .at(at(place, rest.span.start.line, rest.span.start.column))
                .help("end a statement with a semicolon"));
        }
        let mut parsed = parsed;
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
        let mut names = Names { ctes: views.clone(), table, place };
        if let ControlFlow::Break(error) = parsed.visit(&mut Ctes(&mut names.ctes)) {
            return Err(error);
        }
        if let ControlFlow::Break(error) = parsed.visit(&mut names) {
            return Err(error);
        }
        if let Parsed::CreateView(view) = &parsed {
            views.extend(view.name.0.last().map(|part| part.to_string().trim_matches('"').to_lowercase()));
        }
        let order = order(&parsed);
        let text = cut(sql, first, end).to_owned();
        statements.push(Statement { name, text, order, parsed });
    }
    if statements.is_empty() {
        return Err(SqlError::usage("there is no statement")
            .at(place)
            .help("such as SELECT count(*) FROM vpc_flow_logs"));
    }
    Ok(statements)
}

fn is_operator(token: &Token) -> bool {
    match token {
        Token::Word(word) => {
            let words = [Keyword::AND, Keyword::OR, Keyword::NOT, Keyword::UNION, Keyword::INTERSECT, Keyword::EXCEPT];
            word.quote_style.is_none() && (words.contains(&word.keyword) || word.keyword == Keyword::JOIN)
        }
        Token::Plus | Token::Minus | Token::Mul | Token::Div | Token::Mod | Token::StringConcat => true,
        Token::LBracket | Token::DoubleColon | Token::Arrow | Token::Eq | Token::Neq | Token::Lt | Token::Gt => false,
        Token::LtEq | Token::GtEq | Token::Comma | Token::Period | Token::LParen | Token::RParen => false,
        Token::Number(..) | Token::SingleQuotedString(_) | Token::Whitespace(_) | Token::EOF => false,
        _ => true,
    }
}

/// Returns `place, line 3, column 7`.
pub(crate) fn at(place: &str, line: u64, column: u64) -> String {
    if line == 0 { place.to_owned() } else { format!("{place}, line {line}, column {column}") }
}

fn not_sql(message: &str, place: &str) -> SqlError {
    let message = message.trim_start_matches("sql parser error: ");
    let (message, position) = message.split_once(" at Line: ").unwrap_or((message, ""));
    let number = |text: &str| text.trim().parse::<u64>().unwrap_or(0);
    let (line, column) = position.split_once(", Column: ").map_or((0, 0), |(a, b)| (number(a), number(b)));
    let error =
        SqlError::usage(format!("this is not SQL: {}", message.to_lowercase_first())).at(at(place, line, column));
    let quoted = ["Expected: an expression, found: end", "found: end"].iter().any(|hint| message.contains(hint));
    if quoted { error.help("the column \"end\" must stand in double quotes, as in Athena") } else { error }
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

/// Makes a call of `IPADDRESS '10.0.0.1'`, and a text of `IPPREFIX '10.0.0.0/8'`: types whose names the parser does not know.
fn with_addresses(piece: &[TokenWithSpan]) -> Vec<TokenWithSpan> {
    let mut tokens: Vec<TokenWithSpan> = Vec::with_capacity(piece.len());
    for token in piece {
        tokens.push(token.clone());
        if !matches!(token.token, Token::SingleQuotedString(_)) {
            continue;
        }
        let before = tokens.iter().rev().skip(1).position(|token| !matches!(token.token, Token::Whitespace(_)));
        let Some(at) = before.map(|skipped| tokens.len() - 2 - skipped) else { continue };
        let Token::Word(word) = &tokens[at].token else { continue };
        let name = if word.quote_style.is_none() { word.value.to_lowercase() } else { String::new() };
        let span = tokens[at].span;
        match name.as_str() {
            "ipaddress" => {
                tokens[at] = TokenWithSpan::new(Token::make_word("ip_address", None), span);
                tokens.insert(at + 1, TokenWithSpan::new(Token::LParen, span));
                tokens.push(TokenWithSpan::new(Token::RParen, token.span));
            }
            "ipprefix" => drop(tokens.remove(at)),
            _ => {}
        }
    }
    tokens
}

/// Puts rows of VALUES that are single values into parentheses, without which the parser takes none.
fn with_rows(piece: &[TokenWithSpan]) -> Vec<TokenWithSpan> {
    let mut tokens: Vec<TokenWithSpan> = Vec::with_capacity(piece.len() + 8);
    // Depths of the VALUES lists that are open, and whether a row that has no parentheses is.
    let mut lists: Vec<(usize, bool)> = Vec::new();
    let mut depth = 0_usize;
    let mut wants_row = false;
    for token in piece {
        let blank = matches!(token.token, Token::Whitespace(_));
        let put = |tokens: &mut Vec<TokenWithSpan>, paren: Token| tokens.push(TokenWithSpan::new(paren, token.span));
        if wants_row && !blank {
            wants_row = false;
            let bare = token.token != Token::LParen;
            if bare {
                put(&mut tokens, Token::LParen);
            }
            lists.push((depth, bare));
        }
        let ends_list = match &token.token {
            Token::RParen => lists.last().is_some_and(|(at, _)| *at == depth),
            Token::Word(word) => {
                let ends = [Keyword::ORDER, Keyword::LIMIT, Keyword::UNION, Keyword::OFFSET, Keyword::FETCH];
                ends.contains(&word.keyword) && lists.last().is_some_and(|(at, _)| *at == depth)
            }
            Token::Comma if lists.last().is_some_and(|(at, _)| *at == depth) => {
                wants_row = true;
                true
            }
            _ => false,
        };
        if ends_list && let Some((_, true)) = lists.pop() {
            put(&mut tokens, Token::RParen);
        }
        match &token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            Token::Word(word) if word.keyword == Keyword::VALUES && word.quote_style.is_none() => wants_row = true,
            _ => {}
        }
        tokens.push(token.clone());
    }
    if let Some((_, true)) = lists.pop() {
        let span = tokens.last().map_or(Span::empty(), |token| token.span);
        tokens.push(TokenWithSpan::new(Token::RParen, span));
    }
    tokens
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

/// Collects the names that WITH gives.
struct Ctes<'a>(&'a mut BTreeSet<String>);

impl VisitorMut for Ctes<'_> {
    type Break = SqlError;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<SqlError> {
        let ctes = query.with.iter().flat_map(|with| &with.cte_tables);
        self.0.extend(ctes.map(|cte| cte.alias.name.value.to_lowercase()));
        ControlFlow::Continue(())
    }
}

/// Checks names of tables and functions, and rewrites what DataFusion calls otherwise.
struct Names<'a> {
    ctes: BTreeSet<String>,
    table: &'a str,
    place: &'a str,
}

impl VisitorMut for Names<'_> {
    type Break = SqlError;

    fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<SqlError> {
        let parts: Vec<Ident> = relation.0.iter().filter_map(|part| part.as_ident().cloned()).collect();
        let Some(last) = parts.last() else { return ControlFlow::Continue(()) };
        let name = last.value.to_lowercase();
        if parts.len() == 1 && self.ctes.contains(&name) || name == "unnest" {
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

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<SqlError> {
        match rewritten(expr) {
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

type Refused = ((String, String), Span);

/// Returns what stands for an expression of Athena's here, if it is not the same.
fn rewritten(expr: &mut Expr) -> Result<Option<Expr>, Refused> {
    Ok(match expr {
        Expr::Cast { kind, expr: inner, data_type, .. } => {
            let inner = (**inner).clone();
            let is_try = matches!(kind, ast::CastKind::TryCast);
            let name = data_type.to_string().to_lowercase();
            match name.as_str() {
                "ipaddress" => Some(call(if is_try { "try_ip_address" } else { "ip_address" }, vec![inner])),
                "ipprefix" => Some(inner),
                "timestamp" | "timestamp(3)" if !is_try => Some(call("timestamp_of", vec![inner])),
                "date" if !is_try => Some(call("date_of", vec![inner])),
                name if name == "string" || name.starts_with("varchar") || name.starts_with("char(") => {
                    Some(call("varchar_of", vec![inner]))
                }
                _ => None,
            }
        }
        Expr::TypedString(typed) => {
            let text = Expr::Value(typed.value.clone());
            match typed.data_type.to_string().to_lowercase().as_str() {
                "timestamp" => Some(call("timestamp_literal", vec![text])),
                _ => None,
            }
        }
        Expr::AtTimeZone { timestamp, time_zone } => {
            Some(call("at_timezone", vec![(**timestamp).clone(), (**time_zone).clone()]))
        }
        Expr::Function(function) => function_of(function)?,
        _ => None,
    })
}

fn function_of(function: &mut Function) -> Result<Option<Expr>, Refused> {
    let [ast::ObjectNamePart::Identifier(ident)] = function.name.0.as_slice() else { return Ok(None) };
    let (name, span) = (ident.value.to_lowercase(), ident.span);
    if let Some(help) = hints::refused(&name) {
        return Err(((format!("the function {name} is not there"), help.to_owned()), span));
    }
    let args = arguments(function);
    Ok(match (name.as_str(), args) {
        // As an argument and not as FILTER, so that it works in windows too.
        ("count_if", Some(args)) if args.len() == 1 => {
            let one = Expr::Value(Value::Number("1".to_owned(), false).into());
            let ones = args.into_iter().map(|condition| case(condition, one.clone(), None));
            Some(Expr::Function(instead(function, "count", ones.collect())))
        }
        ("if", Some(args)) => match <[Expr; 3]>::try_from(args) {
            Ok([condition, then, otherwise]) => Some(case(condition, then, Some(otherwise))),
            Err(args) => <[Expr; 2]>::try_from(args).ok().map(|[condition, then]| case(condition, then, None)),
        },
        ("bitwise_and", Some(args)) => binary(ast::BinaryOperator::BitwiseAnd, args),
        ("bitwise_or", Some(args)) => binary(ast::BinaryOperator::BitwiseOr, args),
        ("bitwise_xor", Some(args)) => binary(ast::BinaryOperator::PGBitwiseXor, args),
        ("mod", Some(args)) => binary(ast::BinaryOperator::Modulo, args),
        ("day_of_week" | "dow", Some(args)) => Some(part("isodow", args)),
        ("day_of_year" | "doy", Some(args)) => Some(part("doy", args)),
        ("year" | "quarter" | "month" | "week" | "day" | "hour" | "minute" | "second", Some(args)) => {
            Some(part(&name, args))
        }
        ("max_by" | "min_by", Some(args)) if args.len() == 2 => {
            let mut args = args.into_iter();
            let (value, by) = (args.next(), args.next());
            let mut picking = instead(function, "first_value", value.into_iter().collect());
            if let (FunctionArguments::List(list), Some(by)) = (&mut picking.args, by) {
                let options = ast::OrderByOptions { asc: Some(name == "min_by"), nulls_first: Some(false) };
                let by = ast::OrderByExpr { expr: by, options, with_fill: None };
                list.clauses.push(ast::FunctionArgumentClause::OrderBy(vec![by]));
            }
            Some(Expr::Function(picking))
        }
        // DataFusion puts NULL first, Athena last.
        ("array_sort", Some(args)) if args.len() == 1 => {
            let mut args = args;
            args.extend(["ASC", "NULLS LAST"].map(text));
            Some(call("array_sort", args))
        }
        ("regexp_replace", Some(args)) if args.len() == 2 || args.len() == 3 => {
            let mut args = args;
            if args.len() == 2 {
                args.push(text(""));
            }
            args.push(text("g"));
            Some(call("regexp_replace", args))
        }
        _ => {
            if let Some(new) = hints::same_as(&name) {
                rename(function, new);
            }
            None
        }
    })
}

/// Returns the same call, window and all, of another function.
fn instead(function: &Function, name: &str, args: Vec<Expr>) -> Function {
    let mut other = function.clone();
    rename(&mut other, name);
    set_arguments(&mut other, args);
    other
}

/// Gives a function of one name another, in its place of the statement.
fn rename(function: &mut Function, name: &str) {
    if let [ast::ObjectNamePart::Identifier(ident)] = function.name.0.as_slice() {
        let ident = Ident { value: name.to_owned(), quote_style: None, span: ident.span };
        function.name = ObjectName::from(vec![ident]);
    }
}

fn binary(op: ast::BinaryOperator, args: Vec<Expr>) -> Option<Expr> {
    let [left, right] = <[Expr; 2]>::try_from(args).ok()?;
    Some(Expr::Nested(Box::new(Expr::BinaryOp {
        left: Box::new(Expr::Nested(Box::new(left))),
        op,
        right: Box::new(Expr::Nested(Box::new(right))),
    })))
}

fn call(name: &str, args: Vec<Expr>) -> Expr {
    let mut function = Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::None,
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    };
    set_arguments(&mut function, args);
    Expr::Function(function)
}

fn part(part: &str, args: Vec<Expr>) -> Expr {
    call("date_part", [text(part)].into_iter().chain(args).collect())
}

fn text(value: &str) -> Expr {
    Expr::Value(Value::SingleQuotedString(value.to_owned()).into())
}

fn case(condition: Expr, then: Expr, otherwise: Option<Expr>) -> Expr {
    Expr::Case {
        case_token: ast::helpers::attached_token::AttachedToken::empty(),
        end_token: ast::helpers::attached_token::AttachedToken::empty(),
        operand: None,
        conditions: vec![ast::CaseWhen { condition, result: then }],
        else_result: otherwise.map(Box::new),
    }
}

/// Returns the arguments of a function, if they are plain expressions.
fn arguments(function: &Function) -> Option<Vec<Expr>> {
    let FunctionArguments::List(list) = &function.args else { return None };
    let plain = |arg: &FunctionArg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
        _ => None,
    };
    list.args.iter().map(plain).collect()
}

fn set_arguments(function: &mut Function, args: Vec<Expr>) {
    let args = args.into_iter().map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg))).collect();
    let clauses = match &function.args {
        FunctionArguments::List(list) => list.clauses.clone(),
        _ => Vec::new(),
    };
    function.args = FunctionArguments::List(FunctionArgumentList { duplicate_treatment: None, args, clauses });
}
