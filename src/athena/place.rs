//! Where something stands in a person's statement, for errors.

use std::fmt;

use sqlparser::tokenizer::Location as SqlLocation;

/// Where something stands in a text, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    /// Line.
    pub line: u64,
    /// Column, in characters.
    pub column: u64,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

impl From<SqlLocation> for At {
    fn from(at: SqlLocation) -> Self {
        Self { line: at.line, column: at.column }
    }
}
