//! Words of a statement that Athena reads otherwise than the parser, before it reads them.
//!
//! In: the tokens of a statement. Out: tokens that the parser takes, or an error with line and column.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Whitespace};

use crate::calls::ADDRESS_OF;
use crate::error::{Result, SqlError, at};

/// Refuses words that Athena reads otherwise than the parser does: `end` without quotes, and names in backticks.
pub fn words(piece: &[TokenWithSpan], place: &str) -> Result<()> {
    if let Some(offset) = offset_behind_limit(piece) {
        let at = at(place, offset.span.start.line, offset.span.start.column);
        return Err(SqlError::usage("OFFSET stands before LIMIT in Athena").at(at).help("write OFFSET 20 LIMIT 10"));
    }
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

/// Returns the word in `LIMIT 10 OFFSET 20`, an order of these clauses that only others take.
fn offset_behind_limit(piece: &[TokenWithSpan]) -> Option<&TokenWithSpan> {
    let significant: Vec<&TokenWithSpan> =
        piece.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).collect();
    let is = |token: &TokenWithSpan, keyword: Keyword| matches!(&token.token, Token::Word(word) if word.quote_style.is_none() && word.keyword == keyword);
    significant
        .windows(3)
        .find_map(|three| (is(three[0], Keyword::LIMIT) && is(three[2], Keyword::OFFSET)).then_some(three[2]))
}

/// Words that begin a clause in other engines, and are names like any other in Athena.
const NAMES: [Keyword; 16] = [
    Keyword::APPLY,
    Keyword::ASOF,
    Keyword::CLUSTER,
    Keyword::CONNECT,
    Keyword::DISTRIBUTE,
    Keyword::FINAL,
    Keyword::FORMAT,
    Keyword::GLOBAL,
    Keyword::PIVOT,
    Keyword::PREWHERE,
    Keyword::SAMPLE,
    Keyword::SETTINGS,
    Keyword::SORT,
    Keyword::START,
    Keyword::TOP,
    Keyword::UNPIVOT,
];

/// Has words that are names in Athena be no more than that. `SEMI` and `ANTI` are left before JOIN, to be refused there.
pub fn with_names(piece: &[TokenWithSpan]) -> Vec<TokenWithSpan> {
    let mut tokens = piece.to_vec();
    let significant: Vec<usize> =
        (0..piece.len()).filter(|at| !matches!(piece[*at].token, Token::Whitespace(_))).collect();
    for (number, at) in significant.iter().enumerate() {
        let before_join = significant
            .get(number + 1)
            .is_some_and(|next| matches!(&piece[*next].token, Token::Word(word) if word.keyword == Keyword::JOIN));
        if let Token::Word(word) = &mut tokens[*at].token
            && (NAMES.contains(&word.keyword) || !before_join && matches!(word.keyword, Keyword::SEMI | Keyword::ANTI))
        {
            word.keyword = Keyword::NoKeyword;
        }
    }
    tokens
}

pub fn is_operator(token: &Token) -> bool {
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

/// Writes `= ANY (` as IN and `<> ALL (` as NOT IN: the parser takes no VALUES behind them.
pub fn with_in(piece: &[TokenWithSpan]) -> Vec<TokenWithSpan> {
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
pub fn with_parts(piece: &[TokenWithSpan]) -> Vec<TokenWithSpan> {
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

/// Writes the type `array(integer)` behind AS as the parser knows it, `array<integer>`.
pub fn with_arrays(piece: &[TokenWithSpan]) -> Vec<TokenWithSpan> {
    let mut tokens = piece.to_vec();
    let significant: Vec<usize> =
        (0..piece.len()).filter(|at| !matches!(piece[*at].token, Token::Whitespace(_))).collect();
    let is_word = |at: usize, wanted: &str| match &piece[at].token {
        Token::Word(word) => word.quote_style.is_none() && word.value.eq_ignore_ascii_case(wanted),
        _ => false,
    };
    // Whether each parenthesis that is open belongs to such a type.
    let mut open: Vec<bool> = Vec::new();
    for (place, at) in significant.iter().copied().enumerate() {
        match &piece[at].token {
            Token::LParen => {
                let before = |steps: usize| place.checked_sub(steps).map(|place| significant[place]);
                let is_type = before(1).is_some_and(|at| is_word(at, "array"))
                    && (before(2).is_some_and(|at| is_word(at, "as"))
                        || open.last() == Some(&true) && before(2).is_some_and(|at| piece[at].token == Token::LParen));
                open.push(is_type);
                if is_type {
                    tokens[at].token = Token::Lt;
                }
            }
            Token::RParen if open.pop() == Some(true) => tokens[at].token = Token::Gt,
            _ => {}
        }
    }
    tokens
}

/// Makes a call of `IPADDRESS '10.0.0.1'`, and a text of `IPPREFIX '10.0.0.0/8'`: types whose names the parser does not know.
pub fn with_addresses(piece: &[TokenWithSpan]) -> Vec<TokenWithSpan> {
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
pub fn with_rows(piece: &[TokenWithSpan]) -> Vec<TokenWithSpan> {
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
            Token::LParen | Token::LBracket => depth += 1,
            Token::RParen | Token::RBracket => depth = depth.saturating_sub(1),
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

/// What stands for `IS DISTINCT FROM`, and for the same with NOT: the parser would take all conditions behind it as its right side.
pub const DISTINCT_FROM: [&str; 2] = ["<distinct>", "<not distinct>"];

/// Writes `IS DISTINCT FROM` as an operator, which binds as it does.
pub fn with_distinct(piece: &[TokenWithSpan]) -> Vec<TokenWithSpan> {
    let mut tokens = piece.to_vec();
    let significant: Vec<usize> =
        (0..piece.len()).filter(|at| !matches!(piece[*at].token, Token::Whitespace(_))).collect();
    let is = |at: usize, keyword: Keyword| {
        matches!(significant.get(at).map(|at| &piece[*at].token),
            Some(Token::Word(word)) if word.quote_style.is_none() && word.keyword == keyword)
    };
    for at in 0..significant.len() {
        let not = usize::from(is(at + 1, Keyword::NOT));
        if !(is(at, Keyword::IS) && is(at + 1 + not, Keyword::DISTINCT) && is(at + 2 + not, Keyword::FROM)) {
            continue;
        }
        for word in &significant[at..=at + 2 + not] {
            tokens[*word].token = Token::Whitespace(Whitespace::Space);
        }
        tokens[significant[at]].token = Token::CustomBinaryOperator(DISTINCT_FROM[not].to_owned());
    }
    tokens
}
