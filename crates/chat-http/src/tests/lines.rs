//! The log of this test binary, kept for tests to look at.

use std::sync::{Mutex, Once, PoisonError};

use log::{LevelFilter, Log, Metadata, Record};

/// One line.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) target: String,
    pub(super) text: String,
}

struct Keeper(Mutex<Vec<Line>>);

static KEEPER: Keeper = Keeper(Mutex::new(Vec::new()));

impl Log for Keeper {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let line = Line {
            target: record.target().to_owned(),
            text: record.args().to_string(),
        };
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(line);
    }

    fn flush(&self) {}
}

/// From here on lines are kept, for all tests of this process at once.
pub(super) fn keep() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        log::set_logger(&KEEPER).unwrap();
        log::set_max_level(LevelFilter::Info);
    });
}

/// The lines that have `text` in them, which should be something that no other test says.
pub(super) fn with(text: &str) -> Vec<Line> {
    let lines = KEEPER.0.lock().unwrap_or_else(PoisonError::into_inner);
    let found = lines.iter().filter(|line| line.text.contains(text));
    found.cloned().collect()
}

/// The lines about the request with this id.
pub(super) fn of_request(id: &str) -> Vec<String> {
    let lines = with(&format!(" id={id} ")).into_iter();
    let access = lines.filter(|line| line.target == "chat_http::access");
    access.map(|line| line.text).collect()
}
