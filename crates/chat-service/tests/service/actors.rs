//! The system acting in the name of users, and users claiming to be others.

use chat_domain::{Actor, MessageId, Recipient, Role, UserId, Window};
use chat_service::{
    CreateGroup, DeleteGroup, ListMessages, MarkSeen, MessageSource, PutMember, ServiceError,
};

use crate::support::{Fixture, text};

#[tokio::test]
async fn the_system_sends_in_the_name_of_members_only() {
    let f = Fixture::new();
    let [ada, bob] = f.users(["ada", "bob"]).await;
    let group = f.group("team", ada, &[]).await;
    let send = |sender: UserId| {
        f.service
            .send(Actor::System, text(sender, Recipient::Group(group)))
    };
    assert_eq!(send(ada).await.unwrap().sender_id, ada);
    assert_eq!(
        send(bob).await.unwrap_err(),
        ServiceError::NotAMember { group, user: bob }
    );
    let ghost = UserId::parse(99).unwrap();
    assert_eq!(
        send(ghost).await.unwrap_err(),
        ServiceError::UserNotFound(ghost)
    );
    f.service
        .delete_group(Actor::System, DeleteGroup { group })
        .await
        .unwrap();
    let gone = ServiceError::GroupNotFound {
        id: group,
        actor: Actor::System,
    };
    assert_eq!(send(ada).await.unwrap_err(), gone);
}

#[tokio::test]
async fn the_system_marks_in_the_name_of_recipients_only() {
    let f = Fixture::new();
    let [ada, bob, eve] = f.users(["ada", "bob", "eve"]).await;
    let message = f.tell(ada, Recipient::User(bob)).await;
    let mark = |reader: UserId, message: MessageId| {
        f.service.mark_seen(
            Actor::System,
            MarkSeen {
                message,
                reader,
                up_to: false,
            },
        )
    };
    let not_for = |user| ServiceError::NotARecipient {
        message: message.id,
        user,
    };
    assert_eq!(mark(ada, message.id).await.unwrap_err(), not_for(ada));
    assert_eq!(mark(eve, message.id).await.unwrap_err(), not_for(eve));
    let ghost = UserId::parse(99).unwrap();
    assert_eq!(
        mark(ghost, message.id).await.unwrap_err(),
        ServiceError::UserNotFound(ghost)
    );
    assert_eq!(mark(bob, message.id).await.unwrap().user_id, bob);

    let group = f.group("team", ada, &[bob]).await;
    let message = f.tell(ada, Recipient::Group(group)).await;
    f.service
        .delete_group(Actor::System, DeleteGroup { group })
        .await
        .unwrap();
    let gone = ServiceError::MessageNotFound {
        id: message.id,
        actor: Actor::System,
    };
    assert_eq!(mark(bob, message.id).await.unwrap_err(), gone);
}

#[tokio::test]
async fn a_user_acts_for_nobody_else() {
    let f = Fixture::new();
    let [ada, bob] = f.users(["ada", "bob"]).await;
    let message = f.tell(ada, Recipient::User(bob)).await;
    let mismatch = ServiceError::ActorMismatch {
        actor: ada,
        named: bob,
    };
    let actor = Actor::User(ada);
    let sent = f.service.send(actor, text(bob, Recipient::User(ada))).await;
    assert_eq!(sent.unwrap_err(), mismatch);
    let seen = MarkSeen {
        message: message.id,
        reader: bob,
        up_to: false,
    };
    assert_eq!(
        f.service.mark_seen(actor, seen).await.unwrap_err(),
        mismatch
    );
    assert_eq!(f.service.unseen(actor, bob).await.unwrap_err(), mismatch);
    let list = |source| ListMessages {
        source,
        window: Window::Newest,
        limit: Default::default(),
    };
    let direct = list(MessageSource::Direct {
        user: bob,
        peer: ada,
    });
    assert_eq!(
        f.service.messages(actor, direct).await.unwrap_err(),
        mismatch
    );
    let inbox = f
        .service
        .messages(actor, list(MessageSource::Inbox(ada)))
        .await;
    assert!(matches!(inbox, Err(ServiceError::Forbidden(_))));
}

#[tokio::test]
async fn who_acts_is_looked_at_before_what_is_asked() {
    let f = Fixture::new();
    let ghost = UserId::parse(99).unwrap();
    let actor = Actor::User(ghost);
    let to_oneself = f
        .service
        .send(actor, text(ghost, Recipient::User(ghost)))
        .await;
    assert_eq!(to_oneself.unwrap_err(), ServiceError::UnknownActor(ghost));
    let with_oneself = ListMessages {
        source: MessageSource::Direct {
            user: ghost,
            peer: ghost,
        },
        window: Window::Newest,
        limit: Default::default(),
    };
    let listed = f.service.messages(actor, with_oneself).await;
    assert_eq!(listed.unwrap_err(), ServiceError::UnknownActor(ghost));

    let ada = f.user("ada").await;
    let to_oneself = f
        .service
        .send(Actor::User(ada), text(ada, Recipient::User(ada)))
        .await;
    assert_eq!(to_oneself.unwrap_err().code(), "validation_failed");
}

#[tokio::test]
async fn in_a_group_without_owner_admins_do_what_admins_may_and_the_system_the_rest() {
    let f = Fixture::new();
    let [ada, bob] = f.users(["ada", "bob"]).await;
    let name = chat_domain::GroupName::parse("free").unwrap();
    let group = f
        .service
        .create_group(Actor::System, CreateGroup { name, owner: None })
        .await
        .unwrap()
        .group
        .id;
    let put = |user, role| PutMember {
        group,
        user,
        role: Some(role),
    };
    f.service
        .put_member(Actor::System, put(ada, Role::Admin))
        .await
        .unwrap();
    f.put(ada, group, bob, None).await.unwrap();
    let grant = f.put(ada, group, bob, Some(Role::Admin)).await;
    assert!(matches!(grant, Err(ServiceError::Forbidden(_))));
    let delete = f
        .service
        .delete_group(Actor::User(ada), DeleteGroup { group })
        .await;
    assert!(matches!(delete, Err(ServiceError::Forbidden(_))));
    let owned = f
        .service
        .put_member(Actor::System, put(bob, Role::Owner))
        .await
        .unwrap();
    assert_eq!((owned.0.role, owned.1), (Role::Owner, false));
    f.service
        .delete_group(Actor::User(bob), DeleteGroup { group })
        .await
        .unwrap();
}

#[tokio::test]
async fn times_are_the_clocks() {
    let f = Fixture::new();
    f.clock.set(1_000);
    let [ada, bob] = f.users(["ada", "bob"]).await;
    f.clock.set(2_000);
    let message = f.tell(ada, Recipient::User(bob)).await;
    f.clock.set(1_500);
    let later = f.tell(ada, Recipient::User(bob)).await;
    assert_eq!(message.created_at.as_micros(), 2_000);
    assert_eq!(later.created_at.as_micros(), 1_500);
    assert!(
        later.seq > message.seq && later.id > message.id,
        "clocks are never asked for order"
    );
}
