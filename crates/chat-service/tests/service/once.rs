//! Commands under an idempotency key: made once, whatever happens to their answers.

use std::time::Duration;

use chat_domain::{Actor, EmailAddress, IdempotencyKey, Recipient, UserId, Username};
use chat_service::{Answer, ChatService, Command, CreateUser, SendMessage, ServiceError};

use crate::support::{Fixture, text};

fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(text).expect("a key")
}

/// Sends under a key; the answer that is kept is the message's id.
async fn send(
    service: &ChatService,
    actor: Actor,
    under: &str,
    command: SendMessage,
) -> Result<Answer<i64>, ServiceError> {
    let encode = |message: &chat_domain::Message| Ok(message.id.get().to_string().into_bytes());
    let answer = service.run_once(actor, key(under), command, encode).await?;
    Ok(match answer {
        Answer::Fresh(message) => Answer::Fresh(message.id.get()),
        Answer::Replayed(bytes) => Answer::Replayed(bytes),
    })
}

fn replayed(id: i64) -> Answer<i64> {
    Answer::Replayed(id.to_string().into_bytes())
}

#[tokio::test]
async fn a_retry_gets_the_first_answer_and_changes_nothing() {
    let f = Fixture::new();
    let [ada, bob] = f.users(["ada", "bob"]).await;
    let actor = Actor::User(ada);
    let hi = text(ada, Recipient::User(bob));
    let first = send(&f.service, actor, "k", hi.clone()).await.unwrap();
    assert_eq!(first, Answer::Fresh(1));
    let log = f.log();
    f.clock.set(60_000_000);
    for _ in 0..3 {
        let again = send(&f.service, actor, "k", hi.clone()).await.unwrap();
        assert_eq!(again, replayed(1));
    }
    assert_eq!(f.log(), log);
    assert_eq!(f.total_unseen(bob).await, 1);
}

#[tokio::test]
async fn another_command_under_the_key_is_refused() {
    let f = Fixture::new();
    let [ada, bob, cyd] = f.users(["ada", "bob", "cyd"]).await;
    let actor = Actor::User(ada);
    let to = |user| text(ada, Recipient::User(user));
    send(&f.service, actor, "k", to(bob)).await.unwrap();
    let other = send(&f.service, actor, "k", to(cyd)).await;
    assert_eq!(other, Err(ServiceError::KeyReused));
    assert_eq!(f.total_unseen(cyd).await, 0);
    // The first answer still stands.
    let again = send(&f.service, actor, "k", to(bob)).await.unwrap();
    assert_eq!(again, replayed(1));
}

#[tokio::test]
async fn a_key_is_its_actors_own() {
    let f = Fixture::new();
    let [ada, bob] = f.users(["ada", "bob"]).await;
    for (actor, sender, id) in [
        (Actor::User(ada), ada, 1),
        (Actor::User(bob), bob, 2),
        (Actor::System, ada, 3),
    ] {
        let receiver = if sender == ada { bob } else { ada };
        let hi = text(sender, Recipient::User(receiver));
        let sent = send(&f.service, actor, "k", hi.clone()).await.unwrap();
        assert_eq!(sent, Answer::Fresh(id));
        let again = send(&f.service, actor, "k", hi).await.unwrap();
        assert_eq!(again, replayed(id));
    }
}

#[tokio::test]
async fn a_failure_leaves_the_key_unused() {
    let f = Fixture::new();
    let [ada, bob] = f.users(["ada", "bob"]).await;
    let actor = Actor::User(ada);
    let ghost = UserId::parse(99).unwrap();
    let refused = send(&f.service, actor, "k", text(ada, Recipient::User(ghost))).await;
    assert_eq!(refused, Err(ServiceError::UserNotFound(ghost)));
    let hi = text(ada, Recipient::User(bob));
    let sent = send(&f.service, actor, "k", hi).await.unwrap();
    assert_eq!(sent, Answer::Fresh(1));
}

#[tokio::test]
async fn an_answer_that_can_not_be_kept_undoes_the_change() {
    let f = Fixture::new();
    let [ada, bob] = f.users(["ada", "bob"]).await;
    let hi = text(ada, Recipient::User(bob));
    let encode = |_: &chat_domain::Message| Err("no letters left".to_owned());
    let sent = f.service.run_once(Actor::User(ada), key("k"), hi, encode);
    assert_eq!(sent.await.unwrap_err().code(), "internal");
    assert_eq!(f.total_unseen(bob).await, 0);
}

#[tokio::test]
async fn an_unknown_actor_is_told_so_before_any_answer() {
    let f = Fixture::new();
    let [ada, bob] = f.users(["ada", "bob"]).await;
    let hi = text(ada, Recipient::User(bob));
    send(&f.service, Actor::User(ada), "k", hi.clone())
        .await
        .unwrap();
    f.execute("UPDATE users SET deleted_at = 1 WHERE id = 1");
    let again = send(&f.service, Actor::User(ada), "k", hi).await;
    assert_eq!(again, Err(ServiceError::UnknownActor(ada)));
}

#[tokio::test]
async fn twins_at_the_same_time_make_one_change() {
    let f = Fixture::new();
    let [ada, bob] = f.users(["ada", "bob"]).await;
    let hi = text(ada, Recipient::User(bob));
    let twins = (0..20).map(|_| send(&f.service, Actor::User(ada), "k", hi.clone()));
    let answers = futures_util::future::join_all(twins).await;
    let fresh = answers
        .iter()
        .filter(|answer| matches!(answer, Ok(Answer::Fresh(1))))
        .count();
    let again = answers
        .iter()
        .filter(|answer| **answer == Ok(replayed(1)))
        .count();
    assert_eq!((fresh, again), (1, 19));
    assert_eq!(f.total_unseen(bob).await, 1);
}

#[tokio::test]
async fn an_answer_is_kept_for_its_time_and_then_the_key_is_new() {
    let f = Fixture::new();
    let [ada, bob] = f.users(["ada", "bob"]).await;
    let service = f.service.clone().keeping_answers(Duration::from_secs(10));
    let actor = Actor::User(ada);
    let hi = text(ada, Recipient::User(bob));
    send(&service, actor, "k", hi.clone()).await.unwrap();
    f.clock.set(10_000_000);
    let again = send(&service, actor, "k", hi.clone()).await.unwrap();
    assert_eq!(again, replayed(1));
    assert_eq!(service.forget_answers().await, Ok(0));
    // Too old, though nobody has swept it away yet.
    f.clock.set(10_000_001);
    let anew = send(&service, actor, "k", hi.clone()).await.unwrap();
    assert_eq!(anew, Answer::Fresh(2));
    let again = send(&service, actor, "k", hi).await.unwrap();
    assert_eq!(again, replayed(2));
    f.clock.set(20_000_002);
    assert_eq!(service.forget_answers().await, Ok(1));
    assert_eq!(service.forget_answers().await, Ok(0));
}

#[tokio::test]
async fn every_command_can_be_made_once() {
    async fn once<C: Command + Clone>(f: &Fixture, actor: Actor, under: &str, command: C) {
        for fresh in [true, false] {
            let encode = |_: &C::Done| Ok(Vec::new());
            let answer = f
                .service
                .run_once(actor, key(under), command.clone(), encode)
                .await
                .expect(under);
            assert_eq!(matches!(answer, Answer::Fresh(_)), fresh, "{under}");
        }
    }
    use chat_domain::{FileUrl, GroupName, MessageId};
    use chat_service::{
        CreateExternalFile, CreateGroup, DeleteGroup, DeleteMessage, MarkSeen, PutMember,
        RemoveMember, UpdateGroup,
    };
    let f = Fixture::new();
    let create = |name: &str| CreateUser {
        username: Username::parse(name).unwrap(),
        email: EmailAddress::parse(format!("{name}@example.org")).unwrap(),
        display_name: None,
        external_id: None,
    };
    once(&f, Actor::System, "user", create("ada")).await;
    once(&f, Actor::System, "second-user", create("bob")).await;
    let [ada, bob] = [1, 2].map(|id| UserId::parse(id).unwrap());
    let (actor, reader) = (Actor::User(ada), bob);
    let name = GroupName::parse("team").unwrap();
    once(&f, actor, "group", CreateGroup { name, owner: None }).await;
    let group = chat_domain::GroupId::parse(1).unwrap();
    let name = GroupName::parse("crew").ok();
    once(&f, actor, "rename", UpdateGroup { group, name }).await;
    let (user, role) = (bob, None);
    once(&f, actor, "member", PutMember { group, user, role }).await;
    once(&f, actor, "send", text(ada, Recipient::Group(group))).await;
    let message = MessageId::parse(1).unwrap();
    let seen = MarkSeen {
        message,
        reader,
        up_to: true,
    };
    once(&f, Actor::User(bob), "seen", seen).await;
    once(&f, actor, "delete-message", DeleteMessage { message }).await;
    once(&f, actor, "remove", RemoveMember { group, user: bob }).await;
    once(&f, actor, "delete-group", DeleteGroup { group }).await;
    let file = CreateExternalFile {
        url: FileUrl::parse("https://example.org").unwrap(),
        name: None,
        size: None,
        media_type: None,
    };
    once(&f, actor, "file", file).await;
}
