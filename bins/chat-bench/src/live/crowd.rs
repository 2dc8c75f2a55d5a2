//! Many readers at once, shared out over the cores: what they were told is counted, and how long it took.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::runtime::Builder;
use tokio::sync::Semaphore;

use super::reader::Reader;
use crate::client::Target;
use crate::load::Latencies;

/// How many connect at a time: a queue of connections is not what is measured.
const AT_ONCE: usize = 100;

/// What stands in a text before the number of its message.
pub(super) const MARK: &[u8] = b"message ";

/// How wide that number is.
const DIGITS: usize = 12;

/// What all readers share.
pub(super) struct Told {
    /// How many events were told to all of them.
    count: AtomicU64,
    /// How many readers there are.
    readers: u64,
    /// One for each message that may be on its way to them.
    pub(super) window: Semaphore,
    /// When each message was sent, by its number from `first`, and how long it took to each reader.
    times: Option<Times>,
    stop: AtomicBool,
    failed: Mutex<Option<anyhow::Error>>,
}

/// How long messages are on their way.
pub(super) struct Times {
    sent: Mutex<Vec<Instant>>,
    taken: Mutex<Latencies>,
    first: u64,
}

impl Told {
    /// Of so many readers, to which at most `window` messages are on their way.
    pub(super) fn new(readers: usize, window: usize, timed_from: Option<u64>) -> Arc<Self> {
        Arc::new(Self {
            count: AtomicU64::new(0),
            readers: readers as u64,
            window: Semaphore::new(window),
            times: timed_from.map(|first| Times {
                sent: Mutex::new(Vec::new()),
                taken: Mutex::new(Latencies::new()),
                first,
            }),
            stop: AtomicBool::new(false),
            failed: Mutex::new(None),
        })
    }

    /// So many were told; of what all have been told the next may be sent.
    fn add(&self, number: u64) {
        let before = self.count.fetch_add(number, Ordering::Relaxed);
        let whole = (before + number) / self.readers - before / self.readers;
        if whole > 0 {
            self.window.add_permits(usize::try_from(whole).unwrap_or(0));
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// The next message is being sent.
    pub(super) fn sends(&self) {
        if let (Some(times), now) = (&self.times, Instant::now()) {
            times
                .sent
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(now);
        }
    }

    /// A text has come.
    fn comes(&self, text: &[u8]) {
        let Some(times) = &self.times else { return };
        let now = Instant::now();
        let number = number(text).and_then(|number| number.checked_sub(times.first));
        let sent = number.and_then(|number| {
            let sent = times.sent.lock().unwrap_or_else(PoisonError::into_inner);
            sent.get(usize::try_from(number).ok()?).copied()
        });
        if let Some(sent) = sent {
            let mut taken = times.taken.lock().unwrap_or_else(PoisonError::into_inner);
            taken.add(now - sent);
        }
    }

    /// How long messages took.
    pub(super) fn latencies(&self) -> Option<Latencies> {
        let times = self.times.as_ref()?;
        Some(
            times
                .taken
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        )
    }

    /// Waits until all readers were told so much in all.
    pub(super) fn wait_for(&self, count: u64, patience: Duration) -> Result<()> {
        let since = Instant::now();
        while self.count() < count {
            self.check()?;
            ensure!(
                since.elapsed() < patience,
                "of {count} deliveries {} came within {} s",
                self.count(),
                patience.as_secs()
            );
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        let failed = self
            .failed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        failed.map_or(Ok(()), Err)
    }
}

/// The number of the message in a text.
fn number(text: &[u8]) -> Option<u64> {
    let at = memchr::memmem::find(text, MARK)? + MARK.len();
    let digits = text.get(at..at + DIGITS)?;
    std::str::from_utf8(digits).ok()?.trim().parse().ok()
}

/// Readers that read until they are told to stop.
pub(super) struct Crowd {
    told: Arc<Told>,
    threads: Vec<JoinHandle<Result<Vec<u64>>>>,
}

impl Crowd {
    /// Connects a reader to each of these paths, and waits until all of them are ready. Each reads what has
    /// `kind` in it.
    pub(super) fn connect(
        target: &Target,
        paths: Vec<String>,
        kind: &'static [u8],
        told: &Arc<Told>,
    ) -> Result<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let ready = Arc::new(Barrier::new(cores + 1));
        let mut shares: Vec<Vec<String>> = (0..cores).map(|_| Vec::new()).collect();
        for (number, path) in paths.into_iter().enumerate() {
            shares[number % cores].push(path);
        }
        let threads = shares.into_iter().map(|share| {
            let (target, told, ready) = (target.clone(), Arc::clone(told), Arc::clone(&ready));
            thread::spawn(move || {
                let runtime = Builder::new_current_thread().enable_all().build()?;
                runtime.block_on(async {
                    let connected = connect_all(&target, share).await;
                    ready.wait();
                    let done = join_all(
                        connected?
                            .into_iter()
                            .map(|reader| listen(reader, kind, &told)),
                    );
                    let told: Result<Vec<u64>> = done.await.into_iter().collect();
                    told
                })
            })
        });
        let threads = threads.collect();
        ready.wait();
        told.check()?;
        Ok(Self {
            told: Arc::clone(told),
            threads,
        })
    }

    /// Lets all of them go; each must have been told exactly so many.
    pub(super) fn end(self, each: u64) -> Result<()> {
        self.told.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            let counts = thread.join().map_err(|_| anyhow!("a reader panicked"))??;
            for count in counts {
                ensure!(
                    count == each,
                    "a reader was told {count} events instead of {each}"
                );
            }
        }
        Ok(())
    }
}

async fn connect_all(target: &Target, paths: Vec<String>) -> Result<Vec<Reader>> {
    let mut waiting = paths.iter();
    let mut connecting = FuturesUnordered::new();
    let mut readers = Vec::with_capacity(paths.len());
    let connect = |path: &String| {
        let path = path.clone();
        async move {
            let mut reader = Reader::connect(target, &path).await?;
            reader.begin().await?;
            anyhow::Ok(reader)
        }
    };
    connecting.extend(waiting.by_ref().take(AT_ONCE).map(connect));
    while let Some(reader) = connecting.next().await {
        readers.push(reader.context("a reader can't connect")?);
        connecting.extend(waiting.next().map(connect));
    }
    Ok(readers)
}

/// Reads until it is told to stop; how many events it was told.
async fn listen(mut reader: Reader, kind: &'static [u8], told: &Told) -> Result<u64> {
    let mut count = 0;
    while !told.stop.load(Ordering::Relaxed) {
        let mut some = 0;
        let read = reader.read(|text| {
            if memchr::memmem::find(text, kind).is_some() {
                some += 1;
                told.comes(text);
            }
        });
        match tokio::time::timeout(Duration::from_millis(100), read).await {
            // Nothing to read: it looks whether it is to stop.
            Err(_) => {}
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                let said = format!("{error:#}");
                *told.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                return Err(anyhow!(said));
            }
        }
        count += some;
        if some > 0 {
            told.add(some);
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_message_is_read_from_its_event() {
        let text = br#"{"kind":"message.created","data":{"content":"message           42 says"}}"#;
        assert_eq!(number(text), Some(42));
        assert_eq!(number(b"message x"), None);
    }

    #[test]
    fn the_next_may_be_sent_when_all_were_told() {
        let told = Told::new(3, 1, None);
        told.window.try_acquire().unwrap().forget();
        told.add(2);
        assert_eq!(told.window.available_permits(), 0);
        told.add(1);
        assert_eq!(told.window.available_permits(), 1);
        told.add(7);
        assert_eq!(told.window.available_permits(), 3);
        assert_eq!(told.count(), 10);
    }
}
