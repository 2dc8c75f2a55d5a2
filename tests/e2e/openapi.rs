//! The document of the API: that it tells of everything, and that its examples are what it says.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::{App, Request, contract, members, output, server_command};

#[test]
fn it_tells_of_every_route_and_of_no_other() {
    let told: BTreeSet<_> = contract()
        .operations()
        .into_iter()
        .map(|(method, path, _)| (method, path))
        .collect();
    let served: BTreeSet<_> = chat_http::routes()
        .into_iter()
        .map(|(method, path)| (method, path.to_owned()))
        .collect();
    assert_eq!(told, served);
}

#[test]
fn it_stays_what_it_is() {
    assert_snapshot!(chat_http::openapi("/").unwrap());
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(value: &Value) {
        contract().resolve(value);
        match value {
            Value::Object(object) => object.values().for_each(walk),
            Value::Array(list) => list.iter().for_each(walk),
            _ => {}
        }
    }
    walk(&contract().document);
}

#[test]
fn every_operation_has_a_name_of_its_own_and_a_heading() {
    let mut names = BTreeSet::new();
    let tags: BTreeSet<_> = contract().document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag["name"].clone().to_string())
        .collect();
    for (method, path, operation) in contract().operations() {
        assert!(
            names.insert(operation["operationId"].to_string()),
            "{method} {path}"
        );
        assert!(operation["summary"].is_string(), "{method} {path}");
        assert!(
            tags.contains(&operation["tags"][0].to_string()),
            "{method} {path}"
        );
    }
}

#[test]
fn every_example_is_what_its_schema_says() {
    let mut seen = 0;
    for (method, path, operation) in contract().operations() {
        let mut contents = vec![operation["requestBody"]["content"].clone()];
        for (_, response) in members(&operation["responses"]) {
            contents.push(contract().resolve(response)["content"].clone());
        }
        for content in &contents {
            for (_, content) in members(content) {
                let mut examples: Vec<Value> = members(&content["examples"])
                    .map(|(_, example)| contract().resolve(example)["value"].clone())
                    .collect();
                examples.extend(content.get("example").cloned());
                let validator = contract().validator(&content["schema"]);
                for example in examples {
                    let errors: Vec<_> = validator
                        .iter_errors(&example)
                        .map(|error| error.to_string())
                        .collect();
                    assert!(
                        errors.is_empty(),
                        "{method} {path}: {errors:?} in {example}"
                    );
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 200, "{seen} examples");
}

#[test]
fn an_example_of_each_request_succeeds() {
    // In an order in which each finds what it is about.
    let app = App::start();
    app.users(["ida", "bob"]);
    let mut sent = 0;
    for (method, path, actor) in [
        ("POST", "/users", None),
        ("POST", "/files", Some("1")),
        ("POST", "/groups", Some("1")),
        ("PATCH", "/groups/{id}", Some("1")),
        ("POST", "/groups/{id}/members", Some("1")),
        ("POST", "/messages", None),
        ("POST", "/messages/{id}/seen", None),
        ("PATCH", "/users/{id}", Some("1")),
    ] {
        let operation = &contract().document["paths"][path][method.to_lowercase()];
        let body = &operation["requestBody"]["content"]["application/json"]["example"];
        let mut request = Request::new(method, &path.replace("{id}", "1")).json(body);
        if let Some(actor) = actor {
            request = request.header("X-User-Id", actor);
        }
        let answer = request.send(app.address());
        assert!(
            matches!(answer.status, 200 | 201),
            "{path}: {}",
            answer.text()
        );
        sent += 1;
    }
    let operations = contract().operations();
    // Forms and parts of uploads have no examples: they are bytes.
    let json = "/requestBody/content/application~1json";
    let bodies = operations
        .iter()
        .filter(|(_, _, operation)| operation.pointer(json).is_some());
    assert_eq!(bodies.count(), sent);
}

#[test]
fn it_is_served_and_printed() {
    let app = App::start();
    let served = app.as_system().get("/openapi.json").expect(200);
    assert_eq!(served, contract().document);
    let output = output(server_command().args(["openapi", "--listen", "127.0.0.1:9999"]));
    assert!(output.status.success());
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed["servers"][0]["url"], "http://127.0.0.1:9999");
    assert_eq!(printed["paths"], contract().document["paths"]);
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let app = App::start();
    let get = |target: &str| {
        let answer = Request::new("GET", target).send(app.address());
        assert_eq!(answer.status, 200, "{target}");
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'self'"), "{policy}");
        // It shows the pictures and plays the sounds that it has fetched.
        for own in ["img-src 'self' data: blob:", "media-src 'self' blob:"] {
            assert!(policy.contains(own), "{policy}");
        }
        answer
    };
    let to_page = Request::new("GET", "/docs").send(app.address());
    assert_eq!(
        (to_page.status, to_page.header("location")),
        (308, Some("/docs/"))
    );
    let page = get("/docs/");
    assert_eq!(page.header("content-type"), Some("text/html"));
    let page = page.text();
    let mut files = 0;
    for attribute in ["href=\"", "src=\""] {
        for reference in page.split(attribute).skip(1) {
            let reference = reference.split('"').next().unwrap();
            assert!(!reference.contains("//"), "{reference} lies elsewhere");
            get(&format!("/docs/{}", reference.trim_start_matches("./")));
            files += 1;
        }
    }
    assert!(files >= 5, "{page}");
    let start = get("/docs/swagger-initializer.js").text();
    assert!(start.contains("\"../openapi.json\""), "{start}");
    assert!(!start.contains("http"), "{start}");
    let missing = Request::new("GET", "/docs/nothing.js").send(app.address());
    missing.problem(404, "route_not_found");
}
