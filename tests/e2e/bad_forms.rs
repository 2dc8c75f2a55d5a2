//! Forms that are none, lie or break off: each is refused with what is wrong, and leaves nothing.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::{Answer, App, Part, Request, exchange};

const KIND: &str = "multipart/form-data; boundary=b";

fn post(app: &App, kind: &str, body: impl Into<Vec<u8>>) -> Answer {
    let request = Request::new("POST", "/files").header("Content-Type", kind);
    request.body(body).send(app.address())
}

/// A part of a form with this head.
fn part(head: &str, body: &str) -> String {
    format!("--b\r\n{head}\r\n\r\n{body}\r\n--b--\r\n")
}

const FILE: &str = "Content-Disposition: form-data; name=\"file\"; filename=\"a\"";

#[test]
fn what_is_no_form_is_400() {
    let app = App::start();
    let good = part(FILE, "hello");
    post(&app, KIND, good.clone()).expect(201);
    for kind in [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=c",
        "multipart/form-data; charset=utf-8",
    ] {
        post(&app, kind, good.clone()).problem(400, "malformed_form");
    }
    for body in [
        "hello",
        "--b",
        "--b\r\n",
        "--b--",
        &good.replace("--b--", ""),
        &good[..good.len() - 6],
        &part("", "hello"),
        &part("Content-Type: text/plain", "hello"),
        &part("Content-Disposition: attachment; name=\"file\"", "hello"),
        &part("Content-Disposition: form-data", "hello"),
        &part("Content-Disposition", "hello"),
        &part("\0", "hello"),
    ] {
        let answer = post(&app, KIND, body.to_owned());
        assert_eq!(answer.status, 400, "{body:?}: {}", answer.text());
        assert!(
            matches!(
                code(&answer).as_str(),
                "malformed_form" | "validation_failed"
            ),
            "{body:?}: {}",
            answer.text()
        );
    }
    app.as_system()
        .get("/files/2")
        .problem(404, "file_not_found");
}

fn code(answer: &Answer) -> String {
    let problem = answer.expect(answer.status);
    problem["code"].as_str().expect("a code").to_owned()
}

#[test]
fn other_types_and_packed_bodies_are_415() {
    let app = App::start();
    for kind in [
        "multipart/mixed; boundary=b",
        "application/x-www-form-urlencoded",
        "image/png",
    ] {
        post(&app, kind, part(FILE, "hello")).problem(415, "unsupported_media_type");
    }
    let packed = Request::new("POST", "/files")
        .header("Content-Type", KIND)
        .header("Content-Encoding", "gzip")
        .body(part(FILE, "hello"));
    packed
        .send(app.address())
        .problem(415, "unsupported_media_type");
}

#[test]
fn every_bad_field_is_named() {
    let app = App::start();
    app.users(["ada", "bob"]);
    let send = |parts: &[Part<'_>]| app.as_user(1).post_form("/messages", parts).faults();
    let pairs = |pairs: &[(&str, &str)]| crate::support::pairs(pairs);
    assert_eq!(
        send(&[]),
        pairs(&[
            ("file", "required"),
            ("group_id", "required"),
            ("receiver_id", "required"),
            ("type", "required"),
        ])
    );
    assert_eq!(
        send(&[
            Part::File("a", b"x"),
            Part::File("b", b"y"),
            Part::Text("receiver_id", "two"),
            Part::Text("type", "movie"),
            Part::Text("file_id", "1"),
            Part::Text("content", "a\0b"),
        ]),
        pairs(&[
            ("content", "format"),
            ("file", "repeated"),
            ("file_id", "unknown"),
            ("receiver_id", "type"),
            ("type", "format"),
        ])
    );
    assert_eq!(
        send(&[
            Part::File("a", b"x"),
            Part::Text("type", "file"),
            Part::Text("type", "file"),
            Part::Text("receiver_id", "1"),
        ]),
        pairs(&[("receiver_id", "conflict"), ("type", "repeated")])
    );
    let long = "x".repeat(300 * 1024);
    let too_long = [Part::File("a", b"x"), Part::Text("content", &long)];
    app.as_user(1)
        .post_form("/messages", &too_long)
        .problem(413, "payload_too_large");
    let query = Request::new("POST", "/files?x=1").form(&[Part::File("a", b"x")]);
    assert_eq!(
        query.send(app.address()).faults(),
        pairs(&[("x", "unknown")])
    );
}

#[test]
fn sizes_are_what_comes_and_not_what_is_said() {
    let app = App::start_with(&[("max_file_size", "1000")]);
    let store = |size: usize| {
        let bytes = vec![b'x'; size];
        app.as_system()
            .post_form("/files", &[Part::File("a", &bytes)])
    };
    store(0).problem(400, "file_empty");
    store(1_000).expect(201);
    store(1_001).problem(413, "file_too_large");
    // What a part says of its own length counts for nothing.
    for length in ["3", "99", "x", "-1"] {
        let lying = part(&format!("{FILE}\r\nContent-Length: {length}"), "hello");
        assert_eq!(post(&app, KIND, lying).expect(201)["size"], 5, "{length}");
    }
    // Without a length the whole form is limited too, whatever it is made of.
    let endless = "x".repeat(400 * 1024);
    for body in [
        endless.clone(),
        format!("--b\r\n{FILE}\r\n\r\nx\r\n{}", part(FILE, &endless)),
        format!("{}{endless}", part(FILE, "x").replace("--b--", "")),
    ] {
        let head = format!(
            "POST /files HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: {KIND}\r\n\
             Transfer-Encoding: chunked\r\n\r\n",
            app.address()
        );
        let chunked = format!("{head}{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
        let answer = exchange(app.address(), chunked.as_bytes()).expect("an answer");
        answer.problem(413, "file_too_large");
    }
    let many = format!("--b\r\n{FILE}\r\n\r\nx\r\n").repeat(65) + "--b--";
    post(&app, KIND, many).problem(400, "malformed_form");
    // A body that says it is far too large is not waited for.
    let mut large = TcpStream::connect(app.address()).expect("a connection");
    write!(
        large,
        "POST /files HTTP/1.1\r\nHost: {}\r\nContent-Type: {KIND}\r\n\
         Content-Length: 999999999999\r\n\r\n",
        app.address()
    )
    .expect("it is sent");
    let begun = Instant::now();
    let answer = crate::support::read_answer(large);
    answer.problem(413, "file_too_large");
    assert!(begun.elapsed() < Duration::from_secs(10));
    app.as_system()
        .get("/files/6")
        .problem(404, "file_not_found");
}

#[test]
fn a_form_that_breaks_off_is_refused() {
    let app = App::start();
    let whole = part(FILE, "hello");
    for cut in [0, 3, 20, whole.len() - 12, whole.len() - 1] {
        let request = Request::new("POST", "/files")
            .header("Content-Type", KIND)
            .header("Content-Length", &whole.len().to_string())
            .body(&whole.as_bytes()[..cut])
            .breaks_off();
        let answer = request.send(app.address());
        // What was whole by then may have been taken.
        if cut < whole.len() - 1 {
            assert_eq!(answer.status, 400, "{cut}: {}", answer.text());
        }
    }
    // In chunks, without a length; the last one never comes.
    let head = format!(
        "POST /files HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: {KIND}\r\n\
         Transfer-Encoding: chunked\r\n\r\n",
        app.address()
    );
    let chunked = format!("{head}{:x}\r\n{whole}\r\n0\r\n\r\n", whole.len());
    exchange(app.address(), chunked.as_bytes())
        .expect("an answer")
        .expect(201);
}

#[test]
fn who_may_not_upload_is_told_before_the_bytes_come() {
    let app = App::start();
    let head = |more: &str| {
        format!(
            "POST /files HTTP/1.1\r\nHost: {}\r\nContent-Type: {KIND}\r\nContent-Length: 40000000\r\n\
             {more}\r\n--b\r\n{FILE}\r\n\r\nx",
            app.address()
        )
    };
    for (more, status) in [
        ("X-User-Id: 99\r\n", 401),
        ("X-User-Id: x\r\n", 400),
        ("Idempotency-Key: a b\r\n", 400),
        ("Authorization: Bearer x\r\n", 400),
    ] {
        let mut stream = TcpStream::connect(app.address()).expect("a connection");
        stream.write_all(head(more).as_bytes()).expect("it is sent");
        let answer = crate::support::read_answer(stream);
        assert_eq!(answer.status, status, "{more}: {}", answer.text());
    }
}

#[test]
fn who_waits_to_be_asked_for_the_bytes_is_asked_if_they_are_wanted() {
    let app = App::start();
    let ada = app.user("ada");
    let create = Request::new("POST", "/uploads").tus();
    let create = create.header("Upload-Length", "10").send(app.address());
    create.expect(201);
    let begin = |what: &str, more: &str| {
        let mut stream = TcpStream::connect(app.address()).expect("a connection");
        let limit = Some(Duration::from_secs(10));
        stream.set_read_timeout(limit).expect("a limit");
        let at = app.address();
        write!(
            stream,
            "{what} HTTP/1.1\r\nHost: {at}\r\nExpect: 100-continue\r\n{more}\r\n"
        )
        .expect("it is sent");
        stream
    };
    let form = |more: &str| begin("POST /files", &format!("Content-Type: {KIND}\r\n{more}"));
    let patch = |more: &str| {
        let kind = "Content-Type: application/offset+octet-stream";
        let tus = "Tus-Resumable: 1.0.0\r\nContent-Length: 5";
        begin("PATCH /uploads/1", &format!("{kind}\r\n{tus}\r\n{more}"))
    };
    for (stream, status, code) in [
        (form("Content-Length: 99999999\r\n"), 413, "file_too_large"),
        (
            form("Content-Length: 99\r\nX-User-Id: 99\r\n"),
            401,
            "unknown_actor",
        ),
        (patch("Upload-Offset: 5\r\n"), 409, "upload_offset_mismatch"),
        (patch(""), 400, "validation_failed"),
    ] {
        crate::support::read_answer(stream).problem(status, code);
    }
    let body = part(FILE, "hello");
    let wanted = form(&format!(
        "Connection: close\r\nX-User-Id: {ada}\r\nContent-Length: {}\r\n",
        body.len()
    ));
    let file = asked(wanted, body.as_bytes());
    file.expect(201);
    let wanted = patch("Connection: close\r\nUpload-Offset: 0\r\n");
    assert_eq!(asked(wanted, b"01234").status, 204);
}

/// The answer to who sends these bytes once it is asked for them.
fn asked(mut stream: TcpStream, bytes: &[u8]) -> Answer {
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).expect("it is asked");
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(bytes).expect("they are sent");
    crate::support::read_answer(stream)
}
