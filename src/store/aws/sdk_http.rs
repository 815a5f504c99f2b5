//! The HTTP client of the providers of credentials, over the reqwest that object_store brings: `aws-config` without its default features
//! has none, and with them a second one.
//!
//! In: requests to STS, SSO, a container's or an instance's metadata. Out: their answers. All of them have a few kilobytes, so
//! nothing is streamed.

use std::net::IpAddr;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;

use super::super::tls::Trust;

/// How long an answer may take, where the SDK does not say: it does not for STS and SSO.
const READ: Duration = Duration::from_secs(20);
/// How long a connection may take, where the SDK does not say.
const CONNECT: Duration = Duration::from_secs(5);
/// The same for metadata, which is there at once or not at all.
const CONNECT_TO_METADATA: Duration = Duration::from_secs(1);

/// Sends what providers of credentials ask.
#[derive(Clone, Debug)]
pub struct Http {
    /// To STS and SSO, with the proxies and certificates of everything else.
    public: reqwest::Client,
    /// To metadata: a proxy would be handed the credentials.
    metadata: reqwest::Client,
}

impl Http {
    /// Makes one of the client that requests to AWS go through.
    ///
    /// # Errors
    /// When the settings make none.
    pub fn new(public: reqwest::Client, trust: &Trust) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let metadata = reqwest::Client::builder()
            .tls_backend_preconfigured(trust.config(false)?)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TO_METADATA)
            .pool_max_idle_per_host(1)
            .build()?;
        Ok(Self { public, metadata })
    }
}

impl HttpClient for Http {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        let connect = settings.connect_timeout().unwrap_or(CONNECT);
        let read = settings.read_timeout().unwrap_or(READ);
        SharedHttpConnector::new(Connector { http: self.clone(), most: connect + read })
    }
}

#[derive(Debug)]
struct Connector {
    http: Http,
    most: Duration,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (http, most) = (self.http.clone(), self.most);
        HttpConnectorFuture::new(async move { send(&http, request, most).await })
    }
}

async fn send(http: &Http, request: HttpRequest, most: Duration) -> Result<HttpResponse, ConnectorError> {
    let wrong = |e: Box<dyn std::error::Error + Send + Sync>| ConnectorError::user(e);
    let request = request.try_into_http1x().map_err(|e| wrong(e.into()))?;
    let (parts, body) = request.into_parts();
    let url = reqwest::Url::parse(&parts.uri.to_string()).map_err(|e| wrong(e.into()))?;
    let client = if is_metadata(&url) { &http.metadata } else { &http.public };
    let body = body.bytes().ok_or_else(|| wrong("this request has no body that can be sent".into()))?.to_vec();
    let answer = client.request(parts.method, url).headers(parts.headers).body(body).timeout(most).send().await;
    let answer = answer.map_err(failed)?;
    let status = StatusCode::try_from(answer.status().as_u16()).map_err(|e| wrong(e.into()))?;
    let headers = answer.headers().clone();
    let mut response = HttpResponse::new(status, SdkBody::from(answer.bytes().await.map_err(failed)?));
    // The SDK panics on a header that is no text.
    for (name, value) in headers.iter().filter_map(|(name, value)| Some((name, value.to_str().ok()?))) {
        response.headers_mut().append(name.as_str().to_owned(), value.to_owned());
    }
    Ok(response)
}

/// Returns an error by which the SDK decides whether to try again. Without the URL: a container's may be a secret.
fn failed(e: reqwest::Error) -> ConnectorError {
    let e = e.without_url();
    if e.is_timeout() {
        ConnectorError::timeout(e.into())
    } else if e.is_connect() {
        ConnectorError::io(e.into()).never_connected()
    } else if e.is_builder() {
        ConnectorError::user(e.into())
    } else {
        ConnectorError::io(e.into())
    }
}

/// Returns whether a URL is one of metadata: 169.254.0.0/16, fd00:ec2::/32, and loopback.
fn is_metadata(url: &reqwest::Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    match host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_link_local(),
        Ok(IpAddr::V6(ip)) => ip.is_loopback() || ip.segments()[..2] == [0xfd00, 0x0ec2],
        Err(_) => host == "localhost",
    }
}
