//! How fast a process may send requests: as fast as it likes, until a store asks to slow down.
//!
//! In: answers of all stores of a run. Out: how long the next request waits ([`Pace::turn`]), and now and then a line for
//! a person. Retries are object_store's, each with a backoff of its own; but a store that is asked too often does not
//! recover while hundreds of other requests go on as before. So all requests of the process go through one gate, which
//! opens less often the longer the store complains, and more often again as soon as it answers.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Mutex as Gate;
use tracing::info;

/// Time between two requests once a store has asked to slow down: S3 answers a prefix 3,500 writes and 5,500 reads a second.
const FIRST_GAP: Duration = Duration::from_millis(2);

/// Longest time between two requests: 512 that are in flight have their turn within a minute, so that a retry comes in time.
const LONGEST_GAP: Duration = Duration::from_millis(100);

/// How often the gap may double: requests that were on their way when a store asked to slow down say nothing new.
const DOUBLE_EVERY: Duration = Duration::from_secs(1);

/// What is left of the gap after each answer: a store that recovers is asked at full speed again after some ten seconds.
const RECOVERY: f64 = 0.99;

/// Requests fail now and then; a person hears of it when they go on failing for this long.
const TELL_AFTER: Duration = Duration::from_secs(2);

/// How often a person hears of it; and after so long without a failure all is well again.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// Who is told of requests that go on failing.
type Notice = Box<dyn Fn(&str) + Send + Sync>;

/// The pace of a process, shared by all stores of a run.
#[derive(Default)]
pub(super) struct Pace {
    state: Mutex<PaceState>,
    /// When the last request went through; held while the next one waits, so that they go one after the other.
    gate: Gate<Option<Instant>>,
    notice: OnceLock<Notice>,
}

#[derive(Debug, Default)]
struct PaceState {
    /// Time between two requests; zero while nobody complains.
    gap: Duration,
    doubled: Option<Instant>,
    trouble: Option<Trouble>,
}

/// Requests that fail one after the other.
#[derive(Debug)]
struct Trouble {
    since: Instant,
    last: Instant,
    told: Option<Instant>,
    failed: u64,
}

impl std::fmt::Debug for Pace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pace").field("state", &self.state).finish_non_exhaustive()
    }
}

impl Pace {
    /// Has somebody told when requests go on failing; the first one to ask is told.
    pub(super) fn tell(&self, notice: impl Fn(&str) + Send + Sync + 'static) {
        let _ = self.notice.set(Box::new(notice));
    }

    /// Waits until the next request may be sent; no time at all while no store complains.
    pub(super) async fn turn(&self) {
        if self.gap().is_zero() {
            return;
        }
        // First come, first served; whoever gives up waiting lets the next one go.
        let mut last = self.gate.lock().await;
        let since = last.map_or(Duration::MAX, |last| last.elapsed());
        tokio::time::sleep(self.gap().saturating_sub(since)).await;
        *last = Some(Instant::now());
    }

    /// Takes notice of an answer that is none of these below.
    pub(super) fn answered(&self) {
        let mut state = self.lock();
        if !state.gap.is_zero() {
            state.gap = state.gap.mul_f64(RECOVERY);
            if state.gap < FIRST_GAP / 2 {
                state.gap = Duration::ZERO;
                info!("requests are sent at full speed again");
            }
        }
    }

    /// Takes notice of a request that failed and is sent again; `slow_down` says that the store asked for fewer.
    pub(super) fn failed(&self, why: &str, slow_down: bool) {
        let now = Instant::now();
        if slow_down && let Some(gap) = self.lock().widen(now) {
            info!(gap_ms = gap.as_millis() as u64, "the store asks to slow down: all requests wait");
        }
        let told = self.lock().trouble(now);
        if let (Some(failed), Some(notice)) = (told, self.notice.get()) {
            notice(&format!(
                "the store does not keep up ({why}): {failed} requests were sent again, and it is tried on"
            ));
        }
    }

    /// Tells a person something that is no trouble.
    pub(super) fn say(&self, text: &str) {
        if let Some(notice) = self.notice.get() {
            notice(text);
        }
    }

    fn gap(&self) -> Duration {
        self.lock().gap
    }

    fn lock(&self) -> MutexGuard<'_, PaceState> {
        // A panic elsewhere does not make the value wrong: it is only replaced.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PaceState {
    /// Doubles the gap, unless that was done just now; returns it if it grew.
    fn widen(&mut self, now: Instant) -> Option<Duration> {
        if self.doubled.is_some_and(|doubled| now.duration_since(doubled) < DOUBLE_EVERY) && !self.gap.is_zero() {
            return None;
        }
        self.doubled = Some(now);
        let before = self.gap;
        self.gap = (self.gap * 2).clamp(FIRST_GAP, LONGEST_GAP);
        (self.gap > before).then_some(self.gap)
    }

    /// Notes a failure; returns how many there were if a person is to hear of them now.
    fn trouble(&mut self, now: Instant) -> Option<u64> {
        if self.trouble.as_ref().is_some_and(|trouble| now.duration_since(trouble.last) >= TELL_EVERY) {
            self.trouble = None;
        }
        let trouble = self.trouble.get_or_insert(Trouble { since: now, last: now, told: None, failed: 0 });
        (trouble.last, trouble.failed) = (now, trouble.failed + 1);
        let due = match trouble.told {
            None => now.duration_since(trouble.since) >= TELL_AFTER,
            Some(told) => now.duration_since(told) >= TELL_EVERY,
        };
        due.then(|| {
            trouble.told = Some(now);
            trouble.failed
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gap_grows_while_a_store_complains_and_closes_when_it_answers() {
        let (mut state, begun) = (PaceState::default(), Instant::now());
        let at = |seconds: f64| begun + Duration::from_secs_f64(seconds);
        assert_eq!(state.widen(at(0.0)), Some(FIRST_GAP));
        for early in [0.1, 0.5, 0.9] {
            assert_eq!(state.widen(at(early)), None, "these were on their way before");
        }
        let gaps: Vec<u128> =
            (1..9).filter_map(|second| state.widen(at(f64::from(second)))).map(|gap| gap.as_millis()).collect();
        assert_eq!(gaps, [4, 8, 16, 32, 64, 100]);
        let pace = Pace { state: Mutex::new(state), ..Pace::default() };
        let answers = (1..).find(|_| {
            pace.answered();
            pace.gap().is_zero()
        });
        assert_eq!(answers, Some(459));
    }

    #[test]
    fn a_person_hears_of_what_lasts_and_once_a_minute() {
        let (mut state, begun) = (PaceState::default(), Instant::now());
        let told: Vec<u64> =
            (0..200).filter(|second| state.trouble(begun + Duration::from_secs(*second)).is_some()).collect();
        assert_eq!(told, [2, 62, 122, 182]);
        let later = begun + Duration::from_secs(200 + 60);
        assert_eq!((state.trouble(later), state.trouble(later + TELL_AFTER)), (None, Some(2)), "the count begins anew");
    }

    #[test]
    fn requests_go_one_after_the_other_while_a_store_complains() {
        let io = super::super::Io::start().unwrap();
        let pace = Pace::default();
        io.runtime.block_on(async {
            let begun = Instant::now();
            futures::future::join_all((0..100).map(|_| pace.turn())).await;
            assert!(begun.elapsed() < Duration::from_millis(500), "nobody waits");
            pace.lock().gap = Duration::from_millis(10);
            let begun = Instant::now();
            futures::future::join_all((0..11).map(|_| pace.turn())).await;
            assert!(begun.elapsed() >= Duration::from_millis(100), "{:?}", begun.elapsed());
        });
    }
}
