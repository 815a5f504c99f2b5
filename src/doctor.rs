//! Whether a run would get what it needs: credentials, Regions, permissions, what the store can do. Leaves nothing behind.
//!
//! In: SOURCE and DEST. Out: [`Finding`]s, one for each thing that was tried, with what to do where it does not hold. Each is tried
//! as a run would: by the same requests, signed by the same identity.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::Serialize;

use crate::convert::refuse_nesting;
use crate::error::Error;
use crate::ledger::table::Table;
use crate::options::SINGLE_WRITER;
use crate::store::{Created, OWN_FOLDER, Store, element};

/// How far clocks may differ: S3 refuses a quarter of an hour, and a person should know of five minutes.
const MOST_SKEW: Duration = Duration::from_secs(15 * 60);
const NOTED_SKEW: Duration = Duration::from_secs(5 * 60);

/// Objects of SOURCE that are listed at most to find one that can be read.
const MOST_LEVELS: usize = 20;

/// What is written, for whoever finds it.
const WRITTEN: &str = "written by flowparquet doctor, which deletes it";

/// What something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It holds.
    Good,
    /// It is no obstacle, and a person should know it.
    Note,
    /// It does not hold: a run would fail, or lose something.
    Bad,
}

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `source` or `dest`.
    pub side: &'static str,
    /// What was tried.
    pub what: &'static str,
    /// Whether it holds.
    pub state: State,
    /// What was seen.
    pub said: String,
    /// What to do, unless it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// Tries what a run would need. `source` is left out where only the table is looked after. When it is to stop, no more is tried, and
/// what was written is deleted.
pub fn doctor(source: Option<&Store>, dest: &Table, is_to_stop: &dyn Fn() -> bool) -> Vec<Finding> {
    let mut all = Vec::new();
    if let Some(source) = source
        && let Err(e) = refuse_nesting(source, dest.store())
    {
        let help = e.help_text().map(str::to_owned);
        all.push(Finding { side: "dest", what: "apart", state: State::Bad, said: e.what_happened(), help });
    }
    if let Some(source) = source {
        let mut side = Side { name: "source", store: source, all: &mut all, is_to_stop };
        if side.reach() {
            side.read_one();
        }
    }
    let mut side = Side { name: "dest", store: dest.store(), all: &mut all, is_to_stop };
    if !is_to_stop() && side.reach() {
        // Before anything is written: the table says how.
        let single_writer = side.table(dest);
        side.write(single_writer);
        side.bucket();
    }
    if let (Some(source), dest) = (source, dest.store())
        && let (Some(from), Some(to)) = (source.region(), dest.region())
        && from != to
    {
        all.push(Finding {
            side: "dest",
            what: "same Region",
            state: State::Note,
            said: format!("SOURCE lies in {from}, DEST in {to}"),
            help: Some(
                "each byte that is read crosses Regions and is billed: run in SOURCE's Region, or keep DEST there"
                    .to_owned(),
            ),
        });
    }
    all
}

/// A side that is looked at.
struct Side<'a> {
    name: &'static str,
    store: &'a Store,
    all: &'a mut Vec<Finding>,
    is_to_stop: &'a dyn Fn() -> bool,
}

impl Side<'_> {
    fn note(&mut self, what: &'static str, state: State, said: impl Into<String>, help: Option<&str>) {
        let help = help.map(str::to_owned);
        self.all.push(Finding { side: self.name, what, state, said: said.into(), help });
    }

    fn bad(&mut self, what: &'static str, error: &Error) {
        let help = error.help_text().map(str::to_owned);
        self.all.push(Finding { side: self.name, what, state: State::Bad, said: error.what_happened(), help });
    }

    /// Returns whether the store can be asked at all: who asks, where, and what a listing says.
    fn reach(&mut self) -> bool {
        if self.store.location().is_local() {
            self.note("place", State::Good, format!("the local disk: {}", self.store.location()), None);
        } else {
            match self.store.identity() {
                Ok(None) => self.note("identity", State::Good, "nobody: requests are not signed", None),
                Ok(Some(who)) => self.note("identity", State::Good, who, None),
                // Credentials may be good for S3 where nobody can ask STS.
                Err(e) if self.store.has_credentials() => {
                    let said = format!(
                        "credentials by {}; STS does not say whose: {}",
                        self.store.credentials_by().unwrap_or_default(),
                        e.what_happened()
                    );
                    self.note("identity", State::Note, said, None);
                }
                Err(e) => {
                    self.bad("identity", &e);
                    return false;
                }
            }
        }
        match self.store.list_levels(&[self.store.location().prefix().to_owned()]) {
            Ok(levels) => {
                let (folders, objects) =
                    levels.iter().fold((0, 0), |(f, o), level| (f + level.folders.len(), o + level.objects.len()));
                if let Some(region) = self.store.region() {
                    self.note("Region", State::Good, region, None);
                }
                self.note("list", State::Good, format!("{folders} folders and {objects} objects"), None);
            }
            Err(e) => {
                self.bad("list", &e);
                return false;
            }
        }
        self.clock();
        true
    }

    fn clock(&mut self) {
        let Some(there) = self.store.clock() else { return };
        let here = SystemTime::now();
        let skew = here.duration_since(there).or_else(|_| there.duration_since(here)).unwrap_or_default();
        let said = format!("{} s from the store's", skew.as_secs());
        let help = "set this machine's clock (NTP, chrony): from 15 minutes on S3 refuses its requests";
        match () {
            () if skew > MOST_SKEW => self.note("clock", State::Bad, said, Some(help)),
            () if skew > NOTED_SKEW => self.note("clock", State::Note, said, Some(help)),
            () => self.note("clock", State::Good, said, None),
        }
    }

    /// Reads the beginning of an object, wherever one lies.
    fn read_one(&mut self) {
        let mut folder = self.store.location().prefix().to_owned();
        let mut archived = None;
        for _ in 0..MOST_LEVELS {
            let level = match self.store.list_levels(&[folder.clone()]) {
                Ok(levels) => levels.into_iter().next().unwrap_or_default(),
                Err(e) => return self.bad("get", &e),
            };
            if let Some(object) =
                level.objects.iter().find(|object| object.size > 0 && !object.archived && Store::is_key(&object.key))
            {
                let at = self.store.location().url_of(&object.key);
                return match self.store.get_range(&object.key, 0..1) {
                    Ok(_) => self.note("get", State::Good, at, None),
                    Err(e) => self.bad("get", &e),
                };
            }
            archived = archived
                .or_else(|| level.objects.iter().find(|object| object.archived).map(|object| Arc::clone(&object.key)));
            match level.folders.into_iter().rfind(|folder| Store::is_key(folder)) {
                Some(last) => folder = last,
                None => break,
            }
        }
        if let Some(key) = archived {
            let said =
                format!("{} is archived, and nothing else was found beside it", self.store.location().url_of(&key));
            return self.note("get", State::Bad, said, Some("what is archived is read by nobody until it is restored"));
        }
        self.note("get", State::Note, "no object was found to be read", Some("check SOURCE if logs should be there"));
    }

    /// Writes, reads back and deletes, where files of the table lie and below the folder of the ledger.
    fn write(&mut self, single_writer: bool) {
        let made = self.store.folders_to_come(OWN_FOLDER);
        let name = format!("doctor-{}", std::process::id());
        // Engines pass over a name that begins so.
        let beside_files = self.store.location().key(&format!("{OWN_FOLDER}-{name}"));
        let key = self.store.location().key(&format!("{OWN_FOLDER}/{name}"));
        if self.create("put a file", &beside_files) {
            self.delete("delete a file", &beside_files);
        }
        if !(self.is_to_stop)() && self.create("put", &key) {
            self.read_back(&key, single_writer);
            self.delete("delete", &key);
        }
        // On the local disk; whatever is in them stays.
        made.iter().all(|folder| std::fs::remove_dir(folder).is_ok());
    }

    /// Returns whether an object is there that is to be deleted.
    fn create(&mut self, what: &'static str, key: &str) -> bool {
        match self.store.create(key, WRITTEN) {
            Ok(Created::Yes) => self.note(what, State::Good, "an object is created", None),
            Ok(Created::AlreadyThere) => {
                self.note(what, State::Note, "an object of an earlier doctor lies there", None);
            }
            Err(e) => {
                self.bad(what, &e);
                return false;
            }
        }
        true
    }

    fn delete(&mut self, what: &'static str, key: &str) {
        let at = self.store.location().url_of(key);
        // A store that lies would keep a replaced file for ever.
        match self.store.delete(key).and_then(|()| self.store.head(key)) {
            Ok(None) => self.note(what, State::Good, "the object is gone", None),
            Ok(Some(_)) => self.note(
                what,
                State::Bad,
                format!("the store says so, and {at} is still there"),
                Some("files that are replaced or merged would stay: use another store"),
            ),
            Err(e) => {
                let said = format!("{}; {at} is left behind", e.what_happened());
                self.note(what, State::Bad, said, e.help_text());
            }
        }
    }

    /// Looks at what was written, and tries what else writes need.
    fn read_back(&mut self, key: &str, single_writer: bool) {
        match self.store.create(key, WRITTEN) {
            Ok(Created::AlreadyThere) => self.note("create if absent", State::Good, "a second one is refused", None),
            Ok(Created::Yes) => self.note(
                "create if absent",
                if single_writer { State::Note } else { State::Bad },
                "a second one is created over it",
                Some(&format!(
                    "two runs at once could write rows twice: use another store, or {SINGLE_WRITER} if there is only ever one run"
                )),
            ),
            Err(e) => self.bad("create if absent", &e),
        }
        match self.store.get_own(key) {
            Ok(Some(back)) if back == WRITTEN.as_bytes() => {
                self.note("read back", State::Good, "the same content", None);
            }
            Ok(_) => self.note(
                "read back",
                State::Bad,
                "another content",
                Some("something between here and the store changes objects"),
            ),
            Err(e) => self.bad("read back", &e),
        }
        if (self.is_to_stop)() {
            return;
        }
        let parts = format!("{key}-parts");
        match self.store.try_parts(&parts) {
            Ok(()) => self.note("multipart", State::Good, "an upload is begun and taken back", None),
            Err(e) => {
                let left = format!("; an upload of {} may be left behind", self.store.location().url_of(&parts));
                self.note("multipart", State::Bad, e.what_happened() + &left, e.help_text());
            }
        }
    }

    /// Returns whether the table is one of a single writer.
    fn table(&mut self, table: &Table) -> bool {
        match table.info() {
            Ok(Some(info)) => {
                self.note("table", State::Good, format!("{} by {}", info.log_type, info.partition_by), None);
                return info.single_writer;
            }
            Ok(None) => self.note("table", State::Good, "none yet: the first convert makes it", None),
            Err(e) => self.bad("table", &e),
        }
        false
    }

    /// Looks at what the bucket does by itself. Nobody needs these permissions for a run.
    fn bucket(&mut self) {
        if self.store.location().is_local() {
            return;
        }
        match self.store.ask_bucket("lifecycle") {
            Ok(text) => self.lifecycle(&text.unwrap_or_default()),
            Err(e) => self.unknown("lifecycle", &e),
        }
        match self.store.ask_bucket("versioning") {
            Ok(Some(text)) if text.contains("<Status>Enabled</Status>") => self.note(
                "versioning",
                State::Note,
                "on: what is replaced or merged is kept, and billed; so is what was written to try this",
                Some("a lifecycle rule with NoncurrentVersionExpiration deletes it after some days"),
            ),
            Ok(_) => self.note("versioning", State::Good, "off", None),
            Err(e) => self.unknown("versioning", &e),
        }
        match self.store.ask_bucket("object-lock") {
            Ok(Some(text)) if text.contains("<DefaultRetention>") => self.note(
                "Object Lock",
                State::Note,
                "objects are locked by default: files that are replaced or merged stay as versions until that is over",
                Some("choose a DEST without a default retention if that is not meant"),
            ),
            Ok(_) => self.note("Object Lock", State::Good, "no default retention", None),
            Err(e) => self.unknown("Object Lock", &e),
        }
    }

    /// Looks at the rules that are on, and about the table.
    fn lifecycle(&mut self, text: &str) {
        let table = self.store.location().prefix();
        let rules: Vec<&str> =
            text.split("<Rule>").skip(1).filter(|rule| element(rule, "Status") == Some("Enabled")).collect();
        // A rule of several conditions, tags or sizes is not about all objects.
        let is_of_all = |rule: &&&str| !rule.contains("<Tag>") && !rule.contains("<ObjectSize");
        let prefix = |rule: &str| element(rule, "Prefix").unwrap_or_default().to_owned();
        let touches = |rule: &&&str| table.starts_with(&prefix(rule)) || prefix(rule).starts_with(table);
        let expires = |rule: &&&str| {
            element(rule, "Expiration").is_some_and(|when| when.contains("<Days>") || when.contains("<Date>"))
        };
        if rules.iter().any(|rule| touches(&rule) && expires(&rule)) {
            self.note(
                "lifecycle",
                State::Bad,
                "a rule deletes objects of the table after some time, and the ledger with them",
                Some("take DEST out of that rule: without its ledger a table would be converted again, beside what is there"),
            );
        }
        let covers = |rule: &&&str| table.starts_with(&prefix(rule)) && is_of_all(rule);
        match rules.iter().any(|rule| rule.contains("<AbortIncompleteMultipartUpload>") && covers(&rule)) {
            true => self.note("lifecycle", State::Good, "parts of uploads that were broken off are deleted", None),
            false => self.note(
                "lifecycle",
                State::Note,
                "no rule deletes parts of uploads that were broken off",
                Some("add AbortIncompleteMultipartUpload after a day: nobody sees such parts, and S3 bills them"),
            ),
        }
    }

    fn unknown(&mut self, what: &'static str, error: &Error) {
        let said = format!("not known: {}", error.what_happened());
        self.note(what, State::Note, said, Some("no run needs to know it; allow it for a whole check"));
    }
}
