//! The stages of a claim, each a type of its own, so that a wrong order does not compile.
//!
//! | stage | is | made by |
//! |---|---|---|
//! | [`Draft`](super::claim::Draft) | a plan: nobody else knows of it | a job |
//! | [`Claimed`] | recorded under a number: its inputs are taken | [`claim`](super::partition_ledger::PartitionLedger::claim), or read back |
//! | [`Written`] | its file is visible | [`Claimed::with_file`], which wants what the upload returned |
//! | [`Ended`] | its end is recorded, what it replaced is gone | [`finish`](super::partition_ledger::PartitionLedger::finish) |
//!
//! Instead of being written and finished it can be given up: [`abandon`](super::partition_ledger::PartitionLedger::abandon).

use super::claim::Claim;
use super::entry::{Done, Outcome, OutputFile};
use crate::encode::file::FileContent;
use crate::store::upload::Uploaded;

/// A claim that is recorded: it has a number, and its inputs belong to it until its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    number: u64,
    claim: Claim,
    begun_before: bool,
}

impl Claimed {
    /// Returns a claim as it is now in the ledger. `begun_before` says that another run, or an earlier round of this one,
    /// recorded it, and may have made its file.
    pub(super) fn new(number: u64, claim: Claim, begun_before: bool) -> Self {
        Self { number, claim, begun_before }
    }

    /// Returns its number.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Returns what was claimed.
    pub fn claim(&self) -> &Claim {
        &self.claim
    }

    /// Returns whether its file may be there already.
    pub fn is_begun_before(&self) -> bool {
        self.begun_before
    }

    /// Returns the claim with its file, which is visible now: only an upload that came to its end gives an [`Uploaded`].
    pub fn with_file(self, outcome: Outcome, uploaded: Uploaded, content: FileContent) -> Written {
        let Uploaded { bytes, sha256 } = uploaded;
        let FileContent { row_groups, columns, .. } = content;
        self.with(outcome, Some(OutputFile { bytes, row_groups, sha256: Some(sha256), columns, sound: true }))
    }

    /// Returns the claim without a file: no input gave a row.
    pub fn without_file(self, outcome: Outcome) -> Written {
        self.with(outcome, None)
    }

    /// Returns the claim with what is to be recorded at its end.
    pub(super) fn with(self, outcome: Outcome, file: Option<OutputFile>) -> Written {
        Written { done: Box::new(Done { claim: self.number, outcome, file }), claim: self.claim }
    }
}

/// A claim whose file is visible, if it has rows; what is left is to record that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    claim: Claim,
    done: Box<Done>,
}

impl Written {
    /// Returns what was claimed.
    pub fn claim(&self) -> &Claim {
        &self.claim
    }

    /// Returns what is recorded of it.
    pub fn done(&self) -> &Done {
        &self.done
    }
}

/// How a claim came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// We recorded that it is done.
    Done,
    /// Another writer had recorded the same.
    DoneByAnother,
    /// Another writer had recorded another file under the same name, or that there is none: one of the two read or wrote
    /// damaged bytes, and nobody can tell whose lie there now.
    Contested,
    /// Another writer had given it up, because inputs were gone when it looked.
    AbandonedByAnother,
}
