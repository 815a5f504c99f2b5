//! Credentials of a side while a run goes on: asked for once, again before they expire, and kept while nobody gives new ones.
//!
//! In: a [`Chain`], made when it is first needed. Out: what requests are signed with.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use object_store::aws::AwsCredential;
use tracing::{debug, info};

use crate::error::hold_secret;

use super::chain::{Chain, NoCredentials};
use super::sdk_http::Http;
use super::settings::Settings;

/// How long before they expire new ones are asked for: clocks differ, and requests are on their way.
const MARGIN: Duration = Duration::from_secs(5 * 60);

/// After which time it is tried again when nobody gave new ones, and the old ones still hold.
const AGAIN: Duration = Duration::from_secs(30);

/// How long a chain may take at most: a `credential_process` has no bound of its own.
const LONGEST: Duration = Duration::from_secs(120);

/// The credentials of one side.
#[derive(Debug)]
pub struct Credentials {
    settings: Settings,
    http: Http,
    held: RwLock<Option<Held>>,
    /// Held by whoever asks. One that failed is not asked again, but made anew: providers of profiles read their files once, and keep
    /// their first error.
    chain: tokio::sync::Mutex<Option<Chain>>,
}

#[derive(Clone, Debug)]
struct Held {
    /// Shows no secret.
    credential: Arc<AwsCredential>,
    by: String,
    ask_again: Option<SystemTime>,
    expires: Option<SystemTime>,
}

impl Held {
    fn is_fresh(&self) -> bool {
        self.ask_again.is_none_or(|at| SystemTime::now() < at)
    }

    fn holds(&self) -> bool {
        self.expires.is_none_or(|at| SystemTime::now() < at)
    }
}

impl Credentials {
    /// Asks nobody yet.
    pub fn new(settings: Settings, http: Http) -> Self {
        Self { settings, http, held: RwLock::new(None), chain: tokio::sync::Mutex::new(None) }
    }

    /// Returns who gave the credentials, after the first request.
    pub fn by(&self) -> Option<String> {
        self.held().map(|held| held.by)
    }

    /// Has the next request ask for new ones: those at hand were refused as expired. Returns whether others may come.
    pub fn expire(&self, refused: &AwsCredential) -> bool {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        match &mut *held {
            Some(held) if held.expires.is_some() && held.credential.key_id == refused.key_id => {
                held.expires = Some(SystemTime::UNIX_EPOCH);
                held.ask_again = held.expires;
                true
            }
            // Somebody else was faster.
            Some(held) => held.credential.key_id != refused.key_id,
            None => true,
        }
    }

    fn held(&self) -> Option<Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn hold(&self, held: Held) {
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(held);
    }

    /// Returns the ARN of whom they are, as STS says it.
    ///
    /// # Errors
    /// When there are none, or STS does not say.
    pub async fn identity(&self) -> Result<String, NoCredentials> {
        let held = self.get().await?;
        super::chain::caller(&self.settings, &self.http, &held).await
    }

    /// Returns credentials that hold.
    ///
    /// # Errors
    /// When there are none, or those at hand have expired and nobody gives new ones.
    pub async fn get(&self) -> Result<Arc<AwsCredential>, NoCredentials> {
        let old = self.held();
        if let Some(held) = old.as_ref().filter(|held| held.is_fresh()) {
            return Ok(Arc::clone(&held.credential));
        }
        let mut chain = match old.as_ref().filter(|held| held.holds()) {
            // Somebody asks already.
            Some(held) => match self.chain.try_lock() {
                Ok(chain) => chain,
                Err(_) => return Ok(Arc::clone(&held.credential)),
            },
            None => self.chain.lock().await,
        };
        // Whoever asked before may just have been given some.
        if let Some(held) = self.held().filter(Held::is_fresh) {
            return Ok(held.credential);
        }
        let asked = match chain.take() {
            Some(chain) => chain,
            None => Chain::new(&self.settings, &self.http).await?,
        };
        let answer = tokio::time::timeout(LONGEST, asked.provide()).await.unwrap_or_else(|_| {
            Err(NoCredentials::because(format!("nobody gave credentials within {} s", LONGEST.as_secs()), true))
        });
        match answer {
            Ok((given, by)) => {
                *chain = Some(asked);
                let parts = [Some(given.access_key_id()), Some(given.secret_access_key()), given.session_token()];
                if parts
                    .into_iter()
                    .flatten()
                    .any(|part| part.is_empty() || !part.bytes().all(|b| b.is_ascii_graphic()))
                {
                    return Err(NoCredentials::because(
                        format!(
                            "{by}: a key or token is empty, or has a line end or another character that no request can carry"
                        ),
                        false,
                    ));
                }
                let now = SystemTime::now();
                // Of a short life half, or each request would ask.
                let ask_again = given.expiry().map(|at| {
                    let life = at.duration_since(now).unwrap_or_default();
                    now + if life > 2 * MARGIN { life - MARGIN } else { life / 2 }
                });
                [Some(given.secret_access_key()), given.session_token()].into_iter().flatten().for_each(hold_secret);
                let credential = Arc::new(AwsCredential {
                    key_id: given.access_key_id().to_owned(),
                    secret_key: given.secret_access_key().to_owned(),
                    token: given.session_token().map(str::to_owned),
                });
                info!(by, expires = ?given.expiry(), "credentials");
                let held = Held { credential: Arc::clone(&credential), by, ask_again, expires: given.expiry() };
                self.hold(held);
                Ok(credential)
            }
            Err(why) => match old.filter(Held::holds) {
                Some(mut held) => {
                    debug!(%why, "no new credentials yet, and the old ones still hold");
                    let again = SystemTime::now() + AGAIN;
                    held.ask_again = Some(held.expires.map_or(again, |at| at.min(again)));
                    let credential = Arc::clone(&held.credential);
                    self.hold(held);
                    Ok(credential)
                }
                None => Err(why),
            },
        }
    }
}
