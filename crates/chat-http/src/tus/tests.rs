//! Whatever headers say: they are read, or refused by name, and what was read is given back as it was.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::request::{Chunk, Creation, check};
use super::{Metadata, method};
use crate::problem::Problem;

const NAMES: [&str; 9] = [
    "Tus-Resumable",
    "Upload-Length",
    "Upload-Offset",
    "Upload-Metadata",
    "Upload-Checksum",
    "Upload-Defer-Length",
    "Upload-Concat",
    "X-HTTP-Method-Override",
    "Content-Type",
];

/// Values that are near to good ones, and any others.
fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::sample::select(vec![
            "1.0.0",
            "0",
            "100",
            "PATCH",
            "application/offset+octet-stream",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        "(sha1|sha256|md5)? ?[A-Za-z0-9+/]{0,44}={0,2}".prop_map(String::into_bytes),
        "([a-c]{0,3} ?[A-Za-z0-9+/]{0,8}={0,2},?){0,4}".prop_map(String::into_bytes),
        "-?[0-9]{0,40}".prop_map(String::into_bytes),
        prop::collection::vec(prop_oneof![32..127u8, 128..=255u8, Just(b'\t')], 0..40),
    ]
}

fn headers() -> impl Strategy<Value = HeaderMap> {
    let header = (prop::sample::select(NAMES.to_vec()), value());
    prop::collection::vec(header, 0..8).prop_map(|given| {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            let name = HeaderName::from_bytes(name.to_lowercase().as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_bytes(&value).unwrap());
        }
        headers
    })
}

fn refused_well(problem: &Problem) -> Result<(), TestCaseError> {
    let named = problem.errors();
    prop_assert_eq!(problem.status() == 400, !named.is_empty(), "{}", problem);
    prop_assert!([400, 412, 415].contains(&problem.status()), "{}", problem);
    let known = |field: &str| NAMES.contains(&field);
    prop_assert!(named.iter().all(|error| known(&error.field)), "{}", problem);
    Ok(())
}

proptest! {
    #[test]
    fn all_headers_are_read_or_refused_by_name(headers in headers()) {
        if let Err(problem) = check(&headers) {
            refused_well(&problem)?;
        }
        if let Err(problem) = Creation::of(&headers) {
            refused_well(&problem)?;
        }
        if let Err(problem) = Chunk::of(&headers) {
            refused_well(&problem)?;
        }
        if let Err(error) = method::meant(&headers) {
            prop_assert_eq!(error.field, "X-HTTP-Method-Override");
        }
    }

    #[test]
    fn a_name_comes_through_whatever_is_beside_it(
        name in "\\PC{1,40}",
        others in prop::collection::btree_map("[a-e!-+]{1,9}", any::<Vec<u8>>(), 0..5),
        place in 0..6usize,
    ) {
        let pair = |key: &str, value: &[u8]| format!("{key} {}", STANDARD.encode(value));
        let mut pairs: Vec<_> = others.iter().map(|(key, value)| pair(key, value)).collect();
        pairs.insert(place.min(pairs.len()), pair("filename", name.as_bytes()));
        let text = pairs.join(",");
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_str(&text).unwrap();
        headers.insert(HeaderName::from_static("upload-metadata"), value);
        let metadata = Metadata::of(&headers).unwrap().unwrap();
        prop_assert_eq!(metadata.name(), Some(name.as_str()));
        // As every server has it, without what surrounds a header.
        prop_assert_eq!(metadata.raw(), text.trim());
    }
}
