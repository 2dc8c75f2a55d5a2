//! The bytes of files on their way out: in parts, not again, and in small.

use serde_json::json;

use crate::support::{Answer, App, Request};

const TEXT: &[u8] = b"abcdefghijklmnopqrstuvwxyz";

fn get(app: &App, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = app.as_system().request("GET", path);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.send(app.address())
}

#[test]
fn ranges_are_given_as_they_were_asked_for() {
    let app = App::start();
    let ada = app.user("ada");
    let path = format!("/files/{}/content", app.file(ada, "a.txt", TEXT));
    for (range, bytes, place) in [
        ("bytes=0-3", &b"abcd"[..], "bytes 0-3/26"),
        ("bytes=23-", b"xyz", "bytes 23-25/26"),
        ("bytes=-2", b"yz", "bytes 24-25/26"),
        ("bytes=20-99", b"uvwxyz", "bytes 20-25/26"),
        ("bytes=0-0", b"a", "bytes 0-0/26"),
    ] {
        let part = get(&app, &path, &[("Range", range)]);
        assert_eq!((part.status, &part.body[..]), (206, bytes), "{range}");
        assert_eq!(part.header("content-range"), Some(place), "{range}");
        assert_eq!(part.header("accept-ranges"), Some("bytes"));
    }
    let several = get(&app, &path, &[("Range", "bytes=0-1,24-25")]);
    assert_eq!(several.status, 206);
    let kind = several.header("content-type").expect("a type");
    assert!(
        kind.starts_with("multipart/byteranges; boundary="),
        "{kind}"
    );
    let text = several.text();
    assert!(
        text.contains("\r\n\r\nab\r\n") && text.contains("\r\n\r\nyz\r\n"),
        "{text}"
    );
    assert!(text.contains("Content-Range: bytes 24-25/26"), "{text}");

    let beyond = get(&app, &path, &[("Range", "bytes=26-")]);
    beyond.problem(416, "range_not_satisfiable");
    assert_eq!(beyond.header("content-range"), Some("bytes */26"));
    for ignored in ["bytes=", "bytes=x-", "lines=0-1", "bytes=3-1", "0-1"] {
        let whole = get(&app, &path, &[("Range", ignored)]);
        assert_eq!((whole.status, &whole.body[..]), (200, TEXT), "{ignored}");
    }
}

#[test]
fn what_is_had_is_not_sent_again() {
    let app = App::start();
    let ada = app.user("ada");
    let path = format!("/files/{}/content", app.file(ada, "a.txt", TEXT));
    let whole = get(&app, &path, &[]);
    let etag = whole.header("etag").expect("a tag").to_owned();
    for had in [
        etag.as_str(),
        "*",
        &format!("\"x\", {etag}"),
        &format!("W/{etag}"),
    ] {
        let not_again = get(&app, &path, &[("If-None-Match", had)]);
        assert_eq!((not_again.status, not_again.body.len()), (304, 0), "{had}");
        assert_eq!(not_again.header("etag"), Some(etag.as_str()));
    }
    assert_eq!(get(&app, &path, &[("If-None-Match", "\"x\"")]).status, 200);
    let part = [("Range", "bytes=0-1"), ("If-Range", etag.as_str())];
    assert_eq!(get(&app, &path, &part).status, 206);
    let other = [("Range", "bytes=0-1"), ("If-Range", "\"x\"")];
    assert_eq!(get(&app, &path, &other).status, 200);
    // The same bytes have the same tag, whichever file they are of.
    let copy = format!("/files/{}/content", app.file(ada, "b.txt", TEXT));
    assert_eq!(get(&app, &copy, &[]).header("etag"), Some(etag.as_str()));
}

#[test]
fn head_says_what_get_would_bring() {
    let app = App::start();
    let ada = app.user("ada");
    let pixel = app.file(ada, "p.png", include_bytes!("answers/pixel.png"));
    for what in ["content", "thumbnail"] {
        let path = format!("/files/{pixel}/{what}");
        let get = get(&app, &path, &[]);
        let head = app.as_system().request("HEAD", &path).send(app.address());
        assert_eq!(head.status, 200);
        assert!(head.body.is_empty());
        for name in [
            "content-length",
            "content-type",
            "etag",
            "content-disposition",
        ] {
            assert_eq!(head.header(name), get.header(name), "{name}");
        }
    }
}

#[test]
fn an_image_comes_in_small() {
    let app = App::start();
    let ada = app.user("ada");
    let pixel = app.file(ada, "p.png", include_bytes!("answers/pixel.png"));
    let path = format!("/files/{pixel}/thumbnail");
    let small = get(&app, &path, &[]);
    assert_eq!(small.status, 200);
    assert_eq!(small.header("content-type"), Some("image/jpeg"));
    assert!(small.body.starts_with(b"\xff\xd8\xff"));
    let disposition = small.header("content-disposition").expect("it is said");
    assert!(disposition.starts_with("inline"), "{disposition}");
    for size in [64, 128, 256, 512, 1024] {
        assert_eq!(get(&app, &format!("{path}?size={size}"), &[]).status, 200);
    }
    for (size, code) in [
        ("0", "range"),
        ("65", "range"),
        ("2048", "range"),
        ("x", "type"),
    ] {
        let faults = get(&app, &format!("{path}?size={size}"), &[]).faults();
        assert_eq!(faults, [("size".to_owned(), code.to_owned())]);
    }
    let etag = small.header("etag").expect("a tag").to_owned();
    assert_eq!(get(&app, &path, &[("If-None-Match", &etag)]).status, 304);
    assert_ne!(
        get(&app, &format!("{path}?size=64"), &[]).header("etag"),
        Some(etag.as_str())
    );
}

/// A GIF of so many pixels in each direction, whose drawing takes a while.
fn gif(side: u16) -> Vec<u8> {
    let size = [side.to_le_bytes(), side.to_le_bytes()].concat();
    let mut gif = [b"GIF89a", &size[..], &[0xf6, 0, 0]].concat();
    gif.extend((0..3 * 128).map(|n| n as u8));
    gif.extend([&[0x2c, 0, 0, 0, 0][..], &size, &[0, 7]].concat());
    // Each code has a byte as long as the table is cleared (by 128) before it grows beyond them.
    let pixels: Vec<u8> = (0..usize::from(side).pow(2))
        .map(|n| (n % 127) as u8)
        .collect();
    for some in pixels.chunks(100) {
        gif.extend([&[some.len() as u8 + 1, 128][..], some].concat());
    }
    gif.extend([1, 129, 0, 0x3b]);
    gif
}

#[test]
fn one_image_comes_in_small_to_many_at_once_and_to_no_stranger() {
    let app = App::start();
    let [ada, eve] = app.users(["ada", "eve"]);
    let path = format!("/files/{}/thumbnail", app.file(ada, "large.gif", &gif(600)));
    let answers: Vec<_> = std::thread::scope(|scope| {
        let asks: Vec<_> = (0..40)
            .map(|_| scope.spawn(|| app.as_user(ada).get(&path)))
            .collect();
        asks.into_iter()
            .map(|ask| ask.join().expect("it ran"))
            .collect()
    });
    for answer in &answers {
        assert_eq!((answer.status, &answer.body), (200, &answers[0].body));
    }
    let stranger = app.as_user(eve).get(&path);
    stranger.problem(404, "file_not_found");
}

#[test]
fn what_is_no_image_has_no_thumbnail() {
    let app = App::start();
    let ada = app.user("ada");
    // It says that it has 60,000 by 60,000 pixels.
    let mut bomb = include_bytes!("answers/pixel.png").to_vec();
    bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    let broken = &include_bytes!("answers/pixel.png")[..40];
    for (name, bytes) in [("a.txt", TEXT), ("b.png", &bomb[..]), ("c.png", broken)] {
        let file = app.file(ada, name, bytes);
        get(&app, &format!("/files/{file}/thumbnail"), &[]).problem(404, "thumbnail_unavailable");
        assert_eq!(
            get(&app, &format!("/files/{file}/content"), &[]).status,
            200
        );
    }
}

#[test]
fn an_external_file_has_no_content_here() {
    let app = App::start();
    let body = json!({"url": "https://example.org/a.png", "type": "image/png"});
    app.as_system().post("/files", &body).expect(201);
    for what in ["content", "thumbnail"] {
        get(&app, &format!("/files/1/{what}"), &[]).problem(404, "file_is_external");
    }
    get(&app, "/files/9/content", &[]).problem(404, "file_not_found");
}

#[test]
fn queries_are_read_strictly_here_too() {
    let app = App::start();
    let ada = app.user("ada");
    let file = app.file(ada, "a.txt", TEXT);
    let unknown = get(&app, &format!("/files/{file}/content?download=1"), &[]);
    assert_eq!(
        unknown.faults(),
        [("download".to_owned(), "unknown".to_owned())]
    );
    let bad = Request::new("GET", "/files/0/content").send(app.address());
    assert_eq!(bad.faults(), [("id".to_owned(), "range".to_owned())]);
}

#[test]
fn a_page_of_another_site_shows_none_of_it() {
    let app = App::start();
    let ada = app.user("ada");
    let pixel = app.file(ada, "p.png", include_bytes!("answers/pixel.png"));
    let path = format!("/files/{pixel}/content");
    let fetched = |method: &str, site: &str, mode: &str, dest: Option<&str>| {
        let request = app.as_system().request(method, &path);
        let request = request.header("Sec-Fetch-Site", site);
        let request = request.header("Sec-Fetch-Mode", mode);
        let request = match dest {
            Some(dest) => request.header("Sec-Fetch-Dest", dest),
            None => request,
        };
        request.send(app.address())
    };
    for dest in ["iframe", "frame", "embed", "object", "fencedframe", ""] {
        let framed = fetched("GET", "cross-site", "navigate", Some(dest));
        framed.problem(403, "origin_not_allowed");
        assert_eq!(
            fetched("GET", "same-origin", "navigate", Some(dest)).status,
            200,
            "{dest}"
        );
    }
    for dest in ["image", "audio", "video"] {
        let embedded = fetched("GET", "cross-site", "no-cors", Some(dest));
        embedded.problem(403, "origin_not_allowed");
    }
    // To go to its address is another matter, but only to read it.
    for dest in [Some("document"), None] {
        let gone_to = fetched("GET", "cross-site", "navigate", dest);
        assert_eq!(gone_to.status, 200, "{dest:?}");
        let policy = gone_to.header("content-security-policy").expect("a policy");
        assert!(policy.contains("frame-ancestors 'self'"), "{policy}");
        let sent = fetched("DELETE", "cross-site", "navigate", dest);
        sent.problem(403, "origin_not_allowed");
    }
}
