//! What a client of S3 is made of, looked at before a request is: names of buckets, of Regions, URLs of endpoints.
//!
//! All of these end up in a URL. One with a `/`, `#`, `@` or blank in it would make a request to another host than the one
//! that was meant, signed with our credentials, or none that can be sent at all.

use super::aws::partition::{FIRST_REGION, domain, domain_of};
use crate::error::{Error, Result, masked_urls};
use crate::options::{ALLOW_HTTP, ENDPOINT_URL, S3_REGION};

/// Longest name of a bucket, in bytes: S3 had such ones in its first Region until 2018; today 63 are allowed.
const MAX_BUCKET_BYTES: usize = 255;

/// Returns whether a bucket can have this name, by the rules of S3 and of what speaks its language.
pub(super) fn is_bucket(name: &str) -> bool {
    let of_buckets = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    (1..=MAX_BUCKET_BYTES).contains(&name.len())
        && name.bytes().all(of_buckets)
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !name.contains("..")
}

/// Refuses what cannot be the name of a Region: it becomes part of a host's name.
///
/// # Errors
/// A usage error.
pub(super) fn check_region(region: &str) -> Result<()> {
    if !region.is_empty() && region.len() <= 63 && region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Ok(());
    }
    Err(Error::usage(format!("{region:?} is no name of a Region"))
        .help(format!("set {S3_REGION} or AWS_REGION to one such as eu-west-1")))
}

/// Refuses what cannot be the URL of an endpoint, and plain HTTP unless it is allowed.
///
/// # Errors
/// A usage error, without the password that may stand in the URL.
pub(super) fn check_endpoint(url: &str, allow_http: bool) -> Result<()> {
    if url.starts_with("http://") && !allow_http {
        return Err(Error::usage(format!("{ENDPOINT_URL} {} is plain HTTP", shown(url)))
            .help(format!("add {ALLOW_HTTP} if that is meant, or use https://")));
    }
    if authority(url).is_some() {
        return Ok(());
    }
    Err(Error::usage(format!("{ENDPOINT_URL} {} is no URL of a server", shown(url))).help(
        "write https://HOST or https://HOST:PORT, with a path behind it if the server wants one; in a user or password \
         write characters such as / # ? @ as %2F %23 %3F %40",
    ))
}

/// Returns what of an endpoint may be shown. What is wrong with one may be what a password ends with: of one that is no URL, nothing
/// is shown that may be one.
fn shown(url: &str) -> String {
    if authority(url).is_some() {
        return masked_urls(url).into_owned();
    }
    // An `@` may be written as %40.
    match url.find(['?', '#']) {
        _ if url.contains(['@', '%']) => "***".to_owned(),
        Some(end) => format!("{:?}", format!("{}***", &url[..end])),
        None => format!("{url:?}"),
    }
}

/// Variables that a request carries as they are, if they are set.
const CARRIED: [&str; 4] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_TOKEN"];
/// The same, where a container's credentials are asked for; the last one names a file with it.
const CARRIED_TO_CONTAINER: [&str; 2] = ["AWS_CONTAINER_AUTHORIZATION_TOKEN", TOKEN_FILE];
const TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";

/// Refuses credentials that no header of a request can have, such as a token with a line end behind it.
///
/// # Errors
/// A usage error that names the variable and shows nothing of it.
pub(super) fn check_secrets() -> Result<()> {
    let set = |name: &str| std::env::var_os(name);
    let of_container = set(CARRIED[0]).is_none() && set("AWS_CONTAINER_CREDENTIALS_FULL_URI").is_some();
    let names = CARRIED.into_iter().chain(CARRIED_TO_CONTAINER.into_iter().filter(|_| of_container));
    for (name, value) in names.filter_map(|name| Some((name, set(name)?))) {
        let value = match name {
            // One that cannot be read says so itself.
            TOKEN_FILE => std::fs::read(&value).unwrap_or_default(),
            _ => value.into_encoded_bytes(),
        };
        if value.iter().any(|byte| byte.is_ascii_control() || !byte.is_ascii()) {
            let what = if name == TOKEN_FILE { "the file of " } else { "" };
            return Err(Error::usage(format!(
                "{what}{name} has a line end or another character that no request can carry"
            ))
            .help("set it again without: `printf %s`, where `echo` was, writes no line end"));
        }
    }
    Ok(())
}

/// Returns what tells buckets from those of the same names elsewhere: the host and port of their endpoint. All of AWS's
/// own endpoints of a bucket lead to the same one.
pub(super) fn identity(endpoint: Option<&str>, region: Option<&str>, bucket: &str) -> String {
    let Some((host, port)) = endpoint.and_then(authority) else {
        return domain(region.unwrap_or(FIRST_REGION)).to_owned();
    };
    let host = host.to_ascii_lowercase();
    if let Some(aws) = domain_of(&host) {
        return aws.to_owned();
    }
    let host = host.strip_prefix(&format!("{}.", bucket.to_ascii_lowercase())).unwrap_or(&host);
    port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Returns the host of a URL.
pub(super) fn host(url: &str) -> Option<String> {
    authority(url).map(|(host, _)| host.to_ascii_lowercase())
}

/// Returns host and port of a URL; no port if it is the usual one.
fn authority(url: &str) -> Option<(&str, Option<u16>)> {
    let (rest, usual) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => (rest, 443),
        (None, Some(rest)) => (rest, 80),
        (None, None) => return None,
    };
    if !rest.bytes().all(|b| b.is_ascii_graphic())
        || rest.contains(['#', '?', '\\', '"', '<', '>', '^', '`', '{', '|', '}'])
    {
        return None;
    }
    let (authority, _) = rest.split_once('/').unwrap_or((rest, ""));
    let server = authority.rsplit_once('@').map_or(authority, |(_, server)| server);
    let (host, port) = match server.strip_prefix('[').and_then(|six| six.split_once(']')) {
        Some((six, port)) => {
            six.parse::<std::net::Ipv6Addr>().ok()?;
            (&server[..six.len() + 2], port)
        }
        None => server.find(':').map_or((server, ""), |at| server.split_at(at)),
    };
    let of_hosts = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'[' | b']' | b':');
    if host.is_empty() || host.starts_with('.') || host.contains("..") || !host.bytes().all(of_hosts) {
        return None;
    }
    let port = match port.strip_prefix(':') {
        Some(port) if port.bytes().all(|b| b.is_ascii_digit()) => Some(port.parse::<u16>().ok()?),
        None if port.is_empty() => None,
        _ => return None,
    };
    Some((host, port.filter(|port| *port != usual)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AWS: &str = "amazonaws.com";
    const AWS_CHINA: &str = "amazonaws.com.cn";

    #[test]
    fn names_that_would_lead_elsewhere_are_refused() {
        for name in ["logs", "my.logs-2", "Old_Bucket", "a--use1-az1--x-s3", &"b".repeat(255)] {
            assert!(is_bucket(name), "{name}");
        }
        for name in
            ["", "evil.com#", "a b", "a:b", "a@b", "a/b", "a\\b", "a..b", "-a", ".a", "a\n", "é", &"b".repeat(256)]
        {
            assert!(!is_bucket(name), "{name}");
        }
        for region in ["us-east-1", "garage", "EU"] {
            assert!(check_region(region).is_ok(), "{region}");
        }
        for region in ["", "evil.com/#", "a.b", "a b", "a@b"] {
            assert!(check_region(region).is_err(), "{region}");
        }
    }

    #[test]
    fn endpoints_are_urls_of_servers() {
        for (url, host) in [
            ("https://s3.example.org", "s3.example.org"),
            ("https://S3.Example.org:443/minio/", "s3.example.org"),
            ("http://127.0.0.1:9000", "127.0.0.1:9000"),
            ("https://[::1]:9000/", "[::1]:9000"),
            ("https://user:p%40ss@host:80", "host:80"),
            ("https://logs.host", "host"),
            ("https://s3.eu-west-1.amazonaws.com", AWS),
            ("https://bucket.vpce-1-a.s3.us-east-1.vpce.amazonaws.com", AWS),
            ("https://s3.cn-north-1.amazonaws.com.cn", AWS_CHINA),
            ("https://evilamazonaws.com", "evilamazonaws.com"),
        ] {
            assert!(check_endpoint(url, true).is_ok(), "{url}");
            assert_eq!(identity(Some(url), None, "logs"), host, "{url}");
        }
        assert_eq!(
            (identity(None, None, "b").as_str(), identity(None, Some("cn-north-1"), "b").as_str()),
            (AWS, AWS_CHINA)
        );
        for url in [
            "",
            "host",
            "ftp://host",
            "https://",
            "https:///x",
            "https://a b",
            "https://a:b",
            "https://a:70000",
            "https://a:",
            "https://a?x",
            "https://a#x",
            "https://[::1",
            "https://[x]",
            "https://a\n",
            "https://.a",
            "https://a:1@",
            "https://é",
        ] {
            assert!(check_endpoint(url, true).is_err(), "{url}");
        }
        let said = check_endpoint("https://me:pass word@host", true).unwrap_err().to_string();
        assert!(!said.contains("pass word") && !said.contains("word@"), "{said}");
        for url in ["http://me:S3CR3T%40host", "http://me:p/S3CR3T@h", "http://me:p#S3CR3T@h", "http://me:a<S3CR3T@h"] {
            let said = check_endpoint(url, false).unwrap_err().to_string();
            assert!(!said.contains("S3CR3T"), "{said}");
        }
        let said = check_endpoint("http://h/x?X-Amz-Security-Token=S3CR3T", false).unwrap_err().to_string();
        assert!(said.contains("http://h/x***") && !said.contains("S3CR3T"), "{said}");
        assert!(check_endpoint("http://host", false).unwrap_err().to_string().contains("is plain HTTP"));
    }
}
