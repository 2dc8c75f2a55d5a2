//! What every answer has, and what is said to who asks for nothing yet.

use super::{Upload, of};
use crate::support::{App, Request, pairs};

#[test]
fn options_tell_what_is_offered() {
    let app = App::start_with(&[("max_file_size", "3MiB")]);
    for path in ["/uploads", "/uploads/1"] {
        let answer = Request::new("OPTIONS", path).send(app.address());
        assert_eq!(answer.status, 204);
        for (name, value) in [
            ("tus-resumable", "1.0.0"),
            ("tus-version", "1.0.0"),
            ("tus-max-size", "3145728"),
            ("tus-checksum-algorithm", "sha1,sha256"),
            ("tus-extension", "creation,expiration,checksum,termination"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{name} of {path}");
        }
    }
    let elsewhere = Request::new("OPTIONS", "/files").send(app.address());
    assert_eq!(elsewhere.header("tus-version"), None);
}

#[test]
fn another_version_is_told_which_one_is_spoken() {
    let app = App::start();
    let ada = app.user("ada");
    let upload = Upload::begin(&app, ada, 10);
    for (method, path) in [
        ("POST", "/uploads"),
        ("HEAD", &upload.path),
        ("PATCH", &upload.path),
        ("DELETE", &upload.path),
    ] {
        for version in [None, Some("0.2.2")] {
            let request = of(ada, method, path)
                .header("Upload-Length", "10")
                .header("Upload-Offset", "0")
                .header("Content-Type", "application/offset+octet-stream");
            let request = match version {
                Some(version) => request.header("Tus-Resumable", version),
                None => request,
            };
            let answer = request.send(app.address());
            assert_eq!(answer.status, 412, "{method} with {version:?}");
            assert_eq!(answer.header("tus-version"), Some("1.0.0"));
            assert_eq!(answer.header("tus-resumable"), Some("1.0.0"));
        }
    }
    assert_eq!(upload.offset(), 0);
}

#[test]
fn every_answer_is_one_of_the_protocol() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let upload = Upload::begin(&app, ada, 10);
    let path = &upload.path;
    let wrong = "sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let create = || of(ada, "POST", "/uploads").tus();
    for (status, request) in [
        (200, upload.request("HEAD").tus()),
        (201, create().header("Upload-Length", "10")),
        (204, upload.part(0, "")),
        (204, upload.part(0, "01")),
        (400, create()),
        (400, create().header("X-HTTP-Method-Override", "PUT, GET")),
        (405, create().header("X-HTTP-Method-Override", "SING")),
        (
            400,
            upload.part(0, "").header("Upload-Checksum", "md5 eA=="),
        ),
        (401, of(99, "HEAD", path).tus()),
        (404, of(ada, "HEAD", "/uploads/99").tus()),
        (400, of(ada, "PATCH", "/uploads/nine").part(0, "")),
        (404, of(bob, "DELETE", path).tus()),
        (
            403,
            of(ada, "HEAD", path).tus().header("Host", "evil.example"),
        ),
        (404, of(ada, "HEAD", "/uploads/1/2").tus()),
        (405, of(ada, "PUT", path).tus()),
        (405, of(ada, "GET", "/uploads").tus()),
        (409, upload.part(5, "5")),
        (413, upload.part(2, "2345678910")),
        (413, create().header("Upload-Length", "99999999999")),
        (
            415,
            upload
                .request("PATCH")
                .tus()
                .header("Upload-Offset", "2")
                .body("2"),
        ),
        (460, upload.part(2, "234").header("Upload-Checksum", wrong)),
        (204, upload.request("DELETE").tus()),
    ] {
        let answer = request.send(app.address());
        assert_eq!(answer.status, status, "{request:?}");
        assert_eq!(answer.header("tus-resumable"), Some("1.0.0"), "{request:?}");
    }
    let elsewhere = app.as_user(ada).get("/files/1");
    assert_eq!(elsewhere.header("tus-resumable"), None);
}

#[test]
fn a_method_may_be_named_in_a_header() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let upload = Upload::begin(&app, ada, 4);
    let meant = |method: &str| {
        upload
            .request("POST")
            .header("X-HTTP-Method-Override", method)
    };
    let answer = meant("PATCH").part(0, "0123").send(app.address());
    assert_eq!(answer.status, 204);
    assert_eq!(upload.content(), b"0123");
    let head = upload
        .request("GET")
        .header("X-HTTP-Method-Override", "HEAD");
    let head = head.tus().send(app.address());
    assert_eq!(
        (head.status, head.header("upload-offset")),
        (200, Some("4"))
    );
    assert!(head.body.is_empty());
    // One that the path does not have is told so, as it would be without the header.
    for other in ["PUT", "GET", "POST", "CONNECT", "patch", "SING"] {
        let refused = meant(other).part(4, "").send(app.address());
        refused.problem(405, "method_not_allowed");
        let methods = "HEAD, PATCH, DELETE, OPTIONS";
        assert_eq!(refused.header("allow"), Some(methods), "{other}");
    }
    assert_eq!(upload.content(), b"0123");
    assert_eq!(meant("DELETE").tus().send(app.address()).status, 204);
    let gone = upload.request("HEAD").tus().send(app.address());
    assert_eq!(gone.status, 404);
    // On other paths the header means nothing.
    let message = app.tell(ada, bob, "hi");
    let get = of(ada, "GET", &format!("/messages/{message}"));
    let get = get
        .header("X-HTTP-Method-Override", "DELETE")
        .send(app.address());
    assert_eq!(get.status, 200);
}

#[test]
fn what_names_no_method_is_told_in_its_turn() {
    let app = App::start();
    let ada = app.user("ada");
    let upload = Upload::begin(&app, ada, 4);
    let paths = [
        ("POST", "/uploads"),
        ("HEAD", &upload.path),
        ("PATCH", &upload.path),
        ("DELETE", &upload.path),
    ];
    for none in ["", "PATCH, DELETE", "a/b"] {
        let asks = |user: i64, method: &str, path: &str| {
            of(user, method, path).header("X-HTTP-Method-Override", none)
        };
        for (method, path) in paths {
            let good = asks(ada, method, path).fit_for(method, path);
            let refused = good.send(app.address());
            if method == "HEAD" {
                assert_eq!(refused.status, 400, "{none:?}");
                continue;
            }
            let faults = pairs(&[("X-HTTP-Method-Override", "format")]);
            assert_eq!(refused.faults(), faults, "{method} as {none:?}");
            let ghost = asks(99, method, path).fit_for(method, path);
            ghost.send(app.address()).problem(401, "unknown_actor");
            let silent = asks(ada, method, path).send(app.address());
            silent.problem(412, "unsupported_tus_version");
        }
        let nowhere = asks(ada, "POST", "/uploads/1/2").tus();
        nowhere.send(app.address()).problem(404, "route_not_found");
        let other = asks(ada, "POST", &upload.path).tus();
        let other = other.send(app.address());
        other.problem(405, "method_not_allowed");
    }
    assert_eq!(upload.offset(), 0);
    let twice = of(ada, "PATCH", &upload.path).part(0, "0123");
    let twice = twice.header("X-HTTP-Method-Override", "PATCH");
    let twice = twice.header("X-HTTP-Method-Override", "PATCH");
    let faults = pairs(&[("X-HTTP-Method-Override", "repeated")]);
    assert_eq!(twice.send(app.address()).faults(), faults);
}
