//! What a query costs in Athena (<https://aws.amazon.com/athena/pricing/>).

/// Dollars for a tebibyte scanned, in most Regions.
pub const USD_PER_TIB: f64 = 5.0;

/// Least bytes that a query is charged for.
pub const MIN_BYTES: u64 = 10 << 20;

/// Returns the dollars that a query costs that scans `bytes`: rounded up to a megabyte, at least ten.
pub fn scan_usd(bytes: u64, usd_per_tib: f64) -> f64 {
    let charged = bytes.div_ceil(1 << 20).saturating_mul(1 << 20).max(MIN_BYTES);
    charged as f64 / (1_u64 << 40) as f64 * usd_per_tib
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_up_and_has_a_floor() {
        assert!((scan_usd(1 << 40, USD_PER_TIB) - 5.0).abs() < 1e-12);
        assert_eq!(scan_usd(0, 5.0), scan_usd(10 << 20, 5.0));
        assert_eq!(scan_usd((20 << 20) + 1, 4.0), scan_usd(21 << 20, 4.0));
    }
}
