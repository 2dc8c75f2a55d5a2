//! `multipart/form-data` (RFC 7578), a part at a time and in constant memory.
//!
//! Written here because what exists either believes a part that says it has fewer bytes than it has,
//! and drops the others, or holds whatever comes. Only the boundary tells where a part ends.

use actix_web::error::PayloadError;
use actix_web::web::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use memchr::memmem::Finder;

mod head;
#[cfg(test)]
mod tests;

pub(crate) use head::Head;

/// The most parts of a form.
const MOST_PARTS: usize = 64;

/// The most bytes of a part's head.
const MOST_HEAD: usize = 16 * 1024;

/// The most white space after a boundary, which some gateways leave there.
const MOST_PADDING: usize = 64;

/// The most characters of a boundary (RFC 2046).
const MOST_BOUNDARY: usize = 70;

/// Why a form can't be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// What it is in broke off.
    Broken,
    /// It is no form, for this reason.
    Form(&'static str),
}

type Read<T> = Result<T, Malformed>;

/// The parts of a form, one after the other.
pub(crate) struct Multipart<S> {
    stream: S,
    ended: bool,
    buffer: BytesMut,
    /// A line break, two hyphens, and the boundary.
    delimiter: Finder<'static>,
    place: Place,
    parts: usize,
}

/// Where the buffer begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Before the first boundary, or within a part.
    Within,
    /// Just behind a boundary.
    Behind,
    /// After the last boundary.
    End,
}

impl<S> Multipart<S>
where
    S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
{
    /// The form in this stream, with the boundary that its type names.
    pub(crate) fn new(boundary: &str, stream: S) -> Read<Self> {
        let fits = (1..=MOST_BOUNDARY).contains(&boundary.len())
            && boundary.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
            && !boundary.ends_with(' ');
        if !fits {
            return Err(Malformed::Form("the form's boundary is none"));
        }
        let delimiter = format!("\r\n--{boundary}");
        Ok(Self {
            stream,
            ended: false,
            // A form may begin with its boundary, without the line break before it.
            buffer: BytesMut::from("\r\n"),
            delimiter: Finder::new(&delimiter).into_owned(),
            place: Place::Within,
            parts: 0,
        })
    }

    /// The head of the next part; what was not read of the one before is passed by. None at the end.
    pub(crate) async fn next(&mut self) -> Read<Option<Head>> {
        while self.bytes().await?.is_some() {}
        if self.place == Place::End || self.is_last().await? {
            self.place = Place::End;
            return Ok(None);
        }
        self.parts += 1;
        if self.parts > MOST_PARTS {
            return Err(Malformed::Form("the form has more than 64 parts"));
        }
        let head = self.head().await?;
        self.place = Place::Within;
        head::parse(&head).map(Some)
    }

    /// The next bytes of the part; none at its end.
    pub(crate) async fn bytes(&mut self) -> Read<Option<Bytes>> {
        while self.place == Place::Within {
            if let Some(at) = self.delimiter.find(&self.buffer) {
                if at > 0 {
                    return Ok(Some(self.buffer.split_to(at).freeze()));
                }
                let _ = self.buffer.split_to(self.delimiter.needle().len());
                self.place = Place::Behind;
                break;
            }
            // What may be the beginning of a boundary waits for what follows it.
            let held = self.buffer.len().min(self.delimiter.needle().len() - 1);
            let sure = self.buffer.len() - held;
            if sure > 0 {
                return Ok(Some(self.buffer.split_to(sure).freeze()));
            }
            self.more().await?;
        }
        Ok(None)
    }

    /// Whether the boundary that was just read is the last; passes by the end of its line.
    async fn is_last(&mut self) -> Read<bool> {
        while self.buffer.len() < 2 {
            self.more().await?;
        }
        if self.buffer.starts_with(b"--") {
            return Ok(true);
        }
        loop {
            let padding = self
                .buffer
                .iter()
                .take_while(|b| b" \t".contains(b))
                .count();
            match self.buffer.get(padding..padding + 2) {
                Some(b"\r\n") => {
                    let _ = self.buffer.split_to(padding + 2);
                    return Ok(false);
                }
                None if padding <= MOST_PADDING && self.buffer.len() < padding + 2 => {
                    self.more().await?;
                }
                _ => {
                    return Err(Malformed::Form(
                        "a boundary of the form is not a line of its own",
                    ));
                }
            }
        }
    }

    /// The head of a part, with the empty line at its end.
    async fn head(&mut self) -> Read<Bytes> {
        loop {
            let end = if self.buffer.starts_with(b"\r\n") {
                Some(2)
            } else {
                memchr::memmem::find(&self.buffer, b"\r\n\r\n").map(|at| at + 4)
            };
            match end {
                Some(end) if end <= MOST_HEAD => return Ok(self.buffer.split_to(end).freeze()),
                None if self.buffer.len() < MOST_HEAD => self.more().await?,
                _ => return Err(Malformed::Form("the head of a part is too long")),
            }
        }
    }

    /// Waits for more bytes.
    async fn more(&mut self) -> Read<()> {
        let early = Malformed::Form("the form ends before its last boundary");
        if self.ended {
            return Err(early);
        }
        match self.stream.next().await {
            Some(Ok(bytes)) => {
                self.buffer.extend_from_slice(&bytes);
                Ok(())
            }
            Some(Err(_)) => Err(Malformed::Broken),
            None => {
                self.ended = true;
                Err(early)
            }
        }
    }
}
