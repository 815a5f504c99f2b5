//! What is compared: units, each a live output file and the raw objects whose rows stand in it, by the ledger.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::raw::RecountRules;
use crate::ledger::claim::Input;
use crate::ledger::partition::Partition;
use crate::ledger::state::{InputState, Output, PartitionState};
use crate::ledger::table::{Table, TableInfo};
use crate::record::header::Column;

/// A live output file and the raw objects whose rows stand in it.
#[derive(Debug, Clone)]
pub struct OutputUnit {
    pub partition: Partition,
    pub claim: u64,
    /// None if the objects gave no row.
    pub output: Option<RecordedFile>,
    pub expected: Expected,
    pub inputs: Vec<UnitInput>,
}

/// The file, by the ledger.
#[derive(Debug, Clone)]
pub struct RecordedFile {
    pub key: String,
    pub name: String,
    pub bytes: u64,
    pub row_groups: u64,
    pub columns: Vec<Column>,
    pub sha256: Option<String>,
}

/// The numbers, by the ledger.
#[derive(Debug, Clone)]
pub struct Expected {
    pub rows: u64,
    pub rejected_rows: u64,
    pub text_bytes: u64,
}

/// A raw object, by the ledger.
#[derive(Debug, Clone)]
pub struct UnitInput {
    pub source: String,
    pub input: Input,
    pub said: LedgerSays,
    pub rules: RecountRules,
}

/// What the ledger says of a raw object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerSays {
    Converted,
    OtherType,
    NoFlowLog,
    Rejected,
}

/// Returns what is to be compared in a partition: the one place that knows how the ledger ties files to objects.
pub fn units(table: &Table, info: &TableInfo, partition: &Partition, state: &PartitionState) -> Vec<OutputUnit> {
    let mut units = Vec::new();
    for Output { number, claim, done, .. } in state.outputs() {
        let unknown_fields: Arc<BTreeSet<String>> = Arc::new(done.outcome.unknown_fields.iter().cloned().collect());
        let traced = state.trace(*number).into_iter().filter_map(|(claim, input, stands)| {
            let said = match stands {
                InputState::Converted => LedgerSays::Converted,
                InputState::OtherType => LedgerSays::OtherType,
                InputState::NoFlowLog => LedgerSays::NoFlowLog,
                InputState::Rejected(_) | InputState::Empty => LedgerSays::Rejected,
                InputState::Claimed => return None,
            };
            let rules = RecountRules {
                log_type: claim.log_type,
                dash_as_null: info.dash_as_null,
                log_format: claim.options.log_format.clone(),
                max_object_bytes: claim.options.max_object_bytes,
                unknown_fields: Arc::clone(&unknown_fields),
            };
            Some(UnitInput { source: claim.work.source().to_owned(), input: input.clone(), said, rules })
        });
        let inputs = traced.collect();
        let output = done.file.as_ref().map(|file| RecordedFile {
            key: table.output_key(partition, claim),
            name: claim.output.clone(),
            bytes: file.bytes,
            row_groups: file.row_groups,
            columns: file.columns.clone(),
            sha256: file.sha256.clone(),
        });
        let outcome = &done.outcome;
        units.push(OutputUnit {
            partition: partition.clone(),
            claim: done.claim,
            output,
            expected: Expected {
                rows: outcome.rows,
                rejected_rows: outcome.rejected_rows,
                text_bytes: outcome.text_bytes,
            },
            inputs,
        });
    }
    units
}
