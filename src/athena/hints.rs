//! What helps to understand a person's table where its statement alone does not tell enough.

use std::collections::{BTreeMap, BTreeSet};

use super::definition::Partitions;
use super::pattern::{Part, Pattern};
use crate::ledger::partition::Partition;
use crate::record::header::Column;

/// What helps where their definition alone does not tell enough.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    /// Columns of the raw logs in the order of the fields: a raw table finds its columns by position.
    pub fields: Option<Vec<Column>>,
    /// Accounts and Regions that all logs are of.
    pub constants: BTreeMap<Part, String>,
    /// Accounts and Regions that were asked for.
    pub asked: BTreeMap<Part, BTreeSet<String>>,
    /// Where the objects of their table lie.
    pub lies: Lies,
    /// Where the raw objects came from that DEST was made of.
    pub origins: BTreeSet<Origin>,
    /// What SOURCE has, if somebody looked.
    pub in_source: Option<Vec<Partition>>,
    /// What keys hold, as a person said it.
    pub keys: BTreeMap<String, Pattern>,
    /// How partitions are to become known; as in their table if `None`.
    pub partitioning: Option<Partitions>,
}

/// Where the objects of a person's table lie, as the folders of its LOCATION or template say it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lies {
    /// Parts that the folders name, and their values.
    pub named: BTreeMap<Part, String>,
    /// What folders that are in no layout of AWS's are called like: it counts if nothing better is known.
    pub guessed: BTreeMap<Part, String>,
    /// What keys hold by their places in the template.
    pub placed: BTreeMap<String, Pattern>,
    /// Parts whose folders have names that are no values, such as `{account_id}`.
    pub unnamed: BTreeMap<Part, String>,
    /// Where that stands in the statement.
    pub place: String,
}

/// Where raw objects of DEST came from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// Account, if the key tells it.
    pub account: Option<String>,
    /// Region, likewise.
    pub region: Option<String>,
    /// Whether they lie below the LOCATION of their table.
    pub below: bool,
}

impl Origin {
    /// Returns what it is of, an account or a Region.
    pub fn of(&self, part: Part) -> Option<&String> {
        match part {
            Part::Account => self.account.as_ref(),
            Part::Region => self.region.as_ref(),
            _ => None,
        }
    }
}
