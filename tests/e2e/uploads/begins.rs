//! How an upload is begun.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::{Upload, number, of};
use crate::support::{App, pairs};

#[test]
fn a_new_upload_says_where_it_is_and_for_how_long() {
    let app = App::start();
    let ada = app.user("ada");
    let metadata = "filename YS50eHQ=,is_confidential";
    let create = of(ada, "POST", "/uploads").tus();
    let create = create.header("Upload-Length", "10");
    let answer = create
        .header("Upload-Metadata", metadata)
        .send(app.address());
    answer.expect(201);
    assert_eq!(answer.header("location"), Some("/uploads/1"));
    let expires = answer.header("upload-expires").expect("a time");
    assert!(expires.ends_with(" GMT"), "{expires}");
    let head = of(ada, "HEAD", "/uploads/1").tus().send(app.address());
    for (name, value) in [
        ("upload-offset", "0"),
        ("upload-length", "10"),
        ("upload-metadata", metadata),
        ("cache-control", "no-store"),
        ("upload-expires", expires),
    ] {
        assert_eq!(head.header(name), Some(value), "{name}");
    }
    assert_eq!(head.header("upload-file-id"), None);
}

#[test]
fn a_file_has_the_name_that_the_metadata_say_made_harmless() {
    let app = App::start();
    let ada = app.user("ada");
    for (said, name) in [
        ("../../etc/passwd", json!("passwd")),
        ("C:\\Users\\ada\\a.txt", json!("a.txt")),
        ("gpj\u{202e}.exe", json!("gpj.exe")),
        ("a\u{200f}b\n.txt", json!("ab.txt")),
        ("über uns.pdf", json!("über uns.pdf")),
        ("photos/", json!(null)),
    ] {
        let create = of(ada, "POST", "/uploads").tus();
        let metadata = format!("filename {}", STANDARD.encode(said));
        let create = create.header("Upload-Length", "1");
        let answer = create
            .header("Upload-Metadata", &metadata)
            .send(app.address());
        answer.expect(201);
        let path = answer.header("location").expect("where it is");
        let done = of(ada, "PATCH", path).part(0, "x").send(app.address());
        let file = number(&done, "upload-file-id").expect("a file");
        let file = app.as_user(ada).get(&format!("/files/{file}")).expect(200);
        assert_eq!(file["name"], name, "of {said:?}");
    }
}

#[test]
fn a_length_must_be_one_that_is_taken() {
    let app = App::start_with(&[("max_file_size", "1MiB")]);
    let ada = app.user("ada");
    let create = |length: &str| {
        let create = of(ada, "POST", "/uploads").tus();
        create.header("Upload-Length", length).send(app.address())
    };
    create("1").expect(201);
    create("1048576").expect(201);
    create("0").problem(400, "file_empty");
    create("1048577").problem(413, "file_too_large");
    let fault = |code| pairs(&[("Upload-Length", code)]);
    for (length, code) in [
        ("-1", "format"),
        ("+1", "format"),
        ("1e3", "format"),
        ("", "format"),
        ("99999999999999999999999", "range"),
    ] {
        assert_eq!(create(length).faults(), fault(code), "{length:?}");
    }
    let none = of(ada, "POST", "/uploads").tus().send(app.address());
    assert_eq!(none.faults(), fault("required"));
    let later = of(ada, "POST", "/uploads").tus();
    let later = later.header("Upload-Defer-Length", "1").send(app.address());
    let faults = [
        ("Upload-Defer-Length", "unknown"),
        ("Upload-Length", "required"),
    ];
    assert_eq!(later.faults(), pairs(&faults));
}

#[test]
fn under_a_key_an_upload_is_begun_once() {
    let app = App::start();
    let ada = app.user("ada");
    let create = |length: &str, key: &str| {
        let create = of(ada, "POST", "/uploads").tus();
        let create = create.header("Upload-Length", length);
        create.header("Idempotency-Key", key).send(app.address())
    };
    let first = create("10", "one");
    first.expect(201);
    let upload = Upload {
        address: app.address(),
        user: ada,
        path: first.header("location").expect("where it is").to_owned(),
    };
    upload.append(0, "012").expect(204);
    let again = create("10", "one");
    again.expect(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.header("tus-resumable"), Some("1.0.0"));
    for name in ["location", "upload-expires"] {
        assert_eq!(again.header(name), first.header(name), "{name}");
    }
    assert_eq!(upload.offset(), 3);
    create("11", "one").problem(422, "idempotency_mismatch");
    assert_ne!(
        create("10", "two").header("location"),
        first.header("location")
    );
}
