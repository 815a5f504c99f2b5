//! Headers of gzip: what `gzip -d` takes is converted, what it refuses is rejected, and the recount reads the same.

use std::io::Write;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::util::{DAY, Work, all_expected, assert_rows, gz, key, text};

/// A member's header: its bits, the parts that they announce, and what is added to its checksum.
#[derive(Debug, Clone)]
struct Head {
    bits: u8,
    time: u32,
    extra: Vec<u8>,
    name: Vec<u8>,
    comment: Vec<u8>,
    wrong: u16,
}

fn part(longest: usize) -> impl Strategy<Value = Vec<u8>> {
    let filled = |(length, byte): (usize, u8)| vec![byte; length];
    prop_oneof![(0..30_usize, 1..=255_u8), (0..=longest, 1..=255_u8)].prop_map(filled)
}

fn head() -> impl Strategy<Value = Head> {
    // Most often without the bits that nobody has given a meaning, and with the right checksum.
    let bits = prop_oneof![4 => 0..32_u8, 1 => any::<u8>()];
    let wrong = prop_oneof![2 => Just(0_u16), 1 => any::<u16>()];
    let parts = (part(0xffff), part(300_000), part(300_000));
    (bits, any::<u32>(), parts, wrong).prop_map(|(bits, time, (extra, name, comment), wrong)| Head {
        bits,
        time,
        extra,
        name,
        comment,
        wrong,
    })
}

/// CRC-32, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
        }
    }
    !crc
}

impl Head {
    /// Returns a member with this header.
    fn member(&self, text: &str) -> Vec<u8> {
        let mut member = vec![0x1f, 0x8b, 8, self.bits];
        member.extend(self.time.to_le_bytes());
        member.extend([0, 3]);
        if self.bits & 4 != 0 {
            member.extend((self.extra.len() as u16).to_le_bytes());
            member.extend(&self.extra);
        }
        for (bit, part) in [(8, &self.name), (16, &self.comment)] {
            if self.bits & bit != 0 {
                member.extend(part);
                member.push(0);
            }
        }
        if self.bits & 2 != 0 {
            let sum = crc32(&member) as u16;
            member.extend(sum.wrapping_add(self.wrong).to_le_bytes());
        }
        // What our encoder writes has ten bytes of header.
        member.extend(&gz(text)[10..]);
        member
    }

    /// Returns whether `gzip -d` takes it, by RFC 1952.
    fn is_right(&self) -> bool {
        self.bits & 0xe0 == 0 && (self.bits & 2 == 0 || self.wrong == 0)
    }
}

/// Returns whether `gzip -d` takes an object; none if there is no such program.
fn gunzips(object: &[u8]) -> Option<bool> {
    let mut gzip = Command::new("gzip");
    let gzip = gzip.arg("-dc").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = gzip.spawn().ok()?;
    // One that is refused is not read to its end.
    let _ = child.stdin.take()?.write_all(object);
    Some(child.wait().ok()?.success())
}

#[test]
fn whatever_the_header_says_gzip_convert_and_verify_agree() {
    let work = Work::new();
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let (mut taken, mut rejected) = (Vec::new(), Vec::new());
    for number in 0..150_u32 {
        let first = head().new_tree(&mut runner).unwrap().current();
        let second = (number % 3 == 0).then(|| head().new_tree(&mut runner).unwrap().current());
        let rows = text(u64::from(number) * 10, 4);
        let (begin, end) = rows.split_at(rows.len() / 2);
        let (object, right) = match &second {
            None => (first.member(&rows), first.is_right()),
            Some(second) => ([first.member(begin), second.member(end)].concat(), first.is_right() && second.is_right()),
        };
        if let Some(said) = gunzips(&object) {
            assert_eq!(said, right, "gzip -d over {first:?}, {second:?}");
        }
        work.write(&format!("raw/{}", key(number)), &object);
        if right { taken.push(rows) } else { rejected.push(key(number)) }
    }
    assert!(taken.len() > 50 && rejected.len() > 20, "{} and {}", taken.len(), rejected.len());
    let ran = work.convert(&["--day", DAY]);
    ran.code(1).totals(&[("objects", taken.len() as u64), ("objects_rejected", rejected.len() as u64)]);
    let named: Vec<String> = ran.report()["rejects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["object"].as_str().unwrap().replace("WORK/raw/", ""))
        .collect();
    assert_eq!(named.iter().map(|name| name.trim_start_matches('/')).collect::<Vec<_>>(), rejected);
    assert_rows(&work.rows(), &all_expected(&taken));
    let ran = work.run(&["verify", "raw", "table", "--day", DAY, "--json", "--progress", "none"]);
    let verified = ran.code(1).report();
    let partition = &verified["partitions"][0];
    assert_eq!(
        (&partition["verdict"], &partition["differing"]),
        (&"incomplete".into(), &serde_json::json!([])),
        "{partition}"
    );
    assert_eq!(partition["not_converted"]["count"], rejected.len());
}

#[test]
fn a_header_whose_checksum_is_wrong_is_named() {
    let work = Work::new();
    let plain = Head { bits: 2, time: 0, extra: Vec::new(), name: Vec::new(), comment: Vec::new(), wrong: 1 };
    work.write(&format!("raw/{}", key(0)), plain.member(&text(0, 3)));
    let long = Head { bits: 2 | 8, name: vec![b'n'; 3_000_000], wrong: 0, ..plain };
    work.write(&format!("raw/{}", key(1)), long.member(&text(10, 3)));
    let ran = work.convert(&["--day", DAY]);
    ran.code(1).says(&format!(
        "rejected: the gzip data is damaged: the checksum of its header is wrong\n  at WORK/raw/{}\n",
        key(0)
    ));
    assert_rows(&work.rows(), &all_expected([&text(10, 3)]));
}
