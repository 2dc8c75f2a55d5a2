//! The example page in a real browser: two people talk, the line between is cut, and nothing is missing.

use std::net::SocketAddr;

use serde_json::json;

mod chromium;
mod files;
mod line;

use chromium::{Browser, Page};
use files::Files;
use line::Line;

use crate::support::{App, Socket, token_of};

const LIVE: &str = "document.getElementById('state').dataset.state === 'live'";
const AWAY: &str = "document.getElementById('state').dataset.state === 'reconnecting'";

/// Waits until a page shows just these messages, in this order.
#[track_caller]
fn wait_for(browser: &mut Browser, page: &Page, expected: &[&str]) {
    let expected = json!(expected).to_string();
    let shown = "JSON.stringify([...document.querySelectorAll('#messages li')]\
                 .map(item => item.firstChild.textContent))";
    browser.wait_until(page, &format!("{shown} === {}", json!(expected)));
}

/// Types a text and sends it.
fn say(browser: &mut Browser, page: &Page, text: &str) {
    let text = json!(text);
    let typed = format!("document.getElementById('text').value = {text}");
    browser.evaluate(
        page,
        &format!("{typed}; document.querySelector('button').click()"),
    );
}

/// The example, for a user in a group.
fn url(files: &Files, server: SocketAddr, user: i64, group: i64) -> String {
    let origin = files.origin();
    format!("{origin}/index.html?server=http://{server}&user={user}&group={group}")
}

#[test]
fn two_pages_stay_complete_over_a_line_that_is_cut() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let browser = &mut browser;
    let files = Files::serve();
    let app = App::start_with(&[("cors_origin", &files.origin())]);
    let [ada, bob] = app.users(["ada", "bob"]);
    let team = app.group("team", ada, &[bob]);
    app.tell_group(ada, team, "before");
    let line = Line::to(app.address());
    let hers = browser.open(&url(&files, app.address(), ada, team));
    let his = browser.open(&url(&files, line.address(), bob, team));
    for page in [&hers, &his] {
        browser.wait_until(page, LIVE);
        wait_for(browser, page, &["before"]);
    }

    // What one says the other sees, as it was typed, and that it was seen comes back.
    say(browser, &hers, "hello <b>bob</b>");
    wait_for(browser, &his, &["before", "hello <b>bob</b>"]);
    browser.wait_until(&hers, "document.querySelector('li.mine small') !== null");
    let mut socket =
        Socket::connect(app.address(), &format!("/ws?user_id={ada}"), &[]).expect("a socket");
    socket.say(&json!({"kind": "typing", "group_id": team}));
    browser.wait_until(&his, "document.getElementById('typing').textContent !== ''");

    // The line is cut; she goes on, takes something back, and he types as well.
    line.cut();
    browser.wait_until(&his, AWAY);
    let mut sent = Vec::new();
    for n in 1..=5 {
        sent.push(app.tell_group(ada, team, &format!("while away {n}")));
    }
    app.as_user(ada)
        .delete(&format!("/messages/{}", sent[2]))
        .expect(204);
    say(browser, &his, "into the void");
    browser.wait_until(&his, "document.querySelector('li.pending') !== null");

    // It is there again: all of it, once, in order; what he typed was sent once.
    line.mend();
    browser.wait_until(&his, LIVE);
    let all = [
        "before",
        "hello <b>bob</b>",
        "while away 1",
        "while away 2",
        "(deleted)",
        "while away 4",
        "while away 5",
        "into the void",
    ];
    for page in [&his, &hers] {
        wait_for(browser, page, &all);
    }
    let stored = app.as_user(ada).ids(&format!("/messages?group_id={team}"));
    assert_eq!(stored.len(), all.len() - 1);
    // A second time, now that the ticket of the first is long used up.
    line.cut();
    browser.wait_until(&his, AWAY);
    say(browser, &hers, "and again");
    line.mend();
    wait_for(browser, &his, &[&all[..], &["and again"]].concat());
}

#[test]
fn a_page_with_a_token_is_let_in_by_tickets() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let files = Files::serve();
    let app = App::with_tokens(&[("cors_origin", &files.origin())]);
    let [ada, bob] = app.users(["ada", "bob"]);
    let team = app.group("team", ada, &[bob]);
    let token = token_of(Some(bob));
    let url = format!("{}&token={token}", url(&files, app.address(), bob, team));
    let his = browser.open(&url);
    browser.wait_until(&his, LIVE);
    app.tell_group(ada, team, "hello");
    wait_for(&mut browser, &his, &["hello"]);
    say(&mut browser, &his, "hello yourself");
    wait_for(&mut browser, &his, &["hello", "hello yourself"]);
}
