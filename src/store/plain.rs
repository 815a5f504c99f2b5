//! HTTP requests that go to no store: one after the other, to one server.
//!
//! In: a request. Out: its status and body. Redirects are not followed, so that what it carries stays with the server it is for.

use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, select};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};

use super::io::Io;
use super::stop;
use super::tls::Trust;
use crate::error::{Error, Result, causes};

/// How often a request is sent that a server in between does not take now.
const MAX_ATTEMPTS: u32 = 20;

/// How long is waited before the next time.
const BETWEEN: Duration = Duration::from_millis(200);

/// Statuses of servers that may take the same request a little later.
const LATER: [u16; 4] = [429, 502, 503, 504];

/// A client of one server.
#[derive(Debug)]
pub(crate) struct PlainHttp {
    client: Client,
    io: Io,
    max_bytes: usize,
}

impl PlainHttp {
    /// Makes one that waits so long for each answer, and takes so many bytes of it.
    ///
    /// # Errors
    /// When the settings make none.
    pub fn new(io: &Io, patience: Duration, max_bytes: usize) -> Result<Self> {
        let wrong = |causes: String| Error::stopped("cannot make an HTTP client").because(causes);
        let tls = Trust::with(Vec::new()).and_then(|trust| trust.config(false)).map_err(|e| wrong(e.to_string()))?;
        let client =
            Client::builder().redirect(Policy::none()).timeout(patience).tls_backend_preconfigured(tls).build();
        let client = client.map_err(|e| wrong(causes(&e)))?;
        Ok(Self { client, io: io.clone(), max_bytes })
    }

    /// Sends a request, again if the server asks for that, and returns status and body.
    ///
    /// # Errors
    /// When there is no answer, or too long a one; when a signal stops the run.
    pub fn send(&self, request: impl Fn(&Client) -> RequestBuilder) -> Result<(u16, Vec<u8>)> {
        self.io.stop.check()?;
        self.io.runtime.block_on(async {
            match select(pin!(self.io.stop.asked()), pin!(self.answered(&request))).await {
                Either::Left(_) => Err(stop::stopped()),
                Either::Right((answer, _)) => answer,
            }
        })
    }

    async fn answered(&self, request: &impl Fn(&Client) -> RequestBuilder) -> Result<(u16, Vec<u8>)> {
        let failed = |e: reqwest::Error| Error::stopped("there is no answer").because(causes(&e));
        let mut attempt = 1;
        loop {
            let mut response = request(&self.client).send().await.map_err(failed)?;
            let status = response.status().as_u16();
            if LATER.contains(&status) && attempt < MAX_ATTEMPTS {
                attempt += 1;
                tokio::time::sleep(BETWEEN).await;
                continue;
            }
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(failed)? {
                if body.len() + chunk.len() > self.max_bytes {
                    return Err(Error::stopped(format!("the answer has more than {} bytes", self.max_bytes)));
                }
                body.extend_from_slice(&chunk);
            }
            return Ok((status, body));
        }
    }
}
