//! What people type where `s3://bucket/prefix` or a path belongs, and what they mean by it.
//!
//! In: text that is no location, or would be one by accident: an ARN, a URL of S3 or of its console, `S3://`, `~` in quotes. Out:
//! an error that says the right spelling. Nothing is changed silently: whoever typed it sees what it would have been.

use super::endpoint::is_bucket;
use crate::error::{Error, masked};
use crate::options::ENDPOINT_URL;

/// Returns what is wrong with a text that somebody typed as a location, if that can be told.
pub(super) fn slip(text: &str) -> Option<Error> {
    let lower = text.to_ascii_lowercase();
    if text == "~" || text.starts_with("~/") {
        return Some(
            Error::usage(format!("{text:?} begins with ~, which is the shell's word for your home folder"))
                .help("write it without quotes; a folder that is called ~ is ./~"),
        );
    }
    let is_place = text.starts_with("s3://") || text.starts_with("s3a://") || text.starts_with("file://");
    let meant = if is_place {
        return None;
    } else if lower.starts_with("arn:") {
        Some(of_arn(text))
    } else if lower.starts_with("http://") || lower.starts_with("https://") {
        Some(of_url(text))
    } else {
        of_scheme(text)
    };
    let meant = meant?.filter(|meant| meant.split('/').nth(2).is_some_and(is_bucket));
    let help = match meant {
        Some(meant) => format!("write {meant}"),
        None if lower.starts_with("http") => {
            format!("write s3://bucket/prefix; the server of an S3-compatible store is given by {ENDPOINT_URL}")
        }
        None => "write s3://bucket/prefix; for an access point, its alias in place of the bucket".to_owned(),
    };
    Some(Error::usage(format!("{:?} is no location", masked(text))).help(help))
}

/// Returns `s3://bucket/prefix` for `S3://bucket/prefix`, `s3:bucket/prefix` and the like.
fn of_scheme(text: &str) -> Option<Option<String>> {
    let host = text.split('/').next().unwrap_or_default().to_ascii_lowercase();
    if host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn") {
        return Some(of_url(&format!("https://{text}")));
    }
    let (scheme, rest) = text.split_once(':').or_else(|| text.split_once("//"))?;
    let is_s3 = ["s3", "s3a", "s3n"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    is_s3.then(|| Some(format!("s3://{}", rest.trim_start_matches('/'))))
}

/// Returns `s3://bucket/prefix` for `arn:aws:s3:::bucket/prefix`.
fn of_arn(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [_, _, service, "", "", resource] = parts[..] else { return None };
    service.eq_ignore_ascii_case("s3").then(|| format!("s3://{}", resource.trim_end_matches('*')))
}

/// Returns `s3://bucket/prefix` for a URL of AWS's: of either style, or of the console.
fn of_url(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("://")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.to_ascii_lowercase();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let bucket_and_prefix = if host.ends_with("console.aws.amazon.com") {
        let bucket = path.strip_prefix("s3/buckets/").or_else(|| path.strip_prefix("s3/object/"))?;
        let prefix = query.split('&').find_map(|part| part.strip_prefix("prefix=")).unwrap_or_default();
        format!("{}/{prefix}", bucket.trim_end_matches('/'))
    } else {
        let host = host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".amazonaws.com.cn"))?;
        let of_s3 = |label: &str| label == "s3" || label.starts_with("s3.") || label.starts_with("s3-");
        let begin = host.match_indices('.').map(|(at, _)| at + 1).chain([0]).filter(|at| of_s3(&host[*at..])).max()?;
        match host[..begin].strip_suffix('.') {
            None => path.to_owned(),
            Some(bucket) => format!("{bucket}/{path}"),
        }
    };
    Some(format!("s3://{}", unescaped(&bucket_and_prefix)?))
}

/// Returns a text with the characters that stand in it as `%2F`.
fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let code = (*first == b'%').then(|| behind.get(..2)).flatten();
        let code = code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_was_meant() {
        let help = |text: &str| slip(text).unwrap().to_string().lines().last().unwrap().trim().to_owned();
        for (typed, meant) in [
            ("S3://logs/a", "s3://logs/a"),
            ("s3n://logs/a", "s3://logs/a"),
            ("s3:/logs/a", "s3://logs/a"),
            ("s3:logs", "s3://logs"),
            ("s3//logs/a", "s3://logs/a"),
            ("logs.s3.amazonaws.com/a", "s3://logs/a"),
            ("s3.eu-west-1.amazonaws.com/logs/a", "s3://logs/a"),
            ("arn:aws:s3:::logs/AWSLogs/*", "s3://logs/AWSLogs/"),
            ("arn:aws-cn:s3:::logs", "s3://logs"),
            ("https://logs.s3.amazonaws.com/a/b", "s3://logs/a/b"),
            ("https://logs.s3.eu-west-1.amazonaws.com/a%20b/", "s3://logs/a b/"),
            ("https://my.s3.logs.s3-eu-west-1.amazonaws.com", "s3://my.s3.logs/"),
            ("https://s3.eu-west-1.amazonaws.com/logs/a", "s3://logs/a"),
            ("https://s3.cn-north-1.amazonaws.com.cn/logs/a", "s3://logs/a"),
            (
                "https://eu-west-1.console.aws.amazon.com/s3/buckets/logs?region=eu-west-1&prefix=AWSLogs%2F1/",
                "s3://logs/AWSLogs/1/",
            ),
        ] {
            assert_eq!(help(typed), format!("help: write {meant}"), "{typed}");
        }
        for (typed, said) in [
            ("https://minio.example/logs", "endpoint_url"),
            ("https://s3.amazonaws.com/", "endpoint_url"),
            ("arn:aws:s3:eu-west-1:111122223333:accesspoint/x", "its alias"),
            ("arn:aws:iam::111122223333:role/x", "s3://bucket/prefix"),
            ("~/logs", "without quotes"),
            ("~", "without quotes"),
        ] {
            assert!(help(typed).contains(said), "{typed}: {}", help(typed));
        }
        for fine in [
            "s3://logs",
            "s3a://logs/x",
            "file:///x",
            "/x",
            "logs/a:b",
            "~logs",
            "./~/x",
            "gs://x",
            "x:y",
            "s3/logs",
            "a//b",
            "./s3//logs",
        ] {
            assert!(slip(fine).is_none(), "{fine}");
        }
    }
}
