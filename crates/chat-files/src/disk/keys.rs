//! The keys of what is kept, in order.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use chat_domain::BlobKey;
use chat_domain::ports::BlobResult;

use super::fault::unavailable;

/// About how many are answered at once. A directory with more is read again for each page, so a page
/// is not small.
const PAGE: usize = 4_096;

/// The keys that follow `after`, at most [`PAGE`]. Whatever else lies in the directories is none of
/// ours, and is passed over.
pub(super) fn list(blobs: &Path, after: Option<BlobKey>) -> BlobResult<Vec<BlobKey>> {
    let after = after.map(|key| key.to_string()).unwrap_or_default();
    // A key begins with the name of its directory, so the directories' order is that of the keys.
    let first = after.get(..2).unwrap_or_default().to_owned();
    let mut page = Vec::new();
    for fan in (0..=u8::MAX).map(|byte| format!("{byte:02x}")) {
        if fan < first {
            continue;
        }
        let mut keys = keys_in(&blobs.join(&fan), &fan, &after)?;
        keys.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        page.extend(keys.into_iter().map(|(_, key)| key));
        if page.len() >= PAGE {
            page.truncate(PAGE);
            break;
        }
    }
    Ok(page)
}

/// The keys in one directory that follow `after`, with their texts.
fn keys_in(dir: &Path, fan: &str, after: &str) -> BlobResult<Vec<(String, BlobKey)>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unavailable(dir)(error)),
    };
    let mut keys = Vec::new();
    for entry in entries {
        let entry = entry.map_err(unavailable(dir))?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if !name.starts_with(fan) || name.as_str() <= after {
            continue;
        }
        if let Ok(key) = name.parse() {
            keys.push((name, key));
        }
    }
    Ok(keys)
}
