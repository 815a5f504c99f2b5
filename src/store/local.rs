//! Listing of the local disk. What is there besides plain files and folders must neither stop a run nor hang it.
//!
//! In: a folder. Out: keys, sizes and ETags as [`object_store`] would give them for the same files. Its own listing
//! ends at the first name that is no key and at the first link that leads back to a folder above it, and shows FIFOs,
//! which nobody can read to an end. Here:
//! * links are followed where they stay below the store's root, or wherever they lead if that is allowed, and those to one
//!   folder once; one to a folder that it lies in is passed over, as is one to nowhere; one that leads to another place is
//!   noted ([`Bounds`]), for the caller to name;
//! * only plain files are objects: FIFOs, sockets and devices are passed over;
//! * names that are no keys are listed as they are, for the caller to name: see [`is_key`].

use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::disk::{Bounds, path_of};
use super::pages::TOO_MANY;
use super::{FolderListing, Listed};

/// Returns whether an object of this name can be read: no control characters, and no bytes that are not UTF-8, which
/// stand as U+FFFD in a listing.
pub(super) fn is_key(name: &str) -> bool {
    !name.contains(|c: char| c.is_ascii_control() || c == char::REPLACEMENT_CHARACTER)
}

/// Lists one level; a folder that is not there is empty.
///
/// # Errors
/// When a folder or what lies in it cannot be looked at.
pub(super) fn level(prefix: &str, bounds: &Bounds) -> io::Result<FolderListing> {
    let mut level = FolderListing::default();
    let folder = path_of(prefix);
    if !bounds.allows(&folder)? {
        bounds.not_followed(format!("{prefix}/"));
        return Ok(level);
    }
    for Entry { path, key, is_link, metadata } in entries(&folder, prefix)? {
        if is_link && metadata.is_dir() && leads_back(&path)? {
            continue;
        }
        if !metadata.is_dir() && !metadata.is_file() {
            continue;
        }
        if is_link && !bounds.allows(&path)? {
            bounds.not_followed(if metadata.is_dir() { format!("{key}/") } else { key });
        } else if metadata.is_dir() {
            level.folders.push(key);
        } else {
            level.objects.extend(listed(key, &metadata));
        }
    }
    Ok(level)
}

/// Lists everything below a folder; one that is not there is empty.
///
/// # Errors
/// As [`level`].
pub(super) fn below(prefix: &str, bounds: &Bounds) -> io::Result<Vec<Listed>> {
    let mut objects = Vec::new();
    let mut folders = vec![prefix.to_owned()];
    let mut followed = HashSet::new();
    while let Some(folder) = folders.pop() {
        let level = level(&folder, bounds)?;
        objects.extend(level.objects);
        if (objects.len() + folders.len()) as u64 > bounds.max_objects {
            return Err(io::Error::other(format!("{TOO_MANY} {}", bounds.max_objects)));
        }
        for folder in level.folders {
            let path = path_of(&folder);
            // Links among a few folders can make more ways than there are atoms: each target is gone to once.
            if !fs::symlink_metadata(&path)?.is_symlink() || followed.insert(fs::canonicalize(&path)?) {
                folders.push(folder);
            }
        }
    }
    Ok(objects)
}

/// Lists all that goes if a folder is deleted: also what is no object. Links are not followed, but to files, as [`below`] does.
///
/// # Errors
/// As [`level`].
pub(super) fn whole(prefix: &str, bounds: &Bounds) -> io::Result<Vec<Listed>> {
    let mut found = Vec::new();
    let mut folders = vec![prefix.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(path_of(&folder)) {
            Ok(entries) => entries,
            Err(e) if is_no_folder(&e) => continue,
            Err(e) => return Err(e),
        };
        for entry in entries {
            let entry = entry?;
            let key = key_of(&folder, &entry.file_name().to_string_lossy());
            let link = fs::symlink_metadata(entry.path())?;
            if link.is_dir() {
                folders.push(key);
                continue;
            }
            let file = fs::metadata(entry.path()).ok().filter(Metadata::is_file);
            let metadata = file.as_ref().unwrap_or(&link);
            found.push(Listed { key: key.into(), size: metadata.len(), etag: Some(etag(metadata).into()) });
        }
        if (found.len() + folders.len()) as u64 > bounds.max_objects {
            return Err(io::Error::other(format!("{TOO_MANY} {}", bounds.max_objects)));
        }
    }
    found.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(found)
}

fn is_no_folder(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn key_of(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// What lies in a folder.
struct Entry {
    path: PathBuf,
    key: String,
    is_link: bool,
    /// What it is behind all links.
    metadata: Metadata,
}

/// Returns what lies in a folder, by name.
fn entries(folder: &Path, prefix: &str) -> io::Result<Vec<Entry>> {
    let found = match fs::read_dir(folder) {
        Ok(found) => found,
        Err(e) if is_no_folder(&e) => return Ok(Vec::new()),
        Err(e) => return Err(e),
    };
    let mut entries = Vec::new();
    for entry in found {
        let entry = entry?;
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        match fs::metadata(&path) {
            Ok(metadata) => {
                let key = key_of(prefix, &name);
                entries.push(Entry { path, key, is_link: entry.file_type()?.is_symlink(), metadata });
            }
            // A link to nowhere, a link to itself, or something that was deleted just now.
            Err(_) if fs::symlink_metadata(&path).map_or(true, |link| link.is_symlink()) => {}
            Err(e) => return Err(e),
        }
    }
    entries.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(entries)
}

/// Returns whether a link to a folder leads to one that it lies in.
fn leads_back(path: &Path) -> io::Result<bool> {
    let target = fs::canonicalize(path)?;
    let parents = path.ancestors().skip(1).map(fs::canonicalize);
    Ok(parents.filter_map(Result::ok).any(|parent| parent.starts_with(&target)))
}

fn listed(key: String, metadata: &Metadata) -> Option<Listed> {
    // `#` and digits: an upload that is not finished.
    let unfinished = key.rsplit_once('#').is_some_and(|(_, digits)| {
        !digits.is_empty() && !digits.contains('/') && digits.bytes().all(|b| b.is_ascii_digit())
    });
    let object = metadata.is_file() && !unfinished;
    object.then(|| Listed { key: key.into(), size: metadata.len(), etag: Some(etag(metadata).into()) })
}

/// Returns the ETag that `LocalFileSystem` gives a file.
fn etag(metadata: &Metadata) -> String {
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    format!("\"{:x}-{:x}-{:x}\"", metadata.ino(), modified.unwrap_or_default().as_micros(), metadata.len())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::super::{Io, Location, Store, StoreOptions};
    use super::*;

    #[test]
    fn lists_what_the_store_would() {
        let dir = std::env::temp_dir().join(format!("flowparquet-local-{}", std::process::id()));
        fs::create_dir_all(dir.join("a/b")).unwrap();
        for name in ["a/x.log", "a/b/y 100%.log", "a/b/part#12", "a/b/é#1x", "z\nz"] {
            fs::write(dir.join(name), name).unwrap();
        }
        symlink("..", dir.join("a/b/up")).unwrap();
        symlink("/nowhere", dir.join("a/gone")).unwrap();
        symlink("myself", dir.join("a/myself")).unwrap();
        symlink("a/b", dir.join("other")).unwrap();
        let io = Io::start().unwrap();
        let location = Location::parse(dir.to_str().unwrap()).unwrap();
        let store = Store::open(&location, &StoreOptions::default(), &io).unwrap();
        let prefix = location.prefix();
        let bounds = Bounds::new(prefix, false, 100);
        let found = below(prefix, &bounds).unwrap();
        let mut names: Vec<&str> = found.iter().map(|o| o.key.strip_prefix(prefix).unwrap()).collect();
        names.sort_unstable();
        assert_eq!(names, ["/a/b/y 100%.log", "/a/b/é#1x", "/a/x.log", "/other/y 100%.log", "/other/é#1x", "/z\nz"]);
        for object in found.iter().filter(|object| is_key(&object.key)) {
            assert_eq!(store.head(&object.key).unwrap().as_ref(), Some(object), "object_store says the same");
        }
        assert_eq!(level(&format!("{prefix}/nowhere"), &bounds).unwrap(), FolderListing::default());
        fs::remove_dir_all(dir).unwrap();
    }
}
