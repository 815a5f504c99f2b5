//! What can go wrong, in the words of the person who has to act on it.
//!
//! An [`Error`] stops a run. It says what happened, where, and what to do; its [`ErrorKind`] decides the exit
//! code. Input that cannot be read does *not* become an `Error`: it is a reject (see [`crate::report`]), because
//! one bad object must not stop the others.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::{PoisonError, RwLock};

/// Returns a text that others wrote (a key, a field, an answer) as it may stand in a line for a person.
///
/// A terminal would obey what is escaped, and a line end in a key would begin a line that this program never wrote.
pub fn printable(text: &str) -> Cow<'_, str> {
    escaped(text, &[], |c| c.escape_default().to_string())
}

/// Returns a text in which all that a terminal obeys is escaped, except for some characters.
pub fn escaped<'a>(text: &'a str, kept: &[char], escape: impl Fn(char) -> String) -> Cow<'a, str> {
    let obeyed = |c: char| is_obeyed(c) && !kept.contains(&c);
    if !text.contains(obeyed) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if obeyed(c) { shown.push_str(&escape(c)) } else { shown.push(c) }
    }
    Cow::Owned(shown)
}

/// Returns whether a terminal obeys a character instead of showing it: control characters, those that turn the direction of
/// writing, line ends, and all that cannot be seen, by which one name could pass for another.
pub fn is_obeyed(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    // What the standard library's table of Unicode calls printable lacks the categories Cc, Cf, Cn, Co, Zl, Zp and Zs. An ASCII
    // letter goes before: alone, a combining accent would be escaped too.
    let printable = ['a', c].iter().collect::<String>().escape_debug().count() == 2;
    let space = c.is_whitespace() && !matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}');
    !(printable || space) || is_ignored(c)
}

/// Returns whether a character is a letter or an accent by its category, and still shows nothing: the rest of the property
/// `Default_Ignorable_Code_Point` (fillers, joiners, selectors of variations).
fn is_ignored(c: char) -> bool {
    matches!(c, '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{e0100}'..='\u{e01ef}')
}

/// Stands for a secret.
const MASK: &str = "***";

/// What has a secret behind it: parameters of signed URLs, headers of requests, elements of answers that bring credentials.
const SECRET_NAMES: [&str; 7] = [
    "authorization",
    "signature",
    "x-amz-credential",
    "x-amz-security-token",
    "secretaccesskey",
    "sessiontoken",
    "webidentitytoken",
];

/// Returns a text without user and password in its URLs. For what we say ourselves: a key may have any other form.
pub fn masked_urls(text: &str) -> Cow<'_, str> {
    without(text, users(text))
}

/// Secrets that this process holds: whatever form they stand in, nobody sees them.
static HELD: RwLock<Vec<String>> = RwLock::new(Vec::new());

/// Shortest value that is taken for a secret: a shorter one protects nothing, and masking it would garble every line.
const MIN_SECRET_BYTES: usize = 8;

/// Has a secret masked from here on, wherever others say it.
pub fn hold_secret(secret: &str) {
    let mut held = HELD.write().unwrap_or_else(PoisonError::into_inner);
    if secret.len() >= MIN_SECRET_BYTES && !held.iter().any(|before| before == secret) {
        held.push(secret.to_owned());
    }
}

/// Returns where secrets stand that this process holds.
fn held(text: &str) -> Vec<Range<usize>> {
    let held = HELD.read().unwrap_or_else(PoisonError::into_inner);
    let stands =
        |secret: &String| text.match_indices(secret.as_str()).map(|(at, it)| at..at + it.len()).collect::<Vec<_>>();
    held.iter().flat_map(stands).collect()
}

/// Returns a text without the secrets that this process holds, and those that can be told by their form: users and passwords in
/// URLs, signatures and tokens in their queries, headers and answers that have them. For what others say of requests.
pub fn masked(text: &str) -> Cow<'_, str> {
    let mut secrets = users(text);
    secrets.extend(held(text));
    let lower = text.to_ascii_lowercase();
    for name in SECRET_NAMES {
        for (at, _) in lower.match_indices(name) {
            let behind = &text[at + name.len()..];
            let value = behind.trim_start_matches(|c: char| "=:>\"'\\ ".contains(c));
            let between = &behind[..behind.len() - value.len()];
            if !between.contains(['=', ':', '>']) {
                continue;
            }
            let end = if between.ends_with(['"', '\'']) {
                value.find(['"', '\''])
            } else if name == "authorization" {
                value.find(['\r', '\n'])
            } else {
                value.find(|c: char| "&,;<\"'".contains(c) || c.is_whitespace())
            };
            let begin = text.len() - value.len();
            secrets.push(begin..begin + end.unwrap_or(value.len()));
        }
    }
    without(text, secrets)
}

/// Returns where the users of URLs stand.
fn users(text: &str) -> Vec<Range<usize>> {
    let mut users = Vec::new();
    for (at, separator) in text.match_indices("://") {
        let begin = at + separator.len();
        // An apostrophe may stand in a password.
        let ends = |c: char| "/?#\"<>".contains(c) || c.is_whitespace();
        let authority = text[begin..].split(ends).next().unwrap_or_default();
        users.extend(authority.rfind('@').map(|length| begin..begin + length));
    }
    users
}

fn without(text: &str, mut secrets: Vec<Range<usize>>) -> Cow<'_, str> {
    if secrets.is_empty() {
        return Cow::Borrowed(text);
    }
    secrets.sort_unstable_by_key(|secret| (secret.start, secret.end));
    let (mut shown, mut done) = (String::with_capacity(text.len()), 0);
    for secret in secrets.into_iter().filter(|secret| !secret.is_empty()) {
        if secret.start >= done {
            shown.push_str(&text[done..secret.start]);
            shown.push_str(MASK);
        }
        done = done.max(secret.end);
    }
    shown.push_str(&text[done..]);
    Cow::Owned(shown)
}

/// Returns an error and what caused it, in a line; what is said twice is said once.
pub fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut said: Vec<String> = Vec::new();
    for cause in std::iter::successors(Some(error), |error| std::error::Error::source(*error)) {
        let text = cause.to_string();
        if !text.is_empty() && !said.iter().any(|before| before.contains(&text)) {
            said.push(text);
        }
    }
    said.join(": ")
}

/// What a caller can do about an error; one exit code each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The command line, a configuration value or the state of DEST does not allow the run (exit code 2).
    Usage,
    /// What a partition's ledger says is not what this program writes: nothing of that partition can be done (exit code 2, if
    /// that was all there is to do).
    Damaged,
    /// A store refuses the bucket, the listing, the credentials, or all that was asked of it: another run would not get any
    /// further (exit code 2).
    Refused,
    /// The run stopped on its way: store, network, disk. Nothing is half visible, run it again (exit code 3).
    Stopped,
}

/// An error that stops a run: what, where, what to do.
#[derive(Debug, thiserror::Error)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    place: Option<String>,
    help: Option<String>,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What is said of a run that a signal stopped.
const BY_SIGNAL: &str = "stopped by a signal";

/// Result with the library's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Returns the error of a partition's ledger that this program did not write so.
    pub fn damaged(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Damaged, message)
    }

    /// Returns an error of the caller's making: a flag, a URL, a DEST that does not fit.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// Returns the error of a store that refuses all that is asked of it.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Refused, message)
    }

    /// Returns an error that stopped the run and may be gone at the next one.
    pub fn stopped(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Stopped, message)
    }

    fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), place: None, help: None, source: None }
    }

    /// Adds where it happened: an object's URL, a flag, a file.
    #[must_use]
    pub fn at(mut self, place: impl fmt::Display) -> Self {
        self.place = Some(place.to_string());
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds the error that caused this one. If that is the wish to stop, which a read may meet in the middle, it is all there is to say.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let source = match source.into().downcast::<std::io::Error>() {
            Ok(e) if e.get_ref().and_then(|inner| inner.downcast_ref()).is_some_and(Self::is_by_signal) => {
                return e.into_inner().and_then(|inner| inner.downcast().ok()).map_or(self, |stop| *stop);
            }
            Ok(e) => e,
            Err(other) => other,
        };
        self.source = Some(source);
        self
    }

    /// Returns the error of a run that a signal stopped.
    pub fn by_signal() -> Self {
        Self::stopped(BY_SIGNAL).help("nothing is half visible; it is safe to run again")
    }

    pub(crate) fn is_by_signal(&self) -> bool {
        self.message == BY_SIGNAL
    }

    /// Returns what happened, and the help for it, in one line.
    pub fn in_a_line(&self) -> String {
        match &self.help {
            Some(help) => format!("{}; {help}", self.message),
            None => self.message.clone(),
        }
    }

    /// Returns what happened, and why, in one line.
    pub fn what_happened(&self) -> String {
        let cause = self.source.as_ref().map(|source| masked(&first_line(&source.to_string())).into_owned());
        let said = cause.map_or_else(|| self.message.clone(), |cause| format!("{}: {cause}", self.message));
        printable(&masked_urls(&said)).into_owned()
    }

    /// Returns what to do about it.
    pub fn help_text(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// Returns where it happened.
    pub fn place(&self) -> Option<&str> {
        self.place.as_deref()
    }

    /// Returns what the caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&masked_urls(&self.message)))?;
        if let Some(place) = &self.place {
            write!(f, "\n  at {}", printable(&masked_urls(place)))?;
        }
        if let Some(source) = &self.source {
            // Causes nest ("Generic S3 error: ...: ..."), one line is enough for a person.
            write!(f, "\n  cause: {}", printable(&masked(&first_line(&source.to_string()))))?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n  help: {}", printable(help))?;
        }
        Ok(())
    }
}

/// Most characters of a cause that are shown: the answers of a server have no end but ours.
const MAX_CAUSE_CHARS: usize = 1_000;

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default().trim();
    // What S3 answers begins with an XML declaration that says nothing.
    let line = line.split(": <?xml").next().unwrap_or_default();
    match line.char_indices().nth(MAX_CAUSE_CHARS) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_by_a_signal_says_itself_wherever_it_was_noticed() {
        let noticed = Error::stopped("cannot read").at("x").because(std::io::Error::other(Error::by_signal()));
        assert_eq!(noticed.to_string(), Error::by_signal().to_string());
        let other = Error::stopped("cannot read").at("x").because(std::io::Error::other(Error::stopped("full")));
        assert_eq!(other.to_string(), "cannot read\n  at x\n  cause: full");
    }

    #[test]
    fn terminals_are_told_nothing_by_others() {
        assert_eq!(printable("AWSLogs/é/日本 100%.gz"), "AWSLogs/é/日本 100%.gz");
        assert_eq!(printable("a\u{1b}[2J\nb\u{9b}\u{202e}\t"), "a\\u{1b}[2J\\nb\\u{9b}\\u{202e}\\t");
        for shown in
            ["e\u{301}", "ไทย ิ", "हिन्दी", "עברית", "العربية", "한국어", "\u{1f600}", "a\u{3000}b\u{a0}c", "ʼ·–“”"]
        {
            assert_eq!(printable(shown), shown);
        }
        // Default_Ignorable_Code_Point, as Unicode lists it, and what else shows nothing.
        let ignored = [
            0xad..=0xad,
            0x34f..=0x34f,
            0x61c..=0x61c,
            0x115f..=0x1160,
            0x17b4..=0x17b5,
            0x180b..=0x180f,
            0x200b..=0x200f,
            0x202a..=0x202e,
            0x2060..=0x206f,
            0x3164..=0x3164,
            0xfe00..=0xfe0f,
            0xfeff..=0xfeff,
            0xffa0..=0xffa0,
            0xfff0..=0xfffb,
            0x1bca0..=0x1bca3,
            0x1d173..=0x1d17a,
            0xe0000..=0xe0fff,
            0x2028..=0x2029,
            0x80..=0x9f,
            0xe000..=0xe001,
        ];
        for c in ignored.into_iter().flatten().filter_map(char::from_u32) {
            assert_eq!(printable(&format!("a{c}")), format!("a{}", c.escape_unicode()));
        }
        let error = Error::usage("x\r").at("k\n").because(std::io::Error::other("\u{7}"));
        assert_eq!(error.to_string(), "x\\r\n  at k\\n\n  cause: \\u{7}");
    }

    #[test]
    fn secrets_are_masked_by_their_form() {
        for (text, shown) in [
            ("http://user:p@w@127.0.0.1:1/b@c?d", "http://***@127.0.0.1:1/b@c?d"),
            ("error (https://me@host), http://u:p@h", "error (https://***@host), http://***@h"),
            (
                "GET /k?X-Amz-Signature=0f&X-Amz-Credential=AK%2F1&x=1",
                "GET /k?X-Amz-Signature=***&X-Amz-Credential=***&x=1",
            ),
            (
                "{\"authorization\": \"AWS4 Credential=A, Signature=b\", \"host\": \"h\"}",
                "{\"authorization\": \"***\", \"host\": \"h\"}",
            ),
            ("Authorization: AWS4 Credential=A, Signature=b\r\nhost: h", "Authorization: ***\r\nhost: h"),
            (
                "<SecretAccessKey>a/b</SecretAccessKey><SessionToken>é</SessionToken>",
                "<SecretAccessKey>***</SecretAccessKey><SessionToken>***</SessionToken>",
            ),
        ] {
            assert_eq!(masked(text), shown);
        }
        for text in ["s3://bucket/a@b/signature.gz", "the signature is wrong", "file:///x@y", "", "://"] {
            assert_eq!(masked(text), text);
        }
        assert_eq!(masked_urls("s3://b/signature=x, http://me@h"), "s3://b/signature=x, http://***@h");
        assert_eq!(masked_urls("GET http://me:S3'CR'3T@h/x failed"), "GET http://***@h/x failed");
        assert_eq!(masked_urls("'http://h' refused"), "'http://h' refused");
    }
}
