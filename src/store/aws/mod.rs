//! AWS's side of S3: whose credentials, which address, which signature, S3's own words.
//!
//! object_store makes requests and retries them; what is in this folder decides where each goes and who signs it, and what is said
//! when S3 refuses it.

pub(super) mod address;
pub(super) mod chain;
pub(super) mod credentials;
pub(super) mod partition;
pub(super) mod sdk_http;
pub(super) mod settings;
pub(super) mod sign;
pub mod write;

use std::path::Path;

use object_store::client::ClientOptions;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tracing::info;

use self::address::Address;
use self::credentials::Credentials;
use self::sdk_http::Http;
use self::settings::Settings;
use self::sign::Signer;
use super::client::client;
use super::tls::Trust;
use super::{Io, StoreOptions, endpoint};
use crate::error::{Error, Result, masked_urls};
use crate::options::{ALLOW_HTTP, CA_BUNDLE};

/// Returns who signs the requests of a bucket; sends nothing yet.
///
/// # Errors
/// A usage error if options, variables and profiles do not make one.
pub(super) fn signer(bucket: &str, options: &StoreOptions, io: &Io) -> Result<Signer> {
    let settings = io.runtime.block_on(Settings::load(options))?;
    settings.endpoint.as_deref().map_or(Ok(()), |url| endpoint::check_endpoint(url, options.allow_http))?;
    settings.region.as_deref().map_or(Ok(()), endpoint::check_region)?;
    options.write.check_values()?;
    let wish = settings.wish();
    address::refuse_both(&wish)?;
    let address = Address::new(bucket, wish)?;
    if let Some(owner) = &options.expected_bucket_owner
        && !(owner.len() == 12 && owner.bytes().all(|b| b.is_ascii_digit()))
    {
        return Err(Error::usage(format!("the owner of the bucket is to be {owner:?}, which is no account"))
            .help("an account has 12 digits"));
    }
    if let Some(role) = &options.role
        && !is_role(role)
    {
        return Err(Error::usage(format!("the role {role:?} is no ARN of a role"))
            .help("write arn:aws:iam::123456789012:role/NAME"));
    }
    let certificates = settings.ca_bundle.as_deref().map_or(Ok(Vec::new()), certificates)?;
    let trust = Trust::with(certificates).map_err(no_client)?;
    if address.first_server().starts_with("https:") {
        // Said here, and not by the first request, which would be tried again for minutes.
        trust.check().map_err(no_client)?;
    }
    let credentials = match options.anonymous {
        true => None,
        false => {
            if !settings.by_option {
                endpoint::check_secrets()?;
            }
            let to_sts = ClientOptions::new().with_allow_http(options.allow_http);
            let http = client(&to_sts, &trust).map_err(no_client)?;
            Some(Credentials::new(settings.clone(), Http::new(http, &trust).map_err(no_client)?))
        }
    };
    info!(
        bucket,
        endpoint = settings.endpoint.as_deref().map(|url| masked_urls(url).into_owned()),
        region = settings.region,
        profile = settings.profile,
        role = options.role,
        signed = credentials.is_some(),
        "the store is S3"
    );
    Ok(Signer {
        address,
        credentials,
        trust,
        region_given: settings.region.is_some(),
        max_attempts: settings.max_attempts,
        request_payer: options.request_payer,
        expected_owner: options.expected_bucket_owner.clone(),
        said: options.write.clone(),
        clock: std::sync::OnceLock::new(),
        write: std::sync::RwLock::new(std::sync::Arc::new(options.write.clone())),
    })
}

/// Returns the error of settings that make no client.
fn no_client(e: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::usage("cannot make an S3 client of these settings")
        .because(e)
        .help(format!("check {CA_BUNDLE}, {ALLOW_HTTP} and the AWS_* variables"))
}

/// Reads a file of certificates.
fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let wrong = |e: String| {
        Error::usage(format!("{CA_BUNDLE} is no file of certificates"))
            .at(file.display())
            .because(e)
            .help("name a file in PEM: -----BEGIN CERTIFICATE-----")
    };
    let text = std::fs::read(file).map_err(|e| wrong(e.to_string()))?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&text)
        .collect::<std::result::Result<_, _>>()
        .map_err(|e: rustls::pki_types::pem::Error| wrong(e.to_string()))?;
    if certificates.is_empty() {
        return Err(wrong("it has none".to_owned()));
    }
    Ok(certificates)
}

/// Returns whether a text is the ARN of a role.
fn is_role(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [begin, partition, "iam", "", account, role] = parts[..] else { return false };
    begin == "arn"
        && partition.starts_with("aws")
        && account.len() == 12
        && account.bytes().all(|b| b.is_ascii_digit())
        && role.strip_prefix("role/").is_some_and(|name| !name.is_empty())
        && arn.bytes().all(|b| b.is_ascii_graphic())
}
