//! Files whose bytes are here: stored by a form, private until they are sent, gone when nothing uses
//! them.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{App, Part, Request, id};

fn content(app: &App, who: i64, file: i64) -> crate::support::Answer {
    app.as_user(who).get(&format!("/files/{file}/content"))
}

#[test]
fn a_file_comes_back_as_it_went_in() {
    let app = App::start();
    let ada = app.user("ada");
    for size in [1, 5, 65_535, 65_536, 65_537, 1_000_003] {
        let bytes: Vec<u8> = (0..size).map(|n: u32| (n * 7 / 5) as u8).collect();
        let form = [Part::File("a b.bin", &bytes)];
        let answer = app.as_user(ada).post_form("/files", &form);
        let file = answer.expect(201);
        let location = format!("/files/{}", file["id"]);
        assert_eq!(answer.header("location"), Some(location.as_str()));
        assert_eq!(file["url"], format!("{location}/content"));
        assert_eq!(
            (&file["name"], &file["size"]),
            (&json!("a b.bin"), &json!(size))
        );
        assert_eq!(app.as_user(ada).get(&location).expect(200), file);
        let read = app.as_user(ada).get(&format!("{location}/content"));
        assert_eq!((read.status, read.body.len()), (200, bytes.len()));
        assert!(read.body == bytes, "{size} bytes came back as others");
    }
}

#[test]
fn the_type_is_what_the_bytes_are() {
    let app = App::start();
    let ada = app.user("ada");
    let pixel = include_bytes!("answers/pixel.png");
    let mut polyglot = b"GIF89a".to_vec();
    polyglot.extend_from_slice(b"\x01\0\x01\0\0\0\0;<script>alert(1)</script>");
    for (name, bytes, kind, shown) in [
        ("page.html", &pixel[..], "image/png", Some("image/png")),
        (
            "a.png",
            b"<html><script>alert(1)</script></html>",
            "text/html",
            None,
        ),
        ("a.jpg", b"%PDF-1.7\n", "application/pdf", None),
        (
            "a.gif",
            b"MZ\x90\0\x03\0\0\0",
            "application/vnd.microsoft.portable-executable",
            None,
        ),
        ("a.gif", &polyglot, "image/gif", Some("image/gif")),
        ("a.png", b"just words", "application/octet-stream", None),
        (
            "a.svg",
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>",
            "",
            None,
        ),
    ] {
        let form = [Part::File(name, bytes)];
        let file = app.as_user(ada).post_form("/files", &form).expect(201);
        if !kind.is_empty() {
            assert_eq!(file["type"], kind, "{name}");
        }
        assert_ne!(
            file["type"], "image/svg+xml",
            "{name} could be sent as an image"
        );
        let read = content(&app, ada, id(&file));
        let disposition = read.header("content-disposition").expect("it is said");
        let policy = read.header("content-security-policy").expect("a policy");
        match shown {
            Some(kind) => {
                assert!(policy.contains("media-src 'self'"), "{policy}");
                assert_eq!(read.header("content-type"), Some(kind));
                assert!(disposition.starts_with("inline"), "{disposition}");
            }
            None => {
                assert!(!policy.contains("-src 'self'"), "{policy}");
                assert!(!policy.contains("allow-"), "{policy}");
                assert_eq!(
                    read.header("content-type"),
                    Some("application/octet-stream")
                );
                assert!(disposition.starts_with("attachment"), "{disposition}");
            }
        }
        assert_eq!(read.header("x-content-type-options"), Some("nosniff"));
        assert!(policy.contains("sandbox") && policy.contains("default-src 'none'"));
        assert!(!policy.contains("script"), "{policy}");
        assert_eq!(read.header("cache-control"), Some("private, no-cache"));
    }
}

#[test]
fn names_are_made_harmless() {
    let app = App::start();
    let ada = app.user("ada");
    let long = format!("{}.tar.gz", "ä".repeat(300));
    for (given, kept) in [
        ("../../etc/passwd", Some("passwd")),
        ("C:\\dir\\a.txt", Some("a.txt")),
        ("..\\..\\boot.ini", Some("boot.ini")),
        ("a%22b.txt", Some("a\"b.txt")),
        ("/", None),
        ("", None),
        ("..", None),
        ("photo\u{202e}gpj.exe", Some("photogpj.exe")),
        ("a\u{0}b.txt", Some("ab.txt")),
        (" spaced .txt ", Some("spaced .txt")),
        ("größe 😀.png", Some("größe 😀.png")),
    ] {
        let form = [Part::File(given, b"x")];
        let answer = app.as_user(ada).post_form("/files", &form);
        // A NUL in a header is no header.
        if given.contains('\0') && answer.status == 400 {
            answer.problem(400, "malformed_form");
            continue;
        }
        let file = answer.expect(201);
        assert_eq!(file.get("name").and_then(|n| n.as_str()), kept, "{given:?}");
        let read = content(&app, ada, id(&file));
        assert_eq!(read.status, 200);
        assert!(read.header("content-disposition").is_some(), "{given:?}");
    }
    let form = [Part::File(&long, b"x")];
    let file = app.as_user(ada).post_form("/files", &form).expect(201);
    let name = file["name"].as_str().expect("a name");
    assert!(
        name.len() <= 255 && name.starts_with('ä') && name.ends_with(".gz"),
        "{name}"
    );
}

#[test]
fn a_form_sends_a_file_with_its_message() {
    let app = App::start();
    let [ada, bob, eve] = app.users(["ada", "bob", "eve"]);
    let group = app.group("team", ada, &[bob]);
    let pixel = include_bytes!("answers/pixel.png");
    let form = [
        Part::Text("group_id", &group.to_string()),
        Part::File("p.png", pixel),
        Part::Text("type", "image"),
        Part::Text("content", "look"),
    ];
    let answer = app.as_user(ada).post_form("/messages", &form);
    let message = answer.expect(201);
    let location = format!("/messages/{}", message["id"]);
    assert_eq!(answer.header("location"), Some(location.as_str()));
    assert_eq!(
        (&message["type"], &message["content"]),
        (&json!("image"), &json!("look"))
    );
    assert_eq!(message["file"]["type"], "image/png");
    assert_eq!(app.as_user(bob).get(&location).expect(200), message);
    let file = id(&message["file"]);
    assert_eq!(content(&app, bob, file).body, pixel);
    content(&app, eve, file).problem(404, "file_not_found");
    // Nobody but the sender is its uploader, though the header names nobody.
    let form = [
        Part::Text("sender_id", &bob.to_string()),
        Part::Text("receiver_id", &eve.to_string()),
        Part::Text("type", "file"),
        Part::File("a.txt", b"hello"),
    ];
    let message = app.as_system().post_form("/messages", &form).expect(201);
    let file = id(&message["file"]);
    assert_eq!(content(&app, bob, file).body, b"hello");
    assert_eq!(content(&app, eve, file).body, b"hello");
    content(&app, ada, file).problem(404, "file_not_found");
}

#[test]
fn a_form_that_is_refused_leaves_nothing() {
    let app = App::start();
    let [ada, bob, eve] = app.users(["ada", "bob", "eve"]);
    let group = app.group("team", bob, &[]).to_string();
    let before = app.as_user(ada).get("/files/1");
    before.problem(404, "file_not_found");
    let send = |texts: &[(&str, &str)]| {
        let mut form = vec![Part::File("a.txt", b"hello")];
        form.extend(texts.iter().map(|(name, text)| Part::Text(name, text)));
        app.as_user(ada).post_form("/messages", &form)
    };
    send(&[("group_id", &group), ("type", "file")]).problem(404, "group_not_found");
    send(&[("receiver_id", "99"), ("type", "file")]).problem(404, "user_not_found");
    let eve = eve.to_string();
    assert_eq!(
        send(&[("receiver_id", &eve), ("type", "image")]).faults(),
        [("file".to_owned(), "conflict".to_owned())]
    );
    assert_eq!(
        send(&[("receiver_id", &eve), ("type", "text")]).faults(),
        [("type".to_owned(), "conflict".to_owned())]
    );
    send(&[
        ("receiver_id", &eve),
        ("type", "file"),
        ("sender_id", &bob.to_string()),
    ])
    .problem(403, "actor_mismatch");
    app.as_user(ada)
        .get("/files/1")
        .problem(404, "file_not_found");
    assert_eq!(app.unseen(3), 0);
}

#[test]
fn a_retry_with_the_same_bytes_is_the_same_file() {
    let app = App::start();
    let ada = app.user("ada");
    let store = |bytes: &[u8], name: &str| {
        let request = app.as_user(ada).request("POST", "/files");
        let request = request.header("Idempotency-Key", "k");
        request.form(&[Part::File(name, bytes)]).send(app.address())
    };
    let first = store(b"hello", "a.txt").expect(201);
    let again = store(b"hello", "a.txt");
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.expect(201), first);
    store(b"hell0", "a.txt").problem(422, "idempotency_mismatch");
    store(b"hello", "b.txt").problem(422, "idempotency_mismatch");
}

#[test]
fn a_deleted_file_is_gone_for_all() {
    let app = App::start();
    let [ada, bob, eve] = app.users(["ada", "bob", "eve"]);
    let file = app.file(ada, "a.txt", b"hello");
    let path = format!("/files/{file}");
    let send = json!({"receiver_id": bob, "type": "file", "file_id": file});
    let message = id(&app.as_user(ada).post("/messages", &send).expect(201));
    app.as_user(ada).delete(&path).problem(409, "file_in_use");
    app.as_user(bob).delete(&path).problem(403, "forbidden");
    app.as_user(eve)
        .delete(&path)
        .problem(404, "file_not_found");
    app.as_system().delete(&path).expect(204);
    for who in [ada, bob] {
        app.as_user(who).get(&path).problem(404, "file_not_found");
        content(&app, who, file).problem(404, "file_not_found");
        let shown = app
            .as_user(who)
            .get(&format!("/messages/{message}"))
            .expect(200);
        assert_eq!(shown["file"]["deleted"], true);
        assert_eq!(shown["file"]["url"], format!("/files/{file}/content"));
        assert!(shown["file"].get("name").is_none() && shown["file"].get("size").is_none());
    }
    app.as_user(ada)
        .post("/messages", &send)
        .problem(404, "file_not_found");
}

#[test]
fn what_nothing_uses_goes_after_its_grace() {
    let app = App::start_with(&[("file_grace", "1s")]);
    let [ada, bob] = app.users(["ada", "bob"]);
    let unsent = app.file(ada, "a.txt", b"unsent");
    // In use from the first moment on.
    let to = bob.to_string();
    let send = Request::new("POST", "/messages").header("X-User-Id", &ada.to_string());
    let send = send.form(&[
        Part::Text("receiver_id", &to),
        Part::Text("type", "file"),
        Part::File("b.txt", b"kept"),
    ]);
    let sent = send.send(app.address()).expect(201);
    let kept = sent["file_id"].as_i64().expect("an id");
    let begun = Instant::now();
    while app.as_user(ada).get(&format!("/files/{unsent}")).status == 200 || blobs(&app) > 1 {
        assert!(begun.elapsed() < Duration::from_secs(30), "it stays");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(content(&app, bob, kept).body, b"kept");
}

/// How many blobs the disk has.
fn blobs(app: &App) -> usize {
    let folders = app.files().join("blobs").read_dir().expect("a folder");
    let count = |folder: std::fs::DirEntry| folder.path().read_dir().map_or(0, Iterator::count);
    folders.map(|folder| count(folder.expect("an entry"))).sum()
}

#[test]
fn what_a_user_may_not_know_is_not_there() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let file = app.file(ada, "a.png", include_bytes!("answers/pixel.png"));
    for what in ["", "/content", "/thumbnail"] {
        let path = format!("/files/{file}{what}");
        app.as_user(bob).get(&path).problem(404, "file_not_found");
        app.as_user(ada).get(&path);
        assert_eq!(app.as_user(ada).get(&path).status, 200, "{path}");
        assert_eq!(app.as_system().get(&path).status, 200, "{path}");
        let ghost = Request::new("GET", &path).header("X-User-Id", "99");
        ghost.send(app.address()).problem(401, "unknown_actor");
    }
    // Who knows the bytes does not thereby know the file.
    let copy = app.file(bob, "mine.png", include_bytes!("answers/pixel.png"));
    assert_ne!(copy, file);
    content(&app, bob, file).problem(404, "file_not_found");
}
