//! All states that the runs of a scenario can bring about, in every order of their requests, and what must hold in each.
//!
//! A run that is killed is one that takes no further step. So each state is judged as if every run were killed there: plain runs
//! follow, alone, and what they leave is looked at.

use std::collections::HashMap;
use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use stateright::{Checker, HasDiscoveries, Model, Path, Property};

use crate::faults::Faults;
use crate::ledger::{BAD, GONE, InputState, OBJECTS, State};
use crate::run::{Exit, Job, Rules, Run};
use crate::scenario::{RUNS, Scenario};
use crate::store::{DAYS, Day, Store, any_rows_of, rows_of};

/// Requests that a run alone makes at most: far more than any needs.
const MAX_REQUESTS: usize = 1_000;

/// What must hold. The first [`JUDGED`] are judged by the stores alone.
const INVARIANTS: [&str; 8] = [
    "a plain run of any day leaves no row twice",
    "a plain run of a day leaves no row of it lost",
    "every file that the ledger says is there is there",
    "plain runs come to rest",
    "nothing of one day stops another",
    "a plain run names what is missing",
    "what a run saw is in the table or named",
    "no row is twice when all runs have ended",
];
const JUDGED: usize = 6;

/// The stores, and the runs under way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct World {
    store: Store,
    runs: [Run; RUNS],
    /// How often one of them may still be killed and started again.
    restarts: u8,
    /// Events that have not happened, as bits.
    events: u8,
    /// Answers that may still be lost.
    lost: u8,
}

/// What happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// A run makes its next request.
    Step(usize),
    /// It does, and the answer is lost; the client will send it again.
    LoseAnswer(usize),
    /// A run is killed and started again.
    Restart(usize),
    /// Something else changes the stores.
    Event(usize),
}

/// A scenario with bugs or without.
#[derive(Debug)]
pub struct Protocol {
    scenario: Scenario,
    faults: Faults,
    /// Verdicts on stores, by hash: many states share one.
    judged: Mutex<HashMap<u64, u8>>,
}

/// What a check found.
#[derive(Debug)]
pub struct Outcome {
    /// States.
    pub states: usize,
    /// Requests on the longest way.
    pub depth: usize,
    /// The invariants that do not hold in a state that was found, and the way to it, for people.
    pub found: Option<(Vec<&'static str>, String)>,
}

impl Protocol {
    /// Makes a model.
    pub fn new(scenario: Scenario, faults: Faults) -> Self {
        Self { scenario, faults, judged: Mutex::default() }
    }

    /// Visits every state, or those up to the first in which something does not hold.
    pub fn check(self, threads: usize) -> Outcome {
        let until = HasDiscoveries::AnyFailures;
        let checker = self.checker().threads(threads).finish_when(until).spawn_bfs().join();
        let found = checker.discoveries().into_values().min_by_key(|path| path.clone().into_vec().len());
        let found = found.map(|path| checker.model().explain(path));
        Outcome { states: checker.unique_state_count(), depth: checker.max_depth(), found }
    }

    fn rules(&self, job: Job) -> Rules {
        Rules { job, faults: self.faults }
    }

    /// Runs a job alone, to its end.
    fn alone(&self, store: &mut Store, job: Job) -> Exit {
        let mut run = Run::new(job);
        for _ in 0..MAX_REQUESTS {
            if let Some(exit) = run.exit {
                return exit;
            }
            run.step(store, self.rules(job));
        }
        Exit::Stopped
    }

    fn state(&self, store: &Store, day: Day) -> State {
        State::of(&store.ledger[day], self.faults.done_revives)
    }

    /// Returns which of the invariants hold of these stores, as bits.
    fn judge(&self, store: &Store) -> u8 {
        let mut hasher = DefaultHasher::new();
        store.hash(&mut hasher);
        let hash = hasher.finish();
        let known = self.judged.lock().unwrap_or_else(PoisonError::into_inner).get(&hash).copied();
        known.unwrap_or_else(|| {
            let verdict = self.judge_anew(store);
            self.judged.lock().unwrap_or_else(PoisonError::into_inner).insert(hash, verdict);
            verdict
        })
    }

    fn judge_anew(&self, store: &Store) -> u8 {
        let mut holds = [true; JUDGED];
        holds[2] = (0..DAYS).all(|day| {
            let there = |name| store.file(day, name).is_some();
            self.state(store, day).files().all(|(_, name)| there(name))
        });
        let plain =
            [Job::Convert(0b01), Job::Convert(0b10), Job::Convert(0b11), Job::Compact(0b01), Job::Compact(0b10)];
        for job in plain {
            let mut after = store.clone();
            let exit = self.alone(&mut after, job);
            holds[4] &= exit != Exit::Stopped;
            holds[5] &= exit != Exit::Silent;
            if exit == Exit::Stopped {
                continue;
            }
            let (Job::Convert(days) | Job::Compact(days)) = job;
            for day in 0..DAYS {
                let own = days & (1 << day) != 0;
                holds[0] &= !twice(&after, day, own);
                holds[1] &= !own || !matches!(job, Job::Convert(_)) || !self.lost(&after, day);
            }
        }
        holds[3] = self.rests(store);
        holds.iter().enumerate().map(|(at, holds)| u8::from(*holds) << at).sum()
    }

    /// Returns whether rows of a day that can be there are not, when its run is over.
    fn lost(&self, store: &Store, day: Day) -> bool {
        let (state, source) = (self.state(store, day), store.source[day]);
        (0..OBJECTS).any(|object| {
            let readable = source[object] != GONE && source[object] != BAD;
            let Some(known) = state.inputs[object] else { return readable };
            match known.state {
                InputState::Claimed => true,
                InputState::Rejected => readable,
                InputState::Converted => {
                    let output = state.output_of(known);
                    let file = state.claim(output).and_then(|(name, _)| store.file(day, name));
                    let there =
                        file.is_some_and(|file| file.damaged || file.rows & rows_of(object, known.version) != 0);
                    // It takes its old place only if all that shares the file can be read.
                    let stuck = state.inputs_of(output).any(|member| [GONE, BAD].contains(&source[member]));
                    !there || (known.version != source[object] && !stuck)
                }
            }
        })
    }

    /// Returns whether a run of everything after another one changes nothing.
    fn rests(&self, store: &Store) -> bool {
        let mut store = store.clone();
        let all = [Job::Convert(0b10), Job::Convert(0b01), Job::Compact(0b01), Job::Compact(0b10)];
        let pass = |store: &mut Store| all.into_iter().all(|job| self.alone(store, job) != Exit::Stopped);
        let first = pass(&mut store);
        let rest = store.clone();
        let rests = first && pass(&mut store) && store == rest;
        rests && (0..DAYS).all(|day| store.notes[day].iter().all(|note| !self.state(&store, day).knows(*note)))
    }

    fn holds(&self, at: usize, world: &World) -> bool {
        let ended = |run: &Run| matches!(run.exit, Some(Exit::Ended { .. } | Exit::Silent));
        match INVARIANTS[at] {
            "what a run saw is in the table or named" => world.runs.iter().all(|run| run.exit != Some(Exit::Silent)),
            "no row is twice when all runs have ended" => {
                // One that was killed may have left a late file.
                let all_lived = world.restarts == self.scenario.restarts;
                !world.runs.iter().all(ended) || (0..DAYS).all(|day| !twice(&world.store, day, all_lived))
            }
            _ => self.judge(&world.store) & (1 << at) != 0,
        }
    }

    /// Returns what is broken at the end of a way, and the way, for people.
    fn explain(&self, path: Path<World, Action>) -> (Vec<&'static str>, String) {
        let broken = |at: &usize| !self.holds(*at, path.last_state());
        let broken: Vec<&str> = (0..INVARIANTS.len()).filter(broken).map(|at| INVARIANTS[at]).collect();
        let mut text = format!("{}; broken: {}\n", self.scenario.name, broken.join("; "));
        for (number, (world, action)) in (1..).zip(path.into_vec()) {
            let Some(action) = action else {
                let Store { ledger, files, notes, .. } = &world.store;
                let _ = writeln!(text, "     ledger {ledger:?}\n     files {files:?}\n     notes {notes:?}");
                continue;
            };
            let run = |run: usize| format!("run {run} ({:?})", self.scenario.jobs[run]);
            let task = |run: usize| world.runs[run].next();
            let _ = match action {
                Action::Step(at) => writeln!(text, "{number:4} {}: {:?}", run(at), task(at)),
                Action::LoseAnswer(at) => writeln!(text, "{number:4} {}: {:?}, the answer is lost", run(at), task(at)),
                Action::Restart(at) => writeln!(text, "{number:4} {} is killed and started again", run(at)),
                Action::Event(at) => writeln!(text, "{number:4} {:?}", self.scenario.events[at]),
            };
        }
        (broken, text)
    }
}

/// Returns whether readers of a day see an object's rows twice. Late files count on days that a run has looked at.
fn twice(store: &Store, day: Day, own: bool) -> bool {
    let files = || store.files[day].iter().filter(|file| own || !file.late);
    let often = |object: usize| files().filter(|file| file.rows & any_rows_of(object) != 0).count() > 1;
    files().any(|file| file.doubled) || (0..OBJECTS).any(often)
}

impl Model for Protocol {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        let Scenario { store, jobs, events, lost, restarts, .. } = &self.scenario;
        vec![World {
            store: store(),
            runs: jobs.map(Run::new),
            restarts: *restarts,
            events: (1 << events.len()) - 1,
            lost: *lost,
        }]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        for (at, run) in world.runs.iter().enumerate() {
            if run.exit.is_none() {
                actions.push(Action::Step(at));
                actions.extend((world.lost > 0).then_some(Action::LoseAnswer(at)));
            }
            let killable = run.exit.is_none() || run.exit == Some(Exit::Stopped);
            actions.extend((killable && world.restarts > 0).then_some(Action::Restart(at)));
        }
        let left = (0..self.scenario.events.len()).filter(|at| world.events & (1 << at) != 0);
        actions.extend(left.map(Action::Event));
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut next = world.clone();
        let jobs = self.scenario.jobs;
        let happens = match action {
            Action::Step(at) => {
                next.runs[at].step(&mut next.store, self.rules(jobs[at]));
                true
            }
            Action::LoseAnswer(at) => {
                next.lost -= 1;
                next.runs[at].step_unanswered(&mut next.store, self.rules(jobs[at]))
            }
            Action::Restart(at) => {
                next.restarts -= 1;
                next.runs[at] = Run::new(jobs[at]);
                next.runs[at] != world.runs[at]
            }
            Action::Event(at) => {
                next.events &= !(1 << at);
                self.scenario.events[at].happen(&mut next.store)
            }
        };
        // Runs of one job are the same but for their number. A way to a bug is easier to follow if they keep it.
        let swapped = if self.faults == Faults::default() { 1..RUNS } else { 0..0 };
        for at in swapped {
            if jobs[at - 1] == jobs[at] && next.runs[at - 1] > next.runs[at] {
                next.runs.swap(at - 1, at);
            }
        }
        happens.then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(INVARIANTS[0], |model: &Self, world: &World| model.holds(0, world)),
            Property::always(INVARIANTS[1], |model: &Self, world: &World| model.holds(1, world)),
            Property::always(INVARIANTS[2], |model: &Self, world: &World| model.holds(2, world)),
            Property::always(INVARIANTS[3], |model: &Self, world: &World| model.holds(3, world)),
            Property::always(INVARIANTS[4], |model: &Self, world: &World| model.holds(4, world)),
            Property::always(INVARIANTS[5], |model: &Self, world: &World| model.holds(5, world)),
            Property::always(INVARIANTS[6], |model: &Self, world: &World| model.holds(6, world)),
            Property::always(INVARIANTS[7], |model: &Self, world: &World| model.holds(7, world)),
        ]
    }
}
