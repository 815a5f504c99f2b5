//! Reading ahead: groups of whole objects, in order, as many at once as a byte budget allows.
//!
//! In: groups of keys in the order in which they are wanted. Out: their bytes in that order. A [`Budget`] is shared by
//! all readers of a run and is held until a group is done with, so that what waits to be decoded is bounded too. A
//! group gets its whole share before its first byte is read: readers that each held part of one could otherwise wait
//! for each other for ever.
//!
//! How many requests are in flight follows from need: whenever a reader waits for a group that is not there yet, the
//! store's answers are too slow for what is decoded, and more are allowed, up to a bound. A store that is fast enough is
//! not asked faster.

use std::io::{self, Read};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use bytes::{Buf, Bytes};
use futures::StreamExt;
use futures::executor::block_on;
use futures::future::{Either, select};
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{GetOptions, GetResult, ObjectStoreExt, collect_bytes};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tracing::{debug, info};

use super::stop::stopped;
use super::{Listed, MAX_REQUESTS_IN_FLIGHT, Store, Unread, count, refusal};
use crate::error::{Error, Result};

/// Bytes that may be fetched and not yet decoded, shared by all readers of a run.
#[derive(Debug, Clone)]
pub struct Budget {
    // In KiB, since a semaphore counts to 2^29 only on small machines.
    kib: Arc<Semaphore>,
    total_kib: u32,
    requests: Arc<Semaphore>,
    /// Requests that may be allowed besides.
    spare_requests: Arc<AtomicUsize>,
}

/// Budget for which one more request may be in flight: what a connection holds besides the object is little beside it. Small
/// objects of 14 KB packed are decoded at 3,000 a second by a thread, so its 8 MiB allow what takes 40 ms to be answered.
const BYTES_PER_REQUEST: u64 = 64 << 10;

/// Most requests in flight for whole objects: S3 answers a prefix 5,500 times a second, and asks to slow down beyond.
const MOST_REQUESTS: usize = 512;

impl Budget {
    /// Makes a budget of `bytes`.
    pub fn new(bytes: u64) -> Self {
        let total_kib = u32::try_from(bytes >> 10).unwrap_or(u32::MAX >> 4).max(1);
        let kib = Arc::new(Semaphore::new(total_kib as usize));
        let most = usize::try_from(bytes / BYTES_PER_REQUEST).unwrap_or(usize::MAX).min(MOST_REQUESTS);
        Self {
            kib,
            total_kib,
            requests: Arc::new(Semaphore::new(MAX_REQUESTS_IN_FLIGHT)),
            spare_requests: Arc::new(AtomicUsize::new(most.saturating_sub(MAX_REQUESTS_IN_FLIGHT))),
        }
    }

    /// Allows more requests at once, as many again as there were at first, unless that is the most.
    fn widen(&self) {
        let less = |spare: usize| Some(spare.saturating_sub(MAX_REQUESTS_IN_FLIGHT));
        if let Ok(spare) = self.spare_requests.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less) {
            let more = spare.min(MAX_REQUESTS_IN_FLIGHT);
            if more > 0 {
                info!(more, "objects come slower than they are decoded: more requests at once");
            }
            self.requests.add_permits(more);
        }
    }

    async fn take(&self, bytes: u64) -> Option<OwnedSemaphorePermit> {
        // A group larger than the whole budget takes all of it and goes alone.
        let kib = u32::try_from(bytes >> 10).unwrap_or(u32::MAX).saturating_add(1).min(self.total_kib);
        // Semaphores are first come, first served, so the group that is wanted next is never starved.
        Arc::clone(&self.kib).acquire_many_owned(kib).await.ok()
    }
}

/// What came of reading an object: its bytes, as listed, or why there are none.
pub type Body = std::result::Result<Bytes, Unread>;

/// Objects that were read ahead; their share of the budget is free again when this is dropped.
#[derive(Debug)]
pub struct Fetched {
    /// What was found, in the order of the group.
    pub bodies: Vec<Body>,
    _share: Option<OwnedSemaphorePermit>,
}

/// Groups in the order in which they were asked for.
#[derive(Debug)]
pub struct Fetches {
    receiver: mpsc::Receiver<Result<Fetched>>,
    budget: Budget,
    /// What is read when it is wanted, and not ahead.
    #[cfg(test)]
    in_turn: Option<(Store, std::vec::IntoIter<Vec<Listed>>)>,
}

impl Fetches {
    /// Waits for the next group.
    ///
    /// # Errors
    /// When the store failed for good; what follows is not fetched.
    pub fn wait(&mut self) -> Result<Fetched> {
        #[cfg(test)]
        if let Some((store, groups)) = &mut self.in_turn {
            return store.fetch_now(&groups.next().unwrap_or_default());
        }
        if let Ok(fetched) = self.receiver.try_recv() {
            return fetched;
        }
        self.budget.widen();
        self.receiver.blocking_recv().unwrap_or_else(|| Err(Error::stopped("reading ahead ended early")))
    }
}

/// The content of an object as it comes.
type BodyPieces = BoxStream<'static, object_store::Result<Bytes>>;

/// Groups that one reader has under way, if the budget allows: enough to fill it with groups of a few megabytes.
const GROUPS_AHEAD: usize = 8;

impl Store {
    /// Starts reading groups of objects ahead, in order.
    #[expect(clippy::async_yields_async, reason = "a group is begun in one place and awaited in its turn in another")]
    pub(crate) fn fetch(&self, groups: Vec<Vec<Listed>>, budget: &Budget) -> Fetches {
        let (sender, receiver) = mpsc::channel(1);
        let fetches = Fetches {
            receiver,
            budget: budget.clone(),
            #[cfg(test)]
            in_turn: None,
        };
        #[cfg(test)]
        if self.io.in_turn {
            return Fetches { in_turn: Some((self.clone(), groups.into_iter())), ..fetches };
        }
        let (store, budget) = (self.clone(), budget.clone());
        let stop = self.io.stop.clone();
        self.io.runtime.spawn(async move {
            let fetched = futures::stream::iter(groups)
                .then(|group| {
                    let (budget, store) = (budget.clone(), store.clone());
                    async move {
                        let share = budget.take(group.iter().map(|object| object.size).sum()).await;
                        tokio::spawn(store.read_group(group, share, budget.requests))
                    }
                })
                .buffered(GROUPS_AHEAD);
            let mut fetched = pin!(fetched);
            loop {
                let result = match select(pin!(stop.asked()), fetched.next()).await {
                    Either::Left(_) => Err(stopped()),
                    Either::Right((None, _)) => return,
                    Either::Right((Some(joined), _)) => {
                        joined.unwrap_or_else(|e| Err(Error::stopped("a reader died").because(e)))
                    }
                };
                let failed = result.is_err();
                if sender.send(result).await.is_err() || failed {
                    return;
                }
            }
        });
        fetches
    }

    /// Reads a group on this thread, one object after the other.
    #[cfg(test)]
    fn fetch_now(&self, group: &[Listed]) -> Result<Fetched> {
        let bodies = group.iter().map(|object| self.wait(self.read(object))?).collect::<Result<_>>()?;
        Ok(Fetched { bodies, _share: None })
    }

    async fn read_group(
        self,
        group: Vec<Listed>,
        share: Option<OwnedSemaphorePermit>,
        requests: Arc<Semaphore>,
    ) -> Result<Fetched> {
        if self.location.is_local() {
            return Ok(Fetched { bodies: self.read_files(group).await?, _share: share });
        }
        let reads: Vec<_> = group
            .into_iter()
            .map(|object| {
                let (store, requests) = (self.clone(), Arc::clone(&requests));
                tokio::spawn(async move {
                    let _permit = requests.acquire_owned().await;
                    store.read(&object).await
                })
            })
            .collect();
        let mut bodies = Vec::with_capacity(reads.len());
        for read in reads {
            bodies.push(read.await.map_err(|e| Error::stopped("a reader died").because(e))??);
        }
        Ok(Fetched { bodies, _share: share })
    }

    /// Reads files one after the other on one thread outside the runtime.
    ///
    /// Inside, object_store hands each file twice to a thread that may wait, which costs more than to read a small one.
    /// Files of several groups are read at once, so that a disk has something to do too.
    async fn read_files(self, group: Vec<Listed>) -> Result<Vec<Body>> {
        let (sender, receiver) = oneshot::channel();
        let read = move || {
            let mut bodies = Vec::with_capacity(group.len());
            for object in &group {
                // Nobody waits any longer: the run has failed or is to stop.
                if sender.is_closed() {
                    return;
                }
                match block_on(self.read(object)) {
                    Ok(body) => bodies.push(body),
                    Err(e) => return drop(sender.send(Err(e))),
                }
            }
            drop(sender.send(Ok(bodies)));
        };
        let thread = thread::Builder::new().name("flowparquet-read".to_owned()).spawn(read);
        thread.map_err(|e| Error::stopped("cannot start a thread that reads").because(e))?;
        receiver.await.map_err(|e| Error::stopped("a reader died").because(e))?
    }

    async fn read(&self, object: &Listed) -> Result<Body> {
        let path = self.path(&object.key)?;
        count(&self.counters.get, 1);
        let found = match self.inner.get(&path).await {
            Ok(found) => found,
            Err(e) => return self.unread(&object.key, e).await.map(Err),
        };
        if !object.is_still(&found.meta) {
            info!(object = %self.location.url_of(&object.key), "the object changed");
            return Ok(Err(Unread::Changed));
        }
        // A file is read in one go, by this thread.
        let whole = match self.location.is_local() {
            true => found.bytes().await,
            false => collect_bytes(self.going_on(path.clone(), found), Some(object.size)).await,
        };
        match whole {
            Ok(bytes) => {
                debug!(object = %self.location.url_of(&object.key), bytes = bytes.len(), "fetched");
                Ok(Ok(bytes))
            }
            Err(e) => self.broken_off(&object.key, e).await.map(Err),
        }
    }

    /// Returns why an object is not given to its end, if the store has it still and answers: then others can be read.
    pub(super) async fn broken_off(&self, key: &str, e: object_store::Error) -> Result<Unread> {
        let path = self.path(key)?;
        if refusal::of_object(&e).is_some() || refusal::is_of_server(&e) {
            return self.unread(key, e).await;
        }
        if self.inner.head(&path).await.is_err() {
            return Err(self.failed("cannot read", key, e));
        }
        let why = refusal::broken(&e);
        info!(object = %self.location.url_of(key), reason = %why, "the object cannot be read");
        Ok(why)
    }

    /// Reads one object piece by piece, for those too large to be held; or returns why it cannot be read. What breaks off later
    /// says so in the reader's error: see [`Unread::of`].
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) fn read_in_pieces(&self, object: &Listed) -> Result<std::result::Result<PieceReader, Unread>> {
        let path = self.path(&object.key)?;
        count(&self.counters.get, 1);
        let found = match self.wait(self.inner.get(&path))? {
            Ok(found) => found,
            Err(e) => return self.wait(self.unread(&object.key, e))?.map(Err),
        };
        if !object.is_still(&found.meta) {
            return Ok(Err(Unread::Changed));
        }
        debug!(object = %self.location.url_of(&object.key), bytes = object.size, "fetched piece by piece");
        // A handful of pieces: the network stays busy while one is decoded.
        let (sender, receiver) = mpsc::channel(8);
        let (stop, mut pieces) = (self.io.stop.clone(), self.going_on(path, found));
        let (store, key) = (self.clone(), Arc::clone(&object.key));
        self.io.runtime.spawn(async move {
            loop {
                let piece = match select(pin!(stop.asked()), pieces.next()).await {
                    Either::Left(_) => Err(io::Error::other(stopped())),
                    Either::Right((None, _)) => return,
                    Either::Right((Some(Ok(piece)), _)) => Ok(piece),
                    Either::Right((Some(Err(e)), _)) => {
                        Err(store.broken_off(&key, e).await.map_or_else(io::Error::other, io::Error::other))
                    }
                };
                let failed = piece.is_err();
                if sender.send(piece).await.is_err() || failed {
                    return;
                }
            }
        });
        Ok(Ok(PieceReader { receiver, piece: Bytes::new() }))
    }

    /// As [`Store::read_in_pieces`], of an object that only we write: `None` if it is gone or changed.
    ///
    /// # Errors
    /// Also when it alone is refused.
    pub(crate) fn read_own_in_pieces(&self, object: &Listed) -> Result<Option<PieceReader>> {
        match self.read_in_pieces(object)? {
            Ok(pieces) => Ok(Some(pieces)),
            Err(Unread::Gone | Unread::Changed) => Ok(None),
            Err(Unread::Refused(why)) => {
                Err(Error::refused(format!("cannot read: {why}")).at(self.location.url_of(&object.key)))
            }
        }
    }

    /// Returns the content of an object whose answer has begun, and asks for the rest of it when the answer breaks off.
    ///
    /// So does object_store, but only in the first minutes of a request; a large object on a slow line takes longer.
    fn going_on(&self, path: Path, found: GetResult) -> BodyPieces {
        let (inner, etag, range) = (Arc::clone(&self.inner), found.meta.e_tag.clone(), found.range.clone());
        let begin = (found.into_stream(), range.start, range.start);
        let next = move |(mut pieces, at, mut asked): (BodyPieces, u64, u64)| {
            let (inner, etag, path) = (Arc::clone(&inner), etag.clone(), path.clone());
            async move {
                loop {
                    match pieces.next().await {
                        None => return Ok(None),
                        Some(Ok(piece)) => {
                            let next = at + piece.len() as u64;
                            return Ok(Some((piece, (pieces, next, asked))));
                        }
                        // Not if nothing came since it was asked for: there is no more to be had.
                        Some(Err(_)) if asked < at && at < range.end && etag.is_some() => {
                            info!(object = %path, at, "the answer broke off: asked for the rest");
                            let rest = GetOptions::new().with_range(Some(at..range.end)).with_if_match(etag.clone());
                            (pieces, asked) = (inner.get_opts(&path, rest).await?.into_stream(), at);
                        }
                        Some(Err(e)) => return Err(e),
                    }
                }
            }
        };
        futures::stream::try_unfold(begin, next).boxed()
    }
}

/// An object as a plain reader.
#[derive(Debug)]
pub struct PieceReader {
    receiver: mpsc::Receiver<io::Result<Bytes>>,
    piece: Bytes,
}

impl Read for PieceReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.receiver.blocking_recv() {
                Some(piece) => self.piece = piece?,
                None => return Ok(0),
            }
        }
        let len = buffer.len().min(self.piece.len());
        self.piece.split_to(len).copy_to_slice(&mut buffer[..len]);
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;
    use crate::store::{Io, Location, StoreOptions};

    #[test]
    fn requests_at_once_grow_with_need_up_to_what_the_budget_allows() {
        for (bytes, most) in [(1 << 20, 64), (10 << 20, 160), (1 << 40, MOST_REQUESTS)] {
            let budget = Budget::new(bytes);
            assert_eq!(budget.requests.available_permits(), 64);
            (0..100).for_each(|_| budget.widen());
            assert_eq!(budget.requests.available_permits(), most);
        }
    }

    #[test]
    fn readers_that_share_a_small_budget_do_not_wait_for_each_other() {
        let dir = std::env::temp_dir().join(format!("flowparquet-fetch-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let io = Io::start().unwrap();
        let store =
            Store::open(&Location::parse(&dir.to_string_lossy()).unwrap(), &StoreOptions::default(), &io).unwrap();
        let keys: Vec<String> = (0..4).map(|n| store.location().key(&format!("{n}.log"))).collect();
        keys.iter().for_each(|key| store.put(key, vec![b'x'; 1000]).unwrap());
        let groups = || -> Vec<Vec<Listed>> {
            let listed = |key: &String| store.head(key).unwrap().unwrap();
            (0..50).map(|_| keys.iter().map(listed).collect()).collect()
        };
        // Room for one group and a part of another: eight readers that took it object by object would each hold some.
        let budget = Budget::new(5 << 10);
        let (sender, receiver) = mpsc::channel();
        for _ in 0..8 {
            let (mut fetches, sender) = (store.fetch(groups(), &budget), sender.clone());
            thread::spawn(move || {
                for _ in 0..50 {
                    let fetched = fetches.wait().unwrap();
                    let whole = |body: &Body| matches!(body, Ok(bytes) if bytes.len() == 1000);
                    assert!(fetched.bodies.len() == 4 && fetched.bodies.iter().all(whole));
                }
                sender.send(()).unwrap();
            });
        }
        for _ in 0..8 {
            receiver.recv_timeout(Duration::from_secs(60)).unwrap();
        }
        std::fs::remove_dir_all(dir).unwrap();
    }
}
