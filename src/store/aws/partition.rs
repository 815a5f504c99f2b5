//! AWS's partitions: their Regions, and the domain of each. None knows anything of another one.
//!
//! <https://docs.aws.amazon.com/general/latest/gr/rande.html>

/// The Region of requests before anybody has said another one: AWS answers there where a bucket of its commercial Regions lies.
pub const FIRST_REGION: &str = "us-east-1";

/// AWS's partitions, by how the names of their Regions begin, and the domain of each. The rest are commercial Regions.
const PARTITIONS: [(&str, &str); 7] = [
    ("cn-", "amazonaws.com.cn"),
    ("us-gov-", "amazonaws.com"),
    ("us-iso-", "c2s.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
    ("eusc-", "amazonaws.eu"),
];

/// The domain of commercial Regions.
const COMMERCIAL: &str = "amazonaws.com";

/// Returns the domain of a Region's endpoints.
pub fn domain(region: &str) -> &'static str {
    PARTITIONS.iter().find(|(begin, _)| region.starts_with(begin)).map_or(COMMERCIAL, |(_, domain)| domain)
}

/// Returns whether two Regions are of one partition: GovCloud has the domain of the commercial ones.
pub fn are_of_one(one: &str, other: &str) -> bool {
    let partition = |region: &str| PARTITIONS.iter().position(|(begin, _)| region.starts_with(begin));
    partition(one) == partition(other)
}

/// Returns whether a Region is called as AWS calls its own: `eu-west-1`.
pub fn is_called_region(region: &str) -> bool {
    let parts: Vec<&str> = region.split('-').collect();
    let is_word = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    parts.len() >= 3
        && parts.last().is_some_and(|last| !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit()))
        && parts[..parts.len() - 1].iter().all(is_word)
}

/// Returns the domain of AWS's that a host lies in.
pub fn domain_of(host: &str) -> Option<&'static str> {
    let domains = PARTITIONS.iter().map(|(_, domain)| *domain).chain([COMMERCIAL]);
    domains
        .filter(|domain| host.strip_suffix(domain).is_some_and(|above| above.is_empty() || above.ends_with('.')))
        .max_by_key(|domain| domain.len())
}
