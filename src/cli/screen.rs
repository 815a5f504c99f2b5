//! The way out: all that the program prints passes here, and nothing that others wrote (a key, a field, a value of a log)
//! reaches a terminal as something that it obeys.
//!
//! In: texts. Out: standard output and standard error. Texts for people are made of lines (`push_line!`, `say!`), so that a
//! line end within a name begins no line; whole texts lose at the exit whatever is left besides line ends.

use std::borrow::Cow;
use std::io::{ErrorKind, Write};
use std::sync::{Mutex, PoisonError};

use super::folder;
use crate::error::{escaped, printable};
use crate::{Error, Result};
use indicatif::ProgressBar;
use serde::Serialize;

/// Adds a line to a text for people: arguments as of `format!`, without a line end.
macro_rules! push_line {
    ($text:expr, $($arg:tt)*) => {
        $text.push_str(&$crate::cli::screen::line(&format!($($arg)*)))
    };
}

/// Says a line on standard error: arguments as of `format!`, without a line end.
macro_rules! say {
    ($($arg:tt)*) => {
        $crate::cli::screen::tell(&$crate::cli::screen::line(&format!($($arg)*)))
    };
}

pub(super) use {push_line, say};

/// Returns one line, whatever stands in it, with its end.
pub fn line(text: &str) -> String {
    printable(text).into_owned() + "\n"
}

/// Prints lines to standard output; a reader that went away (`| head`) ends the program quietly.
pub fn print(text: &str) -> Result<()> {
    write(&harmless(text))
}

/// Prints statements to standard output. Escaping would change what they mean, so that they are refused instead.
pub fn print_statements(text: &str) -> Result<()> {
    if harmless(text) != text {
        return Err(Error::usage(
            "what is to be printed has control characters, or some that cannot be seen or turn the direction of writing",
        )
        .help("somebody's folder or value has them: choose others by --account and --region"));
    }
    write(text)
}

/// The bar that is on the terminal, if one is.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Has lines to standard error written above this bar from now on; `None` for there is none any more.
pub fn write_above(bar: Option<&ProgressBar>) {
    *BAR.lock().unwrap_or_else(PoisonError::into_inner) = bar.cloned();
}

/// Prints lines to standard error, above the progress bar if there is one. That nobody hears them stops nothing.
pub fn tell(text: &str) {
    let write = || drop(std::io::stderr().write_all(harmless(text).as_bytes()));
    // A copy: nothing is locked while it is written.
    let bar = BAR.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match bar {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// Returns a value as JSON, in several lines.
pub fn to_json(value: &impl Serialize) -> Result<String> {
    json(serde_json::to_string_pretty(value))
}

/// Returns a value as JSON, in one line.
pub fn to_json_line(value: &impl Serialize) -> Result<String> {
    json(serde_json::to_string(value))
}

fn json(text: serde_json::Result<String>) -> Result<String> {
    let text = text.map_err(|e| Error::stopped("cannot make JSON").because(e))?;
    Ok(harmless_json(&text).into_owned() + "\n")
}

/// Returns JSON that means the same: characters in its strings that a terminal obeys are escaped.
pub fn harmless_json(text: &str) -> Cow<'_, str> {
    // Characters beyond four digits are two of them in JSON.
    let escape = |c: char| c.encode_utf16(&mut [0; 2]).iter().map(|half| format!("\\u{half:04x}")).collect();
    escaped(text, &['\n'], escape)
}

fn harmless(text: &str) -> Cow<'_, str> {
    escaped(text, &['\n'], |c| c.escape_default().to_string())
}

fn write(text: &str) -> Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(e) if e.kind() == ErrorKind::BrokenPipe => {
            folder::remove_all();
            std::process::exit(0)
        }
        written => written.map_err(|e| Error::stopped("cannot write to standard output").because(e)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line() {
        assert_eq!(line("at raw/a\nb\u{1b}[2J\tc\u{2028}"), "at raw/a\\nb\\u{1b}[2J\\tc\\u{2028}\n");
        assert_eq!(harmless("a\n\tb\r\u{202e}é"), "a\n\\tb\\r\\u{202e}é");
    }

    #[test]
    fn json_means_the_same() {
        let evil = "\u{1b}\n\u{7f}\u{85}\u{9b}\u{61c}\u{200e}\u{2028}\u{202e}\u{2066}\u{feff}\u{ad}\u{200b}\u{fe0f}\u{e0041}é\u{1f600}\\";
        let text = to_json(&[evil]).unwrap();
        assert_eq!(harmless(&text), text);
        assert_eq!(serde_json::from_str::<Vec<String>>(&text).unwrap(), [evil]);
    }
}
