//! A running server on data of its own, and clients that act as somebody.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use chat_server::{Config, Seams};
use serde_json::{Value, json};

use super::{Answer, Data, Database, Part, Request, TOKEN_SECRET, token_of};

/// An empty list of ids.
pub(crate) const NOTHING: [i64; 0] = [];

/// The production composition, in this process, on a port of its own.
pub(crate) struct App {
    address: SocketAddr,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
    data: Data,
    /// Whether it asks for tokens.
    tokens: bool,
}

impl App {
    /// Starts on an empty database.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts with these settings besides an address and a data folder of its own.
    pub(crate) fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::start_over(settings, Seams::default())
    }

    /// The same, with the service over what stands at the seams.
    pub(crate) fn start_over(settings: &[(&str, &str)], seams: Seams) -> Self {
        let data = Data::new();
        let mut all = data.settings();
        all.push(("listen", "127.0.0.1:0".to_owned()));
        // The last of a name counts.
        all.extend(
            settings
                .iter()
                .map(|(key, value)| (*key, (*value).to_owned())),
        );
        let given = |key: &str| {
            let found = all.iter().rev().find(|(name, _)| *name == key);
            found.map(|(_, value)| value.clone())
        };
        let config = Config::parse(&given).expect("a good configuration");
        let tokens = config.tokens.is_some();
        let (started, start) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let app = chat_server::compose_over(&config, seams).await;
                let app = app.expect("a composition");
                started
                    .send((app.address, app.server.handle()))
                    .expect("the test waits");
                app.server.await.expect("the server ends well");
                app.store.close();
            });
        });
        let (address, handle) = start.recv().expect("the server starts");
        Self {
            address,
            handle,
            thread: Some(thread),
            data,
            tokens,
        }
    }

    /// The same in token mode, with the secret that tests sign with.
    pub(crate) fn with_tokens(settings: &[(&str, &str)]) -> Self {
        let secret = [("token_secret", TOKEN_SECRET)];
        Self::start_with(&[&secret, settings].concat())
    }

    /// Two users (1, 2), a group (1) of the first, a message (1) from the first to the second.
    pub(crate) fn populated() -> Self {
        let app = Self::start();
        let [ada, bob] = app.users(["ada", "bob"]);
        app.group("team", ada, &[]);
        app.tell(ada, bob, "hi");
        app
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The database.
    pub(crate) fn database(&self) -> Database {
        self.data.database()
    }

    /// The folder of the files.
    pub(crate) fn files(&self) -> PathBuf {
        self.data.files()
    }

    /// Acts as nobody in particular: as the system, or as whom the request names.
    pub(crate) fn as_system(&self) -> Client {
        self.client(None)
    }

    fn client(&self, user: Option<i64>) -> Client {
        Client {
            address: self.address,
            user,
            token: self.tokens,
        }
    }

    /// Acts as this user.
    pub(crate) fn as_user(&self, id: i64) -> Client {
        self.client(Some(id))
    }

    /// A new user's id.
    pub(crate) fn user(&self, name: &str) -> i64 {
        let body = json!({"username": name, "email": format!("{name}@example.org")});
        id(&self.as_system().post("/users", &body).expect(201))
    }

    /// New users' ids.
    pub(crate) fn users<const N: usize>(&self, names: [&str; N]) -> [i64; N] {
        names.map(|name| self.user(name))
    }

    /// A new group's id, with its owner and these members.
    pub(crate) fn group(&self, name: &str, owner: i64, members: &[i64]) -> i64 {
        let group = id(&self
            .as_user(owner)
            .post("/groups", &json!({"name": name}))
            .expect(201));
        for member in members {
            let path = format!("/groups/{group}/members");
            self.as_user(owner)
                .post(&path, &json!({"user_id": member}))
                .expect(201);
        }
        group
    }

    /// Makes a member an admin.
    pub(crate) fn promote(&self, group: i64, owner: i64, user: i64) {
        let body = json!({"user_id": user, "role": "admin"});
        self.as_user(owner)
            .post(&format!("/groups/{group}/members"), &body)
            .expect(200);
    }

    /// Sends a text to a user; the message's id.
    pub(crate) fn tell(&self, from: i64, to: i64, text: &str) -> i64 {
        let body = json!({"receiver_id": to, "type": "text", "content": text});
        self.send(from, &body)
    }

    /// Sends a text to a group; the message's id.
    pub(crate) fn tell_group(&self, from: i64, group: i64, text: &str) -> i64 {
        let body = json!({"group_id": group, "type": "text", "content": text});
        self.send(from, &body)
    }

    fn send(&self, from: i64, body: &Value) -> i64 {
        id(&self.as_user(from).post("/messages", body).expect(201))
    }

    /// Stores a file; its id.
    pub(crate) fn file(&self, from: i64, name: &str, bytes: &[u8]) -> i64 {
        let form = [Part::File(name, bytes)];
        id(&self.as_user(from).post_form("/files", &form).expect(201))
    }

    /// Marks a message as seen.
    pub(crate) fn see(&self, user: i64, message: i64, up_to: bool) -> Value {
        let path = format!("/messages/{message}/seen");
        self.as_user(user)
            .post(&path, &json!({"user_id": user, "up_to": up_to}))
            .expect(200)
    }

    /// How much the user has not seen, in all.
    pub(crate) fn unseen(&self, user: i64) -> i64 {
        let path = format!("/messages/unseen/{user}");
        self.as_user(user).get(&path).expect(200)["total"]
            .as_i64()
            .expect("a total")
    }
}

impl Drop for App {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join)
            && !std::thread::panicking()
        {
            std::panic::resume_unwind(panic);
        }
    }
}

/// Somebody who sends requests.
#[derive(Clone, Copy)]
pub(crate) struct Client {
    address: SocketAddr,
    user: Option<i64>,
    /// Whether it shows a token.
    token: bool,
}

impl Client {
    /// The system at any server in open mode.
    pub(crate) fn system_at(address: SocketAddr) -> Self {
        Self {
            address,
            user: None,
            token: false,
        }
    }

    /// Of the server.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn request(&self, method: &str, target: &str) -> Request {
        let request = Request::new(method, target);
        match self.user {
            _ if self.token => request.token(&token_of(self.user)),
            Some(user) => request.header("X-User-Id", &user.to_string()),
            None => request,
        }
    }

    pub(crate) fn get(&self, target: &str) -> Answer {
        self.request("GET", target).send(self.address)
    }

    pub(crate) fn post(&self, target: &str, body: &Value) -> Answer {
        self.request("POST", target).json(body).send(self.address)
    }

    pub(crate) fn patch(&self, target: &str, body: &Value) -> Answer {
        self.request("PATCH", target).json(body).send(self.address)
    }

    pub(crate) fn post_form(&self, target: &str, parts: &[Part<'_>]) -> Answer {
        self.request("POST", target).form(parts).send(self.address)
    }

    pub(crate) fn delete(&self, target: &str) -> Answer {
        self.request("DELETE", target).send(self.address)
    }

    /// The ids of a list.
    #[track_caller]
    pub(crate) fn ids(&self, target: &str) -> Vec<i64> {
        let list = self.get(target).expect(200);
        list.as_array().expect("a list").iter().map(id).collect()
    }
}

/// The id of a thing.
#[track_caller]
pub(crate) fn id(thing: &Value) -> i64 {
    thing["id"]
        .as_i64()
        .unwrap_or_else(|| panic!("no id: {thing}"))
}
