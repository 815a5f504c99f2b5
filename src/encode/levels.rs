//! The RLE/bit-packing hybrid, in which Parquet writes dictionary codes and definition levels
//! (<https://parquet.apache.org/docs/file-format/data-pages/encodings/>, "Run Length Encoding / Bit-Packing Hybrid").

use super::thrift::put_varint;

/// Returns how many bits hold every code below `distinct`.
pub fn bit_width(distinct: usize) -> u8 {
    (usize::BITS - distinct.saturating_sub(1).leading_zeros()) as u8
}

/// Appends values below `2^width` to `out`: runs of eight and more as runs, all else bit-packed in groups of eight.
pub fn encode(values: &[u32], width: u8, out: &mut Vec<u8>) {
    let mut packed_from = 0;
    let mut at = 0;
    while at < values.len() {
        let value = values[at];
        let run = if values.get(at + 7) == Some(&value) {
            values[at..].iter().take_while(|v| **v == value).count()
        } else {
            0
        };
        if run >= 8 {
            pack(&values[packed_from..at], width, out);
            put_varint((run as u64) << 1, out);
            out.extend_from_slice(&value.to_le_bytes()[..usize::from(width).div_ceil(8)]);
            at += run;
            packed_from = at;
        } else {
            // Packed values come in eights; only the last group of all may be short.
            at = (at + 8).min(values.len());
        }
    }
    pack(&values[packed_from..], width, out);
}

/// Appends `count` times the same value.
pub fn encode_run(value: u32, count: usize, width: u8, out: &mut Vec<u8>) {
    put_varint((count as u64) << 1, out);
    out.extend_from_slice(&value.to_le_bytes()[..usize::from(width).div_ceil(8)]);
}

fn pack(values: &[u32], width: u8, out: &mut Vec<u8>) {
    if values.is_empty() {
        return;
    }
    let groups = values.len().div_ceil(8);
    put_varint((groups as u64) << 1 | 1, out);
    let end = out.len() + groups * usize::from(width);
    out.reserve(groups * usize::from(width) + 8);
    let (mut word, mut bits) = (0_u64, 0_u32);
    for value in values {
        word |= u64::from(*value) << bits;
        bits += u32::from(width);
        if bits >= 32 {
            out.extend_from_slice(&(word as u32).to_le_bytes());
            word >>= 32;
            bits -= 32;
        }
    }
    out.extend_from_slice(&word.to_le_bytes());
    // Cuts what the last word has too much, or fills a short group with zeros.
    out.resize(end, 0);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::encode::testing::varint;

    /// The plain twin: reads the encoding as the specification tells it.
    fn decode(bytes: &[u8], width: u8, count: usize) -> Vec<u32> {
        let (mut at, mut values) = (0, Vec::new());
        while values.len() < count {
            let head = varint(bytes, &mut at);
            if head & 1 == 0 {
                let len = usize::from(width).div_ceil(8);
                let mut value = [0; 4];
                value[..len].copy_from_slice(&bytes[at..at + len]);
                at += len;
                values.extend(std::iter::repeat_n(u32::from_le_bytes(value), (head >> 1) as usize));
            } else {
                for index in 0..(head >> 1) as usize * 8 {
                    let bit = index * usize::from(width);
                    let value = (0..usize::from(width)).map(|i| {
                        let b = bit + i;
                        u32::from(bytes[at + b / 8] >> (b % 8) & 1) << i
                    });
                    values.push(value.sum());
                }
                at += (head >> 1) as usize * usize::from(width);
            }
        }
        assert_eq!(at, bytes.len(), "nothing is left over");
        values.truncate(count);
        values
    }

    proptest! {
        #[test]
        fn reads_back(
            width in 0_u8..=32,
            runs in prop::collection::vec((any::<u32>(), prop_oneof![Just(1_usize), 1_usize..4, 5_usize..40]), 0..60),
        ) {
            let mask = if width == 32 { u32::MAX } else { (1 << width) - 1 };
            let values: Vec<u32> = runs.iter().flat_map(|(v, n)| std::iter::repeat_n(v & mask, *n)).collect();
            let mut bytes = Vec::new();
            encode(&values, width, &mut bytes);
            prop_assert_eq!(decode(&bytes, width, values.len()), values);
        }
    }

    #[test]
    fn one_run_is_a_few_bytes() {
        let mut bytes = Vec::new();
        encode(&[5; 20_000], 3, &mut bytes);
        let mut run = Vec::new();
        encode_run(5, 20_000, 3, &mut run);
        assert_eq!(bytes, run);
        assert_eq!(bytes.len(), 4);
        assert_eq!(
            [bit_width(0), bit_width(1), bit_width(2), bit_width(3), bit_width(256), bit_width(257)],
            [0, 0, 1, 2, 8, 9]
        );
    }
}
