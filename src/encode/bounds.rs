//! The least and the greatest value of a page or chunk, as statistics and column index have them.
//!
//! Bounds of long strings are shortened, never left out: DataFusion takes the bounds of the row groups that have some for
//! those of the whole file, so a column without them in one row group loses that row group's rows. Short ones prune as
//! well, and do not weigh in the footer (<https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>,
//! `Statistics` and `ColumnIndex`).

use super::number::Number;
use crate::record::schema::ColumnType;

/// Bytes of the longest bound of a string; values are bounds of themselves up to here. ARNs of ECS have about a hundred.
pub const MAX_BOUND_BYTES: usize = 256;

/// A bound of strings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// No value lies beyond it, compared byte by byte.
    pub bytes: Vec<u8>,
    /// Whether it is a value. Shortened bounds are none.
    pub exact: bool,
}

/// The least and the greatest value of a page or chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MinMax {
    /// Of an `int` column.
    Int(i32, i32),
    /// Of a `bigint` column.
    Bigint(i64, i64),
    /// Of a `string` column.
    String(Bound, Bound),
}

impl MinMax {
    /// Returns the bounds of integers, each `base` more than a number.
    pub(super) fn of_integers<N: Number>(column_type: ColumnType, base: i64, (low, high): (N, N)) -> Self {
        let (low, high) = (low.value(base), high.value(base));
        match column_type {
            ColumnType::Int => Self::Int(low as i32, high as i32),
            ColumnType::Bigint | ColumnType::String => Self::Bigint(low, high),
        }
    }

    /// Returns the bounds of strings from the least and the greatest of them; `None` if there is no short one above the
    /// greatest, whose first characters are the last that Unicode has.
    pub fn of_strings(low: &[u8], high: &[u8]) -> Option<Self> {
        Some(Self::String(lower(low), upper(high)?))
    }

    /// Returns whether neither bound lies above the other's; false for different types.
    pub fn not_above(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Int(a, b), Self::Int(c, d)) => a <= c && b <= d,
            (Self::Bigint(a, b), Self::Bigint(c, d)) => a <= c && b <= d,
            (Self::String(a, b), Self::String(c, d)) => a.bytes <= c.bytes && b.bytes <= d.bytes,
            _ => false,
        }
    }

    /// Returns the bounds of the values of both; of values of one column.
    pub fn union(self, other: Self) -> Self {
        match (self, other) {
            (Self::Int(a, b), Self::Int(c, d)) => Self::Int(a.min(c), b.max(d)),
            (Self::Bigint(a, b), Self::Bigint(c, d)) => Self::Bigint(a.min(c), b.max(d)),
            // Of equal bounds the exact one: it is a value, and the other lies beyond one that is not farther out.
            (Self::String(a, b), Self::String(c, d)) => Self::String(
                if (&a.bytes, !a.exact) <= (&c.bytes, !c.exact) { a } else { c },
                if (&b.bytes, b.exact) >= (&d.bytes, d.exact) { b } else { d },
            ),
            (one, _) => one,
        }
    }

    /// Returns both bounds as Parquet's PLAIN encoding has them, and whether each is a value.
    pub fn to_bytes(&self) -> (Bound, Bound) {
        let exact = |bytes: &[u8]| Bound { bytes: bytes.to_vec(), exact: true };
        match self {
            Self::Int(low, high) => (exact(&low.to_le_bytes()), exact(&high.to_le_bytes())),
            Self::Bigint(low, high) => (exact(&low.to_le_bytes()), exact(&high.to_le_bytes())),
            Self::String(low, high) => (low.clone(), high.clone()),
        }
    }
}

/// Returns a bound below a value: its beginning.
fn lower(value: &[u8]) -> Bound {
    let cut = cut(value);
    Bound { bytes: cut.to_vec(), exact: cut.len() == value.len() }
}

/// Returns a bound above a value: its beginning, the last character replaced by the one after it.
fn upper(value: &[u8]) -> Option<Bound> {
    let cut = cut(value);
    if cut.len() == value.len() {
        return Some(Bound { bytes: value.to_vec(), exact: true });
    }
    let text = str::from_utf8(cut).ok()?;
    // The last character of all has none after it, and some have one that is a byte longer: then the one before is raised.
    text.char_indices().rev().find_map(|(at, last)| {
        let mut raised = text[..at].to_owned();
        raised.push(after(last)?);
        (raised.len() <= MAX_BOUND_BYTES).then(|| Bound { bytes: raised.into_bytes(), exact: false })
    })
}

/// Returns the beginning of a string, no character split.
fn cut(value: &[u8]) -> &[u8] {
    if value.len() <= MAX_BOUND_BYTES {
        return value;
    }
    let begins = |at: &usize| value[*at] & 0xc0 != 0x80;
    &value[..(1..=MAX_BOUND_BYTES).rev().find(begins).unwrap_or(MAX_BOUND_BYTES)]
}

/// Returns the character after another: in UTF-8 characters compare as their bytes do.
fn after(character: char) -> Option<char> {
    let next = u32::from(character) + 1;
    // Between these two lie the surrogates, which are no characters.
    char::from_u32(if next == 0xd800 { 0xe000 } else { next })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn strings(values: &[String]) -> Option<MinMax> {
        let (low, high) = (values.iter().min()?, values.iter().max()?);
        MinMax::of_strings(low.as_bytes(), high.as_bytes())
    }

    /// Long strings whose ends are characters of every length and the last of each.
    fn long() -> impl Strategy<Value = String> {
        let ends = "[a\u{7f}\u{80}\u{e9}\u{7ff}\u{800}\u{d7ff}\u{e000}\u{ffff}\u{10000}\u{10ffff}]{0,12}";
        (245_usize..260, prop_oneof![Just('a'), Just('b'), Just('\u{10ffff}')], ends)
            .prop_map(|(bytes, fill, end)| fill.to_string().repeat(bytes / fill.len_utf8()) + &end)
    }

    proptest! {
        #[test]
        fn no_value_lies_beyond_its_bounds(
            pages in prop::collection::vec(prop::collection::vec(prop_oneof![long(), "[ab\u{e9}]{0,3}"], 1..6), 1..5),
        ) {
            let bounds: Vec<Option<MinMax>> = pages.iter().map(|page| strings(page)).collect();
            let known: Vec<MinMax> = bounds.iter().flatten().cloned().collect();
            for (page, bound) in pages.iter().zip(&bounds) {
                if bound.is_none() {
                    let high = page.iter().max().unwrap();
                    prop_assert!(high.starts_with(&"\u{10ffff}".repeat(MAX_BOUND_BYTES / 4)), "{high:?} has no bound");
                }
            }
            let all: Vec<&String> = pages.iter().zip(&bounds).filter(|(_, bound)| bound.is_some()).flat_map(|(p, _)| p).collect();
            let Some(MinMax::String(low, high)) = known.iter().cloned().reduce(MinMax::union) else { return Ok(()) };
            let (least, most) = (all.iter().min().unwrap().as_bytes(), all.iter().max().unwrap().as_bytes());
            prop_assert!(low.bytes.as_slice() <= least && most <= high.bytes.as_slice());
            prop_assert!(low.bytes.len() <= MAX_BOUND_BYTES && high.bytes.len() <= MAX_BOUND_BYTES);
            prop_assert!(str::from_utf8(&low.bytes).is_ok() && str::from_utf8(&high.bytes).is_ok());
            prop_assert_eq!(low.exact, low.bytes == least);
            prop_assert_eq!(high.exact, high.bytes == most);
        }
    }

    #[test]
    fn the_last_character_is_raised_or_the_one_before() {
        let of = |value: String| upper(value.as_bytes()).map(|bound| String::from_utf8(bound.bytes).unwrap());
        assert_eq!(of("a".repeat(300)), Some("a".repeat(255) + "b"));
        assert_eq!(of("a".repeat(255) + "\u{e9}..."), Some("a".repeat(254) + "b"), "a character is not split");
        assert_eq!(of("a".repeat(254) + "\u{e9}..."), Some("a".repeat(254) + "\u{ea}"));
        assert_eq!(of("a".repeat(255) + "\u{7f}..."), Some("a".repeat(254) + "b"), "the next one has two bytes");
        assert_eq!(of("a".repeat(252) + "\u{10ffff}..."), Some("a".repeat(251) + "b"), "there is none after the last");
        assert_eq!(of("a".repeat(253) + "\u{d7ff}..."), Some("a".repeat(253) + "\u{e000}"), "surrogates are none");
        assert_eq!(of("\u{10ffff}".repeat(65)), None);
        assert_eq!(of("\u{10ffff}".repeat(64)), Some("\u{10ffff}".repeat(64)), "short enough to be a bound itself");
    }
}
