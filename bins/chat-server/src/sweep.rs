//! Forgetting what was kept long enough, in the background and a little at a time: answers for
//! retries, what has happened, and files that nothing uses.

use std::time::Duration;

use actix_web::rt;
use chat_service::{ChatService, ServiceError};

/// How long nothing is looked for after everything was done, at the most.
const PAUSE: Duration = Duration::from_secs(60);

/// The pause between two small steps, so that the writes of others come in between.
const BREATH: Duration = Duration::from_millis(20);

/// Forgets answers, on the current runtime, with which it ends.
pub(crate) fn answers(service: ChatService, kept_for: Duration) {
    sweep("answers kept for retries", kept_for, async move || {
        let forgotten = service.forget_answers().await?;
        if forgotten > 0 {
            log::debug!("{forgotten} answers kept for retries were forgotten");
        }
        Ok(forgotten > 0)
    });
}

/// Forgets what has happened, on the current runtime, with which it ends.
pub(crate) fn events(service: ChatService, kept_for: Duration) {
    sweep("what has happened", kept_for, async move || {
        let passed = service.forget_events(kept_for).await?;
        if passed > 0 {
            log::debug!("{passed} entries of the log were passed, and those forgotten that may be");
        }
        Ok(passed > 0)
    });
}

/// Collects files, on the current runtime, with which it ends.
pub(crate) fn files(service: ChatService, grace: Duration) {
    sweep("files that nothing uses", grace, async move || {
        let collected = service.collect_files().await?;
        if collected.anything() {
            log::debug!("of the files went {collected:?}");
        }
        Ok(collected.anything())
    });
}

/// Takes steps as long as each says that there was something to do.
fn sweep(
    what: &'static str,
    kept_for: Duration,
    step: impl AsyncFn() -> Result<bool, ServiceError> + 'static,
) {
    // Short times, as tests have them, want to be kept too.
    let pause = PAUSE.min(kept_for);
    drop(rt::spawn(async move {
        loop {
            match step().await {
                Ok(true) => rt::time::sleep(BREATH).await,
                Ok(false) => rt::time::sleep(pause).await,
                Err(error) => {
                    log::warn!("{what} can't be forgotten now: {error}");
                    rt::time::sleep(pause).await;
                }
            }
        }
    }));
}
