//! The machine that a report is about: what a reader needs to place its figures, and nothing that
//! tells whose it is.

use std::env::consts;
use std::fmt;
use std::fs;
use std::path::{self, Path, PathBuf};
use std::thread;

use serde::Serialize;

/// What is unknown is none; only Linux tells all of it.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    /// As its maker calls it.
    pub(crate) cpu: Option<String>,
    /// As many as this process may use.
    pub(crate) cores: Option<usize>,
    pub(crate) memory_bytes: Option<u64>,
    /// `linux`, `macos`.
    pub(crate) system: &'static str,
    /// `Debian GNU/Linux 12 (bookworm)`.
    pub(crate) distribution: Option<String>,
    /// The number alone: what follows it may be a name that somebody gave.
    pub(crate) kernel: Option<String>,
    pub(crate) architecture: &'static str,
    /// The type of the one under test: `ext4`.
    pub(crate) filesystem: Option<String>,
    /// Whether this program checks itself while it measures; such figures are worth little.
    pub(crate) debug_assertions: bool,
}

impl Machine {
    /// This one, with the filesystem of a directory, which need not exist yet.
    pub(crate) fn here(dir: &Path) -> Self {
        Self {
            cpu: read("/proc/cpuinfo").and_then(|text| cpu(&text)),
            cores: thread::available_parallelism().ok().map(Into::into),
            memory_bytes: read("/proc/meminfo").and_then(|text| memory(&text)),
            system: consts::OS,
            distribution: read("/etc/os-release").and_then(|text| distribution(&text)),
            kernel: read("/proc/sys/kernel/osrelease").and_then(|text| kernel(&text)),
            architecture: consts::ARCH,
            filesystem: read("/proc/mounts").and_then(|text| filesystem(&text, &real(dir)?)),
            debug_assertions: cfg!(debug_assertions),
        }
    }
}

/// In one line: `2 cores of …, 24 GiB, Linux 6.1.0, ext4`.
impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cores {
            Some(1) => f.write_str("1 core of ")?,
            Some(cores) => write!(f, "{cores} cores of ")?,
            None => (),
        }
        f.write_str(self.cpu.as_deref().unwrap_or(self.architecture))?;
        if let Some(bytes) = self.memory_bytes {
            write!(f, ", {}", gibibytes(bytes))?;
        }
        write!(f, ", {}", capitalised(self.system))?;
        if let Some(kernel) = &self.kernel {
            write!(f, " {kernel}")?;
        }
        if let Some(filesystem) = &self.filesystem {
            write!(f, ", {filesystem}")?;
        }
        if self.debug_assertions {
            f.write_str(", a debug build")?;
        }
        Ok(())
    }
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// Where a directory is without links, or where the nearest one above it is that exists.
fn real(dir: &Path) -> Option<PathBuf> {
    let dir = path::absolute(dir).ok()?;
    dir.ancestors().find_map(|dir| fs::canonicalize(dir).ok())
}

/// The first in `/proc/cpuinfo`; not every architecture has the field.
fn cpu(cpuinfo: &str) -> Option<String> {
    let model = cpuinfo.lines().find_map(|line| {
        let (field, value) = line.split_once(':')?;
        (field.trim() == "model name").then_some(value)
    })?;
    // Some makers pad it.
    let words: Vec<_> = model.split_whitespace().collect();
    Some(words.join(" ")).filter(|model| !model.is_empty())
}

fn memory(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    kilobytes.checked_mul(1024)
}

fn distribution(os_release: &str) -> Option<String> {
    let name = os_release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    let name = name.trim().trim_matches(['"', '\'']);
    Some(name.to_owned()).filter(|name| !name.is_empty())
}

fn kernel(release: &str) -> Option<String> {
    let end = release.find(|c: char| !c.is_ascii_digit() && c != '.');
    let number = &release[..end.unwrap_or(release.len())];
    Some(number.trim_end_matches('.').to_owned()).filter(|number| !number.is_empty())
}

/// The type of the deepest mount that holds a directory; of several in one place the last counts,
/// since it covers the others.
fn filesystem(mounts: &str, dir: &Path) -> Option<String> {
    let deepest = mounts
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(' ').skip(1);
            Some((unescaped(fields.next()?), fields.next()?))
        })
        .filter(|(point, _)| dir.starts_with(point))
        .max_by_key(|(point, _)| point.len());
    deepest.map(|(_, kind)| kind.to_owned())
}

/// A mount point as it is called; the file writes the characters that separate its fields in octal.
fn unescaped(point: &str) -> String {
    [(r"\040", " "), (r"\011", "\t"), (r"\012", "\n")]
        .iter()
        .fold(point.to_owned(), |point, (code, char)| {
            point.replace(code, char)
        })
        // The last, so that nothing is read that it only makes up.
        .replace(r"\134", r"\")
}

/// Whole ones where they are many: the system keeps a part of the memory to itself anyway.
fn gibibytes(bytes: u64) -> String {
    let gibibytes = bytes as f64 / f64::from(1 << 30);
    let digits = usize::from(gibibytes < 8.0);
    format!("{gibibytes:.digits$} GiB")
}

fn capitalised(system: &str) -> String {
    if system == "macos" {
        return "macOS".to_owned();
    }
    let mut chars = system.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}

#[cfg(test)]
impl Machine {
    /// One of which everything is known.
    pub(super) fn known() -> Self {
        Self {
            cpu: Some("A 7".to_owned()),
            cores: Some(2),
            memory_bytes: Some(24_683_656 * 1024),
            system: "linux",
            distribution: None,
            kernel: Some("6.1.0".to_owned()),
            architecture: "x86_64",
            filesystem: Some("ext4".to_owned()),
            debug_assertions: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn a_processor_is_called_as_its_maker_does() {
        let two = "processor\t: 0\nmodel\t\t: 6\nmodel name\t: A  B(R) 7 @ 2 GHz \n\n\
                   processor\t: 1\nmodel name\t: other\n";
        assert_eq!(cpu(two).as_deref(), Some("A B(R) 7 @ 2 GHz"));
        assert_eq!(cpu("processor\t: 0\nCPU implementer\t: 0x41\n"), None);
        assert_eq!(cpu("model name\t:\n"), None);
    }

    #[test]
    fn memory_is_told_in_bytes() {
        let text = "MemTotal:       24683656 kB\nMemFree:        1 kB\n";
        assert_eq!(memory(text), Some(24_683_656 * 1024));
        assert_eq!(memory("MemFree: 1 kB\n"), None);
        assert_eq!(memory("MemTotal: 99999999999999999999 kB\n"), None);
    }

    #[rstest]
    #[case(
        "ID=x\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n",
        Some("Debian GNU/Linux 12")
    )]
    #[case("PRETTY_NAME=Void\n", Some("Void"))]
    #[case("PRETTY_NAME=\"\"\n", None)]
    #[case("NAME=x\n", None)]
    fn a_distribution_has_a_pretty_name(#[case] text: &str, #[case] name: Option<&str>) {
        assert_eq!(distribution(text).as_deref(), name);
    }

    #[rstest]
    #[case("6.1.0-18-amd64\n", Some("6.1.0"))]
    #[case("6.18.44\n", Some("6.18.44"))]
    #[case("6.5-of-somebody", Some("6.5"))]
    #[case("6.", Some("6"))]
    #[case("none", None)]
    fn a_kernel_is_told_without_names(#[case] release: &str, #[case] number: Option<&str>) {
        assert_eq!(kernel(release).as_deref(), number);
    }

    const MOUNTS: &str = "/dev/a / ext4 rw 0 0\n\
                          tmpfs /tmp tmpfs rw 0 0\n\
                          /dev/b /srv/my\\040data xfs rw 0 0\n\
                          /dev/c /srv/my\\040data btrfs rw 0 0\n\
                          broken\n";

    #[rstest]
    #[case("/home/x", "ext4")]
    #[case("/tmp", "tmpfs")]
    #[case("/tmp/x", "tmpfs")]
    // Another directory, though its name begins with the same letters.
    #[case("/tmpx", "ext4")]
    #[case("/srv/my data/x", "btrfs")]
    fn the_deepest_mount_counts(#[case] dir: &str, #[case] kind: &str) {
        assert_eq!(filesystem(MOUNTS, Path::new(dir)).as_deref(), Some(kind));
    }

    #[test]
    fn without_a_mount_no_filesystem_is_told() {
        assert_eq!(filesystem("", Path::new("/")), None);
        let elsewhere = filesystem("x /a ext4 rw 0 0", Path::new("/b"));
        assert_eq!(elsewhere, None);
    }

    #[test]
    fn a_backslash_is_read_once() {
        assert_eq!(unescaped(r"/a\040b\134040\011c"), "/a b\\040\tc");
    }

    #[test]
    fn all_that_is_known_stands_in_a_line() {
        assert_eq!(
            Machine::known().to_string(),
            "2 cores of A 7, 24 GiB, Linux 6.1.0, ext4"
        );
    }

    #[test]
    fn what_is_unknown_is_left_out() {
        let machine = Machine {
            cpu: None,
            cores: None,
            memory_bytes: None,
            system: "macos",
            distribution: None,
            kernel: None,
            architecture: "aarch64",
            filesystem: None,
            debug_assertions: true,
        };
        assert_eq!(machine.to_string(), "aarch64, macOS, a debug build");
        let one = Machine {
            cores: Some(1),
            memory_bytes: Some(1 << 29),
            debug_assertions: false,
            ..machine
        };
        assert_eq!(one.to_string(), "1 core of aarch64, 0.5 GiB, macOS");
    }

    #[test]
    fn this_machine_is_told_though_the_directory_is_missing() {
        let machine = Machine::here(Path::new("target/not/there"));
        assert!(machine.to_string().contains(&capitalised(consts::OS)));
        if cfg!(target_os = "linux") {
            assert!(machine.memory_bytes.is_some_and(|bytes| bytes > 1 << 20));
            assert!(machine.filesystem.is_some());
        }
    }
}
