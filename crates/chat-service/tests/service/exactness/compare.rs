//! Whether the service says what the model says: after each call, and of everything there is.

use std::fmt::Debug;

use chat_domain::{
    ConversationId, EventKind, LoggedEvent, MessageId, Receipt, Role, Unseen, UnseenDirect,
    UnseenGroup, UserId,
};
use chat_service::ServiceError;
use futures_util::future::join_all;

use super::deeds::By;
use super::driver::World;
use super::model::{Model, Place, count, time};
use super::rules::{Answer, Entry, Told};

/// What differs, in words.
pub(super) type Differs = Result<(), String>;

fn same<T: PartialEq + Debug>(what: &str, service: &T, model: &T) -> Differs {
    if service == model {
        return Ok(());
    }
    Err(format!(
        "{what}\n  service: {service:?}\n  model:   {model:?}"
    ))
}

/// A failed read, which no history may come to.
fn unread(what: &str) -> impl Fn(ServiceError) -> String {
    move |error| format!("{what} can't be read: {error}")
}

pub(super) fn answers(service: Result<Answer, ServiceError>, model: &Told) -> Differs {
    let said = service.as_ref().err().map(ToString::to_string);
    let service: Told = service.map_err(|error| error.code());
    let what = said.map_or_else(
        || "the answer".to_owned(),
        |said| format!("the answer ({said})"),
    );
    same(&what, &service, model)
}

/// The log has got exactly these entries, one position after the other.
pub(super) fn log(world: &mut World<'_>, model: &[Entry]) -> Differs {
    let before = world.position();
    let news = world.news();
    let positions: Vec<i64> = news.iter().map(|logged| logged.position).collect();
    let expected: Vec<i64> = (before + 1..).take(model.len()).collect();
    same("positions in the log", &positions, &expected)?;
    for (logged, entry) in news.iter().zip(model) {
        same(
            "an entry of the log",
            &spelled(logged),
            &expected_entry(world, entry),
        )?;
    }
    Ok(())
}

type Spelled = (EventKind, [Option<i64>; 4], Option<Role>, i64);

/// Kind; conversation, message, user and actor; role; time.
fn spelled(logged: &LoggedEvent) -> Spelled {
    let event = logged.event;
    let ids = [
        event.conversation_id.map(ConversationId::get),
        event.message_id.map(MessageId::get),
        event.user_id.map(UserId::get),
        event.actor_id.map(UserId::get),
    ];
    (event.kind, ids, event.role, event.at.as_micros())
}

fn expected_entry(world: &World<'_>, entry: &Entry) -> Spelled {
    let actor = match entry.by {
        By::System => None,
        By::User(user) => Some(world.user(user).get()),
    };
    let ids = [
        world.conversation_id(entry.place).map(ConversationId::get),
        entry.message.map(|message| world.message(message).get()),
        entry.user.map(|user| world.user(user).get()),
        actor,
    ];
    (entry.kind, ids, entry.role, entry.at.as_micros())
}

/// What every user has not seen.
pub(super) async fn unseen(world: &World<'_>, model: &Model) -> Differs {
    // Asked all at once, which a store may answer at once.
    let asked = (0..model.users).map(|user| world.unseen(user));
    for (user, unseen) in join_all(asked).await.into_iter().enumerate() {
        let what = format!("unseen of user {user}");
        let unseen = unseen.map_err(unread(&what))?;
        let expected = model.unseen(user);
        let total: i64 = expected.iter().map(|(_, count)| count).sum();
        same(&format!("the total of {what}"), &unseen.total(), &total)?;
        same(&what, &unseen, &as_unseen(world, model, user, &expected))?;
    }
    Ok(())
}

fn as_unseen(world: &World<'_>, model: &Model, user: usize, expected: &[(Place, i64)]) -> Unseen {
    let mut unseen = Unseen::default();
    for &(place, count) in expected {
        match place {
            Place::Group(group) => unseen.groups.push(UnseenGroup {
                group_id: world.group(group),
                group_name: world.group_name(model.groups[group].name),
                count,
            }),
            Place::Pair(one, other) => {
                let peer = if user == one { other } else { one };
                unseen.direct.push(UnseenDirect {
                    user_id: world.user(peer),
                    username: world.username(peer),
                    count,
                });
            }
        }
    }
    unseen
}

/// Every receipt, every group with its members, every timeline.
pub(super) async fn everything(world: &World<'_>, model: &Model) -> Differs {
    for message in 0..model.messages.len() {
        receipts(world, model, message).await?;
    }
    for group in 0..model.groups.len() {
        members(world, model, group).await?;
    }
    for place in model.places() {
        timeline(world, model, place).await?;
    }
    Ok(())
}

async fn receipts(world: &World<'_>, model: &Model, message: usize) -> Differs {
    let what = format!("receipts of message {message}");
    let receipts = world.receipts(message).await.map_err(|error| error.code());
    let receipts = receipts.map(|receipts| {
        let of_user = |r: &Receipt| (world.number(r.user_id), r.seen_at);
        receipts.iter().map(of_user).collect::<Vec<_>>()
    });
    let readers = model.readers(message).into_iter();
    let expected = readers.map(|(user, at)| (user, time(at))).collect();
    let readable = model.readable(message);
    same(
        &what,
        &receipts,
        &readable.then_some(expected).ok_or("message_not_found"),
    )
}

async fn members(world: &World<'_>, model: &Model, group: usize) -> Differs {
    let what = format!("members of group {group}");
    let found = world.members(group).await.map_err(|error| error.code());
    let found = found.map(|(members, count)| {
        let members = members.iter().map(|member| {
            let user = world.number(member.user_id);
            (user, member.role, member.created_at, member.updated_at)
        });
        (members.collect::<Vec<_>>(), count)
    });
    let stays = model.members(group);
    let expected: Vec<_> = stays
        .iter()
        .map(|stay| (stay.user, stay.role, time(stay.from), time(stay.role_from)))
        .collect();
    let number = count(stays.iter());
    let lives = model.lives(group);
    same(
        &what,
        &found,
        &lives.then_some((expected, number)).ok_or("group_not_found"),
    )
}

/// What can be read is what was answered when it was sent, in that order; places count to the last
/// without a gap.
async fn timeline(world: &World<'_>, model: &Model, place: Place) -> Differs {
    let what = format!("messages of {place:?}");
    let lives = match place {
        Place::Group(group) => model.lives(group),
        Place::Pair(..) => true,
    };
    if !lives {
        let refusal = world.timeline(place).await.map_err(|error| error.code());
        return same(&what, &refusal.map(drop), &Err("group_not_found"));
    }
    let sent = model.sent_to(place);
    let page = world.timeline(place).await.map_err(unread(&what))?;
    let readable = sent.iter().filter(|message| model.readable(**message));
    let expected: Vec<_> = readable
        .map(|message| world.sent(*message).clone())
        .collect();
    same(&what, &page.items, &expected)?;
    let last = world
        .conversation(place)
        .map(|conversation| conversation.last_seq.get());
    same(
        &format!("last seq of {place:?}"),
        &last,
        &Some(count(sent.iter())),
    )
}
