//! Forms in any pieces, and what is none.

use futures_util::stream;
use proptest::prelude::*;
use rstest::rstest;

use super::*;

type Part = (Head, Vec<u8>);

/// The parts of a body that comes in these pieces.
async fn read(boundary: &str, pieces: Vec<Vec<u8>>) -> Read<Vec<Part>> {
    let stream = stream::iter(pieces.into_iter().map(|piece| Ok(Bytes::from(piece))));
    let mut form = Multipart::new(boundary, stream)?;
    let mut parts = Vec::new();
    while let Some(head) = form.next().await? {
        let mut bytes = Vec::new();
        while let Some(piece) = form.bytes().await? {
            bytes.extend_from_slice(&piece);
        }
        parts.push((head, bytes));
    }
    Ok(parts)
}

fn read_whole(body: &str) -> Read<Vec<Part>> {
    futures_util::FutureExt::now_or_never(read("b", vec![body.as_bytes().to_vec()])).unwrap()
}

fn head(disposition: &str) -> Read<Head> {
    let body = format!("--b\r\nContent-Disposition: {disposition}\r\n\r\nx\r\n--b--");
    Ok(read_whole(&body)?.remove(0).0)
}

#[rstest]
#[case::plain("form-data; name=\"a\"", "a", None)]
#[case::token("form-data; name=a", "a", None)]
#[case::case_and_space("Form-Data ;  NAME = \"a\" ", "a", None)]
#[case::file("form-data; name=\"f\"; filename=\"a.txt\"", "f", Some("a.txt"))]
#[case::file_first("form-data; filename=\"a.txt\"; name=\"f\"", "f", Some("a.txt"))]
#[case::path(
    "form-data; name=f; filename=\"C:\\dir\\a.txt\"",
    "f",
    Some("C:\\dir\\a.txt")
)]
#[case::ends_with_a_backslash("form-data; name=\"f\"; filename=\"a\\\"", "f", Some("a\\"))]
#[case::escaped_quote("form-data; name=f; filename=\"a\\\"b.txt\"", "f", Some("a\"b.txt"))]
#[case::encoded_quote(
    "form-data; name=f; filename=\"a%22b%0D%0A.txt\"",
    "f",
    Some("a\"b\r\n.txt")
)]
#[case::percent("form-data; name=f; filename=\"100%25.txt\"", "f", Some("100%25.txt"))]
#[case::semicolon("form-data; name=f; filename=\"a;b=c.txt\"", "f", Some("a;b=c.txt"))]
#[case::extended(
    "form-data; name=f; filename=\"a\"; filename*=utf-8''%C3%A4.txt",
    "f",
    Some("ä.txt")
)]
#[case::extended_otherwise(
    "form-data; name=f; filename=\"a\"; filename*=latin1''%E4.txt",
    "f",
    Some("a")
)]
#[case::unicode("form-data; name=\"ä\"; filename=\"ö\"", "ä", Some("ö"))]
#[case::empty_file_name("form-data; name=f; filename=\"\"", "f", Some(""))]
fn heads(#[case] disposition: &str, #[case] name: &str, #[case] file: Option<&str>) {
    let head = head(disposition).unwrap();
    assert_eq!(
        (head.name.as_str(), head.file_name.as_deref()),
        (name, file)
    );
}

#[rstest]
#[case::nothing("")]
#[case::no_name("form-data")]
#[case::empty_name("form-data; name=\"\"")]
#[case::attachment("attachment; name=\"a\"")]
fn heads_that_name_nothing(#[case] disposition: &str) {
    assert!(matches!(head(disposition), Err(Malformed::Form(_))));
}

#[rstest]
#[case::nothing("")]
#[case::words("hello")]
#[case::other_boundary("--c\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--c--")]
#[case::longer_boundary("--bc\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--bc--")]
#[case::no_line_break("--b Content-Disposition: form-data; name=a\r\n\r\nx\r\n--b--")]
#[case::bare_line_feeds("--b\nContent-Disposition: form-data; name=a\n\nx\n--b--")]
#[case::no_head("--b\r\n\r\nx\r\n--b--")]
#[case::head_without_end("--b\r\nContent-Disposition: form-data; name=a\r\n")]
#[case::nul("--b\r\nContent-Disposition: form-data; name=\"a\0\"\r\n\r\nx\r\n--b--")]
#[case::no_end("--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx")]
#[case::half_an_end("--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b")]
fn what_is_no_form(#[case] body: &str) {
    assert!(
        matches!(read_whole(body), Err(Malformed::Form(_))),
        "{body:?}"
    );
}

#[test]
fn boundaries_that_are_none() {
    for boundary in ["", "a ", "é", "a\tb", &"x".repeat(71)] {
        let form = Multipart::new(boundary, stream::empty());
        assert!(form.is_err(), "{boundary:?}");
    }
    assert!(Multipart::new(&"x".repeat(70), stream::empty()).is_ok());
}

#[test]
fn what_surrounds_the_parts_is_passed_by() {
    let part = "Content-Disposition: form-data; name=a\r\nContent-Length: 1\r\n\r\n--b and more";
    let body = format!("preamble\r\n--b \t\r\n{part}\r\n--b--\r\nepilogue\r\n--b\r\n");
    let parts = read_whole(&body).unwrap();
    assert_eq!(parts.len(), 1);
    assert_eq!(
        parts[0].1, b"--b and more",
        "the part's own length is not believed"
    );
    assert_eq!(read_whole("--b--").unwrap(), []);
}

#[test]
fn a_form_has_no_endless_parts_or_heads() {
    let part = "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n";
    assert_eq!(read_whole(&(part.repeat(64) + "--b--")).unwrap().len(), 64);
    let many = read_whole(&(part.repeat(65) + "--b--"));
    assert!(matches!(many, Err(Malformed::Form(_))));
    let long = format!("--b\r\nX: {}\r\n\r\n\r\n--b--", "x".repeat(MOST_HEAD));
    assert!(matches!(read_whole(&long), Err(Malformed::Form(_))));
    let lines = format!("--b\r\n{}\r\n\r\n--b--", "X: y\r\n".repeat(33));
    assert!(matches!(read_whole(&lines), Err(Malformed::Form(_))));
    let padding = format!("--b{}\r\n\r\n\r\n--b--", " ".repeat(65));
    assert!(matches!(read_whole(&padding), Err(Malformed::Form(_))));
}

#[actix_web::test]
async fn what_breaks_off_is_told_from_what_ends() {
    let broken = vec![
        Ok(Bytes::from(
            "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx",
        )),
        Err(PayloadError::Incomplete(None)),
    ];
    let mut form = Multipart::new("b", stream::iter(broken)).unwrap();
    form.next().await.unwrap();
    assert_eq!(form.next().await, Err(Malformed::Broken));
}

/// Bytes in which much looks like a boundary.
fn near_boundaries() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"\r\n".to_vec()),
        Just(b"\r\n--".to_vec()),
        Just(b"\r\n--bou".to_vec()),
        Just(b"--bound".to_vec()),
        Just(b"\r".to_vec()),
        prop::collection::vec(any::<u8>(), 0..20),
    ];
    let bytes = prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat());
    bytes.prop_filter("holds the boundary", |bytes| {
        memchr::memmem::find(bytes, b"\r\n--bound").is_none()
    })
}

proptest! {
    #[test]
    fn what_was_sent_comes_in_whatever_pieces(
        contents in prop::collection::vec(near_boundaries(), 0..5),
        cuts in prop::collection::vec(1..40usize, 1..30),
    ) {
        let mut body = Vec::new();
        for (number, content) in contents.iter().enumerate() {
            let head = format!("--bound\r\nContent-Disposition: form-data; name=\"{number}\"\r\n\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--bound--\r\n");
        let mut pieces = Vec::new();
        let mut rest = &body[..];
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, more) = rest.split_at((*cut).min(rest.len()));
            pieces.push(piece.to_vec());
            rest = more;
        }
        let parts = futures_util::FutureExt::now_or_never(read("bound", pieces)).unwrap().unwrap();
        let found: Vec<_> = parts.iter().map(|(_, bytes)| bytes.clone()).collect();
        // A content that ends as a boundary begins, with the line break before it.
        prop_assert_eq!(found, contents);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let body = [b"--b\r\n".to_vec(), bytes].concat();
        let _ = futures_util::FutureExt::now_or_never(read("b", vec![body])).unwrap();
    }
}
