//! Writes numbers and addresses as text into a byte buffer, by hand because it happens some ten times per row.
//!
//! Addresses look as in AWS's records: IPv4 dotted, IPv6 in lowercase with all eight groups and no leading zeros.

/// An address of either family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Address {
    /// IPv4, first octet in the highest byte.
    V4(u32),
    /// IPv6, first group in the highest bytes.
    V6(u128),
}

/// The two digits of every number below 100.
const PAIRS: [[u8; 2]; 100] = digit_pairs();

/// The digits of every octet, and how many they are.
const OCTETS: [([u8; 3], usize); 256] = octets();

const fn digit_pairs() -> [[u8; 2]; 100] {
    let mut pairs = [[b'0'; 2]; 100];
    let mut number = 0_u8;
    while number < 100 {
        pairs[number as usize] = [b'0' + number / 10, b'0' + number % 10];
        number += 1;
    }
    pairs
}

const fn octets() -> [([u8; 3], usize); 256] {
    let mut octets = [([b'0'; 3], 1); 256];
    let mut octet = 0_u8;
    loop {
        let (a, b, c) = (b'0' + octet / 100, b'0' + octet / 10 % 10, b'0' + octet % 10);
        octets[octet as usize] = match octet {
            0..10 => ([c, b'0', b'0'], 1),
            10..100 => ([b, c, b'0'], 2),
            100.. => ([a, b, c], 3),
        };
        if octet == u8::MAX {
            return octets;
        }
        octet += 1;
    }
}

/// Appends `number` in decimal.
pub(super) fn push_number(out: &mut Vec<u8>, number: u64) {
    let mut rest = number;
    let mut digits = [0; 20];
    let mut at = digits.len();
    while rest >= 100 {
        at -= 2;
        digits[at..at + 2].copy_from_slice(&PAIRS[usize::from((rest % 100) as u8)]);
        rest /= 100;
    }
    let [tens, ones] = PAIRS[usize::from((rest % 100) as u8)];
    at -= 1;
    digits[at] = ones;
    if tens != b'0' {
        at -= 1;
        digits[at] = tens;
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends `address`.
pub(super) fn push_address(out: &mut Vec<u8>, address: Address) {
    match address {
        Address::V4(address) => push_v4(out, address),
        Address::V6(address) => push_v6(out, address),
    }
}

fn push_v4(out: &mut Vec<u8>, address: u32) {
    let mut text = [b'.'; 16];
    let mut length = 0;
    for octet in address.to_be_bytes() {
        let (digits, count) = OCTETS[usize::from(octet)];
        text[length..length + 3].copy_from_slice(&digits);
        text[length + count] = b'.';
        length += count + 1;
    }
    out.extend_from_slice(&text[..length - 1]);
}

fn push_v6(out: &mut Vec<u8>, address: u128) {
    for group in 0..8 {
        if group > 0 {
            out.push(b':');
        }
        push_hex_group(out, ((address >> (112 - 16 * group)) & 0xffff) as u16);
    }
}

fn push_hex_group(out: &mut Vec<u8>, group: u16) {
    let mut started = false;
    for shift in [12, 8, 4, 0] {
        let digit = ((group >> shift) & 0xf) as u8;
        started |= digit != 0 || shift == 0;
        if started {
            out.push(b"0123456789abcdef"[usize::from(digit)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(number: u64) -> String {
        let mut out = Vec::new();
        push_number(&mut out, number);
        String::from_utf8(out).unwrap()
    }

    fn address(address: Address) -> String {
        let mut out = Vec::new();
        push_address(&mut out, address);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_look_as_the_standard_library_writes_them() {
        for value in [0, 7, 10, 99, 100, 101, 999, 1000, 60_999, 1_768_435_200, u64::MAX - 1, u64::MAX] {
            assert_eq!(number(value), value.to_string());
        }
    }

    #[test]
    fn addresses_look_as_in_flow_logs() {
        assert_eq!(address(Address::V4(0xac20_1513)), "172.32.21.19");
        assert_eq!(address(Address::V4(0)), "0.0.0.0");
        assert_eq!(address(Address::V4(u32::MAX)), "255.255.255.255");
        assert_eq!(
            address(Address::V6(0x2001_0db8_1234_a100_0000_0077_df66_f105)),
            "2001:db8:1234:a100:0:77:df66:f105"
        );
    }
}
