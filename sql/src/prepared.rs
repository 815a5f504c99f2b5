//! Prepared statements: `PREPARE name FROM SELECT ... ?`, `EXECUTE name USING value`, `DEALLOCATE PREPARE name`.
//!
//! In: the tokens of a statement. Out: those of the statement that is run, with values in the places of its question marks.
//! They last for a run. <https://docs.aws.amazon.com/athena/latest/ug/querying-with-prepared-statements.html>

use std::collections::BTreeMap;

use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::error::{Result, SqlError, at};

/// Most tokens of a statement whose values are filled in: a value may stand in as many places as there are question marks.
const MAX_TOKENS: usize = 1 << 20;

/// The statements that were prepared, by their names.
#[derive(Debug, Default)]
pub struct Prepared(BTreeMap<String, Vec<TokenWithSpan>>);

/// What a statement has to do with prepared ones.
pub enum Step {
    /// Nothing.
    Plain,
    /// It prepares this one, here without its question marks.
    Prepared(Vec<TokenWithSpan>),
    /// It drops one.
    Forgotten,
    /// It is this one.
    Executed(Vec<TokenWithSpan>),
    /// It is one that stands in a text, which is said to stand there, with these values.
    Written(String, String, Vec<Vec<TokenWithSpan>>),
}

impl Prepared {
    /// Reads a statement as far as its words speak of prepared ones.
    pub fn step(&mut self, piece: &[TokenWithSpan], place: &str) -> Result<Step> {
        let all: Vec<&TokenWithSpan> =
            piece.iter().filter(|token| !matches!(token.token, Token::Whitespace(_) | Token::EOF)).collect();
        match (word(&all, 0).as_str(), word(&all, 1).as_str(), word(&all, 2).as_str()) {
            ("prepare", name, "from") if !name.is_empty() => self.prepared(name, piece, all[2], place),
            ("deallocate", "prepare", name) if !name.is_empty() => match self.0.remove(name) {
                Some(_) => Ok(Step::Forgotten),
                None => Err(unknown(name, all[2], place)),
            },
            ("execute", "immediate", _) => match all.get(2).map(|token| &token.token) {
                Some(Token::SingleQuotedString(sql)) => {
                    let start = all[2].span.start;
                    let place = format!("{}, in the text of EXECUTE IMMEDIATE", at(place, start.line, start.column));
                    Ok(Step::Written(sql.clone(), place.clone(), values(&all, 3, &place)?))
                }
                _ => Err(wrong("EXECUTE IMMEDIATE wants a statement in single quotes", all[1], place)),
            },
            ("execute", name, _) if !name.is_empty() => {
                let Some(known) = self.0.get(name) else { return Err(unknown(name, all[1], place)) };
                let values = values(&all, 2, place)?;
                let start = all[1].span.start;
                filled(known, &values).map(Step::Executed).map_err(|why| why.at(at(place, start.line, start.column)))
            }
            ("prepare" | "execute" | "deallocate", ..) => {
                Err(wrong("this is no statement that prepares or runs another", all[0], place))
            }
            _ => Ok(Step::Plain),
        }
    }

    fn prepared(&mut self, name: &str, piece: &[TokenWithSpan], from: &TokenWithSpan, place: &str) -> Result<Step> {
        let inner: Vec<TokenWithSpan> =
            piece.iter().filter(|token| token.span.start > from.span.start).cloned().collect();
        if inner.iter().any(|token| matches!(&token.token, Token::Placeholder(mark) if mark != "?")) {
            return Err(wrong("parameters have no names: write ? for each", from, place));
        }
        self.0.insert(name.to_owned(), inner.clone());
        Ok(Step::Prepared(inner))
    }
}

/// Returns the name or word at a place, in lower case; nothing if there is none.
fn word(all: &[&TokenWithSpan], place: usize) -> String {
    match all.get(place).map(|token| &token.token) {
        Some(Token::Word(word)) => word.value.to_lowercase(),
        _ => String::new(),
    }
}

fn wrong(message: &str, token: &TokenWithSpan, place: &str) -> SqlError {
    let start = token.span.start;
    SqlError::usage(message)
        .at(at(place, start.line, start.column))
        .help("write PREPARE name FROM SELECT ... WHERE day = ?; EXECUTE name USING '15'")
}

fn unknown(name: &str, token: &TokenWithSpan, place: &str) -> SqlError {
    let start = token.span.start;
    SqlError::usage(format!("prepared statement not found: {name}"))
        .at(at(place, start.line, start.column))
        .help("put its PREPARE before it: what Athena keeps is not known here")
}

/// Returns the values behind USING, which stands at a place.
fn values(all: &[&TokenWithSpan], using: usize, place: &str) -> Result<Vec<Vec<TokenWithSpan>>> {
    match all.get(using) {
        None => return Ok(Vec::new()),
        Some(token) if word(all, using) != "using" => return Err(wrong("USING and values are expected", token, place)),
        Some(_) => {}
    }
    let (mut values, mut depth) = (vec![Vec::new()], 0_i64);
    for token in &all[using + 1..] {
        match token.token {
            Token::LParen | Token::LBracket => depth += 1,
            Token::RParen | Token::RBracket => depth -= 1,
            _ => {}
        }
        match (&token.token, depth, values.last_mut()) {
            (Token::Comma, 0, _) => values.push(Vec::new()),
            (_, _, Some(last)) => last.push((*token).clone()),
            _ => {}
        }
    }
    match values.iter().any(Vec::is_empty) || depth != 0 {
        true => Err(wrong("a value behind USING is missing", all[using], place)),
        false => Ok(values),
    }
}

/// Returns a statement with values in the places of its question marks.
///
/// # Errors
/// When there are more or fewer values than question marks.
pub fn filled(statement: &[TokenWithSpan], values: &[Vec<TokenWithSpan>]) -> Result<Vec<TokenWithSpan>> {
    let is_mark = |token: &&TokenWithSpan| matches!(token.token, Token::Placeholder(_));
    let marks = statement.iter().filter(is_mark).count();
    if marks != values.len() {
        return Err(SqlError::usage(format!(
            "incorrect number of parameters: expected {marks} but found {}",
            values.len()
        ))
        .help("write a value behind USING for each ? of the statement, in their order"));
    }
    let mut tokens = Vec::with_capacity(statement.len());
    let mut values = values.iter();
    for token in statement {
        match values.as_slice() {
            [value, ..] if is_mark(&token) => {
                // An expression in parentheses, so that it stays one.
                let paren = |paren: Token| (value.len() > 1).then(|| TokenWithSpan::new(paren, token.span));
                tokens.extend(paren(Token::LParen));
                tokens.extend(value.iter().cloned());
                tokens.extend(paren(Token::RParen));
                values.next();
            }
            _ => tokens.push(token.clone()),
        }
        if tokens.len() > MAX_TOKENS {
            return Err(SqlError::usage(format!("the statement has more than {MAX_TOKENS} words with its values")));
        }
    }
    Ok(tokens)
}
