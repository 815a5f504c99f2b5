//! The HTTP client below object_store: how long it waits for whom, and what it says.
//!
//! In: a request of object_store's. Out: its answer, a listing in a form that object_store can read ([`super::listing`]).
//! What is bounded is silence, not length: an answer may take as long as it likes while bytes come. How long an upload has
//! been silent only the kernel knows (reqwest has it close a connection on which nothing was acknowledged for 30 seconds);
//! here an upload has the time that its bytes take at the lowest rate. Retries are object_store's; what they mean for all
//! other requests, [`super::pace`] decides.

use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey, AwsCredential, Checksum, S3ConditionalPut};
use object_store::client::{
    ClientOptions, HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody,
    HttpService,
};
use object_store::{BackoffConfig, RetryConfig};
use reqwest::StatusCode;
use tracing::{info, trace};

use super::aws::partition::FIRST_REGION;
use super::aws::sign::{Signed, Signer, element};
use super::client::client;
use super::listing::{nameable, with_archived};
use super::pace::Pace;
use super::pages::{Listings, MAX_PAGE_BYTES};
use super::{Counters, Io, count};
use crate::error::{Error, Result, causes};

/// How long a store may be silent: before its answer, and between two pieces of it.
const SILENCE: Duration = if cfg!(test) { Duration::from_secs(1) } else { Duration::from_secs(60) };

/// Requests with a body of this size and more are uploads: a smaller one is sent in one go.
const UPLOAD_BYTES: usize = if cfg!(test) { 2 << 10 } else { 64 << 10 };

/// Rate of the slowest upload that is waited for: a hundred at once at 4 Mbit/s, each a part of 8 MiB in half an hour.
const LOWEST_BYTES_PER_SECOND: u64 = 4 << 10;

/// How long a failed request is tried again: longer than the minutes that S3 may take to make room for more requests,
/// shorter than the five after which credentials may have expired that a request was signed with.
const PATIENCE: Duration = if cfg!(test) { Duration::from_secs(2) } else { Duration::from_secs(PATIENCE_SECONDS) };
const PATIENCE_SECONDS: u64 = 240;

/// The wait before the first retry, and the longest one. Each is random, at most [`BACKOFF_BASE`] times the one before.
const FIRST_WAIT: Duration = if cfg!(test) { Duration::from_millis(1) } else { Duration::from_millis(100) };
const LONGEST_WAIT: Duration = if cfg!(test) { Duration::from_millis(20) } else { Duration::from_secs(15) };
const BACKOFF_BASE: f64 = 3.0;

/// Most retries of a request, far more than there is time for: [`PATIENCE`] decides.
const MAX_RETRIES: usize = 1_000;

/// How often a store is tried that never answered anything: nobody is there, and no patience helps.
const TRIES_OF_NOBODY: u32 = 6;

/// Most bytes that are read of an answer that refuses a request.
const MAX_REFUSAL_BYTES: usize = 64 << 10;

/// What is said of an answer that sends a request on to another host.
pub(super) const SENT_ELSEWHERE: &str = "the server sends requests on to another host";

/// What stands for an answer that leads elsewhere and says nothing.
const REDIRECT: &[u8] = b"<Error><Code>PermanentRedirect</Code><Message>The bucket is not here.</Message></Error>";

/// What stands for an answer of 501.
const NOT_IMPLEMENTED: &[u8] =
    b"<Error><Code>NotImplemented</Code><Message>The server does not know this request.</Message></Error>";

/// What a client of S3 shares with others of the run.
pub(super) struct Parts<'a> {
    pub io: &'a Io,
    pub counters: &'a Arc<Counters>,
    pub max_objects: u64,
    pub allow_http: bool,
}

/// Makes a client of a bucket. Of the `AWS_*` variables it takes what they say of connections; whose credentials, where to and how
/// signed, the signer knows.
///
/// # Errors
/// A usage error if a variable has a value that is none.
pub(super) fn s3(bucket: &str, signer: &Arc<Signer>, parts: &Parts<'_>) -> Result<(AmazonS3, HttpClient)> {
    let Parts { io, counters, max_objects, allow_http } = *parts;
    let connector = Connector {
        pace: Arc::clone(&io.pace),
        counters: Arc::clone(counters),
        signer: Arc::clone(signer),
        max_objects,
    };
    let options = ClientOptions::new().with_timeout_disabled().with_read_timeout(SILENCE);
    let mut builder = AmazonS3Builder::new().with_client_options(options);
    // As `AmazonS3Builder::from_env`, which has time-outs of its own.
    for (name, value) in env::vars_os() {
        if let (Some(name), Some(value)) = (name.to_str(), value.to_str())
            && name.starts_with("AWS_")
            && let Ok(key) = name.to_ascii_lowercase().parse()
        {
            if weakens_tls(&key) {
                info!(name, "this variable is passed over: only an option weakens what protects requests");
                continue;
            }
            if matches!(key, AmazonS3ConfigKey::Client(_)) {
                builder = builder.with_config(key, value);
            }
        }
    }
    let wrong = |e: object_store::Error| {
        Error::usage("cannot make an S3 client of these settings")
            .at(format!("s3://{bucket}"))
            .because(e)
            .help("check the AWS_* variables of time-outs and proxies")
    };
    let http = connector.connect(&ClientOptions::new().with_timeout_disabled().with_allow_http(allow_http));
    let http = http.map_err(wrong)?;
    let builder = builder
        .with_bucket_name(bucket)
        .with_endpoint(signer.first_server())
        .with_region(FIRST_REGION)
        .with_skip_signature(true)
        .with_checksum_algorithm(Checksum::SHA256)
        // Objects are deleted one by one; of several at once a refusal would stand in an answer of success.
        .with_disable_bulk_delete(true)
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        .with_allow_http(allow_http)
        .with_http_connector(connector)
        .with_retry(retries(signer.max_attempts()));
    Ok((builder.build().map_err(wrong)?, http))
}

/// Returns whether a setting lets others read or answer our requests. A variable that somebody set for another program must
/// not do that for this one.
fn weakens_tls(key: &AmazonS3ConfigKey) -> bool {
    use object_store::ClientConfigKey::{AllowHttp, AllowInvalidCertificates, ProxyCaCertificate};
    matches!(key, AmazonS3ConfigKey::Client(AllowHttp | AllowInvalidCertificates | ProxyCaCertificate))
}

/// Returns how requests are retried; `attempts` is what `AWS_MAX_ATTEMPTS` or the profile says, as in AWS's own tools.
fn retries(attempts: Option<u32>) -> RetryConfig {
    let attempts = attempts.map(|attempts| attempts as usize);
    RetryConfig {
        backoff: BackoffConfig { init_backoff: FIRST_WAIT, max_backoff: LONGEST_WAIT, base: BACKOFF_BASE },
        max_retries: attempts.map_or(MAX_RETRIES, |attempts| attempts - 1),
        retry_timeout: PATIENCE,
    }
}

/// Makes HTTP clients of one store.
#[derive(Debug)]
struct Connector {
    pace: Arc<Pace>,
    counters: Arc<Counters>,
    signer: Arc<Signer>,
    max_objects: u64,
}

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let client = |options: &ClientOptions| client(options, self.signer.trust());
        Ok(HttpClient::new(Client {
            inner: HttpClient::new(client(options)?),
            // Nothing is read while an upload is sent.
            uploads: HttpClient::new(client(&options.clone().with_read_timeout_disabled())?),
            signer: Arc::clone(&self.signer),
            pace: Arc::clone(&self.pace),
            counters: Arc::clone(&self.counters),
            listings: Listings::new(self.max_objects),
            answered: AtomicBool::new(false),
            unanswered: AtomicU32::new(0),
        }))
    }
}

#[derive(Debug)]
struct Client {
    inner: HttpClient,
    uploads: HttpClient,
    signer: Arc<Signer>,
    pace: Arc<Pace>,
    counters: Arc<Counters>,
    listings: Listings,
    /// Whether anything was ever answered, and how many requests were not until then.
    answered: AtomicBool,
    unanswered: AtomicU32,
}

#[async_trait]
impl HttpService for Client {
    async fn call(&self, made: HttpRequest) -> Result<HttpResponse, HttpError> {
        let is_list = made.uri().query().is_some_and(|query| query.split('&').any(|pair| pair == "list-type=2"));
        // The request that puts the parts of an upload together.
        let of_upload =
            made.uri().query().is_some_and(|query| query.split('&').any(|pair| pair.starts_with("uploadId=")));
        let completes = made.method().as_str() == "POST" && of_upload;
        let (path, query) = match is_list {
            true => (made.uri().path().to_owned(), made.uri().query().unwrap_or_default().to_owned()),
            false => Default::default(),
        };
        let mut asked = self.ask(made.clone()).await?;
        // Once more where the bucket turns out to lie, and once more with new credentials.
        for _ in 0..2 {
            if asked.response.status().is_success() || !self.is_worth_another_try(&asked) {
                break;
            }
            asked = self.ask(made.clone()).await?;
        }
        let status = asked.response.status();
        if status.is_redirection() && asked.response.headers().contains_key("location") {
            return Err(refused(SENT_ELSEWHERE));
        }
        let (mut head, body) = asked.response.into_parts();
        if status.is_redirection() && status.as_u16() != 304 {
            // Not followed: it is a refusal like others, and object_store would not say why.
            head.status = StatusCode::BAD_REQUEST;
            if element(&String::from_utf8_lossy(&asked.refusal), "Code").is_none() {
                asked.refusal = Bytes::from_static(REDIRECT);
            }
        }
        if element(&String::from_utf8_lossy(&asked.refusal), "Code") == Some("RequestTimeout") {
            // A connection that was too slow, by S3's clock, with a status that nobody tries again.
            count(&self.counters.retried, 1);
            head.status = StatusCode::SERVICE_UNAVAILABLE;
        }
        if status == StatusCode::NOT_IMPLEMENTED {
            // No other try makes a server able to do it.
            head.status = StatusCode::BAD_REQUEST;
            asked.refusal = Bytes::from_static(NOT_IMPLEMENTED);
        }
        if !head.status.is_success() {
            head.headers.remove("content-length");
            return Ok(HttpResponse::from_parts(head, asked.refusal.into()));
        }
        if completes {
            head.headers.remove("content-length");
            let said = page(body).await?;
            // The answer begins before S3 knows; of InternalError object_store knows that it is sent again.
            let text = String::from_utf8_lossy(&said);
            match element(&text, "Code") {
                None | Some("InternalError") => {}
                Some("SlowDown" | "ServiceUnavailable" | "RequestTimeout") => {
                    head.status = StatusCode::SERVICE_UNAVAILABLE;
                }
                Some(_) => head.status = StatusCode::BAD_REQUEST,
            }
            return Ok(HttpResponse::from_parts(head, said.into()));
        }
        if !is_list {
            return Ok(HttpResponse::from_parts(head, body));
        }
        head.headers.remove("content-length");
        let page = page(body).await?;
        if let Some(wrong) = self.listings.page(&path, &query, &page) {
            return Err(refused(&wrong));
        }
        Ok(HttpResponse::from_parts(head, with_archived(nameable(page)).into()))
    }
}

/// An answer, and whose request it is of.
struct Asked {
    response: HttpResponse,
    /// What it says, if it refuses the request; then the response has no body left.
    refusal: Bytes,
    credential: Option<Arc<AwsCredential>>,
    /// The Region in which the bucket was asked.
    region: Arc<str>,
}

/// Returns the error of an answer that no other try makes better.
fn refused(why: &str) -> HttpError {
    HttpError::new(HttpErrorKind::Unknown, std::io::Error::other(why.to_owned()))
}

/// Reads the beginning of what a server says of a request that failed, as far as it comes: S3's own words have some hundred bytes.
async fn beginning(body: HttpResponseBody) -> Bytes {
    let mut text = Vec::new();
    let mut pieces = body.bytes_stream();
    let until = tokio::time::Instant::now() + SILENCE;
    while text.len() < MAX_REFUSAL_BYTES
        && let Ok(Some(Ok(piece))) = tokio::time::timeout_at(until, pieces.next()).await
    {
        text.extend_from_slice(&piece[..piece.len().min(MAX_REFUSAL_BYTES - text.len())]);
    }
    text.into()
}

/// Reads a page of a listing, whose length only the server knows.
async fn page(body: HttpResponseBody) -> Result<Bytes, HttpError> {
    let mut page = Vec::new();
    let mut pieces = body.bytes_stream();
    while let Some(piece) = pieces.next().await {
        page.extend_from_slice(&piece?);
        if page.len() > MAX_PAGE_BYTES {
            return Err(refused(&format!("a page of the listing has more than {MAX_PAGE_BYTES} bytes")));
        }
    }
    Ok(page.into())
}

impl Client {
    /// Signs a request, sends it in its turn, and takes notice of the answer.
    async fn ask(&self, made: HttpRequest) -> Result<Asked, HttpError> {
        // Before it is signed: a signature grows old.
        self.pace.turn().await;
        let Signed { request, credential, region } =
            self.signer.sign(made).await.map_err(|e| HttpError::new(HttpErrorKind::Unknown, e))?;
        let method = request.method().clone();
        // Neither user nor query: they may have secrets.
        let host = request.uri().host().unwrap_or_default().to_owned();
        let path = request.uri().path().to_owned();
        let response = match self.send(request).await {
            Ok(response) => response,
            Err(error) => {
                info!(%method, host, path, kind = ?error.kind(), "a request was not answered");
                return Err(self.not_answered(error));
            }
        };
        self.answered.store(true, Ordering::Relaxed);
        self.signer.note_clock(response.headers());
        let status = response.status();
        trace!(%method, host, path, status = status.as_u16(), "a request was answered");
        if status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED || matches!(status.as_u16(), 408 | 429) {
            info!(%method, host, path, status = status.as_u16(), "a request failed, and is sent again unless it was the last try");
            count(&self.counters.retried, 1);
            self.pace.failed(&status.to_string(), matches!(status.as_u16(), 429 | 503));
        } else {
            self.pace.answered();
        }
        if status.is_success() {
            return Ok(Asked { response, refusal: Bytes::new(), credential, region });
        }
        let (head, body) = response.into_parts();
        let refusal = beginning(body).await;
        Ok(Asked { response: HttpResponse::from_parts(head, Bytes::new().into()), refusal, credential, region })
    }

    /// Returns whether a request that was refused is asked in the wrong Region, or with credentials in whose place others may come.
    fn is_worth_another_try(&self, asked: &Asked) -> bool {
        let body = String::from_utf8_lossy(&asked.refusal);
        let status = asked.response.status().as_u16();
        if matches!(status, 301 | 307 | 400 | 403) {
            if let Some(told) = self.signer.moved(asked.response.headers(), &body) {
                told.iter().for_each(|told| self.pace.say(told));
                return true;
            }
            // Another request was told while this one was under way.
            if self.signer.region() != asked.region {
                return true;
            }
        }
        element(&body, "Code") == Some("ExpiredToken") && self.signer.expired(asked.credential.as_deref())
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let bytes = request.body().content_length();
        if bytes < UPLOAD_BYTES {
            return self.inner.execute(request).await;
        }
        let most = SILENCE + Duration::from_secs(bytes as u64 / LOWEST_BYTES_PER_SECOND);
        let upload = async {
            let (head, body) = self.uploads.execute(request).await?.into_parts();
            Ok(HttpResponse::from_parts(head, body.bytes().await?.into()))
        };
        tokio::time::timeout(most, upload).await.unwrap_or_else(|_| {
            let why = format!("an upload of {bytes} bytes took more than {} s", most.as_secs());
            Err(HttpError::new(HttpErrorKind::Timeout, std::io::Error::new(std::io::ErrorKind::TimedOut, why)))
        })
    }

    /// Counts a request without an answer; returns the error as one that is not retried when there is nobody to answer.
    fn not_answered(&self, error: HttpError) -> HttpError {
        let nobody = !self.answered.load(Ordering::Relaxed)
            && self.unanswered.fetch_add(1, Ordering::Relaxed) + 1 >= TRIES_OF_NOBODY;
        // No other try makes a certificate another one.
        if nobody || causes(&error).to_ascii_lowercase().contains("certificate") {
            return HttpError::new(HttpErrorKind::Unknown, error);
        }
        if !matches!(error.kind(), HttpErrorKind::Unknown | HttpErrorKind::Decode) {
            count(&self.counters.retried, 1);
            self.pace.failed("no answer", false);
        }
        error
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::Mutex;
    use std::time::Instant;

    use super::super::{Io, Listed, Location, Store, StoreOptions};
    use super::*;

    /// A request as a server sees it: its number from 1, its head, and the connection that its body comes from.
    struct Asked<'a> {
        number: u32,
        head: String,
        connection: &'a mut BufReader<TcpStream>,
    }

    impl Asked<'_> {
        fn answer(&mut self, head: &str, body: &[u8]) {
            let length = body.len();
            let head = format!("HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
            self.write(head.as_bytes());
            self.write(body);
        }

        fn write(&mut self, bytes: &[u8]) {
            let _ = self.connection.get_mut().write_all(bytes).and_then(|()| self.connection.get_mut().flush());
        }
    }

    /// Returns a store behind a server that answers as `answer` does.
    fn served(io: &Io, answer: impl Fn(Asked) + Send + Sync + 'static) -> Store {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", server.local_addr().unwrap());
        std::thread::spawn(move || {
            let (answer, number) = (Arc::new(answer), Arc::new(AtomicU32::new(0)));
            for connection in server.incoming() {
                let (answer, number) = (Arc::clone(&answer), Arc::clone(&number));
                std::thread::spawn(move || {
                    let mut connection = BufReader::new(connection.unwrap());
                    let mut head = String::new();
                    while !head.ends_with("\r\n\r\n") && connection.read_line(&mut head).unwrap_or(0) > 0 {}
                    if !head.is_empty() {
                        let number = number.fetch_add(1, Ordering::SeqCst) + 1;
                        answer(Asked { number, head: head.to_ascii_lowercase(), connection: &mut connection });
                    }
                });
            }
        });
        let options = StoreOptions {
            endpoint_url: Some(endpoint),
            s3_region: Some("us-east-1".to_owned()),
            allow_http: true,
            anonymous: true,
            ..StoreOptions::default()
        };
        Store::open(&Location::parse("s3://bucket/raw").unwrap(), &options, io).unwrap()
    }

    const META: &str = "last-modified: Thu, 15 Jan 2026 00:00:00 GMT\r\netag: \"1\"";

    #[test]
    fn requests_are_retried_for_minutes() {
        assert!((120..300).contains(&PATIENCE_SECONDS));
        assert!(MAX_RETRIES as u64 > 4 * PATIENCE_SECONDS, "time decides, with waits of a quarter of a second already");
        assert_eq!((retries(Some(3)).max_retries, retries(None).max_retries), (2, MAX_RETRIES));
        let io = Io::start().unwrap();
        let store = served(&io, |mut asked| match asked.number {
            1..=30 => asked.answer("503 Slow Down", b"<Error><Code>SlowDown</Code></Error>"),
            _ => asked.answer(&format!("200 OK\r\n{META}"), b"here"),
        });
        assert_eq!(store.get_own("raw/x").unwrap().unwrap(), "here");
        assert_eq!((store.requests().get, store.requests().retried), (1, 30));
    }

    #[test]
    fn a_store_that_nobody_answers_for_is_given_up_soon() {
        let io = Io::start().unwrap();
        let store = served(&io, |_| {});
        store.get_own("raw/x").unwrap_err();
        assert_eq!(store.requests().retried, u64::from(TRIES_OF_NOBODY) - 1);
    }

    #[test]
    fn an_answer_may_take_long_while_bytes_come() {
        let io = Io::start().unwrap();
        let store = served(&io, |mut asked| {
            asked.write(format!("HTTP/1.1 200 OK\r\n{META}\r\ncontent-length: 20\r\n\r\n").as_bytes());
            for _ in 0..10 {
                std::thread::sleep(SILENCE / 4);
                asked.write(b"..");
            }
        });
        let begun = Instant::now();
        assert_eq!(store.get_own("raw/x").unwrap().unwrap().len(), 20);
        assert!(begun.elapsed() > SILENCE * 2 && store.requests().retried == 0);
    }

    #[test]
    fn silence_is_not_waited_for() {
        let io = Io::start().unwrap();
        let ranges = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&ranges);
        let store = served(&io, move |mut asked| {
            let range = asked.head.lines().find_map(|line| line.strip_prefix("range: ")).map(str::to_owned);
            seen.lock().unwrap().push(range.clone());
            match range {
                None => {
                    asked.write(format!("HTTP/1.1 200 OK\r\n{META}\r\ncontent-length: 8\r\n\r\nhalf").as_bytes());
                    std::thread::sleep(SILENCE * 3);
                }
                Some(_) => asked.answer(&format!("206 Partial\r\n{META}\r\ncontent-range: bytes 4-7/8"), b"done"),
            }
        });
        let begun = Instant::now();
        assert_eq!(store.get_own("raw/x").unwrap().unwrap(), "halfdone");
        assert!(begun.elapsed() >= SILENCE && begun.elapsed() < SILENCE * 3);
        assert_eq!(*ranges.lock().unwrap(), [None, Some("bytes=4-7".to_owned())]);
    }

    #[test]
    fn an_upload_has_the_time_that_its_bytes_take() {
        let io = Io::start().unwrap();
        let store = served(&io, |mut asked| {
            std::thread::sleep(SILENCE + SILENCE / 2);
            asked.connection.by_ref().take(4 << 10).read_to_end(&mut Vec::new()).unwrap();
            asked.answer(&format!("200 OK\r\n{META}"), b"");
        });
        store.put("raw/x", vec![b'x'; 4 << 10]).unwrap();
        assert_eq!(store.requests().retried, 0);
    }

    #[test]
    fn a_stop_does_not_wait_for_a_retry() {
        let io = Io::start().unwrap();
        let store = served(&io, |mut asked| asked.answer("503 Slow Down", b""));
        let asking = store.clone();
        let reader = std::thread::spawn(move || asking.get_own("raw/x").unwrap_err().to_string());
        while store.requests().retried < 5 {
            std::thread::sleep(Duration::from_millis(5));
        }
        let begun = Instant::now();
        io.stop.ask();
        assert!(reader.join().unwrap().contains("stopped by a signal") && begun.elapsed() < Duration::from_secs(1));
    }

    #[test]
    fn a_large_object_goes_on_where_its_connection_broke_however_late() {
        let io = Io::start().unwrap();
        let store = served(&io, |mut asked| {
            let range = asked.head.lines().find_map(|line| line.strip_prefix("range: bytes=")).unwrap_or("0-");
            let from: usize = range.split('-').next().unwrap().parse().unwrap();
            let status = if from == 0 { "200 OK" } else { "206 Partial" };
            let (left, text) = (100 - from, [b'0' + (from / 10) as u8; 10]);
            let head = format!("content-length: {left}\r\ncontent-range: bytes {from}-99/100");
            asked.write(format!("HTTP/1.1 {status}\r\n{META}\r\n{head}\r\n\r\n").as_bytes());
            asked.write(&text);
            std::thread::sleep(PATIENCE / 8);
        });
        let begun = Instant::now();
        let object = Listed { key: "raw/x".into(), size: 100, etag: Some("\"1\"".into()), archived: false };
        let mut text = String::new();
        store.read_in_pieces(&object).unwrap().unwrap().read_to_string(&mut text).unwrap();
        let expected: String = (0..10).map(|n| n.to_string().repeat(10)).collect();
        assert_eq!(text, expected);
        assert!(begun.elapsed() > PATIENCE);
    }
}
