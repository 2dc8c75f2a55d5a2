//! What lies in some data, and what of that should not.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Data, blob_keys, lines, output, server_command_at};

/// What `files check` complains of.
pub(crate) fn check(binary: &Path, data: &Data) -> Option<String> {
    let mut command = server_command_at(binary);
    let check = output(data.of(command.args(["files", "check"])));
    let said = String::from_utf8_lossy(&check.stdout);
    let complained = String::from_utf8_lossy(&check.stderr);
    let code = check.status.code();
    (code != Some(0)).then(|| format!("files check ended with {code:?}: {said}{complained}"))
}

/// Everything that collection should not leave, and all that should be there and is not, when `files`
/// are those that messages carry.
pub(crate) fn leftovers(data: &Data, files: &[&str]) -> Vec<String> {
    let database = data.database();
    let mut left = lines(&database, RECORDS);
    let expected: BTreeSet<String> = files.iter().map(|name| (*name).to_owned()).collect();
    let living = lines(&database, LIVING);
    if living.len() != expected.len() || living.iter().cloned().collect::<BTreeSet<_>>() != expected
    {
        left.push(format!("the files {living:?}, not {expected:?}"));
    }
    let keys: BTreeSet<String> = blob_keys(&database).into_iter().collect();
    let kept = names(&data.files().join("blobs"), true);
    left.extend(
        kept.difference(&keys)
            .map(|key| format!("{key} without a record")),
    );
    left.extend(
        keys.difference(&kept)
            .map(|key| format!("{key} without its bytes")),
    );
    let staged = names(&data.files().join("staging"), false);
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
