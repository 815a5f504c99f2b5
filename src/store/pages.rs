//! The pages of listings: a server that goes on for ever, or says the same page again and again, must not fill our memory.
//!
//! In: each LIST request and its answer, in the order of a listing. Out: an error instead of the page that is too much. A listing
//! is told by all of its request but the place where it goes on.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

/// Most bytes of one page: 1,000 keys of 1,024 bytes, each written as six, and what stands beside them, are a fifth of it.
pub(super) const MAX_PAGE_BYTES: usize = 32 << 20;

/// Objects and folders that one listing may have if nobody says how many: each takes some 150 bytes of memory.
pub const DEFAULT_MAX_OBJECTS: u64 = 50_000_000;

/// Pages with nothing on them, one after the other, that a listing may have: S3 may send some behind many deleted objects.
const MAX_EMPTY_PAGES: u32 = 1_000;

/// Most bytes of a key (S3's own limit), and of what a page says to go on with.
const MAX_KEY_BYTES: usize = 1_024;
const MAX_TOKEN_BYTES: usize = 16 << 10;

/// What is said of a listing that is never at its end.
pub(super) const REPEATS: &str = "the listing goes round: the server sends us back to a page that it gave before";
/// What is said of one that has no end and nothing on it.
pub(super) const NOTHING: &str = "the listing goes on and on, with nothing on its pages";
/// What is said of one that has what no key of S3 is.
pub(super) const TOO_LONG: &str = "the listing has a key, or a token to go on with, that is longer than S3 has any";
/// What is said of one that would have us read an object twice.
pub(super) const TWICE: &str = "the listing has the same key twice on a page";
/// What is said of one that has too much.
pub(super) const TOO_MANY: &str = "the listing has more objects than";

/// The listings that are under way.
#[derive(Debug)]
pub(super) struct Listings {
    max_objects: u64,
    going_on: Mutex<HashMap<String, Listing>>,
}

#[derive(Debug, Default)]
struct Listing {
    objects: u64,
    /// Pages with nothing on them, one after the other.
    empty: u32,
    asked: HashSet<String>,
}

impl Listings {
    /// Begins without any.
    pub(super) fn new(max_objects: u64) -> Self {
        Self { max_objects, going_on: Mutex::default() }
    }

    /// Counts a page; returns what is wrong with it, if something is.
    pub(super) fn page(&self, path: &str, query: &str, answer: &[u8]) -> Option<String> {
        let (mut token, mut of) = (None, format!("{path}?"));
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.strip_prefix("continuation-token=") {
                Some(text) => token = Some(text),
                None => of.extend([pair, "&"]),
            }
        }
        let mut going_on = self.going_on.lock().unwrap_or_else(PoisonError::into_inner);
        if token.is_none() {
            going_on.remove(&of);
        }
        let text = String::from_utf8_lossy(answer);
        let listing = going_on.entry(of.clone()).or_default();
        listing.asked.extend(token.map(str::to_owned));
        let objects = (text.matches("<Key>").count() + text.matches("<CommonPrefixes>").count()) as u64;
        listing.objects += objects;
        listing.empty = if objects == 0 { listing.empty + 1 } else { 0 };
        let strange = strange_key(&text);
        let next = text.split_once("<NextContinuationToken>").and_then(|(_, rest)| rest.split_once('<'));
        let next = next.map(|(next, _)| next).filter(|next| !next.is_empty());
        let Some(next) = next.filter(|_| strange.is_none()) else {
            going_on.remove(&of);
            return strange.map(str::to_owned);
        };
        let wrong = if u64::from(listing.empty) > self.max_objects.min(MAX_EMPTY_PAGES.into()) {
            NOTHING.to_owned()
        } else if next.len() > MAX_TOKEN_BYTES {
            TOO_LONG.to_owned()
        } else if listing.asked.iter().any(|asked| is_same(asked, next)) {
            REPEATS.to_owned()
        } else if listing.objects > self.max_objects {
            format!("{TOO_MANY} {}", self.max_objects)
        } else {
            return None;
        };
        going_on.remove(&of);
        Some(wrong)
    }
}

/// Returns what is wrong with the keys of a page, if something is: S3 lists each once, and none is longer than it takes.
fn strange_key(page: &str) -> Option<&'static str> {
    let mut last = None;
    for key in page.split("<Key>").skip(1).filter_map(|rest| Some(rest.split_once("</Key>")?.0)) {
        // In XML a byte is at most six.
        if key.len() > 6 * MAX_KEY_BYTES {
            return Some(TOO_LONG);
        }
        if last == Some(key) {
            return Some(TWICE);
        }
        last = Some(key);
    }
    None
}

/// Returns whether a token of a request is one of an answer: there in percent escapes, here in those of XML.
fn is_same(asked: &str, said: &str) -> bool {
    let letters = |text: &str| text.bytes().filter(u8::is_ascii_alphanumeric).count();
    if !asked.contains('%') && !said.contains('&') {
        return asked == said;
    }
    let mut decoded = Vec::with_capacity(asked.len());
    let mut rest = asked.as_bytes();
    while let [first, behind @ ..] = rest {
        let code = match behind {
            [a, b, ..] if *first == b'%' => {
                std::str::from_utf8(&[*a, *b]).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok())
            }
            _ => None,
        };
        decoded.push(code.unwrap_or(*first));
        rest = if code.is_some() { &behind[2..] } else { behind };
    }
    let plain = said
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&");
    letters(said) > 0 && decoded == plain.as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_ends_or_is_ended() {
        let page = |next: &str| {
            format!("<Key>a</Key><Key>b</Key><NextContinuationToken>{next}</NextContinuationToken>").into_bytes()
        };
        let listings = Listings::new(7);
        let empty = |listings: &Listings, number: u64| {
            let page = format!("<NextContinuationToken>{}</NextContinuationToken>", number + 1);
            listings.page("/b", &format!("prefix=e&continuation-token={number}"), page.as_bytes())
        };
        for (most_objects, pages) in [(7, 7), (1_000_000, u64::from(MAX_EMPTY_PAGES))] {
            let listings = Listings::new(most_objects);
            assert!((0..pages).all(|number| empty(&listings, number).is_none()));
            assert_eq!(empty(&listings, pages), Some(NOTHING.to_owned()));
        }
        let ask = |query: &str, next: &str| listings.page("/b", query, &page(next));
        assert_eq!(ask("list-type=2&prefix=x", "A=="), None);
        assert_eq!(ask("continuation-token=A%3D%3D&list-type=2&prefix=x", "B"), None);
        assert_eq!(
            ask("continuation-token=A%3D%3D&list-type=2&prefix=x", "B"),
            None,
            "sent again: the answer was lost"
        );
        assert_eq!(ask("list-type=2&prefix=y", "B"), None, "another listing");
        assert_eq!(ask("continuation-token=B&list-type=2&prefix=x", "A=="), Some(REPEATS.to_owned()));
        for number in 0..3 {
            assert_eq!(
                ask(
                    &format!(
                        "prefix=z&{}",
                        if number == 0 { String::new() } else { format!("continuation-token={number}") }
                    ),
                    &(number + 1).to_string()
                ),
                None
            );
        }
        assert_eq!(ask("prefix=z&continuation-token=3", "4"), Some(format!("{TOO_MANY} 7")));
        let keys = |keys: &[&str]| {
            let page: String = keys.iter().map(|key| format!("<Contents><Key>{key}</Key></Contents>")).collect();
            listings.page("/b", "prefix=k", page.as_bytes())
        };
        assert_eq!(keys(&["a", "b", &"\u{e9}".repeat(512)]), None);
        assert_eq!(keys(&["a", &"b".repeat(6 * MAX_KEY_BYTES + 1)]), Some(TOO_LONG.to_owned()));
        assert_eq!(keys(&["a", "b", "b"]), Some(TWICE.to_owned()));
        assert_eq!(ask("prefix=t", &"t".repeat(MAX_TOKEN_BYTES + 1)), Some(TOO_LONG.to_owned()));
        assert_eq!(ask("list-type=2&prefix=x", ""), None);
        assert!(listings.going_on.lock().unwrap().len() <= 2);
    }
}
