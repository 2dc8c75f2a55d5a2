//! Who is there.

use std::time::Duration;

use serde_json::json;

use super::socket;
use crate::support::{App, Closed};

#[test]
fn who_comes_and_goes_is_told_to_those_who_share_a_conversation() {
    let app = App::start();
    let [ada, bob, eve] = app.users(["ada", "bob", "eve"]);
    app.tell(ada, bob, "hi");
    let mut her = socket(&app, ada);
    let mut stranger = socket(&app, eve);
    let him = socket(&app, bob);
    let online = her.next_of("presence");
    assert_eq!(
        online,
        json!({"kind": "presence", "data": {"user_id": bob, "online": true}})
    );
    // Another connection changes nothing, and while one is left he is there.
    let second = socket(&app, bob);
    drop(him);
    her.wait_at_most(Duration::from_secs(7));
    assert_eq!(her.next(), Err(Closed::Silence));
    her.wait_at_most(Duration::from_secs(20));
    drop(second);
    let offline = her.next_of("presence");
    assert_eq!(
        (&offline["data"]["user_id"], &offline["data"]["online"]),
        (&json!(bob), &json!(false))
    );
    assert!(offline["data"]["last_seen"].is_string());
    // Who shares nothing with him was told nothing.
    stranger.wait_at_most(Duration::from_millis(200));
    assert_eq!(stranger.next(), Err(Closed::Silence));
}

#[test]
fn who_comes_is_told_who_is_there() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    app.group("team", ada, &[bob]);
    let _her = socket(&app, ada);
    let mut him = socket(&app, bob);
    assert_eq!(
        him.next_of("presence")["data"],
        json!({"user_id": ada, "online": true})
    );
}
