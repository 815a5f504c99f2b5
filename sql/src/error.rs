//! What went wrong with a statement, in parts: whoever runs it makes an error of its own of them.

use std::fmt;

/// Returns `place, line 3, column 7`.
pub(crate) fn at(place: &str, line: u64, column: u64) -> String {
    if line == 0 { place.to_owned() } else { format!("{place}, line {line}, column {column}") }
}

/// What somebody else's code failed with, such as the reader of files that an engine was given.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A result with a [`SqlError`].
pub type Result<T, E = SqlError> = std::result::Result<T, E>;

/// What kind of failure it is.
#[derive(Debug)]
pub enum SqlErrorKind {
    /// The statement asks for something that is not there or cannot be.
    Usage,
    /// The statement names a table that is not there.
    UnknownTable,
    /// Memory does not suffice.
    Memory,
    /// A Parquet file of the table is damaged.
    Damaged,
    /// Anything else: another try may do.
    Stopped,
    /// What was given to the engine failed, with this.
    Failed(Failure),
}

/// Why a statement is not read or not run.
#[derive(Debug)]
pub struct SqlError {
    /// What kind of failure it is.
    pub kind: SqlErrorKind,
    /// What is wrong.
    pub message: String,
    /// Where: the statement, with line and column if they are known.
    pub place: Option<String>,
    /// What to do.
    pub help: Option<String>,
    /// What the engine says.
    pub because: Option<String>,
}

impl SqlError {
    pub(crate) fn new(kind: SqlErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), place: None, help: None, because: None }
    }

    /// Returns the error of a statement for which memory does not suffice.
    pub fn memory() -> Self {
        Self::new(SqlErrorKind::Memory, "the query needs more memory than it may use").help(
            "give it more, ask for fewer days, or let it group and sort less; what can be is kept in temporary files \
             already",
        )
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(SqlErrorKind::Usage, message)
    }

    pub(crate) fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn because(mut self, because: impl Into<String>) -> Self {
        self.because = Some(because.into());
        self
    }
}

impl From<Failure> for SqlError {
    fn from(failure: Failure) -> Self {
        let message = failure.to_string();
        Self::new(SqlErrorKind::Failed(failure), message)
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for (word, part) in [("at", &self.place), ("because", &self.because), ("help:", &self.help)] {
            if let Some(part) = part {
                write!(f, "\n  {word} {part}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for SqlError {}

/// A failure of what was given to the engine, on its way through DataFusion.
#[derive(Debug)]
pub(crate) struct Given(pub Failure);

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Given {}
