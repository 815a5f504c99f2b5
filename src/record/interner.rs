//! A dictionary of byte strings: each distinct value once, a code for it.
//!
//! In: fields of the text. Out: codes, numbered by first appearance. This is where most of decoding happens, so:
//! * up to 24 bytes of a value stand beside its length as three words, so addresses, interfaces and enums compare as
//!   integers;
//! * many values are looked up at once, without a branch that depends on any of them: the processor waits for several
//!   slots and keys at a time. Those not found at the first try (new, or pushed aside) are looked up one by one;
//! * where values come in runs (account, action, status), one that equals the one before it is not looked up.

use std::ops::Range;
use std::slice::ChunksExact;

/// Values and codes of one column.
#[derive(Debug)]
pub struct Interner {
    // Slot: place in `keys`, that of no value if empty.
    table: Vec<u32>,
    // The first is of no value, so that an empty slot needs no question; a code is its place less one.
    keys: Vec<InternKey>,
    bytes: Vec<u8>,
    /// Length of the longest value.
    longest: usize,
    /// Whether most values of the last call were equal to the one before.
    in_runs: bool,
}

/// What a value is compared by, and where it lies: 32 bytes, half a cache line.
#[derive(Debug, Clone, Copy)]
struct InternKey {
    /// The first 16 bytes, zero behind the value's end.
    low: u64,
    high: u64,
    /// The last eight bytes if there are more than 16, else zero.
    tail: u64,
    len: u32,
    /// Where its first byte is, in the bytes of the dictionary or in the text.
    begin: u32,
}

/// No value has this length.
const NO_VALUE: InternKey = InternKey { low: 0, high: 0, tail: 0, len: u32::MAX, begin: 0 };

/// Longest value that its key says everything of.
const KEY_BYTES: usize = 24;

const FIRST_TABLE_SLOTS: usize = 256;

/// Values and bytes that memory is kept for when all are forgotten: a column of a unit has fewer.
const KEPT_VALUES: usize = 1 << 18;
const KEPT_BYTES: usize = 8 << 20;

/// Slots for each value: at most a quarter of them is taken, so nearly every value is found where it is looked for.
const SLOTS_PER_VALUE: usize = 4;

/// Values that are looked up at once.
const LANES: usize = 64;

impl Default for Interner {
    fn default() -> Self {
        Self { table: vec![0; FIRST_TABLE_SLOTS], keys: vec![NO_VALUE], bytes: Vec::new(), longest: 0, in_runs: false }
    }
}

impl Interner {
    /// Forgets all values; keeps the memory, unless the last use needed little of it or it is more than most need.
    pub fn clear(&mut self) {
        if self.keys.len() * 8 * SLOTS_PER_VALUE < self.table.len() || self.keys.len() > KEPT_VALUES {
            self.table = vec![0; FIRST_TABLE_SLOTS];
            self.keys = vec![NO_VALUE];
        } else {
            self.table.fill(0);
            self.keys.truncate(1);
        }
        if self.bytes.len() * 8 < self.bytes.capacity() || self.bytes.len() > KEPT_BYTES {
            self.bytes = Vec::new();
        } else {
            self.bytes.clear();
        }
        self.longest = 0;
    }

    /// Returns how many distinct values there are; codes are below it.
    pub fn len(&self) -> usize {
        self.keys.len() - 1
    }

    /// Returns whether there is no value yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the bytes of all values together.
    pub fn value_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Returns the length of the longest value, in bytes.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// Returns the value of a code.
    pub fn value(&self, code: u32) -> &[u8] {
        self.stored(&self.keys[code as usize + 1])
    }

    /// Returns the length of a code's value, in bytes.
    pub fn value_length(&self, code: u32) -> usize {
        self.keys[code as usize + 1].len as usize
    }

    /// Returns the first 16 bytes of a code's value as a number that orders as the bytes do.
    pub fn prefix(&self, code: u32) -> u128 {
        let key = &self.keys[code as usize + 1];
        (u128::from(key.low.swap_bytes()) << 64) | u128::from(key.high.swap_bytes())
    }

    /// Returns the code of `text[token]`, a new one if the value is new.
    pub fn intern(&mut self, text: &[u8], token: Range<usize>) -> u32 {
        self.find_or_add(&InternKey::of(text, token.start, token.end), &text[token])
    }

    /// Appends the codes of one field of every row to `codes`, as [`Interner::intern`] gives them.
    pub fn intern_all(&mut self, text: &[u8], rows: ChunksExact<'_, Range<u32>>, field: usize, codes: &mut Vec<u32>) {
        let before = codes.len();
        codes.reserve(rows.len());
        if self.in_runs {
            self.intern_runs(text, rows, field, codes);
        } else {
            self.intern_many(text, rows, field, codes);
        }
        let new = &codes[before..];
        let changes: usize = new.iter().zip(new.iter().skip(1)).map(|(a, b)| usize::from(a != b)).sum();
        self.in_runs = changes * 8 < new.len();
    }

    fn intern_runs(&mut self, text: &[u8], rows: ChunksExact<'_, Range<u32>>, field: usize, codes: &mut Vec<u32>) {
        let (mut last, mut code) = (NO_VALUE, 0);
        for row in rows {
            let (start, end) = (row[field].start as usize, row[field].end as usize);
            let key = InternKey::of(text, start, end);
            if !key.same_words(&last) || key.len as usize > KEY_BYTES {
                code = self.find_or_add(&key, &text[start..end]);
                last = key;
            }
            codes.push(code);
        }
    }

    fn intern_many(&mut self, text: &[u8], mut rows: ChunksExact<'_, Range<u32>>, field: usize, codes: &mut Vec<u32>) {
        let mut lanes = [(NO_VALUE, 0_u32); LANES];
        let mut missed = [0_u8; LANES];
        while rows.len() > 0 {
            let mask = self.table.len() - 1;
            let mut used = 0;
            for (lane, row) in lanes.iter_mut().zip(&mut rows) {
                let (start, end) = (row[field].start as usize, row[field].end as usize);
                let key = InternKey::of(text, start, end);
                let slot = key.hash(&text[start..end]) as usize & mask;
                *lane = (key, self.table[slot]);
                used += 1;
            }
            let before = codes.len();
            let mut misses = 0;
            for (number, (key, place)) in lanes[..used].iter().enumerate() {
                let found = self.keys[*place as usize].same_words(key) & (key.len as usize <= KEY_BYTES);
                codes.push(place.wrapping_sub(1));
                missed[misses] = number as u8;
                misses += usize::from(!found);
            }
            for number in &missed[..misses] {
                let (key, _) = lanes[*number as usize];
                let value = &text[key.begin as usize..][..key.len as usize];
                codes[before + *number as usize] = self.find_or_add(&key, value);
            }
        }
    }

    #[inline]
    fn find_or_add(&mut self, key: &InternKey, value: &[u8]) -> u32 {
        let mask = self.table.len() - 1;
        let mut slot = key.hash(value) as usize & mask;
        loop {
            let place = self.table[slot];
            if place == 0 {
                return self.add(key, value, slot);
            }
            let known = &self.keys[place as usize];
            if known.same_words(key) && (value.len() <= KEY_BYTES || self.stored(known) == value) {
                return place - 1;
            }
            slot = (slot + 1) & mask;
        }
    }

    fn stored(&self, key: &InternKey) -> &[u8] {
        &self.bytes[key.begin as usize..][..key.len as usize]
    }

    fn add(&mut self, key: &InternKey, value: &[u8], slot: usize) -> u32 {
        // Neither wraps: see `columns::Batch::has_room`.
        debug_assert!(u32::try_from(self.bytes.len() + value.len()).is_ok());
        let place = self.keys.len() as u32;
        self.keys.push(InternKey { begin: self.bytes.len() as u32, ..*key });
        self.longest = self.longest.max(value.len());
        self.bytes.extend_from_slice(value);
        self.table[slot] = place;
        if self.keys.len() * SLOTS_PER_VALUE > self.table.len() {
            self.grow();
        }
        place - 1
    }

    #[cold]
    fn grow(&mut self) {
        let slots = self.table.len() * 2;
        let mask = slots - 1;
        let mut table = vec![0; slots];
        for (place, key) in self.keys.iter().enumerate().skip(1) {
            let mut slot = key.hash(self.stored(key)) as usize & mask;
            while table[slot] != 0 {
                slot = (slot + 1) & mask;
            }
            table[slot] = place as u32;
        }
        self.table = table;
    }
}

impl InternKey {
    /// Returns the key of `text[start..end]`.
    #[inline(always)]
    fn of(text: &[u8], start: usize, end: usize) -> Self {
        let (len, begin) = ((end - start) as u32, start as u32);
        let Some(chunk) = text.get(start..).and_then(|rest| rest.first_chunk::<16>()) else {
            return Self { begin, ..Self::at_end(&text[start..end]) };
        };
        let word = u128::from_le_bytes(*chunk) & KEEP[len.min(16) as usize];
        let tail = if len > 16 { last_eight(&text[start..end]) } else { 0 };
        Self { low: word as u64, high: (word >> 64) as u64, tail, len, begin }
    }

    /// Returns the key of a value with less than 16 bytes of text from its beginning on.
    #[cold]
    fn at_end(value: &[u8]) -> Self {
        let mut chunk = [0; 16];
        chunk[..value.len()].copy_from_slice(value);
        let word = u128::from_le_bytes(chunk);
        Self { low: word as u64, high: (word >> 64) as u64, tail: 0, len: value.len() as u32, begin: 0 }
    }

    /// Compares lengths and words, without a branch.
    #[inline(always)]
    fn same_words(&self, other: &Self) -> bool {
        let differ = (self.low ^ other.low) | (self.high ^ other.high) | (self.tail ^ other.tail);
        (differ | u64::from(self.len ^ other.len)) == 0
    }

    /// Mixes the bytes of the value whose key this is; folded multiplication, whose upper half depends on every
    /// bit of both factors.
    #[inline(always)]
    fn hash(&self, value: &[u8]) -> u64 {
        const A: u64 = 0x9e37_79b9_7f4a_7c15;
        const B: u64 = 0xd6e8_feb8_6659_fd93;
        let mut hash = fold(self.low ^ A, self.high ^ B ^ (u64::from(self.len) << 32));
        if value.len() > 16 {
            hash = fold(hash ^ self.tail, A);
            let (words, _) = value[16..].as_chunks::<8>();
            for word in words {
                hash = fold(hash ^ u64::from_le_bytes(*word), B);
            }
        }
        hash
    }
}

#[inline(always)]
fn last_eight(value: &[u8]) -> u64 {
    value.last_chunk::<8>().map_or(0, |word| u64::from_le_bytes(*word))
}

/// Masks that keep the first n bytes of a little-endian word.
const KEEP: [u128; 17] = {
    let mut masks = [u128::MAX; 17];
    let mut n = 0;
    while n < 16 {
        masks[n] = (1 << (8 * n)) - 1;
        n += 1;
    }
    masks
};

#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn codes_are_those_of_a_hash_map(values in prop::collection::vec("[a-c0-9.:]{0,3}|[a-z]{14,40}", 0..600)) {
            let mut plain = HashMap::new();
            let mut interner = Interner::default();
            for value in &values {
                let next = plain.len() as u32;
                let expected = *plain.entry(value.clone()).or_insert(next);
                let text = format!("x{value}");
                prop_assert_eq!(interner.intern(text.as_bytes(), 1..text.len()), expected);
                prop_assert_eq!(interner.value(expected), value.as_bytes());
            }
            prop_assert_eq!(interner.len(), plain.len());
        }

        /// The plain twin of looking up many at once, in runs or not, is looking up one after the other.
        #[test]
        fn many_at_once_get_the_codes_of_one_by_one(
            values in prop::collection::vec("[ab]{0,2}|[0-9.]{6,15}|eni-[0-9ab]{16,28}|[a-b]{17,18}", 1..400),
            repeats in 1_usize..12,
            calls in 1_usize..5,
        ) {
            let values: Vec<&String> = values.iter().flat_map(|value| std::iter::repeat_n(value, repeats)).collect();
            let (mut one, mut many) = (Interner::default(), Interner::default());
            for values in values.chunks(values.len().div_ceil(calls)) {
                let (mut text, mut tokens) = (String::new(), Vec::new());
                for value in values {
                    // Two fields a row; the second is the one that is asked for.
                    tokens.extend([0..0, text.len() as u32..(text.len() + value.len()) as u32]);
                    text += value;
                }
                let expected: Vec<u32> = values.iter().map(|v| one.intern(v.as_bytes(), 0..v.len())).collect();
                let mut codes = vec![7];
                many.intern_all(text.as_bytes(), tokens.chunks_exact(2), 1, &mut codes);
                prop_assert_eq!(&codes[1..], expected);
            }
            prop_assert_eq!(many.len(), one.len());
        }

        #[test]
        fn prefixes_order_as_values_do(a in "[a-d.0-9]{0,15}", b in "[a-d.0-9]{0,15}") {
            let mut interner = Interner::default();
            let first = interner.intern(a.as_bytes(), 0..a.len());
            let second = interner.intern(b.as_bytes(), 0..b.len());
            prop_assert_eq!(interner.prefix(first).cmp(&interner.prefix(second)), a.cmp(&b));
        }
    }

    #[test]
    fn grows_and_keeps_its_codes() {
        let mut interner = Interner::default();
        let values: Vec<String> = (0..50_000).map(|i| format!("10.{}.{}.{}", i % 7, i / 256, i % 256)).collect();
        let first: Vec<u32> = values.iter().map(|v| interner.intern(v.as_bytes(), 0..v.len())).collect();
        let again: Vec<u32> = values.iter().map(|v| interner.intern(v.as_bytes(), 0..v.len())).collect();
        assert_eq!(first, again);
    }
}
