//! A store that goes wrong at a chosen call, for tests: fails, loses the answer, answers twice, does it much later, or is
//! dead from then on.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result, UploadPart,
};

use super::{Io, Location, Store};

/// What happens at the chosen call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It fails, and nothing was done: 503, a connection refused.
    Fails,
    /// It is done, and the answer is lost.
    AnswerLost,
    /// It is refused as if the object were there or another one: 409, 412; nothing was done.
    Refused,
    /// It is done, and refused all the same: a retry inside the client that met its own first try.
    DoneAndRefused,
    /// It arrives twice, and the first answer counts.
    Twice,
    /// It arrives twice, and the second answer counts.
    TwiceLate,
    /// It takes longer than anybody waits for it, and is done after the next run: see [`Faults::deliver`]. A read fails.
    Late,
    /// The process dies before it.
    DeadBefore,
    /// The process dies after it.
    DeadAfter,
}

impl Fault {
    pub const ALL: [Self; 9] = [
        Self::Fails,
        Self::AnswerLost,
        Self::Refused,
        Self::DoneAndRefused,
        Self::Twice,
        Self::TwiceLate,
        Self::Late,
        Self::DeadBefore,
        Self::DeadAfter,
    ];

    fn is_death(self) -> bool {
        matches!(self, Self::DeadBefore | Self::DeadAfter)
    }

    fn error(self) -> Error {
        let source: Box<dyn std::error::Error + Send + Sync> = format!("a test asked for it: {self:?}").into();
        match self {
            Self::Refused | Self::DoneAndRefused => Error::AlreadyExists { path: "here".to_owned(), source },
            _ => Error::Generic { store: "faults", source },
        }
    }
}

/// The calls of a run, over all of its stores, and the one at which something happens.
pub struct Faults {
    fault: Fault,
    at: u64,
    calls: AtomicU64,
    /// The call that is still under way.
    late: Mutex<Option<BoxFuture<'static, ()>>>,
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {}", self.fault, self.at)
    }
}

/// How a call goes.
enum Turn {
    Normal,
    Instead,
    Behind,
    Twice { late: bool },
    Late,
}

impl Faults {
    pub fn new(fault: Fault, at: u64) -> Arc<Self> {
        Arc::new(Self { fault, at, calls: AtomicU64::new(0), late: Mutex::new(None) })
    }

    /// Returns whether the call was made at which something happens.
    pub fn happened(&self) -> bool {
        self.calls.load(Ordering::SeqCst) >= self.at
    }

    fn turn(&self) -> Turn {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        if call > self.at && self.fault.is_death() {
            return Turn::Instead;
        }
        if call != self.at {
            return Turn::Normal;
        }
        match self.fault {
            Fault::Fails | Fault::Refused | Fault::DeadBefore => Turn::Instead,
            Fault::AnswerLost | Fault::DoneAndRefused | Fault::DeadAfter => Turn::Behind,
            Fault::Twice => Turn::Twice { late: false },
            Fault::TwiceLate => Turn::Twice { late: true },
            Fault::Late => Turn::Late,
        }
    }

    /// Lets the late call arrive.
    pub fn deliver(&self, io: &Io) {
        let late = self.late.lock().unwrap().take();
        if let Some(late) = late {
            io.runtime.block_on(late);
        }
    }

    fn hold<T: 'static>(&self, call: impl Future<Output = Result<T>> + Send + 'static) {
        // Whoever sent it hears nothing of it any more.
        *self.late.lock().unwrap() = Some(call.map(drop).boxed());
    }

    /// As [`Faults::call`], for what changes something and may arrive late.
    async fn write<T: 'static, F>(&self, call: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        match self.turn() {
            Turn::Late => {
                self.hold(call());
                Err(self.fault.error())
            }
            turn => self.take(turn, call).await,
        }
    }

    async fn call<T, F: Future<Output = Result<T>>>(&self, call: impl Fn() -> F) -> Result<T> {
        self.take(self.turn(), call).await
    }

    async fn take<T, F: Future<Output = Result<T>>>(&self, turn: Turn, call: impl Fn() -> F) -> Result<T> {
        match turn {
            Turn::Normal => call().await,
            Turn::Instead | Turn::Late => Err(self.fault.error()),
            Turn::Behind => {
                call().await?;
                Err(self.fault.error())
            }
            Turn::Twice { late } => {
                let (first, second) = (call().await, call().await);
                if late { second } else { first }
            }
        }
    }
}

/// What holds the objects of a test.
#[derive(Debug, Clone)]
pub struct Backend(Arc<dyn ObjectStore>);

impl Backend {
    pub fn memory() -> Self {
        Self(Arc::new(InMemory::new()))
    }

    /// The local disk, without waiting for it to be safe from power cuts.
    pub fn disk() -> Self {
        Self(Arc::new(LocalFileSystem::new()))
    }

    /// Returns what holds the objects, for other stores of a test.
    pub fn inner(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.0)
    }

    /// Returns a store to which nothing happens.
    pub fn store(&self, location: &Location, io: &Io) -> Store {
        Store::of(Arc::clone(&self.0), location, io)
    }

    /// Returns a store that meets a fault.
    pub fn faulty(&self, location: &Location, io: &Io, faults: &Arc<Faults>) -> Store {
        let store = FaultStore { inner: Arc::clone(&self.0), faults: Arc::clone(faults) };
        Store::of(Arc::new(store), location, io)
    }
}

/// A store whose calls are counted.
#[derive(Debug)]
struct FaultStore {
    inner: Arc<dyn ObjectStore>,
    faults: Arc<Faults>,
}

impl fmt::Display for FaultStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "faults({})", self.inner)
    }
}

#[async_trait]
impl ObjectStore for FaultStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        let call = || {
            let (inner, location) = (Arc::clone(&self.inner), location.clone());
            let (payload, opts) = (payload.clone(), opts.clone());
            async move { inner.put_opts(&location, payload, opts).await }
        };
        self.faults.write(call).await
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        let upload = self.faults.call(|| self.inner.put_multipart_opts(location, opts.clone())).await?;
        Ok(Box::new(FaultUpload { inner: Some(upload), faults: Arc::clone(&self.faults) }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.faults.call(|| self.inner.get_opts(location, options.clone())).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let (inner, faults) = (Arc::clone(&self.inner), Arc::clone(&self.faults));
        locations
            .then(move |location| {
                let (inner, faults) = (Arc::clone(&inner), Arc::clone(&faults));
                async move {
                    let location = location?;
                    let call = || {
                        let (inner, location) = (Arc::clone(&inner), location.clone());
                        async move { object_store::ObjectStoreExt::delete(&inner, &location).await }
                    };
                    faults.write(call).await?;
                    Ok(location)
                }
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.faults.turn() {
            Turn::Instead | Turn::Behind | Turn::Late => {
                let error = self.faults.fault.error();
                futures::stream::once(async move { Err(error) }).boxed()
            }
            Turn::Normal | Turn::Twice { .. } => self.inner.list(prefix),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.faults.call(|| self.inner.list_with_delimiter(prefix)).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.faults.call(|| self.inner.copy_opts(from, to, options.clone())).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        let call = || {
            let (inner, from, to, options) = (Arc::clone(&self.inner), from.clone(), to.clone(), options.clone());
            async move { inner.rename_opts(&from, &to, options).await }
        };
        self.faults.write(call).await
    }
}

/// An upload whose parts are counted too; what arrives twice counts once there, by its part number.
#[derive(Debug)]
struct FaultUpload {
    /// None once its completion is under way and late.
    inner: Option<Box<dyn MultipartUpload>>,
    faults: Arc<Faults>,
}

#[async_trait]
impl MultipartUpload for FaultUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let turn = self.faults.turn();
        let error = self.faults.fault.error();
        let Some(inner) = &mut self.inner else { return async move { Err(error) }.boxed() };
        match turn {
            Turn::Instead => async move { Err(error) }.boxed(),
            Turn::Late => {
                self.faults.hold(inner.put_part(data));
                async move { Err(error) }.boxed()
            }
            Turn::Behind => {
                let part = inner.put_part(data);
                async move {
                    part.await?;
                    Err(error)
                }
                .boxed()
            }
            Turn::Normal | Turn::Twice { .. } => inner.put_part(data),
        }
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let turn = self.faults.turn();
        let Some(mut inner) = self.inner.take() else { return Err(self.faults.fault.error()) };
        let result = match turn {
            Turn::Instead => Err(self.faults.fault.error()),
            Turn::Late => {
                self.faults.hold(async move { inner.complete().await });
                return Err(self.faults.fault.error());
            }
            Turn::Behind => inner.complete().await.and(Err(self.faults.fault.error())),
            Turn::Normal | Turn::Twice { .. } => inner.complete().await,
        };
        self.inner = Some(inner);
        result
    }

    async fn abort(&mut self) -> Result<()> {
        // The dead clear nothing up.
        match &mut self.inner {
            Some(inner) if !(self.faults.fault.is_death() && self.faults.happened()) => inner.abort().await,
            _ => Ok(()),
        }
    }
}
