//! Sends that share a transaction: each comes to what it would come to alone.

use std::sync::{Arc, Mutex};

use chat_domain::ports::{
    Cost, LogWatcher, Outcome, ReadJob, Refused, Store, StoreError, SystemClock, WriteJob,
};
use chat_domain::{Actor, Caption, Content, FileId, FileUrl, GroupId, Message, Recipient, UserId};
use chat_service::{ChatService, CreateExternalFile, SendMessage, ServiceError};
use futures_util::FutureExt;
use futures_util::future::join_all;

use crate::support::{Fixture, text};

/// A service over the fixture's store in which sends go together, whatever the store is.
fn together(f: &Fixture) -> ChatService {
    ChatService::new(f.store.clone(), f.clock.clone()).sending_together()
}

/// All at once.
async fn send_all(
    service: &ChatService,
    sends: &[(Actor, SendMessage)],
) -> Vec<Result<Message, ServiceError>> {
    let all = sends
        .iter()
        .map(|(actor, command)| service.send(*actor, command.clone()));
    join_all(all).await
}

#[tokio::test]
async fn many_at_once_get_their_places_in_the_order_in_which_they_came() {
    let f = Fixture::new();
    let service = together(&f);
    let users = f.users(["ada", "bob", "eve"]).await;
    let groups = [
        f.group("one", users[0], &users[1..]).await,
        f.group("two", users[1], &[users[0], users[2]]).await,
    ];
    // Both conversations of pairs are there.
    f.tell(users[0], Recipient::User(users[1])).await;
    f.tell(users[2], Recipient::User(users[0])).await;
    let before = f.log().len();
    let mut sends = Vec::new();
    for number in 0..300_usize {
        let sender = users[number % 3];
        let to = match number % 4 {
            0 | 1 => Recipient::Group(groups[number % 2]),
            2 => Recipient::Group(groups[1]),
            _ if number % 3 == 1 => Recipient::User(users[0]),
            _ => Recipient::User(users[usize::from(number % 3 == 0)]),
        };
        sends.push((Actor::User(sender), text(sender, to)));
    }
    let sent: Vec<Message> = send_all(&service, &sends)
        .await
        .into_iter()
        .map(|sent| sent.expect("a message"))
        .collect();
    for one in &sent {
        let same = |other: &&Message| other.conversation_id == one.conversation_id;
        let places: Vec<i64> = sent.iter().filter(same).map(|m| m.seq.get()).collect();
        let first = places[0];
        let gapless: Vec<i64> = (first..).take(places.len()).collect();
        assert_eq!(places, gapless);
        let ids: Vec<i64> = sent.iter().filter(same).map(|m| m.id.get()).collect();
        assert!(ids.is_sorted());
    }
    for ((actor, command), message) in sends.iter().zip(&sent) {
        assert_eq!(Actor::User(message.sender_id), *actor);
        assert_eq!(message.recipient, command.recipient);
        let read = service.message(Actor::System, message.id).await;
        assert_eq!(&read.expect("it is there"), message);
    }
    let events = f.log();
    assert_eq!(events.len(), before + sent.len());
    let unseen = f.total_unseen(users[0]).await;
    let theirs = sent.iter().filter(|message| {
        let for_ada = match message.recipient {
            Recipient::Group(_) => true,
            Recipient::User(user) => user == users[0],
        };
        for_ada && message.sender_id != users[0]
    });
    assert_eq!(unseen, i64::try_from(theirs.count()).expect("few") + 1);
}

/// Everything that can be wrong with a send, among good ones.
#[tokio::test]
async fn each_is_told_what_it_would_be_told_alone() {
    let f = Fixture::new();
    let [ada, bob, eve] = f.users(["ada", "bob", "eve"]).await;
    let team = f.group("team", ada, &[bob]).await;
    let gone = f.group("gone", ada, &[]).await;
    f.service
        .delete_group(Actor::System, chat_service::DeleteGroup { group: gone })
        .await
        .expect("it is deleted");
    let url = FileUrl::parse("https://example.org/a.txt").expect("a URL");
    let file = CreateExternalFile {
        url,
        name: None,
        size: None,
        media_type: None,
    };
    let file = f.service.create_external_file(Actor::User(ada), file).await;
    let file = file.expect("a file").id;
    let nobody = UserId::parse(99).expect("an id");
    let nowhere = GroupId::parse(99).expect("an id");
    let carrying = |file: FileId, image: bool| {
        let caption = None::<Caption>;
        SendMessage {
            sender: ada,
            recipient: Recipient::Group(team),
            content: if image {
                Content::Image { file, caption }
            } else {
                Content::File { file, caption }
            },
        }
    };
    let missing = FileId::parse(99).expect("an id");
    let (group, user) = (Recipient::Group, Recipient::User);
    let sends = [
        (Actor::User(ada), text(ada, group(team))),
        (Actor::User(eve), text(eve, group(team))),
        (Actor::System, text(eve, group(team))),
        (Actor::System, text(bob, group(team))),
        (Actor::User(ada), text(bob, group(team))),
        (Actor::User(ada), text(ada, group(nowhere))),
        (Actor::User(ada), text(ada, group(gone))),
        (Actor::User(nobody), text(nobody, group(team))),
        (Actor::User(ada), text(ada, user(ada))),
        (Actor::User(ada), text(ada, user(nobody))),
        (Actor::User(nobody), text(nobody, user(ada))),
        (Actor::System, text(nobody, user(ada))),
        // The first between these two.
        (Actor::User(ada), text(ada, user(bob))),
        (Actor::User(bob), text(bob, user(ada))),
        (Actor::User(ada), carrying(file, false)),
        (Actor::User(ada), carrying(file, true)),
        (Actor::User(ada), carrying(missing, false)),
        (Actor::User(ada), text(ada, group(team))),
    ];
    let alone = ChatService::new(f.store.clone(), f.clock.clone());
    let mut expected = Vec::new();
    for (actor, command) in &sends {
        let told = alone.send(*actor, command.clone()).await;
        expected.push(
            told.map(|m| (m.sender_id, m.recipient, m.content))
                .map_err(|e| e.to_string()),
        );
    }
    let told = send_all(&together(&f), &sends).await;
    let told: Vec<_> = told
        .into_iter()
        .map(|told| {
            told.map(|m| (m.sender_id, m.recipient, m.content))
                .map_err(|e| e.to_string())
        })
        .collect();
    assert_eq!(told, expected);
    let refused = expected.iter().filter(|told| told.is_err()).count();
    assert_eq!(refused, 12, "{expected:#?}");
}

#[tokio::test]
async fn who_goes_away_keeps_nobody_else_and_has_sent() {
    let f = Fixture::new();
    let service = together(&f);
    let [ada] = f.users(["ada"]).await;
    let team = f.group("team", ada, &[]).await;
    let send = || service.send(Actor::User(ada), text(ada, Recipient::Group(team)));
    let mut kept = Vec::new();
    for number in 0..40 {
        let mut sending = Box::pin(send());
        // It stands in the line, or goes already.
        if let Some(sent) = sending.as_mut().now_or_never() {
            sent.expect("a message");
        } else if number % 2 == 0 {
            kept.push(sending);
        }
    }
    for sent in join_all(kept).await {
        sent.expect("a message");
    }
    // What they had begun is done all the same.
    let last = send().await.expect("a message");
    assert_eq!(last.seq.get(), 41);
}

/// A store that fails in one way, or takes jobs and does nothing.
struct Failing {
    error: Option<StoreError>,
    refuses: bool,
    held: Mutex<Vec<Box<dyn WriteJob>>>,
}

impl Failing {
    fn service(error: Option<StoreError>, refuses: bool) -> (ChatService, Arc<Self>) {
        let store = Arc::new(Self {
            error,
            refuses,
            held: Mutex::default(),
        });
        let service = ChatService::new(store.clone(), Arc::new(SystemClock)).sending_together();
        (service, store)
    }
}

impl Store for Failing {
    fn submit(&self, job: Box<dyn WriteJob>) -> Result<(), Refused<dyn WriteJob>> {
        match &self.error {
            Some(error) if self.refuses => return Err((error.clone(), job)),
            Some(error) => job.finish(Outcome::Failed(error)),
            None => self.held.lock().expect("the jobs").push(job),
        }
        Ok(())
    }

    fn submit_read(&self, _: Cost, job: Box<dyn ReadJob>) -> Result<(), Refused<dyn ReadJob>> {
        Err((StoreError::Overloaded, job))
    }

    fn watch_log(&self, _: LogWatcher) {}
}

fn ten() -> Vec<(Actor, SendMessage)> {
    let ada = UserId::parse(1).expect("an id");
    let to = Recipient::Group(GroupId::parse(1).expect("an id"));
    vec![(Actor::User(ada), text(ada, to)); 10]
}

#[tokio::test]
async fn a_failure_of_the_store_is_told_to_each() {
    for (error, code) in [
        (StoreError::Overloaded, "overloaded"),
        (StoreError::Unavailable("gone".to_owned()), "unavailable"),
        (
            StoreError::OutcomeUnknown("cut".to_owned()),
            "outcome_unknown",
        ),
        (StoreError::Panicked, "internal"),
        (StoreError::Broken("torn".to_owned()), "internal"),
    ] {
        for refuses in [true, false] {
            let (service, _) = Failing::service(Some(error.clone()), refuses);
            for round in 0..2 {
                for told in send_all(&service, &ten()).await {
                    let told = told.expect_err("it failed");
                    assert_eq!(told.code(), code, "round {round}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_forgotten_job_is_an_error_and_no_hang() {
    let (service, store) = Failing::service(None, false);
    let sends = ten();
    let mut sending = Box::pin(send_all(&service, &sends));
    assert!(sending.as_mut().now_or_never().is_none());
    loop {
        // Dropped when the lock is given back: the next ones come by that.
        let forgotten = std::mem::take(&mut *store.held.lock().expect("the jobs"));
        drop(forgotten);
        if let Some(told) = sending.as_mut().now_or_never() {
            for told in told {
                assert_eq!(told.expect_err("nobody knows").code(), "outcome_unknown");
            }
            return;
        }
    }
}

#[tokio::test]
async fn more_than_may_wait_are_refused_at_once() {
    let (service, _store) = Failing::service(None, false);
    let (actor, command) = ten().remove(0);
    let mut waiting = Vec::new();
    let refused = loop {
        let mut sending = Box::pin(service.send(actor, command.clone()));
        match sending.as_mut().now_or_never() {
            Some(told) => break told.expect_err("it is refused"),
            None => waiting.push(sending),
        }
        assert!(waiting.len() < 10_000, "no limit");
    };
    assert_eq!(refused.code(), "overloaded");
    assert!(waiting.len() > 1_000, "only {} may wait", waiting.len());
}
