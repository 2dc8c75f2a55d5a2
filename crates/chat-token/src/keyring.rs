//! The set of keys in use, and when it is read anew.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use chat_domain::Timestamp;
use chat_domain::ports::Clock;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::Rejected;
use crate::key_set::KeySet;
use crate::source::Source;

/// How old keys may become: then they are read anew, while they serve on. So a key that was removed is
/// good for this long, and for as long as its source can't be read, or no token comes.
const LASTS: Duration = Duration::from_secs(60 * 60);

/// How long at least after one attempt to read them comes the next, whatever tokens name.
const PAUSE: Duration = Duration::from_secs(60);

/// The same while there are none yet.
const FIRST_PAUSE: Duration = Duration::from_secs(5);

/// How long a verification waits for keys.
const PATIENCE: Duration = Duration::from_secs(5);

/// A set of keys that follows its source.
///
/// It is read on a thread of its own, so that no runtime waits, and none has to outlive it: those that
/// verify may be many, each with its own thread.
pub(crate) struct Keyring {
    source: Source,
    clock: Arc<dyn Clock>,
    held: RwLock<Option<Held>>,
    reading: Mutex<Reading>,
}

#[derive(Clone)]
struct Held {
    set: Arc<KeySet>,
    since: Timestamp,
}

/// The last attempt to read the keys.
#[derive(Default)]
struct Reading {
    began: Option<Timestamp>,
    /// Closed once it has ended, however it did.
    end: Option<watch::Receiver<()>>,
    /// Whether it ended well.
    good: bool,
}

impl Keyring {
    /// Keys from there, and these until then.
    pub(crate) fn new(source: Source, clock: Arc<dyn Clock>, set: Option<KeySet>) -> Self {
        let now = clock.now();
        let reading = Reading {
            began: set.is_some().then_some(now),
            end: None,
            good: set.is_some(),
        };
        let held = set.map(|set| Held {
            set: Arc::new(set),
            since: now,
        });
        Self {
            source,
            clock,
            held: RwLock::new(held),
            reading: Mutex::new(reading),
        }
    }

    /// A set that has this key. Waits only if the one in use has not, and there may be another.
    pub(crate) async fn with(self: &Arc<Self>, kid: Option<&str>) -> Result<Arc<KeySet>, Rejected> {
        let now = self.clock.now();
        if let Some(held) = self.held() {
            if is_due(held.since, LASTS, now) {
                self.read_anew(now);
            }
            if held.set.find(kid).is_some() {
                return Ok(held.set);
            }
            if kid.is_none() {
                return Err(Rejected::UnknownKey);
            }
        }
        if let Some(mut end) = self.read_anew(now) {
            // Nothing is ever sent. Whatever came of it, the rest looks.
            let _ = timeout(PATIENCE, end.changed()).await;
        }
        let found = self.held().filter(|held| held.set.find(kid).is_some());
        found.map(|held| held.set).ok_or_else(|| {
            if self.reading().good {
                Rejected::UnknownKey
            } else {
                Rejected::KeysUnavailable
            }
        })
    }

    /// Begins to read them, unless that was done just now. Its end, if it has not come yet: that of the
    /// one attempt that is under way.
    fn read_anew(self: &Arc<Self>, now: Timestamp) -> Option<watch::Receiver<()>> {
        let pause = self.held().map_or(FIRST_PAUSE, |_| PAUSE);
        let mut reading = self.reading();
        let under_way = reading.end.as_ref().filter(|end| end.has_changed().is_ok());
        if under_way.is_some() {
            return under_way.cloned();
        }
        if reading
            .began
            .is_some_and(|began| !is_due(began, pause, now))
        {
            return None;
        }
        let (ending, end) = watch::channel(());
        *reading = Reading {
            began: Some(now),
            end: Some(end.clone()),
            good: false,
        };
        let keyring = Arc::clone(self);
        let thread = thread::Builder::new().name("token-keys".to_owned());
        let begun = thread.spawn(move || {
            keyring.read();
            drop(ending);
        });
        if let Err(error) = begun {
            log::warn!("the keys of tokens can't be read: {error}");
        }
        Some(end)
    }

    fn read(&self) {
        match self.source.read() {
            Ok(set) => self.hold(set),
            Err(error) => {
                log::warn!(
                    "the keys of tokens can't be read from {}: {error}",
                    self.source
                );
            }
        }
    }

    fn hold(&self, set: KeySet) {
        let held = Held {
            set: Arc::new(set),
            since: self.clock.now(),
        };
        let names = held.set.names();
        let before = self.held();
        if before.is_none_or(|before| before.set.names() != names) {
            log::info!("the keys of tokens from {} are {names:?} now", self.source);
        }
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(held.clone());
        self.reading().good = true;
    }

    fn held(&self) -> Option<Held> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.clone()
    }

    fn reading(&self) -> MutexGuard<'_, Reading> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether so much time has passed since then; or the clock was set back, and nobody knows.
fn is_due(since: Timestamp, pause: Duration, now: Timestamp) -> bool {
    now < since || now >= since.later_by(pause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_ends_and_a_clock_may_be_set_back() {
        let second = |n: i64| Timestamp::from_micros(n * 1_000_000);
        for (now, due) in [
            (0, true),
            (99, true),
            (100, false),
            (159, false),
            (160, true),
        ] {
            assert_eq!(is_due(second(100), PAUSE, second(now)), due, "{now}");
        }
    }
}
