//! Where an answer may be another one than Athena's: what docs/query.md lists, found in a statement as it was written.
//!
//! What is refused needs no word. What is answered may differ, and whoever reads the answer is told.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{self, DataType, Expr, Function, Query, SelectItem, SetExpr, SetOperator, Value, Visit, Visitor};

use crate::calls::arguments;

/// Returns what of a statement Athena may answer otherwise, a sentence each.
pub fn met(parsed: &ast::Statement) -> Vec<&'static str> {
    let mut seen = Seen::default();
    let _ = parsed.visit(&mut seen);
    seen.sentences()
}

/// What a statement has that matters.
#[derive(Debug, Default)]
struct Seen {
    sentences: BTreeSet<&'static str>,
    /// Time zones, by name.
    zones: BTreeSet<String>,
    /// Whether times are moved or counted.
    moves_times: bool,
    /// Whether it names a time that has other digits than milliseconds.
    odd_times: bool,
    /// Whether values become texts.
    makes_texts: bool,
    /// Whether a subquery gives a constant as a column.
    gives_constants: bool,
    /// Whether NaN is named, and something that passes over it or not.
    names_nan: bool,
    takes_nan: bool,
    /// Whether the type real is named, and something that makes doubles of it.
    names_real: bool,
    adds_up: bool,
    /// Whether there is EXCEPT or INTERSECT.
    sets: bool,
    /// Whether numbers are compared that may be no columns of the table: those are whole.
    makes_numbers: bool,
}

impl Seen {
    fn sentences(mut self) -> Vec<&'static str> {
        let of_clocks = |zone: &String| zone.contains('/') && !zone.starts_with("etc/");
        if self.moves_times && self.zones.iter().any(of_clocks) {
            self.sentences.insert("an hour that clocks show twice or not at all in a zone may move by an hour");
        }
        if self.zones.len() > 1 {
            self.sentences.insert("times of several zones in one column get the zone of the first; Athena keeps each");
        }
        if self.odd_times && self.makes_texts {
            self.sentences.insert("times have milliseconds; Athena keeps the fraction that they are written with");
        }
        if self.names_nan && self.takes_nan {
            self.sentences.insert("max, greatest and nullif take NaN for the largest number; Athena's pass over it");
        }
        if self.names_real && self.adds_up {
            self.sentences.insert(
                "sums and averages of real, and choices among real and decimals, are double; Athena's are real",
            );
        }
        if self.sets && (self.makes_numbers || self.gives_constants) {
            self.sentences.insert("EXCEPT and INTERSECT of numbers of several types show the type of the first SELECT");
        }
        self.sentences.into_iter().collect()
    }

    fn call(&mut self, function: &Function) {
        let Some(name) = function.name.0.last().and_then(|part| part.as_ident()) else { return };
        let args = arguments(function).unwrap_or_default();
        match name.value.to_lowercase().as_str() {
            "approx_percentile" | "approx_distinct" => {
                self.sentences.insert("approximate results depend on how they are computed; Athena's may be others");
            }
            "concat_ws" if args.len() == 2 => {
                self.sentences
                    .insert("concat_ws of an array passes over NULL and makes texts of its elements otherwise");
            }
            "sum" | "avg" | "if" | "coalesce" => self.adds_up = true,
            "nan" => self.names_nan = true,
            "max" | "greatest" | "nullif" => self.takes_nan = true,
            "typeof" => {
                self.sentences.insert("typeof gives names of this engine, not Athena's");
            }
            "array_max" | "array_min" => {
                self.sentences.insert("array_max and array_min pass over NULL; in Athena it makes NULL of the result");
            }
            "at_timezone" | "from_unixtime" | "with_timezone" => self.zones.extend(args.get(1).and_then(literal)),
            "date_add" if args.first().and_then(literal).as_deref() == Some("millisecond") => {
                (self.moves_times, self.makes_texts) = (true, true);
            }
            "date_add" | "date_diff" | "date_trunc" => self.moves_times = true,
            "format_datetime" if args.get(1).and_then(literal).is_some_and(|pattern| pattern.contains('z')) => {
                self.sentences.insert(
                    "format_datetime shows a zone's short name as the time zone database does, Athena as Java does",
                );
            }
            "to_iso8601" | "format" | "concat" => self.makes_texts = true,
            _ => {}
        }
    }

    fn type_named(&mut self, data_type: &DataType) {
        match data_type {
            DataType::TinyInt(_) | DataType::SmallInt(_) => {
                self.sentences.insert(
                    "tinyint and smallint are reckoned with as integer; in Athena sums above 127 and 32,767 fail",
                );
            }
            DataType::Real | DataType::Float(_) => self.names_real = true,
            DataType::Char(_) | DataType::Character(_) => {
                self.sentences
                    .insert("blanks at the end of a char(n) count where it is compared; in Athena they do not");
            }
            DataType::Varchar(_) | DataType::Text | DataType::String(_) => self.makes_texts = true,
            _ => {}
        }
    }

    /// Takes a time as it is written: its digits behind the point, its zone.
    fn time(&mut self, text: &str) {
        let zone =
            text.trim().rsplit_once(' ').map(|(_, zone)| zone).filter(|zone| zone.starts_with(char::is_alphabetic));
        self.zones.extend(zone.map(str::to_lowercase));
        let digits = text.split_once('.').map_or(0, |(_, rest)| rest.bytes().take_while(u8::is_ascii_digit).count());
        self.odd_times |= digits != 3;
        if digits > 3 {
            self.sentences.insert("times have milliseconds; Athena keeps the fraction that they are written with");
        }
    }
}

impl Visitor for Seen {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Function(function) => self.call(function),
            Expr::AtTimeZone { time_zone, .. } => self.zones.extend(literal(time_zone)),
            Expr::Interval(_) => self.moves_times = true,
            Expr::Case { .. } => self.adds_up = true,
            Expr::Cast { data_type, .. } => self.type_named(data_type),
            Expr::TypedString(typed) => match &typed.data_type {
                DataType::Timestamp(..) => {
                    let text = typed.value.clone().into_string().unwrap_or_default();
                    self.time(&text);
                }
                other => self.type_named(other),
            },
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_statement(&mut self, statement: &ast::Statement) -> ControlFlow<()> {
        if let ast::Statement::Query(query) = statement
            && matches!(*query.body, SetExpr::Values(_))
        {
            self.sentences.insert("VALUES alone names its columns column1, column2; Athena _col0, _col1");
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        if query.with.as_ref().is_some_and(|with| with.recursive) {
            self.sentences.insert("WITH RECURSIVE goes as deep as it likes; Athena fails beyond 10 levels");
        }
        self.body(&query.body);
        ControlFlow::Continue(())
    }
}

impl Seen {
    fn body(&mut self, body: &SetExpr) {
        match body {
            SetExpr::Select(select) => {
                let constant = |item: &SelectItem| match item {
                    SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => literal(expr).is_some(),
                    _ => false,
                };
                self.gives_constants |= select.projection.iter().any(constant);
            }
            SetExpr::SetOperation { op, left, right, .. } => {
                if !matches!(op, SetOperator::Union) {
                    self.sets = true;
                    self.makes_numbers |= !(is_of_columns(left) && is_of_columns(right));
                }
                self.body(left);
                self.body(right);
            }
            SetExpr::Values(_) => self.makes_numbers = true,
            _ => {}
        }
    }
}

/// Returns whether a SELECT gives nothing but columns, whose numbers are whole.
fn is_of_columns(body: &SetExpr) -> bool {
    let SetExpr::Select(select) = body else { return false };
    let column = |item: &SelectItem| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
            matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_))
        }
        _ => false,
    };
    select.projection.iter().all(column)
}

/// Returns a text that a statement names, in lower case; numbers as they are written.
fn literal(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text.to_lowercase()),
            Value::Number(number, _) => Some(number.clone()),
            _ => None,
        },
        _ => None,
    }
}
