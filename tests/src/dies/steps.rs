//! The steps of a life, and its end.

use std::env;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::{Mutex, PoisonError};

/// Counts steps, and ends the process at one of them.
pub(crate) struct Steps {
    /// The last step of this life; none if it has no such end.
    last: Option<Last>,
    life: Mutex<Life>,
}

/// Of all steps, or of those of a kind, the one that has this number.
struct Last {
    number: u64,
    kind: Option<String>,
}

struct Life {
    /// How many were taken.
    steps: u64,
    /// How many of the kind of the last one.
    of_its_kind: u64,
    trace: Option<File>,
}

impl Steps {
    /// As the environment says.
    pub(crate) fn from_env() -> Result<Self, String> {
        let last = match env::var("FAULT_AT") {
            Ok(text) => Some(Last::parse(&text).ok_or("FAULT_AT is no number of a step")?),
            Err(_) => None,
        };
        let trace = match env::var_os("FAULT_TRACE") {
            Some(path) => {
                let file = OpenOptions::new().create(true).append(true).open(&path);
                Some(file.map_err(|error| format!("FAULT_TRACE: {error}"))?)
            }
            None => None,
        };
        let life = Mutex::new(Life {
            steps: 0,
            of_its_kind: 0,
            trace,
        });
        Ok(Self { last, life })
    }

    /// Takes a step. At the last one nothing comes back, and no other thread takes one more.
    pub(crate) fn take(&self, what: &str, when: &str) {
        let mut life = self.life.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = format!("{what} {when}");
        life.steps += 1;
        let steps = life.steps;
        if let Some(trace) = &mut life.trace {
            // A step that is not in the trace is one that is not killed at; there is nobody to tell.
            drop(trace.write_all(format!("{steps} {kind}\n").as_bytes()));
        }
        let reached = match &self.last {
            None => false,
            Some(Last { number, kind: None }) => *number == steps,
            Some(Last {
                number,
                kind: Some(last),
            }) => {
                life.of_its_kind += u64::from(*last == kind);
                *last == kind && *number == life.of_its_kind
            }
        };
        if reached {
            die();
        }
    }

    /// Two steps around this work: before it begins, and when it has ended.
    pub(crate) async fn around<T>(&self, what: &str, work: impl Future<Output = T>) -> T {
        self.take(what, "asked");
        let done = work.await;
        self.take(what, "answered");
        done
    }
}

impl Last {
    /// `12`, or `3 keep answered` for the third of these.
    fn parse(text: &str) -> Option<Self> {
        let (number, kind) = match text.split_once(' ') {
            Some((number, kind)) => (number, Some(kind.to_owned())),
            None => (text, None),
        };
        let number = number.parse().ok()?;
        Some(Self { number, kind })
    }
}

/// Ends the process so that nothing of it runs any more: no handler, no destructor.
fn die() -> ! {
    #[cfg(unix)]
    {
        use rustix::process::{Signal, getpid, kill_process};
        if kill_process(getpid(), Signal::KILL).is_ok() {
            // Until the signal has come.
            loop {
                std::thread::park();
            }
        }
    }
    std::process::abort()
}
