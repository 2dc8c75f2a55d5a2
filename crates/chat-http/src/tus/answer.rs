//! The headers of answers.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue};
use chat_domain::{Timestamp, Upload};
use jiff::fmt::rfc2822::DateTimePrinter;

use super::checksum::ALGORITHMS;
use super::field::{
    TUS_CHECKSUM_ALGORITHM, TUS_EXTENSION, TUS_MAX_SIZE, TUS_RESUMABLE, TUS_VERSION,
    UPLOAD_EXPIRES, UPLOAD_FILE_ID, UPLOAD_LENGTH, UPLOAD_METADATA, UPLOAD_OFFSET,
};
use super::{EXTENSIONS, VERSION};
use crate::problem::Problem;
use crate::reply::{Made, Reply};

const RFC_9110: DateTimePrinter = DateTimePrinter::new();

/// Marks an answer as one of the protocol, whatever it says; and one to a client that speaks another
/// version says which it may speak.
pub(crate) fn mark(headers: &mut HeaderMap, status: StatusCode) {
    let version = HeaderValue::from_static(VERSION);
    headers.insert(TUS_RESUMABLE.header, version.clone());
    if status == StatusCode::PRECONDITION_FAILED {
        headers.insert(TUS_VERSION.header, version);
    }
}

/// Says what is offered: the answer to OPTIONS.
pub(crate) fn offers(headers: &mut HeaderMap, most: u64) {
    for (field, value) in [
        (TUS_VERSION, VERSION),
        (TUS_EXTENSION, EXTENSIONS),
        (TUS_CHECKSUM_ALGORITHM, ALGORITHMS),
    ] {
        headers.insert(field.header, HeaderValue::from_static(value));
    }
    headers.insert(TUS_MAX_SIZE.header, HeaderValue::from(most));
}

/// The answer to who began an upload: where it is, and how long it can be resumed.
///
/// # Errors
/// Only for a time that no calendar has.
pub(crate) fn begun(location: String, upload: &Upload) -> Made {
    let expires = date(upload.expires_at).map_err(serde::ser::Error::custom)?;
    Ok(Reply::begun(location, &UPLOAD_EXPIRES.header, &expires))
}

/// Says of an upload how far it has come with the bytes of a request, and which file it has become.
///
/// # Errors
/// Only for a time that no calendar has.
pub(crate) fn advanced(headers: &mut HeaderMap, upload: &Upload) -> Result<(), Problem> {
    headers.insert(UPLOAD_OFFSET.header, HeaderValue::from(upload.offset()));
    if let Some(file) = upload.file_id {
        headers.insert(UPLOAD_FILE_ID.header, HeaderValue::from(file.get()));
    }
    let expires = date(upload.expires_at).map_err(Problem::internal)?;
    let expires = HeaderValue::from_str(&expires).map_err(Problem::internal)?;
    headers.insert(UPLOAD_EXPIRES.header, expires);
    Ok(())
}

/// Says all that is known of an upload, as of now: the answer to HEAD.
///
/// # Errors
/// Only for a time that no calendar has, or metadata that no header could have brought.
pub(crate) fn found(headers: &mut HeaderMap, upload: &Upload) -> Result<(), Problem> {
    let length = HeaderValue::from(upload.length.get());
    let fresh = HeaderValue::from_static("no-store");
    let mut say = |header: HeaderName, value| drop(headers.insert(header, value));
    say(UPLOAD_LENGTH.header, length);
    say(CACHE_CONTROL, fresh);
    if let Some(metadata) = &upload.metadata {
        let raw = HeaderValue::from_str(metadata).map_err(Problem::internal)?;
        say(UPLOAD_METADATA.header, raw);
    }
    advanced(headers, upload)
}

/// A time as HTTP has it, `Sun, 22 Nov 2026 10:21:00 GMT`. What is finer than a second is cut off, so
/// that nothing is promised beyond it.
fn date(time: Timestamp) -> Result<String, jiff::Error> {
    let seconds = time.as_micros().div_euclid(1_000_000);
    let time = jiff::Timestamp::from_second(seconds)?;
    RFC_9110.timestamp_to_rfc9110_string(&time)
}

#[cfg(test)]
mod tests {
    use chat_domain::{FileId, FileSize, Generation, StageMark, UploadId, UploadProgress};
    use rstest::rstest;

    use super::*;

    fn size(bytes: i64) -> FileSize {
        FileSize::parse(bytes).unwrap()
    }

    fn upload(offset: Option<i64>) -> Upload {
        Upload {
            id: UploadId::parse(1).unwrap(),
            uploader_id: None,
            name: None,
            metadata: Some("filename YQ==,b".to_owned()),
            length: size(100),
            progress: offset.map(|offset| UploadProgress {
                offset: size(offset),
                mark: StageMark::from_bytes(Vec::new()),
                digest: Vec::new(),
                head: Vec::new(),
            }),
            file_id: None,
            expires_at: Timestamp::from_micros(1_795_342_860_999_999),
            generation: Generation::default(),
        }
    }

    /// All headers that `write` writes, by name.
    fn written(write: impl FnOnce(&mut HeaderMap)) -> Vec<(String, String)> {
        let mut headers = HeaderMap::new();
        write(&mut headers);
        let mut all: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        all.sort();
        all
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        expected.iter().map(owned).collect()
    }

    const EXPIRES: (&str, &str) = ("upload-expires", "Sun, 22 Nov 2026 10:21:00 GMT");

    #[test]
    fn every_answer_says_which_version_it_is_of() {
        for status in [200, 204, 400, 404, 460, 500] {
            let status = StatusCode::from_u16(status).unwrap();
            let headers = written(|headers| mark(headers, status));
            assert_eq!(headers, pairs(&[("tus-resumable", "1.0.0")]), "{status}");
        }
    }

    #[test]
    fn who_speaks_another_version_is_told_the_one_that_is_spoken() {
        let headers = written(|headers| mark(headers, StatusCode::PRECONDITION_FAILED));
        let versions = [("tus-resumable", "1.0.0"), ("tus-version", "1.0.0")];
        assert_eq!(headers, pairs(&versions));
    }

    #[test]
    fn what_is_offered() {
        let headers = written(|headers| offers(headers, 1 << 40));
        let offered = [
            ("tus-checksum-algorithm", "sha1,sha256"),
            ("tus-extension", "creation,expiration,checksum,termination"),
            ("tus-max-size", "1099511627776"),
            ("tus-version", "1.0.0"),
        ];
        assert_eq!(headers, pairs(&offered));
    }

    #[test]
    fn a_new_upload_says_when_it_expires() {
        let reply = begun("/uploads/1".to_owned(), &upload(None)).unwrap();
        let response = reply.fresh().unwrap();
        assert_eq!(response.status(), 201);
        let said = |name: &str| response.headers().get(name).unwrap().to_str().unwrap();
        assert_eq!((EXPIRES.0, said(EXPIRES.0)), EXPIRES);
        assert_eq!(said("location"), "/uploads/1");
    }

    #[test]
    fn an_upload_that_went_on_says_how_far_it_has_come() {
        let headers = written(|headers| advanced(headers, &upload(Some(70))).unwrap());
        assert_eq!(headers, pairs(&[EXPIRES, ("upload-offset", "70")]));
    }

    #[rstest]
    #[case::before_the_first_byte(None, "0")]
    #[case::on_its_way(Some(70), "70")]
    #[case::complete(Some(100), "100")]
    fn all_that_is_known_is_said_and_not_kept(#[case] offset: Option<i64>, #[case] told: &str) {
        let headers = written(|headers| found(headers, &upload(offset)).unwrap());
        let known = [
            ("cache-control", "no-store"),
            EXPIRES,
            ("upload-length", "100"),
            ("upload-metadata", "filename YQ==,b"),
            ("upload-offset", told),
        ];
        assert_eq!(headers, pairs(&known));
    }

    #[test]
    fn what_was_not_said_is_not_given_back() {
        let bare = Upload {
            metadata: None,
            file_id: FileId::parse(3).ok(),
            ..upload(Some(100))
        };
        let headers = written(|headers| found(headers, &bare).unwrap());
        assert!(headers.iter().all(|(name, _)| name != "upload-metadata"));
        assert!(headers.contains(&("upload-file-id".to_owned(), "3".to_owned())));
        assert_eq!(headers.len(), 5);
    }

    #[test]
    fn a_time_that_no_calendar_has_is_a_defect() {
        let late = Upload {
            expires_at: Timestamp::from_micros(i64::MAX),
            ..upload(None)
        };
        let mut headers = HeaderMap::new();
        assert_eq!(found(&mut headers, &late).unwrap_err().code(), "internal");
        let split = Upload {
            metadata: Some("a\nb".to_owned()),
            ..upload(None)
        };
        assert_eq!(found(&mut headers, &split).unwrap_err().code(), "internal");
    }
}
