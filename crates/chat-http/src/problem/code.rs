//! Every code that a problem can have: the one list of them, for answers and for the document.

use actix_web::http::StatusCode;

/// The stable name of a problem, which clients branch on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Code {
    /// The name itself.
    pub(crate) name: &'static str,
    /// The status it comes with.
    pub(crate) status: StatusCode,
    /// What it means, in a sentence.
    pub(crate) meaning: &'static str,
}

impl Code {
    /// Whether the same request may well succeed a little later, so that the answer says when.
    pub(crate) fn passes(&self) -> bool {
        self.status == StatusCode::SERVICE_UNAVAILABLE || *self == IDEMPOTENCY_IN_FLIGHT
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
    ($($constant:ident = $name:literal, $status:ident, $meaning:literal;)+) => {
        $(pub(crate) const $constant: Code = Code {
            name: $name,
            status: StatusCode::$status,
            meaning: $meaning,
        };)+

        /// All of them.
        pub(crate) const ALL: &[Code] = &[$($constant),+];
    };
}

codes! {
    VALIDATION_FAILED = "validation_failed", BAD_REQUEST,
        "Fields are missing, unknown or not what they should be; `errors` names each.";
    MALFORMED_JSON = "malformed_json", BAD_REQUEST, "The body is no JSON.";
    INCOMPLETE_BODY = "incomplete_body", BAD_REQUEST, "The body broke off.";
    OPEN_MODE = "open_mode", BAD_REQUEST,
        "`Authorization` was sent to a server in open mode, which checks none.";
    BAD_REQUEST = "bad_request", BAD_REQUEST, "The request can't be read.";
    UNKNOWN_ACTOR = "unknown_actor", UNAUTHORIZED, "`X-User-Id` names no living user.";
    FORBIDDEN = "forbidden", FORBIDDEN, "The actor knows the thing and may not do this.";
    ACTOR_MISMATCH = "actor_mismatch", FORBIDDEN,
        "The request names another user as acting than `X-User-Id` does.";
    NOT_A_MEMBER = "not_a_member", FORBIDDEN, "The sender is no member of the group.";
    NOT_A_RECIPIENT = "not_a_recipient", FORBIDDEN, "The message was not sent to the reader.";
    HOST_NOT_ALLOWED = "host_not_allowed", FORBIDDEN,
        "In open mode requests must be for a loopback host.";
    ORIGIN_NOT_ALLOWED = "origin_not_allowed", FORBIDDEN,
        "In open mode requests must not come from pages of other hosts.";
    ROUTE_NOT_FOUND = "route_not_found", NOT_FOUND, "Nothing has this path.";
    USER_NOT_FOUND = "user_not_found", NOT_FOUND, "No user has this id.";
    GROUP_NOT_FOUND = "group_not_found", NOT_FOUND,
        "No group has this id, or the actor is not in it.";
    MEMBER_NOT_FOUND = "member_not_found", NOT_FOUND, "The user is no member of the group.";
    MESSAGE_NOT_FOUND = "message_not_found", NOT_FOUND,
        "No message has this id, it was deleted, or the actor is not in its conversation.";
    FILE_NOT_FOUND = "file_not_found", NOT_FOUND,
        "No file has this id, or it was not shared with the actor.";
    METHOD_NOT_ALLOWED = "method_not_allowed", METHOD_NOT_ALLOWED,
        "The path has other methods; `Allow` lists them.";
    REQUEST_TIMEOUT = "request_timeout", REQUEST_TIMEOUT, "The body took too long to arrive.";
    USERNAME_TAKEN = "username_taken", CONFLICT, "Another user has this name.";
    EMAIL_TAKEN = "email_taken", CONFLICT, "Another user has this email address.";
    GROUP_NAME_TAKEN = "group_name_taken", CONFLICT, "Another group has this name.";
    OWNER_MUST_TRANSFER = "owner_must_transfer", CONFLICT,
        "The owner hands the group over before it leaves or changes its own role.";
    IDEMPOTENCY_IN_FLIGHT = "idempotency_in_flight", CONFLICT,
        "A request with the same key is still under way; `Retry-After` says when to ask again.";
    PAYLOAD_TOO_LARGE = "payload_too_large", PAYLOAD_TOO_LARGE, "The body has too many bytes.";
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE,
        "The body is of a type or an encoding that is not read here.";
    IDEMPOTENCY_MISMATCH = "idempotency_mismatch", UNPROCESSABLE_ENTITY,
        "The idempotency key was used for another request.";
    INTERNAL = "internal", INTERNAL_SERVER_ERROR,
        "The server failed; its log has the cause under the request id.";
    OVERLOADED = "overloaded", SERVICE_UNAVAILABLE,
        "The server has more work than it accepts; nothing was done.";
    UNAVAILABLE = "unavailable", SERVICE_UNAVAILABLE,
        "The store is unavailable; nothing was done.";
    OUTCOME_UNKNOWN = "outcome_unknown", SERVICE_UNAVAILABLE,
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
