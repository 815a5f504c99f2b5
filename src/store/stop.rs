//! The wish to stop: a signal ends a run at its next request instead of in the middle of one.

use tokio::sync::watch;

use crate::error::{Error, Result};

/// Whether somebody wants the run to stop; shared by all stores of it.
#[derive(Debug, Clone)]
pub(super) struct Stop(watch::Sender<bool>);

impl Stop {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Says that the run is to stop.
    pub(super) fn ask(&self) {
        self.0.send_replace(true);
    }

    /// Returns an error once the run is to stop.
    pub(super) fn check(&self) -> Result<()> {
        if *self.0.borrow() { Err(stopped()) } else { Ok(()) }
    }

    /// Waits until the run is to stop.
    pub(super) async fn asked(&self) {
        // The sender lives as long as we do, so that waiting cannot fail.
        let _ = self.0.subscribe().wait_for(|asked| *asked).await;
    }
}

pub(super) fn stopped() -> Error {
    Error::by_signal()
}
