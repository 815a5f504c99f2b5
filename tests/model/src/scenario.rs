//! Who runs what on which table, and what others do meanwhile.

use crate::ledger::{BAD, CHANGED, FIRST, GONE};
use crate::run::Job::{self, Compact, Convert};
use crate::store::{Event, Store};

/// A table, the runs that work on it, and what may happen.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// What it is called.
    pub name: &'static str,
    /// The stores before.
    pub store: fn() -> Store,
    /// The runs.
    pub jobs: [Job; RUNS],
    /// What others may do, each once, at any time.
    pub events: &'static [Event],
    /// Answers that may be lost.
    pub lost: u8,
    /// How often a run may be killed and started again, whichever. A run that is killed and not started again is one that takes no
    /// further step.
    pub restarts: u8,
}

/// Runs at once.
pub const RUNS: usize = 3;

/// Days of a job.
const FIRST_DAY: u8 = 0b01;
const SECOND_DAY: u8 = 0b10;
const BOTH: u8 = 0b11;

/// Two objects of the first day, one of the second.
fn nothing_yet() -> Store {
    Store::new([[FIRST, FIRST, GONE], [FIRST, GONE, GONE]])
}

/// The first day's objects are in a file each.
fn two_files() -> Store {
    nothing_yet().converted(0, &[0]).converted(0, &[1])
}

/// An older version was about to merge them.
fn two_files_and_an_old_note() -> Store {
    two_files().noted(0, &[1, 3])
}

/// And one more came late.
fn two_files_and_a_late_one() -> Store {
    two_files().now(0, 2, FIRST)
}

/// A run claimed one of them, and was killed.
fn a_claimed_one() -> Store {
    nothing_yet().claimed(0, &[0])
}

/// One object of the first day cannot be read.
fn an_unreadable_one() -> Store {
    nothing_yet().now(0, 0, BAD)
}

/// One of them has changed.
fn a_changed_one() -> Store {
    two_files().now(0, 0, CHANGED)
}

/// It shares its file with the other one.
fn a_changed_one_of_two() -> Store {
    nothing_yet().converted(0, &[0, 1]).now(0, 0, CHANGED)
}

/// A day that is converted and merged while an object comes late, and a conversion of another day: the usual night.
pub const NIGHT: Scenario = Scenario {
    name: "night",
    store: two_files_and_a_late_one,
    jobs: [Convert(FIRST_DAY), Convert(SECOND_DAY), Compact(FIRST_DAY)],
    events: &[],
    lost: 1,
    restarts: 1,
};

/// Returns all of them.
pub fn all() -> Vec<Scenario> {
    vec![
        NIGHT,
        Scenario {
            name: "night, an object changes",
            events: &[Event::Object { day: 0, object: 0, to: CHANGED }],
            lost: 0,
            restarts: 0,
            ..NIGHT
        },
        Scenario { name: "three first conversions", store: nothing_yet, jobs: [Convert(FIRST_DAY); RUNS], ..NIGHT },
        Scenario {
            name: "first conversions, an object changes",
            store: nothing_yet,
            jobs: [Convert(BOTH), Convert(FIRST_DAY), Convert(SECOND_DAY)],
            events: &[Event::Object { day: 0, object: 0, to: CHANGED }],
            lost: 0,
            restarts: 0,
        },
        Scenario {
            name: "first conversions, an object goes",
            store: nothing_yet,
            jobs: [Convert(FIRST_DAY), Convert(FIRST_DAY), Convert(SECOND_DAY)],
            events: &[Event::Object { day: 0, object: 0, to: GONE }],
            lost: 0,
            restarts: 0,
        },
        Scenario {
            name: "first conversions, an object goes and returns",
            store: nothing_yet,
            jobs: [Convert(FIRST_DAY), Convert(FIRST_DAY), Convert(SECOND_DAY)],
            events: &[Event::Object { day: 0, object: 0, to: GONE }, Event::Object { day: 0, object: 0, to: FIRST }],
            lost: 0,
            restarts: 0,
        },
        Scenario {
            name: "a claim left open, its object changes",
            store: a_claimed_one,
            jobs: [Convert(FIRST_DAY), Convert(FIRST_DAY), Convert(SECOND_DAY)],
            events: &[Event::Object { day: 0, object: 0, to: CHANGED }],
            lost: 0,
            restarts: 0,
        },
        Scenario {
            name: "an unreadable object, mended",
            store: an_unreadable_one,
            jobs: [Convert(FIRST_DAY), Convert(FIRST_DAY), Convert(SECOND_DAY)],
            events: &[Event::Object { day: 0, object: 0, to: CHANGED }],
            lost: 0,
            restarts: 0,
        },
        Scenario {
            name: "two merges, a file is damaged",
            store: two_files,
            jobs: [Compact(FIRST_DAY), Compact(FIRST_DAY), Convert(SECOND_DAY)],
            events: &[Event::Damage { day: 0 }],
            lost: 0,
            restarts: 1,
        },
        Scenario {
            name: "two merges, a late object",
            jobs: [Compact(FIRST_DAY), Compact(FIRST_DAY), Convert(FIRST_DAY)],
            lost: 0,
            restarts: 0,
            ..NIGHT
        },
        Scenario {
            name: "a merge, an old note of it",
            store: two_files_and_an_old_note,
            jobs: [Compact(FIRST_DAY), Compact(FIRST_DAY), Convert(SECOND_DAY)],
            lost: 0,
            restarts: 0,
            ..NIGHT
        },
        Scenario {
            name: "a file made again, a merge",
            store: a_changed_one,
            jobs: [Convert(FIRST_DAY), Convert(FIRST_DAY), Compact(FIRST_DAY)],
            events: &[],
            lost: 0,
            restarts: 0,
        },
        Scenario {
            name: "a file made again, its object goes bad",
            store: a_changed_one,
            jobs: [Convert(FIRST_DAY), Convert(FIRST_DAY), Convert(SECOND_DAY)],
            events: &[Event::Object { day: 0, object: 0, to: BAD }],
            lost: 0,
            restarts: 0,
        },
        Scenario {
            name: "a file of two made again, one goes",
            store: a_changed_one_of_two,
            jobs: [Convert(FIRST_DAY), Convert(FIRST_DAY), Compact(FIRST_DAY)],
            events: &[Event::Object { day: 0, object: 1, to: GONE }],
            lost: 0,
            restarts: 0,
        },
    ]
}
