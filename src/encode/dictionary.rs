//! Distinct strings in ascending order, and how several such lists become one.
//!
//! A value's rank is its place: ranks compare as values do, so rows are sorted, and minima and maxima found, by number.

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::record::interner::Interner;

/// Distinct byte strings, ascending; fewer than 2^32, of less than 4 GiB together.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Dictionary {
    bytes: Vec<u8>,
    /// Where each value ends in `bytes`.
    ends: Vec<u32>,
}

/// A value of one of several dictionaries.
struct DictionaryValue {
    prefix: u128,
    len: u32,
    part: u32,
    rank: u32,
}

impl Dictionary {
    /// Returns the values of an interner, and for each of its codes the rank of the value.
    pub fn of(interner: &Interner) -> (Self, Vec<u32>) {
        // Prefixes beside the codes: an address is compared without a look at its bytes.
        let mut order: Vec<(u128, u32)> =
            (0..interner.len() as u32).map(|code| (interner.prefix(code), code)).collect();
        order.sort_unstable_by(|(prefix, code), (other_prefix, other)| {
            prefix.cmp(other_prefix).then_with(|| interner.value(*code).cmp(interner.value(*other)))
        });
        let mut ranks = vec![0; order.len()];
        let mut dictionary =
            Self { bytes: Vec::with_capacity(interner.value_bytes()), ends: Vec::with_capacity(order.len()) };
        for (rank, (_, code)) in order.iter().enumerate() {
            ranks[*code as usize] = rank as u32;
            dictionary.push(interner.value(*code));
        }
        (dictionary, ranks)
    }

    /// Returns the union of several, and for each of them the rank in the union of each of its values.
    ///
    /// # Errors
    /// When it would have more bytes than its offsets reach: a bug, since runs of fewer bytes are put in order at once.
    pub fn union(parts: &[&Self]) -> Result<(Self, Vec<Vec<u32>>)> {
        let bytes = parts.iter().fold(0_u64, |bytes, part| bytes.saturating_add(part.bytes.len() as u64));
        if u32::try_from(bytes).is_err() {
            return Err(Error::stopped(format!("strings of {bytes} bytes are to be put in order together"))
                .help("this is a bug in flowparquet: nothing of this file was written; please report it"));
        }
        let mut entries: Vec<DictionaryValue> = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
        for (number, part) in (0..).zip(parts) {
            let entry = |rank| DictionaryValue {
                prefix: part.prefix(rank),
                len: part.value(rank).len() as u32,
                part: number,
                rank,
            };
            entries.extend((0..part.len() as u32).map(entry));
        }
        let value = |entry: &DictionaryValue| parts[entry.part as usize].value(entry.rank);
        let compare = |a: &DictionaryValue, b: &DictionaryValue| {
            a.prefix.cmp(&b.prefix).then_with(|| match a.len.max(b.len) {
                // All is in the prefix; zeros behind it may be values or nothing.
                0..=16 => a.len.cmp(&b.len),
                _ => value(a).cmp(value(b)),
            })
        };
        // Finds that each part ascends already, and merges them.
        entries.par_sort_by(compare);
        let mut union = Self::default();
        let mut maps: Vec<Vec<u32>> = parts.iter().map(|part| vec![0; part.len()]).collect();
        let mut last: Option<&DictionaryValue> = None;
        for entry in &entries {
            if last.is_none_or(|last| compare(last, entry).is_ne()) {
                union.push(value(entry));
            }
            maps[entry.part as usize][entry.rank as usize] = union.len() as u32 - 1;
            last = Some(entry);
        }
        Ok((union, maps))
    }

    fn push(&mut self, value: &[u8]) {
        self.bytes.extend_from_slice(value);
        self.ends.push(self.bytes.len() as u32);
    }

    /// Returns the number of values.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Returns the length of the longest value, in bytes.
    pub fn longest(&self) -> usize {
        let begins = [0].into_iter().chain(self.ends.iter().copied());
        begins.zip(&self.ends).map(|(begin, end)| (end - begin) as usize).max().unwrap_or_default()
    }

    /// Returns the memory it takes, in bytes.
    pub fn memory(&self) -> usize {
        self.bytes.len() + self.ends.len() * size_of::<u32>()
    }

    /// Returns the value of a rank.
    pub fn value(&self, rank: u32) -> &[u8] {
        let begin = rank.checked_sub(1).map_or(0, |before| self.ends[before as usize]);
        &self.bytes[begin as usize..self.ends[rank as usize] as usize]
    }

    /// Returns the first 16 bytes of a value as a number that orders as they do: an IPv4 address fits whole.
    fn prefix(&self, rank: u32) -> u128 {
        let value = self.value(rank);
        let mut first = [0; 16];
        let len = value.len().min(16);
        first[..len].copy_from_slice(&value[..len]);
        u128::from_be_bytes(first)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn dictionary(values: &[String]) -> (Dictionary, Vec<u32>) {
        let mut interner = Interner::default();
        let codes: Vec<u32> = values.iter().map(|v| interner.intern(v.as_bytes(), 0..v.len())).collect();
        let (dictionary, ranks) = Dictionary::of(&interner);
        (dictionary, codes.into_iter().map(|code| ranks[code as usize]).collect())
    }

    #[test]
    fn no_offset_wraps() {
        let long = "x".repeat(16 << 20);
        let (part, _) = dictionary(std::slice::from_ref(&long));
        let (union, ranks) = Dictionary::union(&[&part; 255]).unwrap();
        assert_eq!((union.len(), union.longest(), ranks[254].as_slice()), (1, long.len(), [0].as_slice()));
        // Even if they are the same: what is put in order together is far below.
        let refused = Dictionary::union(&[&part; 256]).unwrap_err().to_string();
        assert!(refused.contains("strings of 4294967296 bytes"), "{refused}");
    }

    proptest! {
        #[test]
        fn ranks_are_places_in_a_sorted_set(
            parts in prop::collection::vec(prop::collection::vec("[a-c0]{0,3}|[a-b]{15,18}|x\0{0,3}", 0..40), 0..5),
        ) {
            let made: Vec<(Dictionary, Vec<u32>)> = parts.iter().map(|values| dictionary(values)).collect();
            let (union, maps) = Dictionary::union(&made.iter().map(|(part, _)| part).collect::<Vec<_>>()).unwrap();
            let plain: BTreeSet<&str> = parts.iter().flatten().map(String::as_str).collect();
            let values: Vec<&[u8]> = (0..union.len() as u32).map(|rank| union.value(rank)).collect();
            prop_assert_eq!(values, plain.iter().map(|v| v.as_bytes()).collect::<Vec<_>>());
            for ((values, (_, ranks)), map) in parts.iter().zip(&made).zip(&maps) {
                for (value, rank) in values.iter().zip(ranks) {
                    prop_assert_eq!(union.value(map[*rank as usize]), value.as_bytes());
                }
            }
        }
    }
}
