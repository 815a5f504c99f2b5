//! Numbers that stand for integers, and what sorting and encoding ask of many of them: the least and the greatest, and the
//! distinct ones in order.

/// A number that stands for an integer: the integer itself, or what it lies above a base.
pub(crate) trait Number: Copy + Ord + Default {
    /// Returns the integer.
    fn value(self, base: i64) -> i64;

    /// Returns how far it lies above `low`, modulo 2^64 if it does not.
    fn above(self, low: Self) -> u64;

    /// Returns the number that lies so far above this one.
    fn plus(self, above: u32) -> Self;

    /// Sorts rows by their numbers; of equal ones in any order.
    fn pairs(numbers: &[Self]) -> impl Iterator<Item = (Self, u32)> {
        let mut pairs: Vec<(Self, u32)> = numbers.iter().copied().zip(0..).collect();
        pairs.sort_unstable();
        pairs.into_iter()
    }
}

impl Number for u32 {
    #[inline]
    fn value(self, base: i64) -> i64 {
        base.wrapping_add(self.into())
    }

    #[inline]
    fn above(self, low: Self) -> u64 {
        self.wrapping_sub(low).into()
    }

    #[inline]
    fn plus(self, above: u32) -> Self {
        self + above
    }

    fn pairs(numbers: &[Self]) -> impl Iterator<Item = (Self, u32)> {
        let pairs = numbers.iter().zip(0_u64..).map(|(number, row)| u64::from(*number) << 32 | row).collect();
        radix_sorted(pairs).into_iter().map(|pair| ((pair >> 32) as Self, pair as u32))
    }
}

impl Number for i32 {
    #[inline]
    fn value(self, base: i64) -> i64 {
        base.wrapping_add(self.into())
    }

    #[inline]
    fn above(self, low: Self) -> u64 {
        (self.wrapping_sub(low) as u32).into()
    }

    #[inline]
    fn plus(self, above: u32) -> Self {
        self.wrapping_add_unsigned(above)
    }
}

impl Number for i64 {
    #[inline]
    fn value(self, base: i64) -> i64 {
        base.wrapping_add(self)
    }

    #[inline]
    fn above(self, low: Self) -> u64 {
        self.wrapping_sub(low) as u64
    }

    #[inline]
    fn plus(self, above: u32) -> Self {
        self.wrapping_add_unsigned(above.into())
    }
}

/// Returns the least and the greatest number. Asks one question of each, which is answered alike of nearly all; without
/// AVX2, a processor compares no two 64-bit numbers at once.
pub(crate) fn bounds<N: Number>(numbers: &[N]) -> Option<(N, N)> {
    let (mut low, mut high) = (*numbers.first()?, *numbers.first()?);
    for number in numbers {
        if number.above(low) > high.above(low) {
            (low, high) = (low.min(*number), high.max(*number));
        }
    }
    Some((low, high))
}

/// Returns the distinct numbers, ascending, and for each number its place among them.
pub(crate) fn sorted<N: Number>(numbers: &[N]) -> (Vec<N>, Vec<u32>) {
    let mut distinct: Vec<N> = Vec::new();
    let mut places = vec![0; numbers.len()];
    for (number, row) in N::pairs(numbers) {
        if distinct.last() != Some(&number) {
            distinct.push(number);
        }
        places[row as usize] = distinct.len() as u32 - 1;
    }
    (distinct, places)
}

/// Sorts by the upper 32 bits: digit by digit, the lowest first, pairs of a digit counted and then put where they belong.
fn radix_sorted(mut pairs: Vec<u64>) -> Vec<u64> {
    const BITS: u32 = 11;
    let mut other = vec![0; pairs.len()];
    for shift in [32, 32 + BITS, 32 + 2 * BITS] {
        let digit = |pair: u64| (pair >> shift) as usize & ((1 << BITS) - 1);
        let mut places = [0_usize; 1 << BITS];
        pairs.iter().for_each(|pair| places[digit(*pair)] += 1);
        if places.contains(&pairs.len()) {
            continue; // All of them have the same.
        }
        let mut before = 0;
        for place in &mut places {
            before += std::mem::replace(place, before);
        }
        for pair in &pairs {
            let place = &mut places[digit(*pair)];
            other[*place] = *pair;
            *place += 1;
        }
        std::mem::swap(&mut pairs, &mut other);
    }
    pairs
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Debug;

    use proptest::prelude::*;

    use super::*;

    /// The plain twin: a sorted set.
    fn check<N: Number + Debug>(numbers: &[N]) {
        let plain: Vec<N> = numbers.iter().copied().collect::<BTreeSet<N>>().into_iter().collect();
        let (distinct, places) = sorted(numbers);
        assert_eq!(distinct, plain);
        assert_eq!(places.iter().map(|place| distinct[*place as usize]).collect::<Vec<_>>(), numbers);
        assert_eq!(bounds(numbers), plain.first().copied().zip(plain.last().copied()));
    }

    proptest! {
        #[test]
        fn agrees_with_a_sorted_set(
            wide in prop::collection::vec(prop_oneof![any::<i64>(), -9_i64..9, Just(i64::MIN), Just(i64::MAX)], 0..200),
            ints in prop::collection::vec(prop_oneof![any::<i32>(), -9_i32..9, Just(i32::MIN), Just(i32::MAX)], 0..200),
            narrow in prop::collection::vec(prop_oneof![any::<u32>(), 0_u32..9, 4_000_u32..4_100], 0..200),
            close in prop::collection::vec(1_000_u32..1_300, 1..200),
        ) {
            check(&wide);
            check(&ints);
            check(&narrow);
            check(&close);
        }
    }
}
