//! What a request of the protocol asks for, by its headers.

use actix_web::http::header::{self, HeaderMap};
use chat_domain::FileSize;

use super::field::{
    TUS_RESUMABLE, UPLOAD_CONCAT, UPLOAD_DEFER_LENGTH, UPLOAD_LENGTH, UPLOAD_OFFSET,
};
use super::{Hashing, Metadata, VERSION, method};
use crate::problem::{FieldError, Problem};

/// The type of the bytes of an upload.
const CHUNK_TYPE: &str = "application/offset+octet-stream";

/// Whether the client speaks the version that is spoken here, and means a method. Asked of every request
/// but OPTIONS, before anything else of it is read.
///
/// # Errors
/// 412: it does not speak it, or does not say so; 400: what it names as its method is none.
pub(crate) fn check(headers: &HeaderMap) -> Result<(), Problem> {
    match TUS_RESUMABLE.text(headers) {
        Ok(Some(VERSION)) => {}
        _ => return Err(Problem::tus_version()),
    }
    let meant = method::meant(headers).map(drop);
    meant.map_err(|error| Problem::invalid(vec![error]))
}

/// An upload to be begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Creation {
    /// How many bytes it will have.
    pub(crate) length: FileSize,
    /// What the client said of the file.
    pub(crate) metadata: Option<Metadata>,
}

impl Creation {
    /// What the headers ask for.
    ///
    /// # Errors
    /// 400 with the headers that are not what they should be.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut errors = Vec::new();
        for field in [UPLOAD_DEFER_LENGTH, UPLOAD_CONCAT] {
            if field.is_in(headers) {
                errors.push(field.refuse("unknown", "is not offered: give Upload-Length"));
            }
        }
        let length = kept(UPLOAD_LENGTH.size(headers), &mut errors);
        let metadata = kept(Metadata::of(headers), &mut errors);
        match (length, metadata) {
            (Some(length), Some(metadata)) if errors.is_empty() => Ok(Self { length, metadata }),
            _ => Err(Problem::invalid(errors)),
        }
    }
}

/// Bytes to be put after those that an upload has.
#[derive(Clone, Debug)]
pub(crate) struct Chunk {
    /// How many bytes the client believes it has.
    pub(crate) offset: FileSize,
    /// The check that it asks for.
    pub(crate) checksum: Option<Hashing>,
}

impl Chunk {
    /// What the headers say of the body.
    ///
    /// # Errors
    /// 415 for a body of another type, or one that is packed, whose bytes are not those that are counted;
    /// 400 with the headers that are not what they should be.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        if !is_chunk(headers) {
            let detail = "the body must be application/offset+octet-stream, without an encoding";
            return Err(Problem::unsupported_media_type(detail));
        }
        let mut errors = Vec::new();
        let offset = kept(UPLOAD_OFFSET.size(headers), &mut errors);
        let checksum = kept(Hashing::of(headers), &mut errors);
        match (offset, checksum) {
            (Some(offset), Some(checksum)) => Ok(Self { offset, checksum }),
            _ => Err(Problem::invalid(errors)),
        }
    }
}

/// The value, or its error put to the others.
fn kept<T>(value: Result<T, FieldError>, errors: &mut Vec<FieldError>) -> Option<T> {
    value.map_err(|error| errors.push(error)).ok()
}

fn is_chunk(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE);
    let (Some(given), None) = (types.next(), types.next()) else {
        return false;
    };
    let given = given.to_str().unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    let mut encodings = headers.get_all(header::CONTENT_ENCODING);
    essence.eq_ignore_ascii_case(CHUNK_TYPE)
        && encodings.all(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::field::tests::headers;
    use super::*;

    const CHUNK: (&str, &[u8]) = ("Content-Type", CHUNK_TYPE.as_bytes());

    fn size(bytes: i64) -> FileSize {
        FileSize::parse(bytes).unwrap()
    }

    /// The status, the code and the fields that are named.
    fn told(problem: &Problem) -> (u16, &str, Vec<&str>) {
        let fields = problem.errors().iter().map(|error| error.field.as_str());
        (problem.status(), problem.code(), fields.collect())
    }

    fn create(given: &[(&str, &[u8])]) -> Result<Creation, Problem> {
        Creation::of(&headers(given))
    }

    #[rstest]
    #[case::missing(&[])]
    #[case::older(&[&b"0.2.2"[..]])]
    #[case::newer(&[&b"1.0.1"[..]])]
    #[case::list(&[&b"1.0.0,0.2.2"[..]])]
    #[case::empty(&[&b""[..]])]
    #[case::no_ascii(&[&b"1.0.0\xff"[..]])]
    #[case::repeated(&[&b"1.0.0"[..], b"1.0.0"])]
    fn another_version_is_refused(#[case] versions: &[&[u8]]) {
        let given: Vec<_> = versions.iter().map(|v| ("Tus-Resumable", *v)).collect();
        let problem = check(&headers(&given)).unwrap_err();
        assert_eq!(told(&problem), (412, "unsupported_tus_version", vec![]));
    }

    #[test]
    fn the_version_is_spoken() {
        assert!(check(&headers(&[("Tus-Resumable", b"1.0.0")])).is_ok());
    }

    #[test]
    fn an_upload_is_asked_for() {
        let bare = create(&[("Upload-Length", b"0")]).unwrap();
        assert_eq!((bare.length, bare.metadata), (size(0), None));
        let metadata = ("Upload-Metadata", &b"filename YQ=="[..]);
        let most = create(&[("Upload-Length", b"100"), metadata]).unwrap();
        assert_eq!(most.length, size(100));
        assert_eq!(most.metadata.unwrap().name(), Some("a"));
    }

    #[rstest]
    #[case::no_length(&[], &["Upload-Length"])]
    #[case::deferred(&[("Upload-Defer-Length", &b"1"[..])], &["Upload-Defer-Length", "Upload-Length"])]
    #[case::deferred_beside_a_length(
        &[("Upload-Defer-Length", &b"1"[..]), ("Upload-Length", b"1")],
        &["Upload-Defer-Length"]
    )]
    #[case::a_part(
        &[("Upload-Concat", &b"partial"[..]), ("Upload-Length", b"1")],
        &["Upload-Concat"]
    )]
    #[case::all_that_is_wrong(
        &[("Upload-Metadata", &b","[..]), ("Upload-Length", b"-1")],
        &["Upload-Length", "Upload-Metadata"]
    )]
    fn uploads_that_are_refused(#[case] given: &[(&str, &[u8])], #[case] named: &[&str]) {
        let problem = create(given).unwrap_err();
        assert_eq!(told(&problem), (400, "validation_failed", named.to_vec()));
    }

    #[test]
    fn bytes_come_for_an_offset() {
        let bare = Chunk::of(&headers(&[CHUNK, ("Upload-Offset", b"70")])).unwrap();
        assert_eq!(bare.offset, size(70));
        assert!(bare.checksum.is_none());
        let checksum = &b"sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0="[..];
        let checked = [
            CHUNK,
            ("Upload-Offset", b"0"),
            ("Upload-Checksum", checksum),
        ];
        let mut check = Chunk::of(&headers(&checked)).unwrap().checksum.unwrap();
        check.update(b"abc");
        assert!(check.finish().is_ok());
    }

    #[rstest]
    #[case::no_offset(&[], &["Upload-Offset"])]
    #[case::negative(&[("Upload-Offset", &b"-1"[..])], &["Upload-Offset"])]
    #[case::md5(
        &[("Upload-Offset", &b"0"[..]), ("Upload-Checksum", b"md5 kAFQmDzST7DWlj99KOF/cg==")],
        &["Upload-Checksum"]
    )]
    #[case::all_that_is_wrong(
        &[("Upload-Checksum", &b"x"[..])],
        &["Upload-Offset", "Upload-Checksum"]
    )]
    fn bytes_that_are_refused(#[case] given: &[(&str, &[u8])], #[case] named: &[&str]) {
        let given = [&[CHUNK], given].concat();
        let problem = Chunk::of(&headers(&given)).unwrap_err();
        assert_eq!(told(&problem), (400, "validation_failed", named.to_vec()));
    }

    #[rstest]
    #[case::as_it_is(&[CHUNK], true)]
    #[case::in_another_case(&[("Content-Type", &b"Application/Offset+Octet-Stream"[..])], true)]
    #[case::with_a_parameter(
        &[("Content-Type", &b"application/offset+octet-stream; charset=utf-8"[..])],
        true
    )]
    #[case::plainly_not_packed(&[CHUNK, ("Content-Encoding", b"identity")], true)]
    #[case::missing(&[], false)]
    #[case::empty(&[("Content-Type", &b""[..])], false)]
    #[case::other(&[("Content-Type", &b"application/octet-stream"[..])], false)]
    #[case::longer(&[("Content-Type", &b"application/offset+octet-streams"[..])], false)]
    #[case::no_ascii(&[("Content-Type", &b"\xff"[..])], false)]
    #[case::twice(&[CHUNK, CHUNK], false)]
    #[case::packed(&[CHUNK, ("Content-Encoding", b"gzip")], false)]
    #[case::packed_at_last(
        &[CHUNK, ("Content-Encoding", b"identity"), ("Content-Encoding", b"br")],
        false
    )]
    fn the_type_of_bytes(#[case] given: &[(&str, &[u8])], #[case] passes: bool) {
        let given = [given, &[("Upload-Offset", &b"0"[..])]].concat();
        match Chunk::of(&headers(&given)) {
            Ok(_) => assert!(passes),
            Err(problem) => {
                assert!(!passes);
                assert_eq!(told(&problem), (415, "unsupported_media_type", vec![]));
            }
        }
    }
}
