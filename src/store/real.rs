//! One name for one object of the local disk, however its folder was spelled.
//!
//! In: keys, as they were recorded or listed. Out: the same with folders that are no symbolic links. Keys of S3 stay as they
//! are: nothing there has two names.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Store, lies_below};

/// Looks up where folders really are, each once.
#[derive(Debug, Default)]
pub struct RealKeys {
    local: bool,
    folders: HashMap<String, String>,
}

impl RealKeys {
    /// Returns what finds the keys of a store, which is told by its root.
    pub fn of(root: &str) -> Self {
        Self { local: root == "file:///", folders: HashMap::new() }
    }

    /// Returns whether keys of this store may have two names.
    pub fn is_local(&self) -> bool {
        self.local
    }

    /// Returns whether an object that somebody wrote down can be asked for and lies below a prefix, by the one name or the other:
    /// earlier versions recorded paths as they were typed.
    pub fn lies_below(&mut self, prefix: &str, key: &Arc<str>) -> bool {
        Store::can_be_asked(key) && (lies_below(prefix, key) || self.local && lies_below(prefix, &self.key(key)))
    }

    /// Returns the real name of a folder, which ends without a slash.
    pub fn folder(&mut self, folder: &str) -> String {
        if !self.local {
            return folder.to_owned();
        }
        if let Some(real) = self.folders.get(folder) {
            return real.clone();
        }
        let real = real_prefix(folder);
        self.folders.insert(folder.to_owned(), real.clone());
        real
    }

    /// Returns the real name of an object: that of its folder, and its own.
    pub fn key(&mut self, key: &Arc<str>) -> Arc<str> {
        let Some((folder, name)) = key.rsplit_once('/').filter(|_| self.local) else { return Arc::clone(key) };
        let real = self.folder(folder);
        match real.as_str() {
            real if real == folder => Arc::clone(key),
            "" => name.into(),
            real => format!("{real}/{name}").into(),
        }
    }
}

/// Returns where a folder of the local disk really is; what is not there yet lies where its folder does. One whose real name no
/// key can have keeps the one it has.
pub fn real_prefix(prefix: &str) -> String {
    let path = Path::new("/").join(prefix);
    let found = path.ancestors().find_map(|above| {
        let rest = path.strip_prefix(above).ok()?;
        let real: PathBuf = std::fs::canonicalize(above).ok()?.components().chain(rest.components()).collect();
        Some(real)
    });
    let real = found.as_deref().and_then(Path::to_str).map(|real| real.trim_matches('/').to_owned());
    real.unwrap_or_else(|| prefix.to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn folders_have_one_name() {
        let dir = std::env::temp_dir().join(format!("flowparquet-real-{}", std::process::id()));
        fs::create_dir_all(dir.join("a/b")).unwrap();
        symlink("a", dir.join("link")).unwrap();
        let dir = fs::canonicalize(&dir).unwrap();
        let key = |below: &str| Arc::from(format!("{}/{below}", dir.to_str().unwrap().trim_start_matches('/')));
        let mut real = RealKeys::of("file:///");
        for (spelled, is) in [
            ("link/b/x", "a/b/x"),
            ("a/b/x", "a/b/x"),
            ("link/gone/x", "a/gone/x"),
            ("gone/x", "gone/x"),
            ("link/x", "a/x"),
        ] {
            assert_eq!(real.key(&key(spelled)), key(is));
        }
        assert_eq!((real_prefix(""), &*real.key(&"x".into())), (String::new(), "x"));
        assert_eq!(RealKeys::of("s3://b/").key(&key("link/b/x")), key("link/b/x"));
        fs::remove_dir_all(dir).unwrap();
    }
}
