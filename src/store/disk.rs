//! The local disk as a store: [`LocalFileSystem`], and what it would do for somebody who may write there.
//!
//! In: a request for a key below a root, which is SOURCE or DEST. Out: what object_store answers, except that
//! * only plain files are objects: one that is a FIFO would be waited for for ever, a device never ends;
//! * a link is followed only to a place below the root, unless that is allowed: who may make a link may not thereby read
//!   what he cannot;
//! * nothing is written, replaced or deleted through a folder below the root that is a link.
//!
//! The listing ([`super::local`]) holds to the same rules. Somebody who changes links while we look is not kept out: he who
//! writes into SOURCE or DEST at the same time has other ways.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path as DiskPath, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result,
};

/// How far links of the local disk are followed.
#[derive(Debug, Default)]
pub(super) struct Bounds {
    root: PathBuf,
    follow_links: bool,
    /// Most objects and folders of a listing.
    pub(super) max_objects: u64,
}

impl Bounds {
    /// Returns those of a place, by its prefix, in which no folder is a link.
    pub(super) fn new(prefix: &str, follow_links: bool, max_objects: u64) -> Self {
        Self { root: path_of(prefix), follow_links, max_objects }
    }

    /// Returns whether what a path leads to may be read: not if a link below the root leads elsewhere. What is not there may be
    /// read, whoever does will see; and what does not lie below the root: the recount is sent there by the keys of its ledger.
    ///
    /// # Errors
    /// When the disk does not say.
    pub(super) fn allows(&self, path: &DiskPath) -> io::Result<bool> {
        if self.follow_links || !path.starts_with(&self.root) {
            return Ok(true);
        }
        match fs::canonicalize(path) {
            Ok(target) => Ok(self.allow_target(&target)),
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(true),
            Err(e) => Err(e),
        }
    }

    /// Returns whether what links lead to in the end may be read.
    pub(super) fn allow_target(&self, target: &DiskPath) -> bool {
        self.follow_links || target.starts_with(&self.root)
    }

    /// Returns the root, which is no link.
    pub(super) fn root(&self) -> &DiskPath {
        &self.root
    }

    /// Returns the first folder below the root on the way to a path that is a link.
    fn link_on_the_way(&self, path: &DiskPath) -> Option<PathBuf> {
        let below = path.parent()?.strip_prefix(&self.root).ok()?;
        let mut folder = self.root.clone();
        for part in below.components() {
            folder.push(part);
            match fs::symlink_metadata(&folder) {
                Ok(found) if found.is_symlink() => return Some(folder),
                Ok(_) => {}
                Err(_) => return None, // What is not there yet is made as a folder.
            }
        }
        None
    }
}

/// Returns the path of a key.
pub(super) fn path_of(key: &str) -> PathBuf {
    DiskPath::new("/").join(key)
}

/// A folder of a table is a link.
#[derive(Debug, thiserror::Error)]
#[error("{} is a link", .0.display())]
pub(super) struct LinkInTheWay(PathBuf);

/// The local disk below a root.
#[derive(Debug)]
pub(super) struct Disk {
    inner: LocalFileSystem,
    bounds: Arc<Bounds>,
}

impl Disk {
    /// Returns the disk within these bounds.
    pub(super) fn new(bounds: Arc<Bounds>) -> Self {
        // fsync: a ledger entry that says "done" must not survive a power cut that its file did not.
        Self { inner: LocalFileSystem::new().with_fsync(true), bounds }
    }

    /// Refuses to read what is no object.
    fn readable(&self, location: &Path) -> Result<()> {
        let path = path_of(location.as_ref());
        let Ok(found) = fs::metadata(&path) else { return Ok(()) };
        let allowed = self.bounds.allows(&path).map_err(|e| generic(Box::new(e)))?;
        if found.is_file() && allowed {
            return Ok(());
        }
        let why = if allowed { "this is no plain file" } else { "this link leads to another place" };
        Err(Error::NotFound { path: location.to_string(), source: why.into() })
    }

    /// Refuses to change what lies behind a link.
    fn writable(&self, location: &Path) -> Result<()> {
        writable(&self.bounds, location)
    }
}

fn writable(bounds: &Bounds, location: &Path) -> Result<()> {
    match bounds.link_on_the_way(&path_of(location.as_ref())) {
        None => Ok(()),
        Some(link) => Err(generic(Box::new(LinkInTheWay(link)))),
    }
}

fn generic(source: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::Generic { store: "LocalFileSystem", source }
}

impl fmt::Display for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

#[async_trait]
impl ObjectStore for Disk {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        self.writable(location)?;
        self.inner.put_opts(location, payload, opts).await
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.writable(location)?;
        self.inner.put_multipart_opts(location, opts).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.readable(location)?;
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let bounds = Arc::clone(&self.bounds);
        let checked = locations.and_then(move |location| {
            let refused = writable(&bounds, &location);
            async move { refused.map(|()| location) }
        });
        self.inner.delete_stream(checked.boxed())
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.readable(from)?;
        self.writable(to)?;
        self.inner.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.writable(from)?;
        self.writable(to)?;
        self.inner.rename_opts(from, to, options).await
    }
}
