//! What goes to the log.

use std::sync::{Mutex, Once, PoisonError};

use log::{LevelFilter, Log, Metadata, Record};

struct Keeper(Mutex<Vec<String>>);

static KEEPER: Keeper = Keeper(Mutex::new(Vec::new()));

impl Log for Keeper {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        if record.target().starts_with("chat_token") {
            let line = format!("{} {}", record.level(), record.args());
            let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            lines.push(line);
        }
    }

    fn flush(&self) {}
}

/// Keeps what is logged from now on, by all tests.
pub(super) fn keep() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&KEEPER).unwrap();
        log::set_max_level(LevelFilter::Trace);
    });
}

/// The lines with this text.
pub(super) fn with(text: &str) -> Vec<String> {
    let lines = KEEPER.0.lock().unwrap_or_else(PoisonError::into_inner);
    let with = lines.iter().filter(|line| line.contains(text));
    with.cloned().collect()
}
