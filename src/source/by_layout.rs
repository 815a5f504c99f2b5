//! Finds raw objects where a person says that they are ([`SourceLayout`]), and names what lies elsewhere.
//!
//! In: a [`Search`], the pattern. Out: folders to be listed whole, by what they say, and the days before the asked ones; objects
//! that the pattern has no place for and that may be logs of asked days.

use std::sync::Arc;

use super::discover::{Matches, Node, Search, is_called_log, join};
use super::found::{Found, Wanted, Why};
use super::layout::{FileName, Place, Suffix};
use super::source_layout::{Said, SourceLayout};
use crate::days::Days;
use crate::error::{Error, Result};
use crate::options::SOURCE_LAYOUT;
use crate::store::{Listed, Store, name_of};

/// Folders that are looked into for keys that a layout does not match.
const MAX_FOLDERS_FOR_KEYS: usize = 50;

impl SourceLayout {
    /// Returns the error of a layout that no folder below SOURCE has, with the first keys that there are.
    pub(super) fn matches_nothing(&self, store: &Store) -> Result<Error> {
        let (mut keys, mut folders) = (Vec::new(), vec![store.location().prefix().to_owned()]);
        for _ in 0..MAX_FOLDERS_FOR_KEYS {
            let Some(folder) = folders.pop().filter(|_| keys.len() < 3) else { break };
            for level in store.list_levels(&[folder])? {
                keys.extend(level.objects.into_iter().map(|object| object.key));
                let named = level.folders.into_iter().filter(|folder| Store::is_key(folder));
                folders.extend(named.filter(|folder| !name_of(folder).starts_with(['.', '_'])).rev());
            }
        }
        let prefix = store.location().prefix();
        let below = |key: &Arc<str>| key.strip_prefix(prefix).unwrap_or(key).trim_start_matches('/').to_owned();
        let keys: Vec<String> = keys.iter().take(3).map(below).collect();
        let error = Error::usage(format!("{SOURCE_LAYOUT} {self} matches no folder below SOURCE")).at(store.location());
        Ok(error.help(format!("write it as the folders of these keys are called: {}", keys.join(", "))))
    }
}

impl Search<'_> {
    /// Looks into the folders that a layout and the asked days allow; returns whether any folder fits the layout, also one that
    /// was left out by what it says. Folders that are always called the same are entered unseen.
    pub(super) fn by_layout(&mut self, store: &Store, layout: &SourceLayout) -> Result<Matches> {
        let top = Node::at(store.location().prefix());
        let mut left_out = false;
        let mut frontier = vec![(top.prefix.clone(), Said::default())];
        // Those that may hold the days before the asked ones alone.
        let mut before: Vec<(String, Said)> = Vec::new();
        for depth in 0..layout.depth() {
            before = self.days_before_by_layout(store, layout, depth, before)?;
            let prefixes: Vec<String> = frontier.iter().map(|(prefix, _)| prefix.clone()).collect();
            // Beside the last folders of a day there may be logs of it.
            if let Some(name) = layout.only_name(depth).filter(|_| !layout.is_below_day(depth)) {
                frontier.iter_mut().for_each(|(prefix, _)| *prefix = join(prefix, name));
                continue;
            }
            let mut strangers = Vec::new();
            let mut next = Vec::new();
            for ((prefix, said), mut level) in frontier.iter().zip(store.list_levels(&prefixes)?) {
                self.leave_table(&Node::at(prefix), &mut level.folders, store.location())?;
                level.objects.into_iter().for_each(|object| self.take_stranger(object, layout.is_of_days(depth)));
                for folder in level.folders {
                    match layout.enter(depth, name_of(&folder), said).filter(|_| Store::is_key(&folder)) {
                        Some(said) if self.is_asked(&said, &top.place) => next.push((folder, said)),
                        Some(said) => {
                            left_out = true;
                            before.extend(self.take_day_before(folder, said));
                        }
                        None => strangers.push(folder),
                    }
                }
            }
            self.strangers(store, strangers, layout.is_of_days(depth))?;
            frontier = next;
        }
        let last = layout.depth().saturating_sub(1);
        let ends_unseen = layout.only_name(last).is_some() && !layout.is_below_day(last);
        let matches = match () {
            () if left_out || !frontier.is_empty() && !ends_unseen => Matches::Yes,
            () if ends_unseen => Matches::IfObjects,
            () => Matches::No,
        };
        for (prefix, said) in frontier {
            let date = said.date();
            let (account, region) =
                (said.account.or(top.place.account.clone()), said.region.or(top.place.region.clone()));
            self.whole.insert(prefix, Place::told(account, region, date, said.hour));
        }
        Ok(matches)
    }

    /// Returns the folders in those that may hold a day before the asked ones, as a layout says, and notes those of such a day.
    fn days_before_by_layout(
        &mut self,
        store: &Store,
        layout: &SourceLayout,
        depth: usize,
        folders: Vec<(String, Said)>,
    ) -> Result<Vec<(String, Said)>> {
        let prefixes: Vec<String> = folders.iter().map(|(prefix, _)| prefix.clone()).collect();
        let mut next = Vec::new();
        for ((_, said), level) in folders.iter().zip(store.list_levels(&prefixes)?) {
            for folder in level.folders.into_iter().filter(|folder| Store::is_key(folder)) {
                let said = layout.enter(depth, name_of(&folder), said);
                next.extend(said.and_then(|said| self.take_day_before(folder, said)));
            }
        }
        Ok(next)
    }

    /// Notes a folder that a layout says to be of a day before the asked ones; returns it if it may hold one.
    fn take_day_before(&mut self, folder: String, said: Said) -> Option<(String, Said)> {
        let is_selected = self.matches(said.account.as_deref(), said.region.as_deref(), true);
        let days = Days::These(self.days_before.clone());
        if !is_selected || !said.may_hold_any(&days) {
            return None;
        }
        let Some(day) = said.date() else { return Some((folder, said)) };
        self.found.before.folders.push((folder, day));
        None
    }

    /// Returns whether asked-for logs can lie where a layout says this.
    fn is_asked(&mut self, said: &Said, top: &Place) -> bool {
        let account = said.account.as_deref().or(top.account.as_deref());
        let region = said.region.as_deref().or(top.region.as_deref());
        self.found.met.place(account, region);
        let of_asked_days = said.may_hold_any(&self.wanted.days);
        self.found.met.more |= !of_asked_days && (account.is_none() || region.is_none());
        of_asked_days && self.matches(account, region, true)
    }

    /// Names what may be logs in folders that a layout does not match: among those of days anything, elsewhere what is found
    /// without a layout.
    fn strangers(&mut self, store: &Store, folders: Vec<String>, among_days: bool) -> Result<()> {
        let (named, nameless): (Vec<String>, Vec<String>) =
            folders.into_iter().partition(|folder| Store::is_key(folder));
        self.found.passed_over.extend(nameless.into_iter().map(|folder| (folder.into(), Why::NoKey)));
        let (hidden, named): (Vec<String>, Vec<String>) =
            named.into_iter().partition(|folder| name_of(folder).starts_with(['.', '_']));
        hidden.into_iter().for_each(|folder| self.take_hidden(folder.into()));
        if among_days {
            for (folder, objects) in named.iter().zip(store.list_all(&named)?) {
                let is_hidden = |key: &str| {
                    key.strip_prefix(folder.as_str()).is_some_and(|below| below.contains("/.") || below.contains("/_"))
                };
                objects
                    .into_iter()
                    .filter(|object| !is_hidden(&object.key))
                    .for_each(|object| self.take_stranger(object, true));
            }
            return Ok(());
        }
        let wanted = Wanted { assume_day: None, source_layout: None, ..self.wanted.clone() };
        let mut search = Search::new(&wanted);
        let begin = named.iter().map(|folder| Node { depth: 1, ..Node::at(folder) }).collect();
        if !search.walk(store, begin)? {
            // Whether there are logs in all of them, nobody knows.
            self.found.passed_over.extend(named.into_iter().map(|folder| (folder.into(), Why::OtherLayout)));
            return Ok(());
        }
        search.list_whole(store)?;
        search.settle_by_content(store)?;
        let Found { objects, other_days, passed_over, .. } = search.found;
        let logs = objects.into_iter().chain(other_days).map(|found| (found.object.key, Why::OtherLayout));
        let passed_over = passed_over.into_iter().map(|(key, why)| match why {
            Why::NoDate => (key, Why::OtherLayout),
            why => (key, why),
        });
        self.found.passed_over.extend(logs.chain(passed_over));
        Ok(())
    }

    /// Names an object that a layout has no place for, if it may be a log of an asked day.
    fn take_stranger(&mut self, object: Listed, among_days: bool) {
        let name = name_of(&object.key);
        let said = FileName::parse(name);
        let may_be_asked = said.day.is_none_or(|day| self.wanted.days.contains(day));
        let selected = self.matches(said.account.as_deref(), said.region.as_deref(), true);
        let is_called = is_called_log(name) || said.day.is_some() || among_days && object.size > 0;
        match Suffix::of(name) {
            _ if !may_be_asked || !selected => {}
            Suffix::Log if is_called => self.found.passed_over.push((object.key, Why::OtherLayout)),
            Suffix::Other => self.strangers.add(object, &Place::opaque()),
            _ => {}
        }
    }
}
