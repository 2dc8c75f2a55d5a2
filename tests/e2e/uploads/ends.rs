//! How uploads end besides becoming a file.

use super::{Upload, bytes, number, staged, until};
use crate::support::{App, Begun};

#[test]
fn an_upload_that_is_given_up_is_gone() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let upload = Upload::begin(&app, ada, 10);
    upload.append(0, "01234").expect(204);
    assert_eq!(
        upload.request("DELETE").tus().send(app.address()).status,
        204
    );
    for method in ["HEAD", "DELETE"] {
        let answer = upload.request(method).tus().send(app.address());
        assert_eq!(answer.status, 404, "{method}");
    }
    upload.append(5, "56789").problem(404, "upload_not_found");
    // One that has become a file is forgotten, and the file is not.
    let upload = Upload::begin(&app, ada, 5);
    let done = upload.append(0, "01234");
    let file = number(&done, "upload-file-id").expect("it is a file");
    assert_eq!(
        upload.request("DELETE").tus().send(app.address()).status,
        204
    );
    let path = format!("/files/{file}/content");
    assert_eq!(app.as_user(ada).get(&path).body, b"01234");
    app.as_user(bob).get(&path).problem(404, "file_not_found");
}

#[test]
fn a_part_on_its_way_to_an_upload_that_is_given_up_is_refused() {
    let app = App::start();
    let whole = bytes(500_000);
    let upload = Upload::begin(&app, app.user("ada"), whole.len());
    let part = upload.part(0, &whole[..400_000]);
    let part = part.header("Content-Length", &whole.len().to_string());
    let mut part = Begun::of(&part, app.address());
    until("some is staged", || staged(&app.files()).0 > 0);
    assert_eq!(
        upload.request("DELETE").tus().send(app.address()).status,
        204
    );
    part.more(&whole[400_000..]);
    let answer = part.answer().expect("it is answered");
    answer.problem(409, "upload_interrupted");
}

#[test]
fn an_upload_that_nobody_goes_on_with_expires() {
    let app = App::start_with(&[("file_grace", "2s")]);
    let ada = app.user("ada");
    let begun = Upload::begin(&app, ada, 10);
    let mut upload = Upload::begin(&app, ada, 1_000_000);
    // On a slow machine it may expire before its first part.
    while upload.append(0, bytes(300_000)).status == 404 {
        upload = Upload::begin(&app, ada, 1_000_000);
    }
    for upload in [&begun, &upload] {
        let head = || upload.request("HEAD").tus().send(app.address());
        until("it has expired", || head().status == 404);
        let answer = upload.append(0, "x");
        answer.problem(404, "upload_not_found");
    }
    until("its bytes are gone", || staged(&app.files()) == (0, 0));
}

#[test]
fn the_bytes_of_what_was_given_up_go_with_it() {
    let app = App::start();
    let ada = app.user("ada");
    for key in [None, Some("once")] {
        let upload = Upload::begin(&app, ada, 1_000_000);
        upload.append(0, bytes(300_000)).expect(204);
        let mut delete = upload.request("DELETE").tus();
        if let Some(key) = key {
            delete = delete.header("Idempotency-Key", key);
        }
        assert_eq!(delete.send(app.address()).status, 204);
        assert_eq!(staged(&app.files()), (0, 0), "with key {key:?}");
    }
}

#[test]
fn what_is_left_of_bytes_that_are_lost_goes_with_their_upload() {
    let app = App::start();
    let upload = Upload::begin(&app, app.user("ada"), 1_000_000);
    upload.append(0, bytes(300_000)).expect(204);
    let staging = app.files().join("staging");
    for entry in staging.read_dir().expect("a folder") {
        let path = entry.expect("a file").path();
        std::fs::write(path, "x").expect("written");
    }
    let answer = upload.append(300_000, "x");
    answer.problem(404, "upload_not_found");
    assert_eq!(staged(&app.files()), (0, 0));
}
