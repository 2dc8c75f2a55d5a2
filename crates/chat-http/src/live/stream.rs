//! A stream of server-sent events: the body of an answer that goes on.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::HttpResponse;
use actix_web::body::{BodySize, MessageBody};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::rt::time::Instant;
use actix_web::web::Bytes;
use chat_service::{Ended, Notice, Reader};

use super::AT_ONCE;
use super::beat::{Beat, Due};
use super::encode::{self, Unwritable};
use crate::answer::Answer;
use crate::memory::BoundedElsewhere;
use crate::metrics::{Readers, Reading};
use crate::pace::Peer;
use crate::problem::Problem;
use crate::random;

/// A type that browsers read as a stream.
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");

/// Asks a proxy to hold nothing back.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// What shows that the connection lives.
const COMMENT: &[u8] = b":\n\n";

/// Until when those come back that a stopping node sends away, in milliseconds: not all at once.
const BACK_AFTER: u64 = 500;
const BACK_WITHIN: u64 = 4_500;

/// Whether the client asks for a stream.
pub(crate) fn is_wanted(headers: &header::HeaderMap) -> bool {
    let ranges = headers.get_all(header::ACCEPT);
    let mut ranges = ranges
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','));
    ranges.any(|range| {
        let kind = range.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("text/event-stream")
    })
}

/// Answers with a stream of what the reader is given, which ends at `end`.
pub(crate) fn answer(
    mut reader: Reader,
    peer: Peer,
    end: Option<Instant>,
    readers: &Readers,
) -> Answer {
    reader.show_presence();
    let ready = encode::ready_lines(reader.cursor()).map_err(Problem::internal)?;
    let stream = EventStream {
        reader,
        peer,
        waiting: VecDeque::from([ready]),
        beat: Beat::until(end),
        over: false,
        reading: readers.by_stream(),
    };
    let mut answer = HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, EVENT_STREAM))
        .insert_header((X_ACCEL_BUFFERING, "no"))
        .body(stream);
    answer.extensions_mut().insert(BoundedElsewhere);
    Ok(answer)
}

struct EventStream {
    reader: Reader,
    peer: Peer,
    waiting: VecDeque<Bytes>,
    beat: Beat,
    over: bool,
    reading: Reading,
}

impl EventStream {
    fn take(&mut self, notices: &[Notice]) {
        let told: Result<Vec<_>, Unwritable> = notices.iter().map(encode::lines).collect();
        match told {
            Ok(told) => {
                self.reading.gives(told.len());
                self.waiting.extend(told);
            }
            // It is read again from its cursor, here or elsewhere.
            Err(Unwritable) => self.over = true,
        }
    }

    fn end(&mut self, why: &Ended) {
        if *why == Ended::Stopping {
            let back = BACK_AFTER + random::below(BACK_WITHIN);
            self.waiting.push_back(format!("retry: {back}\n\n").into());
        }
        self.over = true;
    }
}

impl MessageBody for EventStream {
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
            if this.over || this.peer.poll_left(cx).is_ready() {
                return Poll::Ready(None);
            }
            // First the clock: whoever always has something to read must end too.
            match this.beat.poll(cx) {
                Poll::Ready(Due::End) => {
                    this.over = true;
                    continue;
                }
                Poll::Ready(Due::Beat) => this.waiting.push_back(Bytes::from_static(COMMENT)),
                Poll::Pending => {}
            }
            match this.reader.poll_next(cx, AT_ONCE) {
                Poll::Ready(Ok(notices)) => this.take(&notices),
                Poll::Ready(Err(ended)) => this.end(&ended),
                Poll::Pending if this.waiting.is_empty() => return Poll::Pending,
                Poll::Pending => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::nothing(&[], false)]
    #[case::anything(&["*/*"], false)]
    #[case::json(&["application/json"], false)]
    #[case::alone(&["text/event-stream"], true)]
    #[case::among(&["application/json, Text/Event-Stream;q=0.5"], true)]
    #[case::second_line(&["application/json", "text/event-stream"], true)]
    #[case::longer(&["text/event-stream-of-mine"], false)]
    fn a_stream_is_asked_for_by_its_type(#[case] lines: &[&str], #[case] wanted: bool) {
        let mut request = TestRequest::get();
        for line in lines {
            request = request.append_header((header::ACCEPT, *line));
        }
        assert_eq!(is_wanted(request.to_http_request().headers()), wanted);
    }
}
