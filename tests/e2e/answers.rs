//! Every answer that the document of the API tells of is one that the server gives: each route, status
//! and code is reached.

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use chat_domain::ports::{StoreError, SystemClock};
use chat_files::DiskStore;
use chat_http::HttpOptions;
use chat_media::MediaTools;
use chat_server::Seams;
use chat_service::{ChatService, FileOptions};
use serde_json::{Value, json};

use crate::support::{App, Data, Place, Request, contract};

mod files;
mod live;
mod story;
mod tokens;
mod troubled;
mod uploads;

use troubled::Troubled;

/// What was reached so far.
#[derive(Default)]
struct Reached(BTreeSet<Place>);

impl Reached {
    fn send(&mut self, address: SocketAddr, request: &Request) {
        let (_, place) = request.send_and_place(address);
        self.0.extend(place);
    }
}

/// An operation of the document.
struct Operation {
    method: String,
    path: String,
    body: Option<Value>,
    /// Whether it takes a key.
    changes: bool,
    /// Whether it is made once under it.
    once: bool,
    /// Whether it asks nobody who acts.
    anonymous: bool,
}

fn operations() -> Vec<Operation> {
    let anonymous = chat_http::anonymous_routes();
    let operations = contract().operations().into_iter();
    operations
        .map(|(method, path, operation)| Operation {
            body: operation
                .pointer("/requestBody/content/application~1json/example")
                .cloned(),
            changes: operation["parameters"].as_array().is_some_and(|all| {
                let key = "#/components/parameters/Idempotency-Key";
                all.iter().any(|parameter| parameter["$ref"] == key)
            }),
            once: operation.pointer("/responses/409").is_some(),
            anonymous: anonymous
                .iter()
                .any(|(known, of)| (known, *of) == (&method, &path)),
            method,
            path,
        })
        .collect()
}

impl Operation {
    /// A request with nothing wrong in it; ids are 1, and the query is `query` if there is to be one.
    fn bare(&self, query: &str) -> Request {
        let path = self.path.replace("{id}", "1").replace("{user_id}", "1");
        let path = path.replace("{file}", "index.html");
        let query = match (self.path.as_str(), self.method.as_str(), query) {
            ("/messages", "GET", "") => "?group_id=1",
            (_, _, query) => query,
        };
        Request::new(&self.method, &format!("{path}{query}"))
    }

    fn good(&self) -> Request {
        self.with_body(self.bare(""))
    }

    fn with_body(&self, request: Request) -> Request {
        match &self.body {
            Some(body) => request.json(body),
            None => request.fit_for(&self.method, &self.path),
        }
    }
}

/// What is refused before the store is asked, or whoever acts is looked for.
fn refused_at_the_door(reached: &mut Reached) {
    let app = App::start();
    app.users(["ida", "bob"]);
    let at = app.address();
    // Whichever of the two an example names as acting, the key is spent.
    let users = ["1", "2"];
    for user in users {
        let spent = Request::new("POST", "/files")
            .header("X-User-Id", user)
            .header("Idempotency-Key", "spent")
            .json(&json!({"url": "https://example.org/spent"}));
        reached.send(at, &spent);
    }
    for operation in operations() {
        let good = || operation.good();
        reached.send(at, &good().header("Host", "chat.example"));
        reached.send(at, &good().header("Origin", "https://chat.example"));
        reached.send(at, &operation.with_body(operation.bare("?nothing=1")));
        if operation.anonymous {
            reached.send(at, &good());
            continue;
        }
        reached.send(at, &good().header("Authorization", "Bearer x"));
        reached.send(at, &good().header("X-User-Id", "99"));
        if operation.changes {
            for user in users {
                let again = good().header("X-User-Id", user);
                reached.send(at, &again.header("Idempotency-Key", "spent"));
            }
        }
        if operation.body.is_some() {
            let json = || {
                operation
                    .bare("")
                    .header("Content-Type", "application/json")
            };
            reached.send(at, &json().body("{"));
            reached.send(at, &json().header("Content-Length", "9999999").body("{"));
            let half = json().header("Content-Length", "100").body("{");
            reached.send(at, &half.breaks_off());
            let text = operation.bare("").header("Content-Type", "text/plain");
            reached.send(at, &text.body("{}"));
        }
    }
}

/// Bodies that do not come in time.
fn refused_for_slowness(reached: &mut Reached) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    let (started, handle) = mpsc::channel();
    let data = Data::new();
    let (store, files) = (data.store(), data.files());
    let server = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let files = FileOptions {
                blobs: Arc::new(DiskStore::open(files).expect("a folder")),
                media: Arc::new(MediaTools::new()),
                max_size: 1_000,
                grace: Duration::from_secs(60),
            };
            let service = ChatService::new(store, Arc::new(SystemClock)).keeping_files(files);
            let options = HttpOptions {
                body_timeout: Duration::from_millis(100),
                ..HttpOptions::default()
            };
            let server = chat_http::server(listener, service, options).expect("a server");
            started.send(server.handle()).expect("the test waits");
            server.await.expect("it ends well");
        });
    });
    let handle = handle.recv().expect("it starts");
    for operation in operations().iter().filter(|o| o.body.is_some()) {
        let slow = operation
            .bare("")
            .header("Content-Type", "application/json");
        reached.send(address, &slow.header("Content-Length", "100").body("{"));
    }
    let stalls = Request::new("POST", "/files")
        .header("Content-Type", "multipart/form-data; boundary=b")
        .header("Content-Length", "900")
        .body("--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nhel");
    let (told, _) = stalls.send_and_place(address);
    told.problem(408, "request_timeout");
    let begun = Request::new("POST", "/uploads").fit_for("POST", "/uploads");
    reached.send(address, &begun);
    let slow = Request::new("PATCH", "/uploads/1").part(0, "0");
    reached.send(address, &slow.header("Content-Length", "10"));
    drop(handle.stop(false));
    server.join().expect("the server");
}

/// A store that fails.
fn failing(reached: &mut Reached) {
    for error in [
        StoreError::Overloaded,
        StoreError::Unavailable("gone".to_owned()),
        StoreError::OutcomeUnknown("cut".to_owned()),
        StoreError::Broken("torn".to_owned()),
    ] {
        let changes_only = matches!(error, StoreError::OutcomeUnknown(_));
        let app = App::start_over(
            &[],
            Seams::default().over_store(|_| Arc::new(Troubled::refusing(error))),
        );
        for operation in operations() {
            if operation.changes || !changes_only {
                reached.send(app.address(), &operation.good());
            }
        }
    }
}

/// One of two requests that are twins: neither comes to its end while the other one waits for it.
fn in_flight(reached: &mut Reached) {
    let troubled = Arc::new(Troubled::hanging());
    let store = Arc::clone(&troubled);
    let app = App::start_over(&[], Seams::default().over_store(|_| store));
    let address = app.address();
    std::thread::scope(|scope| {
        let (told, answers) = mpsc::channel();
        let mut pairs = 0;
        for operation in operations() {
            if !(operation.changes && operation.once) {
                continue;
            }
            pairs += 1;
            let key = format!("{} {}", operation.method, operation.path).replace(' ', "-");
            let request = operation.good().header("Idempotency-Key", &key);
            for twin in [request.clone(), request] {
                let told = told.clone();
                scope.spawn(move || told.send(twin.send_and_place(address).1));
            }
        }
        drop(told);
        // The other one of each is answered when the jobs are dropped.
        for place in answers.iter().take(pairs) {
            reached.0.extend(place);
        }
        troubled.let_go();
    });
}

#[test]
fn every_documented_answer_is_given() {
    let mut reached = Reached::default();
    refused_at_the_door(&mut reached);
    refused_for_slowness(&mut reached);
    failing(&mut reached);
    in_flight(&mut reached);
    story::tell(&mut reached);
    files::tell(&mut reached);
    uploads::tell(&mut reached);
    live::tell(&mut reached);
    tokens::tell(&mut reached);
    let documented = contract().answers();
    let never: Vec<_> = documented.difference(&reached.0).collect();
    assert!(never.is_empty(), "documented and never given: {never:#?}");
    let besides: Vec<_> = reached.0.difference(&documented).collect();
    assert!(besides.is_empty(), "given and not documented: {besides:#?}");
}
