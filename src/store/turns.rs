//! Calls that take turns, for tests: each waits until a [`Director`] lets it go on. Who makes them: [`super::turn_store`].
//!
//! Between two calls only the run goes on whose call was the last one. So nothing but the director decides the order of calls,
//! and a director that is made of a seed brings about the same calls again. That asks for runs with one call under way at a
//! time: [`super::Io::start_in_turn`] and [`super::parallel::ONE_AFTER_THE_OTHER`].
//!
//! A call waits on the thread that makes it, within the future: nobody else needs that thread.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use futures::executor::block_on;
use futures::future::BoxFuture;
use object_store::Error;
use object_store::memory::InMemory;

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
    pub(super) fn error(self) -> Error {
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
    pub(super) inner: Arc<InMemory>,
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

    pub(super) fn wait(&self, call: Call) -> Fate {
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

    /// Keeps a call that arrives late.
    pub(super) fn keep(&self, late: BoxFuture<'static, ()>) {
        self.lock().late.push(late);
    }

    pub(super) fn reads_damaged(&self, run: usize) -> bool {
        self.lock().damaged == Some(run)
    }

    pub(super) fn is_dead(&self, run: usize) -> bool {
        self.lock().dead[run]
    }

    pub(super) fn look(&self, call: &Call, fate: Fate, listed: &[String]) {
        self.lock().director.look(call, fate, listed);
    }
}
