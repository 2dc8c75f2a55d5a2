//! What a server in token mode answers: who comes without a good token, or too often.

use serde_json::json;

use super::{Operation, Reached, operations};
use crate::support::{App, Request, expired_token_of, token_of};

/// Tells it on servers of its own.
pub(super) fn tell(reached: &mut Reached) {
    let asked = || operations().into_iter().filter(|one| !one.anonymous);
    let patient = App::with_tokens(&[]);
    let [ada, bob] = patient.users(["ada", "bob"]);
    for operation in asked() {
        for request in [
            operation.good(),
            operation.good().token("x"),
            operation.good().token(&expired_token_of(ada)),
        ] {
            reached.send(patient.address(), &request);
        }
    }
    let metrics = Request::new("GET", "/metrics").token(&token_of(Some(ada)));
    reached.send(patient.address(), &metrics);
    let group = patient.group("team", ada, &[]);
    let text = json!({"group_id": group, "sender_id": bob, "type": "text", "content": "hi"});
    let send = patient.as_system().request("POST", "/messages").json(&text);
    reached.send(patient.address(), &send);

    let strict = App::with_tokens(&[("rate_limit", "sends=1/1,writes=1/1,reads=1/1")]);
    let ada = strict.user("ada");
    for operation in asked() {
        let request = |operation: &Operation| operation.good().token(&token_of(Some(ada)));
        // One of the two is one too many, whatever the first one comes to.
        for _ in 0..2 {
            reached.send(strict.address(), &request(&operation));
        }
    }
}
