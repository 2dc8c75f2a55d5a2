//! Content as clients get it: whole, in parts, not again, and broken off.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::{Ready, poll_fn, ready};
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::rc::Rc;

use actix_web::body::{BodySize, MessageBody, to_bytes};
use actix_web::http::header::HeaderMap;
use actix_web::test::TestRequest;
use actix_web::web::Bytes;
use actix_web::{App, HttpResponse, HttpServer, rt, web};
use chat_domain::ports::{BlobError, BlobResult, Later};
use rstest::rstest;

use super::memory::in_memory;
use super::*;
use crate::tests::sockets::{head, talk};

const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz";

fn content(media_type: &str) -> Content {
    Content {
        etag: EntityTag::new_strong("1a2b".to_owned()),
        size: LETTERS.len() as u64,
        media_type: MediaType::parse(media_type).ok(),
        name: FileName::parse("ada.png").ok(),
    }
}

fn get(headers: &[(HeaderName, &str)]) -> TestRequest {
    let mut request = TestRequest::get();
    for (name, value) in headers {
        request = request.append_header((name.clone(), *value));
    }
    request
}

/// The answer for the letters, and the ranges that were opened before there was one.
async fn ask(request: TestRequest) -> (HttpResponse, Rc<RefCell<Vec<Range<u64>>>>) {
    let opened = Rc::new(RefCell::new(Vec::new()));
    let open = {
        let (opened, letters) = (Rc::clone(&opened), in_memory(Bytes::from_static(LETTERS)));
        move |range: Range<u64>| {
            opened.borrow_mut().push(range.clone());
            letters(range)
        }
    };
    let answer = answer(&request.to_http_request(), &content("image/png"), open).await;
    (answer.unwrap(), opened)
}

fn value(response: &HttpResponse, name: HeaderName) -> &str {
    let value = response.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

fn told(headers: &HeaderMap) -> Vec<(String, String)> {
    let mut told: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    told.sort();
    told
}

async fn read(response: HttpResponse) -> Vec<u8> {
    let size = response.body().size();
    let bytes = to_bytes(response.into_body()).await.unwrap();
    assert_eq!(size, BodySize::Sized(bytes.len() as u64));
    bytes.to_vec()
}

/// What every answer has that brings bytes.
fn headers(more: &[(&str, &str)]) -> Vec<(String, String)> {
    let always = [
        ("accept-ranges", "bytes"),
        ("cache-control", "private, no-cache"),
        ("content-disposition", "inline; filename=\"ada.png\""),
        (
            "content-security-policy",
            "sandbox allow-same-origin; default-src 'none'; img-src 'self'; media-src 'self'; \
             style-src 'unsafe-inline'; frame-ancestors 'self'",
        ),
        ("cross-origin-resource-policy", "same-site"),
        ("etag", "\"1a2b\""),
    ];
    let mut headers: Vec<_> = always
        .iter()
        .chain(more)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    headers.sort();
    headers
}

#[actix_web::test]
async fn all_of_it() {
    let (response, _) = ask(get(&[])).await;
    assert_eq!(response.status(), 200);
    let expected = headers(&[("content-type", "image/png")]);
    assert_eq!(told(response.headers()), expected);
    assert_eq!(read(response).await, LETTERS);
}

#[actix_web::test]
async fn head_opens_nothing_and_knows_no_ranges() {
    let request = get(&[(header::RANGE, "bytes=2-4")]).method(Method::HEAD);
    let (response, opened) = ask(request).await;
    assert_eq!(response.status(), 200);
    let expected = headers(&[("content-type", "image/png")]);
    assert_eq!(told(response.headers()), expected);
    assert_eq!(response.body().size(), BodySize::Sized(26));
    assert!(opened.borrow().is_empty());
}

#[rstest]
#[case::alone(&[])]
#[case::before_ranges(&[(header::RANGE, "bytes=99-")])]
#[actix_web::test]
async fn what_is_had_is_not_sent_again(
    #[case] more: &[(HeaderName, &str)],
    #[values(Method::GET, Method::HEAD)] method: Method,
) {
    let headers = [&[(header::IF_NONE_MATCH, "W/\"1a2b\"")], more].concat();
    let (response, opened) = ask(get(&headers).method(method)).await;
    assert_eq!(response.status(), 304);
    let expected = [("cache-control", "private, no-cache"), ("etag", "\"1a2b\"")];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(told(response.headers()), expected);
    assert!(to_bytes(response.into_body()).await.unwrap().is_empty());
    assert!(opened.borrow().is_empty());
}

#[rstest]
#[case::alone(&[])]
#[case::of_what_is_had(&[(header::IF_RANGE, "\"1a2b\"")])]
#[case::of_what_is_not_had(&[(header::IF_NONE_MATCH, "\"x\"")])]
#[actix_web::test]
async fn a_part(#[case] more: &[(HeaderName, &str)]) {
    let headers_sent = [&[(header::RANGE, "bytes=2-4")], more].concat();
    let (response, opened) = ask(get(&headers_sent)).await;
    assert_eq!(response.status(), 206);
    let expected = headers(&[
        ("content-range", "bytes 2-4/26"),
        ("content-type", "image/png"),
    ]);
    assert_eq!(told(response.headers()), expected);
    assert_eq!(read(response).await, b"cde");
    assert_eq!(opened.borrow().first(), Some(&(2..5)));
    assert_eq!(opened.borrow().len(), 1);
}

#[actix_web::test]
async fn a_part_of_something_else_is_all_of_this() {
    let headers = [(header::RANGE, "bytes=2-4"), (header::IF_RANGE, "\"x\"")];
    let (response, _) = ask(get(&headers)).await;
    assert_eq!(response.status(), 200);
    assert_eq!(read(response).await, LETTERS);
}

#[actix_web::test]
async fn parts_are_opened_one_after_the_other() {
    let (response, opened) = ask(get(&[(header::RANGE, "bytes=-2,0-0,5-9")])).await;
    assert_eq!(response.status(), 206);
    assert_eq!(opened.borrow().first(), Some(&(24..26)));
    assert_eq!(opened.borrow().len(), 1);
    let kind = value(&response, header::CONTENT_TYPE);
    let boundary = kind
        .strip_prefix("multipart/byteranges; boundary=")
        .unwrap();
    let boundary = boundary.to_owned();
    let expected = headers(&[("content-type", kind)]);
    assert_eq!(told(response.headers()), expected);
    let body = String::from_utf8(read(response).await).unwrap();
    let part = |place: &str, bytes: &str| {
        format!(
            "--{boundary}\r\nContent-Type: image/png\r\nContent-Range: bytes {place}/26\r\n\r\n{bytes}\r\n"
        )
    };
    let parts = [part("24-25", "yz"), part("0-0", "a"), part("5-9", "fghij")].concat();
    assert_eq!(body, format!("{parts}--{boundary}--\r\n"));
    assert_eq!(*opened.borrow(), [24..26, 0..1, 5..10]);
}

#[actix_web::test]
async fn what_is_not_there_is_a_problem() {
    let request = get(&[(header::RANGE, "bytes=26-")]).to_http_request();
    let open = in_memory(Bytes::from_static(LETTERS));
    let answer = answer(&request, &content("image/png"), open).await;
    let problem = answer.unwrap_err();
    assert_eq!(problem.code(), "range_not_satisfiable");
    assert!(problem.is_settled());
    let response = problem.render("r");
    assert_eq!(response.status(), 416);
    assert_eq!(value(&response, header::CONTENT_RANGE), "bytes */26");
}

#[actix_web::test]
async fn nothing_is_content_too() {
    for range in ["", "bytes=-5"] {
        let request = get(&[(header::RANGE, range)]).to_http_request();
        let content = Content {
            size: 0,
            ..content("image/png")
        };
        let never = |_| ready(Err(Problem::internal("opened")));
        let response = answer(&request, &content, never).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.body().size(), BodySize::Sized(0));
    }
}

#[rstest]
#[case::picture("image/png", "inline; filename=\"ada.png\"", "image/png")]
#[case::page(
    "text/html",
    "attachment; filename=\"ada.png\"",
    "application/octet-stream"
)]
#[case::drawing(
    "image/svg+xml",
    "attachment; filename=\"ada.png\"",
    "application/octet-stream"
)]
#[case::unknown("", "attachment; filename=\"ada.png\"", "application/octet-stream")]
#[actix_web::test]
async fn what_could_do_harm_is_saved_not_shown(
    #[case] media_type: &str,
    #[case] disposition: &str,
    #[case] told: &str,
) {
    let content = content(media_type);
    let open = in_memory(Bytes::from_static(LETTERS));
    let answer = answer(&get(&[]).to_http_request(), &content, open).await;
    let response = answer.unwrap();
    assert_eq!(value(&response, header::CONTENT_DISPOSITION), disposition);
    assert_eq!(value(&response, header::CONTENT_TYPE), told);
    let policy = value(&response, header::CONTENT_SECURITY_POLICY);
    let saved = "sandbox; default-src 'none'; frame-ancestors 'self'";
    assert_eq!(policy == saved, told == "application/octet-stream");
}

/// A reader that says these things.
struct Script(VecDeque<BlobResult<Option<Bytes>>>);

impl BlobReader for Script {
    fn next(&mut self) -> Later<'_, BlobResult<Option<Bytes>>> {
        Box::pin(ready(self.0.pop_front().unwrap_or(Ok(None))))
    }
}

fn some(bytes: &'static [u8]) -> BlobResult<Option<Bytes>> {
    Ok(Some(Bytes::from_static(bytes)))
}

/// Opens the scripts one after the other, then fails.
fn scripts(
    scripts: Vec<Vec<BlobResult<Option<Bytes>>>>,
) -> impl Fn(Range<u64>) -> Ready<Result<Box<dyn BlobReader>, Problem>> {
    let scripts = RefCell::new(VecDeque::from(scripts));
    move |_| {
        let script = scripts.borrow_mut().pop_front();
        let missing = || Problem::internal("it is gone");
        let script = script.ok_or_else(missing);
        ready(script.map(|script| Box::new(Script(script.into())) as Box<dyn BlobReader>))
    }
}

#[actix_web::test]
async fn what_cannot_be_opened_is_told() {
    let answer = answer(&get(&[]).to_http_request(), &content(""), scripts(vec![])).await;
    assert_eq!(answer.unwrap_err().code(), "internal");
}

#[rstest]
#[case::failure(vec![vec![some(b"abc"), Err(BlobError::Missing)]], "abc")]
#[case::end(vec![vec![some(b"abc"), Ok(None)]], "abc")]
#[case::more(vec![vec![some(b"abc"), some(LETTERS)]], "abc")]
#[actix_web::test]
async fn a_body_that_cannot_be_whole_is_broken_off(
    #[case] script: Vec<Vec<BlobResult<Option<Bytes>>>>,
    #[case] before: &str,
) {
    let answer = answer(&get(&[]).to_http_request(), &content(""), scripts(script)).await;
    let mut body = pin!(answer.unwrap().into_body());
    let mut read = Vec::new();
    loop {
        match poll_fn(|cx| body.as_mut().poll_next(cx)).await {
            Some(Ok(bytes)) => read.extend(bytes),
            Some(Err(_)) => break,
            None => panic!("it ended well"),
        }
    }
    assert_eq!(read, before.as_bytes());
}

#[actix_web::test]
async fn a_later_part_that_cannot_be_opened_breaks_it_off() {
    let request = get(&[(header::RANGE, "bytes=0-2,5-6")]).to_http_request();
    let open = scripts(vec![vec![some(b"abc")]]);
    let response = answer(&request, &content(""), open).await.unwrap();
    assert!(to_bytes(response.into_body()).await.is_err());
}

#[actix_web::test]
async fn large_chunks_are_handed_out_in_small_ones() {
    const MIB: &[u8] = &[7; 1024 * 1024];
    let content = Content {
        size: 8 * MIB.len() as u64,
        ..content("video/mp4")
    };
    let open = scripts(vec![vec![some(MIB); 8]]);
    let answer = answer(&get(&[]).to_http_request(), &content, open).await;
    let mut body = pin!(answer.unwrap().into_body());
    let mut read = 0;
    while let Some(bytes) = poll_fn(|cx| body.as_mut().poll_next(cx)).await {
        let bytes = bytes.unwrap();
        assert!((1..=64 * 1024).contains(&bytes.len()));
        read += bytes.len() as u64;
    }
    assert_eq!(read, content.size);
}

/// A server that has the letters at `/good`, and at `/bad` some of them.
fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let good = |request: HttpRequest| async move {
        let open = in_memory(Bytes::from_static(LETTERS));
        answer(&request, &content("image/png"), open).await
    };
    let bad = |request: HttpRequest| async move {
        let open = scripts(vec![vec![some(b"abc"), Err(BlobError::Missing)]]);
        answer(&request, &content("image/png"), open).await
    };
    let app = move || {
        App::new()
            .route("/good", web::route().to(good))
            .route("/bad", web::route().to(bad))
    };
    let server = HttpServer::new(app).workers(1).disable_signals();
    rt::spawn(server.listen(listener).unwrap().run());
    address
}

#[actix_web::test]
async fn on_the_wire_head_is_get_without_a_body() {
    let address = start();
    // The next request on the connection is answered in step: nothing of a body was sent before it.
    let first = b"HEAD /good HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec();
    let answers = talk(address, vec![first, head("GET", "/good", "")]).await;
    let parts: Vec<_> = answers.split("\r\n\r\n").collect();
    let [first, second, body] = parts[..] else {
        panic!("{answers}");
    };
    for head in [first, second] {
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert!(head.contains("content-length: 26"), "{head}");
        assert!(!head.contains("transfer-encoding"), "{head}");
    }
    assert_eq!(body.as_bytes(), LETTERS);
}

#[actix_web::test]
async fn on_the_wire_what_is_had_has_no_body() {
    let address = start();
    let first = b"GET /good HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: *\r\n\r\n".to_vec();
    let answers = talk(
        address,
        vec![first, head("GET", "/good", "Range: bytes=-1\r\n")],
    )
    .await;
    let parts: Vec<_> = answers.split("\r\n\r\n").collect();
    let [first, second, body] = parts[..] else {
        panic!("{answers}");
    };
    assert!(first.starts_with("HTTP/1.1 304 "), "{first}");
    assert!(!first.contains("content-length"), "{first}");
    assert!(second.starts_with("HTTP/1.1 206 "), "{second}");
    assert_eq!(body, "z");
}

#[actix_web::test]
async fn on_the_wire_a_broken_answer_ends_the_connection() {
    let address = start();
    let request = b"GET /bad HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec();
    // It is closed, though it was to be kept; and what came is less than was told.
    let answer = talk(address, vec![request]).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    assert!(
        head.is_empty() || head.contains("content-length: 26"),
        "{head}"
    );
    assert!(body.len() < 26, "{body}");
}
