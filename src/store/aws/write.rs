//! How objects of a table are written: encryption, owner, storage class, tags.
//!
//! In: what a person says, by the names of the AWS CLI's options, or what `table.json` recorded of it. Out: headers of the requests
//! that make an object (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>).

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::options::{ACL, BUCKET_KEY_ENABLED, SSE, SSE_KMS_KEY_ID, STORAGE_CLASS, TAGGING};

/// How objects are encrypted at rest.
const SSE_VALUES: [&str; 3] = ["AES256", "aws:kms", "aws:kms:dsse"];

/// Storage classes that Athena reads without a restore
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html>).
const CLASSES: [&str; 5] = ["STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"];

/// Canned ACLs (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl>), but those that show a table to everybody.
const ACLS: [&str; 4] = ["private", "bucket-owner-read", "bucket-owner-full-control", "aws-exec-read"];

/// Tags that an object can have.
const MAX_TAGS: usize = 10;

/// How objects are written. What is not said, S3 and the bucket decide.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct WriteOptions {
    /// `AES256`, `aws:kms` or `aws:kms:dsse`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sse: Option<String>,
    /// Id, ARN or alias of the KMS key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sse_kms_key_id: Option<String>,
    /// Whether S3 asks KMS for a key of the bucket instead of one for each object.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub bucket_key_enabled: bool,
    /// A canned ACL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acl: Option<String>,
    /// A storage class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_class: Option<String>,
    /// Tags, as `key=value&key=value`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tagging: Option<String>,
}

impl WriteOptions {
    /// Returns whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns these, and what was recorded of all that they do not say.
    pub fn or(&self, recorded: &Self) -> Self {
        let or = |said: &Option<String>, recorded: &Option<String>| said.clone().or_else(|| recorded.clone());
        // A key belongs to the encryption that was said with it.
        let is_another = self.sse.is_some() && self.sse != recorded.sse;
        let encryption = if is_another { self } else { recorded };
        Self {
            sse: encryption.sse.clone(),
            sse_kms_key_id: self.sse_kms_key_id.clone().or_else(|| encryption.sse_kms_key_id.clone()),
            bucket_key_enabled: self.bucket_key_enabled || encryption.bucket_key_enabled,
            acl: or(&self.acl, &recorded.acl),
            storage_class: or(&self.storage_class, &recorded.storage_class),
            tagging: or(&self.tagging, &recorded.tagging),
        }
    }

    /// Refuses what S3 refuses: values that are none, and those that do not go together.
    ///
    /// # Errors
    /// A usage error that names the option.
    pub fn check(&self) -> Result<()> {
        self.check_values()?;
        let by_kms = self.sse.as_deref().is_some_and(|sse| sse.starts_with("aws:kms"));
        if !by_kms && (self.sse_kms_key_id.is_some() || self.bucket_key_enabled) {
            return Err(Error::usage(format!("{SSE_KMS_KEY_ID} and {BUCKET_KEY_ENABLED} belong to {SSE} aws:kms"))
                .help(format!("add {SSE} aws:kms or {SSE} aws:kms:dsse")));
        }
        if self.bucket_key_enabled && self.sse.as_deref() == Some("aws:kms:dsse") {
            return Err(Error::usage(format!("{BUCKET_KEY_ENABLED} does not go with {SSE} aws:kms:dsse"))
                .help("S3 has bucket keys for one layer of encryption only"));
        }
        Ok(())
    }

    /// Refuses what no request can carry, and values that are none; what goes together, the table's record may say.
    ///
    /// # Errors
    /// A usage error that names the option.
    pub fn check_values(&self) -> Result<()> {
        let one_of = |option, value: &Option<String>, known: &[&str]| match value {
            Some(value) if !known.contains(&value.as_str()) => {
                Err(Error::usage(format!("{option} {value:?} is none of {}", known.join(", "))))
            }
            _ => Ok(()),
        };
        one_of(SSE, &self.sse, &SSE_VALUES)?;
        one_of(STORAGE_CLASS, &self.storage_class, &CLASSES)?;
        one_of(ACL, &self.acl, &ACLS)?;
        let is_plain = |text: &String| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        if self.sse_kms_key_id.as_ref().is_some_and(|key| !is_plain(key)) {
            return Err(Error::usage(format!("{SSE_KMS_KEY_ID} is no id of a key"))
                .help("give the id, the ARN or the alias of a KMS key in DEST's Region"));
        }
        let is_tag = |tag: &str| tag.split_once('=').is_some_and(|(key, _)| !key.is_empty() && key.len() <= 384);
        if let Some(tags) = &self.tagging
            && !(is_plain(tags) && tags.split('&').count() <= MAX_TAGS && tags.split('&').all(is_tag))
        {
            return Err(Error::usage(format!("{TAGGING} {tags:?} is no list of tags"))
                .help(format!("write key=value, several as key=value&key=value, at most {MAX_TAGS}, characters such as & or blanks as %26 and %20")));
        }
        Ok(())
    }

    /// Returns the headers of a request that makes an object.
    pub(super) fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("x-amz-server-side-encryption", self.sse.as_deref()),
            ("x-amz-server-side-encryption-aws-kms-key-id", self.sse_kms_key_id.as_deref()),
            ("x-amz-server-side-encryption-bucket-key-enabled", self.bucket_key_enabled.then_some("true")),
            ("x-amz-acl", self.acl.as_deref()),
            ("x-amz-storage-class", self.storage_class.as_deref()),
            ("x-amz-tagging", self.tagging.as_deref()),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(fields: &[(&str, &str)]) -> WriteOptions {
        let text: Vec<String> = fields.iter().map(|(name, value)| format!("{name:?}: {value}")).collect();
        serde_json::from_str(&format!("{{{}}}", text.join(","))).unwrap()
    }

    #[test]
    fn what_s3_refuses_is_refused_by_the_options_name() {
        for good in [
            &[][..],
            &[("sse", "\"AES256\""), ("acl", "\"bucket-owner-full-control\"")],
            &[("sse", "\"aws:kms\""), ("sse_kms_key_id", "\"alias/x\""), ("bucket_key_enabled", "true")],
            &[("tagging", "\"team=net&cost%20centre=7\""), ("storage_class", "\"INTELLIGENT_TIERING\"")],
        ] {
            options(good).check().unwrap();
        }
        for (bad, said) in [
            (&[("sse", "\"kms\"")][..], "none of AES256"),
            (&[("sse_kms_key_id", "\"x\"")], "belong to"),
            (&[("sse", "\"AES256\""), ("bucket_key_enabled", "true")], "belong to"),
            (&[("sse", "\"aws:kms:dsse\""), ("bucket_key_enabled", "true")], "does not go with"),
            (&[("sse", "\"aws:kms\""), ("sse_kms_key_id", "\"a b\"")], "no id of a key"),
            (&[("storage_class", "\"GLACIER\"")], "none of STANDARD"),
            (&[("acl", "\"public-read\"")], "none of private"),
            (&[("tagging", "\"a b=c\"")], "no list of tags"),
            (&[("tagging", "\"=c\"")], "no list of tags"),
        ] {
            let error = options(bad).check().unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn what_is_not_said_stays_as_it_was_recorded() {
        let recorded = options(&[
            ("sse", "\"aws:kms\""),
            ("sse_kms_key_id", "\"k\""),
            ("bucket_key_enabled", "true"),
            ("acl", "\"private\""),
        ]);
        let class = options(&[("storage_class", "\"GLACIER_IR\"")]).or(&recorded);
        assert_eq!((class.sse_kms_key_id.as_deref(), class.acl.as_deref()), (Some("k"), Some("private")));
        let other = options(&[("sse", "\"AES256\"")]).or(&recorded);
        assert_eq!(
            (other.sse_kms_key_id.as_deref(), other.bucket_key_enabled, other.acl.as_deref()),
            (None, false, Some("private"))
        );
        other.check().unwrap();
        let same = options(&[("sse", "\"aws:kms\"")]).or(&recorded);
        assert_eq!(same, recorded);
        let key = options(&[("sse_kms_key_id", "\"k2\"")]);
        key.check_values().unwrap();
        assert!(key.check().is_err());
        let key = key.or(&recorded);
        key.check().unwrap();
        assert_eq!((key.sse_kms_key_id.as_deref(), key.bucket_key_enabled), (Some("k2"), true));
        assert_eq!(WriteOptions::default().or(&recorded), recorded);
    }

    #[test]
    fn only_what_was_said_is_recorded_and_sent() {
        assert_eq!(serde_json::to_string(&WriteOptions::default()).unwrap(), "{}");
        let kms = options(&[("sse", "\"aws:kms\""), ("bucket_key_enabled", "true"), ("tagging", "\"a=b\"")]);
        let headers: Vec<(&str, &str)> = kms.headers().collect();
        assert_eq!(
            headers,
            [
                ("x-amz-server-side-encryption", "aws:kms"),
                ("x-amz-server-side-encryption-bucket-key-enabled", "true"),
                ("x-amz-tagging", "a=b")
            ]
        );
        assert_eq!(serde_json::from_str::<WriteOptions>(&serde_json::to_string(&kms).unwrap()).unwrap(), kms);
    }
}
