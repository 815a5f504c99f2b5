//! Text that is surely no flow log: what other services deliver, and people put, beside them.
//!
//! In: the first line of an object that is no header line. Out: what it is, if that is sure. A flow log is space-delimited, so JSON,
//! XML and quoted values are none; but one that somebody keeps in another form is still a flow log, which is why a line that speaks as
//! flow logs do is never taken for something else. `verify` has a rule of its own.

/// Bytes of the line that are looked at.
const MOST_BYTES: usize = 4 << 10;

/// What stands in flow logs of whatever form: names of fields, and the ends of records.
const SPEAKS_OF_FLOWS: [&str; 9] =
    ["srcaddr", "src_addr", "interface-id", "interface_id", " OK\"", " ACCEPT ", " REJECT ", " NODATA", " SKIPDATA"];

/// How lines of load balancers' access logs begin
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html>).
const LOAD_BALANCED: [&str; 7] = ["http ", "https ", "h2 ", "grpcs ", "ws ", "wss ", "tls "];

/// Returns what an object is whose first line is no header line, if it is surely no flow log.
pub fn of_another_kind(line: &[u8]) -> Option<&'static str> {
    let line = String::from_utf8_lossy(line.get(..MOST_BYTES).unwrap_or(line));
    let line = line.trim_start_matches('\u{feff}').trim();
    if SPEAKS_OF_FLOWS.iter().any(|words| line.contains(words)) {
        return None;
    }
    let count = |of: char| line.matches(of).count();
    match line.chars().next()? {
        '{' | '[' => Some("JSON"),
        '<' => Some("XML or HTML"),
        '#' => Some("a text with remarks, such as CloudFront's logs"),
        '"' => Some("a table of quoted values"),
        _ if LOAD_BALANCED.iter().any(|begin| line.starts_with(begin)) => Some("a load balancer's access log"),
        // https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
        _ if line.split(' ').nth(2).is_some_and(|time| time.starts_with('[')) && count('"') >= 2 => {
            Some("an access log of S3")
        }
        _ if count(',') >= 2 && count(' ') < count(',') => Some("a table of values between commas"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_surely_no_flow_log_is_taken_for_something_else() {
        for line in [
            "{\"timestamp\":1,\"webaclId\":\"arn\"}",
            "[",
            "\u{feff}{}",
            "<?xml version=\"1.0\"?>",
            "#Version: 1.0",
            "\"id\",\"name\"",
            "https 2026-01-15T00:00:00.1Z app/my/50 10.0.0.1:1 10.0.0.2:80 0.0 0.1",
            "tls 2.0 2026-01-15T00:00:00 net/my/c6 g3 10.0.0.1:1 10.0.0.2:2",
            "79a5 bucket [15/Jan/2026:00:00:38 +0000] 192.0.2.3 79a5 3E57 REST.GET - \"GET /x HTTP/1.1\" 200",
            "id,name,size",
        ] {
            assert!(of_another_kind(line.as_bytes()).is_some(), "{line}");
        }
        for line in [
            "",
            "2 123456789012 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 40 1 2 ACCEPT OK",
            "2026-01-15T00:00:00.000Z 2 123456789012 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 40 1 2 ACCEPT OK",
            "{\"message\":\"2 123456789012 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 40 1 2 ACCEPT OK\"}",
            "{\"srcaddr\": \"10.0.0.1\"}",
            "\"version\",\"account_id\",\"interface_id\"",
            "version,account-id,interface-id,srcaddr",
            "https",
            "Version Account-Id",
            "\u{0}\u{1}",
        ] {
            assert_eq!(of_another_kind(line.as_bytes()), None, "{line}");
        }
    }
}
