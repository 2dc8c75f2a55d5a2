//! What happens, and how it is followed, in the document.

use serde_json::json;

use super::examples;
use super::operation::Operation;
use super::schemas::EventsPageSchema;
use crate::dto::overviews::SyncJson;
use crate::dto::readers::{EventsQuery, SocketQuery, SyncQuery};
use crate::dto::tickets::TicketJson;
use crate::problem::code;

pub(super) fn operations() -> Vec<Operation> {
    let sync = json!({"cursor": examples::CURSOR, "conversations": [examples::overview()]});
    let page = json!({"events": [examples::event()], "cursor": examples::CURSOR, "more": false});
    let ticket = json!({"ticket": "Oh3Gr9rXTXSAbD-ADMqk9DeETCW6jUWSl49itPrrKj0", "expires_at": examples::AT});
    vec![
        Operation::ask("/sync", "sync")
            .about(
                "Events",
                "Where a client begins",
                "The acting user's conversations, by id, and the cursor from which on to read what happens. \
                 Each conversation is as of its `last_seq`: a message that is read later is new if its \
                 `seq` is above that. The system has no conversations.",
            )
            .query::<SyncQuery>()
            .begins_list::<SyncJson<'_>>("A page of conversations.", sync)
            .refuses(&[&code::CURSOR_INVALID, &code::CURSOR_EXPIRED]),
        Operation::ask("/events", "events")
            .about(
                "Events",
                "Read what happens",
                "A poll, which waits for up to `wait` seconds; or, with `Accept: text/event-stream`, a \
                 stream of server-sent events that goes on: `id` is the cursor, `event` the kind, \
                 `data` the event. Its first is `ready`, and it has a comment every 15 s. Whoever goes on \
                 from the last cursor that it has seen misses nothing and is given nothing twice.",
            )
            .names_actor()
            .by_ticket()
            .query::<EventsQuery>()
            .header(
                "Last-Event-ID",
                false,
                "A cursor, as browsers send it when they connect again; it goes before `after`.",
                examples::CURSOR,
            )
            .gives::<EventsPageSchema>(200, "What has happened, or a stream of it.", page)
            .or_serves("text/event-stream")
            .refuses(&[&code::CURSOR_INVALID, &code::CURSOR_EXPIRED]),
        Operation::ask("/ws", "ws")
            .about(
                "Events",
                "Follow what happens over a WebSocket",
                "Over HTTP/1.1. Each text frame has an event as JSON; the first is `ready`. Clients may send \
                 `typing`, `seen` and `send`.",
            )
            .names_actor()
            .by_ticket()
            .query::<SocketQuery>()
            .tells(
                101,
                "The connection is a WebSocket from here on.",
                &[("Upgrade", "What it becomes.", "websocket")],
            )
            .refuses(&[
                &code::CURSOR_INVALID,
                &code::CURSOR_EXPIRED,
                &code::UPGRADE_REQUIRED,
                &code::BAD_REQUEST,
            ]),
        Operation::step("POST", "/tickets", "create_ticket")
            .about(
                "Events",
                "Get a ticket",
                "For `/events` and `/ws`, in the parameter `ticket`, from what can send no headers there: browsers. \
                 It is good once, for 30 seconds. Each call makes another, also under the same `Idempotency-Key`.",
            )
            .keyed()
            .gives::<TicketJson<'_>>(201, "The ticket.", ticket)
            .refuses(&[&code::OUTCOME_UNKNOWN]),
    ]
}
