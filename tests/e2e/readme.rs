//! What the documents say is true: the README's tour pasted into a shell, and every route they name.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::support::{App, Request, available, level};

/// The contents of the first fenced block of `language` after `heading`.
fn block<'a>(readme: &'a str, heading: &str, language: &str) -> &'a str {
    let (_, rest) = readme.split_once(heading).expect("the heading");
    let (_, rest) = rest
        .split_once(&format!("```{language}\n"))
        .expect("the block");
    rest.split_once("```").expect("its end").0
}

/// Each line as JSON.
fn lines(text: &str) -> Vec<Value> {
    let json = |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    text.lines().map(json).map(level).collect()
}

#[test]
fn the_tour_prints_what_it_says() {
    if !available("bash") || !available("curl") {
        return;
    }
    let readme = include_str!("../../README.md");
    let app = App::start();
    let tour = block(readme, "## A two-minute tour", "sh").replace(
        "http://127.0.0.1:8080",
        &format!("http://{}", app.address()),
    );
    let output = Command::new("bash")
        .args(["-c", &tour])
        .output()
        .expect("bash runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    assert_eq!(
        lines(&printed),
        lines(block(readme, "## A two-minute tour", "json"))
    );
}

/// Every `METHOD /path` between backquotes in a document's part about routes.
fn routes(document: &str) -> BTreeSet<(String, String)> {
    let (_, table) = document.split_once("## Routes").expect("a table of routes");
    let table = table.split("\n## ").next().unwrap_or_default();
    let quoted = table.split('`').skip(1).step_by(2);
    let route = |text: &str| {
        let (method, path) = text.split_once(' ')?;
        let method = method
            .chars()
            .all(|c| c.is_ascii_uppercase())
            .then_some(method)?;
        path.starts_with('/').then(|| {
            (
                method.to_owned(),
                path.replace(":id", "1").replace(":user_id", "1"),
            )
        })
    };
    quoted.filter_map(route).collect()
}

#[test]
fn every_route_that_the_documents_name_is_there() {
    let app = App::start();
    let readme = routes(include_str!("../../README.md"));
    let contract = routes(include_str!("../../docs/api.md"));
    assert_eq!(readme, contract);
    assert_eq!(readme.len(), 19, "the README names each route once");
    for (method, path) in contract {
        let options = Request::new("OPTIONS", &path).send(app.address());
        let allowed = options.header("allow").unwrap_or_default();
        assert!(
            allowed.split(", ").any(|one| one == method),
            "{method} {path}: {allowed}"
        );
    }
}
