//! Listing of the local disk. What is there besides plain files and folders must neither stop a run nor hang it.
//!
//! In: a folder. Out: keys, sizes and ETags as [`object_store`] would give them for the same files. Its own listing
//! ends at the first name that is no key and at the first link that leads back to a folder above it, and shows FIFOs,
//! which nobody can read to an end. Here:
//! * links are told apart from what lies there ([`Link`]), for whoever knows all of them to follow ([`Links`]): what is reached
//!   in two ways would be there twice, and what lies in another place is followed only if that is allowed ([`Bounds`]). One to a
//!   folder that it lies in is passed over, as is one to nowhere;
//! * only plain files are objects: FIFOs, sockets and devices are passed over;
//! * names that are no keys are listed as they are, for the caller to name: see [`is_key`].

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io;
use std::ops::Bound;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use super::disk::{Bounds, path_of};
use super::pages::TOO_MANY;
use super::{FolderListing, Listed};

/// Returns whether an object of this name can be read: no control characters, and no bytes that are not UTF-8, which
/// stand as U+FFFD in a listing.
pub(super) fn is_key(name: &str) -> bool {
    !name.contains(|c: char| c.is_ascii_control() || c == char::REPLACEMENT_CHARACTER)
}

/// A symbolic link to a file or a folder, other than one that it lies in.
#[derive(Debug)]
pub(super) struct Link {
    /// Its own name.
    pub key: String,
    /// Where it leads in the end.
    target: PathBuf,
    /// The object, if it leads to one.
    pub object: Option<Listed>,
    /// Whether it leads to a folder.
    pub is_folder: bool,
}

/// Why a link is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinkKind {
    /// All that it leads to is reached without it.
    Twice,
    /// Parts of what it leads to are reached without it.
    Around,
    /// It leads to a folder of another place.
    OutToFolder,
    /// It leads to a file of another place.
    OutToFile,
}

/// The links that were met in a store, by which nothing is to be reached twice.
#[derive(Debug)]
pub(super) struct Links {
    bounds: Arc<Bounds>,
    /// Targets, with the names of the links that are followed to them.
    followed: Mutex<BTreeMap<PathBuf, String>>,
    passed_over: Mutex<BTreeMap<String, LinkKind>>,
}

impl Links {
    /// Returns the links of a store within these bounds, none of which is met yet.
    pub(super) fn within(bounds: Arc<Bounds>) -> Self {
        Self { bounds, followed: Mutex::default(), passed_over: Mutex::default() }
    }

    /// Returns whether a link is to be followed: the first one to what is not reached otherwise, and may be read.
    pub(super) fn follow(&self, link: &Link) -> bool {
        let Some(why) = self.why_not(link) else { return true };
        self.passed_over.lock().unwrap_or_else(PoisonError::into_inner).insert(link.key.clone(), why);
        false
    }

    fn why_not(&self, Link { key, target, is_folder, .. }: &Link) -> Option<LinkKind> {
        if !self.bounds.allow_target(target) {
            return Some(if *is_folder { LinkKind::OutToFolder } else { LinkKind::OutToFile });
        }
        let root = self.bounds.root();
        let mut followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        // Hidden folders are not looked into; whoever links into them has data there.
        let hidden = |path: &Path| path.iter().any(|name| name.to_string_lossy().starts_with(['.', '_']));
        let inside = target.strip_prefix(root).is_ok_and(|below| !hidden(below));
        let above = target.ancestors().find_map(|above| followed.get(above)).is_some_and(|other| other != key);
        if inside || above {
            return Some(LinkKind::Twice);
        }
        let mut behind = followed.range::<Path, _>((Bound::Excluded(target.as_path()), Bound::Unbounded));
        if root.starts_with(target) || behind.next().is_some_and(|(other, _)| other.starts_with(target)) {
            return Some(LinkKind::Around);
        }
        followed.insert(target.clone(), key.clone());
        None
    }

    /// Returns the links that were not followed, and why.
    pub(super) fn passed_over(&self) -> BTreeMap<String, LinkKind> {
        self.passed_over.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Lists one level; a folder that is not there is empty.
///
/// # Errors
/// When a folder or what lies in it cannot be looked at.
pub(super) fn level(prefix: &str, bounds: &Bounds) -> io::Result<(FolderListing, Vec<Link>)> {
    let (mut level, mut links) = (FolderListing::default(), Vec::new());
    let folder = path_of(prefix);
    if !bounds.allows(&folder)? {
        // Whoever came here did so without a listing of the folder above.
        let target = fs::canonicalize(&folder)?;
        return Ok((level, vec![Link { key: prefix.to_owned(), target, object: None, is_folder: true }]));
    }
    for Entry { path, key, is_link, metadata } in entries(&folder, prefix)? {
        if !metadata.is_dir() && !metadata.is_file() {
            continue;
        }
        if is_link {
            let target = fs::canonicalize(&path)?;
            if !(metadata.is_dir() && leads_back(&path, &target)) {
                let object = listed(key.clone(), &metadata);
                links.push(Link { key, target, object, is_folder: metadata.is_dir() });
            }
        } else if metadata.is_dir() {
            level.folders.push(key);
        } else {
            level.objects.extend(listed(key, &metadata));
        }
    }
    Ok((level, links))
}

/// Lists everything below a folder; one that is not there is empty.
///
/// # Errors
/// As [`level`].
pub(super) fn below(prefix: &str, bounds: &Bounds) -> io::Result<(Vec<Listed>, Vec<Link>)> {
    let (mut objects, mut links) = (Vec::new(), Vec::new());
    let mut folders = vec![prefix.to_owned()];
    while let Some(folder) = folders.pop() {
        let (level, of_level) = level(&folder, bounds)?;
        objects.extend(level.objects);
        folders.extend(level.folders);
        links.extend(of_level);
        if (objects.len() + folders.len()) as u64 > bounds.max_objects {
            return Err(io::Error::other(format!("{TOO_MANY} {}", bounds.max_objects)));
        }
    }
    Ok((objects, links))
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
            found.push(Listed {
                key: key.into(),
                size: metadata.len(),
                etag: Some(etag(metadata).into()),
                archived: false,
            });
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

/// Returns whether a link's target is a folder that the link lies in.
fn leads_back(path: &Path, target: &Path) -> bool {
    path.ancestors().skip(1).map(fs::canonicalize).filter_map(Result::ok).any(|parent| parent.starts_with(target))
}

fn listed(key: String, metadata: &Metadata) -> Option<Listed> {
    // `#` and digits: an upload that is not finished.
    let unfinished = key.rsplit_once('#').is_some_and(|(_, digits)| {
        !digits.is_empty() && !digits.contains('/') && digits.bytes().all(|b| b.is_ascii_digit())
    });
    let object = metadata.is_file() && !unfinished;
    object.then(|| Listed { key: key.into(), size: metadata.len(), etag: Some(etag(metadata).into()), archived: false })
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
        let prefix = store.location().prefix();
        let found = store.list_all(&[prefix.to_owned()]).unwrap().remove(0);
        let mut names: Vec<&str> = found.iter().map(|o| o.key.strip_prefix(prefix).unwrap()).collect();
        names.sort_unstable();
        assert_eq!(names, ["/a/b/y 100%.log", "/a/b/é#1x", "/a/x.log", "/z\nz"]);
        for object in found.iter().filter(|object| is_key(&object.key)) {
            assert_eq!(store.head(&object.key).unwrap().as_ref(), Some(object), "object_store says the same");
        }
        assert_eq!(level(&format!("{prefix}/nowhere"), &store.bounds).unwrap().0, FolderListing::default());
        let passed_over = store.links_passed_over();
        assert_eq!(passed_over, [(format!("{prefix}/other"), LinkKind::Twice)]);
        fs::remove_dir_all(dir).unwrap();
    }
}
