//! Uploads in the hands of the client that most browsers use, over a line that breaks: tus-js-client,
//! run by node.

mod line;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use self::line::Line;
use crate::support::{App, Request, tus_js_client};
use crate::uploads::{MIB, bytes};

/// The server, the line to it, and the file that is uploaded.
struct Stage {
    app: App,
    line: Line,
    module: PathBuf,
    user: i64,
    dir: tempfile::TempDir,
    whole: Vec<u8>,
}

impl Stage {
    /// A file of so many bytes, over a line that breaks after each of `cuts` bytes; none where the
    /// client is missing.
    fn set(length: usize, cuts: &[usize]) -> Option<Self> {
        let module = tus_js_client()?;
        let app = App::start();
        let line = Line::to(&app, cuts);
        let user = app.user("ada");
        let dir = tempfile::tempdir().expect("a temporary directory");
        let whole = bytes(length);
        let stage = Self {
            app,
            line,
            module,
            user,
            dir,
            whole,
        };
        std::fs::write(stage.file(), &stage.whole).expect("a file");
        Some(stage)
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("a film.bin")
    }

    /// What the client says that happens, in a process of its own.
    fn run(&self, more: &Value) -> Vec<Value> {
        let mut asked = json!({
            "endpoint": format!("http://{}/uploads", self.line.address()),
            "user": self.user,
            "file": self.file(),
        });
        let asked_too = more.as_object().expect("an object").clone();
        asked.as_object_mut().expect("an object").extend(asked_too);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tus-js-client/upload.js");
        let output = Command::new("node")
            .arg(script)
            .arg(asked.to_string())
            .env("TUS_JS_CLIENT_DIR", &self.module)
            .output()
            .expect("node runs");
        let said = String::from_utf8_lossy(&output.stdout);
        let cause = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}{cause}");
        let events = said.lines().map(serde_json::from_str);
        events.collect::<Result<_, _>>().expect("lines of JSON")
    }

    /// Holds the file that came of it against what was sent.
    fn check(&self, events: &[Value]) {
        let file = &events.last().expect("an end")["file"];
        assert!(file.is_i64(), "{events:?}");
        let path = format!("/files/{file}");
        let known = self.app.as_user(self.user).get(&path).expect(200);
        assert_eq!(known["name"], "a film.bin");
        assert_eq!(known["size"], self.whole.len());
        let content = self.app.as_user(self.user).get(&format!("{path}/content"));
        assert!(content.body == self.whole, "other bytes came of it");
    }
}

/// The offsets of the requests with this method, none for those without.
fn requests(events: &[Value], method: &str) -> Vec<Value> {
    let of_method = events.iter().filter(|event| event["request"] == method);
    of_method.map(|event| event["offset"].clone()).collect()
}

#[test]
fn a_file_in_one_request_comes_through_a_line_that_breaks() {
    let cuts = [300_000, MIB, 150_000, 2 * MIB];
    let Some(stage) = Stage::set(5 * MIB, &cuts) else {
        return;
    };
    let events = stage.run(&json!({}));
    stage.check(&events);
    assert_eq!(stage.line.breaks_left(), 0);
    assert_eq!(requests(&events, "POST").len(), 1);
    // After each break it asks how far it has come, and goes on there.
    assert_eq!(requests(&events, "HEAD").len(), cuts.len(), "{events:?}");
    let offsets = requests(&events, "PATCH");
    assert_eq!(offsets.len(), cuts.len() + 1, "{events:?}");
    let offsets: Vec<_> = offsets.iter().filter_map(Value::as_u64).collect();
    let grow = offsets.windows(2).all(|two| two[0] < two[1]);
    assert!(grow, "{offsets:?}");
}

#[test]
fn a_file_in_parts_comes_through_a_line_that_breaks() {
    let cuts = [900_000, 700_000, 300_000];
    let Some(stage) = Stage::set(4 * MIB, &cuts) else {
        return;
    };
    let events = stage.run(&json!({"chunkSize": 500_000}));
    stage.check(&events);
    assert_eq!(stage.line.breaks_left(), 0);
    assert_eq!(requests(&events, "POST").len(), 1);
    assert_eq!(requests(&events, "HEAD").len(), cuts.len(), "{events:?}");
    assert!(requests(&events, "PATCH").len() > 8, "{events:?}");
}

#[test]
fn another_process_goes_on_with_an_upload() {
    let Some(stage) = Stage::set(2 * MIB, &[]) else {
        return;
    };
    let first = stage.run(&json!({"chunkSize": 300_000, "stopAt": 600_000}));
    let url = &first.last().expect("an end")["stopped"];
    assert!(url.is_string(), "{first:?}");
    let second = stage.run(&json!({"uploadUrl": url}));
    stage.check(&second);
    assert!(requests(&second, "POST").is_empty());
    let offset = requests(&second, "PATCH")[0].as_u64();
    assert!(offset >= Some(600_000), "{second:?}");
    assert_eq!(second.last().expect("an end")["done"], *url);
    // Once it is a file, who asks again is told which.
    let third = stage.run(&json!({"uploadUrl": url}));
    stage.check(&third);
    assert!(requests(&third, "PATCH").is_empty(), "{third:?}");
}

#[test]
fn an_upload_that_the_client_ends_is_gone() {
    let Some(stage) = Stage::set(MIB, &[]) else {
        return;
    };
    let asked = json!({"chunkSize": 300_000, "stopAt": 300_000, "terminate": true});
    let events = stage.run(&asked);
    let url = events.last().expect("an end")["stopped"].clone();
    assert_eq!(requests(&events, "DELETE").len(), 1, "{events:?}");
    let path = url
        .as_str()
        .expect("a URL")
        .rsplit_once("/uploads")
        .expect("a path")
        .1;
    let head = Request::new("HEAD", &format!("/uploads{path}")).tus();
    assert_eq!(head.send(stage.app.address()).status, 404);
}
