//! Headers as fields: each is given once, and what is wrong with it is told under its own name.

use actix_web::http::header::{HeaderMap, HeaderName};
use chat_domain::FileSize;

use crate::problem::FieldError;

/// A header of the protocol.
pub(super) struct Field {
    /// Its name as it is looked up.
    pub(super) header: HeaderName,
    /// Its name as clients write it.
    told: &'static str,
}

macro_rules! fields {
    ($($constant:ident = $header:literal, $told:literal;)+) => {
        $(pub(super) const $constant: Field = Field {
            header: HeaderName::from_static($header),
            told: $told,
        };)+

        /// The names of each, in both forms.
        #[cfg(test)]
        const ALL: &[(&str, &str)] = &[$(($header, $told)),+];
    };
}

fields! {
    TUS_RESUMABLE = "tus-resumable", "Tus-Resumable";
    TUS_VERSION = "tus-version", "Tus-Version";
    TUS_EXTENSION = "tus-extension", "Tus-Extension";
    TUS_MAX_SIZE = "tus-max-size", "Tus-Max-Size";
    TUS_CHECKSUM_ALGORITHM = "tus-checksum-algorithm", "Tus-Checksum-Algorithm";
    UPLOAD_LENGTH = "upload-length", "Upload-Length";
    UPLOAD_OFFSET = "upload-offset", "Upload-Offset";
    UPLOAD_METADATA = "upload-metadata", "Upload-Metadata";
    UPLOAD_CHECKSUM = "upload-checksum", "Upload-Checksum";
    UPLOAD_EXPIRES = "upload-expires", "Upload-Expires";
    UPLOAD_FILE_ID = "upload-file-id", "Upload-File-Id";
    UPLOAD_DEFER_LENGTH = "upload-defer-length", "Upload-Defer-Length";
    UPLOAD_CONCAT = "upload-concat", "Upload-Concat";
    METHOD_OVERRIDE = "x-http-method-override", "X-HTTP-Method-Override";
}

impl Field {
    /// What is wrong with it; `message` reads after its name.
    pub(super) fn refuse(&self, code: &'static str, message: &'static str) -> FieldError {
        FieldError::new(self.told, code, message)
    }

    /// Whether the headers have it, however often.
    pub(super) fn is_in(&self, headers: &HeaderMap) -> bool {
        headers.contains_key(&self.header)
    }

    /// Its one value, which is printable ASCII; none when it is not given.
    pub(super) fn text<'h>(&self, headers: &'h HeaderMap) -> Result<Option<&'h str>, FieldError> {
        let mut values = headers.get_all(&self.header);
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(self.refuse("repeated", "is given more than once"));
        }
        let text = value.to_str();
        text.map(Some)
            .map_err(|_| self.refuse("format", "must have ASCII characters alone"))
    }

    /// Its one value as a number of bytes, which must be given: digits alone, without a sign.
    pub(super) fn size(&self, headers: &HeaderMap) -> Result<FileSize, FieldError> {
        let text = self.text(headers)?;
        let text = text.ok_or_else(|| self.refuse("required", "is missing"))?;
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(self.refuse("format", "must be an integer in decimal digits"));
        }
        // What has digits alone and is no number here is too large for one.
        let number = text.parse().unwrap_or(i64::MAX);
        FileSize::parse(number)
            .map_err(|invalid| FieldError::new(self.told, invalid.fault.as_str(), invalid.message))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use actix_web::http::header::HeaderValue;
    use rstest::rstest;

    use super::*;

    /// Headers with these names and values, in that order.
    pub(in super::super) fn headers(given: &[(&str, &[u8])]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            let name = name.to_lowercase();
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_bytes(value).unwrap());
        }
        headers
    }

    #[test]
    fn a_header_is_told_by_the_name_it_has() {
        for (header, told) in ALL {
            assert_eq!(*header, told.to_lowercase());
        }
    }

    #[rstest]
    #[case("0", 0)]
    #[case("1", 1)]
    #[case("007", 7)]
    #[case("9007199254740991", 9_007_199_254_740_991)]
    fn sizes_that_pass(#[case] text: &str, #[case] bytes: i64) {
        let headers = headers(&[("Upload-Length", text.as_bytes())]);
        assert_eq!(UPLOAD_LENGTH.size(&headers).unwrap().get(), bytes);
    }

    #[rstest]
    #[case::missing(&[], "required")]
    #[case::empty(&[&b""[..]], "format")]
    #[case::word(&[&b"many"[..]], "format")]
    #[case::negative(&[&b"-1"[..]], "format")]
    #[case::signed(&[&b"+1"[..]], "format")]
    #[case::fraction(&[&b"1.5"[..]], "format")]
    #[case::exponent(&[&b"1e3"[..]], "format")]
    #[case::hexadecimal(&[&b"0x10"[..]], "format")]
    #[case::spaced(&[&b"1 0"[..]], "format")]
    #[case::list(&[&b"1, 2"[..]], "format")]
    #[case::other_digits(&["١".as_bytes()], "format")]
    #[case::no_utf8(&[&b"\xff"[..]], "format")]
    #[case::too_large(&[&b"9007199254740992"[..]], "range")]
    #[case::beyond_all_types(&[&[b'9'; 60][..]], "range")]
    #[case::repeated(&[&b"1"[..], b"1"], "repeated")]
    fn sizes_that_fail(#[case] values: &[&[u8]], #[case] code: &str) {
        let given: Vec<_> = values.iter().map(|v| ("Upload-Offset", *v)).collect();
        let error = UPLOAD_OFFSET.size(&headers(&given)).unwrap_err();
        assert_eq!(
            (error.field.as_str(), &*error.code),
            ("Upload-Offset", code)
        );
    }
}
