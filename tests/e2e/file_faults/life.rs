//! Lives of the server that end at a step, and what is left after them.

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use super::place;
use super::story::{self, ADA, BOB, COLLECTING, KEEPING, LEFT_OFF};
use super::teller::{End, Teller};
use crate::support::{DIES, Data, Process, Request, SERVER, execute, server_command_at};

/// How long collection may take until nothing is left to collect.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a step may take to follow what it did.
const A_STEP: Duration = Duration::from_secs(3);

/// No grace period of the test ends by itself.
const LONG: &str = "1h";
/// What is unused goes soon.
const SHORT: &str = "1s";

/// A life of the server, which ends at a step of it: where it begins, what happens in it, and how.
pub(crate) struct Life {
    /// The data that it begins with.
    before: Data,
    teller: Teller,
    grace: &'static str,
}

/// Data that lives begin with, and the lives.
pub(crate) struct Lives {
    /// Files come, are sent and deleted; nothing is collected.
    pub(crate) keeping: Life,
    /// All that goes away, while some of it comes again.
    pub(crate) collecting: Life,
    _dir: TempDir,
}

impl Lives {
    /// The same for tests that run at the same time: nothing is written where a life begins.
    pub(crate) fn get() -> Arc<Self> {
        static LIVES: Mutex<Weak<Lives>> = Mutex::new(Weak::new());
        // One that could not prepare them has failed; the others try it themselves.
        let mut lives = LIVES.lock().unwrap_or_else(PoisonError::into_inner);
        lives.upgrade().unwrap_or_else(|| {
            let prepared = Arc::new(Self::prepare());
            *lives = Arc::downgrade(&prepared);
            prepared
        })
    }

    fn prepare() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let before = Data::at(&dir.path().join("before"));
        let server = serve(SERVER, &before, LONG);
        people(&server);
        assert!(server.terminate().success());
        let after = before.copy(&dir.path().join("after"));
        let server = serve(SERVER, &after, LONG);
        let mut told = Teller::new("keeping", KEEPING);
        for teller in [&mut told, &mut Teller::new("left-off", LEFT_OFF)] {
            let end = teller.go_on(server.address());
            assert!(matches!(end, End::Told), "{end:?}");
        }
        let broken_off = break_off(&server, &after);
        server.kill();
        drop(broken_off);
        // As if an hour had gone by.
        execute(
            &after.database(),
            "UPDATE uploads SET expires_at = created_at",
        );
        // Until it is old enough to be collected at once.
        std::thread::sleep(Duration::from_millis(1_100));
        Self {
            keeping: Life {
                before,
                teller: Teller::new("keeping", KEEPING),
                grace: LONG,
            },
            collecting: Life {
                before: after,
                teller: told.then(COLLECTING),
                grace: SHORT,
            },
            _dir: dir,
        }
    }
}

/// Starts a server on some data.
fn serve(binary: &str, data: &Data, grace: &str) -> Process {
    try_serve(binary, data, grace).unwrap_or_else(|said| panic!("the server ended: {said}"))
}

/// The same, where it may not serve; what it has said then.
fn try_serve(binary: &str, data: &Data, grace: &str) -> Result<Process, String> {
    let mut command = server_command_at(Path::new(binary));
    command.args(["--listen", "127.0.0.1:0", "--file-grace", grace]);
    Process::try_spawn(data.of(&mut command))
}

/// Those who are in the story, and their groups.
fn people(server: &Process) {
    let post = |who: i64, path: &str, body: serde_json::Value| {
        let request = Request::new("POST", path).json(&body);
        let request = request.header("X-User-Id", &who.to_string());
        request.send(server.address()).expect(201);
    };
    for name in ["ada", "bob"] {
        let body = json!({"username": name, "email": format!("{name}@example.org")});
        Request::new("POST", "/users")
            .json(&body)
            .send(server.address())
            .expect(201);
    }
    for (group, name) in [(story::TEAM, "team"), (story::GONE, "gone")] {
        post(ADA, "/groups", json!({"name": name}));
        post(
            ADA,
            &format!("/groups/{group}/members"),
            json!({"user_id": BOB}),
        );
    }
}

/// Leaves a file half-way in, beside the upload that was left off: the server has some of its bytes when
/// it is killed.
fn break_off(server: &Process, data: &Data) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).expect("a connection");
    let head = format!(
        "POST /files HTTP/1.1\r\nHost: localhost\r\nX-User-Id: {ADA}\r\nContent-Length: 100000\r\n\
         Content-Type: multipart/form-data; boundary=b\r\n\r\n\
         --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"half\"\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).expect("it is sent");
    stream.write_all(&[7; 50_000]).expect("it is sent");
    let staging = data.files().join("staging");
    let begun = Instant::now();
    while std::fs::read_dir(&staging).expect("a folder").count() < 2 {
        assert!(begun.elapsed() < PATIENCE, "nothing is staged");
        std::thread::sleep(Duration::from_millis(5));
    }
    stream
}

/// What came of a life.
pub(crate) struct Outcome {
    /// What it did, step by step, up to its end.
    pub(crate) steps: Vec<String>,
    /// What should not be.
    pub(crate) faults: Vec<String>,
}

impl Life {
    /// Lives up to a step (without one, until nothing is left to do), and looks at what is left.
    pub(crate) fn live(&self, last: Option<&str>, wrong: Option<&str>) -> Outcome {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let trace = dir.path().join("trace");
        let data = self.before.copy(&dir.path().join("data"));
        let mut teller = self.teller.clone();
        let mut faults = self.until(last, wrong, &data, &trace, &mut teller);
        let steps = std::fs::read_to_string(&trace).expect("its steps");
        faults.extend(aftermath(&data, &mut teller, self.grace == SHORT));
        Outcome {
            steps: steps.lines().map(str::to_owned).collect(),
            faults,
        }
    }

    fn until(
        &self,
        last: Option<&str>,
        wrong: Option<&str>,
        data: &Data,
        trace: &Path,
        teller: &mut Teller,
    ) -> Vec<String> {
        let mut command = server_command_at(Path::new(DIES));
        command.args(["--listen", "127.0.0.1:0", "--file-grace", self.grace]);
        data.of(&mut command).env("FAULT_TRACE", trace);
        if let Some(last) = last {
            command.env("FAULT_AT", last);
        }
        if let Some(wrong) = wrong {
            command.env("FAULT_WRONG", wrong);
        }
        let mut process = match Process::try_spawn(&mut command) {
            Ok(process) => process,
            // Killed while it looked for its files.
            Err(said) if last.is_some() && said.is_empty() => return Vec::new(),
            Err(said) => return vec![said],
        };
        match teller.go_on(process.address()) {
            End::BrokeOff => assert!(process.wait().code().is_none(), "it was to be killed"),
            // Whoever needs longer than the grace period may be told to do it again.
            End::Refused(answer) if self.grace != SHORT => return vec![answer],
            End::Told | End::Refused(_) if self.grace == SHORT => {
                let left = collected(data, teller, || process.has_ended());
                if last.is_none() {
                    return left;
                }
                // What it did last may be seen before it comes to its step.
                let begun = Instant::now();
                while !process.has_ended() && begun.elapsed() < A_STEP {
                    std::thread::sleep(Duration::from_millis(10));
                }
            }
            End::Told | End::Refused(_) => {}
        }
        Vec::new()
    }
}

/// What should not be once the server has come up again, the story was told to its end, and
/// everything was collected.
fn aftermath(data: &Data, teller: &mut Teller, collected_before: bool) -> Vec<String> {
    let server = match try_serve(SERVER, data, LONG) {
        Ok(server) => server,
        Err(said) => {
            let found = place::check(Path::new(SERVER), data);
            return found.into_iter().chain([said]).collect();
        }
    };
    let mut faults = teller.lost(server.address(), collected_before);
    faults.extend(place::check(Path::new(SERVER), data));
    match teller.go_on(server.address()) {
        End::Told => {}
        end => faults.push(format!("not told to its end: {end:?}")),
    }
    faults.extend(teller.lost(server.address(), collected_before));
    server.kill();
    // What is not as it should be would not become so.
    if faults.is_empty() {
        let server = serve(SERVER, data, SHORT);
        faults.extend(collected(data, teller, || false));
        faults.extend(teller.lost(server.address(), true));
    }
    faults
}

/// Waits until everything is collected, or the server has ended; what is left all the same.
fn collected(data: &Data, teller: &Teller, mut ended: impl FnMut() -> bool) -> Vec<String> {
    let begun = Instant::now();
    loop {
        let left = place::leftovers(data, &teller.left());
        if left.is_empty() || ended() || begun.elapsed() > PATIENCE {
            return left;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
