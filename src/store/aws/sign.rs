//! Makes of a request of object_store's what is sent: to the right host, with the headers of its side, signed.
//!
//! In: a request without a signature, path style below the address's stem. Out: one that S3 takes, by AWS's Signature Version 4
//! (object_store's own code for it). It is signed when it is sent, at each try again: a signature holds for 15 minutes and no longer
//! than its credentials.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use base64::Engine;
use object_store::aws::{AwsAuthorizer, AwsCredential};
use object_store::client::HttpRequest;
use object_store::{HeaderMap, HeaderValue};
use tracing::info;

use super::super::endpoint::{host, identity};
use super::super::tls::Trust;
use super::address::Address;
use super::chain::NoCredentials;
use super::credentials::Credentials;
use super::partition::domain_of;
use super::settings::variable;
use super::write::WriteOptions;

/// Signs requests of one side of a run.
#[derive(Debug)]
pub struct Signer {
    pub(super) address: Address,
    /// Nobody's, for public buckets.
    pub(super) credentials: Option<Credentials>,
    /// Which servers are trusted.
    pub(super) trust: Trust,
    /// Whether somebody said the Region: if it is another one, that is said.
    pub(super) region_given: bool,
    /// How often a request is sent at most, if somebody says it.
    pub(super) max_attempts: Option<u32>,
    /// Whether whoever asks pays for it.
    pub(super) request_payer: bool,
    /// The account that must own the bucket.
    pub(super) expected_owner: Option<String>,
    /// What was said of how objects are written.
    pub(super) said: WriteOptions,
    pub(super) write: RwLock<Arc<WriteOptions>>,
    /// When the store first answered, by its clock and by ours.
    pub(super) clock: OnceLock<Option<(SystemTime, SystemTime)>>,
}

/// A request as it is sent, and whose credentials signed it.
pub struct Signed {
    /// The request.
    pub request: HttpRequest,
    /// Whose credentials signed it.
    pub credential: Option<Arc<AwsCredential>>,
    /// The Region that it is for.
    pub region: Arc<str>,
}

impl Signer {
    /// Has objects written as a table recorded it, unless somebody said how.
    pub fn write_as_recorded(&self, recorded: &WriteOptions) {
        *self.write.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(self.said.or(recorded));
    }

    /// Returns how objects are written.
    pub fn writes_as(&self) -> Arc<WriteOptions> {
        Arc::clone(&self.write.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns what tells the bucket from those of the same name elsewhere.
    pub fn identity(&self) -> String {
        identity(self.address.endpoint(), Some(&self.address.region()), self.address.bucket())
    }

    /// Returns the server that the requests to be signed name.
    pub fn first_server(&self) -> &str {
        self.address.first_server()
    }

    /// Returns which servers are trusted.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Returns how often a request is sent at most, if somebody says it.
    pub fn max_attempts(&self) -> Option<u32> {
        self.max_attempts
    }

    /// Makes a request ready to be sent.
    ///
    /// # Errors
    /// In words, when there are no credentials, or a header cannot be made.
    pub async fn sign(&self, mut request: HttpRequest) -> Result<Signed, CannotSign> {
        let (made, region) = (request.uri().to_string(), self.address.region());
        let elsewhere = || CannotSign::Malformed("it leads to another place than the bucket".to_owned());
        *request.uri_mut() = self.address.url(&made, &region).ok_or_else(elsewhere)?.parse().map_err(malformed)?;
        let makes_object = makes_object(&request);
        let headers = request.headers_mut();
        if self.request_payer {
            headers.insert("x-amz-request-payer", HeaderValue::from_static("requester"));
        }
        if let Some(owner) = &self.expected_owner {
            headers.insert("x-amz-expected-bucket-owner", header(owner)?);
        }
        if makes_object {
            for (name, value) in self.writes_as().headers() {
                headers.insert(name, header(value)?);
            }
        }
        let Some(credentials) = &self.credentials else { return Ok(Signed { request, credential: None, region }) };
        let credential = credentials.get().await?;
        // object_store has summed up what is sent already, as a checksum for S3.
        let digest =
            request.headers().get("x-amz-checksum-sha256").map(|sum| base64::prelude::BASE64_STANDARD.decode(sum));
        let digest = digest.transpose().map_err(malformed)?;
        let authorizer = AwsAuthorizer::new(&credential, "s3", &region);
        authorizer.try_authorize(&mut request, digest.as_deref()).map_err(malformed)?;
        Ok(Signed { request, credential: Some(credential), region })
    }

    /// Takes notice of an answer that refuses a request and says in which Region the bucket lies. Returns whether that is another
    /// one than was asked, with what a person is told of it: nothing if nobody had said a Region.
    pub fn moved(&self, headers: &HeaderMap, body: &str) -> Option<Option<String>> {
        let header = headers.get("x-amz-bucket-region").and_then(|region| region.to_str().ok());
        let before = self.address.moved(header.or_else(|| element(body, "Region"))?)?;
        let (bucket, region) = (self.address.bucket(), self.address.region());
        info!(bucket, %before, %region, "the bucket lies in another Region");
        Some(
            self.region_given
                .then(|| format!("the bucket {bucket} lies in {region}, not in {before}: requests go there")),
        )
    }

    /// Takes notice of the time that a store says.
    pub fn note_clock(&self, headers: &HeaderMap) {
        self.clock.get_or_init(|| {
            let now = SystemTime::now();
            let said = headers.get("date").and_then(|date| date.to_str().ok());
            let said = said.and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
            let seconds = said.and_then(|said| u64::try_from(said.timestamp().as_second()).ok());
            seconds.map(|seconds| (SystemTime::UNIX_EPOCH + Duration::from_secs(seconds), now))
        });
    }

    /// Returns the time of the store's clock now, once it has answered.
    pub fn clock_of_store(&self) -> Option<SystemTime> {
        self.clock.get().and_then(|times| *times).map(|(there, here)| there + here.elapsed().unwrap_or_default())
    }

    /// Returns whether requests are signed.
    pub fn is_signing(&self) -> bool {
        self.credentials.is_some()
    }

    /// Returns who gave the credentials, after the first request.
    pub fn credentials_by(&self) -> Option<String> {
        self.credentials.as_ref().and_then(Credentials::by)
    }

    /// Returns the ARN of whoever signs requests; `None` if nobody does.
    ///
    /// # Errors
    /// When there are no credentials, or STS does not say.
    pub async fn identity_of_caller(&self) -> Result<Option<String>, NoCredentials> {
        let Some(credentials) = &self.credentials else { return Ok(None) };
        // Keys of somebody's own server are no business of AWS's.
        let is_own = self.address.endpoint().and_then(host).is_some_and(|host| domain_of(&host).is_none());
        let sts_is_named = ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"].iter().any(|name| variable(name).is_some());
        if is_own && !sts_is_named {
            credentials.get().await?;
            return Ok(Some("whoever this server knows by its keys".to_owned()));
        }
        credentials.identity().await.map(Some)
    }

    /// Returns the Region that requests are signed for.
    pub fn region(&self) -> Arc<str> {
        self.address.region()
    }

    /// Returns what stands before keys in requests that are to be signed.
    pub fn stem(&self) -> &str {
        self.address.stem()
    }

    /// Takes notice of an answer that credentials have expired; returns whether there may be others.
    pub fn expired(&self, refused: Option<&AwsCredential>) -> bool {
        self.credentials.as_ref().zip(refused).is_some_and(|(credentials, refused)| credentials.expire(refused))
    }
}

/// Why a request cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum CannotSign {
    /// Nobody gives credentials.
    #[error("there are no credentials")]
    NoCredentials(#[from] NoCredentials),
    /// Something in it can stand in no request.
    #[error("this request cannot be made: {0}")]
    Malformed(String),
}

fn malformed(e: impl std::fmt::Display) -> CannotSign {
    CannotSign::Malformed(e.to_string())
}

fn header(value: &str) -> Result<HeaderValue, CannotSign> {
    HeaderValue::from_str(value).map_err(malformed)
}

/// Returns whether a request makes an object, or begins to: those tell how it is kept.
fn makes_object(request: &HttpRequest) -> bool {
    let query = request.uri().query().unwrap_or_default();
    let has = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
    match request.method().as_str() {
        "PUT" => !has("partNumber"),
        "POST" => has("uploads"),
        _ => false,
    }
}

/// Returns the text of an element in an answer of S3's.
pub fn element<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(text.trim()).filter(|text| !text.is_empty())
}

/// Returns text of XML as it was meant.
pub fn unescaped(text: &str) -> String {
    let text = text.replace("&quot;", "\"").replace("&apos;", "'").replace("&#39;", "'");
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}
