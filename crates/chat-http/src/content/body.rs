//! The body of content: a sequence of known length, of which little is in memory at any time.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec;

use actix_web::body::{BodySize, MessageBody, SizedStream};
use actix_web::web::Bytes;
use chat_domain::ports::BlobReader;
use futures_util::stream;

/// The most bytes handed to the connection at once; it copies them.
const MOST_AT_ONCE: usize = 64 * 1024;

/// Part of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// These bytes.
    Literal(Bytes),
    /// These of the content.
    Stored(Range<u64>),
}

impl Piece {
    fn length(&self) -> u64 {
        match self {
            // Of a few hundred bytes.
            Self::Literal(bytes) => bytes.len() as u64,
            Self::Stored(range) => range.end - range.start,
        }
    }
}

/// The body of these pieces, with the first that is stored already open.
pub(super) async fn begin<O, F, E>(
    pieces: Vec<Piece>,
    open: O,
) -> Result<impl MessageBody + 'static, E>
where
    O: Fn(Range<u64>) -> F + 'static,
    F: Future<Output = Result<Box<dyn BlobReader>, E>> + 'static,
    E: fmt::Display + 'static,
{
    let left = pieces.iter().map(Piece::length).sum();
    let first = pieces.iter().find_map(|piece| match piece {
        Piece::Stored(range) => Some(range.clone()),
        Piece::Literal(_) => None,
    });
    let opened = match first {
        Some(range) => Some(open(range).await?),
        None => None,
    };
    let flow = Flow {
        pieces: pieces.into_iter(),
        open,
        opened,
        reading: None,
        left,
    };
    Ok(SizedStream::new(left, stream::try_unfold(flow, Flow::step)))
}

/// A body under way.
struct Flow<O> {
    pieces: vec::IntoIter<Piece>,
    open: O,
    /// The first that is stored, until it is reached.
    opened: Option<Box<dyn BlobReader>>,
    reading: Option<Reading>,
    /// How many bytes of the body were not handed out.
    left: u64,
}

/// A stored piece under way.
struct Reading {
    reader: Box<dyn BlobReader>,
    /// What was read and not handed out.
    chunk: Bytes,
    /// How many bytes of the piece were not handed out.
    left: u64,
}

impl<O, F, E> Flow<O>
where
    O: Fn(Range<u64>) -> F,
    F: Future<Output = Result<Box<dyn BlobReader>, E>>,
    E: fmt::Display,
{
    /// The next bytes. An error ends the connection: the length was told, and nothing else can say
    /// that the rest is missing.
    async fn step(mut self) -> io::Result<Option<(Bytes, Self)>> {
        let next = self.next().await.inspect_err(|error| {
            let left = self.left;
            log::error!("an answer broke off with {left} bytes to go: {error}");
        });
        Ok(next?.map(|bytes| {
            self.left = self.left.saturating_sub(bytes.len() as u64);
            (bytes, self)
        }))
    }

    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            if let Some(reading) = &mut self.reading {
                if reading.left > 0 {
                    return reading.next().await.map(Some);
                }
                self.reading = None;
            }
            match self.pieces.next() {
                None => return Ok(None),
                Some(Piece::Literal(bytes)) => return Ok(Some(bytes)),
                Some(Piece::Stored(range)) => {
                    let left = range.end - range.start;
                    let reader = match self.opened.take() {
                        Some(reader) => reader,
                        None => (self.open)(range).await.map_err(failed)?,
                    };
                    self.reading = Some(Reading {
                        reader,
                        chunk: Bytes::new(),
                        left,
                    });
                }
            }
        }
    }
}

impl Reading {
    async fn next(&mut self) -> io::Result<Bytes> {
        while self.chunk.is_empty() {
            let chunk = self.reader.next().await.map_err(failed)?;
            self.chunk = chunk.ok_or(io::ErrorKind::UnexpectedEof)?;
        }
        let bytes = self.chunk.split_to(self.chunk.len().min(MOST_AT_ONCE));
        let left = self.left.checked_sub(bytes.len() as u64);
        self.left = left.ok_or_else(|| io::Error::other("more bytes than there should be"))?;
        Ok(bytes)
    }
}

fn failed(error: impl fmt::Display) -> io::Error {
    io::Error::other(error.to_string())
}

/// The body of an answer to HEAD: it has a length, and is not sent.
pub(super) struct Unsent(pub(super) u64);

impl MessageBody for Unsent {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.0)
    }

    fn poll_next(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        Poll::Ready(None)
    }
}
