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

/// What is said of a listing that is never at its end.
pub(super) const REPEATS: &str = "the listing goes round: the server sends us back to a page that it gave before";
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
        listing.objects += (text.matches("<Key>").count() + text.matches("<CommonPrefixes>").count()) as u64;
        let next = text.split_once("<NextContinuationToken>").and_then(|(_, rest)| rest.split_once('<'));
        let Some((next, _)) = next.filter(|(next, _)| !next.is_empty()) else {
            going_on.remove(&of);
            return None;
        };
        let wrong = if listing.asked.iter().any(|asked| is_same(asked, next)) {
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
        assert_eq!(ask("list-type=2&prefix=x", ""), None);
        assert!(listings.going_on.lock().unwrap().len() <= 2);
    }
}
