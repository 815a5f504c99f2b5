//! A store in memory whose calls take turns ([`super::turns`]), and whose ETags are those of S3: of one content, the same one.
//!
//! A call waits on the thread that makes it, within the future: nobody else needs that thread.

use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use async_trait::async_trait;
use futures::executor::block_on;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
pub use object_store::memory::InMemory as Memory;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
};

use super::turns::{Call, Director, Fate, Kind, Turns};
use super::{Io, Location, Store};

impl<D: Director + 'static> Turns<D> {
    /// Returns the store of a run.
    pub fn store(self: &Arc<Self>, run: usize, location: &Location, io: &Io) -> Store {
        Store::of(Arc::new(TurnStore { turns: Arc::clone(self), run }), location, io)
    }
}

/// Returns ETags as S3 gives them: the same content has the same one.
fn etag(inner: &InMemory, path: &Path) -> Option<String> {
    let content = block_on(async { inner.get(path).await?.bytes().await }).ok()?;
    // Not the MD5 that S3 takes, nor any other that is slow where tests are not optimised.
    let mut hash = DefaultHasher::new();
    content.hash(&mut hash);
    Some(format!("\"{:016x}\"", hash.finish()))
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
                self.turns.keep(call(inner).map(drop).boxed());
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
        if self.turns.reads_damaged(self.run) { cut_off(found).await } else { Ok(found) }
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let (turns, run) = (Arc::clone(&self.turns), self.run);
        locations
            .then(move |location| {
                let store = Self { turns: Arc::clone(&turns), run };
                async move {
                    let location = location?;
                    let path = location.clone();
                    let deleted = store.make(Kind::Delete, &location, |inner| async move { inner.delete(&path).await });
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
