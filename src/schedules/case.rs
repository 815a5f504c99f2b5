//! A schedule, all of it from a seed: raw objects, commands with their options, what happens when, and who goes on.

use crate::days::Days;
use crate::store::turns::{Call, Fate, Kind};

/// Where everything lies. The bucket is the same, so that one store in memory holds both.
pub const SOURCE: &str = "s3://bucket/raw";
pub const DEST: &str = "s3://bucket/table";

/// Other ways to write SOURCE: keys are whole, so that each of them means the same objects.
const SPELLINGS: [&str; 6] = [
    SOURCE,
    "s3://bucket/raw/",
    "s3a://bucket/raw",
    "s3://bucket/raw/AWSLogs",
    "s3://bucket/raw/AWSLogs/123456789012",
    "s3://bucket/raw/AWSLogs/123456789012/vpcflowlogs/us-east-1",
];

/// The first of two days.
pub const FIRST_DAY: u8 = 10;

/// Versions that an object may have, one after the other.
const VERSIONS: usize = 3;

/// Numbers from a seed: SplitMix64, so that a seed means the same schedule for good.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    pub fn in_100(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    pub fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

/// What a raw object holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    pub rows: u32,
    /// Lines that are no records.
    pub rejects: u32,
    /// Whether it does not read to its end.
    pub broken: bool,
    /// Which columns it has.
    pub format: u8,
}

/// A raw object: what it is at one time or another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    pub day: u8,
    pub versions: Vec<Content>,
}

/// An object becomes this version, or goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    pub object: usize,
    pub to: Option<usize>,
}

/// Calls that are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Any,
    Write,
    /// A ledger entry.
    Entry,
    /// A file of the table.
    File,
    /// A note of a replacement.
    Note,
    Delete,
    /// Reading a raw object.
    Raw,
    /// Listing SOURCE or DEST.
    List,
}

impl Class {
    pub const ALL: [Self; 8] =
        [Self::Any, Self::Write, Self::Entry, Self::File, Self::Note, Self::Delete, Self::Raw, Self::List];

    pub fn has(self, call: &Call) -> bool {
        match self {
            Self::Any => true,
            Self::Write => call.kind.writes(),
            Self::Entry => call.kind == Kind::Create && call.key.contains("/ledger/"),
            Self::File => matches!(call.kind, Kind::Put | Kind::Complete) && call.key.contains("/year="),
            Self::Note => call.kind == Kind::Put && call.key.contains("/replacing/"),
            Self::Delete => call.kind == Kind::Delete,
            Self::Raw => call.kind == Kind::Get && call.key.starts_with("raw/"),
            Self::List => matches!(call.kind, Kind::List | Kind::Level),
        }
    }

    /// About as many calls as a run makes of it.
    fn usual(self) -> u64 {
        match self {
            Self::Any => 50,
            Self::Write => 14,
            Self::Entry => 6,
            Self::File => 3,
            Self::Note => 1,
            Self::Delete => 3,
            Self::Raw => 6,
            Self::List => 8,
        }
    }
}

/// A call of a command: its nth of a class, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When {
    pub run: usize,
    pub class: Class,
    pub nth: u64,
}

/// One run waits at a call, another one begins then, and goes on until a call of its own: then the first one goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meeting {
    pub first: When,
    pub second: When,
}

/// A command that somebody types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Convert {
        /// How SOURCE is written.
        source: &'static str,
        day: Option<u8>,
        retry: bool,
        auto_compact: bool,
        options: Options,
    },
    Compact {
        day: Option<u8>,
        options: Options,
    },
    /// Footers only: more is read by several threads.
    Verify {
        source: &'static str,
    },
}

impl Command {
    /// Returns the days that are asked for.
    pub fn days(&self) -> Days {
        match self {
            Self::Convert { day: Some(day), .. } | Self::Compact { day: Some(day), .. } => {
                Days::These([jiff::civil::date(2026, 1, *day as i8)].into())
            }
            _ => Days::All,
        }
    }
}

impl Command {
    fn take_all_days(&mut self) {
        if let Self::Convert { day, .. } | Self::Compact { day, .. } = self {
            *day = None;
        }
    }
}

/// Options that decide files: runs at the same time may have others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Whether each object becomes a file of its own.
    pub small_files: bool,
    pub compressed: bool,
    pub unsorted: bool,
}

/// Who goes on when several could.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Anybody.
    Any,
    /// Mostly who went on before; in 100.
    Same(u64),
    /// Mostly who went on before, until it has written something.
    UntilWrite,
    /// The first in an order, which changes now and then: who has the turn becomes the last.
    Order,
}

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    pub objects: Vec<Object>,
    /// What happens before plain conversions, one after the other, that make the table as the commands find it.
    pub prelude: Vec<(Vec<Event>, Options)>,
    /// What happens between them and the commands.
    pub before: Vec<Event>,
    pub commands: Vec<Command>,
    /// Commands that begin when another one is through.
    pub begins_after: Vec<Option<usize>>,
    pub events: Vec<(When, Event)>,
    pub faults: Vec<(When, Fate)>,
    /// Commands that wait at a call until all others are through.
    pub delays: Vec<When>,
    pub meeting: Option<Meeting>,
    pub policy: Policy,
    /// Whether a run of another day comes before the plain one at the end.
    pub other_day: bool,
    /// For what is decided while it is played.
    pub dice: Dice,
}

impl PartialEq for Dice {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Dice {}

impl Case {
    pub fn of(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let d = &mut dice;
        let objects: Vec<Object> = (0..2 + d.below(4)).map(|_| object(d)).collect();
        let mut now: Vec<Option<usize>> = vec![None; objects.len()];
        let mut prelude = Vec::new();
        for _ in 0..d.of(&[0, 1, 1, 2, 2, 3]) {
            let events = arrivals(d, &mut now, 50);
            prelude.push((events, options(d)));
        }
        let mut before = arrivals(d, &mut now, 70);
        let chance = d.of(&[10, 50]);
        before.extend(changes(d, &objects, &mut now, chance));
        let count = d.of(&[2, 2, 3, 3, 4]);
        let mut commands: Vec<Command> = (0..count).map(|_| command(d)).collect();
        let meeting = d.in_100(60).then(|| meeting(d, count));
        let begins_after =
            (0..count).map(|run| (run > 0 && d.in_100(15)).then(|| d.below(run as u64) as usize)).collect();
        let chance = d.of(&[0, 0, 30]);
        let mut later = arrivals(d, &mut now, chance);
        let chance = d.of(&[0, 15, 30]);
        later.extend(changes(d, &objects, &mut now, chance));
        if let Some(Meeting { first, second }) = meeting
            && d.in_100(60)
        {
            // They meet over the same days, and something happens there: perhaps to an object whose rows are just being replaced.
            commands.iter_mut().for_each(Command::take_all_days);
            let mut object = d.below(objects.len() as u64) as usize;
            let next = |now: Option<usize>| now.map_or(0, |version| (version + 1) % VERSIONS);
            let converted = prelude.iter().flat_map(|(events, _)| events).map(|event| event.object);
            let converted: Vec<usize> = converted.filter(|object| now[*object].is_some()).collect();
            if !converted.is_empty() && d.in_100(60) {
                object = d.of(&converted);
                now[object] = Some(next(now[object]));
                before.push(Event { object, to: now[object] });
                for run in [first.run, second.run] {
                    commands[run] = Command::Convert {
                        source: SOURCE,
                        day: None,
                        retry: false,
                        auto_compact: false,
                        options: options(d),
                    };
                }
            }
            let to = d.of(&[Some(next(now[object])), Some(next(now[object])), None]);
            later.push(Event { object, to });
        }
        let mut faults = match d.below(16) {
            // A damaged read is enough: nobody promises anything if a run dies besides.
            0 => vec![(damage(d, count, meeting), Fate::Damaged)],
            _ => (0..d.of(&[0, 0, 1, 1, 1, 2])).map(|_| fault(d, count)).collect(),
        };
        if let Some(meeting) = meeting
            && !faults.iter().any(|(_, fate)| *fate == Fate::Damaged)
            && d.in_100(50)
        {
            faults =
                vec![(meeting.first, d.of(&[Fate::DeadAfter, Fate::DeadAfter, Fate::DeadBefore, Fate::AnswerLost]))];
        }
        let event = |event| match meeting {
            Some(meeting) if d.in_100(70) => (meeting.second, event),
            _ => (when(d, count, &[Class::Any, Class::Entry, Class::Raw]), event),
        };
        let events: Vec<(When, Event)> = later.into_iter().map(event).collect();
        let delays = (0..d.of(&[0, 0, 1, 1, 2]))
            .map(|_| when(d, count, &[Class::Any, Class::Write, Class::Entry, Class::File, Class::Note, Class::Delete]))
            .collect();
        let policy = match d.below(6) {
            0 => Policy::Any,
            1 => Policy::Same(60),
            2 => Policy::Same(90),
            3 | 4 => Policy::UntilWrite,
            _ => Policy::Order,
        };
        let other_day = d.in_100(50);
        Self {
            objects,
            prelude,
            before,
            commands,
            begins_after,
            events,
            faults,
            delays,
            meeting,
            policy,
            other_day,
            dice,
        }
    }

    /// Returns whether a run may read what is damaged.
    pub fn is_damaged(&self) -> bool {
        self.faults.iter().any(|(_, fate)| *fate == Fate::Damaged)
    }
}

fn object(d: &mut Dice) -> Object {
    let day = FIRST_DAY + u8::from(d.in_100(30));
    let format = d.below(2) as u8;
    let versions = (0..VERSIONS).map(|_| Content {
        rows: if d.in_100(4) { 150 } else { 1 + d.below(3) as u32 },
        rejects: u32::from(d.in_100(15)),
        broken: d.in_100(12),
        format,
    });
    Object { day, versions: versions.collect() }
}

/// Objects that are not there yet come, each with this chance.
fn arrivals(d: &mut Dice, now: &mut [Option<usize>], chance: u64) -> Vec<Event> {
    let mut events = Vec::new();
    for (object, now) in now.iter_mut().enumerate() {
        if now.is_none() && d.in_100(chance) {
            *now = Some(0);
            events.push(Event { object, to: *now });
        }
    }
    events
}

/// Objects that are there change or go, and those that went return.
fn changes(d: &mut Dice, objects: &[Object], now: &mut [Option<usize>], chance: u64) -> Vec<Event> {
    let mut events = Vec::new();
    for (object, now) in now.iter_mut().enumerate() {
        let Some(version) = *now else { continue };
        if d.in_100(chance) {
            *now = match d.below(4) {
                0 => None,
                _ if version + 1 < objects[object].versions.len() => Some(version + 1),
                _ => None,
            };
            events.push(Event { object, to: *now });
            if now.is_none() && d.in_100(40) {
                *now = Some(version);
                events.push(Event { object, to: *now });
            }
        }
    }
    events
}

fn options(d: &mut Dice) -> Options {
    Options { small_files: d.in_100(50), compressed: d.in_100(20), unsorted: d.in_100(20) }
}

fn day(d: &mut Dice) -> Option<u8> {
    d.of(&[None, None, None, Some(FIRST_DAY), Some(FIRST_DAY), Some(FIRST_DAY + 1)])
}

fn command(d: &mut Dice) -> Command {
    match d.below(20) {
        0 => Command::Verify { source: d.of(&SPELLINGS) },
        1..=5 => Command::Compact { day: day(d), options: options(d) },
        _ => Command::Convert {
            source: if d.in_100(30) { d.of(&SPELLINGS) } else { SOURCE },
            day: day(d),
            retry: d.in_100(15),
            auto_compact: d.in_100(15),
            options: options(d),
        },
    }
}

fn when(d: &mut Dice, runs: usize, classes: &[Class]) -> When {
    let class = d.of(classes);
    When { run: d.below(runs as u64) as usize, class, nth: 1 + d.below(class.usual()) }
}

fn meeting(d: &mut Dice, runs: usize) -> Meeting {
    let mut first = when(d, runs, &[Class::File, Class::File, Class::Entry, Class::Entry, Class::Note, Class::Delete]);
    let seconds =
        [Class::Raw, Class::Raw, Class::Raw, Class::Entry, Class::Entry, Class::File, Class::Delete, Class::Any];
    let mut second = when(d, runs, &seconds);
    if first.run == second.run {
        second.run = (first.run + 1) % runs;
    }
    // The first calls are those that nearly every run comes to.
    for when in [&mut first, &mut second] {
        if d.in_100(50) {
            when.nth = 1 + d.below(2);
        }
    }
    Meeting { first, second }
}

/// What is read damaged: mostly by a run that another one meets at the same claim.
fn damage(d: &mut Dice, runs: usize, meeting: Option<Meeting>) -> When {
    match meeting {
        Some(Meeting { first, .. }) => When { run: first.run, class: Class::Raw, nth: 1 + d.below(3) },
        None => when(d, runs, &[Class::Raw]),
    }
}

fn fault(d: &mut Dice, runs: usize) -> (When, Fate) {
    let fate = d.of(&[
        Fate::DeadBefore,
        Fate::DeadBefore,
        Fate::DeadAfter,
        Fate::DeadAfter,
        Fate::AnswerLost,
        Fate::Fails,
        Fate::DoneAndRefused,
        Fate::Late,
    ]);
    let classes: &[Class] = match fate {
        Fate::DoneAndRefused => &[Class::Entry],
        Fate::Late => &[Class::Write, Class::Entry, Class::File, Class::Note, Class::Delete],
        Fate::Fails => &Class::ALL,
        _ => &[Class::Any, Class::Write, Class::Write, Class::Entry, Class::File, Class::Note, Class::Delete],
    };
    (when(d, runs, classes), fate)
}
