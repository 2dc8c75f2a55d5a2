//! Windows on a list of messages: the newest, before, after, around one, or after an offset.

use chat_domain::ports::ReadTx;
use chat_domain::{
    Actor, DirectPair, Message, MessageId, MessagePage, PageLimit, Timeline, Window, policy,
};

use super::{ListMessages, MessageSource};
use crate::ServiceError;
use crate::access::{acts_as, group_standing, known_actor, user_of_history};

/// The page that `command` asks for, oldest first.
pub(super) fn list(
    tx: &mut dyn ReadTx,
    actor: Actor,
    command: ListMessages,
) -> Result<MessagePage<Message>, ServiceError> {
    let Some(timeline) = timeline(tx, actor, command.source)? else {
        return match command.window {
            Window::Around(id) => Err(ServiceError::MessageNotFound { id, actor }),
            _ => Ok(MessagePage {
                items: Vec::new(),
                older: false,
                newer: false,
            }),
        };
    };
    let limit = command.limit;
    match command.window {
        Window::Newest => older(tx, timeline, None, 0, limit),
        Window::Offset(offset) => {
            let mut page = older(tx, timeline, None, offset.get(), limit)?;
            page.newer = offset.get() > 0;
            Ok(page)
        }
        Window::Before(id) => {
            let mut page = older(tx, timeline, Some(id), 0, limit)?;
            page.newer = !tx.messages_newer(timeline, id.pred(), 1)?.is_empty();
            Ok(page)
        }
        Window::After(id) => {
            let mut items = tx.messages_newer(timeline, Some(id), limit.get() + 1)?;
            let newer = cut(&mut items, limit.get());
            // Up to `id` and with it: the first of this page bounds it, else nothing does.
            let first = items.first().map(|message| message.id);
            let older = !tx.messages_older(timeline, first, 0, 1)?.is_empty();
            Ok(MessagePage {
                items,
                older,
                newer,
            })
        }
        Window::Around(id) => {
            if !tx.timeline_contains(timeline, id)? {
                return Err(ServiceError::MessageNotFound { id, actor });
            }
            around(tx, timeline, id, limit)
        }
    }
}

/// Where the messages of `source` stand; none for two users who have not written yet.
fn timeline(
    tx: &mut dyn ReadTx,
    actor: Actor,
    source: MessageSource,
) -> Result<Option<Timeline>, ServiceError> {
    match source {
        MessageSource::Group(id) => {
            let missing = ServiceError::GroupNotFound { id, actor };
            policy::know(group_standing(tx, actor, id)?).map_err(|_| missing.clone())?;
            let group = tx.group(id)?.ok_or(missing)?;
            Ok(Some(Timeline::Conversation(group.conversation_id)))
        }
        MessageSource::Direct { user, peer } => {
            acts_as(actor, user)?;
            known_actor(tx, actor)?;
            let pair = DirectPair::parse(user, peer).map_err(|invalid| {
                let field = "receiver_id";
                ServiceError::Invalid { field, invalid }
            })?;
            if let Some(conversation) = tx.direct_conversation(pair)? {
                return Ok(Some(Timeline::Conversation(conversation.id)));
            }
            user_of_history(tx, user)?;
            user_of_history(tx, peer)?;
            Ok(None)
        }
        MessageSource::Inbox(user) => {
            known_actor(tx, actor)?;
            policy::read_inbox(actor)
                .map_err(|_| ServiceError::Forbidden("only the system reads a user's inbox"))?;
            user_of_history(tx, user)?;
            Ok(Some(Timeline::Inbox(user)))
        }
    }
}

/// The nearest `limit` below `below`, oldest first; `newer` is left for the caller to say.
fn older(
    tx: &mut dyn ReadTx,
    timeline: Timeline,
    below: Option<MessageId>,
    skip: i64,
    limit: PageLimit,
) -> Result<MessagePage<Message>, ServiceError> {
    let mut items = tx.messages_older(timeline, below, skip, limit.get() + 1)?;
    let older = cut(&mut items, limit.get());
    items.reverse();
    Ok(MessagePage {
        items,
        older,
        newer: false,
    })
}

/// Half of `limit` on each side of `id`, which counts to the newer side; what one side lacks, the
/// other fills.
fn around(
    tx: &mut dyn ReadTx,
    timeline: Timeline,
    id: MessageId,
    limit: PageLimit,
) -> Result<MessagePage<Message>, ServiceError> {
    let limit = limit.get();
    let mut before = tx.messages_older(timeline, Some(id), 0, limit + 1)?;
    let mut after = tx.messages_newer(timeline, id.pred(), limit + 1)?;
    let count = |items: &[Message]| i64::try_from(items.len()).unwrap_or(i64::MAX);
    let older_share = (limit / 2).max(limit - count(&after));
    let older = cut(&mut before, older_share);
    let newer = cut(&mut after, limit - count(&before));
    before.reverse();
    before.append(&mut after);
    Ok(MessagePage {
        items: before,
        older,
        newer,
    })
}

/// Shortens `items` to `most`; whether any were cut off.
fn cut(items: &mut Vec<Message>, most: i64) -> bool {
    let most = usize::try_from(most).unwrap_or(0);
    let more = items.len() > most;
    items.truncate(most);
    more
}
