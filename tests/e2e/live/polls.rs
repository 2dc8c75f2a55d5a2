//! Polls: `GET /events`.

use std::time::{Duration, Instant};

use super::{FOREIGN, cursor, kinds, socket};
use crate::support::{App, Data, Process, Request};

#[test]
fn a_poll_gives_a_page_and_says_whether_there_is_more() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let start = cursor(app.as_user(bob));
    for n in 0..5 {
        app.tell(ada, bob, &format!("{n}"));
    }
    let client = app.as_user(bob);
    let mut after = start;
    let mut words = Vec::new();
    for expected in [(2, true), (2, true), (1, false), (0, false)] {
        let page = client
            .get(&format!("/events?after={after}&limit=2"))
            .expect(200);
        let events = page["events"].as_array().expect("events");
        assert_eq!(
            (events.len(), page["more"].as_bool()),
            (expected.0, Some(expected.1))
        );
        words.extend(events.iter().map(|event| event["data"]["content"].clone()));
        page["cursor"]
            .as_str()
            .expect("a cursor")
            .clone_into(&mut after);
    }
    assert_eq!(words, ["0", "1", "2", "3", "4"]);
}

#[test]
fn a_poll_without_a_cursor_begins_now() {
    let app = App::populated();
    let page = app.as_user(1).get("/events").expect(200);
    assert_eq!(page["events"], serde_json::json!([]));
    assert_eq!(page["cursor"], cursor(app.as_user(1)).as_str());
}

#[test]
fn a_poll_waits_for_the_first_event_and_for_no_more() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let start = Instant::now();
    let nothing = app.as_user(bob).get("/events?wait=1").expect(200);
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert!(kinds(&nothing).is_empty());
    let after = nothing["cursor"].as_str().expect("a cursor");
    std::thread::scope(|scope| {
        let client = app.as_user(bob);
        let poll = scope.spawn(move || client.get(&format!("/events?after={after}&wait=60")));
        std::thread::sleep(Duration::from_millis(200));
        // Who types is no event: it ends no poll.
        app.tell(ada, bob, "hi");
        let page = poll.join().expect("an answer").expect(200);
        assert_eq!(kinds(&page), ["message.created"]);
    });
}

#[test]
fn a_poll_is_told_nothing_that_is_stored_nowhere() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    app.tell(ada, bob, "hi");
    std::thread::scope(|scope| {
        let client = app.as_user(bob);
        let poll = scope.spawn(move || client.get("/events?wait=2"));
        std::thread::sleep(Duration::from_millis(200));
        let mut ada = socket(&app, ada);
        ada.say(&serde_json::json!({"kind": "typing", "receiver_id": bob}));
        let page = poll.join().expect("an answer").expect(200);
        assert!(kinds(&page).is_empty());
    });
}

#[test]
fn a_poll_is_answered_when_the_node_stops() {
    let data = Data::new();
    let process = Process::start(&data);
    let address = process.address();
    let poll = std::thread::spawn(move || {
        Request::new("GET", "/events?wait=60")
            .send(address)
            .expect(200)
    });
    std::thread::sleep(Duration::from_millis(300));
    let start = Instant::now();
    assert!(process.terminate().success());
    assert!(start.elapsed() < Duration::from_secs(8));
    let page = poll.join().expect("an answer");
    assert!(kinds(&page).is_empty() && page["cursor"].is_string());
}

#[test]
fn what_is_no_good_poll_is_refused() {
    let app = App::populated();
    let ada = app.as_user(1);
    ada.get("/events?after=x").problem(400, "cursor_invalid");
    ada.get(&format!("/events?after={FOREIGN}"))
        .problem(410, "cursor_expired");
    for (query, field) in [
        ("wait=61", "wait"),
        ("wait=-1", "wait"),
        ("wait=x", "wait"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("user_id=0", "user_id"),
        ("since=x", "since"),
    ] {
        let problem = ada
            .get(&format!("/events?{query}"))
            .problem(400, "validation_failed");
        assert_eq!(problem["errors"][0]["field"], field, "{query}");
    }
    ada.get("/events?user_id=2").problem(403, "actor_mismatch");
    app.as_system()
        .get("/events?user_id=99")
        .problem(401, "unknown_actor");
}
