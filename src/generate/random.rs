//! Seeded random numbers: xoshiro256++ filled by `SplitMix64`, and sampling from a power law.
//!
//! In: a few numbers that name what is being made (seed, account, day, ...). Out: the same sequence for the same numbers,
//! on every machine and in every later version; only integer arithmetic and IEEE-exact operations (`+ * / sqrt`) are used.
//! Not for secrets.

/// Spreads the bits of `value` over the whole word (the finisher of `SplitMix64`); one to one, so distinct values stay distinct.
pub(super) const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// Folds several numbers into one; their order matters.
pub(super) fn combine(parts: &[u64]) -> u64 {
    parts.iter().fold(0, |sum, part| mix(sum.rotate_left(23) ^ mix(*part)))
}

/// Returns a number that stands for `text` (FNV-1a, then [`mix`]).
pub(super) fn hash_text(text: &str) -> u64 {
    let fold = |sum: u64, byte: u8| (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    mix(text.bytes().fold(0xcbf2_9ce4_8422_2325, fold))
}

/// A source of random numbers.
#[derive(Debug)]
pub(super) struct Random {
    state: [u64; 4],
}

impl Random {
    /// Starts the sequence that belongs to `parts`.
    pub(super) fn new(parts: &[u64]) -> Self {
        let seed = combine(parts);
        let word = |number: u64| mix(seed.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        Self { state: [word(1), word(2), word(3), word(4)] }
    }

    /// Returns 64 random bits.
    pub(super) fn bits(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let result = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (c, d) = (c ^ a, d ^ b);
        self.state = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        result
    }

    /// Returns 32 random bits.
    pub(super) fn bits32(&mut self) -> u32 {
        (self.bits() >> 32) as u32
    }

    /// Returns a number from 0 up to, not including, `bound`; 0 if `bound` is 0.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        ((u64::from(self.bits32()) * u64::from(bound)) >> 32) as u32
    }

    /// Returns a number between `low` and `high`, both included.
    pub(super) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high - low + 1)
    }

    /// Returns a port between `low` and `high`, both included.
    pub(super) fn port(&mut self, low: u16, high: u16) -> u16 {
        let port = self.between(u32::from(low), u32::from(high));
        (port & 0xffff) as u16
    }

    /// Returns true in `percent` of all calls.
    pub(super) fn percent(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// Returns one of `items`, all equally likely.
    pub(super) fn pick<'a, T, const N: usize>(&mut self, items: &'a [T; N]) -> &'a T {
        &items[self.index(N)]
    }

    /// Returns an index into something with `length` items (at most 2^32); 0 if it is empty.
    pub(super) fn index(&mut self, length: usize) -> usize {
        self.below(u32::try_from(length).unwrap_or(u32::MAX)) as usize
    }

    /// Returns a heavy-tailed count: at least `scale`, twice that half of the time, n times that in one of n cases, up to `most`.
    pub(super) fn heavy(&mut self, scale: u32, most: u64) -> u64 {
        let draw = u64::from(self.bits32()) + 1;
        ((u64::from(scale) << 32) / draw).min(most)
    }
}

/// Ranks 0..n where rank r is drawn in proportion to (r + 1)^-exponent.
#[derive(Debug)]
pub(super) struct PowerLaw {
    /// For each rank the end of its share of all 32-bit numbers.
    ends: Vec<u32>,
    /// For each value of the top bits of a draw the first rank that can be meant; cuts the search short.
    guide: Vec<usize>,
}

/// How many leading bits of a draw the guide looks at.
const GUIDE_BITS: u32 = 12;

impl PowerLaw {
    /// Prepares `ranks` ranks (at least 1) with the exponent `quarters` / 4; quarters, because roots of roots are exact everywhere.
    pub(super) fn new(ranks: u32, quarters: u32) -> Self {
        let mut sum = 0.0;
        let mut sums = Vec::new();
        for rank in 1..=ranks.max(1) {
            sum += weight(rank, quarters);
            sums.push(sum);
        }
        let ends: Vec<u32> = sums.iter().map(|part| share(part / sum)).collect();
        let first = |top: u32| ends.partition_point(|end| *end < top << (32 - GUIDE_BITS));
        let guide = (0..1 << GUIDE_BITS).map(first).chain([ends.len()]).collect();
        Self { ends, guide }
    }

    /// Draws a rank.
    pub(super) fn sample(&self, random: &mut Random) -> usize {
        let draw = random.bits32();
        let top = (draw >> (32 - GUIDE_BITS)) as usize;
        let (from, to) = (self.guide[top], self.guide[top + 1].saturating_add(1).min(self.ends.len()));
        let rank = from + self.ends[from..to].partition_point(|end| *end <= draw);
        rank.min(self.ends.len() - 1)
    }
}

fn weight(rank: u32, quarters: u32) -> f64 {
    let root = f64::from(rank).sqrt().sqrt();
    (0..quarters).fold(1.0, |weight, _| weight / root)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "part is between 0 and 1")]
fn share(part: f64) -> u32 {
    (part * f64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_never_changes() {
        let mut random = Random::new(&[1, 2, 3]);
        let first = [random.bits(), random.bits(), random.bits()];
        let mut again = Random::new(&[1, 2, 3]);
        assert_eq!(first, [again.bits(), again.bits(), again.bits()]);
        assert_eq!(first, SEQUENCE_OF_1_2_3, "generated logs of earlier versions can no longer be reproduced");
        assert_ne!(first[0], Random::new(&[1, 3, 2]).bits());
    }

    const SEQUENCE_OF_1_2_3: [u64; 3] =
        [11_513_470_934_068_100_541, 8_309_531_914_373_969_155, 3_757_953_029_426_837_955];

    #[test]
    fn numbers_stay_in_their_bounds() {
        let mut random = Random::new(&[7]);
        for _ in 0..10_000 {
            assert!(random.below(3) < 3);
            assert!((32_768..=60_999).contains(&random.port(32_768, 60_999)));
            assert!((4..=500).contains(&random.heavy(4, 500)));
        }
        assert_eq!(random.below(0), 0);
        assert_eq!(random.index(0), 0);
    }

    #[test]
    fn power_law_prefers_low_ranks_and_reaches_high_ones() {
        let law = PowerLaw::new(1000, 4);
        let mut random = Random::new(&[9]);
        let mut counts = vec![0_u32; 1000];
        for _ in 0..200_000 {
            counts[law.sample(&mut random)] += 1;
        }
        // The share of rank 0 is 1 / (1 + 1/2 + ... + 1/1000) = 13.36 %.
        assert!((25_500..28_000).contains(&counts[0]), "{}", counts[0]);
        assert!((12_700..14_100).contains(&counts[1]), "{}", counts[1]);
        assert!(counts[900..].iter().sum::<u32>() > 1000);
    }

    #[test]
    fn a_law_of_one_rank_works() {
        assert_eq!(PowerLaw::new(1, 4).sample(&mut Random::new(&[1])), 0);
    }
}
