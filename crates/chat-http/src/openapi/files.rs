//! Files in the document.

use serde_json::json;

use super::examples;
use super::operation::Operation;
use super::schemas::UploadFile;
use crate::dto::files::{CreateFile, FileJson, ThumbnailQuery};
use crate::problem::code;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::change("POST", "/files", "create_file")
            .about(
                "Files",
                "Store a file, or make one known that lies elsewhere",
                "A form with the field `file` stores it: its type follows from its bytes, its name is \
                 made harmless. JSON makes known what lies elsewhere. The acting user is its uploader, \
                 and may send it. A file that no message uses goes after a while.",
            )
            .body::<CreateFile>(json!({
                "url": "https://example.org/a.png", "name": "a.png", "size": 5120, "type": "image/png"
            }))
            .or_form::<UploadFile>()
            .creates::<FileJson<'_>>("What is known about the file.", examples::file()),
        Operation::ask("/files/{id}", "get_file")
            .about(
                "Files",
                "Fetch what is known about a file",
                "For its uploader, for those in a conversation where it was sent, and for the system.",
            )
            .shows::<FileJson<'_>>("What is known about the file.", examples::file())
            .refuses(&[&code::FILE_NOT_FOUND]),
        Operation::change("DELETE", "/files/{id}", "delete_file")
            .about(
                "Files",
                "Delete a file",
                "For its uploader while no message uses it, and for the system. Messages that carry it \
                 say `deleted` of it.",
            )
            .if_matches()
            .does()
            .refuses(&[
                &code::FILE_NOT_FOUND,
                &code::FORBIDDEN,
                &code::FILE_IN_USE,
            ]),
        Operation::ask("/files/{id}/content", "get_content")
            .about(
                "Files",
                "Fetch the bytes of a file",
                "Images, audio and video of common types come as what they are, all else as \
                 `application/octet-stream` to be saved. `Range` asks for parts, `If-None-Match` only \
                 for other bytes.",
            )
            .header("Range", false, "Which bytes are wanted (RFC 9110).", "bytes=0-99")
            .header("If-None-Match", false, "The `ETag` of what is had.", "\"2cf24dba\"")
            .serves_content("The bytes.")
            .tells(
                307,
                "They are elsewhere for the next minute, if the server is told to lead there.",
                &[("Location", "Where they are.", "https://bucket.example.org/key?signature")],
            )
            .refuses(&[
                &code::FILE_NOT_FOUND,
                &code::FILE_IS_EXTERNAL,
                &code::FILE_CONTENT_LOST,
            ]),
        Operation::ask("/files/{id}/thumbnail", "get_thumbnail")
            .about(
                "Files",
                "Fetch an image in small",
                "A PNG, JPEG, GIF or WebP as a JPEG (a PNG if parts of it are transparent) that fits into \
                 a square, upright, without what the original says besides its pixels.",
            )
            .query::<ThumbnailQuery>()
            .header("Range", false, "Which bytes are wanted (RFC 9110).", "bytes=0-99")
            .header("If-None-Match", false, "The `ETag` of what is had.", "\"2cf24dba\"")
            .serves_content("The image.")
            .refuses(&[
                &code::FILE_NOT_FOUND,
                &code::FILE_IS_EXTERNAL,
                &code::FILE_CONTENT_LOST,
                &code::THUMBNAIL_UNAVAILABLE,
            ]),
    ]
}
