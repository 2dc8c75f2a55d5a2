//! Messages and receipts in the document.

use serde_json::json;

use super::examples;
use super::operation::Operation;
use super::schemas::{CreateMessageSchema, SendFile};
use crate::dto::messages::MessageJson;
use crate::dto::paging::PageQuery;
use crate::dto::receipts::{MarkMessage, ReceiptJson, SeenJson, UnseenJson};
use crate::dto::windows::MessagesQuery;
use crate::problem::code;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::change("POST", "/messages", "send_message")
            .about(
                "Messages",
                "Send a message",
                "To a user or to a group. `sender_id` names the acting user, and may be left out when \
                 `X-User-Id` does. A text needs `content` and takes no file; an image or a file needs \
                 `file_id`, or come as a form with the file itself.",
            )
            .names_actor()
            .body::<CreateMessageSchema>(
                json!({"sender_id": 1, "receiver_id": 2, "type": "text", "content": "hello bob"}),
            )
            .or_form::<SendFile>()
            .creates::<MessageJson<'_>>("The message, with its `seq`.", examples::message())
            .refuses(&[
                &code::USER_NOT_FOUND,
                &code::GROUP_NOT_FOUND,
                &code::FILE_NOT_FOUND,
                &code::NOT_A_MEMBER,
            ]),
        Operation::ask("/messages", "list_messages")
            .about(
                "Messages",
                "List a group's or a direct conversation's messages",
                "Exactly one of `group_id` and `receiver_id`. The newest page, oldest first; at most one \
                 of `before`, `after`, `around` and `offset` asks for another. `rel=\"next\"` leads to \
                 older messages, `rel=\"prev\"` to newer ones.",
            )
            .names_actor()
            .query::<MessagesQuery>()
            .lists::<MessageJson<'_>>("A page of messages.", json!([examples::message()]))
            .refuses(&[
                &code::USER_NOT_FOUND,
                &code::GROUP_NOT_FOUND,
                &code::MESSAGE_NOT_FOUND,
            ]),
        Operation::ask("/messages/{id}", "get_message")
            .about("Messages", "Fetch a message", "")
            .shows::<MessageJson<'_>>("The message.", examples::message())
            .refuses(&[&code::MESSAGE_NOT_FOUND]),
        Operation::change("DELETE", "/messages/{id}", "delete_message")
            .about(
                "Messages",
                "Delete a message",
                "For its sender and the admins of its group. Its content is erased, its `seq` stays \
                 unused, and it is unseen to nobody.",
            )
            .if_matches()
            .does()
            .refuses(&[&code::FORBIDDEN, &code::MESSAGE_NOT_FOUND]),
        Operation::change("POST", "/messages/{id}/seen", "mark_seen")
            .about(
                "Receipts",
                "Mark a message as seen",
                "The first time stands. With `up_to` all before it, since the reader joined, are marked \
                 too.",
            )
            .names_actor()
            .body::<MarkMessage>(json!({"user_id": 2, "up_to": true}))
            .gives::<SeenJson>(200, "The receipt.", examples::seen())
            .refuses(&[
                &code::USER_NOT_FOUND,
                &code::MESSAGE_NOT_FOUND,
                &code::NOT_A_RECIPIENT,
            ]),
        Operation::ask("/messages/{id}/seen", "list_receipts")
            .about(
                "Receipts",
                "List who has seen a message",
                "By user id; members of now and then, never its sender.",
            )
            .query::<PageQuery>()
            .lists::<ReceiptJson>("A page of receipts.", json!([examples::receipt()]))
            .refuses(&[&code::MESSAGE_NOT_FOUND]),
        Operation::ask("/messages/unseen/{user_id}", "get_unseen")
            .about(
                "Receipts",
                "Count what a user has not seen",
                "For the user itself. What others sent since it joined and it has not marked.",
            )
            .names_actor()
            .gives::<UnseenJson<'_>>(200, "The counts above 0.", examples::unseen())
            .refuses(&[&code::USER_NOT_FOUND]),
    ]
}
