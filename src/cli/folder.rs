//! Temporary folders: flow logs lie in them for a while, on a machine that others may share.
//!
//! Made with a random name, by us and not by somebody before us, for nobody else (0700), and removed at the end, however it comes
//! but by SIGKILL.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;

use crate::{Error, Result};

/// Those that are there now: whoever ends the process at once removes them first.
static THERE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Makes a folder in another one, or in the system's for temporary ones.
///
/// # Errors
/// When it cannot be made.
pub fn temporary(prefix: &str, within: Option<&Path>) -> Result<TempDir> {
    let top = within.map_or_else(std::env::temp_dir, Path::to_path_buf);
    let made = std::fs::create_dir_all(&top).and_then(|()| {
        tempfile::Builder::new().prefix(prefix).permissions(Permissions::from_mode(0o700)).tempdir_in(&top)
    });
    let folder = made.map_err(|e| {
        Error::usage("cannot make a temporary folder")
            .at(top.display())
            .because(e)
            .help("name a folder that you may write to, by TMPDIR or as an argument")
    })?;
    THERE.lock().unwrap_or_else(PoisonError::into_inner).push(folder.path().to_path_buf());
    Ok(folder)
}

/// Makes one for what a query holds in files; none where there is no room for any, which most queries never notice.
#[cfg(feature = "query")]
pub fn for_a_query() -> Option<TempDir> {
    temporary("flowparquet-query-", None).ok()
}

/// Lets a folder stay, for a person to look at.
pub fn keep(folder: TempDir) {
    let path = folder.keep();
    THERE.lock().unwrap_or_else(PoisonError::into_inner).retain(|there| *there != path);
}

/// Removes all that are there: nothing else will, when the process ends now.
pub fn remove_all() {
    for folder in THERE.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        let _ = std::fs::remove_dir_all(folder);
    }
}
