//! What goes on with files, well or not.

use std::sync::Arc;

use chat_server::Seams;
use serde_json::json;

use super::Reached;
use super::story::{ADA, BOB, EVE, of};
use crate::support::{App, Linking, Part, Request};

/// Tells it on servers of its own.
pub(super) fn tell(reached: &mut Reached) {
    let app = App::start_with(&[("max_file_size", "300KiB")]);
    app.users(["ada", "bob", "cyd", "eve"]);
    let at = app.address();
    let mut ask = |request: Request| reached.send(at, &request);
    for (path, to) in [("/files", None), ("/messages", Some("2"))] {
        let post = || of(ADA, "POST", path);
        let mut form = vec![Part::File("a.txt", b"hello")];
        if let Some(to) = to {
            form.extend([Part::Text("receiver_id", to), Part::Text("type", "file")]);
        }
        ask(post().form(&form));
        form[0] = Part::File("a.txt", b"");
        ask(post().form(&form));
        let large = vec![b'x'; 300 * 1024 + 1];
        form[0] = Part::File("a.txt", &large);
        ask(post().form(&form));
        ask(post()
            .header("Content-Type", "multipart/form-data")
            .body("x"));
    }
    ask(of(ADA, "POST", "/files").json(&json!({"url": "https://example.org/a"})));
    let mut picture = vec![Part::File("a.png", PNG)];
    picture.extend([Part::Text("receiver_id", "2"), Part::Text("type", "image")]);
    ask(of(ADA, "POST", "/messages").form(&picture));
    for what in ["content", "thumbnail"] {
        let get = |file: i64| of(ADA, "GET", &format!("/files/{file}/{what}"));
        for file in [1, 3, 4, 99] {
            ask(get(file));
        }
        ask(get(1).header("Range", "bytes=0-1"));
        ask(get(4).header("Range", "bytes=0-1"));
        ask(get(4).header("Range", "bytes=9999-"));
        ask(get(4).header("If-None-Match", "*"));
    }
    let unused = app.file(1, "unused", b"unused");
    for (who, file) in [(BOB, 2), (EVE, 2), (ADA, 2), (ADA, unused), (ADA, unused)] {
        ask(of(who, "DELETE", &format!("/files/{file}")));
    }
    std::fs::remove_dir_all(app.files().join("blobs")).expect("they are removed");
    ask(of(ADA, "GET", "/files/4/content"));
    ask(of(ADA, "GET", "/files/4/thumbnail?size=64"));
    elsewhere(reached);
}

/// Files that are kept where clients can fetch them.
fn elsewhere(reached: &mut Reached) {
    let seams = Seams::default().over_blobs(|blobs| Arc::new(Linking(blobs)));
    let app = App::start_over(&[], seams);
    app.user("ada");
    app.file(1, "a.txt", b"hello");
    reached.send(app.address(), &of(ADA, "GET", "/files/1/content"));
}

/// A picture of one pixel.
const PNG: &[u8] = include_bytes!("pixel.png");
