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
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::client::{
    ClientOptions, HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody,
    HttpService,
};
use object_store::{BackoffConfig, RetryConfig};
use tracing::{info, trace};

use super::client::client;
use super::listing::{nameable, with_archived};
use super::pace::Pace;
use super::pages::{Listings, MAX_PAGE_BYTES};
use super::{Counters, count};

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

/// Returns the beginning of an S3 client: what the `AWS_*` variables say, before them our time-outs.
pub(super) fn builder(pace: &Arc<Pace>, counters: &Arc<Counters>, max_objects: u64) -> AmazonS3Builder {
    let connector = Connector { pace: Arc::clone(pace), counters: Arc::clone(counters), max_objects };
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
            builder = builder.with_config(key, value);
        }
    }
    builder.with_http_connector(connector).with_retry(retries(env::var("AWS_MAX_ATTEMPTS").ok().as_deref()))
}

/// Returns whether a setting lets others read or answer our requests. A variable that somebody set for another program must
/// not do that for this one.
fn weakens_tls(key: &AmazonS3ConfigKey) -> bool {
    use object_store::ClientConfigKey::{AllowHttp, AllowInvalidCertificates, ProxyCaCertificate};
    matches!(key, AmazonS3ConfigKey::Client(AllowHttp | AllowInvalidCertificates | ProxyCaCertificate))
}

/// Returns how requests are retried; `attempts` is what `AWS_MAX_ATTEMPTS` says, as in AWS's own tools.
fn retries(attempts: Option<&str>) -> RetryConfig {
    let attempts = attempts.and_then(|attempts| attempts.parse::<usize>().ok()).filter(|attempts| *attempts > 0);
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
    max_objects: u64,
}

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        // Fails where a program that uses this library has chosen another one: then that one stands.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(HttpClient::new(Client {
            inner: HttpClient::new(client(options)?),
            // Nothing is read while an upload is sent.
            uploads: HttpClient::new(client(&options.clone().with_read_timeout_disabled())?),
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
    pace: Arc<Pace>,
    counters: Arc<Counters>,
    listings: Listings,
    /// Whether anything was ever answered, and how many requests were not until then.
    answered: AtomicBool,
    unanswered: AtomicU32,
}

#[async_trait]
impl HttpService for Client {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let is_list = request.uri().query().is_some_and(|query| query.split('&').any(|pair| pair == "list-type=2"));
        let query = request.uri().query().filter(|_| is_list).unwrap_or_default().to_owned();
        let method = request.method().clone();
        // Neither user nor query: they may have secrets. A path that leads to credentials is one.
        let host = request.uri().host().unwrap_or_default().to_owned();
        let path =
            Some(request.uri().path()).filter(|path| !path.contains("credentials")).unwrap_or_default().to_owned();
        self.pace.turn().await;
        let response = match self.send(request).await {
            Ok(response) => response,
            Err(error) => {
                info!(%method, host, path, kind = ?error.kind(), "a request was not answered");
                return Err(self.not_answered(error));
            }
        };
        self.answered.store(true, Ordering::Relaxed);
        let status = response.status();
        trace!(%method, host, path, status = status.as_u16(), "a request was answered");
        if status.is_server_error() || matches!(status.as_u16(), 408 | 429) {
            info!(%method, host, path, status = status.as_u16(), "a request failed, and is sent again unless it was the last try");
            count(&self.counters.retried, 1);
            self.pace.failed(&status.to_string(), matches!(status.as_u16(), 429 | 503));
        } else {
            self.pace.answered();
        }
        if status.is_redirection() && response.headers().contains_key("location") {
            return Err(refused(SENT_ELSEWHERE));
        }
        if !status.is_success() {
            let (mut head, body) = response.into_parts();
            head.headers.remove("content-length");
            return Ok(HttpResponse::from_parts(head, beginning(body).await.into()));
        }
        if !is_list {
            return Ok(response);
        }
        let (mut head, body) = response.into_parts();
        head.headers.remove("content-length");
        let page = page(body).await?;
        if let Some(wrong) = self.listings.page(&path, &query, &page) {
            return Err(refused(&wrong));
        }
        Ok(HttpResponse::from_parts(head, with_archived(nameable(page)).into()))
    }
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
        if nobody {
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
        assert_eq!((retries(Some("3")).max_retries, retries(Some("0")).max_retries), (2, MAX_RETRIES));
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
