//! Groups change: who may, to what, and what of it is told.

use serde_json::json;

use crate::support::{App, pairs};

#[test]
fn admins_rename_a_group_and_nobody_else() {
    let app = App::start();
    let [ada, bob, cyd, eve] = app.users(["ada", "bob", "cyd", "eve"]);
    let group = app.group("team", ada, &[bob, cyd]);
    app.promote(group, ada, bob);
    let path = format!("/groups/{group}");
    let before = app.as_user(ada).get(&path).expect(200);
    for (client, name) in [
        (app.as_user(ada), "the owner's"),
        (app.as_user(bob), "an admin's"),
        (app.as_system(), "the system's"),
    ] {
        let renamed = client.patch(&path, &json!({"name": name})).expect(200);
        assert_eq!(renamed["name"], name);
        assert_eq!(renamed, app.as_user(cyd).get(&path).expect(200));
        assert_eq!(renamed["created_at"], before["created_at"]);
    }
    let name = json!({"name": "hers"});
    let refused = app.as_user(cyd).patch(&path, &name);
    refused.problem(403, "forbidden");
    let refused = app.as_user(eve).patch(&path, &name);
    refused.problem(404, "group_not_found");
    let refused = app.as_system().patch("/groups/99", &name);
    refused.problem(404, "group_not_found");
    let kept = app.as_user(cyd).get(&path).expect(200);
    assert_eq!(kept["name"], "the system's");
}

#[test]
fn a_name_is_one_that_no_other_group_has() {
    let app = App::start();
    let ada = app.user("ada");
    let (group, other) = (app.group("team", ada, &[]), app.group("crew", ada, &[]));
    let path = format!("/groups/{group}");
    let ada = app.as_user(ada);
    let taken = ada.patch(&path, &json!({"name": "CREW"}));
    taken.problem(409, "group_name_taken");
    let spelled = ada.patch(&path, &json!({"name": "TEAM"})).expect(200);
    assert_eq!(spelled["name"], "TEAM");
    ada.delete(&format!("/groups/{other}")).expect(204);
    ada.patch(&path, &json!({"name": "Crew"})).expect(200);
    ada.post("/groups", &json!({"name": "team"})).expect(201);
}

#[test]
fn what_is_left_out_stays_and_a_name_can_t_be_cleared() {
    let app = App::start();
    let ada = app.user("ada");
    let path = format!("/groups/{}", app.group("team", ada, &[]));
    let ada = app.as_user(ada);
    let before = ada.get(&path).expect(200);
    assert_eq!(ada.patch(&path, &json!({})).expect(200), before);
    let same = ada.patch(&path, &json!({"name": "team"}));
    assert_eq!(same.expect(200), before);
    let faults = |body| ada.patch(&path, &body).faults();
    let named = |code: &str| pairs(&[("name", code)]);
    assert_eq!(faults(json!({"name": null})), named("required"));
    assert_eq!(faults(json!({"name": ""})), named("length"));
    assert_eq!(faults(json!({"name": 5})), named("type"));
    assert_eq!(faults(json!({"nome": "x"})), pairs(&[("nome", "unknown")]));
    assert_eq!(ada.get(&path).expect(200), before);
}

#[test]
fn a_patch_may_say_that_it_is_one() {
    let app = App::start();
    let ada = app.user("ada");
    let path = format!("/groups/{}", app.group("team", ada, &[]));
    let patch = |kind: &str| {
        let request = app.as_user(ada).request("PATCH", &path);
        let request = request.header("Content-Type", kind);
        request.body(r#"{"name":"crew"}"#).send(app.address())
    };
    patch("application/merge-patch+json").expect(200);
    patch("application/json-patch+json").problem(415, "unsupported_media_type");
}

#[test]
fn a_change_is_made_once_under_its_key() {
    let app = App::start();
    let ada = app.user("ada");
    let path = format!("/groups/{}", app.group("team", ada, &[]));
    let rename = |name: &str| {
        let request = app.as_user(ada).request("PATCH", &path);
        let request = request.header("Idempotency-Key", "rename");
        request.json(&json!({"name": name})).send(app.address())
    };
    let first = rename("crew");
    let etag = first.header("etag").map(str::to_owned);
    assert!(etag.is_some());
    let crew = first.expect(200);
    app.as_user(ada)
        .patch(&path, &json!({"name": "others"}))
        .expect(200);
    let again = rename("crew");
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.header("etag").map(str::to_owned), etag);
    assert_eq!(again.expect(200), crew);
    rename("another").problem(422, "idempotency_mismatch");
    let found = app.as_user(ada).get(&path).expect(200);
    assert_eq!(found["name"], "others");
}
