//! The metrics of the running server.

use std::time::{Duration, Instant};

use chat_testing::on_postgres;
use serde_json::json;

use crate::support::{App, Exposition, Request};

fn metrics(app: &App) -> Exposition {
    let answer = app.as_system().get("/metrics");
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    Exposition::read(&answer.text())
}

const REQUESTS: &str = "chat_http_requests_total";

fn requests(metrics: &Exposition, method: &str, route: &str, status: &str) -> f64 {
    let labels = [("method", method), ("route", route), ("status", status)];
    metrics.find(REQUESTS, &labels).unwrap_or_default()
}

#[test]
fn what_was_asked_before_is_counted() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    app.tell(ada, bob, "hi");
    app.as_user(bob).get("/messages/1").expect(200);
    app.as_user(bob)
        .get("/messages/98")
        .problem(404, "message_not_found");
    app.as_system()
        .get("/nowhere")
        .problem(404, "route_not_found");
    Request::new("HEAD", "/users/1").send(app.address());
    let metrics = metrics(&app);
    for (method, route, status, count) in [
        ("POST", "/users", "201", 2.0),
        ("POST", "/messages", "201", 1.0),
        ("GET", "/messages/{id}", "200", 1.0),
        ("GET", "/messages/{id}", "404", 1.0),
        ("GET", "unmatched", "404", 1.0),
        ("HEAD", "/users/{id}", "200", 1.0),
        // It is under way itself, so that it is counted the next time.
        ("GET", "/metrics", "200", 0.0),
    ] {
        let counted = requests(&metrics, method, route, status);
        assert_eq!(counted, count, "{method} {route} {status}");
    }
    let gets = [("method", "GET"), ("route", "/messages/{id}")];
    let durations = "chat_http_request_duration_seconds";
    assert_eq!(metrics.value(&format!("{durations}_count"), &gets), 2.0);
    assert!(metrics.value(&format!("{durations}_sum"), &gets) > 0.0);
    assert!(metrics.value("chat_http_connections", &[]) >= 1.0);
    assert_eq!(metrics.value("chat_http_requests_in_flight", &[]), 1.0);
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    assert_eq!(metrics.value("chat_build_info", &version), 1.0);
}

#[test]
fn the_store_is_told_of_too() {
    let app = App::start_with(&[("pool_size", "5")]);
    let [ada, bob] = app.users(["ada", "bob"]);
    // When it starts, the server looks for expired answers and for files of deleted groups, each of
    // which is a job too. On SQLite jobs are waited for and not batches: any of the four may share one.
    let jobs = match on_postgres() {
        true => "chat_store_commit_duration_seconds_count",
        false => "chat_store_batch_jobs_sum",
    };
    let before = once(&app, |metrics| metrics.value(jobs, &[]) >= 4.0);
    app.users(["cyd", "dan"]);
    let metrics = metrics(&app);
    let grew = |name: &str| metrics.value(name, &[]) - before.value(name, &[]);
    // Nobody else wrote, so that each user had its own commit.
    let commits = "chat_store_commit_duration_seconds";
    assert_eq!(grew(&format!("{commits}_count")), 2.0);
    assert!(metrics.value(&format!("{commits}_sum"), &[]) > 0.0);
    assert_eq!(metrics.value("chat_store_writes_waiting", &[]), 0.0);
    if on_postgres() {
        assert_eq!(metrics.value("chat_store_connections_most", &[]), 5.0);
        assert_eq!(metrics.value("chat_store_jobs_failed_total", &[]), 0.0);
        app.tell(ada, bob, "hi");
        let events = "chat_store_events_sequenced_total";
        let metrics = once(&app, |metrics| {
            let behind = metrics.value("chat_store_commits_unsequenced", &[]);
            metrics.value(events, &[]) > 0.0 && behind == 0.0
        });
        assert_eq!(metrics.value(events, &[]), 1.0);
        return;
    }
    assert_eq!(grew("chat_store_batch_jobs_count"), 2.0);
    assert_eq!(grew("chat_store_batch_jobs_sum"), 2.0);
    assert!(metrics.value("chat_store_wal_bytes", &[]) > 0.0);
    assert!(metrics.value("chat_store_readers_open", &[]) >= 1.0);
    // Scans have connections besides those for reads.
    assert!(metrics.value("chat_store_readers_most", &[]) >= 5.0);
}

/// The metrics, once they are so.
fn once(app: &App, so: impl Fn(&Exposition) -> bool) -> Exposition {
    let begun = Instant::now();
    loop {
        let metrics = metrics(app);
        if so(&metrics) {
            return metrics;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "it never is");
    }
}

#[test]
fn every_worker_counts_into_the_same() {
    let app = App::start();
    // Each on a connection of its own, which go to the workers in turn.
    for _ in 0..20 {
        app.as_system().get("/users").expect(200);
    }
    for _ in 0..4 {
        assert_eq!(requests(&metrics(&app), "GET", "/users", "200"), 20.0);
    }
}

#[test]
fn the_documents_name_every_metric() {
    let app = App::start();
    let page = app.as_system().get("/metrics").text();
    let document = include_str!("../../docs/api.md");
    // A family that has nothing to tell before the first request is left out of the first page.
    let page = page + &app.as_system().get("/metrics").text();
    for line in page.lines() {
        if let Some(typed) = line.strip_prefix("# TYPE ") {
            let name = typed.split(' ').next().expect("a name");
            assert!(document.contains(&format!("`{name}`")), "{name}");
        }
    }
    let part = document.split("### Metrics").nth(1).expect("the part");
    let elsewhere = match on_postgres() {
        true => "| SQLite: ",
        false => "| PostgreSQL: ",
    };
    assert!(part.contains(elsewhere));
    for row in part.lines() {
        let named = row.split('`').skip(1).step_by(2);
        for name in named.filter(|name| name.starts_with("chat_")) {
            let there = page.contains(&format!("# TYPE {name} "));
            assert_eq!(there, !row.contains(elsewhere), "{name}");
        }
    }
}

#[test]
fn the_page_takes_no_parameters_and_knows_no_other_method() {
    let app = App::start();
    let faults = app.as_system().get("/metrics?name=x").faults();
    assert_eq!(faults, [("name".into(), "unknown".into())]);
    app.as_system()
        .post("/metrics", &json!({}))
        .problem(405, "method_not_allowed");
    let head = Request::new("HEAD", "/metrics").send(app.address());
    assert_eq!((head.status, head.body.len()), (200, 0));
    let options = Request::new("OPTIONS", "/metrics").send(app.address());
    assert_eq!(options.header("allow"), Some("GET, HEAD, OPTIONS"));
}
