//! Every code that a problem can have: the one list of them, for answers and for the document.

/// The stable name of a problem, which clients branch on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Code {
    /// The name itself.
    pub(crate) name: &'static str,
    /// The status it comes with.
    pub(crate) status: u16,
    /// What it means, in a sentence.
    pub(crate) meaning: &'static str,
}

impl Code {
    /// Whether the same request may well succeed a little later, so that the answer says when.
    pub(crate) fn passes(&self) -> bool {
        matches!(self.status, 429 | 503) || *self == IDEMPOTENCY_IN_FLIGHT || *self == UPLOAD_LOCKED
    }

    /// The name in words: "User not found".
    pub(crate) fn title(&self) -> String {
        let words = self.name.replace('_', " ").replace("json", "JSON");
        let mut letters = words.chars();
        letters.next().map_or_else(String::new, |first| {
            first.to_uppercase().chain(letters).collect()
        })
    }

    /// The problem's type, relative to the server.
    pub(crate) fn kind(&self) -> String {
        format!("/problems/{}", self.name.replace('_', "-"))
    }
}

macro_rules! codes {
    ($($constant:ident = $name:literal, $status:literal, $meaning:literal;)+) => {
        $(pub(crate) const $constant: Code = Code {
            name: $name,
            status: $status,
            meaning: $meaning,
        };)+

        /// All of them.
        pub(crate) const ALL: &[Code] = &[$($constant),+];
    };
}

codes! {
    VALIDATION_FAILED = "validation_failed", 400,
        "Fields are missing, unknown or not what they should be; `errors` names each.";
    MALFORMED_JSON = "malformed_json", 400, "The body is no JSON.";
    INCOMPLETE_BODY = "incomplete_body", 400, "The body broke off.";
    MALFORMED_FORM = "malformed_form", 400,
        "The body is no form: its boundary is missing, or it breaks off.";
    FILE_EMPTY = "file_empty", 400, "The file has no bytes.";
    OPEN_MODE = "open_mode", 400,
        "`Authorization` was sent to a server in open mode, which checks none.";
    CURSOR_INVALID = "cursor_invalid", 400, "The cursor is none that a server gave.";
    BAD_REQUEST = "bad_request", 400, "The request can't be read.";
    AUTHENTICATION_REQUIRED = "authentication_required", 401,
        "There is no `Authorization: Bearer`, and this server runs in token mode.";
    INVALID_TOKEN = "invalid_token", 401, "The token is not one that this server takes.";
    TOKEN_EXPIRED = "token_expired", 401, "The token was good and has expired; get a new one.";
    INVALID_TICKET = "invalid_ticket", 401,
        "The ticket was used, has expired, or is none that a server gave.";
    UNKNOWN_ACTOR = "unknown_actor", 401, "`X-User-Id`, or the token, names no living user.";
    FORBIDDEN = "forbidden", 403, "The actor knows the thing and may not do this.";
    ACTOR_MISMATCH = "actor_mismatch", 403,
        "The request names another user as acting than `X-User-Id`, or the token, does.";
    NOT_A_MEMBER = "not_a_member", 403, "The sender is no member of the group.";
    NOT_A_RECIPIENT = "not_a_recipient", 403, "The message was not sent to the reader.";
    HOST_NOT_ALLOWED = "host_not_allowed", 403,
        "In open mode requests must be for a loopback host.";
    ORIGIN_NOT_ALLOWED = "origin_not_allowed", 403,
        "In open mode requests must not come from pages of other hosts.";
    ROUTE_NOT_FOUND = "route_not_found", 404, "Nothing has this path.";
    USER_NOT_FOUND = "user_not_found", 404, "No user has this id.";
    GROUP_NOT_FOUND = "group_not_found", 404,
        "No group has this id, or the actor is not in it.";
    MEMBER_NOT_FOUND = "member_not_found", 404, "The user is no member of the group.";
    MESSAGE_NOT_FOUND = "message_not_found", 404,
        "No message has this id, it was deleted, or the actor is not in its conversation.";
    FILE_NOT_FOUND = "file_not_found", 404,
        "No file has this id, or it was not shared with the actor.";
    FILE_IS_EXTERNAL = "file_is_external", 404,
        "The file lies elsewhere; its `url` says where.";
    FILE_CONTENT_LOST = "file_content_lost", 404,
        "The file is known, and its bytes are lost; the server's log says more.";
    THUMBNAIL_UNAVAILABLE = "thumbnail_unavailable", 404,
        "The file is no picture that can be read within the limits.";
    UPLOAD_NOT_FOUND = "upload_not_found", 404,
        "No upload has this id, it has expired, or it is somebody else's.";
    METHOD_NOT_ALLOWED = "method_not_allowed", 405,
        "The path has other methods; `Allow` lists them.";
    REQUEST_TIMEOUT = "request_timeout", 408, "The body took too long to arrive.";
    USERNAME_TAKEN = "username_taken", 409, "Another user has this name.";
    EMAIL_TAKEN = "email_taken", 409, "Another user has this email address.";
    EXTERNAL_ID_TAKEN = "external_id_taken", 409, "Another user has this external id.";
    GROUP_NAME_TAKEN = "group_name_taken", 409, "Another group has this name.";
    OWNER_MUST_TRANSFER = "owner_must_transfer", 409,
        "The owner hands the group over before it leaves or changes its own role.";
    FILE_IN_USE = "file_in_use", 409, "A message carries the file, or it is an avatar.";
    UPLOAD_OFFSET_MISMATCH = "upload_offset_mismatch", 409,
        "The upload has another number of bytes than `Upload-Offset` says; HEAD tells how many.";
    UPLOAD_INTERRUPTED = "upload_interrupted", 409,
        "Another request goes on with the upload; HEAD tells how far it is.";
    IDEMPOTENCY_IN_FLIGHT = "idempotency_in_flight", 409,
        "A request with the same key is still under way; `Retry-After` says when to ask again.";
    CURSOR_EXPIRED = "cursor_expired", 410,
        "The log no longer reaches back to the cursor, or is another log; begin anew with `GET /sync`.";
    PAYLOAD_TOO_LARGE = "payload_too_large", 413, "The body has too many bytes.";
    FILE_TOO_LARGE = "file_too_large", 413,
        "The file has more bytes than a file may have.";
    PRECONDITION_FAILED = "precondition_failed", 412,
        "The thing has none of the validators in `If-Match`: it has changed, or has none at all.";
    UNSUPPORTED_TUS_VERSION = "unsupported_tus_version", 412,
        "`Tus-Resumable` is missing, or names a version other than 1.0.0.";
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type", 415,
        "The body is of a type or an encoding that is not read here.";
    UPLOAD_LOCKED = "upload_locked", 423,
        "The request that goes on with the upload does not let go of it; ask again soon.";
    RANGE_NOT_SATISFIABLE = "range_not_satisfiable", 416,
        "None of the bytes asked for is there; `Content-Range` has how many there are.";
    CHECKSUM_MISMATCH = "checksum_mismatch", 460,
        "The part of the upload is not what `Upload-Checksum` says; nothing of it counts.";
    IDEMPOTENCY_MISMATCH = "idempotency_mismatch", 422,
        "The idempotency key was used for another request.";
    UPGRADE_REQUIRED = "upgrade_required", 426,
        "This is for WebSockets: the request has to ask for one, over HTTP/1.1.";
    RATE_LIMITED = "rate_limited", 429,
        "The user, or the address, has asked too much of late; `Retry-After` says when to ask again.";
    INTERNAL = "internal", 500,
        "The server failed; its log has the cause under the request id.";
    OVERLOADED = "overloaded", 503,
        "The server has more work than it accepts; nothing was done.";
    UNAVAILABLE = "unavailable", 503,
        "The store is unavailable; nothing was done.";
    UPLOAD_STALLED = "upload_stalled", 503,
        "The part stopped coming, or the server is being stopped; HEAD tells how much of it is kept.";
    OUTCOME_UNKNOWN = "outcome_unknown", 503,
        "The change may have been stored or not; send it again with the same key.";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique() {
        let names: HashSet<_> = ALL.iter().map(|code| code.name).collect();
        assert_eq!(names.len(), ALL.len());
    }

    #[test]
    fn a_name_is_told_in_words() {
        assert_eq!(USER_NOT_FOUND.title(), "User not found");
        assert_eq!(MALFORMED_JSON.title(), "Malformed JSON");
        assert_eq!(USER_NOT_FOUND.kind(), "/problems/user-not-found");
    }

    #[test]
    fn the_document_for_people_lists_every_code() {
        let document = include_str!("../../../../docs/api.md");
        for code in ALL {
            let name = format!("`{}`", code.name);
            assert!(document.contains(&name), "{name} is missing in docs/api.md");
        }
    }
}
