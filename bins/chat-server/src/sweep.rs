//! Forgetting what was kept long enough, in the background and a little at a time.

use std::time::Duration;

use actix_web::rt;
use chat_service::ChatService;

/// How long nothing is looked for after everything was done, at the most.
const PAUSE: Duration = Duration::from_secs(60);

/// The pause between two small steps, so that the writes of others come in between.
const BREATH: Duration = Duration::from_millis(20);

/// Starts it on the current runtime, with which it ends.
pub(crate) fn start(service: ChatService, kept_for: Duration) {
    // Short times, as tests have them, want to be kept too.
    let pause = PAUSE.min(kept_for);
    drop(rt::spawn(async move {
        loop {
            match service.forget_answers().await {
                Ok(0) => rt::time::sleep(pause).await,
                Ok(forgotten) => {
                    log::debug!("{forgotten} answers kept for retries were forgotten");
                    rt::time::sleep(BREATH).await;
                }
                Err(error) => {
                    log::warn!("answers kept for retries can't be forgotten now: {error}");
                    rt::time::sleep(pause).await;
                }
            }
        }
    }));
}
