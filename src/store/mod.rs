//! Object stores behind plain calls: S3 (and what speaks its language) and the local disk are the same code.
//!
//! In: a [`Location`] and [`StoreOptions`]. Out: a [`Store`] with list, get, put, create-if-absent, delete,
//! read-ahead ([`fetch`]) and uploads of any size ([`upload`]). The only module that knows object_store and tokio;
//! async stops here. Retries of 5xx, 503 Slow Down and dropped connections are object_store's; time-outs and the pace of the
//! process are ours (`http`, `pace`).

mod aws;
#[cfg(test)]
pub(crate) mod beside;
mod client;
mod disk;
mod endpoint;
#[cfg(test)]
pub(crate) mod faults;
pub mod fetch;
mod http;
mod io;
mod listing;
mod local;
mod location;
mod look;
mod pace;
mod pages;
pub mod parallel;
#[cfg(feature = "query")]
mod plain;
pub mod ranges;
mod real;
mod refusal;
mod spelling;
mod stop;
mod tls;
#[cfg(test)]
pub(crate) mod turn_store;
#[cfg(test)]
pub(crate) mod turns;
pub mod upload;
mod words;

use std::fmt;
use std::ops::Range;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::future::{Either, join_all, select};
use futures::{StreamExt, TryStreamExt};
use object_store::client::HttpClient;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions};
use tracing::{debug, info};

use crate::error::{Error, ErrorKind, Result};
pub(crate) use aws::address::check_bucket;
use aws::sign::Signer;
pub(crate) use aws::sign::element;
pub use aws::write::WriteOptions;
use disk::{Bounds, Disk};
use fetch::Body;
pub use io::Io;
use listing::is_archived;
pub(crate) use local::LinkKind;
use local::Links;
pub use location::{Location, lies_below, name_of};
pub use pages::DEFAULT_MAX_OBJECTS;
use pages::TOO_MANY;
#[cfg(feature = "query")]
pub(crate) use plain::PlainHttp;
use ranges::near;
pub use real::RealKeys;
pub use refusal::Unread;

/// Requests in flight at once, at first ([`fetch::Budget`]); S3 answers a prefix 5,500 times a second.
pub const MAX_REQUESTS_IN_FLIGHT: usize = 64;

/// How often a create is tried that S3 answers by 409: another request for the same key is under way, and it is open
/// which of them wins.
const MAX_CONFLICTS: u32 = 6;

/// Folder of flowparquet's own objects below DEST: a folder that has one is a table. Athena, Spark and Trino pass over names
/// that begin with `_`.
pub const OWN_FOLDER: &str = "_flowparquet";

/// The object in it that says what the table is.
pub const TABLE_OBJECT: &str = "_flowparquet/table.json";

/// Most bytes of an object that flowparquet writes about a table: entries of the ledger, `table.json`. What is larger is not read:
/// whoever may write to DEST could fill the memory with it. A claim of the most objects has at most a quarter of this.
pub const MAX_OWN_BYTES: u64 = 128 << 20;

/// Keys that one LIST request returns, by S3's definition.
pub const KEYS_PER_LIST: usize = 1_000;

/// How to reach S3, besides what the `AWS_*` variables of the environment and the files of profiles say.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct StoreOptions {
    /// Endpoint of an S3-compatible server.
    pub endpoint_url: Option<String>,
    /// Region of the bucket, if it is not to be found.
    pub s3_region: Option<String>,
    /// Profile of `~/.aws/config` and `~/.aws/credentials`; goes before keys in the environment.
    pub profile: Option<String>,
    /// ARN of a role that is assumed with the credentials that there are.
    pub role: Option<String>,
    /// External id that the role's trust policy wants.
    pub external_id: Option<String>,
    /// Whether AWS's FIPS endpoints are used.
    pub use_fips_endpoint: bool,
    /// Whether AWS's endpoints with IPv6 are used.
    pub use_dualstack_endpoint: bool,
    /// A file of certificates (PEM) that are trusted besides the system's.
    pub ca_bundle: Option<std::path::PathBuf>,
    /// Whether whoever asks pays for requests and data.
    pub request_payer: bool,
    /// The account that must own the bucket, 12 digits.
    pub expected_bucket_owner: Option<String>,
    /// How objects are written; for a table, what it recorded goes before what is not said here.
    pub write: WriteOptions,
    /// Whether plain HTTP may be spoken.
    pub allow_http: bool,
    /// Whether the bucket's name goes into the host name instead of the path.
    pub virtual_hosted: bool,
    /// Whether requests are not signed.
    pub anonymous: bool,
    /// Whether a bucket's objects are the same at every endpoint: a server that was moved, or is reached by several names.
    pub any_endpoint: bool,
    /// Whether links of the local disk are followed that lead out of SOURCE or DEST.
    pub follow_links: bool,
    /// Most objects and folders that a listing may have; 50 million if it is not said.
    pub max_objects: Option<u64>,
}

/// How long clearing up may take when a run has failed or is to stop.
const CLEARING_UP: Duration = Duration::from_secs(5);

/// An object as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The whole key. Shared with plan, ledger and readers: there may be a million of them.
    pub key: Arc<str>,
    /// Size in bytes.
    pub size: u64,
    /// Entity tag; changes when the object does.
    pub etag: Option<Arc<str>>,
    /// Whether its storage class, as the listing says, gives it to nobody unless it is restored. Whether it is, no listing says.
    pub archived: bool,
}

impl Listed {
    /// Returns whether an object that was found later is the listed one; a store without ETags is told by sizes.
    fn is_still(&self, meta: &ObjectMeta) -> bool {
        meta.size == self.size && (self.etag.is_none() || meta.e_tag.as_deref() == self.etag.as_deref())
    }
}

/// One level of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FolderListing {
    /// Folders, whole, without a trailing slash.
    pub folders: Vec<String>,
    /// Objects directly in the prefix.
    pub objects: Vec<Listed>,
}

/// Whether [`Store::create`] made the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// It did.
    Yes,
    /// An object with this key was there before.
    AlreadyThere,
}

/// Requests a store was sent; LIST counts pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Requests {
    /// LIST requests.
    pub list: u64,
    /// GET and HEAD requests.
    pub get: u64,
    /// PUT, POST and multipart requests.
    pub put: u64,
    /// DELETE requests.
    pub delete: u64,
    /// Requests among these that failed and were sent again, once for each time.
    pub retried: u64,
}

#[derive(Debug, Default)]
struct Counters {
    list: AtomicU64,
    get: AtomicU64,
    put: AtomicU64,
    delete: AtomicU64,
    retried: AtomicU64,
}

/// What a bucket has that the local disk has not.
#[derive(Debug)]
struct S3 {
    signer: Arc<Signer>,
    /// For requests that object_store does not make.
    http: HttpClient,
}

/// A bucket or the local disk, below one prefix.
#[derive(Clone)]
pub struct Store {
    inner: Arc<dyn ObjectStore>,
    location: Location,
    endpoint: Option<Arc<str>>,
    bounds: Arc<Bounds>,
    io: Io,
    counters: Arc<Counters>,
    links: Arc<Links>,
    /// What is S3's alone; nothing on the local disk.
    s3: Option<Arc<S3>>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("location", &self.location).finish_non_exhaustive()
    }
}

impl Store {
    /// Connects to a location; sends nothing yet. A folder of the local disk is known by its real path from here on, whichever
    /// links led to it.
    ///
    /// # Errors
    /// A usage error if the options or the environment do not make a client.
    pub fn open(location: &Location, options: &StoreOptions, io: &Io) -> Result<Self> {
        let location = &location.real();
        let counters = Arc::default();
        let max_objects = options.max_objects.unwrap_or(DEFAULT_MAX_OBJECTS);
        let bounds = Arc::new(Bounds::new(location.prefix(), options.follow_links, max_objects));
        let mut s3 = None;
        let (inner, endpoint): (Arc<dyn ObjectStore>, _) = match location.bucket() {
            None => {
                info!(%location, "the store is the local disk");
                (Arc::new(Disk::new(Arc::clone(&bounds))), None)
            }
            Some(bucket) => {
                let signer = Arc::new(aws::signer(bucket, options, io)?);
                let parts = http::Parts { io, counters: &counters, max_objects, allow_http: options.allow_http };
                let (client, http) = http::s3(bucket, &signer, &parts)?;
                let endpoint = signer.identity();
                s3 = Some(Arc::new(S3 { signer, http }));
                (Arc::new(client), Some(endpoint).filter(|_| !options.any_endpoint))
            }
        };
        let endpoint = endpoint.map(Arc::from);
        let links = Arc::new(Links::within(Arc::clone(&bounds)));
        Ok(Self { inner, location: location.clone(), endpoint, bounds, io: io.clone(), counters, links, s3 })
    }

    /// Returns a store of a test's own making.
    #[cfg(test)]
    pub(crate) fn of(inner: Arc<dyn ObjectStore>, location: &Location, io: &Io) -> Self {
        let bounds = Arc::new(Bounds::new(location.prefix(), false, DEFAULT_MAX_OBJECTS));
        let links = Arc::new(Links::within(Arc::clone(&bounds)));
        let (location, io, counters) = (location.clone(), io.clone(), Arc::default());
        Self { inner, location, endpoint: None, bounds, io, counters, links, s3: None }
    }

    /// Returns where the store stands.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Returns what tells this store's buckets from those of the same names at another endpoint; `None` on the local disk,
    /// and if they are the same at all of them.
    pub(crate) fn endpoint(&self) -> Option<&Arc<str>> {
        self.endpoint.as_ref()
    }

    /// Has objects written as a table recorded it, unless the options of this store say how.
    pub(crate) fn write_as_recorded(&self, recorded: &WriteOptions) {
        if let Some(s3) = &self.s3 {
            s3.signer.write_as_recorded(recorded);
        }
    }

    /// Returns how objects are written, as the options of this store say.
    pub(crate) fn writes_as(&self) -> WriteOptions {
        self.s3.as_ref().map(|s3| WriteOptions::clone(&s3.signer.writes_as())).unwrap_or_default()
    }

    /// Returns what was asked of the store so far.
    pub fn requests(&self) -> Requests {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Counters { list, get, put, delete, retried } = &*self.counters;
        Requests { list: read(list), get: read(get), put: read(put), delete: read(delete), retried: read(retried) }
    }

    /// Lists one level below each of the prefixes, in parallel; results stand in the order of the prefixes.
    ///
    /// A prefix that does not exist has no content.
    ///
    /// # Errors
    /// When a listing fails for good.
    pub(crate) fn list_levels(&self, prefixes: &[String]) -> Result<Vec<FolderListing>> {
        if !self.location.is_local() {
            return self.each(prefixes, |prefix| self.list_level(prefix));
        }
        let mut levels = Vec::new();
        for (mut level, links) in self.each(prefixes, |prefix| self.list_disk(prefix, local::level))? {
            for link in links.into_iter().filter(|link| self.links.follow(link)) {
                level.objects.extend(link.object);
                level.folders.extend(Some(link.key).filter(|_| link.is_folder));
            }
            level.objects.sort_by(|a, b| a.key.cmp(&b.key));
            level.folders.sort();
            count(&self.counters.list, pages(level.folders.len() + level.objects.len()));
            levels.push(level);
        }
        Ok(levels)
    }

    /// Lists everything below each of the prefixes, in parallel, as [`Store::list_levels`] does one level.
    ///
    /// # Errors
    /// When a listing fails for good.
    pub(crate) fn list_all(&self, prefixes: &[String]) -> Result<Vec<Vec<Listed>>> {
        if !self.location.is_local() {
            return self.each(prefixes, |prefix| self.list_below(prefix));
        }
        let mut all = Vec::new();
        for (mut objects, mut links) in self.each(prefixes, |prefix| self.list_disk(prefix, local::below))? {
            // In an order that is always the same: of several links to a folder the first one is followed.
            links.sort_by(|a, b| b.key.cmp(&a.key));
            while let Some(link) = links.pop() {
                if self.links.follow(&link) {
                    objects.extend(link.object);
                    if link.is_folder {
                        let (more, further) = self.wait(self.list_disk(&link.key, local::below))??;
                        objects.extend(more);
                        links.extend(further);
                        links.sort_by(|a, b| b.key.cmp(&a.key));
                    }
                }
            }
            count(&self.counters.list, pages(objects.len()));
            all.push(objects);
        }
        Ok(all)
    }

    /// Returns the symbolic links that listings met and did not follow, and why.
    pub(crate) fn links_passed_over(&self) -> Vec<(String, LinkKind)> {
        self.links.passed_over().into_iter().filter(|(key, _)| self.location.holds(key)).collect()
    }

    /// Lists all there is below each of the prefixes, in parallel: as [`Store::list_all`], and on the local disk also what is no
    /// object, such as a link to a folder or a file that is not finished.
    ///
    /// # Errors
    /// When a listing fails for good.
    pub(crate) fn list_whole(&self, prefixes: &[String]) -> Result<Vec<Vec<Listed>>> {
        if !self.location.is_local() {
            return self.list_all(prefixes);
        }
        self.each(prefixes, |prefix| async move {
            let listed = self.list_disk(prefix, local::whole).await?;
            count(&self.counters.list, pages(listed.len()));
            Ok(listed)
        })
    }

    /// Reads objects that flowparquet writes about a table, in parallel; results stand in the order of the keys. One that is too
    /// large to be ours is not read, and stands there as an error of its own.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub(crate) fn get_all_own(&self, keys: &[String]) -> Result<Vec<Result<Bytes>>> {
        self.each(keys, |key| async move {
            match self.read_own(key).await {
                Err(e) if e.kind() == ErrorKind::Damaged => Ok(Err(e)),
                Err(e) => Err(e),
                Ok(Some(content)) => Ok(Ok(content)),
                Ok(None) => Err(Error::stopped("this object was listed and is gone")
                    .at(self.location.url_of(key))
                    .help("another run or somebody else deleted it; it is safe to run again")),
            }
        })
    }

    /// Reads an object that flowparquet writes about a table, or returns `None` if it is not there.
    ///
    /// # Errors
    /// When it cannot be read; one of damage if it is too large to be ours.
    pub(crate) fn get_own(&self, key: &str) -> Result<Option<Bytes>> {
        self.wait(self.read_own(key))?
    }

    async fn read_own(&self, key: &str) -> Result<Option<Bytes>> {
        let path = self.path(key)?;
        count(&self.counters.get, 1);
        match self.inner.get(&path).await {
            Ok(found) if found.meta.size > MAX_OWN_BYTES => Err(Error::damaged(format!(
                "this object has {} bytes: more than {MAX_OWN_BYTES}, so flowparquet did not write it",
                found.meta.size
            ))
            .at(self.location.url_of(key))
            .help("restore it from a version or backup")),
            Ok(found) => found.bytes().await.map(Some).map_err(|e| self.failed("cannot read", key, e)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(e) => Err(self.failed("cannot read", key, e)),
        }
    }

    /// Reads a whole object, or returns `None` if it is not there. Of one that is larger than `most_bytes` nothing is read, and its
    /// size comes back.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn get_within(&self, key: &str, most_bytes: u64) -> Result<Option<std::result::Result<Bytes, u64>>> {
        let path = self.path(key)?;
        count(&self.counters.get, 1);
        self.wait(async {
            match self.inner.get(&path).await {
                Ok(found) if found.meta.size > most_bytes => Ok(Some(Err(found.meta.size))),
                Ok(found) => found.bytes().await.map(|b| Some(Ok(b))).map_err(|e| self.failed("cannot read", key, e)),
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(e) => Err(self.failed("cannot read", key, e)),
            }
        })?
    }

    /// Reads part of an object.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn get_range(&self, key: &str, range: Range<u64>) -> Result<Bytes> {
        let path = self.path(key)?;
        count(&self.counters.get, 1);
        self.wait(async { self.inner.get_range(&path, range).await.map_err(|e| self.failed("cannot read", key, e)) })?
    }

    /// Reads several parts of an object in parallel, those [`near`] each other by one request; results stand in the order of
    /// the ranges.
    ///
    /// # Errors
    /// When one of them cannot be read, or the object ends before.
    pub(crate) fn get_ranges(&self, key: &str, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let joined = near(ranges);
        let read = self.each(&joined, |range| async move {
            count(&self.counters.get, 1);
            let read = self.inner.get_range(&self.path(key)?, range.clone()).await;
            read.map_err(|e| self.failed("cannot read", key, e))
        })?;
        let part = |range: &Range<u64>| {
            let (whole, bytes) = joined.iter().zip(&read).find(|(whole, _)| whole.contains(&range.start))?;
            let from = usize::try_from(range.start - whole.start).ok()?;
            let to = usize::try_from(range.end - whole.start).ok()?;
            (to <= bytes.len()).then(|| bytes.slice(from..to))
        };
        let shorter = || Error::stopped("the object is shorter than it was").at(self.location().url_of(key));
        ranges.iter().map(|range| part(range).ok_or_else(shorter)).collect()
    }

    /// Reads the first bytes of objects, at most `bytes` of each, in parallel; results stand in the order of `objects`. One that
    /// cannot be read gives none.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) fn get_heads(&self, objects: &[&Listed], bytes: u64) -> Result<Vec<Body>> {
        self.each(objects, |object| async move {
            let range = 0..object.size.min(bytes);
            if range.is_empty() {
                return Ok(Ok(Bytes::new()));
            }
            count(&self.counters.get, 1);
            match self.inner.get_range(&self.path(&object.key)?, range).await {
                Ok(head) => Ok(Ok(head)),
                Err(e) => self.broken_off(&object.key, e).await.map(Err),
            }
        })
    }

    /// Returns the first of some objects that is refused, and why, if none of them can be read; looks at ever more at once. Those
    /// that are gone, or other ones now, are no reason: somebody was faster.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) fn refused_all<'a>(&self, objects: &'a [Listed]) -> Result<Option<(&'a Listed, Unread)>> {
        let (mut first, mut from, mut most) = (None, 0, 1);
        while from < objects.len() {
            let next: Vec<&Listed> = objects[from..].iter().take(most).collect();
            for (object, read) in next.iter().zip(self.get_heads(&next, 1)?) {
                match read {
                    Ok(_) => return Ok(None),
                    Err(why @ Unread::Refused(_)) => first = first.or(Some((*object, why))),
                    Err(Unread::Gone | Unread::Changed) => {}
                }
            }
            (from, most) = (from + next.len(), (most * 2).min(KEYS_PER_LIST));
        }
        Ok(first)
    }

    /// Returns why an object alone cannot be read.
    ///
    /// # Errors
    /// When it is not the object's fault.
    async fn unread(&self, key: &str, error: object_store::Error) -> Result<Unread> {
        let object = self.location.url_of(key);
        let why = match (refusal::of_object(&error), refusal::failure(&error)) {
            (None, Some(failure)) if self.gives_another(key).await => Some(failure),
            (why, _) => why,
        };
        match why {
            Some(why) => {
                info!(object, reason = %why, "the object cannot be read");
                Ok(why)
            }
            None => Err(self.failed("cannot read", key, error)),
        }
    }

    /// Returns whether the store gives one of three other objects of the same folder: then it does not fail on all. Where there is no
    /// other, it has at least to list the folder.
    async fn gives_another(&self, key: &str) -> bool {
        let Ok(folder) = key.rsplit_once('/').map(|(folder, _)| self.path(folder)).transpose() else { return false };
        count(&self.counters.list, 1);
        let others = self.inner.list(folder.as_ref()).take(KEYS_PER_LIST).try_collect::<Vec<_>>().await;
        let Ok(mut others) = others else { return false };
        others.retain(|other| other.size > 0 && other.location.as_ref() != key);
        let Some(last) = others.len().checked_sub(1) else { return true };
        let mut samples = vec![0, last / 2, last];
        samples.dedup();
        count(&self.counters.get, samples.len() as u64);
        let given = samples.into_iter().map(|at| self.inner.get_range(&others[at].location, 0..1));
        join_all(given).await.iter().any(Result::is_ok)
    }

    /// Returns an object's size and ETag, or `None` if it is not there.
    ///
    /// # Errors
    /// When the store does not say.
    pub(crate) fn head(&self, key: &str) -> Result<Option<Listed>> {
        let path = self.path(key)?;
        count(&self.counters.get, 1);
        self.wait(async {
            match self.inner.head(&path).await {
                Ok(meta) => Ok(Some(listed(meta))),
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(e) => Err(self.failed("cannot look at", key, e)),
            }
        })?
    }

    /// Creates an object unless one of this key is there: `If-None-Match: *`, on disk an exclusive link.
    ///
    /// After an answer that was lost on the way a retry may find the caller's own object: a caller for whom that
    /// matters compares contents.
    ///
    /// # Errors
    /// When the store fails otherwise, or does not know conditional requests.
    pub(crate) fn create(&self, key: &str, content: impl Into<Bytes>) -> Result<Created> {
        let path = self.path(key)?;
        let content: Bytes = content.into();
        count(&self.counters.put, 1);
        let mut conflicts = 0;
        self.wait(async {
            loop {
                let options = PutOptions::from(PutMode::Create);
                match self.inner.put_opts(&path, content.clone().into(), options).await {
                    Ok(_) => return Ok(Created::Yes),
                    Err(e) if is_conflict(&e) && conflicts < MAX_CONFLICTS => {
                        info!(object = %self.location.url_of(key), conflicts, "another request creates the same object: tried again");
                        tokio::time::sleep(Duration::from_millis(50 << conflicts)).await;
                        conflicts += 1;
                    }
                    Err(e) if is_conflict(&e) => return Err(self.failed("cannot create", key, e)),
                    Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {
                        return Ok(Created::AlreadyThere);
                    }
                    Err(e) => return Err(self.failed("cannot create", key, e)),
                }
            }
        })?
    }

    /// Writes a whole object, over one that may be there.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) fn put(&self, key: &str, content: impl Into<Bytes>) -> Result<()> {
        let path = self.path(key)?;
        let content: Bytes = content.into();
        count(&self.counters.put, 1);
        self.wait(async {
            let bytes = content.len();
            self.inner.put(&path, content.into()).await.map_err(|e| self.failed("cannot write", key, e))?;
            debug!(object = %self.location.url_of(key), bytes, "written");
            Ok(())
        })?
    }

    /// Deletes an object; one that is not there is no error.
    ///
    /// # Errors
    /// When the store refuses.
    pub(crate) fn delete(&self, key: &str) -> Result<()> {
        let path = self.path(key)?;
        count(&self.counters.delete, 1);
        self.wait(async {
            match self.inner.delete(&path).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {
                    debug!(object = %self.location.url_of(key), "deleted");
                    Ok(())
                }
                Err(e) => Err(self.failed("cannot delete", key, e)),
            }
        })?
    }

    async fn list_level(&self, prefix: &str) -> Result<FolderListing> {
        let path = self.path(prefix)?;
        let listing = self.inner.list_with_delimiter(Some(&path)).await;
        let listing = listing.map_err(|e| self.failed("cannot list", prefix, e))?;
        let folders: Vec<String> = listing.common_prefixes.into_iter().map(String::from).collect();
        let objects: Vec<Listed> = listing.objects.into_iter().map(listed).collect();
        count(&self.counters.list, pages(folders.len() + objects.len()));
        Ok(FolderListing { folders, objects })
    }

    async fn list_below(&self, prefix: &str) -> Result<Vec<Listed>> {
        let path = self.path(prefix)?;
        let listing = self.inner.list(Some(&path)).map_ok(listed).try_collect::<Vec<_>>().await;
        let objects = listing.map_err(|e| self.failed("cannot list", prefix, e))?;
        count(&self.counters.list, pages(objects.len()));
        Ok(objects)
    }

    /// Lists a folder of the local disk on a thread that may wait.
    async fn list_disk<T: Send + 'static>(
        &self,
        prefix: &str,
        list: impl FnOnce(&str, &Bounds) -> std::io::Result<T> + Send + 'static,
    ) -> Result<T> {
        let (folder, bounds) = (prefix.to_owned(), Arc::clone(&self.bounds));
        let listed = tokio::task::spawn_blocking(move || list(&folder, &bounds)).await;
        let place = || self.location.url_of(prefix);
        let listed = listed.map_err(|e| Error::stopped("cannot list").at(place()).because(e))?;
        listed.map_err(|e| {
            if e.to_string().starts_with(TOO_MANY) {
                return words::too_much("cannot list", &place(), TOO_MANY, e);
            }
            Error::refused("cannot list: the disk refuses it")
                .at(place())
                .because(e)
                .help("nothing is half visible; check the permissions of this folder and all below, then run again")
        })
    }

    /// Runs a request for each item, many at once, and returns the results in the order of the items.
    fn each<'a, I, T, F>(&'a self, items: &'a [I], request: impl Fn(&'a I) -> F) -> Result<Vec<T>>
    where
        F: Future<Output = Result<T>>,
    {
        self.wait(futures::stream::iter(items.iter().map(request)).buffered(MAX_REQUESTS_IN_FLIGHT).try_collect())?
    }

    /// Waits for a request; not any longer when the run is to stop.
    ///
    /// What the local disk has begun is not left in the middle: it ends soon by itself.
    fn wait<F: Future>(&self, future: F) -> Result<F::Output> {
        self.io.stop.check()?;
        self.io.runtime.block_on(async {
            if self.location.is_local() {
                return Ok(future.await);
            }
            match select(pin!(self.io.stop.asked()), pin!(future)).await {
                Either::Left(_) => Err(stop::stopped()),
                Either::Right((answer, _)) => Ok(answer),
            }
        })
    }

    /// Waits some seconds for a request that clears up, whether the run is to stop or not.
    fn wait_anyway<F: Future>(&self, future: F) -> Option<F::Output> {
        self.io.runtime.block_on(async { tokio::time::timeout(CLEARING_UP, future).await.ok() })
    }

    /// Returns whether an object of this key can be read: a store may list names that are no keys.
    pub(crate) fn is_key(key: &str) -> bool {
        local::is_key(key)
    }

    /// Returns whether the store can be asked for a key that somebody else wrote down: no listing of ours has others.
    pub(crate) fn can_be_asked(key: &str) -> bool {
        Self::is_key(key) && Path::parse(key).is_ok()
    }

    fn path(&self, key: &str) -> Result<Path> {
        Path::parse(key).map_err(|e| Error::usage("this key cannot be used").at(self.location.url_of(key)).because(e))
    }

    fn failed(&self, what: &str, key: &str, error: object_store::Error) -> Error {
        words::failed(what, self.location.url_of(key), self.location.bucket(), error)
    }
}

/// Returns whether a create met another request for the same key (409); object_store takes that for an object that is
/// there (412).
fn is_conflict(error: &object_store::Error) -> bool {
    matches!(error, object_store::Error::AlreadyExists { .. }) && error.to_string().contains("409 Conflict")
}

fn listed(meta: ObjectMeta) -> Listed {
    let archived = is_archived(&meta);
    Listed { key: String::from(meta.location).into(), size: meta.size, etag: meta.e_tag.map(Arc::from), archived }
}

fn pages(keys: usize) -> u64 {
    keys.div_ceil(KEYS_PER_LIST).max(1) as u64
}

fn count(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}
