//! What is answered to those who follow what happens.

use super::Reached;
use super::story::{ADA, of};
use crate::support::{App, Request, SOCKET_KEY};

/// A cursor of another log.
const FOREIGN: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Tells it on a server of its own.
pub(super) fn tell(reached: &mut Reached) {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    app.tell(ada, bob, "hi");
    let at = app.address();
    for target in [
        "/sync".to_owned(),
        "/sync?cursor=x".to_owned(),
        format!("/sync?cursor={FOREIGN}"),
        "/events".to_owned(),
        "/events?after=x".to_owned(),
        format!("/events?after={FOREIGN}"),
        "/events?user_id=2".to_owned(),
        "/ws?after=x".to_owned(),
        "/ws?user_id=2".to_owned(),
    ] {
        reached.send(at, &of(ADA, "GET", &target));
    }
    for path in ["/events", "/ws"] {
        let target = format!("{path}?ticket=made-up");
        reached.send(at, &Request::new("GET", &target));
    }
    reached.send(at, &of(ADA, "GET", "/ws"));
    let socket = |target: &str, key| of(ADA, "GET", target).upgrade(key);
    reached.send(at, &socket("/ws", SOCKET_KEY));
    reached.send(at, &socket("/ws", "short"));
    reached.send(at, &socket(&format!("/ws?after={FOREIGN}"), SOCKET_KEY));
    reached.send(at, &of(ADA, "POST", "/tickets"));
}
