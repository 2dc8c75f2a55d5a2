//! Users that change and go: what each leaves behind, in the log too.

use chat_domain::ports::Conflict;
use chat_domain::{
    Actor, DeletedUser, DisplayName, EmailAddress, EventKind, ExternalId, FileId, FoundUser,
    LoggedEvent, Recipient, Role, Timestamp, UserId, Username,
};
use chat_service::{Answer, DeleteFile, DeleteUser, Field, ServiceError, UpdateUser};

use crate::files::LATER;
use crate::support::{Fixture, GRACE, text};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR";

impl Fixture {
    async fn change(
        &self,
        actor: Actor,
        user: UserId,
        change: impl Fn(&mut UpdateUser),
    ) -> Result<chat_domain::VisibleUser, ServiceError> {
        let mut update = UpdateUser::of(user);
        change(&mut update);
        self.service.update_user(actor, update).await
    }

    async fn show_by(&self, user: UserId, file: FileId) -> Result<(), ServiceError> {
        let avatar = |update: &mut UpdateUser| update.avatar = Field::Set(file);
        self.change(Actor::User(user), user, avatar).await.map(drop)
    }

    async fn delete_user(&self, actor: Actor, user: UserId) -> Result<(), ServiceError> {
        self.service.delete_user(actor, DeleteUser { user }).await
    }

    /// The user's events of these kinds, by kind and actor.
    fn events_of(&self, user: UserId, kinds: &[EventKind]) -> Vec<(EventKind, Option<UserId>)> {
        let about = |logged: LoggedEvent| {
            let event = logged.event;
            let this = event.user_id == Some(user) && kinds.contains(&event.kind);
            this.then_some((event.kind, event.actor_id))
        };
        self.log().into_iter().filter_map(about).collect()
    }

    fn may_be_unused(&self) -> Vec<FileId> {
        self.look(|tx| tx.unused_files(Timestamp::from_micros(i64::MAX), 10))
    }
}

fn username(name: &str) -> Username {
    Username::parse(name).expect("a name")
}

#[tokio::test]
async fn a_user_changes_itself_and_the_system_does() {
    let f = Fixture::new();
    let [ada, bob] = f.users(["ada", "bob"]).await;
    f.clock.set(5);
    let changed = f
        .change(Actor::User(ada), ada, |update| {
            update.username = Some(username("countess"));
            update.email = EmailAddress::parse("countess@example.org").ok();
            update.display_name = Field::Set(DisplayName::parse("Ada").expect("a name"));
        })
        .await
        .expect("changed");
    assert_eq!(changed.username.as_str(), "countess");
    assert_eq!(changed.updated_at, Timestamp::from_micros(5));
    assert_eq!(changed.created_at, Timestamp::from_micros(0));
    let shown = f.service.user(Actor::User(ada), ada).await;
    assert_eq!(shown, Ok(FoundUser::Living(changed)));
    // The old name is free.
    f.user("ada").await;

    let external = ExternalId::parse("a|1").expect("an id");
    let set = |update: &mut UpdateUser| update.external_id = Field::Set(external.clone());
    for (actor, user) in [(ada, ada), (bob, ada)] {
        let refused = f.change(Actor::User(actor), user, set).await;
        assert!(matches!(refused, Err(ServiceError::Forbidden(_))));
    }
    let refused = f.change(Actor::User(bob), ada, |_| ()).await;
    assert!(matches!(refused, Err(ServiceError::Forbidden(_))));
    let changed = f.change(Actor::System, ada, set).await.expect("changed");
    assert_eq!(changed.external_id, Some(external.clone()));
    assert_eq!(f.service.user_of(external).await, Ok(Some(ada)));
    assert_eq!(
        f.events_of(ada, &[EventKind::UserUpdated]),
        [
            (EventKind::UserUpdated, Some(ada)),
            (EventKind::UserUpdated, None)
        ]
    );
    let ghost = UserId::parse(99).expect("an id");
    let missing = f.change(Actor::User(bob), ghost, |_| ()).await;
    assert_eq!(missing, Err(ServiceError::UserNotFound(ghost)));
}

#[tokio::test]
async fn what_changes_nothing_leaves_no_trace() {
    let f = Fixture::new();
    let ada = f.user("ada").await;
    let log = f.log();
    f.clock.set(5);
    let same = f
        .change(Actor::User(ada), ada, |update| {
            update.username = Some(username("ada"));
            update.display_name = Field::Clear;
            update.avatar = Field::Clear;
        })
        .await
        .expect("nothing to do");
    assert_eq!(same.updated_at, Timestamp::from_micros(0));
    assert_eq!(f.log(), log);
    // Another spelling is a change, and one's own name.
    let other = |update: &mut UpdateUser| update.username = Some(username("ADA"));
    let changed = f.change(Actor::User(ada), ada, other).await;
    assert_eq!(changed.expect("its own").username.as_str(), "ADA");
}

#[tokio::test]
async fn what_another_has_is_taken() {
    let f = Fixture::new();
    let [ada, _] = f.users(["ada", "bob"]).await;
    for (what, taken) in [
        (
            Conflict::Username,
            UpdateUser {
                username: Some(username("BOB")),
                ..UpdateUser::of(ada)
            },
        ),
        (
            Conflict::Email,
            UpdateUser {
                email: EmailAddress::parse("BOB@example.org").ok(),
                ..UpdateUser::of(ada)
            },
        ),
    ] {
        let refused = f.service.update_user(Actor::System, taken).await;
        assert_eq!(refused, Err(ServiceError::Taken(what)));
    }
    assert_eq!(f.events_of(ada, &[EventKind::UserUpdated]), []);
}

#[tokio::test]
async fn an_avatar_is_for_everyone_to_read_while_it_is_one() {
    let f = Fixture::new();
    let [ada, bob] = f.users(["ada", "bob"]).await;
    let (one, other) = (
        f.file(Actor::User(ada), PNG).await.id,
        f.file(Actor::User(ada), b"\x89PNG\r\n\x1a\n other")
            .await
            .id,
    );
    let reads = async |file| f.service.file(Actor::User(bob), file).await.is_ok();
    assert!(!reads(one).await);
    f.show_by(ada, one).await.expect("an image");
    assert!(reads(one).await && !reads(other).await);
    assert!(f.content(Actor::User(bob), one).await.is_ok());
    // Who may read it may send it, and be shown by it.
    f.show_by(bob, one).await.expect("it may");
    f.show_by(ada, other).await.expect("an image");
    assert!(reads(one).await && reads(other).await);
    let clear = |update: &mut UpdateUser| update.avatar = Field::Clear;
    f.change(Actor::User(bob), bob, clear)
        .await
        .expect("cleared");
    assert!(!reads(one).await);
}

#[tokio::test]
async fn an_avatar_is_an_image_that_its_user_may_read() {
    let f = Fixture::new();
    let [ada, bob] = f.users(["ada", "bob"]).await;
    let file = f.file(Actor::User(ada), b"bytes").await.id;
    let refused = f.show_by(ada, file).await;
    let Err(ServiceError::Invalid { field, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(field, "avatar_file_id");
    let actor = Actor::User(bob);
    let missing = Err(ServiceError::FileNotFound { id: file, actor });
    assert_eq!(f.show_by(bob, file).await, missing);
    let id = FileId::parse(99).expect("an id");
    let missing = Err(ServiceError::FileNotFound { id, actor });
    assert_eq!(f.show_by(bob, id).await, missing);
}

#[tokio::test]
async fn an_avatar_is_collected_when_it_is_one_no_more() {
    let f = Fixture::new();
    let [ada, bob] = f.users(["ada", "bob"]).await;
    let file = f.file(Actor::User(ada), PNG).await.id;
    f.show_by(ada, file).await.expect("an image");
    assert_eq!(f.may_be_unused(), []);
    f.collect_at(LATER).await;
    assert!(f.content(Actor::User(bob), file).await.is_ok());
    let delete = DeleteFile { file };
    let refused = f.service.delete_file(Actor::User(ada), delete).await;
    assert_eq!(refused, Err(ServiceError::FileInUse(file)));
    let refused = f.service.delete_file(Actor::User(bob), delete).await;
    assert!(matches!(refused, Err(ServiceError::Forbidden(_))));

    f.clock.set(2 * LATER);
    f.delete_user(Actor::User(ada), ada).await.expect("deleted");
    assert_eq!(f.may_be_unused(), [file]);
    f.collect_at(2 * LATER + GRACE.as_micros() as i64).await;
    assert_eq!(f.kept(), (1, 0), "in its grace");
    f.collect_at(3 * LATER).await;
    assert_eq!(f.kept(), (0, 0));
}

#[tokio::test]
async fn the_system_deletes_an_avatar_and_nobody_is_shown_by_it() {
    let f = Fixture::new();
    let [ada, bob, eve] = f.users(["ada", "bob", "eve"]).await;
    let file = f.file(Actor::User(ada), PNG).await.id;
    for user in [ada, bob] {
        f.show_by(user, file).await.expect("an image");
    }
    f.clock.set(7);
    let delete = DeleteFile { file };
    f.service
        .delete_file(Actor::System, delete)
        .await
        .expect("deleted");
    for user in [ada, bob] {
        let shown = f.service.user(Actor::System, user).await.expect("it");
        let shown = shown.living().expect("it lives");
        assert_eq!(shown.avatar_file_id, None);
        assert_eq!(shown.updated_at, Timestamp::from_micros(7));
        let events = f.events_of(user, &[EventKind::UserUpdated]);
        assert_eq!(events.last(), Some(&(EventKind::UserUpdated, None)));
        assert_eq!(events.len(), 2);
    }
    assert_eq!(f.events_of(eve, &[EventKind::UserUpdated]), []);
}

#[tokio::test]
async fn of_a_deleted_user_nothing_is_left_but_its_messages() {
    let f = Fixture::new();
    let [ada, bob, eve] = f.users(["ada", "bob", "eve"]).await;
    let group = f.group("team", bob, &[ada]).await;
    let alone = f.group("alone", ada, &[]).await;
    let direct = f.tell(ada, Recipient::User(bob)).await;
    let in_group = f.tell(ada, Recipient::Group(group)).await;
    f.see(ada, &f.tell(bob, Recipient::Group(group)).await, true)
        .await;
    f.tell(bob, Recipient::User(ada)).await;

    let refused = f.delete_user(Actor::User(eve), ada).await;
    assert!(matches!(refused, Err(ServiceError::Forbidden(_))));
    assert_eq!(f.delete_user(Actor::User(ada), ada).await, Ok(()));

    // As whom, from whom and to whom: it is gone for the very next, on the same connection.
    let as_it = f
        .service
        .send(Actor::User(ada), text(ada, Recipient::User(bob)))
        .await;
    assert_eq!(as_it, Err(ServiceError::UnknownActor(ada)));
    let as_it = f
        .service
        .send(Actor::User(ada), text(ada, Recipient::Group(group)))
        .await;
    assert_eq!(as_it, Err(ServiceError::UnknownActor(ada)));
    let missing = Err(ServiceError::UserNotFound(ada));
    for recipient in [Recipient::User(bob), Recipient::Group(group)] {
        let from_it = f.service.send(Actor::System, text(ada, recipient)).await;
        assert_eq!(from_it, missing);
    }
    let to_it = f
        .service
        .send(Actor::User(bob), text(bob, Recipient::User(ada)))
        .await;
    assert_eq!(to_it, missing);
    let missing = Err(ServiceError::UserNotFound(ada));
    assert_eq!(f.put(bob, group, ada, None).await, missing);
    assert_eq!(f.delete_user(Actor::System, ada).await, missing);
    assert_eq!(f.delete_user(Actor::User(bob), ada).await, missing);
    let unknown = Err(ServiceError::UnknownActor(ada));
    assert_eq!(f.delete_user(Actor::User(ada), ada).await, unknown);
    let changed = f.change(Actor::System, ada, |_| ()).await;
    assert_eq!(changed.map(drop), missing);

    let left = DeletedUser { id: ada };
    let found = f.service.user(Actor::User(eve), ada).await;
    assert_eq!(found, Ok(FoundUser::Deleted(left)));
    let members = f.look(move |tx| tx.members(group, None, chat_domain::PageLimit::default()));
    assert_eq!(members.items.len(), 1);
    let team = f.service.group(Actor::User(bob), group).await.expect("it");
    assert_eq!(team.member_count, 1);
    let gone = f.service.group(Actor::System, alone).await;
    assert!(matches!(gone, Err(ServiceError::GroupNotFound { .. })));
    for message in [&direct, &in_group] {
        let stays = f.service.message(Actor::User(bob), message.id).await;
        assert_eq!(stays.as_ref(), Ok(message));
    }
    let unseen = f
        .service
        .unseen(Actor::User(bob), bob)
        .await
        .expect("counts");
    assert_eq!(unseen.total(), 2);
    assert_eq!(unseen.direct[0].username.as_str(), format!("deleted-{ada}"));

    let kinds = [EventKind::MemberRemoved, EventKind::UserDeleted];
    let by = Some(ada);
    assert_eq!(
        f.events_of(ada, &kinds),
        [
            (EventKind::MemberRemoved, by),
            (EventKind::MemberRemoved, by),
            (EventKind::UserDeleted, by)
        ]
    );
    // Its names are free at once, also for the same.
    let again = f.user("ada").await;
    assert_ne!(again, ada);
}

#[tokio::test]
async fn an_owner_hands_its_groups_over_first() {
    let f = Fixture::new();
    let [ada, bob] = f.users(["ada", "bob"]).await;
    let other = f.group("other", bob, &[ada]).await;
    let group = f.group("team", ada, &[bob]).await;
    let log = f.log();
    for actor in [Actor::User(ada), Actor::System] {
        let refused = f.delete_user(actor, ada).await;
        assert_eq!(refused, Err(ServiceError::OwnerMustTransfer(group)));
    }
    assert_eq!(f.log(), log);
    assert!(f.service.group(Actor::User(ada), other).await.is_ok());
    f.put(ada, group, bob, Some(Role::Owner))
        .await
        .expect("handed over");
    assert_eq!(f.delete_user(Actor::System, ada).await, Ok(()));
}

#[tokio::test]
async fn with_a_user_go_its_uploads_and_the_answers_kept_for_it() {
    let f = Fixture::new();
    let [ada, bob] = f.users(["ada", "bob"]).await;
    let [begun, other] = [
        f.begin(Actor::User(ada), 10).await,
        f.begin(Actor::User(bob), 10).await,
    ];
    let part = f
        .part(Actor::User(ada), begun, 0, b"01234")
        .await
        .expect("a part");
    part.end().await.expect("noted");
    let run = async |actor: Actor, key: &str, user| {
        let key = chat_domain::IdempotencyKey::parse(key).expect("a key");
        let delete = DeleteUser { user };
        f.service
            .run_once(actor, key, delete, |()| Ok(Vec::new()))
            .await
    };
    let key = chat_domain::IdempotencyKey::parse("k").expect("a key");
    let mut update = UpdateUser::of(ada);
    update.username = Some(username("countess"));
    let secret = |_: &chat_domain::VisibleUser| Ok(b"ada@example.org".to_vec());
    let answer = f
        .service
        .run_once(Actor::User(ada), key.clone(), update, secret)
        .await;
    answer.expect("changed");

    assert_eq!(run(Actor::User(ada), "d", ada).await, Ok(Answer::Fresh(())));
    // Whoever is gone gets no answer again.
    let again = run(Actor::User(ada), "d", ada).await;
    assert_eq!(again, Err(ServiceError::UnknownActor(ada)));
    let uploads = f.look(move |tx| Ok([tx.upload(begun)?.is_some(), tx.upload(other)?.is_some()]));
    assert_eq!(uploads, [false, true]);
    // That of its deletion alone.
    f.clock.set(100_000 * 1_000_000);
    assert_eq!(f.service.forget_answers().await, Ok(1));
    // The system's is given again.
    assert_eq!(run(Actor::System, "e", bob).await, Ok(Answer::Fresh(())));
    let again = run(Actor::System, "e", bob).await;
    assert_eq!(again, Ok(Answer::Replayed(Vec::new())));
}
