//! Who sees what: as of each event's place in the log, whether it is read at once or later.

use chat_domain::{Actor, FoundMessage, FoundUser, GroupName, Recipient, Role};
use chat_service::{
    DeleteGroup, DeleteMessage, EventData, Field, RemoveMember, UpdateGroup, UpdateUser,
};

use super::{all, events, from_start, names, open};
use crate::support::Fixture;

async fn remove(
    fixture: &Fixture,
    by: chat_domain::UserId,
    group: chat_domain::GroupId,
    user: chat_domain::UserId,
) {
    let command = RemoveMember { group, user };
    let removed = fixture
        .service
        .remove_member(Actor::User(by), command)
        .await;
    removed.expect("it is removed");
}

fn name_of(events: &[std::sync::Arc<chat_service::Event>]) -> Vec<&'static str> {
    events.iter().map(|event| event.name()).collect()
}

#[tokio::test]
async fn who_is_added_sees_from_there_and_who_is_removed_up_to_there() {
    let fixture = Fixture::new();
    let [ada, bob] = fixture.users(["ada", "bob"]).await;
    let group = fixture.group("team", ada, &[]).await;
    let mut reader = open(&fixture, Actor::User(bob), None).await;
    let to = Recipient::Group(group);
    fixture.tell(ada, to).await;
    fixture.put(ada, group, bob, None).await.expect("a member");
    fixture.tell(ada, to).await;
    remove(&fixture, ada, group, bob).await;
    fixture.tell(ada, to).await;
    fixture.put(ada, group, bob, None).await.expect("a member");
    fixture.tell(ada, to).await;
    let expected = [
        "member.added",
        "message.created",
        "member.removed",
        "member.added",
        "message.created",
    ];
    assert_eq!(names(&mut reader, expected.len()).await, expected);
    assert_eq!(name_of(&all(&fixture, bob).await), expected);
    let owners = [
        "group.created",
        "member.added",
        "message.created",
        "member.added",
        "message.created",
        "member.removed",
        "message.created",
        "member.added",
        "message.created",
    ];
    assert_eq!(name_of(&all(&fixture, ada).await), owners);
}

#[tokio::test]
async fn the_end_of_a_group_is_the_last_that_its_members_see() {
    let fixture = Fixture::new();
    let [ada, bob, eve] = fixture.users(["ada", "bob", "eve"]).await;
    let group = fixture.group("team", ada, &[bob, eve]).await;
    remove(&fixture, ada, group, eve).await;
    let mut follows = from_start(&fixture, bob).await;
    events(&mut follows, 3).await;
    fixture.tell(ada, Recipient::Group(group)).await;
    let delete = DeleteGroup { group };
    fixture
        .service
        .delete_group(Actor::User(ada), delete)
        .await
        .expect("it goes");
    assert_eq!(
        names(&mut follows, 2).await,
        ["message.created", "group.deleted"]
    );
    let later = all(&fixture, bob).await;
    assert_eq!(name_of(&later)[3..], ["message.created", "group.deleted"]);
    // What was said there is gone with it.
    let gone = later.iter().any(|event| {
        matches!(
            &event.data,
            EventData::MessageCreated(FoundMessage::Deleted(_))
        )
    });
    assert!(gone);
    assert_eq!(
        name_of(&all(&fixture, eve).await).last(),
        Some(&"member.removed")
    );
}

#[tokio::test]
async fn a_stranger_sees_nothing_and_the_system_all() {
    let fixture = Fixture::new();
    let [ada, bob, eve] = fixture.users(["ada", "bob", "eve"]).await;
    let mut system = open(&fixture, Actor::System, None).await;
    let group = fixture.group("team", ada, &[bob]).await;
    fixture.tell(ada, Recipient::Group(group)).await;
    fixture.tell(ada, Recipient::User(bob)).await;
    assert!(all(&fixture, eve).await.is_empty());
    assert_eq!(events(&mut system, 5).await.len(), 5);
}

#[tokio::test]
async fn events_tell_what_they_are_about() {
    let fixture = Fixture::new();
    let [ada, bob] = fixture.users(["ada", "bob"]).await;
    let group = fixture.group("team", ada, &[bob]).await;
    let mut reader = open(&fixture, Actor::User(bob), None).await;
    let to = Recipient::Group(group);
    let first = fixture.tell(ada, to).await;
    let second = fixture.tell(ada, to).await;
    fixture.clock.set(5);
    fixture.see(bob, &first, false).await;
    fixture.see(bob, &second, true).await;
    let delete = DeleteMessage { message: first.id };
    fixture
        .service
        .delete_message(Actor::User(ada), delete)
        .await
        .expect("it goes");
    fixture
        .put(ada, group, bob, Some(Role::Admin))
        .await
        .expect("an admin");
    let name = GroupName::parse("club").expect("a name");
    let update = UpdateGroup {
        group,
        name: Some(name.clone()),
    };
    fixture
        .service
        .update_group(Actor::User(ada), update)
        .await
        .expect("a name");
    let got = events(&mut reader, 7).await;
    let [one, two, seen, up_to, deleted, role, renamed] = &got[..] else {
        panic!("{got:?}");
    };
    assert_eq!(one.conversation_id, Some(first.conversation_id));
    assert!(
        matches!(&two.data, EventData::MessageCreated(FoundMessage::Living(m)) if *m == second)
    );
    let EventData::MessageSeen {
        message_id,
        user_id,
        seen_at,
        up_to: false,
    } = seen.data
    else {
        panic!("{seen:?}");
    };
    assert_eq!(
        (message_id, user_id, seen_at.as_micros()),
        (first.id, bob, 5)
    );
    assert!(
        matches!(up_to.data, EventData::MessageSeen { message_id, up_to: true, .. } if message_id == second.id)
    );
    let EventData::MessageDeleted { message, by } = deleted.data else {
        panic!("{deleted:?}");
    };
    assert_eq!(
        (message.id, message.seq, by),
        (first.id, first.seq, Some(ada))
    );
    let EventData::MemberRoleChanged(member) = &role.data else {
        panic!("{role:?}");
    };
    assert_eq!((member.member.role, member.by), (Role::Admin, Some(ada)));
    assert!(matches!(&renamed.data, EventData::GroupUpdated(group) if group.name == name));

    // Read later, the deleted message is told of without what it said.
    let later = all(&fixture, bob).await;
    let said = later.iter().find_map(|event| match &event.data {
        EventData::MessageCreated(message) if message.id() == first.id => Some(message.clone()),
        _ => None,
    });
    assert!(matches!(said, Some(FoundMessage::Deleted(_))), "{said:?}");
}

async fn rename(fixture: &Fixture, user: chat_domain::UserId, name: &str) {
    let update = UpdateUser {
        user,
        username: None,
        email: None,
        display_name: Field::Set(chat_domain::DisplayName::parse(name).expect("a name")),
        avatar: Field::Keep,
        external_id: Field::Keep,
    };
    let updated = fixture.service.update_user(Actor::User(user), update).await;
    updated.expect("a name");
}

#[tokio::test]
async fn a_user_is_told_of_from_the_first_direct_message_on() {
    let fixture = Fixture::new();
    let [ada, bob] = fixture.users(["ada", "bob"]).await;
    let mut follows = open(&fixture, Actor::User(bob), None).await;
    rename(&fixture, ada, "A stranger").await;
    fixture.tell(ada, Recipient::User(bob)).await;
    rename(&fixture, ada, "Ada").await;
    let expected = ["message.created", "user.updated"];
    assert_eq!(names(&mut follows, 2).await, expected);
    assert_eq!(name_of(&all(&fixture, bob).await), expected);
    // It is so, too, where the first of their messages is told of no more.
    let after = super::now(&fixture).await;
    fixture.clock.set(3_600_000_000);
    rename(&fixture, ada, "A friend").await;
    fixture.tell(bob, Recipient::User(ada)).await;
    let kept_for = std::time::Duration::from_secs(60);
    while fixture.service.forget_events(kept_for).await.expect("done") > 0 {}
    let mut later = open(&fixture, Actor::User(bob), Some(after)).await;
    let told = super::rest(&mut later).await;
    assert_eq!(name_of(&told), ["user.updated", "message.created"]);
}

#[tokio::test]
async fn a_user_is_told_of_to_those_who_share_a_conversation() {
    let fixture = Fixture::new();
    let [ada, bob, eve, dan] = fixture.users(["ada", "bob", "eve", "dan"]).await;
    fixture.group("team", ada, &[bob]).await;
    fixture.tell(ada, Recipient::User(eve)).await;
    let mut readers = Vec::new();
    for user in [ada, bob, eve, dan] {
        readers.push(open(&fixture, Actor::User(user), None).await);
    }
    rename(&fixture, ada, "Ada").await;
    let [a, b, e, d] = &mut readers[..] else {
        unreachable!()
    };
    for reader in [a, b, e] {
        let got = events(reader, 1).await;
        let EventData::UserUpdated(FoundUser::Living(user)) = &got[0].data else {
            panic!("{got:?}");
        };
        // The same for all: its address is for nobody here.
        assert!(user.id == ada && user.email.is_none());
    }
    assert_eq!(super::rest(d).await.len(), 0);
    for (user, told) in [(ada, 1), (bob, 1), (eve, 1), (dan, 0)] {
        let events = all(&fixture, user).await;
        let of_user = events.iter().filter(|event| event.name() == "user.updated");
        assert_eq!(of_user.count(), told, "{user:?}");
    }
}
