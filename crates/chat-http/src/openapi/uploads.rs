//! Uploads in the document.

use super::operation::Operation;
use crate::problem::code;

type Header = (&'static str, &'static str, &'static str);

const RESUMABLE: Header = ("Tus-Resumable", "The version that is spoken.", "1.0.0");
const EXPIRES: Header = (
    "Upload-Expires",
    "Until when it can be gone on with.",
    "Mon, 23 Nov 2026 10:21:00 GMT",
);
const OFFSET: Header = ("Upload-Offset", "How many bytes it has.", "4096");
const FILE: Header = (
    "Upload-File-Id",
    "Which file it has become, once it has all its bytes.",
    "7",
);

pub(super) fn operations() -> Vec<Operation> {
    let spoken = |operation: Operation| {
        operation
            .header("Tus-Resumable", true, "The version of tus.", "1.0.0")
            .refuses(&[&code::METHOD_NOT_ALLOWED, &code::UNSUPPORTED_TUS_VERSION])
    };
    let found = |operation: Operation| operation.refuses(&[&code::UPLOAD_NOT_FOUND]);
    vec![
        spoken(Operation::change("POST", "/uploads", "create_upload"))
            .about(
                "Uploads",
                "Begin an upload",
                "By tus 1.0.0, with the extensions creation, termination, expiration and checksum. The \
                 acting user becomes the uploader of its file. `X-HTTP-Method-Override` names the method \
                 that is meant, here and for an upload.",
            )
            .header("Upload-Length", true, "How many bytes it will have.", "5120")
            .header(
                "Upload-Metadata",
                false,
                "Pairs of a key and a value in base64; `filename` (or `name`) names the file.",
                "filename YS5wbmc=",
            )
            .tells(
                201,
                "It is begun.",
                &[RESUMABLE, ("Location", "Where it is.", "/uploads/1"), EXPIRES],
            )
            .refuses(&[&code::FILE_EMPTY, &code::FILE_TOO_LARGE]),
        found(spoken(Operation::step("HEAD", "/uploads/{id}", "get_upload")))
            .about(
                "Uploads",
                "Ask how far an upload has come",
                "For who began it, and for the system. A part that is still coming is ended first.",
            )
            .tells(
                200,
                "How far it has come.",
                &[
                    RESUMABLE,
                    OFFSET,
                    ("Upload-Length", "How many bytes it will have.", "5120"),
                    ("Upload-Metadata", "As it was given.", "filename YS5wbmc="),
                    EXPIRES,
                    FILE,
                ],
            )
            .refuses(&[&code::UPLOAD_LOCKED]),
        found(spoken(Operation::step("PATCH", "/uploads/{id}", "append_to_upload")))
            .about(
                "Uploads",
                "Add bytes to an upload",
                "What came before the body breaks off is kept, unless it has a checksum. With its last \
                 byte the upload becomes a file.",
            )
            .header("Upload-Offset", true, "How many bytes it has.", "0")
            .header(
                "Upload-Checksum",
                false,
                "What the bytes of this request come to, by `sha1` or `sha256`, in base64.",
                "sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=",
            )
            .if_matches()
            .bytes("application/offset+octet-stream")
            .tells(204, "They are stored.", &[RESUMABLE, OFFSET, EXPIRES, FILE])
            .refuses(&[
                &code::UPLOAD_OFFSET_MISMATCH,
                &code::UPLOAD_INTERRUPTED,
                &code::UPLOAD_LOCKED,
                &code::UPLOAD_STALLED,
                &code::CHECKSUM_MISMATCH,
                &code::OUTCOME_UNKNOWN,
            ]),
        found(spoken(Operation::change("DELETE", "/uploads/{id}", "delete_upload")))
            .about(
                "Uploads",
                "End an upload",
                "Its bytes go; the file that it has become stays.",
            )
            .if_matches()
            .does(),
    ]
}
