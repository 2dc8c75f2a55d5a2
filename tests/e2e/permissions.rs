//! Who may do what: every route, asked by everyone who could ask, and what each is told. The table is
//! checked in, so that a door that opens shows as a line that changes; a route that is not in it
//! fails the test.

use std::fmt::Write;
use std::sync::Mutex;
use std::thread;

use crate::support::App;

mod asker;
mod cases;
mod world;

use asker::Asker;
use cases::{Case, cases};
use world::World;

/// How many cases are asked at the same time.
const AT_ONCE: usize = 4;

/// What one asker is told: the status, and the code of a refusal.
fn told(app: &App, shared: &World, case: &Case, asker: Asker) -> String {
    // Who may change something asks in a world of its own: what one changes is not changed for the next.
    let own = (!matches!(case.method, "GET" | "HEAD")).then(|| World::make(app));
    let world = own.as_ref().unwrap_or(shared);
    let request = asker.sign((case.request)(world), world);
    let answer = request.send(app.address());
    let code = match answer.status {
        400.. if !answer.body.is_empty() => {
            let problem: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
            problem["code"].as_str().expect("a code").to_owned()
        }
        _ => String::new(),
    };
    format!("{} {code}", answer.status)
}

#[test]
fn everyone_is_told_what_the_table_says() {
    let app = App::with_tokens(&[("rate_limit", "off")]);
    let (shared, cases) = (World::make(&app), cases());
    let next = Mutex::new(0);
    let rows = Mutex::new(vec![String::new(); cases.len()]);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let index = {
                        let mut next = next.lock().expect("the next");
                        *next += 1;
                        *next - 1
                    };
                    let Some(case) = cases.get(index) else {
                        return;
                    };
                    let mut row = format!("{} {}", case.method, case.path);
                    if !case.about.is_empty() {
                        write!(row, " ({})", case.about).expect("a text");
                    }
                    for asker in Asker::ALL {
                        let told = told(&app, &shared, case, asker);
                        write!(row, "\n  {:<17}{}", asker.name(), told.trim_end()).expect("a text");
                    }
                    rows.lock().expect("the rows")[index] = row;
                }
            });
        }
    });
    let table = rows.into_inner().expect("the rows").join("\n\n");
    insta::assert_snapshot!(table);
}

#[test]
fn every_route_is_in_the_table() {
    let cases = cases();
    for (method, path) in chat_http::routes() {
        let there = cases
            .iter()
            .any(|case| case.method == method && case.path == path);
        assert!(there, "{method} {path} is not in the table of permissions");
    }
}
