//! What scans cost in Athena, and what the text and the page of a comparison call the same: how much less, days, verdicts.

use crate::athena::cost::scan_usd;
use crate::query::answers::CompareVerdict;
use crate::query::compare::Compared;

/// Days of the month that costs are told for.
pub const DAYS_PER_MONTH: f64 = 30.0;

/// What costs depend on, besides what was scanned.
#[derive(Debug, Clone, Copy)]
pub struct Costs {
    /// Dollars for a tebibyte.
    pub usd_per_tib: f64,
    /// Runs of each statement a day.
    pub runs_per_day: f64,
}

impl Costs {
    /// Returns the dollars of one run.
    pub fn run(self, bytes: u64) -> f64 {
        scan_usd(bytes, self.usd_per_tib)
    }

    /// Returns the dollars of a month of runs.
    pub fn month(self, bytes: u64) -> f64 {
        self.run(bytes) * self.runs_per_day * DAYS_PER_MONTH
    }
}

/// Returns how many times less the second is.
pub fn less(raw: u64, parquet: u64) -> String {
    format!("{:.1}x", raw as f64 / parquet.max(1) as f64)
}

/// Returns days as first and last.
pub fn span(days: &[String]) -> String {
    match (days.first(), days.last()) {
        (Some(first), Some(last)) if first != last => format!("{first} to {last}"),
        (Some(day), _) => day.clone(),
        _ => "none".to_owned(),
    }
}

/// Returns what answers are to each other, in a word.
fn word(verdict: &CompareVerdict) -> &'static str {
    match verdict {
        CompareVerdict::Equal => "same",
        CompareVerdict::EqualButTies { .. } => "same but ties",
        CompareVerdict::Different { .. } => "DIFFERS",
        CompareVerdict::OtherOrder => "OTHER ORDER",
        CompareVerdict::NotComparable { .. } => "cannot tell",
    }
}

/// Returns what the answers are to each other, and to Trino's.
pub fn answers(compared: &Compared) -> String {
    let both = word(&compared.verdict);
    match &compared.trino {
        Some(trino) => format!("{both}, Trino: {}", word(&trino.verdict)),
        None => both.to_owned(),
    }
}
