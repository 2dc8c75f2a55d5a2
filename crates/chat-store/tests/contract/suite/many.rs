//! The port of many at once: it comes to what one after the other comes to.

use chat_domain::ports::StoreError;
use chat_domain::{
    Content, ConversationId, ConversationKind, Group, GroupId, Message, NewEvent, NewMessage,
    Recipient, UserId,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

use crate::harness::{Db, at, carrying, event, pair, undo, words};

/// How many stories are tried, unless `PROPTEST_CASES` says another number.
const STORIES: u32 = 24;
const USERS: usize = 4;

fn lock_free(db: &Db, of: &[ConversationKind]) -> Vec<Option<ConversationId>> {
    let of = of.to_vec();
    db.write(move |tx| tx.lock_free_conversations(&of))
}

fn to_group(group: &Group, sender: UserId, text: &str) -> NewMessage {
    let to = Recipient::Group(group.id);
    words(group.conversation_id, sender, to, text)
}

#[test]
fn conversations_are_locked_each_by_whose_it_is() {
    let db = fresh!();
    let [ada, bob, eve] = db.users(["ada", "bob", "eve"]);
    let (one, two) = (db.group("one", &[ada]), db.group("two", &[bob]));
    let direct = db.direct(ada, bob).id;
    let unknown = GroupId::parse(99).unwrap();
    let locked = lock_free(
        &db,
        &[
            ConversationKind::Direct(pair(bob, ada)),
            ConversationKind::Group(two.id),
            ConversationKind::Group(unknown),
            ConversationKind::Group(one.id),
            ConversationKind::Direct(pair(ada, eve)),
            ConversationKind::Group(two.id),
        ],
    );
    let (one, two) = (Some(one.conversation_id), Some(two.conversation_id));
    assert_eq!(locked, [Some(direct), two, None, one, None, two]);
    // What was locked for nothing is free again, and none was opened.
    assert_eq!(db.direct(ada, eve).last_seq.get(), 0);
}

#[test]
fn who_is_no_member_of_a_living_group_is_none() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let (team, gone) = (db.group("team", &[ada]), db.group("gone", &[ada, bob]));
    db.delete_group(&gone);
    let unknown = GroupId::parse(99).unwrap();
    let asked = [
        (team.id, bob),
        (team.id, ada),
        (gone.id, ada),
        (unknown, ada),
        (team.id, ada),
    ];
    let members = db.write(move |tx| tx.are_members(&asked));
    assert_eq!(members, [false, true, false, false, true]);
}

#[test]
fn users_that_are_there_exist() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let unknown = UserId::parse(99).unwrap();
    let asked = [bob, unknown, ada, bob];
    let there = db.write(move |tx| tx.users_exist(&asked));
    assert_eq!(there, [true, false, true, true]);
}

#[test]
fn nothing_at_once_is_nothing() {
    let db = fresh!();
    let nothing = db.write(|tx| {
        tx.append_events(&[])?;
        Ok((
            tx.lock_free_conversations(&[])?,
            tx.are_members(&[])?,
            tx.users_exist(&[])?,
            tx.append_messages(&[])?,
        ))
    });
    assert_eq!(nothing, (vec![], vec![], vec![], vec![]));
    assert!(db.read(|tx| tx.events(0, 9)).is_empty());
}

#[test]
fn of_many_messages_none_is_stored_if_one_can_not_be() {
    let db = fresh!();
    let [ada, eve] = db.users(["ada", "eve"]);
    let group = db.group("team", &[ada]);
    let unknown = ConversationId::parse(99).unwrap();
    let [good, stranger] = [ada, eve].map(|sender| to_group(&group, sender, "hi"));
    let nowhere = NewMessage {
        conversation_id: unknown,
        ..good.clone()
    };
    for bad in [stranger, nowhere] {
        let both = [good.clone(), bad];
        let refused = db.try_write(move |tx| {
            let refused = tx.append_messages(&both).map(drop);
            assert!(matches!(refused, Err(StoreError::Broken(_))), "{refused:?}");
            // Swallowed by the job: it is undone all the same.
            Ok(())
        });
        assert!(matches!(refused, Err(StoreError::Broken(_))), "{refused:?}");
    }
    assert_eq!(db.say(&group, ada, "first").seq.get(), 1);
    assert_eq!(db.unseen(ada), 0);
}

#[test]
fn messages_that_are_undone_leave_no_gap() {
    let db = fresh!();
    let [ada] = db.users(["ada"]);
    let group = db.group("team", &[ada]);
    let messages = ["one", "two"].map(|text| to_group(&group, ada, text));
    let undone = db.try_write(move |tx| {
        tx.append_messages(&messages)?;
        tx.append_events(&[event(messages[0].conversation_id, None)])?;
        Err::<(), _>(undo())
    });
    assert!(undone.is_err());
    assert_eq!(db.say(&group, ada, "first").seq.get(), 1);
    assert!(db.read(|tx| tx.events(0, 9)).is_empty());
}

#[test]
fn many_messages_may_carry_files() {
    let db = fresh!();
    let [ada] = db.users(["ada"]);
    let group = db.group("team", &[ada]);
    let file = db.file();
    let messages = [
        to_group(&group, ada, "look"),
        carrying(&group, ada, file.id),
        to_group(&group, ada, "nice?"),
    ];
    let sent = db.write(move |tx| tx.append_messages(&messages));
    let places: Vec<_> = sent.iter().map(|message| message.seq.get()).collect();
    assert_eq!(places, [1, 2, 3]);
    assert_eq!(sent[1].content.file(), Some(&file));
    assert!(db.in_use(&file));
    for message in sent {
        let id = message.id;
        assert_eq!(db.read(move |tx| tx.message(id)), Some(message));
    }
}

/// A message: by whom, to which group or other user, what it says.
#[derive(Clone, Debug)]
struct Said {
    sender: usize,
    to: To,
    text: String,
}

#[derive(Clone, Copy, Debug)]
enum To {
    Group(usize),
    User(usize),
}

fn said() -> impl Strategy<Value = Said> {
    let to = prop_oneof![
        3 => (0..2usize).prop_map(To::Group),
        2 => (1..USERS).prop_map(To::User),
    ];
    // What arrays are written with, among others.
    let text = "[a-c\"'{},\\\\\n é👩]{0,6}x";
    (0..USERS, to, text).prop_map(|(sender, to, text)| Said { sender, to, text })
}

/// Users in two groups, and in conversations with each other.
struct World<'d> {
    db: &'d Db,
    users: Vec<UserId>,
    groups: Vec<Group>,
}

impl<'d> World<'d> {
    fn new(db: &'d Db, tag: &str) -> Self {
        let user = |number| db.user(&format!("u{number}{tag}")).id;
        let users: Vec<_> = (0..USERS).map(user).collect();
        let groups = ["red", "blue"].map(|name| db.group(&format!("{name}{tag}"), &users));
        Self {
            db,
            users,
            groups: groups.to_vec(),
        }
    }

    fn message(&self, number: usize, said: &Said) -> NewMessage {
        let sender = self.users[said.sender];
        let message = match said.to {
            To::Group(group) => to_group(&self.groups[group], sender, &said.text),
            To::User(step) => {
                let receiver = self.users[(said.sender + step) % USERS];
                let conversation = self.db.direct(sender, receiver).id;
                words(conversation, sender, Recipient::User(receiver), &said.text)
            }
        };
        NewMessage {
            at: at(100 + i64::try_from(number).unwrap()),
            ..message
        }
    }

    /// The same as any world has it.
    fn user(&self, id: UserId) -> usize {
        self.users.iter().position(|user| *user == id).unwrap()
    }

    fn told(&self, message: &Message) -> Told {
        let to = match message.recipient {
            Recipient::Group(id) => {
                let mut groups = self.groups.iter();
                (0, groups.position(|group| group.id == id).unwrap())
            }
            Recipient::User(user) => (1, self.user(user)),
        };
        Told {
            seq: message.seq.get(),
            sender: self.user(message.sender_id),
            to,
            content: message.content.text().unwrap().to_owned(),
            at: message.created_at.as_micros(),
        }
    }

    /// Where everybody stands in everything said.
    fn standings(&self, all: &[Message]) -> Vec<(i64, Vec<Option<i64>>)> {
        let standing = |message: &Message| {
            let id = message.conversation_id;
            let last = self
                .db
                .read(move |tx| tx.conversation(id))
                .unwrap()
                .last_seq;
            let cleared = |user: &UserId| Some(self.db.participant(id, *user)?.cleared);
            (last.get(), self.users.iter().map(cleared).collect())
        };
        all.iter().map(standing).collect()
    }
}

#[derive(Debug, PartialEq)]
struct Told {
    seq: i64,
    sender: usize,
    to: (i32, usize),
    content: String,
    at: i64,
}

fn created(message: &Message) -> NewEvent {
    NewEvent {
        user_id: Some(message.sender_id),
        at: message.created_at,
        ..event(message.conversation_id, Some(message.id))
    }
}

/// Says it all, batch by batch in one world and one by one in the other, and compares what is there then.
fn compare(db: &Db, number: usize, batches: &[Vec<Said>]) -> Result<(), TestCaseError> {
    let many = World::new(db, &format!("m{number}"));
    let single = World::new(db, &format!("s{number}"));
    let before = db.read(|tx| tx.log_state()).position;
    let (mut of_many, mut of_single) = (Vec::new(), Vec::new());
    for batch in batches {
        let new = |world: &World<'_>| -> Vec<NewMessage> {
            let messages = batch.iter().enumerate();
            messages.map(|(at, said)| world.message(at, said)).collect()
        };
        let messages = new(&many);
        of_many.extend(db.write(move |tx| {
            let sent = tx.append_messages(&messages)?;
            let events: Vec<_> = sent.iter().map(created).collect();
            tx.append_events(&events)?;
            Ok(sent)
        }));
        for message in new(&single) {
            of_single.push(db.write(move |tx| {
                let sent = tx.append_message(&message)?;
                tx.append_event(&created(&sent))?;
                Ok(sent)
            }));
        }
    }
    let told = |world: &World<'_>, sent: &[Message]| -> Vec<Told> {
        sent.iter().map(|message| world.told(message)).collect()
    };
    prop_assert_eq!(told(&many, &of_many), told(&single, &of_single));
    prop_assert_eq!(many.standings(&of_many), single.standings(&of_single));
    let log = db.read(move |tx| tx.events(before, 1_000));
    for world in [&of_many, &of_single] {
        for message in world {
            let id = message.id;
            prop_assert_eq!(db.read(move |tx| tx.message(id)), Some(message.clone()));
            prop_assert!(matches!(message.content, Content::Text(_)));
            // Of its conversation: the log, and the order of ids, as they were sent.
            let there = |other: &&Message| other.conversation_id == message.conversation_id;
            let sent: Vec<_> = world.iter().filter(there).collect();
            prop_assert!(sent.is_sorted_by(|a, b| a.id < b.id && a.seq < b.seq));
            let events: Vec<_> = sent.iter().map(|message| created(message)).collect();
            let here = Some(message.conversation_id);
            let logged: Vec<_> = log
                .iter()
                .map(|logged| logged.event)
                .filter(|event| event.conversation_id == here)
                .collect();
            prop_assert_eq!(logged, events);
        }
    }
    Ok(())
}

#[test]
fn many_messages_at_once_are_what_they_are_one_by_one() {
    let db = fresh!();
    let mut config = Config {
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = STORIES;
    }
    let number = std::cell::Cell::new(0);
    let stories = prop::collection::vec(prop::collection::vec(said(), 1..12), 1..5);
    let tried = TestRunner::new(config).run(&stories, |batches| {
        number.set(number.get() + 1);
        compare(&db, number.get(), &batches)
    });
    match tried {
        Ok(()) => {}
        Err(TestError::Fail(why, story)) => panic!("{why}\nin {story:#?}"),
        Err(TestError::Abort(why)) => panic!("given up: {why}"),
    }
}
