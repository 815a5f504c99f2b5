//! What a person wants to know of a store before a run needs it: who asks, where the bucket lies, what it does by itself.
//!
//! In: a [`Store`]. Out: answers in words, or as the store gives them; nothing on the local disk.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use object_store::client::{HttpRequest, HttpRequestBody};
use object_store::{MultipartUpload, ObjectStoreExt};

use super::{Store, count, words};
use crate::error::{Error, Result};

impl Store {
    /// Returns as whom requests are signed, as STS says it, and who gave the credentials; `None` if they are not signed.
    ///
    /// # Errors
    /// When there are no credentials, or STS does not say whose they are.
    pub(crate) fn identity(&self) -> Result<Option<String>> {
        let Some(s3) = self.s3.as_ref().filter(|s3| s3.signer.is_signing()) else { return Ok(None) };
        let who = self.wait(s3.signer.identity_of_caller())?;
        let who = who.map_err(|e| words::no_credentials("cannot ask who this is", &e).at(&self.location))?;
        Ok(who.map(|who| format!("{who}, credentials by {}", self.credentials_by().unwrap_or_default())))
    }

    /// Returns whether somebody gave credentials.
    pub(crate) fn has_credentials(&self) -> bool {
        self.credentials_by().is_some()
    }

    /// Returns who gave the credentials, if somebody was asked and did.
    pub(crate) fn credentials_by(&self) -> Option<String> {
        self.s3.as_ref().and_then(|s3| s3.signer.credentials_by())
    }

    /// Returns the Region in which the bucket lies, as far as it is known after a request.
    pub(crate) fn region(&self) -> Option<String> {
        self.s3.as_ref().map(|s3| s3.signer.region().to_string())
    }

    /// Returns the store's time of day, from its first answer, as if it were given now.
    pub(crate) fn clock(&self) -> Option<SystemTime> {
        self.s3.as_ref().and_then(|s3| s3.signer.clock_of_store())
    }

    /// Asks for one of the bucket's settings, such as `lifecycle`; `None` if it has none.
    ///
    /// # Errors
    /// When the store does not say.
    pub(crate) fn ask_bucket(&self, setting: &str) -> Result<Option<String>> {
        let Some(s3) = &self.s3 else { return Ok(None) };
        let what = "cannot look at the bucket's settings";
        let url = format!("{}?{setting}", s3.signer.stem());
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        *request.uri_mut() = url.parse().map_err(|e| Error::usage(what).at(&self.location).because(e))?;
        count(&self.counters.get, 1);
        let failed = |source| {
            let error = object_store::Error::Generic { store: "S3", source };
            words::failed(what, self.location.to_string(), self.location.bucket(), error)
        };
        let answer = self.wait(async {
            let response = s3.http.execute(request).await?;
            let status = response.status();
            Ok((status, response.into_body().bytes().await?))
        })?;
        let (status, body) = answer.map_err(|e: object_store::client::HttpError| failed(e.into()))?;
        let body = String::from_utf8_lossy(&body).into_owned();
        match status.as_u16() {
            404 if !body.contains("NoSuchBucket") => Ok(None),
            200..300 => Ok(Some(body)),
            _ => Err(failed(format!("status code: {status}: {body}").into())),
        }
    }

    /// Returns the folders of the local disk that a first object in one below the store's own would make.
    pub(crate) fn folders_to_come(&self, name: &str) -> Vec<PathBuf> {
        if !self.location.is_local() {
            return Vec::new();
        }
        let inner = PathBuf::from(self.location.to_string()).join(name);
        inner.ancestors().take_while(|folder| !folder.exists()).map(Path::to_owned).collect()
    }

    /// Begins an upload in parts and takes it back.
    ///
    /// # Errors
    /// When the store does not let us.
    pub(crate) fn try_parts(&self, key: &str) -> Result<()> {
        if self.location.is_local() {
            return Ok(());
        }
        let path = self.path(key)?;
        count(&self.counters.put, 2);
        self.wait(async {
            let begun = self.inner.put_multipart(&path).await;
            let mut upload = begun.map_err(|e| self.failed("cannot write in parts", key, e))?;
            let part = upload.put_part(bytes::Bytes::from_static(b"a part").into()).await;
            upload.abort().await.map_err(|e| self.failed("cannot take an upload back", key, e))?;
            part.map_err(|e| self.failed("cannot write in parts", key, e))
        })?
    }
}
