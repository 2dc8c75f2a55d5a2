//! Events as bytes. What a node tells to many is made once, and shared: the frame of a WebSocket, whose
//! payload is the event's JSON, and what stands for it in a stream of server-sent events.

use std::fmt;

use actix_http::ws::{CloseCode, CloseReason, OpCode, Parser};
use actix_web::web::{Bytes, BytesMut};
use chat_domain::Cursor;
use chat_service::{Event, EventPage, Notice};
use serde::Serialize;

use crate::dto::events::{EphemeralJson, EventJson, ReadyJson};

/// Which of the encodings that an event keeps is which.
const FRAME: usize = 0;
const LINES: usize = 1;

/// An event can't be written down, which would be a defect of the server.
#[derive(Debug)]
pub(crate) struct Unwritable;

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event can't be written as JSON")
    }
}

type Result<T> = std::result::Result<T, Unwritable>;

/// What a WebSocket tells of a notice.
pub(super) fn frame(notice: &Notice) -> Result<Bytes> {
    match notice {
        Notice::Event(event) => frame_of(event),
        Notice::Typing(typing) => text(&EphemeralJson::from(*typing)),
        Notice::Presence(presence) => text(&EphemeralJson::from(*presence)),
    }
}

/// What a stream of server-sent events tells of a notice.
pub(super) fn lines(notice: &Notice) -> Result<Bytes> {
    match notice {
        Notice::Event(event) => lines_of(event),
        Notice::Typing(typing) => ephemeral(&EphemeralJson::from(*typing)),
        Notice::Presence(presence) => ephemeral(&EphemeralJson::from(*presence)),
    }
}

/// The first frame of a WebSocket.
pub(super) fn ready_frame(cursor: Cursor) -> Result<Bytes> {
    text(&ready(cursor))
}

/// The first of a stream of server-sent events.
pub(super) fn ready_lines(cursor: Cursor) -> Result<Bytes> {
    let ready = ready(cursor);
    let json = json(&ready)?;
    Ok(block(Some(&ready.cursor), ready.kind, &json))
}

fn ready(cursor: Cursor) -> ReadyJson {
    ReadyJson {
        kind: "ready",
        cursor: cursor.to_string(),
    }
}

/// A page as a poll is answered with it.
pub(super) fn page(page: &EventPage) -> Result<Vec<u8>> {
    let mut body = Vec::from(br#"{"events":["#);
    for (number, event) in page.events.iter().enumerate() {
        if number > 0 {
            body.push(b',');
        }
        body.extend_from_slice(&payload(&frame_of(event)?));
    }
    let (cursor, more) = (page.cursor, page.more);
    body.extend_from_slice(format!(r#"],"cursor":"{cursor}","more":{more}}}"#).as_bytes());
    Ok(body)
}

/// A text frame with this as JSON.
pub(super) fn text(thing: &impl Serialize) -> Result<Bytes> {
    Ok(framed(&json(thing)?, OpCode::Text))
}

/// A frame of the protocol itself.
pub(super) fn control(kind: OpCode, payload: &[u8]) -> Bytes {
    framed(payload, kind)
}

/// The frame that says goodbye, and why.
pub(super) fn close(code: CloseCode, why: impl Into<String>) -> Bytes {
    let mut frame = BytesMut::new();
    let reason = CloseReason {
        code,
        description: Some(why.into()),
    };
    Parser::write_close(&mut frame, Some(reason), false);
    frame.freeze()
}

fn frame_of(event: &Event) -> Result<Bytes> {
    let made = event.encoded(FRAME, |event| {
        let json = json(&EventJson::from(event));
        json.map_or_else(
            |Unwritable| Bytes::new(),
            |json| framed(&json, OpCode::Text),
        )
    });
    some(made)
}

fn lines_of(event: &Event) -> Result<Bytes> {
    let json = payload(&frame_of(event)?);
    some(event.encoded(LINES, |event| {
        block(Some(&event.cursor.to_string()), event.name(), &json)
    }))
}

/// A frame that could not be made is empty; none that was made is.
fn some(made: Bytes) -> Result<Bytes> {
    if made.is_empty() {
        return Err(Unwritable);
    }
    Ok(made)
}

fn json(thing: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(thing).map_err(|error| {
        log::error!("an event can't be written as JSON: {error}");
        Unwritable
    })
}

fn framed(payload: &[u8], kind: OpCode) -> Bytes {
    let mut frame = BytesMut::with_capacity(payload.len() + 10);
    Parser::write_message(&mut frame, payload, kind, true, false);
    frame.freeze()
}

/// What stands in a frame of ours, which is whole and has no mask.
fn payload(frame: &Bytes) -> Bytes {
    let head = match frame.get(1) {
        Some(127) => 10,
        Some(126) => 4,
        _ => 2,
    };
    frame.slice(head.min(frame.len())..)
}

fn ephemeral(told: &EphemeralJson) -> Result<Bytes> {
    Ok(block(None, told.kind(), &json(told)?))
}

/// JSON has no line breaks, so that it is one line of data.
fn block(id: Option<&str>, kind: &str, json: &[u8]) -> Bytes {
    let mut lines = Vec::with_capacity(json.len() + 96);
    if let Some(id) = id {
        lines.extend([b"id: ", id.as_bytes(), b"\n"].concat());
    }
    for part in [b"event: ", kind.as_bytes(), b"\ndata: ", json, b"\n\n"] {
        lines.extend_from_slice(part);
    }
    lines.into()
}

#[cfg(test)]
mod tests {
    use chat_domain::{LogId, Presence, UserId};
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(1)]
    #[case(125)]
    #[case(126)]
    #[case(65_535)]
    #[case(65_536)]
    fn a_frames_payload_is_found_whatever_its_length(#[case] length: usize) {
        let words = vec![b'x'; length];
        assert_eq!(payload(&framed(&words, OpCode::Text)), words);
    }

    #[test]
    fn the_first_of_a_stream_has_its_cursor() {
        let log = LogId::parse("00112233445566778899aabbccddeeff").unwrap();
        let cursor = Cursor { log, position: 7 };
        let expected = format!(
            "id: {cursor}\nevent: ready\ndata: {{\"kind\":\"ready\",\"cursor\":\"{cursor}\"}}\n\n"
        );
        assert_eq!(ready_lines(cursor).unwrap(), expected);
    }

    #[test]
    fn what_is_stored_nowhere_has_no_id() {
        let presence = Notice::Presence(Presence {
            user_id: UserId::parse(7).unwrap(),
            online: true,
            last_seen: None,
        });
        assert_eq!(
            lines(&presence).unwrap(),
            "event: presence\ndata: {\"kind\":\"presence\",\"data\":{\"user_id\":7,\"online\":true}}\n\n"
        );
    }
}
