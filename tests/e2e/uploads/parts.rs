//! How the parts of an upload come, one after the other, and which are refused.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{MIB, Upload, bytes, number, of};
use crate::support::{App, Request, pairs};

#[test]
fn parts_become_a_file_that_can_be_sent() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let whole = bytes(MIB + 17);
    let upload = Upload::begin(&app, ada, whole.len());
    let mut offset = 0;
    for part in [1, 99_999, 300_000] {
        let answer = upload.append(offset, &whole[offset..offset + part]);
        offset += part;
        answer.expect(204);
        assert_eq!(number(&answer, "upload-offset"), Some(offset));
        assert_eq!(answer.header("upload-file-id"), None);
        assert!(answer.header("upload-expires").is_some());
        assert_eq!(upload.offset(), offset);
    }
    let last = upload.append(offset, &whole[offset..]);
    last.expect(204);
    assert_eq!(number(&last, "upload-offset"), Some(whole.len()));
    let file = number(&last, "upload-file-id").expect("it is a file");
    for _ in 0..2 {
        let head = upload.head();
        assert_eq!(number(&head, "upload-file-id"), Some(file));
        assert_eq!(number(&head, "upload-offset"), Some(whole.len()));
    }
    let content = format!("/files/{file}/content");
    app.as_user(bob)
        .get(&content)
        .problem(404, "file_not_found");
    let message = json!({"receiver_id": bob, "type": "file", "file_id": file});
    app.as_user(ada).post("/messages", &message).expect(201);
    let read = app.as_user(bob).get(&content);
    assert_eq!(read.status, 200);
    assert!(read.body == whole);
}

#[test]
fn an_upload_is_known_to_who_began_it_and_to_the_system() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let upload = Upload::begin(&app, ada, 10);
    upload.append(0, "01234").expect(204);
    for other in [
        of(bob, "HEAD", &upload.path).tus(),
        of(bob, "PATCH", &upload.path).part(5, "56789"),
        of(bob, "PATCH", &upload.path).part(0, "x"),
        of(bob, "DELETE", &upload.path).tus(),
        of(bob, "HEAD", "/uploads/99").tus(),
    ] {
        let answer = other.send(app.address());
        assert_eq!(answer.status, 404, "{other:?}");
        assert_eq!(answer.header("upload-offset"), None);
    }
    assert_eq!(upload.offset(), 5);
    let system = Request::new("PATCH", &upload.path).part(5, "56789");
    let answer = system.send(app.address());
    let file = number(&answer, "upload-file-id").expect("it is a file");
    // It is hers, whoever brought its last part.
    let path = format!("/files/{file}");
    app.as_user(ada).get(&path).expect(200);
    app.as_user(bob).get(&path).problem(404, "file_not_found");
}

#[test]
fn a_part_must_begin_where_the_upload_is() {
    let app = App::start();
    let upload = Upload::begin(&app, app.user("ada"), 10);
    upload.append(0, "01234").expect(204);
    for offset in [0, 4, 6, 10, 11] {
        let problem = upload
            .append(offset, "x")
            .problem(409, "upload_offset_mismatch");
        let detail = problem["detail"].as_str().expect("a text");
        assert!(detail.contains('5'), "{detail}");
    }
    let none = upload.request("PATCH").tus();
    let none = none.header("Content-Type", "application/offset+octet-stream");
    assert_eq!(
        none.send(app.address()).faults(),
        pairs(&[("Upload-Offset", "required")])
    );
    assert_eq!(upload.offset(), 5);
    upload.finish(b"0123456789");
    upload.append(9, "9").problem(409, "upload_offset_mismatch");
}

#[test]
fn more_bytes_than_were_announced_are_refused() {
    let app = App::start();
    let upload = Upload::begin(&app, app.user("ada"), 10);
    upload.append(0, "01234").expect(204);
    let refused = upload.append(5, "56789x").problem(413, "file_too_large");
    let detail = "the file must have at most 10 bytes";
    assert_eq!(refused["detail"], detail);
    assert_eq!(upload.offset(), 5);
    // Without a length declared it shows only as they come.
    let chunked = upload.part(5, "3\r\n567\r\n4\r\n89xx\r\n0\r\n\r\n");
    let chunked = chunked.header("Transfer-Encoding", "chunked");
    let refused = chunked.send(app.address()).problem(413, "file_too_large");
    assert_eq!(refused["detail"], detail);
    let offset = upload.offset();
    assert!((5..=8).contains(&offset), "{offset}");
    let rest = format!(
        "{:x}\r\n{}\r\n0\r\n\r\n",
        10 - offset,
        &"0123456789"[offset..]
    );
    let rest = upload
        .part(offset, rest)
        .header("Transfer-Encoding", "chunked");
    rest.send(app.address()).expect(204);
    assert_eq!(upload.content(), b"0123456789");
    let refused = upload.append(10, "x").problem(413, "file_too_large");
    assert_eq!(refused["detail"], detail);
    assert_eq!(upload.content(), b"0123456789");
}

#[test]
fn a_part_of_no_bytes_changes_nothing() {
    let app = App::start();
    let upload = Upload::begin(&app, app.user("ada"), 4);
    for (offset, part) in [(0, "01"), (2, "23")] {
        let nothing = upload.append(offset, "");
        nothing.expect(204);
        assert_eq!(number(&nothing, "upload-offset"), Some(offset));
        upload.append(offset, part).expect(204);
    }
    let nothing = upload.append(4, "");
    nothing.expect(204);
    let head = upload.head();
    assert!(head.header("upload-file-id").is_some());
    assert_eq!(
        nothing.header("upload-file-id"),
        head.header("upload-file-id")
    );
}

#[test]
fn a_checksum_lets_a_part_count_whole_or_not_at_all() {
    let app = App::start();
    let upload = Upload::begin(&app, app.user("ada"), 9);
    let checked = |offset, part: &str, checksum: &str| {
        let part = upload
            .part(offset, part)
            .header("Upload-Checksum", checksum);
        part.send(app.address())
    };
    let sha1 = "sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=";
    let sha256 = format!("sha256 {}", STANDARD.encode(Sha256::digest("abc")));
    checked(0, "abd", sha1).problem(460, "checksum_mismatch");
    assert_eq!(upload.offset(), 0);
    checked(0, "abc", sha1).expect(204);
    assert_eq!(upload.offset(), 3);
    checked(3, "abd", &sha256).problem(460, "checksum_mismatch");
    checked(3, "ab", &sha256).problem(460, "checksum_mismatch");
    assert_eq!(upload.offset(), 3);
    checked(3, "abc", &sha256).expect(204);
    for (checksum, code) in [
        ("md5 kAFQmDzST7DWlj99KOF/cg==", "unknown"),
        ("sha1", "format"),
        ("sha256 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=", "length"),
    ] {
        let refused = checked(6, "abc", checksum).faults();
        assert_eq!(refused, pairs(&[("Upload-Checksum", code)]));
    }
    assert_eq!(upload.offset(), 6);
    // A last part that is wrong does not make it a file.
    checked(6, "abd", sha1).problem(460, "checksum_mismatch");
    assert_eq!(upload.head().header("upload-file-id"), None);
    checked(6, "abc", sha1).expect(204);
    assert_eq!(upload.content(), b"abcabcabc");
}
