//! Writing one object of any size, visible only when complete.
//!
//! In: bytes, in order. Out: an object, its size and SHA-256. A small one is one PUT, a larger one a multipart
//! upload whose parts go out while the next ones are made; on the local disk it is staged under a name of its own
//! and renamed. Dropped without [`Upload::finish`], nothing becomes visible.

use std::io::{self, Write};

use object_store::{MultipartUpload, ObjectStoreExt, PutPayload};
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;
use tracing::debug;

use super::{Store, count};
use crate::error::Result;

/// Bytes of a part, and the largest object that goes up as one PUT: S3 wants parts of 5 MiB at least and 10,000
/// at most, so a file can have 78 GiB; memory held per upload is this times [`MAX_PARTS_IN_FLIGHT`] plus one.
///
/// Unit tests have small files, which are to take several parts all the same.
pub const PART_BYTES: usize = if cfg!(test) { 4 << 10 } else { 8 << 20 };

/// Parts that are on their way at once.
pub const MAX_PARTS_IN_FLIGHT: usize = 2;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uploaded {
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 of the content, in hexadecimal.
    pub sha256: String,
}

/// An object that is being written.
pub struct Upload {
    store: Store,
    key: String,
    /// Where it is written first, on the local disk.
    staging: Option<String>,
    /// Whether it is there, complete.
    staged: bool,
    buffer: Vec<u8>,
    multipart: Option<Box<dyn MultipartUpload>>,
    parts: JoinSet<object_store::Result<()>>,
    hash: Sha256,
    bytes: u64,
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upload").field("key", &self.key).field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

impl Store {
    /// Begins to write the object `key`; on the local disk it is made as `staging` first.
    pub(crate) fn upload(&self, key: &str, staging: &str) -> Upload {
        Upload {
            store: self.clone(),
            key: key.to_owned(),
            staging: self.location.is_local().then(|| staging.to_owned()),
            staged: false,
            buffer: Vec::new(),
            multipart: None,
            parts: JoinSet::new(),
            hash: Sha256::new(),
            bytes: 0,
        }
    }
}

impl Upload {
    /// Returns how many bytes were written so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Makes the object visible.
    ///
    /// # Errors
    /// When the store fails or the run is to stop; then nothing is visible.
    pub fn finish(mut self) -> Result<Uploaded> {
        match self.complete() {
            Ok(()) => {
                let sha256 = hex(&std::mem::take(&mut self.hash).finalize());
                debug!(object = %self.store.location.url_of(&self.key), bytes = self.bytes, sha256, "written");
                Ok(Uploaded { bytes: self.bytes, sha256 })
            }
            Err(e) => {
                self.abort();
                Err(e)
            }
        }
    }

    fn complete(&mut self) -> Result<()> {
        let target = self.staging.clone().unwrap_or_else(|| self.key.clone());
        if self.multipart.is_none() {
            let path = self.store.path(&target)?;
            let content = std::mem::take(&mut self.buffer);
            count(&self.store.counters.put, 1);
            let put = self.store.wait(self.store.inner.put(&path, content.into()))?;
            self.staged = self.staging.is_some();
            put.map_err(|e| self.store.failed("cannot write", &self.key, e))?;
        } else {
            self.send_part()?;
            self.wait_for_parts(0)?;
            if let Some(multipart) = &mut self.multipart {
                count(&self.store.counters.put, 1);
                let complete = self.store.wait(multipart.complete())?;
                complete.map_err(|e| self.store.failed("cannot complete the upload", &self.key, e))?;
                self.multipart = None;
                self.staged = self.staging.is_some();
            }
        }
        if let Some(staging) = &self.staging {
            let (from, to) = (self.store.path(staging)?, self.store.path(&self.key)?);
            let rename = self.store.wait(self.store.inner.rename(&from, &to))?;
            rename.map_err(|e| self.store.failed("cannot put in its place", &self.key, e))?;
            self.staged = false;
        }
        Ok(())
    }

    /// Gives the upload up; what is already sent is thrown away as far as the store lets us.
    pub fn abort(mut self) {
        self.parts.abort_all();
        // A store that cannot be reached now is not worth an error on top of the one that led here.
        if let Some(mut multipart) = self.multipart.take() {
            let _ = self.store.wait_anyway(multipart.abort());
        }
        if let (true, Some(Ok(path))) = (self.staged, self.staging.as_ref().map(|staging| self.store.path(staging))) {
            let _ = self.store.wait_anyway(self.store.inner.delete(&path));
        }
    }

    /// Gives up what was written so far, to begin anew.
    pub fn restart(&mut self) {
        let anew = self.store.upload(&self.key, self.staging.as_deref().unwrap_or_default());
        std::mem::replace(self, anew).abort();
    }

    fn add(&mut self, bytes: &[u8]) -> Result<()> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        if self.buffer.capacity() == 0 {
            self.buffer.reserve_exact(PART_BYTES);
        }
        let mut rest = bytes;
        while self.buffer.len() + rest.len() > PART_BYTES {
            let (now, later) = rest.split_at(PART_BYTES - self.buffer.len());
            self.buffer.extend_from_slice(now);
            self.send_part()?;
            rest = later;
        }
        self.buffer.extend_from_slice(rest);
        Ok(())
    }

    fn send_part(&mut self) -> Result<()> {
        let part = PutPayload::from(std::mem::take(&mut self.buffer));
        if self.multipart.is_none() {
            let path = self.store.path(self.staging.as_ref().unwrap_or(&self.key))?;
            count(&self.store.counters.put, 1);
            let begun = self.store.wait(self.store.inner.put_multipart(&path))?;
            self.multipart = Some(begun.map_err(|e| self.store.failed("cannot begin the upload", &self.key, e))?);
        }
        if let Some(multipart) = &mut self.multipart {
            count(&self.store.counters.put, 1);
            self.parts.spawn_on(multipart.put_part(part), &self.store.io.runtime);
        }
        self.wait_for_parts(MAX_PARTS_IN_FLIGHT)
    }

    fn wait_for_parts(&mut self, left: usize) -> Result<()> {
        while self.parts.len() > left {
            let joined = self.store.wait(self.parts.join_next())?;
            let sent = match joined {
                Some(Ok(sent)) => sent,
                Some(Err(e)) => Err(object_store::Error::from(e)),
                None => Ok(()),
            };
            sent.map_err(|e| self.store.failed("cannot write", &self.key, e))?;
        }
        Ok(())
    }
}

impl Write for Upload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.add(bytes).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [DIGITS[(b >> 4) as usize], DIGITS[(b & 15) as usize]]).map(char::from).collect()
}
