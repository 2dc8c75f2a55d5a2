//! Files in the document.

use serde_json::json;

use super::examples;
use super::operation::Operation;
use crate::dto::files::{CreateFile, FileJson};
use crate::problem::code;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::change("POST", "/files", "create_file")
            .about(
                "Files",
                "Make an external file known",
                "The acting user is its uploader, and may send it.",
            )
            .body::<CreateFile>(json!({
                "url": "https://example.org/a.png", "name": "a.png", "size": 5120, "type": "image/png"
            }))
            .creates::<FileJson<'_>>("What is known about the file.", examples::file()),
        Operation::ask("/files/{id}", "get_file")
            .about(
                "Files",
                "Fetch what is known about a file",
                "For its uploader, for those in a conversation where it was sent, and for the system.",
            )
            .gives::<FileJson<'_>>(200, "What is known about the file.", examples::file())
            .refuses(&[&code::FILE_NOT_FOUND]),
    ]
}
