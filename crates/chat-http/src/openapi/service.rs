//! The server itself in the document.

use serde_json::json;

use super::operation::Operation;
use crate::handlers::health::Health;
use crate::problem::code;

pub(super) fn operations() -> Vec<Operation> {
    let health = |path, id, what| {
        Operation::open(path, id)
            .about("Service", what, "")
            .gives::<Health>(200, "It does.", json!({"status": "ok"}))
    };
    vec![
        health("/health", "health", "Whether the process runs"),
        health("/health/live", "live", "Whether the process runs"),
        health("/health/ready", "ready", "Whether the store answers")
            .refuses(&[&code::UNAVAILABLE]),
        Operation::watch("/metrics", "metrics")
            .about("Service", "Metrics in the text format of Prometheus", "")
            .serves("The metrics.", "text/plain"),
        Operation::open("/openapi.json", "openapi")
            .about("Service", "This document", "")
            .serves("The document.", "application/json"),
        Operation::open("/docs", "docs")
            .about("Service", "To the page that shows this document", "")
            .leads("/docs/"),
        Operation::open("/docs/", "docs_page")
            .about("Service", "The page that shows this document", "")
            .serves("The page.", "text/html"),
        Operation::open("/docs/{file}", "docs_file")
            .about("Service", "What the page consists of", "")
            .text_in_path("file", "The name of a file.")
            .serves("The file.", "*/*")
            .refuses(&[&code::ROUTE_NOT_FOUND]),
    ]
}
