//! The layout of folders that no rule knows, as a person tells it: `exports/{region}/{yyyy}-{MM}-{dd}/`.
//!
//! In: a pattern, and names of folders below SOURCE. Out: what they say ([`Said`]). Pure functions; who lists folders is
//! [`discover`](super::discover).

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

use super::layout::{decoded, is_account, is_region};
use crate::days::Days;

/// What a variable of a pattern stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variable {
    /// `{account}`: 12 digits.
    Account,
    /// `{region}`: letters, digits and hyphens.
    Region,
    /// `{yyyy}`: four digits.
    Year,
    /// `{MM}`: two digits; `{M}`: one or two.
    Month,
    /// `{dd}`, `{d}`: of the month.
    Day,
    /// `{HH}`, `{H}`: of the day.
    Hour,
    /// `{*}`: any folder.
    Any,
}

/// Every variable as it is written, and whether its value has leading zeros.
const VARIABLES: [(&str, Variable, bool); 10] = [
    ("account", Variable::Account, true),
    ("region", Variable::Region, true),
    ("yyyy", Variable::Year, true),
    ("MM", Variable::Month, true),
    ("M", Variable::Month, false),
    ("dd", Variable::Day, true),
    ("d", Variable::Day, false),
    ("HH", Variable::Hour, true),
    ("H", Variable::Hour, false),
    ("*", Variable::Any, true),
];

/// A piece of a folder's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text as it stands.
    Text(String),
    /// A value, and whether it has leading zeros.
    Value(Variable, bool),
}

/// Where day, account and Region stand below SOURCE. Read from a pattern by [`str::parse`], shown as that.
///
/// ```
/// use flowparquet::parts::SourceLayout;
///
/// let layout: SourceLayout = "exports/{region}/{yyyy}-{MM}-{dd}/".parse().unwrap();
/// assert_eq!(layout.to_string(), "exports/{region}/{yyyy}-{MM}-{dd}/");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceLayout {
    text: String,
    folders: Vec<Vec<Piece>>,
}

/// What folders say, as far as they were entered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// The account of the flow log.
    pub account: Option<String>,
    /// The Region of the flow log.
    pub region: Option<String>,
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
    /// The UTC hour.
    pub hour: Option<i8>,
}

impl Said {
    /// Returns the UTC day, once all of it is known.
    pub fn date(&self) -> Option<Date> {
        Date::new(self.year?, self.month?, self.day?).ok()
    }

    /// Returns whether objects of these days could lie here.
    pub fn may_hold_any(&self, days: &Days) -> bool {
        let may_hold = |day: &Date| {
            self.year.is_none_or(|year| year == day.year())
                && self.month.is_none_or(|month| month == day.month())
                && self.day.is_none_or(|number| number == day.day())
        };
        match days {
            Days::All => true,
            Days::These(days) => days.iter().any(may_hold),
        }
    }

    /// Returns this with a value more, unless it cannot be one or another one was said before.
    fn with(&self, variable: Variable, value: &str) -> Option<Self> {
        fn note<T: PartialEq>(place: &mut Option<T>, value: Option<T>) -> Option<()> {
            let value = value?;
            let same = place.as_ref().is_none_or(|there| *there == value);
            *place = Some(value);
            same.then_some(())
        }
        let number = |of: std::ops::RangeInclusive<i16>| value.parse().ok().filter(|number| of.contains(number));
        let small = |of| number(of).map(|number| number as i8);
        let mut said = self.clone();
        match variable {
            Variable::Account => note(&mut said.account, is_account(value).then(|| value.to_owned()))?,
            Variable::Region => note(&mut said.region, is_region(value).then(|| value.to_owned()))?,
            Variable::Year => note(&mut said.year, number(0..=9999))?,
            Variable::Month => note(&mut said.month, small(1..=12))?,
            Variable::Day => note(&mut said.day, small(1..=31))?,
            Variable::Hour => note(&mut said.hour, small(0..=23))?,
            Variable::Any => (!value.starts_with(['.', '_'])).then_some(())?,
        }
        Some(said)
    }
}

impl SourceLayout {
    /// Returns how many folders there are.
    pub fn depth(&self) -> usize {
        self.folders.len()
    }

    /// Returns the name of a folder that is always called the same.
    pub fn only_name(&self, depth: usize) -> Option<&str> {
        match self.folders.get(depth)?.as_slice() {
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Returns whether a folder's name says something of the day, or it lies below one that says it whole: among such folders anything
    /// may be a log.
    pub fn is_of_days(&self, depth: usize) -> bool {
        let of_days = |piece: &Piece| {
            matches!(piece, Piece::Value(Variable::Year | Variable::Month | Variable::Day | Variable::Hour, _))
        };
        self.is_below_day(depth) || self.folders.get(depth).is_some_and(|pieces| pieces.iter().any(of_days))
    }

    /// Returns whether a folder lies in that of a day.
    pub fn is_below_day(&self, depth: usize) -> bool {
        let is_day = |piece: &Piece| matches!(piece, Piece::Value(Variable::Day, _));
        self.folders.iter().take(depth).any(|pieces| pieces.iter().any(is_day))
    }

    /// Returns whether all numbers have leading zeros: others no template of a table can name.
    pub fn has_leading_zeros(&self) -> bool {
        !self.folders.iter().flatten().any(|piece| matches!(piece, Piece::Value(_, false)))
    }

    /// Returns what is known in a folder of this name, at this depth below SOURCE; `None` if it does not fit.
    pub fn enter(&self, depth: usize, folder: &str, said: &Said) -> Option<Said> {
        let pieces = self.folders.get(depth)?;
        let entered = fit(pieces, folder, said).or_else(|| fit(pieces, &decoded(folder), said))?;
        let whole = depth + 1 == self.depth() && entered.year.is_some();
        (!whole || entered.date().is_some()).then_some(entered)
    }

    /// Returns what the folders of a key say, and the pieces that they are made of with the names that `{*}` stands for; `below`
    /// is the key below SOURCE.
    pub fn read(&self, below: &str) -> Option<(Said, Vec<Vec<Piece>>)> {
        let (folders, _) = below.rsplit_once('/')?;
        let names: Vec<&str> = folders.split('/').collect();
        let (mut said, mut pieces) = (Said::default(), self.folders.clone());
        for (depth, pieces) in pieces.iter_mut().enumerate() {
            let name = names.get(depth)?;
            said = self.enter(depth, name, &said)?;
            if pieces.as_slice() == [Piece::Value(Variable::Any, true)] {
                *pieces = vec![Piece::Text((*name).to_owned())];
            }
        }
        Some((said, pieces))
    }
}

/// Returns what is known when a text is made of these pieces. Only a Region and a number without leading zeros leave a choice: the
/// longest that fits is taken.
fn fit(pieces: &[Piece], text: &str, said: &Said) -> Option<Said> {
    let Some((piece, rest)) = pieces.split_first() else { return text.is_empty().then(|| said.clone()) };
    let (variable, least, most) = match piece {
        Piece::Text(own) => return fit(rest, text.strip_prefix(own.as_str())?, said),
        Piece::Value(Variable::Any, _) => (Variable::Any, text.len(), text.len()),
        Piece::Value(Variable::Account, _) => (Variable::Account, 12, 12),
        Piece::Value(Variable::Region, _) => (Variable::Region, 1, text.len()),
        Piece::Value(Variable::Year, _) => (Variable::Year, 4, 4),
        Piece::Value(number, padded) => (*number, if *padded { 2 } else { 1 }, 2),
    };
    (least..=most).rev().find_map(|length| {
        let (value, behind) = (text.get(..length)?, text.get(length..)?);
        let plain = matches!(variable, Variable::Any | Variable::Region) || value.bytes().all(|b| b.is_ascii_digit());
        fit(rest, behind, &said.with(variable, value).filter(|_| plain)?)
    })
}

impl fmt::Display for SourceLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for SourceLayout {
    type Err = String;

    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it, and at which character.
    fn from_str(text: &str) -> Result<Self, String> {
        let inner = text.strip_suffix('/').unwrap_or(text);
        let (mut folders, mut at) = (Vec::new(), 1);
        for name in inner.split('/') {
            folders.push(parse_folder(name, at)?);
            at += name.chars().count() + 1;
        }
        let has = |wanted: Variable| {
            folders.iter().flatten().any(|piece| matches!(piece, Piece::Value(variable, _) if *variable == wanted))
        };
        let day = [("{yyyy}", Variable::Year), ("{MM}", Variable::Month), ("{dd}", Variable::Day)];
        let lacking = day.iter().find(|(_, part)| !has(*part));
        if let (Some((name, _)), true) = (lacking, day.iter().any(|(_, part)| has(*part)) || has(Variable::Hour)) {
            return Err(format!("it says a part of the time, and not {name}"));
        }
        if lacking.is_some() && !has(Variable::Account) && !has(Variable::Region) {
            return Err("it says nothing of day, account or Region: a lower SOURCE says the same".to_owned());
        }
        Ok(Self { text: text.to_owned(), folders })
    }
}

/// Reads the name of a folder in a pattern, which begins at this character of it.
fn parse_folder(name: &str, at: usize) -> Result<Vec<Piece>, String> {
    if ["", ".", ".."].contains(&name) {
        return Err(format!("at character {at} a folder has no name"));
    }
    let mut pieces: Vec<Piece> = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let place = at + name.chars().count() - rest.chars().count();
        if first == '}' || first.is_control() {
            return Err(format!("{first:?} at character {place} stands alone"));
        }
        if first != '{' {
            let end = rest.find(|c: char| c == '{' || c == '}' || c.is_control()).unwrap_or(rest.len());
            pieces.push(Piece::Text(rest[..end].to_owned()));
            rest = &rest[end..];
            continue;
        }
        let end = rest.find('}').ok_or_else(|| format!("the {{ at character {place} is not closed in its folder"))?;
        let word = &rest[1..end];
        let known = VARIABLES.iter().find(|(known, ..)| *known == word);
        let (_, variable, padded) = known.ok_or_else(|| {
            let all: Vec<String> = VARIABLES.iter().map(|(known, ..)| format!("{{{known}}}")).collect();
            format!("{{{word}}} at character {place} stands for nothing; there are {}", all.join(" "))
        })?;
        if *variable == Variable::Any && name != "{*}" {
            return Err(format!("{{*}} at character {place} stands for a whole folder, and can be no part of one"));
        }
        pieces.push(Piece::Value(*variable, *padded));
        rest = &rest[end + 1..];
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn layout(text: &str) -> SourceLayout {
        text.parse().unwrap()
    }

    #[test]
    fn keys_are_read_as_the_pattern_says() {
        let read = |text: &str, key: &str| {
            let (said, _) = layout(text).read(key)?;
            Some((said.date(), said.account.clone(), said.region.clone(), said.hour))
        };
        let day = Some(date(2026, 1, 5));
        let region = |name: &str| Some(name.to_owned());
        let cases = [
            (
                "exports/{region}/{yyyy}-{MM}-{dd}/",
                "exports/us-east-1/2026-01-05/x",
                (day, None, region("us-east-1"), None),
            ),
            ("{*}/dt={yyyy}{MM}{dd}", "anything/dt=20260105/deeper/x", (day, None, None, None)),
            ("{*}/dt={yyyy}{MM}{dd}", "a/dt%3D20260105/x", (day, None, None, None)),
            ("{dd}.{MM}.{yyyy}/{HH}/", "05.01.2026/07/x", (day, None, None, Some(7))),
            ("y{yyyy}/m{M}/{d}h{H}", "y2026/m1/5h17/x", (day, None, None, Some(17))),
            (
                "{account}_{region}-{yyyy}/{MM}/{dd}",
                "111122223333_us-east-1-2026/01/05/x",
                (day, Some("111122223333".to_owned()), region("us-east-1"), None),
            ),
            ("{yyyy}/{yyyy}-{MM}-{dd}", "2026/2026-01-05/x", (day, None, None, None)),
            ("{account}/{region}/", "111122223333/r/x", (None, Some("111122223333".to_owned()), region("r"), None)),
        ];
        for (text, key, said) in cases {
            assert_eq!(read(text, key), Some(said), "{text} {key}");
        }
        for (text, key) in [
            ("exports/{region}/{yyyy}-{MM}-{dd}/", "exports/us-east-1/2026-1-5/x"),
            ("exports/{region}/{yyyy}-{MM}-{dd}/", "exports/us_east/2026-01-05/x"),
            ("exports/{region}/{yyyy}-{MM}-{dd}/", "exports/us-east-1/x"),
            ("{yyyy}/{yyyy}-{MM}-{dd}", "2025/2026-01-05/x"),
            ("{yyyy}{MM}{dd}", "20260230/x"),
            ("{yyyy}{MM}{dd}", "2026é0105/x"),
            ("{*}/{yyyy}{MM}{dd}", "_hidden/20260105/x"),
            ("{account}/{yyyy}{MM}{dd}", "11112222333é/20260105/x"),
        ] {
            assert_eq!(read(text, key), None, "{text} {key}");
        }
    }

    #[test]
    fn only_folders_that_may_hold_the_days_are_entered() {
        let layout = layout("{MM}/{dd}/{yyyy}/");
        let days = Days::These([date(2026, 1, 5), date(2026, 2, 7)].into());
        let may = |names: &[&str]| {
            let said = names
                .iter()
                .enumerate()
                .fold(Said::default(), |said, (at, name)| layout.enter(at, name, &said).unwrap());
            (said.may_hold_any(&days), said.may_hold_any(&Days::All))
        };
        assert_eq!((may(&["01"]), may(&["03"])), ((true, true), (false, true)));
        assert_eq!((may(&["02", "07"]), may(&["02", "05"])), ((true, true), (false, true)));
        assert_eq!((may(&["02", "07", "2026"]), may(&["02", "07", "2025"])), ((true, true), (false, true)));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, said) in [
            (
                "exports/{regoin}/",
                "{regoin} at character 9 stands for nothing; there are {account} {region} {yyyy} {MM} {M} {dd} {d} {HH} {H} {*}",
            ),
            ("é/{yyyy", "the { at character 3 is not closed in its folder"),
            ("{yyyy/{MM}/{dd}", "the { at character 1 is not closed in its folder"),
            ("a}/{region}", "'}' at character 2 stands alone"),
            ("x/{*}-{region}", "{*} at character 3 stands for a whole folder, and can be no part of one"),
            ("/{region}", "at character 1 a folder has no name"),
            ("{region}//x", "at character 10 a folder has no name"),
            ("{region}/../x", "at character 10 a folder has no name"),
            ("", "at character 1 a folder has no name"),
            ("{yyyy}-{dd}", "it says a part of the time, and not {MM}"),
            ("{region}/{HH}", "it says a part of the time, and not {yyyy}"),
            ("exports/{*}", "it says nothing of day, account or Region: a lower SOURCE says the same"),
        ] {
            assert_eq!(text.parse::<SourceLayout>().unwrap_err(), said, "{text}");
        }
    }
}
