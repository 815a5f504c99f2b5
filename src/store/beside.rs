//! A store beside which other runs go on, for tests: something happens just before a chosen object is read, and listings
//! may pass over objects that are there.

use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};

use super::{Io, Location, Store};

/// What other runs do, once.
type Others = Box<dyn FnOnce() + Send>;

/// When it happens: before an object is read whose key has this in it.
pub struct Beside {
    inner: Arc<dyn ObjectStore>,
    before: &'static str,
    others: Mutex<Option<Others>>,
    /// What is in the keys that listings pass over.
    unlisted: &'static str,
}

impl Beside {
    /// Returns a store beside which `others` happens before an object is read whose key has `before` in it.
    pub fn store(
        inner: Arc<dyn ObjectStore>,
        (location, io): (&Location, &Io),
        before: &'static str,
        others: impl FnOnce() + Send + 'static,
    ) -> Store {
        let others = Mutex::new(Some(Box::new(others) as Others));
        Store::of(Arc::new(Self { inner, before, others, unlisted: "nothing of this name" }), location, io)
    }

    /// Returns a store whose listings pass over objects.
    pub fn passing_over(inner: Arc<dyn ObjectStore>, location: &Location, io: &Io, unlisted: &'static str) -> Store {
        let none = Mutex::new(None);
        Store::of(Arc::new(Self { inner, before: "nothing of this name", others: none, unlisted }), location, io)
    }
}

impl fmt::Debug for Beside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "beside({})", self.inner)
    }
}

impl fmt::Display for Beside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

#[async_trait]
impl ObjectStore for Beside {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        self.inner.put_opts(location, payload, opts).await
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, opts).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        if !options.head && location.as_ref().contains(self.before) {
            let others = self.others.lock().unwrap().take();
            if let Some(others) = others {
                // On a thread of its own: they wait for stores of their own.
                std::thread::spawn(others).join().unwrap();
            }
        }
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let unlisted = self.unlisted;
        let is_listed = move |meta: &Result<ObjectMeta>| {
            meta.as_ref().map_or(true, |meta| !meta.location.as_ref().contains(unlisted))
        };
        self.inner.list(prefix).filter(move |meta| std::future::ready(is_listed(meta))).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
