//! What comes over a WebSocket: whole messages, of bounded size.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_http::ws::{CloseCode, OpCode, Parser, ProtocolError};
use actix_web::dev::Payload;
use actix_web::web::{Bytes, BytesMut};
use futures_util::Stream;

/// The most bytes of a message.
const MOST: usize = 128 * 1024;

/// Something that a peer says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// A message.
    Text(Bytes),
    /// A message that is no text.
    Binary,
    /// It wants to see that we live.
    Ping(Bytes),
    /// It lives.
    Pong,
    /// It goes.
    Close(Option<CloseCode>),
    /// It breaks the protocol, in a way that this code tells.
    Broken(CloseCode, &'static str),
    /// Nothing comes any more.
    Gone,
}

/// The messages of one connection.
pub(super) struct Incoming {
    payload: Payload,
    bytes: BytesMut,
    /// The message that is not whole yet.
    begun: Option<Begun>,
    over: bool,
}

struct Begun {
    is_text: bool,
    parts: BytesMut,
}

impl Incoming {
    pub(super) fn new(payload: Payload) -> Self {
        Self {
            payload,
            bytes: BytesMut::new(),
            begun: None,
            over: false,
        }
    }

    /// What comes next. After `Broken` and `Gone` there is nothing more.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Said> {
        loop {
            if self.over {
                return Poll::Ready(Said::Gone);
            }
            let frame = Parser::parse(&mut self.bytes, true, MOST);
            let said = match frame {
                Ok(Some((last, kind, words))) => self.whole(last, kind, words.unwrap_or_default()),
                Ok(None) => {
                    ready!(self.poll_more(cx));
                    continue;
                }
                Err(error) => Some(broken(&error)),
            };
            if let Some(said) = said {
                self.over |= matches!(said, Said::Broken(..));
                return Poll::Ready(said);
            }
        }
    }

    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // Nothing is kept for those who say nothing.
        if self.bytes.is_empty() {
            self.bytes = BytesMut::new();
        }
        match ready!(Pin::new(&mut self.payload).poll_next(cx)) {
            Some(Ok(piece)) => self.bytes.extend_from_slice(&piece),
            Some(Err(_)) | None => self.over = true,
        }
        Poll::Ready(())
    }

    /// What a frame comes to, if it ends a message.
    fn whole(&mut self, last: bool, kind: OpCode, words: BytesMut) -> Option<Said> {
        match kind {
            OpCode::Text | OpCode::Binary if self.begun.is_some() => Some(NOT_BEGUN_ANEW),
            OpCode::Text if last => Some(Said::Text(words.freeze())),
            OpCode::Binary if last => Some(Said::Binary),
            OpCode::Text | OpCode::Binary => {
                self.begun = Some(Begun {
                    is_text: kind == OpCode::Text,
                    parts: words,
                });
                None
            }
            OpCode::Continue => self.go_on(last, &words),
            // What the protocol says itself has no parts.
            _ if !last => Some(NO_FRAME),
            OpCode::Ping => Some(Said::Ping(words.freeze())),
            OpCode::Pong => Some(Said::Pong),
            OpCode::Close => Some(match Parser::try_parse_close_payload(&words) {
                Ok(reason) => Said::Close(reason.map(|reason| reason.code)),
                Err(error) => broken(&error),
            }),
            OpCode::Bad => Some(NO_FRAME),
        }
    }

    fn go_on(&mut self, last: bool, words: &[u8]) -> Option<Said> {
        let Some(begun) = &mut self.begun else {
            return Some(NO_FRAME);
        };
        if begun.parts.len() + words.len() > MOST {
            return Some(TOO_LARGE);
        }
        begun.parts.extend_from_slice(words);
        let whole = self.begun.take_if(|_| last)?;
        Some(if whole.is_text {
            Said::Text(whole.parts.freeze())
        } else {
            Said::Binary
        })
    }
}

const NO_FRAME: Said = Said::Broken(CloseCode::Protocol, "this is no frame of a client");
const NOT_BEGUN_ANEW: Said = Said::Broken(
    CloseCode::Protocol,
    "a message began before the last one had ended",
);
const TOO_LARGE: Said = Said::Broken(CloseCode::Size, "a message may have 128 KiB");

fn broken(error: &ProtocolError) -> Said {
    match error {
        ProtocolError::Overflow => TOO_LARGE,
        _ => NO_FRAME,
    }
}
