//! Server-sent events.

use super::{FOREIGN, cursor};
use crate::support::{App, Data, EventStream, Process, Request};

fn request(user: i64, query: &str) -> Request {
    Request::new("GET", &format!("/events{query}")).header("X-User-Id", &user.to_string())
}

#[test]
fn a_stream_begins_with_ready_and_tells_each_event_with_its_cursor() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let start = cursor(app.as_user(bob));
    let mut stream = EventStream::open(app.address(), request(bob, "")).expect("a stream");
    let head = stream.head().to_ascii_lowercase();
    assert!(head.contains("content-type: text/event-stream"), "{head}");
    assert!(head.contains("cache-control: no-store"), "{head}");
    let ready = stream.event().expect("the first");
    assert_eq!(ready.event.as_deref(), Some("ready"));
    assert_eq!(ready.id, Some(start.clone()));
    assert_eq!(
        ready.json(),
        serde_json::json!({"kind": "ready", "cursor": start})
    );
    app.tell(ada, bob, "hi\nthere");
    let told = stream.event().expect("an event");
    assert_eq!(told.event.as_deref(), Some("message.created"));
    let event = told.json();
    assert_eq!(told.id.as_deref(), event["cursor"].as_str());
    assert_eq!(event["data"]["content"], "hi\nthere");
}

#[test]
fn who_connects_again_goes_on_where_it_was() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let start = cursor(app.as_user(bob));
    for n in 0..3 {
        app.tell(ada, bob, &format!("{n}"));
    }
    let words = |request: Request, number: usize| -> Vec<String> {
        let mut stream = EventStream::open(app.address(), request).expect("a stream");
        assert_eq!(
            stream.event().expect("ready").event.as_deref(),
            Some("ready")
        );
        let events = (0..number).map(|_| stream.event().expect("an event"));
        events
            .map(|event| {
                event.json()["data"]["content"]
                    .as_str()
                    .expect("a text")
                    .to_owned()
            })
            .collect()
    };
    let all = words(request(bob, &format!("?after={start}")), 3);
    assert_eq!(all, ["0", "1", "2"]);
    let mut stream = EventStream::open(app.address(), request(bob, &format!("?after={start}")));
    let stream = stream.as_mut().expect("a stream");
    stream.event();
    let first = stream.event().expect("an event").id.expect("a cursor");
    // The header goes before the parameter, which a browser never changes.
    let again = request(bob, &format!("?after={start}")).header("Last-Event-ID", &first);
    assert_eq!(words(again, 2), ["1", "2"]);
}

#[test]
fn what_is_no_good_stream_is_refused() {
    let app = App::populated();
    let open = |request| EventStream::open(app.address(), request).err();
    let refused = |status: u16, code: &str| Some((status, code.to_owned()));
    assert_eq!(
        open(request(1, "?wait=5")),
        refused(400, "validation_failed")
    );
    assert_eq!(
        open(request(1, "?limit=5")),
        refused(400, "validation_failed")
    );
    assert_eq!(open(request(1, "?after=x")), refused(400, "cursor_invalid"));
    let last = request(1, "").header("Last-Event-ID", "x");
    assert_eq!(open(last), refused(400, "cursor_invalid"));
    let foreign = request(1, "").header("Last-Event-ID", FOREIGN);
    assert_eq!(open(foreign), refused(410, "cursor_expired"));
    assert_eq!(open(request(99, "")), refused(401, "unknown_actor"));
    assert_eq!(
        open(request(1, "?user_id=2")),
        refused(403, "actor_mismatch")
    );
    let elsewhere = request(1, "").header("Origin", "https://example.org");
    assert_eq!(open(elsewhere), refused(403, "origin_not_allowed"));
}

#[test]
fn a_node_that_stops_says_when_to_come_back() {
    let data = Data::new();
    let process = Process::start(&data);
    let mut streams: Vec<_> = (0..8)
        .map(|_| {
            let request = Request::new("GET", "/events");
            EventStream::open(process.address(), request).expect("a stream")
        })
        .collect();
    process.signal();
    let mut times = std::collections::BTreeSet::new();
    for stream in &mut streams {
        let mut retry = None;
        while let Some(block) = stream.next() {
            retry = retry.or(block.retry);
        }
        let retry = retry.expect("when to come back");
        assert!((500..5_000).contains(&retry), "{retry}");
        times.insert(retry);
    }
    assert!(times.len() > 1, "all at once: {times:?}");
    assert!(process.wait().success());
}
