//! A run of the server under valgrind, from its start to its end, and how many instructions it took.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use tokio::runtime::Builder;
use tokio::time::timeout;

use super::workload::{self, Kind};
use crate::server::Server;

/// How long a run may take; it takes some seconds.
const PATIENCE: Duration = Duration::from_secs(180);

/// What counts.
pub(super) struct Valgrind {
    /// The processor that the server is bound to. It serves with a thread for each one it may use, so
    /// that with one it is the same server on every machine.
    processor: String,
}

impl Valgrind {
    /// Looks whether it is there.
    pub(super) fn find() -> Result<Self> {
        for (program, package) in [("valgrind", "valgrind"), ("taskset", "util-linux")] {
            is_there(program, package)?;
        }
        let status = fs::read_to_string("/proc/self/status").context("no Linux")?;
        let processor = first_processor(&status).context("no processor may be used")?;
        Ok(Self {
            processor: processor.to_owned(),
        })
    }

    /// The instructions of a run of the workload, with more requests of a kind if one is given. What
    /// valgrind tells of it is in a file of `dir` that is named after the kind.
    pub(super) fn count(&self, server: &Server, dir: &Path, more: Option<Kind>) -> Result<u64> {
        let name = more.map_or("base", Kind::name);
        let file = dir.join(format!("{name}.callgrind"));
        let data = tempfile::tempdir()?;
        let runner = self.runner(&file)?;
        let child = server.under(runner).start(data.path())?;
        let target = child.target();
        let run = async { timeout(PATIENCE, workload::run(&target, more)).await };
        let runtime = Builder::new_current_thread().enable_all().build()?;
        runtime
            .block_on(run)
            .unwrap_or_else(|_| Err(anyhow!("it took longer than {} s", PATIENCE.as_secs())))
            .with_context(|| format!("the run {name} under valgrind"))?;
        child.stop()?;
        let told = fs::read_to_string(&file).with_context(|| format!("no {}", file.display()))?;
        total(&told).with_context(|| format!("no total in {}", file.display()))
    }

    /// The programs in front of the server, with their arguments.
    fn runner(&self, file: &Path) -> Result<Vec<String>> {
        let file = file.to_str().context("a directory that is no UTF-8")?;
        let log = format!("{file}.log");
        let runner = [
            "taskset",
            "--cpu-list",
            &self.processor,
            // One arena: which of several a thread is given, and so how much the allocator searches,
            // would depend on how threads happened to start.
            "env",
            "MALLOC_ARENA_MAX=1",
            "valgrind",
            "--tool=callgrind",
            "--vgdb=no",
            &format!("--log-file={log}"),
            &format!("--callgrind-out-file={file}"),
        ];
        Ok(runner.map(str::to_owned).into())
    }
}

fn is_there(program: &str, package: &str) -> Result<()> {
    let asked = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .output();
    match asked {
        Err(error) if error.kind() == ErrorKind::NotFound => Err(anyhow!(
            "{program} is not installed: it is needed to count instructions; install the package \
             {package}"
        )),
        asked => {
            let status = asked
                .with_context(|| format!("can't run {program}"))?
                .status;
            ensure!(status.success(), "{program} --version ended with {status}");
            Ok(())
        }
    }
}

/// The first processor that a process may use, from its `/proc/PID/status`.
fn first_processor(status: &str) -> Option<&str> {
    let list = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    list.trim()
        .split([',', '-'])
        .next()
        .filter(|number| !number.is_empty())
}

/// The sum of all instructions, from callgrind's or cachegrind's file.
fn total(told: &str) -> Option<u64> {
    told.lines()
        .filter_map(|line| line.strip_prefix("summary:"))
        .next_back()?
        .trim()
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_the_summary() {
        let told =
            "# callgrind format\nevents: Ir\nsummary: 607838123\n\nob=(1) x\n0 7\ntotals: 9\n";
        assert_eq!(total(told), Some(607_838_123));
    }

    #[test]
    fn what_broke_off_or_counts_more_than_instructions_has_no_total() {
        for told in [
            "",
            "events: Ir\n",
            "summary:",
            "summary: many",
            "summary: 1 2",
        ] {
            assert_eq!(total(told), None, "{told}");
        }
    }

    #[test]
    fn the_first_processor_is_one_that_may_be_used() {
        let first = |list| first_processor(list).map(str::to_owned);
        assert_eq!(first("Cpus_allowed_list:\t0-3\n").as_deref(), Some("0"));
        assert_eq!(
            first("A: 1\nCpus_allowed_list:\t5,7\n").as_deref(),
            Some("5")
        );
        assert_eq!(first("Cpus_allowed_list:\t11\n").as_deref(), Some("11"));
        assert_eq!(first("Cpus_allowed_list:\t\n"), None);
        assert_eq!(first("Cpus_allowed:\t3\n"), None);
    }

    #[test]
    fn a_missing_program_is_named_with_its_package() {
        let error = is_there("no-such-program", "some-package").unwrap_err();
        let sentence = error.to_string();
        assert!(
            sentence.starts_with("no-such-program is not installed"),
            "{sentence}"
        );
        assert!(sentence.ends_with("some-package"), "{sentence}");
    }
}
