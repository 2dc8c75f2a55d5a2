//! When the server ends a connection: it stops, the credentials end, or the user is deleted.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::socket;
use crate::support::{
    App, Closed, Data, EventStream, Process, Request, Socket, TOKEN_SECRET, sign_claims,
};

#[test]
fn a_node_that_stops_sends_its_sockets_away() {
    let data = Data::new();
    let process = Process::start(&data);
    let mut sockets: Vec<_> = (0..8)
        .map(|_| Socket::connect(process.address(), "/ws", &[]).expect("a socket"))
        .collect();
    process.signal();
    let mut reasons = std::collections::BTreeSet::new();
    for socket in &mut sockets {
        match socket.end() {
            Closed::By(1012, reason) => reasons.insert(reason),
            other => panic!("{other:?}"),
        };
    }
    assert!(reasons.len() > 1, "all at once: {reasons:?}");
    assert!(process.wait().success());
}

#[test]
#[allow(
    clippy::disallowed_methods,
    reason = "tokens are of the machine's time"
)]
fn a_connection_ends_with_its_token() {
    let app = App::with_tokens(&[]);
    let [ada] = app.users(["ada"]);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a time");
    // It is past, and with the leeway of 30 seconds it is good for two more.
    let claims = json!({"sub": ada.to_string(), "exp": now.as_secs() - 28});
    let token = format!("Bearer {}", sign_claims(TOKEN_SECRET, &claims));
    let header = [("Authorization", token.as_str())];
    let mut socket = Socket::connect(app.address(), "/ws", &header).expect("a socket");
    let request = Request::new("GET", "/events").header("Authorization", &token);
    let mut stream = EventStream::open(app.address(), request.clone()).expect("a stream");
    // So it is for what was got with it.
    let ticket = Request::new("POST", "/tickets")
        .header("Authorization", &token)
        .send(app.address())
        .expect(201);
    let target = format!(
        "/ws?ticket={}",
        ticket["ticket"].as_str().expect("a ticket")
    );
    let mut by_ticket = Socket::connect(app.address(), &target, &[]).expect("a socket");
    for socket in [&mut socket, &mut by_ticket] {
        assert!(matches!(socket.end(), Closed::By(1008, _)));
    }
    while stream.next().is_some() {}
    std::thread::sleep(Duration::from_secs(1));
    request.send(app.address()).problem(401, "token_expired");
}

#[test]
fn a_connection_ends_with_its_user() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let mut her = socket(&app, ada);
    let mut him = socket(&app, bob);
    app.as_user(ada)
        .delete(&format!("/users/{ada}"))
        .expect(204);
    assert!(matches!(her.end(), Closed::By(1008, _)));
    assert!(him.ping("still there"));
}
