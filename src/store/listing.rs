//! Listings of S3 with keys that object_store has no name for.
//!
//! Its paths have no empty parts, no `.` and `..`, and no control characters; S3's keys may have them, and a single one
//! in a page makes object_store refuse the whole listing: whoever may write one object could stop every conversion.
//! Here the answer to a LIST is read before object_store does, and such keys are given a name with U+FFFD in it, by which
//! callers know them ([`super::Store::is_key`]) and name them instead of reading them. The local disk's listing does the same.

//!
//! It has no place for storage classes either. Nobody here asks when an object was written, so that this says of archived ones what
//! they are.

use bytes::Bytes;
use memchr::memmem;
use object_store::ObjectMeta;

/// Stands for what a key must not have.
const UNNAMEABLE: char = char::REPLACEMENT_CHARACTER;

/// Storage classes whose objects nobody can read unless they are restored
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/archived-objects.html>). The archive tiers of `INTELLIGENT_TIERING` no
/// listing tells.
const ARCHIVES: [&str; 2] = ["<StorageClass>GLACIER</", "<StorageClass>DEEP_ARCHIVE</"];

/// Time of writing that archived objects are given: before there were any.
const ARCHIVED: &str = "1900-01-01T00:00:00.000Z";
const ARCHIVED_SECONDS: i64 = -2_208_988_800;

/// Returns whether an object was listed as archived: see [`with_archived`].
pub(super) fn is_archived(meta: &ObjectMeta) -> bool {
    meta.last_modified.timestamp() == ARCHIVED_SECONDS
}

/// Returns a listing in which archived objects can be told: nearly always the very one that came.
pub(super) fn with_archived(listing: Bytes) -> Bytes {
    if ARCHIVES.iter().all(|class| memmem::find(&listing, class.as_bytes()).is_none()) {
        return listing;
    }
    let Ok(text) = std::str::from_utf8(&listing) else { return listing };
    let mark = |object: &str| {
        let archived = ARCHIVES.iter().any(|class| object.contains(class));
        let parts = object.split_once("<LastModified>").filter(|_| archived);
        match parts.and_then(|(before, rest)| Some((before, rest.split_once("</LastModified>")?.1))) {
            Some((before, behind)) => format!("{before}<LastModified>{ARCHIVED}</LastModified>{behind}"),
            None => object.to_owned(),
        }
    };
    text.split_inclusive("</Contents>").map(mark).collect::<String>().into()
}

/// Returns a listing in which every key and folder can be named; nearly always the very one that came.
pub(super) fn nameable(listing: Bytes) -> Bytes {
    let Ok(text) = std::str::from_utf8(&listing) else { return listing };
    let (mut made, mut done) = (String::new(), 0);
    for (at, _) in text.match_indices('<') {
        let is_key = text[at..].starts_with("<Key>");
        if !is_key && !text[at..].starts_with("<Prefix>") {
            continue;
        }
        let begin = at + if is_key { "<Key>" } else { "<Prefix>" }.len();
        let Some(length) = text[begin..].find("</") else { break };
        let (key, rest) = text[begin..].split_at(length);
        // An empty object may mark a folder; one with content would be taken for another one, without the slash.
        let object = rest.split_once("</Contents>").map_or(rest, |(object, _)| object);
        if let Some(name) = name_of(key, !is_key || object.contains("<Size>0</Size>")) {
            made.push_str(&text[done..begin]);
            made.push_str(&name);
            done = begin + length;
        }
    }
    if done == 0 {
        return listing;
    }
    made.push_str(&text[done..]);
    made.into()
}

/// Returns the name for a key as it stands in the listing, if it needs one.
fn name_of(key: &str, may_end_in_slash: bool) -> Option<String> {
    if key.is_empty() {
        return None; // The whole bucket's prefix.
    }
    let path = key.strip_suffix('/').filter(|_| may_end_in_slash).unwrap_or(key);
    let parts: Vec<String> = path.split('/').map(name_of_part).collect();
    let name = parts.join("/") + &key[path.len()..];
    (name != key).then_some(name)
}

fn name_of_part(part: &str) -> String {
    if matches!(part, "" | "." | "..") {
        return format!("{part}{UNNAMEABLE}");
    }
    let mut name = String::with_capacity(part.len());
    let mut rest = part;
    while let Some(c) = rest.chars().next() {
        // `&#27;` and `&#x1b;` are ways to write a character.
        let reference = rest.strip_prefix("&#").and_then(|rest| rest.split_once(';')).map(|(digits, _)| digits);
        let code = reference.and_then(|digits| match digits.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None => digits.parse().ok(),
        });
        let length = match (code, reference) {
            (Some(_), Some(digits)) => digits.len() + 3,
            _ => c.len_utf8(),
        };
        if code.and_then(char::from_u32).unwrap_or(c).is_ascii_control() {
            name.push(UNNAMEABLE);
        } else {
            name.push_str(&rest[..length]);
        }
        rest = &rest[length..];
    }
    name
}

#[cfg(test)]
mod tests {
    use object_store::path::Path;

    use super::*;

    #[test]
    fn what_cannot_be_named_gets_a_name_that_is_no_key() {
        for (key, name) in [
            ("a//x.gz", "a/\u{fffd}/x.gz"),
            ("a/../x.gz", "a/..\u{fffd}/x.gz"),
            ("./x.gz", ".\u{fffd}/x.gz"),
            ("/AWSLogs/x.gz", "\u{fffd}/AWSLogs/x.gz"),
            ("a/\u{1b}[2J.gz", "a/\u{fffd}[2J.gz"),
            ("a/b\nc.gz", "a/b\u{fffd}c.gz"),
            ("a/&#10;&#x1B;&#x7f;&#233;.gz", "a/\u{fffd}\u{fffd}\u{fffd}&#233;.gz"),
            ("x.gz/", "x.gz/\u{fffd}"),
        ] {
            assert_eq!(name_of(key, false).as_deref(), Some(name), "{key:?}");
            assert!(Path::parse(name).is_ok() && !super::super::Store::is_key(name), "{name}");
        }
        assert_eq!(name_of("/", true).as_deref(), Some("\u{fffd}/"), "a folder without a name at the bucket's root");
        for key in ["", "a", "a/b.log.gz", "...", "a/.b/..c", "é&amp;&#39;&#;&", "a/folder/", "100%25"] {
            assert_eq!(name_of(key, true), None, "{key:?}");
        }
    }

    #[test]
    fn archived_objects_are_marked() {
        let object = |key: &str, time: &str, class: &str| {
            format!("<Contents><Key>{key}</Key><LastModified>{time}</LastModified>{class}</Contents>")
        };
        let now = "2026-01-15T00:00:00.000Z";
        let classes = ["", "STANDARD", "GLACIER_IR", "INTELLIGENT_TIERING", "GLACIER", "DEEP_ARCHIVE"];
        let listing = |archived: &str, classes: &[&str]| -> Bytes {
            let time =
                |class: &str| if matches!(class, "GLACIER" | "DEEP_ARCHIVE") { archived } else { now }.to_owned();
            let class = |class: &str| format!("<StorageClass>{class}</StorageClass>");
            let objects = classes.iter().map(|of| object("GLACIER", &time(of), &class(of)));
            format!("<ListBucketResult>{}<Key></ListBucketResult>", objects.collect::<String>()).into()
        };
        assert_eq!(with_archived(listing(now, &classes)), listing(ARCHIVED, &classes));
        assert_eq!(with_archived(listing(now, &classes[..4])), listing(now, &classes[..4]));
        for broken in ["<StorageClass>GLACIER</", "<LastModified>1<StorageClass>GLACIER</"] {
            assert_eq!(with_archived(Bytes::from(broken)), broken);
        }
    }

    #[test]
    fn the_rest_of_a_listing_stays_as_it_is() {
        let listing = |odd: &str, folder: &str, marker: &str| {
            Bytes::from(format!(
                "<?xml version=\"1.0\"?><ListBucketResult><Prefix></Prefix><Contents><Key>{odd}</Key><Size>7</Size>\
                 <ETag>&quot;1&quot;</ETag></Contents><Contents><Key>good.gz</Key><Size>7</Size></Contents>\
                 <Contents><Key>{marker}</Key><Size>0</Size></Contents>\
                 <CommonPrefixes><Prefix>{folder}</Prefix></CommonPrefixes></ListBucketResult>"
            ))
        };
        let plain = listing("odd.gz", "a/", "marker/");
        assert_eq!(nameable(plain.clone()), plain);
        let named = listing("odd.gz/\u{fffd}", "a/\u{fffd}/", "marker/");
        assert_eq!(nameable(listing("odd.gz/", "a//", "marker/")), named);
        for broken in ["", "<Key>", "<Key>a//b", "<Prefix", "\u{fffd}"] {
            assert_eq!(nameable(Bytes::from(broken)), broken);
        }
    }
}
