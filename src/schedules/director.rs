//! Who decides what happens next in a schedule: the case, and dice that it has of its seed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::date;

use super::case::{Case, Class, Command, Dice, Event, Meeting, Policy, When};
use super::readers::Readers;
use super::world::World;
use crate::store::turns::{Call, Director, Fate, Kind};

/// How often the order of runs changes, in 100 calls.
const CHANGES_OF_ORDER: u64 = 4;

/// Plays a case: what happens when, and what is there then.
#[derive(Debug)]
pub struct Stage {
    pub world: World,
    pub readers: Readers,
    commands: Vec<Command>,
    begins_after: Vec<Option<usize>>,
    events: Vec<(When, Event)>,
    faults: Vec<(When, Fate)>,
    delays: Vec<When>,
    meeting: Option<Meeting>,
    policy: Policy,
    dice: Dice,
    /// Calls made, by run and class.
    made: Vec<[u64; Class::ALL.len()]>,
    last: Option<Call>,
    order: Vec<usize>,
    /// Runs that met a fault.
    pub disturbed: BTreeSet<usize>,
    /// Calls of all runs.
    calls: u64,
    /// Objects of the asked days that a run listed, and when it did so last.
    listed: BTreeMap<usize, BTreeMap<usize, u64>>,
    /// When an object came, changed or went.
    happened: BTreeMap<usize, u64>,
    /// Those that no ledger knew when the run ended. Not what came after it had been listed: that is for the next run.
    pub unknown: BTreeMap<usize, BTreeSet<usize>>,
}

impl Stage {
    pub fn new(case: &Case, world: World, mut readers: Readers) -> Self {
        let runs = case.commands.len();
        readers.look_at_all("before all");
        readers.inexact = case.is_damaged();
        Self {
            world,
            readers,
            commands: case.commands.clone(),
            begins_after: case.begins_after.clone(),
            events: case.events.clone(),
            faults: case.faults.clone(),
            delays: case.delays.clone(),
            meeting: case.meeting,
            policy: case.policy,
            dice: case.dice.clone(),
            made: vec![[0; Class::ALL.len()]; runs],
            last: None,
            order: (0..runs).collect(),
            disturbed: BTreeSet::new(),
            calls: 0,
            listed: BTreeMap::new(),
            happened: BTreeMap::new(),
            unknown: BTreeMap::new(),
        }
    }

    /// Lets everything happen that nothing brought about.
    pub fn let_all_happen(&mut self) {
        for (_, event) in std::mem::take(&mut self.events) {
            self.world.apply(event);
        }
    }

    /// Returns whether a call is the one that is meant, before it is counted.
    fn is_now(&self, when: &When, call: &Call) -> bool {
        let made = self.made[call.run][when.class as usize];
        when.run == call.run && when.class.has(call) && made + 1 == when.nth
    }

    /// Returns whether a run has come to a call: it waits for it, or is past it, or through.
    fn has_come_to(&self, when: &When, waiting: &[&Call], ended: &[bool]) -> bool {
        ended[when.run]
            || self.made[when.run][when.class as usize] >= when.nth
            || waiting.iter().any(|call| self.is_now(when, call))
    }

    fn may_go_on(&self, call: &Call, waiting: &[&Call], ended: &[bool]) -> bool {
        if let Some(Meeting { first, second }) = &self.meeting {
            if call.kind == Kind::Start && call.run == second.run {
                return self.has_come_to(first, waiting, ended);
            }
            if self.is_now(first, call) {
                return self.has_come_to(second, waiting, ended);
            }
        }
        if call.kind == Kind::Start {
            return self.begins_after[call.run].is_none_or(|other| ended[other]);
        }
        let others_ended = ended.iter().enumerate().all(|(run, ended)| run == call.run || *ended);
        others_ended || !self.delays.iter().any(|when| self.is_now(when, call))
    }

    /// Returns the call of who waited for a meeting, once the other one has come.
    fn meets(&self, waiting: &[&Call], ended: &[bool]) -> Option<usize> {
        let Meeting { first, second } = self.meeting.as_ref()?;
        let at = waiting.iter().position(|call| self.is_now(first, call))?;
        self.has_come_to(second, waiting, ended).then_some(at)
    }
}

impl Director for Stage {
    fn choose(&mut self, waiting: &[&Call], ended: &[bool]) -> usize {
        if let Some(first) = self.meets(waiting, ended) {
            return first;
        }
        let may_go_on = |at: &usize| self.may_go_on(waiting[*at], waiting, ended);
        let mut able: Vec<usize> = (0..waiting.len()).filter(may_go_on).collect();
        if able.is_empty() {
            // All of them are delayed until the others are through.
            able = (0..waiting.len()).collect();
        }
        let last = self.last.as_ref().and_then(|last| able.iter().find(|at| waiting[**at].run == last.run)).copied();
        let wrote = self.last.as_ref().is_some_and(|last| last.kind.writes());
        match (self.policy, last) {
            (Policy::Same(chance), Some(last)) if self.dice.in_100(chance) => last,
            (Policy::UntilWrite, Some(last)) if self.dice.in_100(if wrote { 40 } else { 95 }) => last,
            (Policy::Order, last) => {
                if let Some(last) = last
                    && self.dice.in_100(CHANGES_OF_ORDER)
                {
                    let run = waiting[last].run;
                    self.order.retain(|other| *other != run);
                    self.order.push(run);
                }
                let place = |at: &usize| self.order.iter().position(|run| *run == waiting[*at].run);
                able.into_iter().min_by_key(place).unwrap_or_default()
            }
            _ => self.dice.of(&able),
        }
    }

    fn fate(&mut self, call: &Call) -> Fate {
        let (now, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.events).into_iter().partition(|(when, _)| self.is_now(when, call));
        self.events = later;
        self.calls += 1;
        for (_, event) in now {
            self.world.apply(event);
            self.happened.insert(event.object, self.calls);
        }
        let fate = self.faults.iter().find(|(when, _)| self.is_now(when, call)).map_or(Fate::Done, |(_, fate)| *fate);
        for class in Class::ALL.into_iter().filter(|class| class.has(call)) {
            self.made[call.run][class as usize] += 1;
        }
        if fate != Fate::Done {
            self.disturbed.insert(call.run);
        }
        self.last = Some(call.clone());
        fate
    }

    fn look(&mut self, call: &Call, fate: Fate, listed: &[String]) {
        let days = self.commands[call.run].days();
        for object in listed.iter().filter_map(|key| self.world.object_of(key)) {
            let day = self.world.objects[object].day;
            if days.contains(date(2026, 1, day as i8)) {
                self.listed.entry(call.run).or_default().insert(object, self.calls);
            }
        }
        if call.kind.writes() {
            self.readers.look(&call.key, &format!("after {call} {fate:?}"));
        }
    }

    fn ended(&mut self, run: usize) {
        self.last = None;
        let known = |object: &usize| {
            let key = self.world.key(*object);
            self.readers.states.values().any(|state| state.input("s3://bucket/", &key).is_some())
        };
        let came_since = |object: &usize, listed: u64| {
            self.world.now[*object].is_some() && self.happened.get(object).is_some_and(|at| *at > listed)
        };
        let listed = self.listed.get(&run).into_iter().flatten();
        let unknown = listed.filter(|(object, listed)| !known(object) && !came_since(object, **listed));
        let unknown = unknown.map(|(object, _)| *object).collect();
        self.unknown.insert(run, unknown);
    }
}
