//! The HTTP client that object_store is given: as it would make one itself, but that credentials stay with the host they are for.
//!
//! In: object_store's settings. Out: a client of reqwest's. A redirect to another host is not followed: a request carries a
//! session token and, in a signature, what a server may do with it, and only `Authorization` would be left out on the way.

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use object_store::client::ClientOptions;
use object_store::{ClientConfigKey, Error};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::{Action, Attempt, Policy};
use reqwest::{Client, NoProxy, Proxy};

use super::tls::Trust;

/// Most redirects that are followed one after the other, on the same host.
const MAX_REDIRECTS: usize = 5;

/// Returns a client.
///
/// # Errors
/// When a setting cannot be read.
pub(super) fn client(options: &ClientOptions, trust: &Trust) -> object_store::Result<Client> {
    let set = |key: ClientConfigKey| options.get_config_value(&key);
    let is_on = |key| set(key).as_deref() == Some("true");
    let agent = set(ClientConfigKey::UserAgent);
    let mut builder = Client::builder()
        .user_agent(agent.as_deref().unwrap_or(concat!("flowparquet/", env!("CARGO_PKG_VERSION"))))
        .redirect(Policy::custom(follow))
        .dns_resolver(Arc::new(AllAddresses::default()))
        .https_only(!is_on(ClientConfigKey::AllowHttp))
        .tls_backend_preconfigured(trust.config(is_on(ClientConfigKey::Http1Only)).map_err(failed)?)
        // Sizes of objects are those of what is sent.
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate();
    if let Some(url) = set(ClientConfigKey::ProxyUrl) {
        let excluded = set(ClientConfigKey::ProxyExcludes).and_then(|hosts| NoProxy::from_string(&hosts));
        builder = builder.proxy(Proxy::all(&url).map_err(failed)?.no_proxy(excluded));
    }
    if let Some(limit) = duration(set(ClientConfigKey::Timeout))? {
        builder = builder.timeout(limit);
    }
    if let Some(limit) = duration(set(ClientConfigKey::ConnectTimeout))? {
        builder = builder.connect_timeout(limit);
    }
    if let Some(limit) = duration(set(ClientConfigKey::ReadTimeout))? {
        builder = builder.read_timeout(limit);
    }
    if let Some(limit) = duration(set(ClientConfigKey::PoolIdleTimeout))? {
        builder = builder.pool_idle_timeout(limit);
    }
    if let Some(most) = set(ClientConfigKey::PoolMaxIdlePerHost) {
        builder = builder.pool_max_idle_per_host(most.parse().map_err(failed)?);
    }
    if is_on(ClientConfigKey::Http1Only) {
        builder = builder.http1_only();
    }
    if is_on(ClientConfigKey::Http2Only) {
        builder = builder.http2_prior_knowledge();
    }
    builder.build().map_err(failed)
}

/// Follows redirects that stay where they are.
fn follow(attempt: Attempt<'_>) -> Action {
    let same = attempt.previous().last().is_some_and(|before| before.origin() == attempt.url().origin());
    if same && attempt.previous().len() <= MAX_REDIRECTS { attempt.follow() } else { attempt.stop() }
}

/// Reads a duration such as `90s`.
fn duration(text: Option<String>) -> object_store::Result<Option<Duration>> {
    let parsed = text.map(|text| text.parse::<jiff::SignedDuration>().map_err(failed)).transpose()?;
    parsed.map(|duration| Duration::try_from(duration).map_err(failed)).transpose()
}

fn failed(e: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Generic { store: "S3", source: Box::new(e) }
}

/// Asks the system for a host's addresses, and has each connection begin with another one of them: S3 answers with several, and
/// each is a server.
#[derive(Debug, Default)]
struct AllAddresses {
    asked: Arc<AtomicUsize>,
}

impl Resolve for AllAddresses {
    fn resolve(&self, name: Name) -> Resolving {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        // Names below localhost are this machine's, whatever a name server says (RFC 6761).
        if name.as_str() == "localhost" || name.as_str().ends_with(".localhost") {
            let here: [SocketAddr; 1] = [([127, 0, 0, 1], 0).into()];
            return Box::pin(async move { Ok(Box::new(here.into_iter()) as Addrs) });
        }
        Box::pin(async move {
            let addresses = tokio::task::spawn_blocking(move || (name.as_str(), 0).to_socket_addrs()).await??;
            let mut addresses: Vec<SocketAddr> = addresses.collect();
            let first = asked % addresses.len().max(1);
            addresses.rotate_left(first);
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
