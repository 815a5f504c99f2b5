//! Which interfaces each flow log recorded, and when: two flow logs over one interface double every sum.
//!
//! In: what each done says of the flow logs of its objects. Out: the pairs of flow logs that recorded the same, whether their objects came
//! with one run or with several, into one file or into many. Interfaces are told apart by a hash; of very many the smallest hashes
//! are kept, which are the same ones for whoever has the same interfaces.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Bits of an interface's hash: of 5,000 interfaces two share one with a probability of one in 22 million.
const HASH_BITS: u32 = 48;

/// Digits of a hash, in hexadecimal.
const HASH_DIGITS: usize = HASH_BITS as usize / 4;

/// Most interfaces that are recorded of a flow log: 48 KB. A Region has 5,000 unless somebody asks AWS for more.
const MAX_INTERFACES: usize = 4 << 10;

/// Most flow logs of an interface that are compared with each other.
pub const MAX_COMPARED: usize = 8;

/// Minutes of an object.
const MINUTES_PER_OBJECT: i64 = 5;

/// A time, as the beginnings of its first and last object, in minutes since 1970.
pub type Span = (i64, i64);

/// Returns whether two times are the same for more than half of the shorter one.
pub fn overlap(one: Span, other: Span) -> bool {
    let length = |(first, last): Span| last - first + MINUTES_PER_OBJECT;
    2 * length((one.0.max(other.0), one.1.min(other.1))) > length(one).min(length(other))
}

/// Returns the hash by which an interface is known.
pub fn interface_hash(id: &[u8]) -> u64 {
    let hash = Sha256::digest(id);
    hash.first_chunk().map_or(0, |first| u64::from_be_bytes(*first) >> (u64::BITS - HASH_BITS))
}

/// What a flow log recorded in the objects of one claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// Id of the flow log.
    pub flow_log: String,
    /// Beginnings of its first and last object, in minutes since 1970.
    pub minutes: Span,
    /// Whether it recorded traffic that was accepted.
    pub accept: bool,
    /// Whether it recorded traffic that was rejected.
    pub reject: bool,
    /// Hashes of the interfaces' ids, one after the other, in hexadecimal.
    pub interfaces: String,
}

impl Recorded {
    /// Writes down the interfaces of a flow log.
    pub fn new(flow_log: &str, minutes: Span, (accept, reject): (bool, bool), interfaces: &BTreeSet<u64>) -> Self {
        let kept = interfaces.iter().take(MAX_INTERFACES);
        let interfaces = kept.map(|hash| format!("{hash:0HASH_DIGITS$x}")).collect();
        Self { flow_log: flow_log.to_owned(), minutes, accept, reject, interfaces }
    }

    /// Returns the hashes of the interfaces, as they are written.
    fn hashes(&self) -> impl Iterator<Item = &[u8]> {
        self.interfaces.as_bytes().chunks_exact(HASH_DIGITS)
    }
}

/// What is recorded of the flow logs of one claim: pairs of them that recorded the same in it, and what each of them recorded.
pub type OfClaim<'a> = (&'a [[String; 2]], &'a [Recorded]);

/// Returns the pairs of flow logs of which claims of one day tell that they recorded the same interfaces at the same time. One
/// for what was accepted and one for what was rejected are no such pair, nor one that took the place of another.
pub fn doubled<'a>(claims: impl Iterator<Item = OfClaim<'a>>) -> BTreeSet<(&'a str, &'a str)> {
    #[derive(Default)]
    struct OfFlowLog<'a> {
        minutes: Option<Span>,
        accept: bool,
        reject: bool,
        interfaces: HashSet<&'a [u8]>,
    }
    let mut pairs = BTreeSet::new();
    let mut all: BTreeMap<&str, OfFlowLog<'_>> = BTreeMap::new();
    for (doubled, flow_logs) in claims {
        pairs.extend(doubled.iter().map(|[one, other]| (one.as_str(), other.as_str())));
        for recorded in flow_logs {
            let of = all.entry(&recorded.flow_log).or_default();
            let (first, last) = of.minutes.unwrap_or(recorded.minutes);
            of.minutes = Some((first.min(recorded.minutes.0), last.max(recorded.minutes.1)));
            of.accept |= recorded.accept;
            of.reject |= recorded.reject;
            of.interfaces.extend(recorded.hashes());
        }
    }
    let parted = |one: &OfFlowLog<'_>, other: &OfFlowLog<'_>| {
        !(one.accept && other.accept || one.reject && other.reject)
            && (one.accept || other.accept)
            && (one.reject || other.reject)
    };
    // By interface, not by pairs of flow logs: an organisation has thousands of these.
    let mut by_interface: HashMap<&[u8], Vec<&str>> = HashMap::new();
    for (name, of) in &all {
        of.interfaces.iter().for_each(|hash| by_interface.entry(hash).or_default().push(name));
    }
    for flow_logs in by_interface.values() {
        let flow_logs = &flow_logs[..flow_logs.len().min(MAX_COMPARED)];
        for (at, name) in flow_logs.iter().enumerate() {
            for other_name in &flow_logs[at + 1..] {
                let (one, other) = (&all[name], &all[other_name]);
                let same_time = one.minutes.zip(other.minutes).is_some_and(|(one, other)| overlap(one, other));
                if same_time && !parted(one, other) {
                    pairs.insert((*name, *other_name));
                }
            }
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(flow_log: &str, minutes: Span, actions: (bool, bool), interfaces: &[&str]) -> [Recorded; 1] {
        let interfaces = interfaces.iter().map(|id| interface_hash(id.as_bytes())).collect();
        [Recorded::new(flow_log, minutes, actions, &interfaces)]
    }

    fn is_doubled(claims: &[[Recorded; 1]]) -> bool {
        !doubled(claims.iter().map(|of_claim| (&[][..], &of_claim[..]))).is_empty()
    }

    #[test]
    fn only_the_same_time_is_the_same_traffic() {
        let day = (0, 24 * 60 - 5);
        for (one, other, same) in [
            (day, day, true),
            (day, (600, 700), true),
            ((10, 10), (10, 10), true),
            ((10, 10), (15, 15), false),
            // One takes the place of another at noon.
            ((0, 725), (720, 1435), false),
            ((0, 500), (900, 1435), false),
        ] {
            assert_eq!(overlap(one, other), same, "{one:?} {other:?}");
        }
    }

    #[test]
    fn pairs_are_told_over_several_files() {
        let (day, both) = ((0, 24 * 60 - 5), (true, true));
        let with = |second: [Recorded; 1]| {
            is_doubled(&[
                recorded("fl-a", (0, 700), both, &["eni-1", "eni-2"]),
                recorded("fl-a", (705, 1_435), (false, false), &["eni-2", "eni-3"]),
                second,
            ])
        };
        assert!(with(recorded("fl-b", day, both, &["eni-9", "eni-3"])));
        assert!(with(recorded("fl-b", (900, 1_000), both, &["eni-1"])));
        assert!(!with(recorded("fl-a", day, both, &["eni-1"])), "the same flow log");
        assert!(!with(recorded("fl-b", day, both, &["eni-4"])), "other interfaces");
        assert!(!with(recorded("fl-b", (1_440, 2_875), both, &["eni-1"])), "another time");
        let parted =
            [recorded("fl-a", day, (true, false), &["eni-1"]), recorded("fl-b", day, (false, true), &["eni-1"])];
        assert!(!is_doubled(&parted), "what was accepted, and what was rejected");
    }

    #[test]
    fn of_very_many_interfaces_both_keep_the_same_ones() {
        let ids: BTreeSet<u64> = (0..20_000_u32).map(|id| interface_hash(&id.to_be_bytes())).collect();
        let recorded = Recorded::new("fl-a", (0, 0), (true, true), &ids);
        assert_eq!(recorded.interfaces.len(), MAX_INTERFACES * HASH_DIGITS);
        assert!(recorded.hashes().all(|hash| hash.len() == HASH_DIGITS));
    }
}
