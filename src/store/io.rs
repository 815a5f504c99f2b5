//! The threads on which requests are sent and answered: async begins and ends here.

use std::pin::pin;
use std::sync::Arc;

use futures::future::{pending, select};
use tokio::runtime::{Handle, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;

use super::pace::Pace;
use super::stop::Stop;
use crate::error::{Error, Result};

/// The runtime that all stores of a run share.
#[derive(Debug, Clone)]
pub struct Io {
    pub(super) runtime: Handle,
    _threads: Arc<Threads>,
    pub(super) stop: Stop,
    pub(super) pace: Arc<Pace>,
    /// Whether objects are read when they are wanted, one after the other, and never ahead.
    #[cfg(test)]
    pub(super) in_turn: bool,
}

/// Ends the runtime with the last of those who share it. That may be a request that nobody waits for any more, on a thread of the
/// runtime itself, which must not wait for its own end.
#[derive(Debug)]
struct Threads(Option<Runtime>);

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Io {
    /// Starts the runtime.
    ///
    /// # Errors
    /// When the operating system gives no threads.
    pub fn start() -> Result<Self> {
        // Two threads: they move bytes between sockets and buffers, the work is done elsewhere.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("flowparquet-io")
            .enable_all()
            .build()
            .map_err(|e| Error::stopped("cannot start the I/O threads").because(e))?;
        Ok(Self {
            runtime: runtime.handle().clone(),
            _threads: Arc::new(Threads(Some(runtime))),
            stop: Stop::new(),
            pace: Arc::default(),
            #[cfg(test)]
            in_turn: false,
        })
    }

    /// Starts one that never reads ahead: then a run has one call under way at a time.
    #[cfg(test)]
    pub(crate) fn start_in_turn() -> Result<Self> {
        Ok(Self { in_turn: true, ..Self::start()? })
    }

    /// Lets SIGTERM, Ctrl-C and a terminal that closes stop the run at its next request, with an error; `notice` is told of
    /// every signal and how many there were before.
    ///
    /// # Errors
    /// When the operating system does not let us.
    pub fn stop_on_signals(&self, notice: impl Fn(usize) + Send + 'static) -> Result<()> {
        let stop = self.stop.clone();
        self.on_signals(move |before| {
            stop.ask();
            notice(before);
        })
    }

    /// Has `notice` told of every signal that is to end the run, and how many there were before; nothing is stopped.
    ///
    /// # Errors
    /// When the operating system does not let us.
    pub(crate) fn on_signals(&self, notice: impl Fn(usize) + Send + 'static) -> Result<()> {
        let _inside = self.runtime.enter();
        let failed = |e: std::io::Error| Error::stopped("cannot wait for signals").because(e);
        let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        // Whoever started us with `nohup` wants us to go on.
        let hang_up = match hang_ups_end_us() {
            true => Some(signal(SignalKind::hangup()).map_err(failed)?),
            false => None,
        };
        self.runtime.spawn(async move {
            let mut hang_up = hang_up;
            for before in 0.. {
                let hung_up = async {
                    match &mut hang_up {
                        Some(hang_up) => hang_up.recv().await,
                        None => pending().await,
                    }
                };
                select(select(pin!(terminate.recv()), pin!(interrupt.recv())), pin!(hung_up)).await;
                info!(before, "a signal asks the run to stop");
                notice(before);
            }
        });
        Ok(())
    }

    /// Has `notice` told, in a line about once a minute, when requests go on failing and are tried on.
    pub fn tell_of_retries(&self, notice: impl Fn(&str) + Send + Sync + 'static) {
        self.pace.tell(notice);
    }
}

/// Returns whether a terminal that closes ends the process: not if the signal is ignored, and not where nobody tells.
fn hang_ups_end_us() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // A bit for each signal; SIGHUP is 1.
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::executor::block_on;

    use super::*;

    #[test]
    fn the_last_of_it_may_go_on_one_of_its_own_threads() {
        let io = Io::start().unwrap();
        let of_a_request = io.clone();
        let (gone, waiting) = std::sync::mpsc::channel::<()>();
        let request = io.runtime.spawn(async move {
            let _ = waiting.recv_timeout(Duration::from_secs(10));
            drop(of_a_request);
        });
        drop(io);
        drop(gone);
        assert!(!block_on(request).is_err_and(|ended| ended.is_panic()));
    }
}
