//! Where the requests of a bucket go: which host, in which style, in which of AWS's partitions.
//!
//! In: what the side of a run is set to ([`super::settings`]), and a request as object_store makes it, path style below
//! its stem. Out: its URL. The Region may turn out to be another one while the run goes on ([`Address::moved`]).
//!
//! Hosts: <https://docs.aws.amazon.com/general/latest/gr/s3.html>, <https://docs.aws.amazon.com/general/latest/gr/rande.html>; access
//! points: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-naming.html>.

use std::sync::{Arc, PoisonError, RwLock};

use super::super::endpoint::{check_region, host};
use super::partition::{FIRST_REGION, are_of_one, domain, is_called_region};
use crate::error::{Error, Result};
use crate::options::{ENDPOINT_URL, S3_REGION, USE_FIPS_ENDPOINT, VIRTUAL_HOSTED};

/// How a bucket is named in a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// `https://host/bucket/key`
    Path,
    /// `https://bucket.host/key`
    Virtual,
    /// What suits the host and the bucket.
    Auto,
}

/// What stands in the place of a bucket in `s3://…/prefix`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    /// A bucket, or an access point by its alias.
    Bucket(String),
    /// An access point by its ARN.
    AccessPoint { name: String, account: String, region: String },
}

/// How requests reach a bucket.
#[derive(Debug)]
pub struct Address {
    name: Name,
    bucket: String,
    /// A server of one's own, or another endpoint than AWS's usual one.
    endpoint: Option<String>,
    style: Style,
    fips: bool,
    dual_stack: bool,
    region: RwLock<Arc<str>>,
    /// What object_store puts before keys, as a URL: stays as it was at first.
    stem: String,
}

/// What decides an address, besides the bucket.
#[derive(Debug, Clone)]
pub struct Wish {
    /// URL of a server, if it is not AWS's endpoint of the Region.
    pub endpoint: Option<String>,
    /// The Region, if it is known.
    pub region: Option<String>,
    /// How the bucket is named.
    pub style: Style,
    /// Whether AWS's FIPS endpoints are to be used.
    pub fips: bool,
    /// Whether AWS's endpoints with IPv6 are to be used.
    pub dual_stack: bool,
}

impl Address {
    /// Makes the address of what stands in the place of a bucket.
    ///
    /// # Errors
    /// A usage error for an ARN that is none of an access point in one Region, for directory buckets, and for names of Regions that
    /// are none.
    pub fn new(bucket: &str, wish: Wish) -> Result<Self> {
        let name = name(bucket)?;
        let region = match &name {
            Name::AccessPoint { region, .. } => region.clone(),
            Name::Bucket(_) => wish.region.unwrap_or_else(|| FIRST_REGION.to_owned()),
        };
        check_region(&region)?;
        if matches!(name, Name::AccessPoint { .. }) && wish.endpoint.is_some() {
            return Err(Error::usage(format!("{bucket} is an access point, and {ENDPOINT_URL} names a server"))
                .help("an access point has a host of its own, which its ARN tells: leave the endpoint away (the variables and the profile may name one too)"));
        }
        let mut address = Self {
            name,
            bucket: bucket.to_owned(),
            endpoint: wish.endpoint.map(|url| url.trim_end_matches('/').to_owned()),
            style: wish.style,
            fips: wish.fips,
            dual_stack: wish.dual_stack,
            region: RwLock::new(region.as_str().into()),
            stem: String::new(),
        };
        if address.is_virtual() && address.endpoint.as_deref().and_then(host).is_some_and(|host| is_ip(&host)) {
            return Err(Error::usage(format!(
                "{VIRTUAL_HOSTED} needs a server with a name, and {ENDPOINT_URL} is an address"
            ))
            .help("a bucket's name cannot stand before an address: leave it away, or name the server"));
        }
        address.stem = format!("{}/{bucket}", address.server(&region));
        Ok(address)
    }

    /// Returns what stands before keys in requests that are to be sent: server and bucket, path style.
    pub fn stem(&self) -> &str {
        &self.stem
    }

    /// Returns the server of the stem, without the bucket.
    pub fn first_server(&self) -> &str {
        self.stem.strip_suffix(&self.bucket).and_then(|server| server.strip_suffix('/')).unwrap_or_default()
    }

    /// Returns the Region that requests are signed for.
    pub fn region(&self) -> Arc<str> {
        Arc::clone(&self.region.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes notice of the Region that a store says the bucket lies in; returns the one before, if that is another one.
    pub fn moved(&self, region: &str) -> Option<Arc<str>> {
        let is_fixed = matches!(self.name, Name::AccessPoint { .. });
        // AWS's partitions know nothing of each other: whoever names a Region of another one is not AWS.
        let is_awss = || is_called_region(region) && are_of_one(region, &self.region());
        let may_be = check_region(region).is_ok() && (self.endpoint.is_some() || is_awss());
        if is_fixed || !may_be {
            return None;
        }
        let mut current = self.region.write().unwrap_or_else(PoisonError::into_inner);
        (&**current != region).then(|| std::mem::replace(&mut *current, region.into()))
    }

    /// Returns the URL, in a Region, of a request that was made for the stem, or `None` if it was not.
    pub fn url(&self, made: &str, region: &str) -> Option<String> {
        let rest = made.strip_prefix(&self.stem)?;
        let server = self.server(region);
        let with_root = |rest: &str| if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") };
        Some(match &self.name {
            Name::AccessPoint { .. } => format!("{server}{}", with_root(rest)),
            Name::Bucket(bucket) if self.is_virtual() => {
                let (scheme, host) = server.split_once("://")?;
                // A user stands before the host.
                let (user, host) = host.rsplit_once('@').map_or(("", host), |(user, host)| (user, host));
                let at = if user.is_empty() { "" } else { "@" };
                format!("{scheme}://{user}{at}{bucket}.{host}{}", with_root(rest))
            }
            Name::Bucket(bucket) => format!("{server}/{bucket}{rest}"),
        })
    }

    /// Returns whether the bucket's name stands in the host's: on AWS, unless a dot in it would lead past the certificate.
    fn is_virtual(&self) -> bool {
        match self.style {
            Style::Path => false,
            Style::Virtual => true,
            Style::Auto => {
                self.endpoint.is_none()
                    && !self.bucket.contains('.')
                    && self.bucket.bytes().all(|b| !b.is_ascii_uppercase() && b != b'_')
            }
        }
    }

    /// Returns scheme, host and the path that the endpoint has.
    fn server(&self, region: &str) -> String {
        if let Some(endpoint) = &self.endpoint {
            return endpoint.clone();
        }
        let fips = if self.fips { "-fips" } else { "" };
        let dual_stack = if self.dual_stack { ".dualstack" } else { "" };
        let domain = domain(region);
        match &self.name {
            Name::Bucket(_) => format!("https://s3{fips}{dual_stack}.{region}.{domain}"),
            Name::AccessPoint { name, account, .. } => {
                format!("https://{name}-{account}.s3-accesspoint{fips}{dual_stack}.{region}.{domain}")
            }
        }
    }

    /// Returns what stands in the place of the bucket.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Returns the URL of the server, if it is not AWS's usual one.
    pub fn endpoint(&self) -> Option<&str> {
        self.endpoint.as_deref()
    }
}

/// Returns whether a text in the place of a bucket is an ARN.
pub fn is_arn(bucket: &str) -> bool {
    bucket.starts_with("arn:")
}

/// Refuses what cannot stand in the place of a bucket.
///
/// # Errors
/// A usage error for an ARN that is none of an access point in one Region, and for directory buckets.
pub fn check_bucket(bucket: &str) -> Result<()> {
    name(bucket).map(|_| ())
}

/// Reads what stands in the place of a bucket.
fn name(bucket: &str) -> Result<Name> {
    if bucket.ends_with(".mrap") {
        return Err(several_regions(bucket));
    }
    if ["x-s3", "xa-s3"].iter().any(|ending| bucket.rsplit_once("--").is_some_and(|(_, end)| end == *ending)) {
        return Err(Error::usage(format!("{bucket} is a directory bucket (S3 Express One Zone)")).help(
            "its requests need sessions and its listings have no order: keep logs and tables in general purpose buckets",
        ));
    }
    if !is_arn(bucket) {
        return Ok(Name::Bucket(bucket.to_owned()));
    }
    let parts: Vec<&str> = bucket.split(':').collect();
    match parts[..] {
        [_, _, "s3", "", _, resource] if resource.starts_with("accesspoint/") => Err(several_regions(bucket)),
        [_, _, "s3", region, account, resource] if !region.is_empty() => {
            let name = resource.strip_prefix("accesspoint/").filter(|name| is_label(name));
            let is_account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
            name.filter(|_| is_account)
                .map(|name| Name::AccessPoint {
                    name: name.to_owned(),
                    account: account.to_owned(),
                    region: region.to_owned(),
                })
                .ok_or_else(|| no_access_point(bucket))
        }
        _ => Err(no_access_point(bucket)),
    }
}

fn no_access_point(bucket: &str) -> Error {
    Error::usage(format!("{bucket:?} is no ARN of an access point"))
        .help("write s3://bucket/prefix, or s3://arn:aws:s3:REGION:ACCOUNT:accesspoint/NAME/prefix")
}

fn several_regions(bucket: &str) -> Error {
    Error::usage(format!("{bucket} is a multi-Region access point"))
        .help("it may lead to another Region with each request, and needs other signatures: name the bucket, or an access point of it")
}

/// Returns whether a host is an address; the last part of a name is never a number.
fn is_ip(host: &str) -> bool {
    host.starts_with('[') || host.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()))
}

/// Returns whether a text can be part of a host's name.
fn is_label(text: &str) -> bool {
    let of_labels = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=50).contains(&text.len()) && text.bytes().all(of_labels) && !text.starts_with('-') && !text.ends_with('-')
}

/// Refuses an endpoint beside the wish for FIPS: whether it is one, nobody knows.
///
/// # Errors
/// A usage error.
pub fn refuse_both(wish: &Wish) -> Result<()> {
    match &wish.endpoint {
        Some(_) if wish.fips => Err(Error::usage(format!(
            "{USE_FIPS_ENDPOINT} lets AWS's FIPS endpoint be found, and {ENDPOINT_URL} names another one"
        ))
        .help(format!("leave one of them away; AWS's own endpoint is found by {S3_REGION}"))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::partition::domain_of;
    use super::*;

    fn wish(region: &str) -> Wish {
        Wish { endpoint: None, region: Some(region.to_owned()), style: Style::Auto, fips: false, dual_stack: false }
    }

    fn url(bucket: &str, wish: Wish, rest: &str) -> String {
        let address = Address::new(bucket, wish).unwrap();
        address.url(&format!("{}{rest}", address.stem), &address.region()).unwrap()
    }

    #[test]
    fn every_partition_has_its_own_domain() {
        for (region, host) in [
            ("us-east-1", "s3.us-east-1.amazonaws.com"),
            ("cn-north-1", "s3.cn-north-1.amazonaws.com.cn"),
            ("us-gov-west-1", "s3.us-gov-west-1.amazonaws.com"),
            ("us-iso-east-1", "s3.us-iso-east-1.c2s.ic.gov"),
            ("us-isob-east-1", "s3.us-isob-east-1.sc2s.sgov.gov"),
            ("us-isof-south-1", "s3.us-isof-south-1.csp.hci.ic.gov"),
            ("eu-isoe-west-1", "s3.eu-isoe-west-1.cloud.adc-e.uk"),
            ("eusc-de-east-1", "s3.eusc-de-east-1.amazonaws.eu"),
        ] {
            assert_eq!(url("logs", wish(region), "/a%20b?x=y"), format!("https://logs.{host}/a%20b?x=y"));
            assert_eq!(url("my.logs", wish(region), "/a"), format!("https://{host}/my.logs/a"), "past no certificate");
            assert_eq!(domain_of(host), Some(domain(region)), "{host}");
        }
        assert_eq!(domain_of("s3.example.org"), None);
        assert_eq!(domain_of("evilamazonaws.com"), None);
    }

    #[test]
    fn fips_dual_stack_styles_and_endpoints() {
        let of = |fips, dual_stack| Wish { fips, dual_stack, ..wish("eu-west-1") };
        assert_eq!(url("b", of(true, false), "/k"), "https://b.s3-fips.eu-west-1.amazonaws.com/k");
        assert_eq!(url("b", of(true, true), "/k"), "https://b.s3-fips.dualstack.eu-west-1.amazonaws.com/k");
        assert_eq!(
            url("b", of(false, true), "?list-type=2"),
            "https://b.s3.dualstack.eu-west-1.amazonaws.com/?list-type=2"
        );
        let at = |endpoint: &str, style| Wish { endpoint: Some(endpoint.to_owned()), style, ..wish("x") };
        for (endpoint, style, is) in [
            ("http://127.0.0.1:9000", Style::Auto, "http://127.0.0.1:9000/b/k?q"),
            ("http://127.0.0.1:9000/", Style::Path, "http://127.0.0.1:9000/b/k?q"),
            ("http://localhost:9000/", Style::Virtual, "http://b.localhost:9000/k?q"),
            ("https://u:p@host/minio/", Style::Virtual, "https://u:p@b.host/minio/k?q"),
            ("https://u:p@host/minio/", Style::Auto, "https://u:p@host/minio/b/k?q"),
        ] {
            assert_eq!(url("b", at(endpoint, style), "/k?q"), is);
        }
        assert_eq!(Address::new("b", wish("x")).unwrap().url("https://elsewhere/b/k", "x"), None);
        for address in ["http://127.0.0.1:9000", "http://[::1]:9000/base"] {
            assert!(Address::new("b", at(address, Style::Virtual)).is_err(), "{address}");
        }
        assert!(refuse_both(&Wish { fips: true, ..at("https://minio.example.org", Style::Auto) }).is_err());
    }

    #[test]
    fn access_points() {
        let arn = "arn:aws:s3:eu-west-1:123456789012:accesspoint/my-ap";
        let host = "https://my-ap-123456789012.s3-accesspoint";
        assert_eq!(url(arn, wish("us-east-1"), "/k"), format!("{host}.eu-west-1.amazonaws.com/k"));
        assert_eq!(url(arn, Wish { fips: true, ..wish("x") }, "?q"), format!("{host}-fips.eu-west-1.amazonaws.com/?q"));
        let china = "arn:aws-cn:s3:cn-north-1:123456789012:accesspoint/my-ap";
        assert_eq!(url(china, wish("x"), "/k"), format!("{host}.cn-north-1.amazonaws.com.cn/k"));
        assert_eq!(url("my-ap-abc-s3alias", wish("x"), "/k"), "https://my-ap-abc-s3alias.s3.x.amazonaws.com/k");
        for (bad, said) in [
            ("arn:aws:s3::123456789012:accesspoint/m.mrap", "multi-Region"),
            ("m.accesspoint.s3-global.mrap", "multi-Region"),
            ("logs--use1-az4--x-s3", "directory bucket"),
            ("arn:aws:s3:eu-west-1:123456789012:accesspoint/evil.com#", "no ARN"),
            ("arn:aws:s3:evil.com/:123456789012:accesspoint/a", "is no name of a Region"),
            ("arn:aws:s3-outposts:eu-west-1:123456789012:outpost/op-1/accesspoint/a", "no ARN"),
            ("arn:aws:s3-object-lambda:eu-west-1:123456789012:accesspoint/a", "no ARN"),
        ] {
            let error = Address::new(bad, wish("x")).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn an_access_point_has_a_host_of_its_own() {
        let arn = "arn:aws:s3:eu-west-1:123456789012:accesspoint/my-ap";
        let at = Wish { endpoint: Some("http://127.0.0.1:9000".to_owned()), ..wish("eu-west-1") };
        let error = Address::new(arn, at).unwrap_err().to_string();
        assert!(error.contains("is an access point"), "{error}");
    }

    #[test]
    fn a_bucket_that_lies_elsewhere_is_followed_within_its_partition() {
        let address = Address::new("b", wish("us-east-1")).unwrap();
        assert_eq!(address.moved("us-east-1"), None);
        for bad in ["cn-north-1", "us-gov-west-1", "US-EAST-1x", "nowhere", "evil.com/", ""] {
            assert_eq!(address.moved(bad), None);
        }
        assert_eq!(address.moved("eu-west-1").as_deref(), Some("us-east-1"));
        assert_eq!(
            address.url(&format!("{}/k", address.stem), &address.region()).unwrap(),
            "https://b.s3.eu-west-1.amazonaws.com/k"
        );
    }
}
