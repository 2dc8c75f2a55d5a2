//! Three servers over one PostgreSQL, which crashes under load, and so does a server: nothing that was
//! acknowledged is lost or doubled, and no place is left out.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use chat_testing::{Options, Postgres, Template, TestDatabase};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Answer, Connection, Process, Request, output, server_command};

static EMPTY: Template = Template::new("empty", |_| {});

const NODES: usize = 3;
const WRITERS: i64 = 6;

/// The servers, and where each one listens at the moment.
struct Nodes {
    database: TestDatabase,
    dirs: Vec<TempDir>,
    running: Vec<Mutex<Process>>,
}

impl Nodes {
    /// All at once, on an empty database.
    fn start(server: &Postgres) -> Self {
        let database = server.database(&EMPTY);
        let dirs: Vec<_> = (0..NODES)
            .map(|_| tempfile::tempdir().expect("a temporary directory"))
            .collect();
        let running = thread::scope(|scope| {
            let starting: Vec<_> = dirs
                .iter()
                .map(|dir| scope.spawn(|| start(dir, database.url())))
                .collect();
            let started = starting
                .into_iter()
                .map(|node| node.join().expect("it starts"));
            started.map(Mutex::new).collect()
        });
        Self {
            database,
            dirs,
            running,
        }
    }

    fn address(&self, node: usize) -> SocketAddr {
        let running = self.running[node].lock();
        running.unwrap_or_else(PoisonError::into_inner).address()
    }

    /// Kills one, and puts another in its place.
    fn replace(&self, node: usize) {
        // Its clients find nobody there, and then its successor.
        let next = start(&self.dirs[node], self.database.url());
        let mut running = self.running[node].lock().expect("a process");
        std::mem::replace(&mut *running, next).kill();
    }

    /// What the product itself says of the database.
    fn recount(&self) {
        let counted = output(
            server_command()
                .args(["recount", "--database-url"])
                .arg(self.database.url()),
        );
        let said = String::from_utf8_lossy(&counted.stdout);
        assert!(counted.status.success(), "{said}");
    }
}

fn start(dir: &TempDir, url: &str) -> Process {
    Process::spawn(
        server_command()
            .args(["--listen", "127.0.0.1:0", "--pool-size", "6"])
            .args(["--database-url", url, "--data-dir"])
            .arg(dir.path()),
    )
}

/// Asks one node after the other until one has done it: with its key a request may be sent as often as it
/// takes.
struct Client<'n> {
    nodes: &'n Nodes,
    user: i64,
    node: usize,
    connection: Option<Connection>,
    troubles: &'n AtomicUsize,
}

impl<'n> Client<'n> {
    fn new(nodes: &'n Nodes, user: i64, troubles: &'n AtomicUsize) -> Self {
        let node = usize::try_from(user).expect("a number") % NODES;
        Self {
            nodes,
            user,
            node,
            connection: None,
            troubles,
        }
    }

    fn post(&mut self, path: &str, key: &str, body: &Value) -> Value {
        let request = Request::new("POST", path)
            .header("X-User-Id", &self.user.to_string())
            .header("Idempotency-Key", key)
            .json(body);
        let begun = Instant::now();
        loop {
            match self.ask(&request) {
                Some(answer) if (200..300).contains(&answer.status) => {
                    return serde_json::from_slice(&answer.body).expect("a body of JSON");
                }
                // Not now: again, here or elsewhere.
                Some(answer) if matches!(answer.status, 409 | 503) => {
                    assert!(answer.header("retry-after").is_some(), "{}", answer.text());
                }
                Some(answer) => panic!("{}: {}", answer.status, answer.text()),
                None => {}
            }
            self.troubles.fetch_add(1, Ordering::Relaxed);
            self.connection = None;
            self.node = (self.node + 1) % NODES;
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "it does not heal"
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn ask(&mut self, request: &Request) -> Option<Answer> {
        if self.connection.is_none() {
            self.connection = Connection::open(self.nodes.address(self.node)).ok();
        }
        self.connection.as_mut()?.send(request).ok()
    }

    fn get(&mut self, path: &str) -> Value {
        let request = Request::new("GET", path).header("X-User-Id", &self.user.to_string());
        let answer = self.ask(&request).expect("an answer");
        assert_eq!(answer.status, 200, "{}", answer.text());
        serde_json::from_slice(&answer.body).expect("a body of JSON")
    }
}

/// Where a message went: to a group, or to the next user.
fn target(user: i64, number: usize) -> (String, Value) {
    match number % 3 {
        2 => {
            let peer = user % WRITERS + 1;
            (format!("receiver_id={peer}"), json!({"receiver_id": peer}))
        }
        group => {
            let id = group + 1;
            (format!("group_id={id}"), json!({"group_id": id}))
        }
    }
}

/// By content: its id and place.
type Sent = BTreeMap<String, (i64, i64)>;

fn write(nodes: &Nodes, user: i64, stop: &AtomicBool, troubles: &AtomicUsize) -> Sent {
    let mut client = Client::new(nodes, user, troubles);
    let mut sent = Sent::new();
    for number in 0.. {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let content = format!("{number}-of-{user}");
        let (_, mut body) = target(user, number);
        body["type"] = "text".into();
        body["content"] = content.as_str().into();
        let message = client.post("/messages", &content, &body);
        assert_eq!(message["content"], content, "another message's answer");
        let place = |field: &str| message[field].as_i64().expect("a number");
        sent.insert(content, (place("id"), place("seq")));
    }
    sent
}

/// Every message of a list, page by page, by content.
fn read(client: &mut Client<'_>, list: &str) -> Sent {
    let mut found = Sent::new();
    let mut before = String::new();
    loop {
        let page = client.get(&format!("/messages?{list}&limit=200{before}"));
        let page = page.as_array().expect("a list").clone();
        let Some(oldest) = page.first() else {
            return found;
        };
        before = format!("&before={}", oldest["id"]);
        for message in &page {
            let number = |field: &str| message[field].as_i64().expect("a number");
            let content = message["content"].as_str().expect("a text").to_owned();
            let twice = found.insert(content, (number("id"), number("seq")));
            assert_eq!(twice, None, "doubled: {message}");
        }
    }
}

fn populate(nodes: &Nodes) {
    let post = |path: &str, body: Value| {
        let request = Request::new("POST", path).json(&body);
        request.send(nodes.address(0)).expect(201);
    };
    for user in 1..=WRITERS {
        let email = format!("user{user}@example.org");
        post(
            "/users",
            json!({"username": format!("user{user}"), "email": email}),
        );
    }
    for group in 1..=2 {
        post("/groups", json!({"name": format!("group {group}")}));
        let members = format!("/groups/{group}/members");
        (1..=WRITERS).for_each(|user| post(&members, json!({"user_id": user})));
    }
}

#[test]
fn crashes_of_the_database_and_of_a_server_lose_nothing_and_double_nothing() {
    let Some(mut server) = Postgres::start(&Options::new()) else {
        return;
    };
    let nodes = Nodes::start(&server);
    populate(&nodes);
    let (stop, troubles) = (AtomicBool::new(false), AtomicUsize::new(0));
    let sent: Vec<Sent> = thread::scope(|scope| {
        let writers: Vec<_> = (1..=WRITERS)
            .map(|user| {
                let (nodes, stop, troubles) = (&nodes, &stop, &troubles);
                scope.spawn(move || write(nodes, user, stop, troubles))
            })
            .collect();
        let a_while = || thread::sleep(Duration::from_millis(1_200));
        for node in 0..NODES {
            a_while();
            server.kill();
            thread::sleep(Duration::from_millis(200));
            server.start_again();
            a_while();
            nodes.replace(node);
        }
        a_while();
        stop.store(true, Ordering::SeqCst);
        let sent = writers
            .into_iter()
            .map(|writer| writer.join().expect("it ends well"));
        sent.collect()
    });
    let troubles = troubles.load(Ordering::Relaxed);
    let acknowledged: Sent = sent.into_iter().flatten().collect();
    assert!(
        acknowledged.len() > 100,
        "only {} messages",
        acknowledged.len()
    );
    assert!(troubles > 10, "only {troubles} troubles");

    // Every node tells the same, and it is what was acknowledged.
    for node in 0..NODES {
        let (mut told, none) = (Sent::new(), AtomicUsize::new(0));
        let mut lists = vec![(1, "group_id=1".to_owned()), (1, "group_id=2".to_owned())];
        lists.extend((1..=WRITERS).map(|user| (user, target(user, 2).0)));
        for (user, list) in lists {
            let mut client = Client::new(&nodes, user, &none);
            client.node = node;
            let found = read(&mut client, &list);
            let mut places: Vec<i64> = found.values().map(|(_, seq)| *seq).collect();
            places.sort_unstable();
            let gapless: Vec<i64> = (1..=i64::try_from(found.len()).expect("few")).collect();
            assert_eq!(places, gapless, "{list}");
            told.extend(found);
        }
        let lost: Vec<_> = acknowledged
            .iter()
            .filter(|(c, _)| !told.contains_key(*c))
            .collect();
        assert!(lost.is_empty(), "lost: {lost:?}");
        assert!(told == acknowledged, "{} told", told.len());
    }
    nodes.recount();
}
