//! Answers that are bytes of a known size: the content of a file, or its thumbnail.
//!
//! They have a validator, so that who has them need not fetch them again (RFC 9110, 13), and are given
//! in part to who asks for parts (RFC 9110, 14). What is stored is opened when it is sent, and goes
//! through memory a little at a time.

use std::fmt;
use std::ops::Range;

use actix_web::http::header::{self, EntityTag, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponseBuilder};
use chat_domain::ports::{BlobReader, LinkTerms};
use chat_domain::{FileName, MediaType, Thumbnail, ThumbnailSize};
use chat_service::FileContent;

use crate::answer::Answer;
use crate::etag;
use crate::problem::Problem;

mod body;
mod disposition;
pub(crate) mod memory;
mod parts;
mod ranges;
#[cfg(test)]
mod tests;

pub(crate) use memory::in_memory;

use disposition::disposition;

use body::{Piece, Unsent};
use ranges::Wanted;

/// Should a browser take it for a page after all, that page can do nothing and is of no origin.
const SAVED: HeaderValue =
    HeaderValue::from_static("sandbox; default-src 'none'; frame-ancestors 'self'");

/// Who opens what is shown by its address gets a page that the browser makes of it. That page runs nothing
/// either, but fetches a sound or a film once more itself: so it may, and is of our own origin.
const SHOWN: HeaderValue = HeaderValue::from_static(
    "sandbox allow-same-origin; default-src 'none'; img-src 'self'; media-src 'self'; \
     style-src 'unsafe-inline'; frame-ancestors 'self'",
);

/// No page of another site shows it, or hears how large it is.
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderValue = HeaderValue::from_static("same-site");

const BYTES: HeaderValue = HeaderValue::from_static("bytes");

/// What is known of the type when nothing is.
const UNKNOWN_TYPE: &str = "application/octet-stream";

/// What is served, besides the bytes themselves.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    /// A strong validator: other bytes have another.
    pub(crate) etag: EntityTag,
    /// How many bytes there are.
    pub(crate) size: u64,
    /// Their type, if it is known.
    pub(crate) media_type: Option<MediaType>,
    /// Their name, if they have one.
    pub(crate) name: Option<FileName>,
}

/// The answer to a GET or a HEAD for this content. `open` gives the bytes of a range within it; what
/// comes first is opened before there is an answer, so that a failure is still told as one.
///
/// # Errors
/// If none of the ranges asked for is within the content, or what `open` says.
pub(crate) async fn answer<O, F, E>(request: &HttpRequest, content: &Content, open: O) -> Answer
where
    O: Fn(Range<u64>) -> F + 'static,
    F: Future<Output = Result<Box<dyn BlobReader>, E>> + 'static,
    E: Into<Problem> + fmt::Display + 'static,
{
    if let Some(had) = etag::not_again(request, &content.etag) {
        return Ok(had);
    }
    let size = content.size;
    if request.method() == Method::HEAD {
        return Ok(content.whole()?.body(Unsent(size)));
    }
    let wanted = if etag::may_have_parts(request, &content.etag) {
        ranges::wanted(request.headers().get_all(header::RANGE), size)
    } else {
        Wanted::Whole
    };
    let (mut response, pieces) = match wanted {
        Wanted::Whole if size == 0 => (content.whole()?, Vec::new()),
        Wanted::Whole => (content.whole()?, vec![Piece::Stored(0..size)]),
        Wanted::Part(range) => {
            let mut response = content.described(StatusCode::PARTIAL_CONTENT)?;
            let place = ranges::content_range(&range, size);
            response.insert_header((header::CONTENT_RANGE, place));
            response.insert_header((header::CONTENT_TYPE, content.type_name()));
            (response, vec![Piece::Stored(range)])
        }
        Wanted::Parts(ranges) => {
            let boundary = parts::boundary();
            let mut response = content.described(StatusCode::PARTIAL_CONTENT)?;
            response.insert_header((header::CONTENT_TYPE, parts::type_name(&boundary)));
            let pieces = parts::pieces(ranges, &boundary, content.type_name(), size);
            (response, pieces)
        }
        Wanted::Nothing => return Err(Problem::range_not_satisfiable(size)),
    };
    let body = body::begin(pieces, open).await.map_err(Into::into)?;
    Ok(response.body(body))
}

/// The validator of a thumbnail, of so much that another version of us might draw otherwise.
pub(crate) fn thumbnail_etag(found: &FileContent, size: ThumbnailSize) -> EntityTag {
    EntityTag::new_strong(format!("{}-{}-1", found.blob.hash, size.get()))
}

impl Content {
    /// The content of a file.
    pub(crate) fn of(found: &FileContent) -> Self {
        Self {
            etag: EntityTag::new_strong(found.blob.hash.to_string()),
            size: found.size(),
            media_type: found.file.media_type.clone(),
            name: found.file.name.clone(),
        }
    }

    /// The thumbnail of a file. It has no name: that is the original's, with its type at the end.
    pub(crate) fn of_thumbnail(
        found: &FileContent,
        size: ThumbnailSize,
        thumbnail: &Thumbnail,
    ) -> Self {
        Self {
            etag: thumbnail_etag(found, size),
            size: thumbnail.bytes.len() as u64,
            media_type: Some(thumbnail.media_type.clone()),
            name: None,
        }
    }

    /// How it is to be served by who has it.
    pub(crate) fn terms(&self) -> LinkTerms {
        LinkTerms {
            media_type: MediaType::trusted(self.type_name().to_owned()),
            disposition: self.disposition(),
        }
    }

    /// The value of `Content-Disposition`.
    fn disposition(&self) -> String {
        disposition(self.shown().is_some(), self.name.as_ref())
    }

    /// A type that a browser might run is told to nobody.
    fn type_name(&self) -> &str {
        self.shown().map_or(UNKNOWN_TYPE, MediaType::as_str)
    }

    /// The type, if it is one that is shown and not saved.
    fn shown(&self) -> Option<&MediaType> {
        self.media_type
            .as_ref()
            .filter(|kind| kind.is_inline_safe())
    }

    /// What a page may do that a browser makes of it.
    fn policy(&self) -> HeaderValue {
        self.shown().map_or(SAVED, |_| SHOWN)
    }

    /// With what every answer has that brings bytes, but for their type.
    fn described(&self, status: StatusCode) -> Result<HttpResponseBuilder, Problem> {
        let disposition = HeaderValue::try_from(self.disposition()).map_err(Problem::internal)?;
        let mut response = etag::validated(status, &self.etag);
        let fixed: [(HeaderName, HeaderValue); 4] = [
            (header::ACCEPT_RANGES, BYTES),
            (header::CONTENT_SECURITY_POLICY, self.policy()),
            (header::CONTENT_DISPOSITION, disposition),
            (
                header::CROSS_ORIGIN_RESOURCE_POLICY,
                CROSS_ORIGIN_RESOURCE_POLICY,
            ),
        ];
        for header in fixed {
            response.insert_header(header);
        }
        Ok(response)
    }

    /// 200 with all of it.
    fn whole(&self) -> Result<HttpResponseBuilder, Problem> {
        let mut response = self.described(StatusCode::OK)?;
        response.insert_header((header::CONTENT_TYPE, self.type_name()));
        Ok(response)
    }
}
