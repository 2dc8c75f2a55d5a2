//! A WebSocket: the body of an answer that goes on, and what its client says meanwhile.
//!
//! Its frames are dealt with one after another, each when the one before is answered, and events are told in
//! between. A client that does not read is neither told nor heard, until it does.

use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_http::ws::{CloseCode, HandshakeError, OpCode, hash_key, verify_handshake};
use actix_web::body::{BodySize, MessageBody};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::rt::time::{Instant, Sleep, sleep};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use chat_service::{Ended, Notice, Reader};

use super::beat::{Beat, Due};
use super::desk::{Answering, Desk};
use super::encode::{self, Unwritable};
use super::incoming::{Incoming, Said};
use super::{AT_ONCE, SILENCE};
use crate::answer::Answer;
use crate::memory::BoundedElsewhere;
use crate::metrics::{Readers, Reading};
use crate::problem::Problem;
use crate::{pace, random, unread};

/// How long a client may take to say goodbye too.
const GOODBYE: Duration = Duration::from_secs(2);

/// After how many milliseconds those are asked to come back that a stopping node sends away: not all at once.
const BACK_AFTER: u64 = 500;
const BACK_WITHIN: u64 = 4_500;

/// What the client's key comes to, if the request asks for a WebSocket as it should.
pub(crate) fn accept(request: &HttpRequest) -> Result<HeaderValue, Problem> {
    verify_handshake(request.head()).map_err(|error| match error {
        HandshakeError::BadWebsocketKey => {
            Problem::bad_request("Sec-WebSocket-Key must have 16 bytes in base64")
        }
        _ => Problem::upgrade_required(),
    })?;
    let key = request.headers().get(header::SEC_WEBSOCKET_KEY);
    let key = key.ok_or_else(Problem::upgrade_required)?;
    HeaderValue::from_bytes(&hash_key(key.as_bytes())).map_err(Problem::internal)
}

/// Answers with a socket over which the reader's events are told until `end`, and frames are dealt with.
pub(crate) fn answer(
    request: &HttpRequest,
    accept: HeaderValue,
    mut reader: Reader,
    desk: Desk,
    end: Option<Instant>,
    readers: &Readers,
) -> Answer {
    reader.show_presence();
    let ready = encode::ready_frame(reader.cursor()).map_err(Problem::internal)?;
    pace::be_patient(request, SILENCE);
    let socket = Socket {
        reader,
        incoming: Incoming::new(unread::take(request)),
        desk: Rc::new(desk),
        answering: None,
        waiting: VecDeque::from([ready]),
        beat: Beat::until(end),
        heard: Instant::now(),
        stage: Stage::Open,
        reading: readers.by_socket(),
    };
    let mut answer = HttpResponse::build(StatusCode::SWITCHING_PROTOCOLS)
        .upgrade("websocket")
        .insert_header((header::SEC_WEBSOCKET_ACCEPT, accept))
        .body(socket);
    answer.extensions_mut().insert(BoundedElsewhere);
    Ok(answer)
}

enum Stage {
    Open,
    /// We have said goodbye, and wait shortly for the client to.
    Leaving(Pin<Box<Sleep>>),
    Over,
}

struct Socket {
    reader: Reader,
    incoming: Incoming,
    desk: Rc<Desk>,
    /// What the last frame asked for, under way.
    answering: Option<Answering>,
    waiting: VecDeque<Bytes>,
    beat: Beat,
    /// When the client was last heard, or has taken something.
    heard: Instant,
    stage: Stage,
    reading: Reading,
}

impl Socket {
    fn leave(&mut self, code: CloseCode, why: impl Into<String>) {
        self.waiting.push_back(encode::close(code, why));
        self.answering = None;
        self.stage = Stage::Leaving(Box::pin(sleep(GOODBYE)));
    }

    /// Whether what was under way has come to an end.
    fn poll_answer(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(answering) = &mut self.answering else {
            return false;
        };
        let Poll::Ready(answer) = answering.as_mut().poll(cx) else {
            return false;
        };
        self.answering = None;
        match answer {
            Ok(answer) => self.waiting.extend(answer),
            Err(Unwritable) => self.fail(),
        }
        true
    }

    /// Whether the client has said something.
    fn poll_client(&mut self, cx: &mut Context<'_>) -> bool {
        if self.answering.is_some() {
            return false;
        }
        let Poll::Ready(said) = self.incoming.poll(cx) else {
            return false;
        };
        self.heard = Instant::now();
        let leaving = matches!(self.stage, Stage::Leaving(_));
        match said {
            Said::Gone => self.stage = Stage::Over,
            Said::Close(_) | Said::Broken(..) if leaving => self.stage = Stage::Over,
            _ if leaving => {}
            Said::Text(text) => self.answering = Some(self.desk.take(&text)),
            Said::Binary => match Desk::refuse_binary() {
                Ok(refusal) => self.waiting.push_back(refusal),
                Err(Unwritable) => self.fail(),
            },
            Said::Ping(words) => self
                .waiting
                .push_back(encode::control(OpCode::Pong, &words)),
            Said::Pong => {}
            Said::Close(code) => {
                let code = code.unwrap_or(CloseCode::Normal);
                self.waiting.push_back(encode::close(code, ""));
                self.stage = Stage::Over;
            }
            Said::Broken(code, why) => self.leave(code, why),
        }
        true
    }

    fn take(&mut self, notices: &[Notice]) {
        let told: Result<Vec<_>, Unwritable> = notices.iter().map(encode::frame).collect();
        match told {
            Ok(told) => {
                // It was polled, so there is room: the client takes what it is told.
                self.heard = Instant::now();
                self.reading.gives(told.len());
                self.waiting.extend(told);
            }
            Err(Unwritable) => self.fail(),
        }
    }

    fn fail(&mut self) {
        self.leave(
            CloseCode::Error,
            "the server failed; go on from the last cursor",
        );
    }

    fn end(&mut self, why: Ended) {
        match why {
            Ended::Stopping => {
                let back = BACK_AFTER + random::below(BACK_WITHIN);
                self.leave(CloseCode::Restart, format!("come back in {back} ms"));
            }
            Ended::ActorGone => self.leave(CloseCode::Policy, "the user was deleted"),
            Ended::Failed(error) => {
                let problem = Problem::from(error);
                problem.log(&random::name());
                self.fail();
            }
        }
    }

    /// Whether something was due.
    fn poll_clock(&mut self, cx: &mut Context<'_>) -> bool {
        let Poll::Ready(due) = self.beat.poll(cx) else {
            return false;
        };
        match due {
            Due::End => self.leave(CloseCode::Policy, "the credentials have expired"),
            // There is nobody to say goodbye to.
            Due::Beat if self.heard.elapsed() >= SILENCE => self.stage = Stage::Over,
            Due::Beat => self.waiting.push_back(encode::control(OpCode::Ping, b"")),
        }
        true
    }
}

impl MessageBody for Socket {
    type Error = std::convert::Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.get_mut();
        loop {
            if let Some(next) = this.waiting.pop_front() {
                return Poll::Ready(Some(Ok(next)));
            }
            match &mut this.stage {
                Stage::Over => return Poll::Ready(None),
                Stage::Leaving(goodbye) => {
                    if goodbye.as_mut().poll(cx).is_ready() {
                        this.stage = Stage::Over;
                    } else if !this.poll_client(cx) {
                        return Poll::Pending;
                    }
                    continue;
                }
                Stage::Open => {}
            }
            // Each gets its turn: whoever says much is told all the same, and ends when its time has come.
            let mut active = this.poll_clock(cx);
            active |= this.poll_answer(cx);
            active |= this.poll_client(cx);
            if let (Stage::Open, Poll::Ready(given)) =
                (&this.stage, this.reader.poll_next(cx, AT_ONCE))
            {
                active = true;
                match given {
                    Ok(notices) => this.take(&notices),
                    Err(ended) => this.end(ended),
                }
            }
            if !active {
                return Poll::Pending;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use actix_http::BoxedPayloadStream;
    use actix_web::dev::Payload;
    use chat_domain::Actor;
    use futures_util::stream;

    use super::*;
    use crate::Metrics;
    use crate::actor::Caller;
    use crate::live::BEAT;
    use crate::testing::FakeStore;

    /// A socket whose client says nothing, until `end`.
    async fn silent(end: Option<Instant>) -> Socket {
        let service = FakeStore::ThreeUsers.service();
        let reader = service.open_reader(Actor::System, None).await.unwrap();
        let nothing: BoxedPayloadStream = Box::pin(stream::pending());
        let payload = Payload::Stream { payload: nothing };
        let desk = Desk {
            service,
            caller: Caller::System,
            turns: None,
            counted: None,
        };
        Socket {
            reader,
            incoming: Incoming::new(payload),
            desk: Rc::new(desk),
            answering: None,
            waiting: VecDeque::new(),
            beat: Beat::until(end),
            heard: Instant::now(),
            stage: Stage::Open,
            reading: Metrics::default().readers().by_socket(),
        }
    }

    async fn next(socket: &mut Socket) -> Option<Bytes> {
        let mut socket = Pin::new(socket);
        let next = poll_fn(|cx| socket.as_mut().poll_next(cx)).await;
        next.map(Result::unwrap)
    }

    #[tokio::test(start_paused = true)]
    async fn who_never_answers_is_given_up_after_some_pings() {
        let mut socket = silent(None).await;
        let start = Instant::now();
        let mut pings = 0;
        while let Some(ping) = next(&mut socket).await {
            assert_eq!(&ping[..], [0x89, 0]);
            pings += 1;
        }
        assert_eq!(pings, 2);
        let took = start.elapsed();
        assert!(took >= SILENCE && took < SILENCE + BEAT, "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn at_the_end_of_its_credentials_it_says_goodbye_and_waits_a_little() {
        let mut socket = silent(Some(Instant::now() + BEAT / 2)).await;
        let start = Instant::now();
        let goodbye = next(&mut socket).await.unwrap();
        assert_eq!(goodbye[0], 0x88);
        assert_eq!(goodbye[2..4], 1008_u16.to_be_bytes());
        assert_eq!(next(&mut socket).await, None);
        let took = start.elapsed();
        assert!(took >= BEAT / 2 + GOODBYE && took < BEAT, "{took:?}");
    }
}
