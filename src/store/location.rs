//! Where logs and tables are: `s3://bucket/prefix`, `file:///path` or a local path.

use std::fmt;

use super::endpoint::is_bucket;
use super::real::real_prefix;
use super::spelling::slip;
use crate::error::{Error, Result};

/// A place in a store: the store's root and a prefix below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    bucket: Option<String>,
    prefix: String,
}

impl Location {
    /// Parses what a person types for SOURCE or DEST.
    ///
    /// Local paths are made absolute, so that keys are whole paths and mean the same at every run.
    ///
    /// # Errors
    /// A usage error for other schemes, which says what was meant if that can be told, a missing bucket, and paths that are no
    /// UTF-8.
    pub fn parse(text: &str) -> Result<Self> {
        if let Some(wrong) = slip(text) {
            return Err(wrong);
        }
        if let Some(rest) = text.strip_prefix("s3://").or_else(|| text.strip_prefix("s3a://")) {
            let (bucket, prefix) = split(rest);
            if is_arn(bucket) {
                return Ok(Self { bucket: Some(bucket.to_owned()), prefix: prefix.trim_matches('/').to_owned() });
            }
            if bucket.is_empty() {
                return Err(Error::usage(format!("{text:?} names no bucket")).help("write s3://bucket/prefix"));
            }
            if !is_bucket(bucket) {
                return Err(Error::usage(format!("{bucket:?} is no name of a bucket")).help(
                    "write s3://bucket/prefix; a bucket's name has letters, digits, dots, hyphens and underscores only",
                ));
            }
            return Ok(Self { bucket: Some(bucket.to_owned()), prefix: prefix.trim_matches('/').to_owned() });
        }
        let path = text.strip_prefix("file://").unwrap_or(text);
        if path.is_empty() || path.contains("://") {
            return Err(Error::usage(format!("{text:?} is no location"))
                .help("write s3://bucket/prefix, a local path or file:///path"));
        }
        let absolute =
            std::path::absolute(path).map_err(|e| Error::usage("cannot use this path").at(text).because(e))?;
        // `absolute` leaves `..` in: resolved by hand, since the folder may not exist yet.
        let mut parts: Vec<&str> = Vec::new();
        for part in absolute.components() {
            match part {
                std::path::Component::Normal(name) => parts.push(name.to_str().ok_or_else(|| {
                    Error::usage("this path is not UTF-8").at(absolute.display()).help("rename the folder")
                })?),
                std::path::Component::ParentDir => {
                    parts.pop();
                }
                _ => {}
            }
        }
        Ok(Self { bucket: None, prefix: parts.join("/") })
    }

    /// Returns the same place by the name that it really has: on the local disk, symbolic links are gone to.
    pub(super) fn real(&self) -> Self {
        let prefix = if self.is_local() { real_prefix(&self.prefix) } else { self.prefix.clone() };
        Self { bucket: self.bucket.clone(), prefix }
    }

    /// Returns the bucket, or `None` on the local disk.
    pub fn bucket(&self) -> Option<&str> {
        self.bucket.as_deref()
    }

    /// Returns whether this is the local disk.
    pub fn is_local(&self) -> bool {
        self.bucket.is_none()
    }

    /// Returns the prefix without slashes around it; empty at the root.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Returns the root of the store, which keys are relative to: `s3://bucket/` or `file:///`.
    pub fn root(&self) -> String {
        match &self.bucket {
            Some(bucket) => format!("s3://{bucket}/"),
            None => "file:///".to_owned(),
        }
    }

    /// Returns the key of something below the prefix.
    pub fn key(&self, relative: &str) -> String {
        if self.prefix.is_empty() { relative.to_owned() } else { format!("{}/{relative}", self.prefix) }
    }

    /// Returns whether a key is that of something below the prefix.
    pub fn holds(&self, key: &str) -> bool {
        lies_below(&self.prefix, key)
    }

    /// Returns how to show a key of this store to a person: a URL, or a path on the local disk.
    pub fn url_of(&self, key: &str) -> String {
        match &self.bucket {
            Some(bucket) => format!("s3://{bucket}/{key}"),
            None => format!("/{key}"),
        }
    }

    /// Returns whether `other` is this place or lies below it.
    pub fn contains(&self, other: &Self) -> bool {
        self.bucket == other.bucket && self.holds(&other.prefix)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url_of(&self.prefix))
    }
}

/// Splits what stands behind the scheme into the bucket, or the ARN of an access point, and the prefix.
fn split(rest: &str) -> (&str, &str) {
    let slashes: Vec<usize> = rest.match_indices('/').map(|(at, _)| at).take(2).collect();
    let end = match slashes[..] {
        [_] if rest.starts_with("arn:") => rest.len(),
        [_, second] if rest.starts_with("arn:") => second,
        [first, ..] => first,
        [] => rest.len(),
    };
    (&rest[..end], rest[end..].trim_start_matches('/'))
}

/// Returns whether a text can be an ARN: what it is one of, the store says.
fn is_arn(text: &str) -> bool {
    text.starts_with("arn:") && text.bytes().all(|b| b.is_ascii_alphanumeric() || b":/-._".contains(&b))
}

/// Returns whether a key is a prefix without slashes around it, or lies below.
pub fn lies_below(prefix: &str, key: &str) -> bool {
    prefix.is_empty() || key.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Returns the last part of a key or of a folder that does not end in `/`.
pub fn name_of(key: &str) -> &str {
    key.rsplit_once('/').map_or(key, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_what_people_type() {
        let s3 = Location::parse("s3://logs/a b/AWSLogs/").unwrap();
        assert_eq!(
            (s3.bucket(), s3.prefix(), s3.to_string().as_str()),
            (Some("logs"), "a b/AWSLogs", "s3://logs/a b/AWSLogs")
        );
        let arn = "arn:aws:s3:eu-west-1:123456789012:accesspoint/ap";
        for (text, prefix) in [(format!("s3://{arn}"), ""), (format!("s3://{arn}/a/b/"), "a/b")] {
            let point = Location::parse(&text).unwrap();
            assert_eq!((point.bucket(), point.prefix()), (Some(arn), prefix));
        }
        let root = Location::parse("s3://logs").unwrap();
        assert_eq!((root.prefix(), root.key("x"), root.root().as_str()), ("", "x".to_owned(), "s3://logs/"));
        let local = Location::parse("/tmp/x/../y/./z/").unwrap();
        assert_eq!(
            (local.prefix(), local.to_string().as_str(), local.key("k").as_str()),
            ("tmp/y/z", "/tmp/y/z", "tmp/y/z/k")
        );
        assert_eq!(Location::parse("file:///tmp/y/z").unwrap(), local);
        for bad in
            ["", "s3://", "s3:///x", "s3://a b/x", "s3://a:b/x", "s3://evil.com#/x", "gs://bucket/x", "https://bucket"]
        {
            assert!(Location::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn knows_what_lies_inside() {
        let at = |text: &str| Location::parse(text).unwrap();
        assert!(at("s3://b").contains(&at("s3://b/x")));
        assert!(at("s3://b/x").contains(&at("s3://b/x")));
        assert!(!at("s3://b/x").contains(&at("s3://b/xy")));
        assert!(!at("s3://b/x").contains(&at("s3://c/x")));
        assert!(!at("/b/x").contains(&at("s3://b/x")));
    }
}
