//! What the engine says, in words of Athena's and with what to write instead.

use std::sync::Arc;

use datafusion::common::DataFusionError;
use parquet::errors::ParquetError;

use crate::error::{Failure, Given, SqlError, SqlErrorKind, at};
use crate::hints;

/// What the engine puts before what a function says of its arguments.
const COERCED: &str = "user-defined coercion failed with: ";

/// What the engine says of functions that are given no array.
const NO_LIST: &str = " expected a list as first argument";

/// Returns a failure of the statement `sql` in words; that of a reader as it is, if it is one.
pub fn said(error: DataFusionError, place: &str, sql: &str) -> SqlError {
    let position =
        error.diagnostic().and_then(|diagnostic| diagnostic.span).map(|span| (span.start.line, span.start.column));
    let help = error.diagnostic().and_then(|diagnostic| diagnostic.helps.first()).map(|help| help.message.clone());
    let (line, column) = position.unwrap_or((0, 0));
    let place = at(place, line, column);
    let error = match given(error) {
        Ok(failure) => return failure.into(),
        Err(error) => error,
    };
    let root = error.find_root();
    let text = root.strip_backtrace();
    match root {
        // Damage is found by the checksums of pages, or where they do not decode.
        DataFusionError::ParquetError(_) | DataFusionError::ArrowError(..) if text.contains("Parquet error") => {
            let why = text.rsplit("Parquet error: ").next().unwrap_or_default();
            SqlError::new(SqlErrorKind::Damaged, format!("a Parquet file of the table is damaged: {why}"))
                .help("restore it from a version or backup (docs/operating.md, A damaged file)")
        }
        DataFusionError::ResourcesExhausted(_) => SqlError::memory().at(place).because(text),
        // Such a window asks which values lie between two others.
        _ if text.contains("Cannot run range queries") => SqlError::usage("a window is ordered by addresses or bytes")
            .at(place)
            .help("write ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW in it"),
        DataFusionError::Internal(_) | DataFusionError::IoError(_) | DataFusionError::ExecutionJoin(_) => {
            SqlError::new(SqlErrorKind::Stopped, "the query failed").at(place).because(text)
        }
        _ if let Some(error) = of_function(&text).or_else(|| of_names(&text, sql)) => error.at(place),
        DataFusionError::NotImplemented(_) => SqlError::usage(format!("this is not there: {}", message(&text)))
            .at(place)
            .help("docs/query.md says what of Athena's SQL is"),
        _ => {
            let error = SqlError::usage(format!("the statement cannot be run: {}", message(&text))).at(place);
            help.into_iter().fold(error, SqlError::help)
        }
    }
}

/// Returns in Athena's words what the engine says of a function and its arguments.
fn of_function(text: &str) -> Option<SqlError> {
    let quoted = text.split('\'').nth(1).unwrap_or_default();
    Some(if text.contains("Invalid function '") {
        let name = text.split("Invalid function '").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or_default();
        SqlError::usage(format!("the function {name} is not here")).help("docs/query.md says which are")
    } else if let Some((_, why)) = text.split_once(COERCED) {
        // A function of ours says itself what to write.
        let why = why.split(" No function matches").next().unwrap_or_default();
        SqlError::usage(format!("the statement cannot be run: {}", message(why)))
    } else if text.contains("failed to match any signature") || text.contains("No function matches the given name") {
        let name = hints::athenas(quoted);
        SqlError::usage(format!("the function {name} takes no such arguments")).help("CAST them to what it takes")
    } else if let Some((before, _)) = text.split_once(NO_LIST) {
        let name = hints::athenas(before.split_whitespace().last().unwrap_or_default());
        SqlError::usage(format!("the function {name} takes an array first"))
            .help(format!("write {name}(ARRAY[...], x -> ...)"))
    } else if text.contains("unnest() can only be applied") {
        SqlError::usage("UNNEST takes arrays here").help(
            "of a map write UNNEST(map_keys(map), map_values(map)) AS t (key, value); of anything else ARRAY[...]",
        )
    } else if [
        "logical expression ScalarSubquery",
        "logical expression InSubquery",
        "logical expression Exists",
        "OuterReferenceColumn",
        "must be aggregated to return at most one row",
        TIED,
    ]
    .iter()
    .any(|words| text.contains(words))
    {
        tied()
    } else if text.contains("regex parse error") {
        let why = text.rsplit("error: ").next().unwrap_or_default().trim();
        SqlError::usage(format!("this is no regular expression here: {}", why.lines().next().unwrap_or_default()))
            .help("there is no look-around and no back reference")
    } else if text.contains("Unsupported ast node in sqltorel: Lambda") {
        SqlError::usage("a lambda stands where none is taken")
            .help("transform, filter, any_match, all_match, none_match and reduce take one")
    } else if text.contains("Unsupported ast node in sqltorel") {
        SqlError::usage("an expression is not here").help("docs/query.md says what of Athena's SQL is")
    } else {
        return None;
    })
}

/// Of a subquery that cannot be joined to the rows around it.
pub const TIED: &str = "a subquery is tied to what is around it by something else than = in its own WHERE";

fn tied() -> SqlError {
    SqlError::usage(TIED).help("write a JOIN with that condition, and GROUP BY")
}

/// Returns in Athena's words what the engine says of columns, and of what stands where it must not.
fn of_names(text: &str, sql: &str) -> Option<SqlError> {
    // Of a name without its table: `vpc_flow_logs.srcaddr`.
    let after = |words: &str| text.split_once(words).map(|(_, rest)| rest);
    let quoted = |rest: &str, quote: char| rest.split(quote).next().unwrap_or_default().to_owned();
    let own = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    Some(if let Some(rest) = after("No field named ") {
        let name = rest.split(['\n', ' ']).next().unwrap_or_default().trim_end_matches('.');
        // A column that the statement does not name is one by which a subquery would have been joined.
        let plain = |text: &str| text.replace('"', "").to_lowercase();
        if !plain(sql).contains(&plain(name)) {
            return Some(tied());
        }
        let error = SqlError::usage(format!("column {name} cannot be resolved"));
        match after("Did you mean '").map(|rest| quoted(rest, '\'')) {
            _ if name.starts_with('"') => error
                .help(format!("a name stands in double quotes, a text in single ones: '{}'", name.trim_matches('"'))),
            Some(known) => error.help(format!("there is {}", if name.contains('.') { known } else { own(&known) })),
            None => error.help("WHERE and GROUP BY know the columns of FROM, and no names of SELECT"),
        }
    } else if let Some(name) = after("Ambiguous reference to unqualified field ") {
        let name = name.lines().next().unwrap_or_default();
        SqlError::usage(format!("column {name} is ambiguous"))
            .help(format!("write the name of its table before it: a.{name}"))
    } else if text.contains("must appear in the GROUP BY clause") {
        let name = own(&quoted(after("column \"")?, '"'));
        SqlError::usage(format!("{name} must be an aggregate expression or appear in GROUP BY"))
            .help(format!("write {name} into GROUP BY, or arbitrary({name}) here"))
    } else if text.contains("Aggregate function calls cannot be nested") {
        SqlError::usage("an aggregate stands within another one").help("compute the inner one in a subquery")
    } else if text.contains("logical expression WindowFunction") {
        SqlError::usage("a window function stands where none is taken")
            .help("compute it in a subquery, and test its column around that")
    } else if text.contains("logical expression Wildcard") {
        SqlError::usage("only count(*) takes *").help("name a column")
    } else if let Some(value) = after("Cannot cast string '").filter(|_| text.contains("of Date32 type")) {
        SqlError::usage(format!("'{}' is no date", quoted(value, '\''))).help("a date is such as DATE '2026-01-15'")
    } else if let Some(rest) = after("Order by column out of bounds, specified: ") {
        let place = rest.split(',').next().unwrap_or_default();
        SqlError::usage(format!("ORDER BY position {place} is not in the SELECT list"))
            .help("places are counted from 1")
    } else if let Some(rest) = after("Cannot find column with position ") {
        let place = rest.split(' ').next().unwrap_or_default();
        SqlError::usage(format!("GROUP BY position {place} is not in the SELECT list"))
            .help("places are counted from 1")
    } else {
        return None;
    })
}

/// Cuts what DataFusion puts before its messages, and all but their first line.
fn message(text: &str) -> String {
    let prefixes = [
        "Error during planning: ",
        "Schema error: ",
        "Execution error: ",
        "This feature is not implemented: ",
        "Optimizer rule ",
    ];
    let mut text = text.lines().next().unwrap_or_default();
    while let Some(rest) = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix)) {
        text = rest;
    }
    text.trim_end_matches('.').to_owned()
}

/// Digs out what the reader of files or objects failed with.
fn given(error: DataFusionError) -> Result<Failure, DataFusionError> {
    let mut error = error;
    loop {
        error = match error {
            DataFusionError::External(inner) => match inner.downcast::<Given>() {
                Ok(given) => return Ok(given.0),
                Err(other) => match other.downcast::<ParquetError>() {
                    Ok(parquet) => DataFusionError::ParquetError(parquet),
                    Err(other) => match other.downcast::<DataFusionError>() {
                        Ok(inner) => *inner,
                        Err(other) => return Err(DataFusionError::External(other)),
                    },
                },
            },
            DataFusionError::ParquetError(inner) => match *inner {
                ParquetError::External(inner) => match inner.downcast::<Given>() {
                    Ok(given) => return Ok(given.0),
                    Err(other) => return Err(DataFusionError::External(other)),
                },
                other => return Err(DataFusionError::ParquetError(Box::new(other))),
            },
            DataFusionError::ArrowError(inner, backtrace) => match *inner {
                arrow::error::ArrowError::ExternalError(inner) => DataFusionError::External(inner),
                other => return Err(DataFusionError::ArrowError(Box::new(other), backtrace)),
            },
            DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => *inner,
            DataFusionError::Shared(shared) => match Arc::try_unwrap(shared) {
                Ok(inner) => inner,
                Err(shared) => return Err(DataFusionError::Shared(shared)),
            },
            other => return Err(other),
        };
    }
}
