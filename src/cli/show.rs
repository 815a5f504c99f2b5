//! Numbers and tables as people read them.

use crate::error::printable;
use crate::missing::Missing;

use super::screen::push_line;
use indicatif::HumanCount;

/// Returns `5,760,000`.
pub fn count(number: u64) -> String {
    HumanCount(number).to_string()
}

/// Returns `141.0 MB`; powers of ten, as S3 and Athena bill.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1_000.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

/// Returns `$0.000644`: enough digits that cheap queries do not look free.
pub fn dollars(usd: f64) -> String {
    if usd >= 1.0 { format!("${usd:.2}") } else { format!("${usd:.6}") }
}

/// Returns `1 object` or `2 objects`.
pub fn plural(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// Lines on missing logs that a person is shown; JSON has all.
const MAX_MISSING: usize = 10;

/// Names logs that are missing.
pub fn push_missing(text: &mut String, missing: &Missing) {
    let lines = missing.explain();
    for line in lines.iter().take(MAX_MISSING) {
        push_line!(text, "missing: {line}");
    }
    if lines.len() > MAX_MISSING {
        push_line!(text, "missing: and {} more (as JSON all are named)", count((lines.len() - MAX_MISSING) as u64));
    }
    if !lines.is_empty() {
        text.push_str("look at the flow log and its bucket; what is meant is quieted by --accept-missing\n");
    }
}

/// A column of a [`table`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Letters to which the cells of a column are made equally wide; a longer one moves the rest of its row. Otherwise one long value
/// would be blanks in every row.
const MAX_WIDTH: usize = 1_000;

/// Returns rows as lines of aligned columns, the first row being the heading.
pub fn table(align: &[Align], rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<_>> = rows.iter().map(|row| row.iter().map(|cell| printable(cell)).collect()).collect();
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..align.len()).map(|column| width(column).unwrap_or_default().min(MAX_WIDTH)).collect();
    let mut text = String::new();
    for row in &rows {
        let cells: Vec<String> = row
            .iter()
            .enumerate()
            .map(|(column, cell)| {
                let blanks = " ".repeat(widths[column].saturating_sub(cell.chars().count()));
                match align[column] {
                    Align::Left => format!("{cell}{blanks}"),
                    Align::Right => format!("{blanks}{cell}"),
                }
            })
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!([count(0), count(999), count(1_000), count(5_760_000)], ["0", "999", "1,000", "5,760,000"]);
        assert_eq!(
            [bytes(0), bytes(999), bytes(1_000), bytes(999_999), bytes(141_000_000)],
            ["0 B", "999 B", "1.0 kB", "1.0 MB", "141.0 MB"]
        );
        assert_eq!([plural(1, "row"), plural(2_000, "row")], ["1 row", "2,000 rows"]);
    }

    #[test]
    fn one_long_value_does_not_widen_all_rows() {
        let long = "x".repeat(100_000);
        let rows = ["a", &long].map(|cell| vec![cell.to_owned(), "1".to_owned()]);
        let text = table(&[Align::Left, Align::Right], &rows);
        assert_eq!(text, format!("a{}  1\n{long}  1\n", " ".repeat(MAX_WIDTH - 1)));
    }

    #[test]
    fn tables_line_up() {
        let rows = [vec!["day".into(), "n".into()], vec!["2026-01-15".into(), "1,000".into()]];
        assert_eq!(table(&[Align::Left, Align::Right], &rows), "day             n\n2026-01-15  1,000\n");
    }
}
