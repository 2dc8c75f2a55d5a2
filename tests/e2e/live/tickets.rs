//! Tickets: in the place of credentials, once.

use serde_json::Value;

use crate::support::{App, Client, EventStream, Request, Socket};

fn ticket(client: Client) -> String {
    let app_ticket: Value = client
        .request("POST", "/tickets")
        .send(client.address())
        .expect(201);
    assert!(app_ticket["expires_at"].is_string());
    app_ticket["ticket"].as_str().expect("a ticket").to_owned()
}

#[test]
fn a_ticket_lets_in_once_as_whom_it_was_made_for() {
    let app = App::with_tokens(&[]);
    let [ada, bob] = app.users(["ada", "bob"]);
    let by_ticket = format!("/ws?ticket={}", ticket(app.as_user(bob)));
    let mut him = Socket::connect(app.address(), &by_ticket, &[]).expect("a socket");
    app.tell(ada, bob, "hi");
    assert_eq!(super::event(&mut him)["data"]["content"], "hi");
    him.say(&serde_json::json!({
        "kind": "send", "receiver_id": ada, "type": "text", "content": "hello",
    }));
    assert_eq!(him.next_of("sent")["message"]["sender_id"], bob);
    let refused = Some((401, "invalid_ticket".to_owned()));
    assert_eq!(
        Socket::connect(app.address(), &by_ticket, &[]).err(),
        refused
    );
    assert_eq!(
        Socket::connect(app.address(), "/ws?ticket=made-up", &[]).err(),
        refused
    );
    let none = Some((401, "authentication_required".to_owned()));
    assert_eq!(Socket::connect(app.address(), "/ws", &[]).err(), none);
    // The same for streams and polls, and for the system.
    let target = format!("/events?ticket={}", ticket(app.as_system()));
    let mut system =
        EventStream::open(app.address(), Request::new("GET", &target)).expect("a stream");
    system.event();
    app.group("team", ada, &[]);
    let told = system.event().expect("an event");
    assert_eq!(told.event.as_deref(), Some("group.created"));
    let target = format!("/events?ticket={}", ticket(app.as_user(ada)));
    Request::new("GET", &target).send(app.address()).expect(200);
    Request::new("GET", &target)
        .send(app.address())
        .problem(401, "invalid_ticket");
}

#[test]
fn a_ticket_is_good_for_nothing_else() {
    let app = App::with_tokens(&[]);
    let [ada, bob] = app.users(["ada", "bob"]);
    let target = format!("/users?ticket={}", ticket(app.as_user(ada)));
    Request::new("GET", &target)
        .send(app.address())
        .problem(401, "authentication_required");
    // A name beside it must be the ticket's own.
    let other = format!("/events?ticket={}&user_id={bob}", ticket(app.as_user(ada)));
    Request::new("GET", &other)
        .send(app.address())
        .problem(403, "actor_mismatch");
    let system = format!("/events?ticket={}&user_id={bob}", ticket(app.as_system()));
    Request::new("GET", &system)
        .send(app.address())
        .problem(400, "validation_failed");
}

#[test]
fn each_ticket_is_another_also_under_the_same_key() {
    let app = App::populated();
    let ask = || {
        let request = app.as_user(1).request("POST", "/tickets");
        let request = request.header("Idempotency-Key", "k");
        request.send(app.address()).expect(201)["ticket"].clone()
    };
    let (one, other) = (ask(), ask());
    assert_ne!(one, other);
    for ticket in [one, other] {
        let ticket = ticket.as_str().expect("a ticket");
        let target = format!("/events?ticket={ticket}");
        Request::new("GET", &target).send(app.address()).expect(200);
    }
}

#[test]
fn a_ticket_of_a_deleted_user_lets_nobody_in() {
    let app = App::start();
    let [ada] = app.users(["ada"]);
    let target = format!("/events?ticket={}", ticket(app.as_user(ada)));
    app.as_user(ada)
        .delete(&format!("/users/{ada}"))
        .expect(204);
    Request::new("GET", &target)
        .send(app.address())
        .problem(401, "unknown_actor");
}
