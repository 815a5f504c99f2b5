//! Which interfaces each flow log records: two flow logs over one interface double every sum.
//!
//! In: rows of an object, whose name tells the flow log and the five minutes. Out: [`Interfaces`] of a unit and of a file, the pairs
//! of flow logs that record the same in it, and what the ledger keeps for those in other files. What a row costs is a load and a
//! store: names are hashed once for each flow log and batch. Objects whose names tell no flow log say nothing.

use std::collections::{BTreeMap, HashMap};

use crate::ledger::recorded::{MAX_COMPARED, Recorded, Span, interface_hash, overlap};
use crate::missing::minute_of;
use crate::record::columns::{Batch, Values};
use crate::source::layout::FileName;
use crate::store::name_of;

/// Most interfaces that are kept of a flow log, and flow logs: an account has 5,000 interfaces in a Region unless it asks AWS for more.
const MAX_INTERFACES: usize = 1 << 16;
const MAX_FLOW_LOGS: usize = 1 << 10;

const NEVER: Span = (i64::MAX, i64::MIN);

/// The interfaces of flow logs, and when each was recorded.
#[derive(Debug, Default)]
pub(super) struct Interfaces(BTreeMap<String, OfFlowLog>);

#[derive(Debug, Default)]
struct OfFlowLog {
    /// By a hash of the interface's id.
    spans: HashMap<u64, Span>,
    /// Bit 0: there was ACCEPT; bit 1: REJECT.
    actions: u8,
}

impl Interfaces {
    /// Adds what others have seen.
    pub(super) fn add(&mut self, other: Self) {
        for (flow_log, other) in other.0 {
            let Some(own) = self.of(flow_log) else { continue };
            own.actions |= other.actions;
            other.spans.into_iter().for_each(|(id, span)| own.see(id, span));
        }
    }

    fn of(&mut self, flow_log: String) -> Option<&mut OfFlowLog> {
        let room = self.0.len() < MAX_FLOW_LOGS || self.0.contains_key(&flow_log);
        room.then(|| self.0.entry(flow_log).or_default())
    }

    /// Returns what the ledger keeps of them.
    pub(super) fn recorded(&self) -> Vec<Recorded> {
        let recorded = |(flow_log, of): (&String, &OfFlowLog)| {
            let minutes = of.spans.values().fold(NEVER, |all, span| (all.0.min(span.0), all.1.max(span.1)));
            let actions = (of.actions & 1 != 0, of.actions & 2 != 0);
            Recorded::new(flow_log, minutes, actions, &of.spans.keys().copied().collect())
        };
        self.0.iter().filter(|(_, of)| !of.spans.is_empty()).map(recorded).collect()
    }

    /// Returns the pairs of flow logs that recorded the same interfaces at the same time, and how many. One for what was accepted and
    /// one for what was rejected are no such pair, nor one that took the place of another.
    pub(super) fn doubled(&self) -> BTreeMap<(&str, &str), usize> {
        let mut by_interface: HashMap<u64, Vec<(&str, &OfFlowLog, Span)>> = HashMap::new();
        if self.0.len() > 1 {
            for (flow_log, of) in &self.0 {
                for (id, span) in &of.spans {
                    by_interface.entry(*id).or_default().push((flow_log, of, *span));
                }
            }
        }
        let mut pairs = BTreeMap::new();
        for flow_logs in by_interface.values() {
            let flow_logs = &flow_logs[..flow_logs.len().min(MAX_COMPARED)];
            for (at, (one, of_one, span)) in flow_logs.iter().enumerate() {
                for (other, of_other, other_span) in &flow_logs[at + 1..] {
                    let parted = of_one.actions & of_other.actions == 0 && of_one.actions | of_other.actions == 3;
                    if !parted && overlap(*span, *other_span) {
                        *pairs.entry((*one, *other)).or_default() += 1;
                    }
                }
            }
        }
        pairs
    }
}

impl OfFlowLog {
    fn see(&mut self, id: u64, (first, last): Span) {
        if self.spans.len() < MAX_INTERFACES || self.spans.contains_key(&id) {
            let span = self.spans.entry(id).or_insert(NEVER);
            *span = (span.0.min(first), span.1.max(last));
        }
    }
}

/// Takes note of the rows of objects that share a batch.
#[derive(Debug, Default)]
pub(super) struct Noted {
    flow_log: Option<String>,
    /// Rows of the batch that were looked at.
    rows: usize,
    /// By the codes of the batch.
    spans: Vec<Span>,
    actions: u64,
}

impl Noted {
    /// Notes the rows that an object has added to the batch since.
    pub(super) fn object(&mut self, key: &str, batch: &Batch, into: &mut Interfaces) {
        let from = std::mem::replace(&mut self.rows, batch.rows());
        let name = FileName::parse(name_of(key));
        if self.flow_log != name.flow_log {
            self.fold(batch, into);
            self.flow_log = name.flow_log;
        }
        let (Some(day), Some(hour), Some(minute), Some(_)) = (name.day, name.hour, name.minute, &self.flow_log) else {
            return;
        };
        let now = minute_of(day, hour, minute);
        for_each_code(batch, "interface_id", from, |code, values| {
            if self.spans.len() < values {
                self.spans.resize(values, NEVER);
            }
            // Objects come in the order of their times: of most rows, the interface was seen in the same object.
            if let Some(span) = self.spans.get_mut(code as usize).filter(|span| span.1 != now) {
                *span = (span.0.min(now), span.1.max(now));
            }
        });
        // Two actions are all there are.
        if self.actions.count_ones() < 2 {
            for_each_code(batch, "action", from, |code, _| self.actions |= 1_u64.checked_shl(code).unwrap_or(0));
        }
    }

    /// Ends a batch, whose rows were all noted.
    pub(super) fn end_batch(&mut self, batch: &Batch, into: &mut Interfaces) {
        self.fold(batch, into);
        self.rows = 0;
    }

    fn fold(&mut self, batch: &Batch, into: &mut Interfaces) {
        let (spans, actions) = (std::mem::take(&mut self.spans), std::mem::take(&mut self.actions));
        let value = |column: &str, code: usize| {
            let column = batch.columns().iter().find(|there| there.column.name == column)?;
            let Values::String { dictionary, .. } = &column.values else { return None };
            (code < dictionary.len()).then(|| dictionary.value(code as u32))
        };
        let Some(of) = self.flow_log.clone().and_then(|flow_log| into.of(flow_log)) else { return };
        for code in (0..64).filter(|code| actions >> code & 1 == 1) {
            of.actions |= match value("action", code) {
                Some(b"ACCEPT") => 1,
                Some(b"REJECT") => 2,
                _ => 0,
            };
        }
        for (code, span) in spans.into_iter().enumerate().filter(|(_, span)| *span != NEVER) {
            // A regional NAT gateway has no interface.
            if let Some(id) = value("interface_id", code).filter(|id| *id != b"-") {
                of.see(interface_hash(id), span);
            }
        }
    }
}

/// Calls this with the code of each row of a `string` column from one on, and the number of codes that there are; rows that are
/// NULL have none.
fn for_each_code(batch: &Batch, column: &str, from: usize, mut see: impl FnMut(u32, usize)) {
    let Some(column) = batch.columns().iter().find(|there| there.column.name == column) else { return };
    let Values::String { codes, dictionary } = &column.values else { return };
    let values = dictionary.len();
    let mut at = from;
    let nulls = &column.nulls[column.nulls.partition_point(|row| (*row as usize) < from)..];
    for null in nulls.iter().map(|row| *row as usize).chain([codes.len()]) {
        codes.get(at..null).unwrap_or_default().iter().for_each(|code| see(*code, values));
        at = null + 1;
    }
}
