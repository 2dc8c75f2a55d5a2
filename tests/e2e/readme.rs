//! What the documents say is true: the README's tour pasted into a shell, and every route they name.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::support::{App, available, redact};

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
    text.lines().map(json).map(redact).collect()
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

/// Every `METHOD /path` between backquotes in a document's part about routes; a path without method
/// has that of the one before.
fn routes_in(document: &str) -> BTreeSet<(String, String)> {
    let (_, part) = document
        .split_once("## Routes")
        .expect("a part about routes");
    let part = part.split("\n## ").next().unwrap_or_default();
    let mut routes = BTreeSet::new();
    let mut last = "";
    for text in part.split('`').skip(1).step_by(2) {
        let (method, path) = text.split_once(' ').unwrap_or((last, text));
        if path.starts_with('/') && method.chars().all(|c| c.is_ascii_uppercase()) {
            last = method;
            routes.insert((method.to_owned(), path.to_owned()));
        }
    }
    routes
}

#[test]
fn the_documents_name_every_route_and_no_other() {
    let spelled = |path: &str| path.replace('{', ":").replace('}', "");
    let served: BTreeSet<_> = chat_http::routes()
        .into_iter()
        .map(|(method, path)| (method, spelled(path)))
        .collect();
    assert_eq!(routes_in(include_str!("../../README.md")), served);
    assert_eq!(routes_in(include_str!("../../docs/api.md")), served);
}
