//! Ctrl-C and SIGTERM: a run that is interrupted ends as one that has failed does, so that neither its
//! servers nor their data are left behind.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context, Result, ensure};
use tokio::runtime::Builder;

/// The exit code of what Ctrl-C has ended, as shells have it.
pub(crate) const EXIT_CODE: u8 = 130;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Listens from here on. Who interrupts twice wants it at once, whatever is left behind.
pub(crate) fn listen() -> Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let mut signals = runtime
        .block_on(async { Signals::install() })
        .context("can't listen for signals")?;
    thread::spawn(move || {
        runtime.block_on(async {
            signals.next().await;
            INTERRUPTED.store(true, Ordering::Relaxed);
            signals.next().await;
            #[allow(
                clippy::disallowed_methods,
                reason = "who asks twice does not want to wait until all is tidied up"
            )]
            process::exit(EXIT_CODE.into());
        });
    });
    Ok(())
}

/// Whether the run shall end.
pub(crate) fn came() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Fails once the run shall end.
pub(crate) fn check() -> Result<()> {
    ensure!(!came(), "interrupted");
    Ok(())
}

#[cfg(unix)]
struct Signals([tokio::signal::unix::Signal; 3]);

#[cfg(unix)]
impl Signals {
    fn install() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self([
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        ]))
    }

    async fn next(&mut self) {
        futures_util::future::select_all(self.0.iter_mut().map(|signal| Box::pin(signal.recv())))
            .await;
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn install() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        drop(tokio::signal::ctrl_c().await);
    }
}
