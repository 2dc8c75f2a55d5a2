//! The programs of PostgreSQL, which a machine may lack.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};

use crate::os::Account;

/// Where a server's programs are, and who runs them.
pub(crate) struct Programs {
    pub(crate) bin: PathBuf,
    pub(crate) account: Account,
}

impl Programs {
    /// Where there are none, this says so and the test is skipped, unless `TEST_REQUIRE` lists
    /// `postgres`: then it panics.
    pub(crate) fn find() -> Option<Self> {
        let bin = on_path().or_else(installed);
        match (bin, Account::find()) {
            (None, _) => lacking("is not on this machine"),
            (_, None) => lacking("runs not as root, and there is no user postgres"),
            (Some(bin), Some(account)) => Some(Self { bin, account }),
        }
    }
}

fn lacking<T>(why: &str) -> Option<T> {
    let required = std::env::var("TEST_REQUIRE").unwrap_or_default();
    assert!(
        !asks_for_postgres(&required),
        "postgres {why}, and TEST_REQUIRE asks for it"
    );
    eprintln!("skipped: postgres {why}");
    None
}

fn asks_for_postgres(required: &str) -> bool {
    required.split(',').any(|name| name == "postgres")
}

fn on_path() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).find(|dir| is_complete(dir))
}

/// Debian keeps them off the path, one directory per major version. The newest.
fn installed() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<_> = versions
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let bin = entry.path().join("bin");
            is_complete(&bin).then_some((Reverse(version), bin))
        })
        .collect();
    found.sort();
    found.into_iter().next().map(|(_, bin)| bin)
}

fn is_complete(dir: &Path) -> bool {
    cfg!(unix)
        && dir.is_absolute()
        && ["initdb", "postgres"]
            .iter()
            .all(|name| dir.join(name).is_file())
}

#[cfg(test)]
mod tests {
    use super::asks_for_postgres;

    #[test]
    fn it_is_required_by_its_whole_name() {
        assert!(asks_for_postgres("postgres"));
        assert!(asks_for_postgres("bash,postgres,node"));
        assert!(!asks_for_postgres(""));
        assert!(!asks_for_postgres("bash,postgres-tls"));
    }
}
