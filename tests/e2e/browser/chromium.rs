//! Chromium without a window, driven through its DevTools protocol.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Socket, program};

/// How long a page may take to come to something.
const PATIENCE: Duration = Duration::from_secs(40);

/// A browser; it ends when this is dropped.
pub(super) struct Browser {
    process: Child,
    devtools: Socket,
    asked: i64,
    _profile: TempDir,
}

/// A page that is open in it.
pub(super) struct Page {
    session: String,
}

impl Browser {
    /// Starts it, where there is one.
    pub(super) fn start() -> Option<Self> {
        let name = program(
            "chromium",
            &["chromium", "chromium-browser", "google-chrome"],
        )?;
        let profile = tempfile::tempdir().expect("a folder");
        let mut process = Command::new(name)
            .args([
                "--headless=new",
                // As root it has no sandbox; it sees nothing but pages of these tests.
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--no-first-run",
                "--no-proxy-server",
                "--remote-debugging-port=0",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            // It has many processes, which end together.
            .process_group(0)
            .spawn()
            .expect("it starts");
        let log = BufReader::new(process.stderr.take().expect("its log"));
        let mut lines = log.lines().map_while(Result::ok);
        let url = lines
            .find_map(|line| {
                line.split_once("DevTools listening on ws://")
                    .map(|(_, url)| url.to_owned())
            })
            .expect("it says where it listens");
        // Read on, or it would wait for room.
        std::thread::spawn(move || lines.for_each(drop));
        let (address, path) = url.split_once('/').expect("a path");
        let address: SocketAddr = address.parse().expect("an address");
        let devtools = Socket::connect(address, &format!("/{path}"), &[]).expect("its DevTools");
        Some(Self {
            process,
            devtools,
            asked: 0,
            _profile: profile,
        })
    }

    /// Opens a page.
    pub(super) fn open(&mut self, url: &str) -> Page {
        let target = self.ask(None, "Target.createTarget", &json!({"url": url}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = self.ask(None, "Target.attachToTarget", &attach);
        Page {
            session: session["sessionId"].as_str().expect("a session").to_owned(),
        }
    }

    /// What an expression comes to on a page.
    pub(super) fn evaluate(&mut self, page: &Page, expression: &str) -> Value {
        let what = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let told = self.ask(Some(page), "Runtime.evaluate", &what);
        assert!(told["exceptionDetails"].is_null(), "{expression}: {told}");
        told["result"]["value"].clone()
    }

    /// Waits until an expression holds on a page.
    #[track_caller]
    pub(super) fn wait_until(&mut self, page: &Page, expression: &str) {
        let start = Instant::now();
        // A page that is being loaded has nothing of it yet.
        let safely = format!(
            "(() => {{ try {{ return Boolean({expression}) }} catch {{ return false }} }})()"
        );
        while self.evaluate(page, &safely) != true {
            if start.elapsed() > PATIENCE {
                let body = self.evaluate(page, "document.body.innerText");
                panic!("{expression}: does not come true; the page shows {body}");
            }
            sleep(Duration::from_millis(30));
        }
    }

    fn ask(&mut self, page: Option<&Page>, method: &str, params: &Value) -> Value {
        self.asked += 1;
        let mut request = json!({"id": self.asked, "method": method, "params": params});
        if let Some(page) = page {
            request["sessionId"] = page.session.as_str().into();
        }
        self.devtools.say(&request);
        loop {
            // What it tells by itself is passed over.
            let told = self.devtools.next().expect("an answer");
            if told["id"] == self.asked {
                assert!(told["error"].is_null(), "{method}: {told}");
                return told["result"].clone();
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let group = format!("-{}", self.process.id());
        drop(Command::new("kill").args(["-KILL", "--", &group]).status());
        drop(self.process.wait());
    }
}
