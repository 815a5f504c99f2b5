//! DELTA_BINARY_PACKED, Parquet's encoding for integers that lie close to the ones before them
//! (<https://parquet.apache.org/docs/file-format/data-pages/encodings/>, "Delta Encoding").
//!
//! In: the values of a page. Out: its body. Blocks of 128 values in four miniblocks, as parquet-mr and arrow-rs write them.

use super::thrift::{put_varint, put_zigzag};

/// Differences of a block; a multiple of 128 by the specification.
const BLOCK: usize = 128;
const MINIBLOCKS: usize = 4;
/// Differences that share a bit width; a multiple of 32 by the specification.
const MINIBLOCK: usize = BLOCK / MINIBLOCKS;

/// Appends the encoding of `values` to `out`. `bits` is the width of the column's type, 32 or 64: differences wrap
/// around at it.
pub fn encode(mut values: impl ExactSizeIterator<Item = i64>, bits: u32, out: &mut Vec<u8>) {
    put_varint(BLOCK as u64, out);
    put_varint(MINIBLOCKS as u64, out);
    put_varint(values.len() as u64, out);
    let Some(first) = values.next() else {
        put_zigzag(0, out);
        return;
    };
    put_zigzag(first, out);
    // Sign extension from the column's width.
    let wrap = |difference: i64| difference << (64 - bits) >> (64 - bits);
    let mask = u64::MAX >> (64 - bits);
    let mut before = first;
    let mut differences = [0_i64; BLOCK];
    while values.len() > 0 {
        let count = values.len().min(BLOCK);
        for (difference, value) in differences.iter_mut().zip(values.by_ref().take(count)) {
            *difference = wrap(value.wrapping_sub(before));
            before = value;
        }
        let differences = &differences[..count];
        let least = differences.iter().copied().min().unwrap_or_default();
        put_zigzag(least, out);
        let widths_at = out.len();
        out.resize(widths_at + MINIBLOCKS, 0);
        for (index, miniblock) in differences.chunks(MINIBLOCK).enumerate() {
            let mut above = [0_u64; MINIBLOCK];
            for (above, difference) in above.iter_mut().zip(miniblock) {
                *above = difference.wrapping_sub(least) as u64 & mask;
            }
            let width = u64::BITS - above.iter().fold(0, |all, value| all | value).leading_zeros();
            out[widths_at + index] = width as u8;
            pack(&above, width, out);
        }
    }
}

/// Appends 32 values of `width` bits each.
fn pack(values: &[u64; MINIBLOCK], width: u32, out: &mut Vec<u8>) {
    let (mut word, mut bits) = (0_u128, 0);
    for value in values {
        word |= u128::from(*value) << bits;
        bits += width;
        if bits >= 64 {
            out.extend_from_slice(&(word as u64).to_le_bytes());
            word >>= 64;
            bits -= 64;
        }
    }
    // 32 values of any width are whole bytes.
    out.extend_from_slice(&(word as u64).to_le_bytes()[..bits as usize / 8]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::encode::testing::varint;

    /// The plain twin: reads the encoding as the specification tells it, bit by bit.
    fn decode(bytes: &[u8], bits: u32) -> Vec<i64> {
        let mut at = 0;
        let varint = |at: &mut usize| varint(bytes, at);
        let zigzag = |value: u64| (value >> 1) as i64 ^ -((value & 1) as i64);
        let (block, miniblocks, count) = (varint(&mut at), varint(&mut at), varint(&mut at) as usize);
        let each = (block / miniblocks) as usize;
        let mut values = vec![zigzag(varint(&mut at))];
        while values.len() < count {
            let least = zigzag(varint(&mut at));
            let widths = bytes[at..at + miniblocks as usize].to_vec();
            at += miniblocks as usize;
            for width in widths {
                if values.len() >= count {
                    break;
                }
                for index in 0..each {
                    let begin = index * usize::from(width);
                    let bit = |i: usize| u64::from(bytes[at + (begin + i) / 8] >> ((begin + i) % 8) & 1) << i;
                    let above: u64 = (0..usize::from(width)).map(bit).sum();
                    let next = values[values.len() - 1].wrapping_add(least).wrapping_add(above as i64);
                    values.push(next << (64 - bits) >> (64 - bits));
                }
                at += each * usize::from(width) / 8;
            }
        }
        assert_eq!(at, bytes.len(), "nothing is left over");
        values.truncate(count);
        values
    }

    proptest! {
        #[test]
        fn reads_back(
            near in prop::collection::vec(prop_oneof![4 => -5_i64..100, 1 => any::<i64>()], 0..400),
            narrow in prop::collection::vec(any::<i32>(), 0..300),
        ) {
            let mut total = 0_i64;
            let sums: Vec<i64> = near.iter().map(|step| { total = total.wrapping_add(*step); total }).collect();
            let narrow: Vec<i64> = narrow.into_iter().map(i64::from).collect();
            for (values, bits) in [(&near, 64), (&sums, 64), (&narrow, 32)] {
                let mut bytes = Vec::new();
                encode(values.iter().copied(), bits, &mut bytes);
                if !values.is_empty() {
                    prop_assert_eq!(&decode(&bytes, bits), values);
                }
            }
        }
    }

    #[test]
    fn even_steps_cost_nothing() {
        let values: Vec<i64> = (0..10_000).map(|i| 1_700_000_000 + i * 60).collect();
        let mut bytes = Vec::new();
        encode(values.iter().copied(), 64, &mut bytes);
        assert!(bytes.len() < 600, "{}", bytes.len());
    }
}
