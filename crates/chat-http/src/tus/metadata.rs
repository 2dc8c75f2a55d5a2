//! `Upload-Metadata`: what the client says of the file.

use std::collections::HashMap;

use actix_web::http::header::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::field::UPLOAD_METADATA;
use crate::problem::FieldError;

/// Under which keys clients give a file's name; the first that says something counts.
const NAMES: [&str; 2] = ["filename", "name"];

/// What the client said of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Metadata {
    raw: String,
    name: Option<String>,
}

impl Metadata {
    /// The most bytes of the header.
    pub(crate) const MAX_BYTES: usize = 4_096;

    /// What the headers say; none when there is no such header, or it is empty.
    ///
    /// It is a list of pairs: a key, a space, and a value in base64; an empty value may be left out with
    /// its space. Keys are visible ASCII without commas, each given once.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Option<Self>, FieldError> {
        match UPLOAD_METADATA.text(headers)?.map(str::trim) {
            None | Some("") => Ok(None),
            Some(text) => Self::parse(text).map(Some),
        }
    }

    /// The header as it was given, printable ASCII, to be given back.
    pub(crate) fn raw(&self) -> &str {
        &self.raw
    }

    /// The file's name as the client gave it, not empty; nothing else of it was checked.
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn parse(text: &str) -> Result<Self, FieldError> {
        if text.len() > Self::MAX_BYTES {
            return Err(UPLOAD_METADATA.refuse("length", "must have at most 4096 bytes"));
        }
        let mut values = HashMap::new();
        for pair in text.split(',') {
            let (key, value) = read(pair.trim_matches(' '))?;
            if values.insert(key, value).is_some() {
                return Err(UPLOAD_METADATA.refuse("format", "must have each key once"));
            }
        }
        let given = NAMES.iter().filter_map(|key| values.remove(key));
        let name = given
            .map(String::from_utf8)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| UPLOAD_METADATA.refuse("format", "must have a name in UTF-8"))?
            .into_iter()
            .find(|name| !name.is_empty());
        Ok(Self {
            raw: text.to_owned(),
            name,
        })
    }
}

fn read(pair: &str) -> Result<(&str, Vec<u8>), FieldError> {
    let (key, value) = pair.split_once(' ').unwrap_or((pair, ""));
    if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(UPLOAD_METADATA.refuse("format", "must be pairs of a key and a value"));
    }
    let value = STANDARD.decode(value);
    let value =
        value.map_err(|_| UPLOAD_METADATA.refuse("format", "must have values in base64"))?;
    Ok((key, value))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::field::tests::headers;
    use super::*;

    fn of(text: &str) -> Result<Option<Metadata>, FieldError> {
        Metadata::of(&headers(&[("Upload-Metadata", text.as_bytes())]))
    }

    #[test]
    fn nothing_said_is_no_metadata() {
        assert_eq!(Metadata::of(&headers(&[])), Ok(None));
        assert_eq!(of(""), Ok(None));
        assert_eq!(of("  "), Ok(None));
    }

    #[rstest]
    #[case::the_example(
        "filename d29ybGRfZG9taW5hdGlvbl9wbGFuLnBkZg==,is_confidential",
        Some("world_domination_plan.pdf")
    )]
    #[case::umlauts("filename w6QucG5n", Some("ä.png"))]
    #[case::by_another_key("name YS5wbmc=", Some("a.png"))]
    #[case::both_in_any_order("name Yg==,filename YQ==", Some("a"))]
    #[case::the_first_is_empty("filename,name Yg==", Some("b"))]
    #[case::the_first_is_empty_with_a_space("filename ,name Yg==", Some("b"))]
    #[case::empty("filename,name", None)]
    #[case::not_ours_to_judge("filename Li4vAGEK", Some("../\0a\n"))]
    #[case::spaces_between_pairs("type aW1hZ2UvcG5n, filename YQ==", Some("a"))]
    #[case::no_name("filetype aW1hZ2UvcG5n", None)]
    #[case::keys_have_their_case("Filename YQ==,FILENAME Yg==", None)]
    #[case::other_values_are_bytes("thumb /w==,filename YQ==", Some("a"))]
    fn a_name_is_found(#[case] text: &str, #[case] name: Option<&str>) {
        let metadata = of(text).unwrap().unwrap();
        assert_eq!(metadata.name(), name);
        assert_eq!(metadata.raw(), text);
    }

    #[rstest]
    #[case::no_key(" YQ==,", "format")]
    #[case::comma_alone(",", "format")]
    #[case::comma_at_the_end("filename YQ==,", "format")]
    #[case::two_commas("a YQ==,,b Yg==", "format")]
    #[case::two_spaces("filename  YQ==", "format")]
    #[case::three_parts("filename YQ== YQ==", "format")]
    #[case::tab("filename\tYQ==", "format")]
    #[case::no_base64("filename a.png", "format")]
    #[case::no_padding("filename YQ", "format")]
    #[case::other_alphabet("filename _-8=", "format")]
    #[case::loose_bits("filename YR==", "format")]
    #[case::twice("filename YQ==,filename YQ==", "format")]
    #[case::twice_without_a_value("a,a", "format")]
    #[case::name_of_no_utf8("filename /w==", "format")]
    #[case::key_of_no_ascii("schlüssel YQ==", "format")]
    fn metadata_that_is_refused(#[case] text: &str, #[case] code: &str) {
        let error = of(text).unwrap_err();
        assert_eq!(
            (error.field.as_str(), &*error.code),
            ("Upload-Metadata", code)
        );
    }

    #[test]
    fn metadata_ends_at_4096_bytes() {
        assert!(of(&"k".repeat(4_096)).is_ok());
        assert_eq!(of(&"k".repeat(4_097)).unwrap_err().code, "length");
    }

    #[test]
    fn one_header_says_it_all() {
        let twice = headers(&[("Upload-Metadata", b"a"), ("Upload-Metadata", b"b")]);
        assert_eq!(Metadata::of(&twice).unwrap_err().code, "repeated");
    }
}
