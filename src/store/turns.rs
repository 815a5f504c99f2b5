//! A store in memory whose calls take turns, for tests: each waits until a [`Director`] lets it go on.
//!
//! Between two calls only the run goes on whose call was the last one. So nothing but the director decides the order of calls,
//! and a director that is made of a seed brings about the same calls again. That asks for runs with one call under way at a
//! time: [`Io::start_in_turn`] and [`super::parallel::ONE_AFTER_THE_OTHER`].
//!
//! A call waits on the thread that makes it, within the future: nobody else needs that thread.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use futures::executor::block_on;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
pub use object_store::memory::InMemory as Memory;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
};
use sha2::{Digest, Sha256};

use super::upload::hex;
use super::{Io, Location, Store};

/// How long a run may compute between two calls before the test gives it up.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// No call yet: the run is about to begin.
    Start,
    List,
    Level,
    Head,
    Get,
    Put,
    Create,
    /// Begins an upload of several parts.
    Begin,
    Part,
    Complete,
    Abort,
    Delete,
}

impl Kind {
    /// Returns whether it changes what readers or other runs see.
    pub fn writes(self) -> bool {
        matches!(self, Self::Put | Self::Create | Self::Complete | Self::Delete)
    }
}

/// A call of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The run, by its number.
    pub run: usize,
    pub kind: Kind,
    /// The object or prefix.
    pub key: String,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A probe has the run's own number, which is another one each time.
        let key = self.key.split_once("/probe-").map_or(self.key.clone(), |(folder, _)| format!("{folder}/probe"));
        write!(f, "{} {:?} {key}", self.run, self.kind)
    }
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Done,
    /// It fails, and nothing was done.
    Fails,
    /// It is done, and the answer is lost.
    AnswerLost,
    /// A create is done, and refused all the same: a retry inside the client that met its own first try.
    DoneAndRefused,
    /// Nobody waits for it any longer, and it is done later: see [`Turns::deliver`].
    Late,
    /// A read object is cut off in its middle, and nobody says so.
    Damaged,
    /// The process dies before it.
    DeadBefore,
    /// The process dies after it.
    DeadAfter,
}

impl Fate {
    fn error(self) -> Error {
        let source: Box<dyn std::error::Error + Send + Sync> = format!("a schedule asked for it: {self:?}").into();
        match self {
            Self::DoneAndRefused => Error::AlreadyExists { path: "here".to_owned(), source },
            _ => Error::Generic { store: "turns", source },
        }
    }
}

/// Who decides what happens next.
pub trait Director: Send + fmt::Debug {
    /// Returns which of the calls goes on. `ended` says of every run whether it is through.
    fn choose(&mut self, waiting: &[&Call], ended: &[bool]) -> usize;
    /// Returns what becomes of the call that goes on.
    fn fate(&mut self, call: &Call) -> Fate;
    /// Looks at what is there now that a call is through; `listed` are the keys that it found, if it is a listing.
    fn look(&mut self, call: &Call, fate: Fate, listed: &[String]);
    /// Hears that a run is through.
    fn ended(&mut self, run: usize);
}

struct State<D> {
    director: D,
    waiting: Vec<Option<Call>>,
    granted: Option<usize>,
    ended: Vec<bool>,
    dead: Vec<bool>,
    late: Vec<BoxFuture<'static, ()>>,
    /// The run whose last call reads what is damaged.
    damaged: Option<usize>,
    trace: Vec<String>,
}

/// The calls of all runs, one at a time.
pub struct Turns<D> {
    inner: Arc<InMemory>,
    state: Mutex<State<D>>,
    /// One for each run, and one for who waits for all of them.
    turn: Vec<Condvar>,
    over: Condvar,
}

impl<D> fmt::Debug for Turns<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("turns")
    }
}

impl<D: Director + 'static> Turns<D> {
    pub fn new(inner: &Arc<InMemory>, runs: usize, director: D) -> Arc<Self> {
        let state = State {
            director,
            waiting: vec![None; runs],
            granted: None,
            ended: vec![false; runs],
            dead: vec![false; runs],
            late: Vec::new(),
            damaged: None,
            trace: Vec::new(),
        };
        let turn = (0..runs).map(|_| Condvar::new()).collect();
        Arc::new(Self { inner: Arc::clone(inner), state: Mutex::new(state), turn, over: Condvar::new() })
    }

    /// Returns the store of a run.
    pub fn store(self: &Arc<Self>, run: usize, location: &Location, io: &Io) -> Store {
        Store::of(Arc::new(TurnStore { turns: Arc::clone(self), run }), location, io)
    }

    fn lock(&self) -> MutexGuard<'_, State<D>> {
        self.state.lock().unwrap()
    }

    /// Waits for a run's first turn. Nothing happens before all have come here.
    pub fn begin(&self, run: usize) {
        self.wait(Call { run, kind: Kind::Start, key: String::new() });
    }

    /// Says that a run is through, whatever it is that ended it.
    pub fn end(&self, run: usize) {
        let mut state = self.lock();
        state.ended[run] = true;
        state.director.ended(run);
        self.next(&mut state);
    }

    /// Waits until all runs are through; returns false if one of them does not go on.
    pub fn wait_for_all(&self) -> bool {
        let mut state = self.lock();
        while state.ended.iter().any(|ended| !ended) {
            let turns = state.trace.len();
            let (now, waited) = self.over.wait_timeout(state, PATIENCE).unwrap();
            state = now;
            if waited.timed_out() && state.trace.len() == turns {
                return false;
            }
        }
        true
    }

    /// Lets late calls arrive.
    pub fn deliver(&self) {
        let late = std::mem::take(&mut self.lock().late);
        late.into_iter().for_each(block_on);
    }

    /// Does something with the director.
    pub fn direct<T>(&self, with: impl FnOnce(&mut D) -> T) -> T {
        with(&mut self.lock().director)
    }

    /// Returns what happened, a line for each call.
    pub fn trace(&self) -> Vec<String> {
        self.lock().trace.clone()
    }

    /// Lets the next call go on, once every run that is not through has one.
    fn next(&self, state: &mut State<D>) {
        if state.waiting.iter().zip(&state.ended).any(|(waiting, ended)| waiting.is_none() && !ended) {
            return;
        }
        let State { director, waiting, ended, .. } = state;
        let calls: Vec<&Call> = waiting.iter().flatten().collect();
        if calls.is_empty() {
            self.over.notify_all();
            return;
        }
        let run = calls[director.choose(&calls, ended)].run;
        state.granted = Some(run);
        self.turn[run].notify_one();
    }

    fn wait(&self, call: Call) -> Fate {
        let run = call.run;
        let mut state = self.lock();
        if state.dead[run] {
            return Fate::DeadBefore;
        }
        state.waiting[run] = Some(call.clone());
        self.next(&mut state);
        while state.granted != Some(run) {
            state = self.turn[run].wait(state).unwrap();
        }
        state.granted = None;
        state.waiting[run] = None;
        let fate = state.director.fate(&call);
        state.damaged = (fate == Fate::Damaged).then_some(run);
        state.dead[run] = matches!(fate, Fate::DeadBefore | Fate::DeadAfter);
        let said = if fate == Fate::Done { String::new() } else { format!(" {fate:?}") };
        state.trace.push(format!("{call}{said}"));
        fate
    }

    fn is_dead(&self, run: usize) -> bool {
        self.lock().dead[run]
    }

    fn look(&self, call: &Call, fate: Fate, listed: &[String]) {
        self.lock().director.look(call, fate, listed);
    }
}

/// Returns ETags as S3 gives them: the same content has the same one.
fn etag(inner: &InMemory, path: &Path) -> Option<String> {
    let content = block_on(async { inner.get(path).await?.bytes().await }).ok()?;
    Some(format!("\"{}\"", &hex(&Sha256::digest(&content))[..32]))
}

/// Returns an object's content.
pub fn read(inner: &InMemory, key: &str) -> Option<Vec<u8>> {
    let path = Path::parse(key).unwrap();
    block_on(async { inner.get(&path).await?.bytes().await }).ok().map(|content| content.to_vec())
}

/// Returns the keys below a prefix, in their order.
pub fn keys(inner: &InMemory, prefix: &str) -> Vec<String> {
    let listed = block_on(inner.list(Some(&Path::parse(prefix).unwrap())).collect::<Vec<_>>());
    let mut keys: Vec<String> = listed.into_iter().flatten().map(|meta| meta.location.to_string()).collect();
    keys.sort();
    keys
}

/// Writes an object, or deletes it, past all turns.
pub fn write(inner: &InMemory, key: &str, content: Option<Vec<u8>>) {
    let path = Path::parse(key).unwrap();
    match content {
        Some(content) => drop(block_on(inner.put(&path, content.into())).unwrap()),
        None => drop(block_on(inner.delete(&path))),
    }
}

/// A store whose ETags are those of S3, without turns.
#[derive(Debug)]
pub struct Plain(pub Arc<InMemory>);

/// The store of one run.
#[derive(Debug)]
struct TurnStore<D> {
    turns: Arc<Turns<D>>,
    run: usize,
}

impl<D: Director + 'static> TurnStore<D> {
    fn call(&self, kind: Kind, path: &Path) -> Call {
        Call { run: self.run, kind, key: path.to_string() }
    }

    /// Makes a call, as the director wants it.
    async fn make<T, F>(&self, kind: Kind, path: &Path, call: impl FnOnce(Arc<InMemory>) -> F) -> Result<T>
    where
        T: 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let turn = self.call(kind, path);
        let fate = self.turns.wait(turn.clone());
        let inner = Arc::clone(&self.turns.inner);
        let result = match fate {
            Fate::Done | Fate::Damaged => call(inner).await,
            Fate::Fails | Fate::DeadBefore => Err(fate.error()),
            Fate::AnswerLost | Fate::DeadAfter | Fate::DoneAndRefused => call(inner).await.and(Err(fate.error())),
            Fate::Late => {
                self.turns.lock().late.push(call(inner).map(drop).boxed());
                Err(fate.error())
            }
        };
        self.turns.look(&turn, fate, &[]);
        result
    }
}

impl<D> fmt::Display for TurnStore<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("turns")
    }
}

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("plain")
    }
}

async fn get(inner: Arc<InMemory>, path: Path, options: GetOptions) -> Result<GetResult> {
    let tag = etag(&inner, &path);
    let mut found = inner.get_opts(&path, GetOptions { if_match: None, ..options }).await?;
    found.meta.e_tag = tag;
    Ok(found)
}

/// Returns an answer without its second half.
async fn cut_off(found: GetResult) -> Result<GetResult> {
    let (meta, half) = (found.meta.clone(), found.bytes().await?);
    let cut = InMemory::new();
    cut.put(&meta.location, half.slice(..half.len() / 2).into()).await?;
    Ok(GetResult { meta: meta.clone(), ..cut.get(&meta.location).await? })
}

async fn level(inner: Arc<InMemory>, prefix: Option<Path>) -> Result<ListResult> {
    let mut listing = inner.list_with_delimiter(prefix.as_ref()).await?;
    listing.objects.iter_mut().for_each(|meta| meta.e_tag = etag(&inner, &meta.location));
    Ok(listing)
}

fn list(inner: &Arc<InMemory>, prefix: Option<&Path>) -> Vec<Result<ObjectMeta>> {
    let mut listing = block_on(inner.list(prefix).collect::<Vec<_>>());
    listing.iter_mut().flatten().for_each(|meta| meta.e_tag = etag(inner, &meta.location));
    listing
}

#[async_trait]
impl<D: Director + 'static> ObjectStore for TurnStore<D> {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        let kind = if matches!(opts.mode, PutMode::Create) { Kind::Create } else { Kind::Put };
        let path = location.clone();
        self.make(kind, location, |inner| async move { inner.put_opts(&path, payload, opts).await }).await
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        let path = location.clone();
        let begun =
            self.make(Kind::Begin, location, |inner| async move { inner.put_multipart_opts(&path, opts).await });
        let (inner, path) = (Some(begun.await?), location.clone());
        Ok(Box::new(TurnUpload { inner, path, store: Self { turns: Arc::clone(&self.turns), run: self.run } }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let kind = if options.head { Kind::Head } else { Kind::Get };
        let path = location.clone();
        let found = self.make(kind, location, |inner| get(inner, path, options)).await?;
        if self.turns.lock().damaged == Some(self.run) { cut_off(found).await } else { Ok(found) }
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let (turns, run) = (Arc::clone(&self.turns), self.run);
        locations
            .then(move |location| {
                let store = Self { turns: Arc::clone(&turns), run };
                async move {
                    let location = location?;
                    let path = location.clone();
                    let deleted =
                        store.make(Kind::Delete, &location, |inner| async move { inner.delete(&path).await });
                    deleted.await.map(|()| location.clone())
                }
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let call = self.call(Kind::List, prefix.unwrap_or(&Path::ROOT));
        let fate = self.turns.wait(call.clone());
        let listing = match fate {
            Fate::Done => list(&self.turns.inner, prefix),
            _ => vec![Err(fate.error())],
        };
        let keys: Vec<String> = listing.iter().flatten().map(|meta| meta.location.to_string()).collect();
        self.turns.look(&call, fate, &keys);
        futures::stream::iter(listing).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let call = self.call(Kind::Level, prefix.unwrap_or(&Path::ROOT));
        let fate = self.turns.wait(call.clone());
        let listing = match fate {
            Fate::Done => level(Arc::clone(&self.turns.inner), prefix.cloned()).await,
            _ => Err(fate.error()),
        };
        let objects = listing.iter().flat_map(|listing| &listing.objects);
        let keys: Vec<String> = objects.map(|meta| meta.location.to_string()).collect();
        self.turns.look(&call, fate, &keys);
        listing
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(Error::NotImplemented { operation: "copy".to_owned(), implementer: "turns".to_owned() })
    }
}

#[async_trait]
impl ObjectStore for Plain {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        self.0.put_opts(location, payload, opts).await
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.0.put_multipart_opts(location, opts).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        get(Arc::clone(&self.0), location.clone(), options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.0.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        futures::stream::iter(list(&self.0, prefix)).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        level(Arc::clone(&self.0), prefix.cloned()).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.0.copy_opts(from, to, options).await
    }
}

/// An upload whose parts take turns too. A part waits before its future is made, on the thread of its run.
#[derive(Debug)]
struct TurnUpload<D> {
    /// None once its completion is under way and late.
    inner: Option<Box<dyn MultipartUpload>>,
    path: Path,
    store: TurnStore<D>,
}

#[async_trait]
impl<D: Director + 'static> MultipartUpload for TurnUpload<D> {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let call = self.store.call(Kind::Part, &self.path);
        let fate = self.store.turns.wait(call.clone());
        let sent = match &mut self.inner {
            Some(inner) if matches!(fate, Fate::Done | Fate::AnswerLost | Fate::DeadAfter) => {
                block_on(inner.put_part(data))
            }
            _ => Err(fate.error()),
        };
        self.store.turns.look(&call, fate, &[]);
        let sent = if fate == Fate::Done { sent } else { Err(fate.error()) };
        async move { sent }.boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let Some(mut upload) = self.inner.take() else { return Err(Fate::Fails.error()) };
        self.store.make(Kind::Complete, &self.path, |_| async move { upload.complete().await }).await
    }

    async fn abort(&mut self) -> Result<()> {
        // The dead clear nothing up.
        match self.inner.take() {
            Some(mut upload) if !self.store.turns.is_dead(self.store.run) => {
                self.store.make(Kind::Abort, &self.path, |_| async move { upload.abort().await }).await
            }
            _ => Ok(()),
        }
    }
}

/// Contents by key, for comparing what is there at two times.
pub fn snapshot(inner: &InMemory, prefix: &str) -> HashMap<String, Vec<u8>> {
    keys(inner, prefix).into_iter().filter_map(|key| Some((key.clone(), read(inner, &key)?))).collect()
}
