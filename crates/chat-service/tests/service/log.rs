//! What each use case leaves in the log: everything that changed, nothing else, in its order.

use chat_domain::EventKind::{
    GroupCreated, GroupDeleted, GroupUpdated, MemberAdded, MemberRemoved, MemberRoleChanged,
    MessageCreated, MessageDeleted, MessageSeen, MessageSeenUpTo,
};
use chat_domain::{Actor, EventKind, Recipient, Role, UserId};
use chat_service::{CreateGroup, DeleteGroup, DeleteMessage, RemoveMember, UpdateGroup};

use crate::support::{Fixture, text};

type Entry = (EventKind, Option<UserId>, Option<UserId>);

/// Kind, user and actor of everything logged since `from`.
fn since(f: &Fixture, from: usize) -> Vec<Entry> {
    let log = f.log();
    log[from..]
        .iter()
        .map(|e| (e.event.kind, e.event.user_id, e.event.actor_id))
        .collect()
}

#[tokio::test]
async fn every_change_is_logged_once_with_who_did_it() {
    let f = Fixture::new();
    let [ada, bob, cyd] = f.users(["ada", "bob", "cyd"]).await;
    assert_eq!(f.log(), []);
    let (a, b, c) = (Some(ada), Some(bob), Some(cyd));

    let group = f.group("team", ada, &[bob]).await;
    assert_eq!(
        since(&f, 0),
        [
            (GroupCreated, a, a),
            (MemberAdded, a, a),
            (MemberAdded, b, a)
        ]
    );
    f.put(ada, group, bob, None).await.unwrap();
    f.put(ada, group, bob, Some(Role::Admin)).await.unwrap();
    f.put(ada, group, cyd, Some(Role::Owner)).await.unwrap();
    assert_eq!(
        since(&f, 3),
        [
            (MemberRoleChanged, b, a),
            (MemberRoleChanged, a, a),
            (MemberAdded, c, a)
        ],
        "a member who is kept changes nothing; a handover is two changes"
    );
    let one = f.tell(ada, Recipient::Group(group)).await;
    let two = f.tell(ada, Recipient::Group(group)).await;
    assert_eq!(since(&f, 6), [(MessageCreated, a, a); 2]);
    f.see(bob, &one, false).await;
    f.see(bob, &one, false).await;
    f.see(bob, &two, true).await;
    f.see(bob, &two, true).await;
    assert_eq!(since(&f, 8), [(MessageSeen, b, b), (MessageSeenUpTo, b, b)]);
    f.service
        .delete_message(Actor::User(cyd), DeleteMessage { message: one.id })
        .await
        .unwrap();
    f.service
        .delete_message(Actor::System, DeleteMessage { message: two.id })
        .await
        .unwrap();
    assert_eq!(
        since(&f, 10),
        [(MessageDeleted, a, c), (MessageDeleted, a, None)]
    );
    f.service
        .remove_member(Actor::User(bob), RemoveMember { group, user: bob })
        .await
        .unwrap();
    f.service
        .remove_member(Actor::User(cyd), RemoveMember { group, user: ada })
        .await
        .unwrap();
    f.service
        .remove_member(Actor::User(cyd), RemoveMember { group, user: cyd })
        .await
        .unwrap();
    assert_eq!(
        since(&f, 12),
        [
            (MemberRemoved, b, b),
            (MemberRemoved, a, c),
            (MemberRemoved, c, c),
            (GroupDeleted, None, c)
        ]
    );

    let log = f.log();
    let positions: Vec<i64> = log.iter().map(|e| e.position).collect();
    assert_eq!(positions, (1..=16).collect::<Vec<_>>());
    assert_eq!(f.log_state().position, 16);
    assert!(
        log.iter()
            .all(|e| e.event.conversation_id == Some(one.conversation_id))
    );
    let roles: Vec<_> = log.iter().filter_map(|e| e.event.role).collect();
    let (member, admin, owner) = (Role::Member, Role::Admin, Role::Owner);
    assert_eq!(
        roles,
        [owner, member, admin, admin, owner, admin, admin, owner],
        "of each member event, also where the member is gone"
    );
    let about: Vec<_> = log.iter().filter_map(|e| e.event.message_id).collect();
    assert_eq!(about, [one.id, two.id, one.id, two.id, one.id, two.id]);
}

#[tokio::test]
async fn a_group_that_is_renamed_tells_so_once() {
    let f = Fixture::new();
    let [ada, bob] = f.users(["ada", "bob"]).await;
    let group = f.group("team", ada, &[bob]).await;
    let from = f.log().len();
    f.clock.set(7);
    let rename = |who, name: Option<&str>| {
        let name = name.map(|name| chat_domain::GroupName::parse(name).unwrap());
        f.service.update_group(who, UpdateGroup { group, name })
    };
    let kept = rename(Actor::User(ada), None).await.unwrap();
    assert_eq!(rename(Actor::System, Some("team")).await, Ok(kept.clone()));
    rename(Actor::User(bob), Some("his")).await.unwrap_err();
    assert_eq!((since(&f, from), kept.updated_at.as_micros()), (vec![], 0));
    for name in ["Team", "crew"] {
        let renamed = rename(Actor::User(ada), Some(name)).await.unwrap();
        assert_eq!(renamed.updated_at.as_micros(), 7);
        assert_eq!(f.service.group(Actor::System, group).await, Ok(renamed));
    }
    assert_eq!(since(&f, from), [(GroupUpdated, None, Some(ada)); 2]);
    let told = f.log()[from].event;
    assert_eq!(told.conversation_id, Some(kept.conversation_id));
}

#[tokio::test]
async fn what_fails_leaves_nothing() {
    let f = Fixture::new();
    let [ada, bob] = f.users(["ada", "bob"]).await;
    let group = f.group("team", ada, &[bob]).await;
    let before = f.log();
    let member = Actor::User(bob);
    f.service
        .delete_group(member, DeleteGroup { group })
        .await
        .unwrap_err();
    f.service
        .remove_member(Actor::User(ada), RemoveMember { group, user: ada })
        .await
        .unwrap_err();
    f.put(bob, group, bob, Some(Role::Owner)).await.unwrap_err();
    let ghost = UserId::parse(99).unwrap();
    let unsent = f
        .service
        .send(Actor::User(ada), text(ada, Recipient::User(ghost)))
        .await;
    unsent.unwrap_err();
    let name = chat_domain::GroupName::parse("TEAM").unwrap();
    f.service
        .create_group(member, CreateGroup { name, owner: None })
        .await
        .unwrap_err();
    assert_eq!(f.log(), before);
}
