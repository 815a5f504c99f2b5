//! A dictionary of byte strings: each distinct value once, a code for it.
//!
//! In: fields of the text. Out: codes, numbered by first appearance. This is where most of decoding happens, so:
//! * the table holds 32 bits of hash beside each code, hence a probe touches a stored value only when it matches;
//! * the first 16 bytes of each value stand beside its length, so addresses, ports and enums compare as integers;
//! * a value equal to the one before it (account, interface, status) costs one comparison and no probe.

use std::ops::Range;

/// Values and codes of one column.
#[derive(Debug)]
pub struct Interner {
    // Slot: hash in the upper half, code + 1 in the lower; 0 is empty.
    table: Vec<u64>,
    keys: Vec<Key>,
    bytes: Vec<u8>,
    last: u32,
}

/// What a value is compared by before its remaining bytes are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key {
    low: u64,
    high: u64,
    begin: u32,
    len: u32,
}

const FIRST_TABLE_SLOTS: usize = 256;

impl Default for Interner {
    fn default() -> Self {
        Self { table: vec![0; FIRST_TABLE_SLOTS], keys: Vec::new(), bytes: Vec::new(), last: 0 }
    }
}

impl Interner {
    /// Forgets all values; keeps the memory, unless the last use needed little of it.
    pub fn clear(&mut self) {
        if self.keys.len() * 16 < self.table.len() {
            self.table = vec![0; FIRST_TABLE_SLOTS];
        } else {
            self.table.fill(0);
        }
        self.keys.clear();
        self.bytes.clear();
        self.last = 0;
    }

    /// Returns how many distinct values there are; codes are below it.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Returns whether there is no value yet.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Returns the bytes of all values together.
    pub fn value_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Returns the value of a code.
    pub fn value(&self, code: u32) -> &[u8] {
        let key = &self.keys[code as usize];
        &self.bytes[key.begin as usize..][..key.len as usize]
    }

    /// Returns the first 16 bytes of a code's value as a number that orders as the bytes do.
    pub fn prefix(&self, code: u32) -> u128 {
        let key = &self.keys[code as usize];
        (u128::from(key.low.swap_bytes()) << 64) | u128::from(key.high.swap_bytes())
    }

    /// Returns the code of `text[token]`, a new one if the value is new.
    #[inline]
    pub fn intern(&mut self, text: &[u8], token: Range<usize>) -> u32 {
        let len = token.len() as u32;
        let (low, high) = first_sixteen(text, token.start, len);
        if let Some(last) = self.keys.get(self.last as usize)
            && last.len == len
            && last.low == low
            && last.high == high
            && (len <= 16 || self.rest_equals(last, &text[token.clone()]))
        {
            return self.last;
        }
        self.last = self.find_or_add(low, high, &text[token]);
        self.last
    }

    #[inline]
    fn find_or_add(&mut self, low: u64, high: u64, value: &[u8]) -> u32 {
        let hash = hash(low, high, value);
        let mask = self.table.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            let entry = self.table[slot];
            if entry == 0 {
                return self.add(low, high, value, hash, slot);
            }
            if entry >> 32 == hash >> 32 {
                let code = (entry as u32) - 1;
                let key = &self.keys[code as usize];
                if key.low == low
                    && key.high == high
                    && key.len as usize == value.len()
                    && (value.len() <= 16 || self.rest_equals(key, value))
                {
                    return code;
                }
            }
            slot = (slot + 1) & mask;
        }
    }

    #[inline]
    fn rest_equals(&self, key: &Key, value: &[u8]) -> bool {
        self.bytes[key.begin as usize + 16..][..key.len as usize - 16] == value[16..]
    }

    fn add(&mut self, low: u64, high: u64, value: &[u8], hash: u64, slot: usize) -> u32 {
        let code = self.keys.len() as u32;
        let (begin, len) = (self.bytes.len() as u32, value.len() as u32);
        self.bytes.extend_from_slice(value);
        self.keys.push(Key { low, high, begin, len });
        self.table[slot] = (hash & 0xffff_ffff_0000_0000) | u64::from(code + 1);
        if self.keys.len() * 2 > self.table.len() {
            self.grow();
        }
        code
    }

    #[cold]
    fn grow(&mut self) {
        let slots = self.table.len() * 4;
        let mask = slots - 1;
        let mut table = vec![0; slots];
        for (code, key) in self.keys.iter().enumerate() {
            let hash = hash(key.low, key.high, &self.bytes[key.begin as usize..][..key.len as usize]);
            let mut slot = hash as usize & mask;
            while table[slot] != 0 {
                slot = (slot + 1) & mask;
            }
            table[slot] = (hash & 0xffff_ffff_0000_0000) | (code as u64 + 1);
        }
        self.table = table;
    }
}

/// Returns the first 16 bytes of a token as two words, zero behind its end.
#[inline(always)]
fn first_sixteen(text: &[u8], start: usize, len: u32) -> (u64, u64) {
    let Some(chunk) = text.get(start..).and_then(|rest| rest.first_chunk::<16>()) else {
        return first_sixteen_at_end(text, start, len);
    };
    let word = u128::from_le_bytes(*chunk) & KEEP[len.min(16) as usize];
    (word as u64, (word >> 64) as u64)
}

#[cold]
fn first_sixteen_at_end(text: &[u8], start: usize, len: u32) -> (u64, u64) {
    let mut chunk = [0; 16];
    let value = &text[start..][..len.min(16) as usize];
    chunk[..value.len()].copy_from_slice(value);
    let word = u128::from_le_bytes(chunk);
    (word as u64, (word >> 64) as u64)
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

/// Mixes a value's bytes; folded multiplication, whose upper half depends on every bit of both factors.
#[inline(always)]
fn hash(low: u64, high: u64, value: &[u8]) -> u64 {
    const A: u64 = 0x9e37_79b9_7f4a_7c15;
    const B: u64 = 0xd6e8_feb8_6659_fd93;
    let mut hash = fold(low ^ A, high ^ B ^ ((value.len() as u64) << 32));
    if value.len() > 16 {
        let (words, _) = value[16..].as_chunks::<8>();
        for word in words {
            hash = fold(hash ^ u64::from_le_bytes(*word), A);
        }
        if let Some(last) = value.last_chunk::<8>() {
            hash = fold(hash ^ u64::from_le_bytes(*last), B);
        }
    }
    hash
}

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
