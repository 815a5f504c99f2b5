//! Parts of an object that lie near each other are fetched in one request.

use std::ops::Range;

/// Ranges that lie closer together are read by one request: a request costs about as long as these bytes take.
const NEAR_BYTES: u64 = 16 << 10;

/// Returns ranges that cover these, joined where they lie near each other.
pub fn near(ranges: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut sorted = ranges.to_vec();
    sorted.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<u64>> = Vec::new();
    for range in sorted {
        match joined.last_mut() {
            Some(last) if range.start <= last.end + NEAR_BYTES => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_ranges_are_one_request() {
        let joined = |ranges: &[Range<u64>]| near(ranges).iter().map(|r| (r.start, r.end)).collect::<Vec<_>>();
        assert_eq!(joined(&[10..20, 0..10]), [(0, 20)]);
        assert_eq!(joined(&[0..10, 10 + NEAR_BYTES..20 + NEAR_BYTES]), [(0, 20 + NEAR_BYTES)]);
        assert_eq!(near(&[0..10, 11 + NEAR_BYTES..20 + NEAR_BYTES]), [0..10, 11 + NEAR_BYTES..20 + NEAR_BYTES]);
        assert!(near(&[]).is_empty());
    }
}
