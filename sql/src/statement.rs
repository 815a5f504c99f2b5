//! SQL as people write it for Athena -> statements that DataFusion plans.
//!
//! In: a text of one or several statements. Out: [`Statement`]s, with names and clauses that DataFusion calls otherwise
//! rewritten. What is not understood is a usage error that names line and column. Only reading statements pass.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    self, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, ObjectName,
    Query, Spanned, Statement as Parsed, Value, VisitMut, VisitorMut, visit_expressions, visit_expressions_mut,
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
    compared: Vec<String>,
    /// Names in GROUP BY and HAVING that SELECT gives: Athena knows them only if they are columns too.
    pub(crate) aliases: Vec<Alias>,
}

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

/// What stands for `IPADDRESS '10.0.0.1'`.
const ADDRESS_OF: &str = "ip_address";

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
        words(piece, place)?;
        let name = name(piece, first).unwrap_or_else(|| format!("query {}", statements.len() + 1));
        let piece = with_rows(&with_addresses(&with_parts(&with_in(piece))));
        let mut parser = Parser::new(&Athena).with_recursion_limit(MAX_DEPTH).with_tokens_with_locations(piece);
        let parsed = parser.parse_statement().map_err(|e| not_sql(&e.to_string(), place))?;
        let rest = parser.peek_token();
        if rest.token != Token::EOF {
            return Err(SqlError::usage(format!("this is not SQL: unexpected {}", rest.token))
                .at(at(place, rest.span.start.line, rest.span.start.column))
                .help("end a statement with a semicolon"));
        }
        let mut parsed = parsed;
        let compared = compared_with_values(&parsed);
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
        let with = match &parsed {
            Parsed::Query(query) => query.with.clone(),
            _ => None,
        };
        if let Parsed::CreateView(view) = &mut parsed
            && let Some(name) = view.name.0.last().and_then(|part| part.as_ident().cloned())
        {
            view.name = ObjectName::from(vec![Ident {
                value: name.value.to_lowercase(),
                quote_style: Some('"'),
                span: name.span,
            }]);
        }
        let mut names = Names { ctes: views.clone(), views: views.clone(), table, place, with, aliases: Vec::new() };
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
        statements.push(Statement { name, text, order, parsed, compared, aliases: names.aliases });
    }
    if statements.is_empty() {
        return Err(SqlError::usage("there is no statement")
            .at(place)
            .help("such as SELECT count(*) FROM vpc_flow_logs"));
    }
    Ok(statements)
}

/// Refuses words that Athena reads otherwise than the parser does: `end` without quotes, and names in backticks.
fn words(piece: &[TokenWithSpan], place: &str) -> Result<()> {
    let mut cases = 0_usize;
    let mut digits_end = Location::new(0, 0);
    for TokenWithSpan { token, span } in piece {
        let at = at(place, span.start.line, span.start.column);
        if *token == Token::DoubleEq {
            return Err(SqlError::usage("== is no operator of Athena's").at(at).help("write ="));
        }
        if let Token::Number(..) | Token::HexStringLiteral(_) = token {
            digits_end = span.end;
        }
        if let Token::HexStringLiteral(_) = token {
            return Err(SqlError::usage("numbers of other bases are not here").at(at).help("write it with base 10"));
        }
        let Token::Word(word) = token else { continue };
        if word.quote_style.is_none() && span.start == digits_end {
            let help =
                "write whole numbers with base 10 and without _, and names that begin with a digit in double quotes";
            return Err(SqlError::usage(format!("{} stands right behind a number", word.value)).at(at).help(help));
        }
        match (word.quote_style, word.keyword) {
            (Some('`'), _) => {
                return Err(SqlError::usage(format!("`{}` stands in backticks", word.value))
                    .at(at)
                    .help(format!("Athena wants double quotes in queries: \"{}\"", word.value)));
            }
            (None, Keyword::CASE) => cases += 1,
            (None, Keyword::QUALIFY) => {
                return Err(SqlError::usage("Athena has no QUALIFY")
                    .at(at)
                    .help("put the SELECT into a subquery, and a WHERE around it"));
            }
            (None, Keyword::END) if cases == 0 => {
                return Err(SqlError::usage("end is a word of SQL, and no column")
                    .at(at)
                    .help("the column \"end\" must stand in double quotes, as in Athena"));
            }
            (None, Keyword::END) => cases -= 1,
            _ => {}
        }
    }
    Ok(())
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

/// Writes `= ANY (` as IN and `<> ALL (` as NOT IN: the parser takes no VALUES behind them.
fn with_in(piece: &[TokenWithSpan]) -> Vec<TokenWithSpan> {
    let significant: Vec<usize> =
        (0..piece.len()).filter(|at| !matches!(piece[*at].token, Token::Whitespace(_))).collect();
    let mut tokens = piece.to_vec();
    for three in significant.windows(3) {
        let [operator, Token::Word(word), Token::LParen] =
            [&piece[three[0]].token, &piece[three[1]].token, &piece[three[2]].token]
        else {
            continue;
        };
        let word = if word.quote_style.is_none() { word.value.to_lowercase() } else { String::new() };
        let (first, second) = match (operator, word.as_str()) {
            (Token::Eq, "any" | "some") => (None, "IN"),
            (Token::Neq, "all") => (Some("NOT"), "IN"),
            _ => continue,
        };
        // Of VALUES in parentheses a list.
        let values = significant.iter().find(|at| **at > three[2]).copied();
        if let Some(at) =
            values.filter(|at| matches!(&piece[*at].token, Token::Word(word) if word.keyword == Keyword::VALUES))
        {
            tokens[at].token = Token::Whitespace(Whitespace::Space);
        }
        tokens[three[0]].token =
            first.map_or(Token::Whitespace(Whitespace::Space), |word| Token::make_word(word, None));
        tokens[three[1]].token = Token::make_word(second, None);
    }
    tokens
}

/// Writes parts of times in EXTRACT as the parser knows them.
fn with_parts(piece: &[TokenWithSpan]) -> Vec<TokenWithSpan> {
    let mut tokens = piece.to_vec();
    let significant: Vec<usize> =
        (0..piece.len()).filter(|at| !matches!(piece[*at].token, Token::Whitespace(_))).collect();
    for three in significant.windows(3) {
        let [Token::Word(word), Token::LParen, Token::Word(part)] =
            [&piece[three[0]].token, &piece[three[1]].token, &piece[three[2]].token]
        else {
            continue;
        };
        let known = match part.value.to_lowercase().as_str() {
            "day_of_week" => "DOW",
            "day_of_year" => "DOY",
            "day_of_month" => "DAY",
            "year_of_week" | "yow" => "ISOYEAR",
            _ => continue,
        };
        if word.value.eq_ignore_ascii_case("extract") {
            tokens[three[2]].token = Token::make_word(known, None);
        }
    }
    tokens
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
                tokens[at] = TokenWithSpan::new(Token::make_word(ADDRESS_OF, None), span);
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
    views: BTreeSet<String>,
    table: &'a str,
    place: &'a str,
    with: Option<ast::With>,
    aliases: Vec<Alias>,
}

impl Names<'_> {
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
        // DataFusion takes them for EXCEPT and INTERSECT of other rows than Trino.
        if let ast::SetExpr::SetOperation {
            op: op @ (ast::SetOperator::Except | ast::SetOperator::Intersect),
            set_quantifier: ast::SetQuantifier::All,
            ..
        } = &*query.body
        {
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
            let mut query = all_of(asked);
            query.with = self.with.clone();
            found.push(Alias { name, clause, span: ident.span, columns: Parsed::Query(Box::new(query)) });
        }
        self.aliases.extend(found);
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<SqlError> {
        let parts: Vec<Ident> = relation.0.iter().filter_map(|part| part.as_ident().cloned()).collect();
        let Some(last) = parts.last() else { return ControlFlow::Continue(()) };
        let name = last.value.to_lowercase();
        if parts.len() == 1 && self.ctes.contains(&name) || name == "unnest" {
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

/// Returns what stands for an expression of Athena's here, if it is not the same.
fn rewritten(expr: &mut Expr) -> Result<Option<Expr>, Refused> {
    Ok(match expr {
        Expr::Cast { kind: ast::CastKind::DoubleColon, expr: inner, data_type, .. } => {
            let help = format!("write CAST({inner} AS {})", data_type.to_string().to_lowercase());
            return Err((("Athena has no ::".to_owned(), help), inner.span()));
        }
        Expr::Cast { expr: inner, data_type, .. } if is_no_type(data_type) => {
            let message = format!("there is no type {data_type} in queries").to_lowercase();
            return Err(((message, "write AS varchar".to_owned()), inner.span()));
        }
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
                    let length = name.split_once('(').map(|(_, length)| length.trim_end_matches(')').trim().to_owned());
                    let length = length.map(|length| Expr::Value(Value::Number(length, false).into()));
                    Some(call("varchar_of", std::iter::once(inner).chain(length).collect()))
                }
                name => number_type(name).map(|(cast, mut parameters)| {
                    parameters.insert(0, inner);
                    call(&format!("{}{cast}", if is_try { "try_" } else { "" }), parameters)
                }),
            }
        }
        Expr::TypedString(typed) if number_type(&typed.data_type.to_string().to_lowercase()).is_some() => {
            let name = typed.data_type.to_string().to_lowercase();
            match (name.as_str(), &typed.value.value) {
                // Its digits say its precision.
                ("decimal", Value::SingleQuotedString(digits)) => {
                    Some(Expr::Value(Value::Number(digits.clone(), false).into()))
                }
                _ => number_type(&name).map(|(cast, mut parameters)| {
                    parameters.insert(0, Expr::Value(typed.value.clone()));
                    call(cast, parameters)
                }),
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
        // So that the types of its sides are looked at like those of other comparisons.
        Expr::Between { expr: of, negated, low, high } => {
            let compare = |op, side: &Expr| Expr::BinaryOp {
                left: Box::new(Expr::Nested(of.clone())),
                op,
                right: Box::new(Expr::Nested(Box::new(side.clone()))),
            };
            let both = Expr::Nested(Box::new(Expr::BinaryOp {
                left: Box::new(compare(ast::BinaryOperator::GtEq, low)),
                op: ast::BinaryOperator::And,
                right: Box::new(compare(ast::BinaryOperator::LtEq, high)),
            }));
            let not = |inner| Expr::UnaryOp { op: ast::UnaryOperator::Not, expr: Box::new(inner) };
            Some(if *negated { not(both) } else { both })
        }
        Expr::UnaryOp { op: ast::UnaryOperator::Minus, expr: inner }
            if !matches!(**inner, Expr::Value(_) | Expr::Interval(_)) =>
        {
            Some(call("negated", vec![(**inner).clone()]))
        }
        Expr::Like { negated, any: false, expr: of, pattern, escape_char } => {
            let escape = escape_char.take();
            let pattern = escaped(pattern, escape.as_ref()).map_err(|message| (message, of.span()))?;
            Some(Expr::Like {
                negated: *negated,
                any: false,
                expr: of.clone(),
                pattern: Box::new(pattern),
                escape_char: None,
            })
        }
        Expr::ILike { .. } | Expr::SimilarTo { .. } | Expr::RLike { .. } => {
            let help = "write lower(text) LIKE 'pattern%', or regexp_like(text, 'pattern')".to_owned();
            return Err((("Athena has LIKE, and no other word of this kind".to_owned(), help), expr.span()));
        }
        Expr::IsTrue(_) | Expr::IsNotTrue(_) | Expr::IsFalse(_) | Expr::IsNotFalse(_) => {
            let help = "write the condition itself, or coalesce(condition, false)".to_owned();
            return Err((("Athena has no IS TRUE and IS FALSE".to_owned(), help), expr.span()));
        }
        Expr::BinaryOp {
            op:
                op @ (ast::BinaryOperator::BitwiseAnd
                | ast::BinaryOperator::BitwiseOr
                | ast::BinaryOperator::BitwiseXor
                | ast::BinaryOperator::PGBitwiseXor
                | ast::BinaryOperator::PGBitwiseShiftLeft
                | ast::BinaryOperator::PGBitwiseShiftRight),
            left,
            right,
        } => {
            let name = match op {
                ast::BinaryOperator::BitwiseAnd => "bitwise_and",
                ast::BinaryOperator::BitwiseOr => "bitwise_or",
                ast::BinaryOperator::PGBitwiseShiftLeft => "bitwise_left_shift",
                ast::BinaryOperator::PGBitwiseShiftRight => "bitwise_right_shift",
                _ => "bitwise_xor",
            };
            return Err((
                (format!("Athena has no operator {op}"), format!("write {name}({left}, {right})")),
                left.span(),
            ));
        }
        Expr::Interval(interval) => {
            let unit = interval.leading_field.as_ref().map(ToString::to_string);
            let singular = unit.as_deref().is_some_and(|unit| !unit.to_lowercase().ends_with('s'));
            let quoted =
                matches!(&*interval.value, Expr::Value(value) if matches!(value.value, Value::SingleQuotedString(_)));
            if !singular || !quoted {
                let help = "write INTERVAL '7' DAY: the number in quotes, the unit behind it and without s".to_owned();
                return Err((("Athena does not read this INTERVAL".to_owned(), help), interval.value.span()));
            }
            None
        }
        Expr::AllOp { compare_op, .. } | Expr::AnyOp { compare_op, .. }
            if !matches!(compare_op, ast::BinaryOperator::Eq | ast::BinaryOperator::NotEq) =>
        {
            let help = format!("write {compare_op} (SELECT max(...) ...) or (SELECT min(...) ...)");
            return Err(((format!("{compare_op} ALL and {compare_op} ANY are not here"), help), expr.span()));
        }
        // With an exponent it is a double, else a decimal.
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _)
                if !digits.contains('.')
                    && digits.bytes().all(|b| b.is_ascii_digit())
                    && digits.parse::<i64>().is_err() =>
            {
                let help = format!("write DECIMAL '{digits}', or {digits}e0 for a double");
                return Err(((format!("{digits} is too large for bigint"), help), value.span));
            }
            Value::Number(digits, _) if digits.contains(['e', 'E']) => Some(call("cast_double", vec![text(digits)])),
            _ => None,
        },
        Expr::Substring { expr: of, substring_from: Some(from), substring_for, .. } => {
            let rest = substring_for.iter().map(|length| (**length).clone());
            Some(call("substr", [(**of).clone(), (**from).clone()].into_iter().chain(rest).collect()))
        }
        Expr::Extract { field, expr: inner, .. } => {
            let inner = (**inner).clone();
            match field.to_string().to_lowercase().as_str() {
                "dow" | "day_of_week" => Some(part("isodow", vec![inner])),
                "doy" | "day_of_year" => Some(part("doy", vec![inner])),
                "yow" | "year_of_week" => Some(part("isoyear", vec![inner])),
                "day_of_month" => Some(part("day", vec![inner])),
                _ => None,
            }
        }
        Expr::AnyOp { left, compare_op: ast::BinaryOperator::Eq, right, .. } => among(left, right, false),
        Expr::AllOp { left, compare_op: ast::BinaryOperator::NotEq, right } => among(left, right, true),
        Expr::Function(function) => function_of(function)?,
        _ => None,
    })
}

/// Returns whether this is a type of texts that Athena has not, or that pads texts with blanks, which is not done here.
fn is_no_type(data_type: &ast::DataType) -> bool {
    let name = data_type.to_string().to_lowercase();
    matches!(name.as_str(), "string" | "text") || name == "char" || name.starts_with("char(")
}

/// Returns `element_at(map(ARRAY[6, 17], ARRAY['tcp', 'udp']), protocol)`, as people write names of values, as a CASE.
fn looked_up(function: &Function) -> Option<Expr> {
    if !function.name.to_string().eq_ignore_ascii_case("element_at") {
        return None;
    }
    let [map, key] = <[Expr; 2]>::try_from(arguments(function)?).ok()?;
    let Expr::Function(map) = map else { return None };
    if !map.name.to_string().eq_ignore_ascii_case("map") {
        return None;
    }
    let [Expr::Array(keys), Expr::Array(values)] = <[Expr; 2]>::try_from(arguments(&map)?).ok()? else { return None };
    if keys.elem.is_empty() || keys.elem.len() != values.elem.len() {
        return None;
    }
    let conditions = keys.elem.into_iter().zip(values.elem);
    Some(Expr::Case {
        case_token: ast::helpers::attached_token::AttachedToken::empty(),
        end_token: ast::helpers::attached_token::AttachedToken::empty(),
        operand: Some(Box::new(key)),
        conditions: conditions.map(|(condition, result)| ast::CaseWhen { condition, result }).collect(),
        else_result: None,
    })
}

/// Returns the pattern of a LIKE in which a backslash is what takes a letter as it is: Athena has none unless ESCAPE names it.
fn escaped(pattern: &Expr, escape: Option<&ast::ValueWithSpan>) -> Result<Expr, (String, String)> {
    let sign = match escape.map(|escape| &escape.value) {
        None => None,
        Some(Value::SingleQuotedString(sign)) if sign.chars().count() == 1 => sign.chars().next(),
        Some(_) => return Err(("ESCAPE wants one letter".to_owned(), "write ESCAPE '!'".to_owned())),
    };
    let Expr::Value(value) = pattern else {
        return match sign {
            None => Ok(call("replace", vec![pattern.clone(), text("\\"), text("\\\\")])),
            Some(_) => Err(("a pattern with ESCAPE must be a text in quotes".to_owned(), "write it as one".to_owned())),
        };
    };
    let Value::SingleQuotedString(letters) = &value.value else { return Ok(pattern.clone()) };
    let mut new = String::with_capacity(letters.len() + 4);
    let mut letters = letters.chars();
    while let Some(letter) = letters.next() {
        match letter {
            letter if Some(letter) == sign => {
                let next = letters.next().filter(|next| matches!(next, '%' | '_') || Some(*next) == sign);
                let next = next.ok_or_else(|| {
                    (
                        "ESCAPE stands before something else than % and _".to_owned(),
                        "double it to mean itself".to_owned(),
                    )
                })?;
                if matches!(next, '%' | '_' | '\\') {
                    new.push('\\');
                }
                new.push(next);
            }
            '\\' => new.push_str("\\\\"),
            other => new.push(other),
        }
    }
    Ok(text(&new))
}

/// Returns `= ANY (SELECT ...)` and `<> ALL (SELECT ...)` as IN and NOT IN.
fn among(left: &Expr, right: &Expr, negated: bool) -> Option<Expr> {
    let Expr::Subquery(subquery) = right else { return None };
    Some(Expr::InSubquery { expr: Box::new(left.clone()), subquery: subquery.clone(), negated })
}

/// Returns the function that casts to a type of numbers or booleans, and what it wants besides the value.
fn number_type(name: &str) -> Option<(&'static str, Vec<Expr>)> {
    let (name, parameters) = name.split_once('(').unwrap_or((name, ""));
    let parameters = parameters.trim_end_matches(')').split(',').map(str::trim).filter(|number| !number.is_empty());
    let parameters = parameters.map(|number| Expr::Value(Value::Number(number.to_owned(), false).into())).collect();
    let cast = match name.trim() {
        "tinyint" => "cast_tinyint",
        "smallint" => "cast_smallint",
        "int" | "integer" => "cast_integer",
        "bigint" => "cast_bigint",
        "real" | "float" => "cast_real",
        "double" | "double precision" => "cast_double",
        "decimal" | "numeric" | "dec" => "cast_decimal",
        "boolean" | "bool" => "cast_boolean",
        _ => return None,
    };
    Some((cast, parameters))
}

fn function_of(function: &mut Function) -> Result<Option<Expr>, Refused> {
    let [ast::ObjectNamePart::Identifier(ident)] = function.name.0.as_slice() else { return Ok(None) };
    let (name, span) = (ident.value.to_lowercase(), ident.span);
    if !hints::is_known(&name) && name != ADDRESS_OF {
        return Err(((format!("Athena has no function {name}"), hints::of_others(&name).to_owned()), span));
    }
    if function.filter.is_some() && function.over.is_some() {
        let help = format!("write {name}(CASE WHEN ... THEN ... END) OVER (...)");
        return Err((("Athena has no FILTER in windows".to_owned(), help), span));
    }
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
        ("listagg", Some(mut args)) if !args.is_empty() && args.len() <= 2 => {
            if args.len() == 1 {
                args.push(text(""));
            }
            let by = std::mem::take(&mut function.within_group);
            let mut joined = instead(function, "string_agg", args);
            if let FunctionArguments::List(list) = &mut joined.args {
                list.clauses = vec![ast::FunctionArgumentClause::OrderBy(by)];
            }
            Some(Expr::Function(joined))
        }
        ("approx_percentile", Some(args)) => percentiles(function, args),
        ("slice", Some(args)) => match <[Expr; 3]>::try_from(args) {
            Ok([array, start, length]) => {
                let one = Expr::Value(Value::Number("1".to_owned(), false).into());
                let end = binary(ast::BinaryOperator::Plus, vec![start.clone(), length]);
                let end = end.and_then(|end| binary(ast::BinaryOperator::Minus, vec![end, one]));
                end.map(|end| call("array_slice", vec![array, start, end]))
            }
            Err(_) => None,
        },
        ("localtimestamp", _) => Some(call("timestamp_of", vec![call("now", Vec::new())])),
        ("nan" | "infinity" | "e", Some(args)) if args.is_empty() => {
            let value = match name.as_str() {
                "nan" => "NaN",
                "infinity" => "Infinity",
                _ => "2.718281828459045",
            };
            Some(call("cast_double", vec![text(value)]))
        }
        ("geometric_mean", Some(args)) if args.len() == 1 => {
            let logs = args.into_iter().map(|arg| call("ln", vec![call("cast_double", vec![arg])])).collect();
            Some(call("exp", vec![Expr::Function(instead(function, "avg", logs))]))
        }
        ("bitwise_and", Some(args)) => binary(ast::BinaryOperator::BitwiseAnd, args),
        ("bitwise_or", Some(args)) => binary(ast::BinaryOperator::BitwiseOr, args),
        ("bitwise_xor", Some(args)) => binary(ast::BinaryOperator::PGBitwiseXor, args),
        // NULL among them makes NULL of all; DataFusion passes over it.
        ("greatest" | "least", Some(args)) => {
            let missing = args.iter().map(|arg| Expr::IsNull(Box::new(Expr::Nested(Box::new(arg.clone())))));
            let missing = missing.reduce(|a, b| Expr::BinaryOp {
                left: Box::new(a),
                op: ast::BinaryOperator::Or,
                right: Box::new(b),
            });
            missing.map(|missing| case(missing, Expr::Value(Value::Null.into()), Some(call(&name, args))))
        }
        ("concat", Some(args)) if args.len() > 1 => {
            let nested = |arg: Expr| Expr::Nested(Box::new(arg));
            let joined = args.into_iter().map(nested).reduce(|a, b| Expr::BinaryOp {
                left: Box::new(a),
                op: ast::BinaryOperator::StringConcat,
                right: Box::new(b),
            });
            joined.map(nested)
        }
        (
            "power" | "pow" | "sqrt" | "cbrt" | "exp" | "ln" | "log2" | "log10" | "sin" | "cos" | "tan" | "asin"
            | "acos" | "atan" | "atan2" | "sinh" | "cosh" | "tanh" | "degrees" | "radians" | "log",
            Some(args),
        ) => {
            let args = args.into_iter().map(|arg| call("cast_double", vec![arg])).collect();
            Some(Expr::Function(instead(function, if name == "pow" { "power" } else { &name }, args)))
        }
        ("millisecond", Some(args)) => {
            let thousand = Expr::Value(Value::Number("1000".to_owned(), false).into());
            binary(ast::BinaryOperator::Modulo, vec![part("millisecond", args), thousand])
        }
        ("week_of_year", Some(args)) => Some(part("week", args)),
        ("day_of_month", Some(args)) => Some(part("day", args)),
        ("year_of_week" | "yow", Some(args)) => Some(part("isoyear", args)),
        ("current_timezone", _) => Some(text("UTC")),
        ("replace", Some(mut args)) if args.len() == 2 => {
            args.push(text(""));
            Some(Expr::Function(instead(function, "replace", args)))
        }
        ("day_of_week" | "dow", Some(args)) => Some(part("isodow", args)),
        ("day_of_year" | "doy", Some(args)) => Some(part("doy", args)),
        ("year" | "quarter" | "month" | "week" | "day" | "hour" | "minute" | "second", Some(args)) => {
            Some(part(&name, args))
        }
        ("max_by" | "min_by", Some(args)) if args.len() == 2 => {
            let mut args = args.into_iter();
            let (value, by) = (args.next(), args.next());
            let mut picking = instead(function, "first_value", value.into_iter().collect());
            // Rows without what orders them are left out.
            if let Some(by) = &by {
                let there = Expr::IsNotNull(Box::new(Expr::Nested(Box::new(by.clone()))));
                picking.filter = Some(Box::new(match picking.filter.take() {
                    Some(filter) => Expr::BinaryOp {
                        left: Box::new(Expr::Nested(filter)),
                        op: ast::BinaryOperator::And,
                        right: Box::new(there),
                    },
                    None => there,
                }));
            }
            if let (FunctionArguments::List(list), Some(by)) = (&mut picking.args, by) {
                let options = ast::OrderByOptions { asc: Some(name == "min_by"), nulls_first: Some(false) };
                let by = ast::OrderByExpr { expr: by, options, with_fill: None };
                list.clauses.push(ast::FunctionArgumentClause::OrderBy(vec![by]));
            }
            Some(Expr::Function(picking))
        }
        ("max_by" | "min_by", Some(args)) if args.len() == 3 => match <[Expr; 3]>::try_from(args) {
            Ok([value, by, count]) => Some(first_of(function, value, by, count, name == "min_by")),
            Err(_) => None,
        },
        ("max" | "min", Some(args)) if args.len() == 2 => match <[Expr; 2]>::try_from(args) {
            Ok([value, count]) => Some(first_of(function, value.clone(), value, count, name == "min")),
            Err(_) => None,
        },
        // DataFusion gives NULL for what is not there.
        ("array_position", Some(args)) if args.len() == 2 => {
            let zero = Expr::Value(Value::Number("0".to_owned(), false).into());
            let missing = args.iter().map(|arg| Expr::IsNull(Box::new(Expr::Nested(Box::new(arg.clone())))));
            let missing = missing.reduce(|a, b| Expr::BinaryOp {
                left: Box::new(a),
                op: ast::BinaryOperator::Or,
                right: Box::new(b),
            });
            let found = call("coalesce", vec![call("array_position", args), zero]);
            missing.map(|missing| case(missing, Expr::Value(Value::Null.into()), Some(found)))
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
            if let Expr::Value(value) = &mut args[2]
                && let Value::SingleQuotedString(replacement) = &value.value
            {
                value.value = Value::SingleQuotedString(as_rust_replaces(replacement));
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

/// Returns what replaces a match: `$1` is a group and `\$` is none, as in Java; `${1}` and `$$` here.
fn as_rust_replaces(replacement: &str) -> String {
    let mut text = String::with_capacity(replacement.len() + 4);
    let mut letters = replacement.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('$') => text.push_str("$$"),
                other => text.extend(other),
            },
            '$' if letters.peek().is_some_and(char::is_ascii_digit) => {
                text.push_str("${");
                while let Some(digit) = letters.next_if(char::is_ascii_digit) {
                    text.push(digit);
                }
                text.push('}');
            }
            other => text.push(other),
        }
    }
    text
}

/// Returns as many values as asked for, of the rows that come first or last by something.
fn first_of(function: &Function, value: Expr, by: Expr, count: Expr, ascending: bool) -> Expr {
    let one = Expr::Value(Value::Number("1".to_owned(), false).into());
    let mut all = instead(function, "array_agg", vec![value]);
    let there = Expr::IsNotNull(Box::new(Expr::Nested(Box::new(by.clone()))));
    all.filter = Some(Box::new(match all.filter.take() {
        Some(filter) => Expr::BinaryOp {
            left: Box::new(Expr::Nested(filter)),
            op: ast::BinaryOperator::And,
            right: Box::new(there),
        },
        None => there,
    }));
    if let FunctionArguments::List(list) = &mut all.args {
        let options = ast::OrderByOptions { asc: Some(ascending), nulls_first: Some(false) };
        list.clauses.push(ast::FunctionArgumentClause::OrderBy(vec![ast::OrderByExpr {
            expr: by,
            options,
            with_fill: None,
        }]));
    }
    call("array_slice", vec![Expr::Function(all), one, count])
}

/// Returns percentiles: of a number, of a number and its weight, or of an array of shares.
fn percentiles(function: &Function, mut args: Vec<Expr>) -> Option<Expr> {
    let shares = args.pop()?;
    let name = match args.len() {
        1 => "approx_percentile_cont",
        2 => "approx_percentile_cont_with_weight",
        _ => return None,
    };
    let one = |share: Expr| Expr::Function(instead(function, name, args.iter().cloned().chain([share]).collect()));
    Some(match shares {
        Expr::Array(array) => call("make_array", array.elem.into_iter().map(one).collect()),
        share => one(share),
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
    let (clauses, duplicate_treatment) = match &function.args {
        FunctionArguments::List(list) => (list.clauses.clone(), list.duplicate_treatment),
        _ => (Vec::new(), None),
    };
    function.args = FunctionArguments::List(FunctionArgumentList { duplicate_treatment, args, clauses });
}
