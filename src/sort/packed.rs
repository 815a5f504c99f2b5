//! Numbers in as few bytes as the largest of them needs: one, two, four or eight a row, or none if all are the same.

/// The values of a column, one a row: a base, and what each lies above it.
#[derive(Debug)]
pub(super) struct Packed {
    /// What is added to each of the numbers; 0 for ranks.
    pub(super) base: i64,
    /// No number is above it.
    pub(super) most: u64,
    pub(super) numbers: Narrow,
    pub(super) nulls: Nulls,
}

#[derive(Debug)]
pub(super) enum Narrow {
    Zeros(usize),
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
    U64(Vec<u64>),
}

/// A bit for each row that is NULL; none at all if no row is.
#[derive(Debug, Default)]
pub(super) struct Nulls(Vec<u64>);

impl Nulls {
    /// Marks these rows, of `rows` in all.
    pub(super) fn at(places: impl Iterator<Item = usize>, rows: usize) -> Self {
        let mut bits = vec![0; rows.div_ceil(64)];
        places.for_each(|place| bits[place / 64] |= 1 << (place % 64));
        Self(bits)
    }

    /// Returns whether no row is NULL.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether a row is NULL.
    pub(super) fn contains(&self, row: usize) -> bool {
        self.0.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }
}

impl Packed {
    pub(super) fn new(base: i64, most: u64, numbers: impl ExactSizeIterator<Item = u64>, nulls: Nulls) -> Self {
        let mut narrow = Narrow::with_room(most, numbers.len());
        narrow.extend(numbers);
        Self { base, most, numbers: narrow, nulls }
    }

    /// Returns the number of rows.
    pub(super) fn rows(&self) -> usize {
        match &self.numbers {
            Narrow::Zeros(rows) => *rows,
            Narrow::U8(numbers) => numbers.len(),
            Narrow::U16(numbers) => numbers.len(),
            Narrow::U32(numbers) => numbers.len(),
            Narrow::U64(numbers) => numbers.len(),
        }
    }

    /// Returns the memory it takes, in bytes.
    pub(super) fn memory(&self) -> usize {
        let width = match &self.numbers {
            Narrow::Zeros(_) => 0,
            Narrow::U8(_) => 1,
            Narrow::U16(_) => 2,
            Narrow::U32(_) => 4,
            Narrow::U64(_) => 8,
        };
        self.rows() * width + self.nulls.0.len() * size_of::<u64>()
    }

    /// Returns the number of a row, without the base; of a NULL row it means nothing.
    pub(super) fn number(&self, row: usize) -> u64 {
        match &self.numbers {
            Narrow::Zeros(_) => 0,
            Narrow::U8(numbers) => numbers[row].into(),
            Narrow::U16(numbers) => numbers[row].into(),
            Narrow::U32(numbers) => numbers[row].into(),
            Narrow::U64(numbers) => numbers[row],
        }
    }

    /// Puts what `value` makes of each row's number, without the base, in its place among `values`; `moves` are rows
    /// and places.
    pub(super) fn gather<V: Copy>(&self, moves: &[(u32, u32)], values: &mut [V], value: impl Fn(u64) -> V) {
        match &self.numbers {
            Narrow::Zeros(_) => {
                let zero = if moves.is_empty() { return } else { value(0) };
                moves.iter().for_each(|(_, place)| values[*place as usize] = zero);
            }
            Narrow::U8(numbers) => gather(numbers, moves, values, value),
            Narrow::U16(numbers) => gather(numbers, moves, values, value),
            Narrow::U32(numbers) => gather(numbers, moves, values, value),
            Narrow::U64(numbers) => gather(numbers, moves, values, value),
        }
    }

    /// Puts what `value` makes of every row's number, without the base, into `values`.
    pub(super) fn copy<V>(&self, values: &mut [V], value: impl Fn(u64) -> V) {
        fn copy<T: Copy + Into<u64>, V>(numbers: &[T], values: &mut [V], value: impl Fn(u64) -> V) {
            values.iter_mut().zip(numbers).for_each(|(to, number)| *to = value((*number).into()));
        }
        match &self.numbers {
            Narrow::Zeros(_) => values.iter_mut().for_each(|to| *to = value(0)),
            Narrow::U8(numbers) => copy(numbers, values, value),
            Narrow::U16(numbers) => copy(numbers, values, value),
            Narrow::U32(numbers) => copy(numbers, values, value),
            Narrow::U64(numbers) => copy(numbers, values, value),
        }
    }
}

fn gather<T: Copy + Into<u64>, V>(numbers: &[T], moves: &[(u32, u32)], values: &mut [V], value: impl Fn(u64) -> V) {
    for (row, place) in moves {
        values[*place as usize] = value(numbers[*row as usize].into());
    }
}

impl Narrow {
    /// Returns nothing yet, with room for so many numbers up to `most`.
    fn with_room(most: u64, rows: usize) -> Self {
        match most {
            0 => Self::Zeros(0),
            1..=0xff => Self::U8(Vec::with_capacity(rows)),
            0x100..=0xffff => Self::U16(Vec::with_capacity(rows)),
            0x1_0000..=0xffff_ffff => Self::U32(Vec::with_capacity(rows)),
            _ => Self::U64(Vec::with_capacity(rows)),
        }
    }

    /// Appends numbers, none of them above what there is room for.
    fn extend(&mut self, numbers: impl Iterator<Item = u64>) {
        match self {
            Self::Zeros(rows) => *rows += numbers.count(),
            Self::U8(all) => all.extend(numbers.map(|n| n as u8)),
            Self::U16(all) => all.extend(numbers.map(|n| n as u16)),
            Self::U32(all) => all.extend(numbers.map(|n| n as u32)),
            Self::U64(all) => all.extend(numbers),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_of_every_width_come_back(
            most in prop_oneof![Just(0_u64), Just(200), Just(0xffff), Just(0x10_0000), Just(u64::MAX)],
            seeds in prop::collection::vec(any::<u64>(), 1..200),
            nulls in prop::collection::btree_set(0_usize..200, 0..20),
        ) {
            let numbers: Vec<u64> = seeds.iter().map(|n| if most == u64::MAX { *n } else { n % (most + 1) }).collect();
            let nulls: Vec<usize> = nulls.into_iter().filter(|place| *place < numbers.len()).collect();
            let marked = if nulls.is_empty() { Nulls::default() } else { Nulls::at(nulls.iter().copied(), numbers.len()) };
            let packed = Packed::new(0, most, numbers.iter().copied(), marked);
            let mut values = vec![0; numbers.len()];
            packed.copy(&mut values, |number| number);
            prop_assert_eq!(&values, &numbers);
            prop_assert_eq!((0..numbers.len()).map(|row| packed.number(row)).collect::<Vec<_>>(), values.clone());
            let turned: Vec<(u32, u32)> = (0..numbers.len() as u32).rev().zip(0..).collect();
            packed.gather(&turned, &mut values, |number| number);
            values.reverse();
            prop_assert_eq!(&values, &numbers);
            prop_assert_eq!((0..numbers.len()).filter(|row| packed.nulls.contains(*row)).collect::<Vec<_>>(), nulls);
            prop_assert_eq!(packed.rows(), numbers.len());
        }
    }
}
