//! A data folder, what lies in it and what of that should not.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{lines, output, server_command_at};

/// Copies everything in a folder, with its times: what was staged long ago is swept.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, &to).expect("a copy");
            let changed = entry.metadata().and_then(|found| found.modified());
            let file = fs::File::options().write(true).open(&to).expect("a file");
            file.set_modified(changed.expect("a time")).expect("a time");
        }
    }
}

/// What `files check` complains of.
pub(crate) fn check(binary: &Path, data: &Path) -> Option<String> {
    let mut command = server_command_at(binary);
    command.args(["files", "check", "--data-dir"]).arg(data);
    let check = output(&mut command);
    let said = String::from_utf8_lossy(&check.stdout);
    let complained = String::from_utf8_lossy(&check.stderr);
    let code = check.status.code();
    (code != Some(0)).then(|| format!("files check ended with {code:?}: {said}{complained}"))
}

/// Everything that collection should not leave, and all that should be there and is not, when `files`
/// are those that messages carry.
pub(crate) fn leftovers(data: &Path, files: &[&str]) -> Vec<String> {
    let database = data.join("chat.db");
    let mut left = lines(&database, RECORDS);
    let expected: BTreeSet<String> = files.iter().map(|name| (*name).to_owned()).collect();
    let living = lines(&database, LIVING);
    if living.len() != expected.len() || living.iter().cloned().collect::<BTreeSet<_>>() != expected
    {
        left.push(format!("the files {living:?}, not {expected:?}"));
    }
    let keys: BTreeSet<String> = lines(&database, KEYS).into_iter().collect();
    let kept = names(&data.join("files/blobs"), true);
    left.extend(
        kept.difference(&keys)
            .map(|key| format!("{key} without a record")),
    );
    left.extend(
        keys.difference(&kept)
            .map(|key| format!("{key} without its bytes")),
    );
    let staged = names(&data.join("files/staging"), false);
    left.extend(staged.iter().map(|name| format!("staged: {name}")));
    left
}

/// Records that end with what they are about.
const RECORDS: &str = "
    SELECT 'blob ' || id || ' that no file has' AS line FROM blobs
    WHERE id NOT IN (SELECT blob_id FROM files WHERE blob_id IS NOT NULL)
    UNION ALL SELECT 'blob ' || id || ' doomed' FROM blobs WHERE doomed IS NOT NULL
    UNION ALL SELECT 'blob ' || id || ' not stored' FROM blobs WHERE stored = 0
    UNION ALL SELECT 'blob ' || id || ' of a deleted file' FROM blobs
    WHERE id IN (SELECT blob_id FROM files WHERE deleted_at IS NOT NULL)
    UNION ALL SELECT 'upload ' || id || ' that is no file' FROM uploads WHERE file_id IS NULL
    UNION ALL SELECT 'the files of conversation ' || conversation_id FROM file_releases";

const LIVING: &str = "SELECT coalesce(name, '') AS line FROM files WHERE deleted_at IS NULL";

const KEYS: &str = "SELECT lower(hex(hash)) || '-' || id AS line FROM blobs";

/// The names of the files in a folder, or in the folders in it.
fn names(dir: &Path, deep: bool) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(dir).expect("a folder") {
        let entry: PathBuf = entry.expect("an entry").path();
        if deep && entry.is_dir() {
            names.extend(self::names(&entry, false));
        } else {
            let name = entry.file_name().expect("a name");
            names.insert(name.to_string_lossy().into_owned());
        }
    }
    names
}
