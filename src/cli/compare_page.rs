//! A comparison as one HTML page with charts: no script, nothing from elsewhere, every text escaped.

use std::fmt::Write as _;

use crate::error::printable;
use crate::query::answers::CompareVerdict;
use crate::query::compare::{Compared, Comparison};

use super::costs::{Costs, DAYS_PER_MONTH, answers, less, span};
use super::query::otherwise;
use super::show::{bytes, count, dollars};

/// Looks in light and in dark; colours have enough contrast for text on both.
const STYLE: &str = "
:root { color-scheme: light dark; --ink: #16202c; --dim: #5b6774; --line: #d9dfe6; --back: #ffffff; --card: #f5f7fa;
  --raw: #b4531f; --parquet: #1f6f8b; --good: #1d7a46; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8edf2; --dim: #9aa7b4; --line: #323c47; --back: #12171d;
  --card: #1b222a; --raw: #e08a55; --parquet: #5fb6d3; --good: #63c58d; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 2.5rem 1.25rem 4rem; background: var(--back); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', sans-serif; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .75rem; }
p { margin: .25rem 0; } .dim { color: var(--dim); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: 1rem; margin: 1.5rem 0; }
.figure { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem 1.25rem; }
.figure b { display: block; font-size: 1.75rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .4rem .6rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th { color: var(--dim); font-weight: 600; font-size: .85rem; }
th:first-child, td:first-child { text-align: left; white-space: normal; min-width: 12rem; }
.same { color: var(--good); } .other { color: var(--bad); font-weight: 600; }
svg { display: block; width: 100%; height: auto; } svg text { fill: var(--ink); font: 13px system-ui, sans-serif; }
svg .value { fill: var(--dim); } .raw { fill: var(--raw); } .parquet { fill: var(--parquet); }
.key { display: inline-block; width: .8rem; height: .8rem; border-radius: .15rem; margin: 0 .35rem 0 1rem; }
.key.r { background: var(--raw); margin-left: 0; } .key.p { background: var(--parquet); }
details { border-bottom: 1px solid var(--line); padding: .5rem 0; } summary { cursor: pointer; }
pre { background: var(--card); border-radius: .5rem; padding: .75rem 1rem; overflow-x: auto; font-size: .85rem; }
";

/// Returns the page.
pub fn page(comparison: &Comparison, costs: Costs) -> String {
    let all = &comparison.statements;
    let sum = |of: fn(&Compared) -> u64| all.iter().map(of).sum::<u64>();
    let (raw, parquet) = (sum(|c| c.raw.scan.bytes), sum(|c| c.parquet.scan.bytes));
    let month = |of: fn(&Compared) -> u64| all.iter().map(|c| costs.month(of(c))).sum::<f64>();
    let (raw_month, parquet_month) = (month(|c| c.raw.scan.bytes), month(|c| c.parquet.scan.bytes));
    let same = all.iter().filter(|compared| compared.agrees()).count();
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<title>Raw flow logs and Parquet, compared</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<h1>Raw flow logs and Parquet, compared</h1>\n<p class=\"dim\">{} days \
         that are converted, {}: {} raw objects. {} and {}.</p>\n",
        comparison.days.len(),
        escape(&span(&comparison.days)),
        count(comparison.objects),
        escape(&comparison.source),
        escape(&comparison.dest),
    );
    html.push_str("<div class=\"figures\">\n");
    figure(&mut html, &less(raw, parquet), "fewer bytes scanned, all queries together");
    figure(&mut html, &format!("{same} of {}", all.len()), "answers are the same, row by row");
    figure(
        &mut html,
        &format!("{} → {}", dollars(raw_month), dollars(parquet_month)),
        &format!("a month in Athena, {} runs of each query a day", costs.runs_per_day),
    );
    html.push_str("</div>\n");
    chart(&mut html, "Bytes scanned", all, |c| (c.raw.scan.bytes as f64, c.parquet.scan.bytes as f64), &|b| {
        bytes(b as u64)
    });
    chart(&mut html, "GET requests", all, |c| (c.raw.scan.requests as f64, c.parquet.scan.requests as f64), &|n| {
        count(n as u64)
    });
    chart(
        &mut html,
        "Seconds, run by flowparquet on this machine",
        all,
        |c| (c.raw.seconds, c.parquet.seconds),
        &|s| format!("{s:.2} s"),
    );
    numbers(&mut html, all, costs);
    html.push_str("<h2>The statements</h2>\n");
    for compared in all {
        let _ = writeln!(
            html,
            "<details><summary>{}</summary><pre>{}</pre>{}</details>",
            escape(&compared.name),
            escape(&compared.sql),
            details(compared)
        );
    }
    measured(&mut html, comparison, costs);
    html.push_str("</body>\n</html>\n");
    html
}

fn measured(html: &mut String, comparison: &Comparison, costs: Costs) {
    html.push_str("<h2>What was measured</h2>\n");
    let _ = writeln!(
        html,
        "<p class=\"dim\">Bytes are counted as Athena bills them: raw objects whole, of Parquet the column chunks of the row \
         groups that statistics leave. A month is {} runs a day for {DAYS_PER_MONTH} days, at {} for a terabyte and 10 MB a \
         query at least. Both sides answer from the same raw objects.</p>",
        costs.runs_per_day,
        dollars(costs.usd_per_tib)
    );
    for note in &comparison.notes {
        let _ = writeln!(html, "<p class=\"dim\">Note: {}.</p>", escape(note));
    }
}

fn figure(html: &mut String, number: &str, meaning: &str) {
    let _ = writeln!(
        html,
        "<div class=\"figure\"><b>{}</b><span class=\"dim\">{}</span></div>",
        escape(number),
        escape(meaning)
    );
}

/// Adds a chart of two bars for each statement, on one scale.
fn chart(
    html: &mut String,
    title: &str,
    all: &[Compared],
    of: impl Fn(&Compared) -> (f64, f64),
    shown: &dyn Fn(f64) -> String,
) {
    const WIDTH: f64 = 960.0;
    const NAMES: f64 = 300.0;
    const VALUES: f64 = 110.0;
    const ROW: f64 = 46.0;
    let most = all.iter().map(|c| of(c).0.max(of(c).1)).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let _ = writeln!(
        html,
        "<h2>{}</h2>\n<p class=\"dim\"><span class=\"key r\"></span>raw<span class=\"key p\"></span>Parquet</p>\n\
         <svg viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-label=\"{}\">",
        escape(title),
        ROW * all.len() as f64 + 4.0,
        escape(title)
    );
    for (at, compared) in all.iter().enumerate() {
        let top = ROW * at as f64 + 4.0;
        let _ = writeln!(html, "<text x=\"0\" y=\"{}\">{}</text>", top + 22.0, escape(&cut(&compared.name)));
        let (raw, parquet) = of(compared);
        for (class, value, y) in [("raw", raw, top), ("parquet", parquet, top + 18.0)] {
            let width = ((WIDTH - NAMES - VALUES) * value / most).max(1.5);
            let _ = writeln!(
                html,
                "<rect class=\"{class}\" x=\"{NAMES}\" y=\"{y}\" width=\"{width:.1}\" height=\"15\" rx=\"2\"/>\
                 <text class=\"value\" x=\"{:.1}\" y=\"{}\">{}</text>",
                NAMES + width + 6.0,
                y + 12.0,
                escape(&shown(value))
            );
        }
    }
    html.push_str("</svg>\n");
}

fn numbers(html: &mut String, all: &[Compared], costs: Costs) {
    html.push_str(
        "<h2>In numbers</h2>\n<div class=\"scroll\"><table><tr><th>query</th><th>rows</th><th>answer</th><th>raw</th>\
         <th>Parquet</th><th>less</th><th>a run, raw</th><th>Parquet</th><th>a month, raw</th><th>Parquet</th></tr>\n",
    );
    for compared in all {
        let Compared { name, raw, parquet, .. } = compared;
        let class = if compared.agrees() { "same" } else { "other" };
        let (a, b) = (raw.scan.bytes, parquet.scan.bytes);
        let cells = [
            bytes(a),
            bytes(b),
            less(a, b),
            dollars(costs.run(a)),
            dollars(costs.run(b)),
            dollars(costs.month(a)),
            dollars(costs.month(b)),
        ];
        let cells: String = cells.iter().map(|cell| format!("<td>{}</td>", escape(cell))).collect();
        let _ = writeln!(
            html,
            "<tr><td>{}</td><td>{}</td><td class=\"{class}\">{}</td>{cells}</tr>",
            escape(name),
            count(raw.rows),
            escape(&answers(compared))
        );
    }
    html.push_str("</table></div>\n");
}

/// Returns the rows that differ, if some do, and what Athena may answer otherwise.
fn details(compared: &Compared) -> String {
    let mut html = rows_that_differ(compared, &compared.verdict, "raw");
    if let Some(trino) = &compared.trino {
        html.push_str(&rows_that_differ(compared, &trino.verdict, "Trino"));
    }
    for difference in &compared.differences {
        let _ = write!(html, "<p class=\"dim\">{}.</p>", escape(&otherwise(difference)));
    }
    html
}

fn rows_that_differ(compared: &Compared, verdict: &CompareVerdict, other: &str) -> String {
    match verdict {
        CompareVerdict::Different { only_raw, only_parquet, .. } => {
            let columns: String = compared.columns.iter().map(|name| format!("<th>{}</th>", escape(name))).collect();
            let mut rows = String::new();
            for (side, only) in [(other, only_raw), ("Parquet", only_parquet)] {
                for row in only {
                    let cells: String = row.iter().map(|v| format!("<td>{}</td>", escape(&v.to_string()))).collect();
                    let _ = writeln!(rows, "<tr><td>{side}</td>{cells}</tr>");
                }
            }
            format!("<div class=\"scroll\"><table><tr><th>only in</th>{columns}</tr>{rows}</table></div>")
        }
        CompareVerdict::NotComparable { why } => format!("<p class=\"other\">{}</p>", escape(why)),
        CompareVerdict::Equal | CompareVerdict::EqualButTies { .. } | CompareVerdict::OtherOrder => String::new(),
    }
}

fn cut(name: &str) -> String {
    match name.char_indices().nth(38) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

/// Returns a text as it may stand in HTML, in an attribute too; line ends stay.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        for c in printable(line).chars() {
            match c {
                '&' => escaped.push_str("&amp;"),
                '<' => escaped.push_str("&lt;"),
                '>' => escaped.push_str("&gt;"),
                '"' => escaped.push_str("&quot;"),
                '\'' => escaped.push_str("&#39;"),
                other => escaped.push(other),
            }
        }
        escaped.push_str(end);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_others_is_markup() {
        assert_eq!(escape("<script>\"a\" & 'b'\n\u{1b}"), "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;\n\\u{1b}");
    }
}
