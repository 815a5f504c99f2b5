//! Views and comparing queries: columns of one table shown as another's, and two tables as one.
//!
//! In: expressions over a table's columns and keys. Out: SQL of a [`Dialect`]. Conditions on days compare text made of
//! partition keys only, so that an engine prunes partitions with them before it reads anything.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::definition::Definition;
use super::name::{TableName, column, literal};
use super::pattern::{Part, Pattern, Piece};
use super::types::{Dialect, SqlType};
use crate::error::{Error, Result};
use crate::ledger::partition::Partition;

/// An expression over the columns of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// A column or key.
    Column(String),
    /// A text.
    Text(String),
    /// No value, of this type.
    Null(SqlType),
    /// A value as another type, always possible.
    Cast(Box<Expr>, SqlType),
    /// A value as another type, NULL where that is not possible.
    TryCast(Box<Expr>, SqlType),
    /// A value, or `-` where there is none: what raw text has there.
    OrDash(Box<Expr>),
    /// A value, or none where it is `-`: what a table has there that takes `-` for NULL.
    NoDash(Box<Expr>),
    /// Texts, one behind the other.
    Concat(Vec<Expr>),
}

impl Expr {
    /// Returns a column or key.
    pub fn column(name: &str) -> Self {
        Self::Column(name.to_owned())
    }

    /// Returns the expression as SQL.
    ///
    /// # Errors
    /// A usage error for names and texts that cannot stand in SQL.
    pub fn sql(&self, dialect: Dialect) -> Result<String> {
        Ok(match self {
            Self::Column(name) => column(name, dialect.quote())?,
            Self::Text(text) => literal(text)?,
            Self::Null(sql_type) => format!("CAST(NULL AS {})", sql_type.name(dialect)),
            Self::Cast(inner, sql_type) => format!("CAST({} AS {})", inner.sql(dialect)?, sql_type.name(dialect)),
            Self::TryCast(inner, sql_type) => {
                format!("TRY_CAST({} AS {})", inner.sql(dialect)?, sql_type.name(dialect))
            }
            Self::OrDash(inner) => format!("coalesce({}, '-')", inner.sql(dialect)?),
            Self::NoDash(inner) => format!("nullif({}, '-')", inner.sql(dialect)?),
            Self::Concat(parts) => {
                let parts: Result<Vec<String>> = parts.iter().map(|part| part.sql(dialect)).collect();
                format!("concat({})", parts?.join(", "))
            }
        })
    }
}

/// The UTC day of a row as text, made of a table's keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayKey {
    expr: Expr,
    pattern: Pattern,
}

impl DayKey {
    /// Returns a table's day, if its keys tell year, month and day each by a key of its own.
    pub fn of(definition: &Definition) -> Option<Self> {
        let parts = [Part::Year, Part::Month, Part::Day];
        let key = |part: Part| definition.keys.iter().find(|key| key.pattern.only_part() == Some(part));
        let columns: Option<Vec<Expr>> = parts.into_iter().map(|part| Some(Expr::column(&key(part)?.name))).collect();
        let pattern = parts.into_iter().fold(Pattern::default(), Pattern::then);
        Some(Self { expr: Expr::Concat(columns?), pattern })
    }

    fn value(&self, day: Date) -> Result<String> {
        let day = Partition { account_region: None, day, hour: None };
        literal(&self.pattern.of(&day).unwrap_or_default())
    }
}

/// How long ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ago {
    /// How many units; fewer than none are in the future.
    pub count: i32,
    /// `DAY`, `MONTH` or `YEAR`.
    pub unit: &'static str,
}

impl Ago {
    /// Returns that UTC day as SQL, as text that compares with a [`DayKey`].
    fn sql(self, dialect: Dialect) -> String {
        let Self { count, unit } = self;
        if dialect == Dialect::Trino {
            return format!("date_format(current_timestamp AT TIME ZONE 'UTC' - INTERVAL '{count}' {unit}, '%Y%m%d')");
        }
        let now = "to_utc_timestamp(current_timestamp(), current_timezone())";
        format!("date_format({now} - INTERVAL '{count}' {unit}, 'yyyyMMdd')")
    }
}

/// Which rows of a table, told by its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Those in one of these ranges, ends included, ascending and apart from each other.
    In(DayKey, Vec<(Date, Date)>),
    /// All others.
    NotIn(DayKey, Vec<(Date, Date)>),
    /// Those from this one on.
    From(DayKey, Date),
    /// Those up to this one.
    Until(DayKey, Date),
    /// Those from so long ago on, whenever it is asked.
    FromAgo(DayKey, Ago),
    /// Those up to so long ago.
    UntilAgo(DayKey, Ago),
    /// Those whose key has one of these values.
    Among(String, BTreeSet<String>),
}

impl Condition {
    fn sql(&self, dialect: Dialect) -> Result<String> {
        let (key, ranges, inside) = match self {
            Self::In(key, ranges) => (key, ranges, true),
            Self::NotIn(key, ranges) => (key, ranges, false),
            Self::From(key, day) => return Ok(format!("{} >= {}", key.expr.sql(dialect)?, key.value(*day)?)),
            Self::Until(key, day) => return Ok(format!("{} <= {}", key.expr.sql(dialect)?, key.value(*day)?)),
            Self::FromAgo(key, ago) => return Ok(format!("{} >= {}", key.expr.sql(dialect)?, ago.sql(dialect))),
            Self::UntilAgo(key, ago) => return Ok(format!("{} <= {}", key.expr.sql(dialect)?, ago.sql(dialect))),
            Self::Among(key, values) => {
                let values: Result<Vec<String>> = values.iter().map(|value| literal(value)).collect();
                return Ok(format!("{} IN ({})", column(key, dialect.quote())?, values?.join(", ")));
            }
        };
        let day = key.expr.sql(dialect)?;
        let mut terms = Vec::new();
        if inside {
            for (first, last) in ranges {
                terms.push(format!("{day} BETWEEN {} AND {}", key.value(*first)?, key.value(*last)?));
            }
        } else {
            let mut after: Option<String> = None;
            for (first, last) in ranges {
                let before = format!("{day} < {}", key.value(*first)?);
                terms.push(after.map_or(before.clone(), |after| format!("{after} AND {before}")));
                after = Some(format!("{day} > {}", key.value(*last)?));
            }
            terms.extend(after);
        }
        Ok(match terms.as_slice() {
            [] => if inside { "1 = 0" } else { "1 = 1" }.to_owned(),
            [term] => term.clone(),
            terms => terms.iter().map(|term| format!("({term})")).collect::<Vec<_>>().join("\n   OR "),
        })
    }
}

/// A `SELECT` of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Select {
    /// What is shown, and under which name.
    pub outputs: Vec<(Expr, String)>,
    /// The table.
    pub from: TableName,
    /// Which rows: those for which all of these hold.
    pub conditions: Vec<Condition>,
}

impl Select {
    /// Returns the statement, without an end.
    ///
    /// # Errors
    /// A usage error for names and texts that cannot stand in SQL.
    pub fn sql(&self, dialect: Dialect) -> Result<String> {
        let outputs: Result<Vec<String>> = self
            .outputs
            .iter()
            .map(|(expr, name)| {
                let (sql, name) = (expr.sql(dialect)?, column(name, dialect.quote())?);
                Ok(if sql == name { format!("  {sql}") } else { format!("  {sql} AS {name}") })
            })
            .collect();
        let mut sql = format!("SELECT\n{}\nFROM {}", outputs?.join(",\n"), self.from.quoted_for(dialect));
        let conditions: Result<Vec<String>> = self.conditions.iter().map(|condition| condition.sql(dialect)).collect();
        match conditions?.as_slice() {
            [] => {}
            [one] => sql = format!("{sql}\nWHERE {one}"),
            all => sql = format!("{sql}\nWHERE ({})", all.join(")\n  AND (")),
        }
        Ok(sql)
    }
}

/// Returns the statement that makes a view of some `SELECT`s, one below the other.
///
/// # Errors
/// As `Select::sql`.
pub fn create_view(name: &TableName, selects: &[Select], dialect: Dialect) -> Result<String> {
    let selects: Result<Vec<String>> = selects.iter().map(|select| select.sql(dialect)).collect();
    Ok(format!("CREATE OR REPLACE VIEW {} AS\n{};\n", name.quoted_for(dialect), selects?.join("\nUNION ALL\n")))
}

/// Returns a query that shows the rows that two `SELECT`s do not have equally often: none if they are equal.
///
/// # Errors
/// As [`Select::sql`].
pub fn difference(ours: &Select, theirs: &Select, dialect: Dialect) -> Result<String> {
    let side = |select: &Select, side: i8| {
        let sql = select.sql(dialect)?;
        Ok::<_, Error>(sql.replacen("SELECT\n", &format!("SELECT\n  {side} AS side,\n"), 1))
    };
    let columns: Result<Vec<String>> = ours.outputs.iter().map(|(_, name)| column(name, dialect.quote())).collect();
    let columns = columns?;
    let places: Vec<String> = (2..columns.len() + 2).map(|place| place.to_string()).collect();
    Ok(format!(
        "SELECT\n  sum(side) AS more_in_parquet,\n  {}\nFROM (\n{}\nUNION ALL\n{}\n) AS both_tables\nGROUP BY {}\nHAVING sum(side) <> 0\nLIMIT 100;\n",
        columns.join(",\n  "),
        side(ours, 1)?,
        side(theirs, -1)?,
        places.join(", ")
    ))
}

/// Returns the value of a key of this pattern, made of a table's own keys, or `None` if they do not tell a part of it.
pub fn key_expr(pattern: &Pattern, definition: &Definition) -> Option<Expr> {
    let key = |part: Part| definition.keys.iter().find(|key| key.pattern.only_part() == Some(part));
    let parts: Option<Vec<Expr>> = pattern
        .pieces()
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => Some(Expr::Text(text.clone())),
            Piece::Part(part) => Some(Expr::column(&key(*part)?.name)),
        })
        .collect();
    let mut parts = parts?;
    if parts.len() > 1 { Some(Expr::Concat(parts)) } else { parts.pop() }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn key() -> DayKey {
        let pattern = [Part::Year, Part::Month, Part::Day].into_iter().fold(Pattern::default(), Pattern::then);
        DayKey { expr: Expr::column("d"), pattern }
    }

    #[test]
    fn every_day_is_on_one_side() {
        let ranges = vec![(date(2026, 1, 1), date(2026, 1, 5)), (date(2026, 1, 9), date(2026, 1, 9))];
        let inside = Condition::In(key(), ranges.clone()).sql(Dialect::Trino).unwrap();
        assert_eq!(
            inside,
            "(\"d\" BETWEEN '20260101' AND '20260105')\n   OR (\"d\" BETWEEN '20260109' AND '20260109')"
        );
        let outside = Condition::NotIn(key(), ranges).sql(Dialect::Trino).unwrap();
        assert_eq!(
            outside,
            "(\"d\" < '20260101')\n   OR (\"d\" > '20260105' AND \"d\" < '20260109')\n   OR (\"d\" > '20260109')"
        );
        let ago = Condition::FromAgo(key(), Ago { count: 90, unit: "DAY" });
        assert_eq!(
            ago.sql(Dialect::Trino).unwrap(),
            "\"d\" >= date_format(current_timestamp AT TIME ZONE 'UTC' - INTERVAL '90' DAY, '%Y%m%d')"
        );
        assert_eq!(Condition::In(key(), Vec::new()).sql(Dialect::Trino).unwrap(), "1 = 0");
        assert_eq!(Condition::NotIn(key(), Vec::new()).sql(Dialect::Trino).unwrap(), "1 = 1");
    }

    #[test]
    fn speaks_the_dialects() {
        let expr = Expr::OrDash(Box::new(Expr::Cast(Box::new(Expr::column("end")), SqlType::String)));
        assert_eq!(expr.sql(Dialect::Trino).unwrap(), "coalesce(CAST(\"end\" AS varchar), '-')");
        assert_eq!(expr.sql(Dialect::Spark).unwrap(), "coalesce(CAST(`end` AS string), '-')");
        let select = Select {
            outputs: vec![(Expr::column("a"), "a".into()), (Expr::Text("x".into()), "b".into())],
            from: TableName::parse("db.t").unwrap(),
            conditions: Vec::new(),
        };
        let view = create_view(&TableName::parse("v").unwrap(), &[select.clone(), select], Dialect::Trino).unwrap();
        let one = "SELECT\n  \"a\",\n  'x' AS \"b\"\nFROM \"db\".\"t\"";
        assert_eq!(view, format!("CREATE OR REPLACE VIEW \"v\" AS\n{one}\nUNION ALL\n{one};\n"));
        for bad in ["a\"b", "a'b", "a\n"] {
            assert!(Expr::column(bad).sql(Dialect::Trino).is_err());
        }
        assert!(Expr::Text("it's".into()).sql(Dialect::Trino).is_err());
    }
}
