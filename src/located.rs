//! Where the objects of a person's table lie, and which of those that DEST was made of.
//!
//! In: a statement's LOCATION or template, and what the ledger knows of raw objects. Out: what folders and keys hold by their
//! places in AWS's layout ([`lies`]), and whose logs DEST has ([`origins`]). What follows from that is `athena::held`'s: it
//! knows nothing of layouts.

use std::collections::{BTreeMap, BTreeSet};

use crate::Result;
use crate::athena::bridge::{Hints, held};
use crate::athena::hints::{Lies, Origin};
use crate::athena::like::Theirs;
use crate::athena::pattern::{Part, Pattern};
use crate::ledger::contents::{Contents, above_days};
use crate::source::found::Wanted;
use crate::source::layout::{AWS_LOGS, FileName, Level, Place, SERVICE, is_account, is_awss_region};

/// Values that stand for any: what a key or a placeholder has in a folder's place.
const ANY_ACCOUNT: &str = "000000000000";
const ANY_REGION: &str = "us-east-1";

/// Returns where the objects of a table lie.
pub(crate) fn lies(theirs: &Theirs) -> Lies {
    let template = theirs.template().filter(|_| !theirs.is_assumed);
    let Some(text) = template.or(theirs.location.as_deref()) else { return Lies::default() };
    let clause = if template.is_some() { "storage.location.template" } else { "LOCATION" };
    let mut walk = Walk {
        theirs: template.is_some().then_some(theirs),
        place: Place::of_prefix(""),
        stand_ins: BTreeSet::new(),
        before: None,
        found: Lies { place: theirs.place_of_clause(clause), ..Lies::default() },
    };
    let folders: Vec<&str> = folders(text).collect();
    for (at, folder) in folders.iter().enumerate() {
        walk.enter(folder, &folders[at + 1..]);
    }
    walk.end(&folders)
}

/// Returns the folders of a URL below its bucket.
fn folders(url: &str) -> impl Iterator<Item = &str> {
    let path = url.split_once("://").map_or(url, |(_, below)| below.split_once('/').map_or("", |(_, path)| path));
    path.split('/').filter(|folder| !folder.is_empty())
}

/// A walk down the folders of a LOCATION or template.
struct Walk<'a> {
    /// The table whose keys may stand in the folders.
    theirs: Option<&'a Theirs>,
    place: Place,
    /// Parts of which the place has a value that stands for any.
    stand_ins: BTreeSet<Part>,
    /// The folder below `AWSLogs` that was entered last, if it is no account's.
    before: Option<String>,
    found: Lies,
}

impl Walk<'_> {
    fn enter(&mut self, folder: &str, below: &[&str]) {
        if self.theirs.is_some() && folder.contains("${") {
            return self.enter_key(folder, below);
        }
        if self.place.level == Level::AwsLogs && folder == SERVICE {
            // The folder before it should have been the account's.
            let before = std::mem::take(&mut self.before);
            self.found.unnamed.extend(before.map(|folder| (Part::Account, folder)));
            self.stand_in(Part::Account, ANY_ACCOUNT);
        }
        match self.place.enter(folder) {
            Some(next) => {
                if next.level == Level::AwsLogs && self.place.level == Level::AwsLogs {
                    self.before = Some(folder.to_owned());
                }
                let is_region = next.sure_region().is_some();
                if next.level == Level::Region && self.place.level == Level::Service && !is_region {
                    self.found.unnamed.insert(Part::Region, folder.to_owned());
                    self.stand_ins.insert(Part::Region);
                }
                self.place = next;
            }
            None if self.place.level == Level::Service => {
                self.found.unnamed.insert(Part::Region, folder.to_owned());
                self.stand_in(Part::Region, ANY_REGION);
            }
            None => self.place = self.place.undated(),
        }
    }

    /// Goes on as if a folder had this value, which stands for any.
    fn stand_in(&mut self, part: Part, value: &str) {
        self.stand_ins.insert(part);
        self.place = self.place.enter(value).unwrap_or_else(|| self.place.undated());
    }

    /// Enters a folder that a key names: what it holds follows from where it stands.
    fn enter_key(&mut self, folder: &str, below: &[&str]) {
        let Some(theirs) = self.theirs else { return };
        let keys = keys_in(folder);
        let only = (folder.ends_with('}') && keys.len() == 1).then(|| keys[0].to_lowercase());
        let date = only.as_deref().and_then(|key| Pattern::from_java(theirs.projection(key, "format")?));
        if let (Some(date), Some(key)) = (date, &only) {
            // A key for a whole date names a folder for each of its parts.
            self.stand_ins.extend(date.parts());
            let format = theirs.projection(key, "format").unwrap_or_default();
            let folders = format.replace("yyyy", "2000").replace("MM", "01").replace("dd", "01").replace("HH", "00");
            for folder in folders.split('/') {
                self.place = self.place.enter(folder).unwrap_or_else(|| self.place.undated());
            }
            return;
        }
        let (pattern, value) = match self.place.level {
            Level::AwsLogs => (Pattern::part(Part::Account), ANY_ACCOUNT),
            Level::Account => (Pattern::default().text(SERVICE), SERVICE),
            Level::Service => (Pattern::part(Part::Region), ANY_REGION),
            Level::Region => (Pattern::part(Part::Year), "2000"),
            Level::Year => (Pattern::part(Part::Month), "01"),
            Level::Month => (Pattern::part(Part::Day), "01"),
            Level::Day => (Pattern::part(Part::Hour), "00"),
            Level::Opaque | Level::Hour => return,
        };
        let Some(key) = only else { return };
        // One key alone behind a Region may hold a year, or a whole date whose slashes are in its values.
        let is_year = theirs.projection(&key, "type").is_some_and(|kind| kind.trim().eq_ignore_ascii_case("integer"))
            || ["year", "yyyy"].contains(&key.as_str())
            || below.iter().any(|folder| folder.contains("${"));
        if self.place.level == Level::Region && !is_year {
            self.stand_ins.insert(Part::Year);
            self.place = self.place.undated();
            return;
        }
        self.stand_ins.extend(pattern.parts());
        let name = folder.split("${").next().unwrap_or_default();
        self.place = self.place.enter(&format!("{name}{value}")).unwrap_or_else(|| self.place.undated());
        self.found.placed.insert(key, pattern);
    }

    /// Returns what was found, at the end of these folders.
    fn end(mut self, folders: &[&str]) -> Lies {
        if !folders.contains(&AWS_LOGS) {
            // A copy may have lost the folders above; what is called as AWS calls accounts and Regions may be one.
            for folder in folders {
                let value = folder.rsplit('=').next().unwrap_or(folder);
                if is_account(value) {
                    self.found.guessed.insert(Part::Account, value.to_owned());
                } else if is_awss_region(value) {
                    self.found.guessed.insert(Part::Region, value.to_owned());
                }
            }
        }
        let named = &mut self.found.named;
        named.extend(self.place.account.clone().map(|account| (Part::Account, account)));
        named.extend(self.place.region.clone().map(|region| (Part::Region, region)));
        let dates = [Part::Year, Part::Month, Part::Day, Part::Hour];
        named.extend(dates.into_iter().zip(self.place.date()).filter_map(|(part, value)| Some((part, value?))));
        named.retain(|part, _| !self.stand_ins.contains(part));
        self.found
    }
}

/// Returns the keys that a folder of a template names.
fn keys_in(folder: &str) -> Vec<&str> {
    folder.split("${").skip(1).filter_map(|rest| rest.split_once('}')).map(|(key, _)| key).collect()
}

/// Returns whose raw objects DEST was made of, and whether they lie where the table's do.
pub(crate) fn origins(theirs: &Theirs, contents: &Contents) -> BTreeSet<Origin> {
    let template = theirs.template().filter(|_| !theirs.is_assumed);
    let text = template.or(theirs.location.as_deref()).unwrap_or_default();
    let literal = text.split("${").next().unwrap_or_default();
    let literal =
        if literal.len() == text.len() { text } else { &literal[..literal.rfind('/').map_or(0, |at| at + 1)] };
    let top = format!("{}/", above_days(literal).trim_end_matches('/'));
    let origin = |url: &String| {
        let (above, name) = url.rsplit_once('/').unwrap_or(("", url));
        let said = FileName::parse(&format!("{name}_fl-0_20000101T0000Z_0"));
        let place = folders(above)
            .fold(Place::of_prefix(""), |place, folder| place.enter(folder).unwrap_or_else(|| Place::of_prefix("")));
        Origin {
            account: place.account.or(said.account),
            region: place.region.or(said.region),
            below: url.starts_with(&top),
        }
    };
    contents.objects.iter().map(origin).collect()
}

/// Returns the objects of SOURCE that the table shows, of those that are wanted; `None` if it shows all of them.
///
/// # Errors
/// As [`held`].
pub(crate) fn narrowed(theirs: &Theirs, hints: &Hints, wanted: &Wanted) -> Result<Option<Wanted>> {
    let (held, _) = held(theirs, hints, &Part::ALL)?;
    let values = |part: Part| held.values(part).map(|values| values.iter().cloned().collect::<Vec<_>>());
    let (accounts, regions) = (values(Part::Account), values(Part::Region));
    if accounts.is_none() && regions.is_none() {
        return Ok(None);
    }
    let accounts = accounts.unwrap_or_else(|| wanted.accounts.clone());
    let regions = regions.unwrap_or_else(|| wanted.regions.clone());
    let some_may_lack = hints.asked.is_empty();
    Ok(Some(Wanted { accounts, regions, some_may_lack, ..wanted.clone() }))
}

/// Returns the accounts and Regions that were asked for.
pub(crate) fn asked(wanted: &Wanted) -> BTreeMap<Part, BTreeSet<String>> {
    let of = [(Part::Account, &wanted.accounts), (Part::Region, &wanted.regions)];
    let asked = of.into_iter().filter(|(_, values)| !values.is_empty());
    asked.map(|(part, values)| (part, values.iter().cloned().collect())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(clauses: &str, keys: &str) -> Lies {
        let keys = if keys.is_empty() { String::new() } else { format!("PARTITIONED BY ({keys})") };
        let sql = format!(
            "CREATE EXTERNAL TABLE t (version int) {keys} ROW FORMAT DELIMITED FIELDS TERMINATED BY ' ' {clauses}"
        );
        lies(&Theirs::parse(&sql, "f").unwrap_or_else(|e| panic!("{e}")))
    }

    fn named(lies: &Lies) -> String {
        let words = lies.named.iter().map(|(part, value)| format!("{}={value}", part.column()));
        let odd = lies.unnamed.iter().map(|(part, value)| format!("{}?{value}", part.column()));
        let guessed = lies.guessed.iter().map(|(part, value)| format!("{}~{value}", part.column()));
        words.chain(odd).chain(guessed).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn folders_name_accounts_regions_and_days() {
        let here = "aws_account_id=111122223333 aws_region=us-east-1";
        for (location, wanted) in [
            ("s3://b/AWSLogs/111122223333/vpcflowlogs/us-east-1/", here),
            ("s3://b/p/q/AWSLogs/o-abc123/111122223333/vpcflowlogs/us-east-1", here),
            ("s3://b/AWSLogs/aws-account-id=111122223333/aws-service=vpcflowlogs/aws-region=us-east-1/", here),
            ("s3://b/AWSLogs/111122223333/vpcflowlogs/", "aws_account_id=111122223333"),
            ("s3://b/444455556666/AWSLogs/", ""),
            ("s3://b/eu-west-1/AWSLogs/", ""),
            ("s3://b/", ""),
            ("s3://b", ""),
            ("s3://b/copies/us-east-1/", "aws_region~us-east-1"),
            ("s3://b/copies/account=111122223333/us-east-1/", "aws_account_id~111122223333 aws_region~us-east-1"),
            (
                "s3://b/AWSLogs/{account_id}/vpcflowlogs/{region_code}/",
                "aws_account_id?{account_id} aws_region?{region_code}",
            ),
            ("s3://b/AWSLogs/1/vpcflowlogs/r/", "aws_account_id?1 aws_region?r"),
            ("s3://b/AWSLogs/YOUR_ACCOUNT/vpcflowlogs/us-east-1/", "aws_region=us-east-1 aws_account_id?YOUR_ACCOUNT"),
        ] {
            assert_eq!(named(&of(&format!("LOCATION '{location}'"), "")), wanted, "{location}");
        }
        let day = of("LOCATION 's3://b/AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/01/'", "");
        assert_eq!(named(&day), format!("{here} year=2026 month=01"));
    }

    #[test]
    fn templates_tell_what_keys_hold() {
        let with = |template: &str, keys: &str, more: &str| {
            let keys: Vec<String> = keys.split(' ').map(|key| format!("{key} string")).collect();
            let clauses = format!(
                "LOCATION 's3://b/x/' TBLPROPERTIES ('projection.enabled'='true', {more} 'storage.location.template'='{template}')"
            );
            let lies = of(&clauses, &keys.join(", "));
            let placed = lies.placed.iter().map(|(key, pattern)| format!("{key}:{pattern}")).collect::<Vec<_>>();
            (named(&lies), placed.join(" "))
        };
        let all = "a:${aws_account_id} d:${day} m:${month} r:${aws_region} y:${year}".to_owned();
        assert_eq!(
            with("s3://b/AWSLogs/${a}/vpcflowlogs/${r}/${y}/${m}/${d}/", "a r y m d", ""),
            (String::new(), all.clone())
        );
        let hive =
            "s3://b/AWSLogs/aws-account-id=${a}/aws-service=vpcflowlogs/aws-region=${r}/year=${y}/month=${m}/day=${d}";
        assert_eq!(with(hive, "a r y m d", ""), (String::new(), all));
        assert_eq!(
            with(
                "s3://b/AWSLogs/111122223333/${s}/us-east-1/${when}/${h}/",
                "s when h",
                "'projection.when.type'='date', 'projection.when.format'='yyyy/MM/dd',"
            ),
            ("aws_account_id=111122223333 aws_region=us-east-1".to_owned(), "h:${hour} s:vpcflowlogs".to_owned())
        );
        assert_eq!(with("s3://b/AWSLogs/111122223333/vpcflowlogs/${r}/${dt}/", "r dt", "").1, "r:${aws_region}");
    }
}
