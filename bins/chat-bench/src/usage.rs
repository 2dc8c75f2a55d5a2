//! What a process has used: processor time and memory, where the system tells it (Linux).

use std::fs;
use std::time::Duration;

/// The length of a tick in `/proc/PID/stat`, which is 10 ms on every Linux of today.
const TICK: Duration = Duration::from_millis(10);

/// The processor time that all threads of a process have used so far.
pub(crate) fn cpu(pid: u32) -> Option<Duration> {
    // To the nanosecond where the kernel tells it so.
    exact(pid).or_else(|| in_ticks(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?))
}

/// The memory that a process holds now, in bytes.
pub(crate) fn resident(pid: u32) -> Option<u64> {
    status(pid, "VmRSS:")
}

/// The most memory that a process has held since it started or [`forget_peak`] was called, in bytes.
pub(crate) fn peak(pid: u32) -> Option<u64> {
    status(pid, "VmHWM:")
}

/// Lets the peak begin anew; where the system can't, it goes on from the start.
pub(crate) fn forget_peak(pid: u32) {
    drop(fs::write(format!("/proc/{pid}/clear_refs"), "5"));
}

fn exact(pid: u32) -> Option<Duration> {
    let mut nanos = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task")).ok()? {
        let stat = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        nanos += stat.split(' ').next()?.parse::<u64>().ok()?;
    }
    Some(Duration::from_nanos(nanos)).filter(|used| !used.is_zero())
}

/// User and system time, the 14th and 15th field; the second is a name that may hold anything.
fn in_ticks(stat: &str) -> Option<Duration> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some(TICK * (user + system))
}

fn status(pid: u32, field: &str) -> Option<u64> {
    kilobytes(
        &fs::read_to_string(format!("/proc/{pid}/status")).ok()?,
        field,
    )
}

fn kilobytes(status: &str, field: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_read_behind_any_name() {
        let stat = "7 (a) b (c) R 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20";
        assert_eq!(in_ticks(stat), Some(Duration::from_secs(2)));
        assert_eq!(in_ticks("7 (a) R 1"), None);
    }

    #[test]
    fn memory_is_told_in_bytes() {
        let status = "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t 1024 kB\n";
        assert_eq!(kilobytes(status, "VmRSS:"), Some(1 << 20));
        assert_eq!(kilobytes(status, "VmSwap:"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_uses_something() {
        let pid = std::process::id();
        let before = cpu(pid).unwrap();
        let mut sum = 0_u64;
        while cpu(pid).unwrap() <= before + Duration::from_millis(20) {
            sum = std::hint::black_box(sum + 1);
        }
        assert!(resident(pid).unwrap() > 100_000);
        assert!(peak(pid).unwrap() >= resident(pid).unwrap());
    }
}
