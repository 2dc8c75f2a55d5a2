//! Live delivery by every way, as its contract says.

use serde_json::Value;

use crate::support::{App, Client, Socket};

mod frames;
mod kinds;
mod leaving;
mod polls;
mod presence;
mod resuming;
mod sockets;
mod streams;
mod sync;
mod tickets;

/// A cursor of another log.
const FOREIGN: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The socket of a user, after `ready`.
fn socket(app: &App, user: i64) -> Socket {
    let mut socket =
        Socket::connect(app.address(), &format!("/ws?user_id={user}"), &[]).expect("a socket");
    assert_eq!(socket.next().expect("the first")["kind"], "ready");
    socket
}

/// The next event of a socket; who comes and goes is passed over.
fn event(socket: &mut Socket) -> Value {
    loop {
        let next = socket.next().expect("an event");
        if next["cursor"].is_string() && next["kind"] != "ready" {
            return next;
        }
    }
}

/// Where the log is for somebody.
fn cursor(client: Client) -> String {
    let sync = client.get("/sync").expect(200);
    sync["cursor"].as_str().expect("a cursor").to_owned()
}

/// The kinds of some events.
fn kinds(page: &Value) -> Vec<&str> {
    let events = page["events"].as_array().expect("events").iter();
    events
        .map(|event| event["kind"].as_str().expect("a kind"))
        .collect()
}
