//! The clock of one live connection: its heartbeat, and the end of its credentials.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::rt::time::{Instant, Sleep, sleep_until};

use super::BEAT;

/// What the time has come for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// To show that the connection lives.
    Beat,
    /// To end it.
    End,
}

/// One timer for both.
pub(super) struct Beat {
    timer: Pin<Box<Sleep>>,
    next: Instant,
    end: Option<Instant>,
}

impl Beat {
    /// From now on, until `end`.
    pub(super) fn until(end: Option<Instant>) -> Self {
        let next = Instant::now() + BEAT;
        let first = end.map_or(next, |end| end.min(next));
        Self {
            timer: Box::pin(sleep_until(first)),
            next,
            end,
        }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Due> {
        loop {
            std::task::ready!(self.timer.as_mut().poll(cx));
            let now = Instant::now();
            if self.end.is_some_and(|end| end <= now) {
                return Poll::Ready(Due::End);
            }
            let due = self.next <= now;
            if due {
                self.next = now + BEAT;
            }
            let next = self.end.map_or(self.next, |end| end.min(self.next));
            self.timer.as_mut().reset(next);
            if due {
                return Poll::Ready(Due::Beat);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    async fn next(beat: &mut Beat) -> (Due, Duration) {
        let from = Instant::now();
        let due = poll_fn(|cx| beat.poll(cx)).await;
        (due, from.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn it_beats_until_the_end() {
        let mut beat = Beat::until(Some(Instant::now() + BEAT * 2 + BEAT / 3));
        for _ in 0..2 {
            let (due, after) = next(&mut beat).await;
            assert_eq!(due, Due::Beat);
            assert!(after >= BEAT && after < BEAT + Duration::from_secs(1));
        }
        let (due, after) = next(&mut beat).await;
        assert_eq!(due, Due::End);
        assert!(after < BEAT / 2);
    }

    #[tokio::test(start_paused = true)]
    async fn without_an_end_it_goes_on() {
        let mut beat = Beat::until(None);
        for _ in 0..10 {
            assert_eq!(next(&mut beat).await.0, Due::Beat);
        }
    }
}
