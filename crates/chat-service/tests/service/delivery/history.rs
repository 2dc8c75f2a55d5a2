//! Random histories with readers that drop and resume at random: each is given exactly what the log says it
//! may see, in order and once.

use std::collections::{HashMap, HashSet};

use chat_domain::{
    Actor, ConversationId, ConversationKind, Cursor, EventKind, GroupId, LoggedEvent, MessageId,
    Recipient, UserId,
};
use chat_service::{
    DeleteGroup, DeleteMessage, MarkSeen, Notice, Reader, RemoveMember, UpdateUser,
};

use super::{open, rest, soon};
use crate::support::{Fixture, text};

/// Numbers that look random, and are the same for the same seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let n = u64::try_from(n.max(1)).unwrap_or(1);
        usize::try_from((z ^ (z >> 31)) % n).unwrap_or(0)
    }

    fn one_of<T: Copy>(&mut self, things: &[T]) -> Option<T> {
        let at = self.below(things.len());
        things.get(at).copied()
    }
}

/// Somebody who reads, and what it was given.
struct Reading {
    actor: Actor,
    cursor: Cursor,
    reader: Option<Reader>,
    given: Vec<i64>,
}

impl Reading {
    /// Drops the reader, opens one, reads some of what there is, or a page.
    async fn step(&mut self, fixture: &Fixture, dice: &mut Dice) {
        if dice.below(4) == 0 {
            self.reader = None;
        }
        if self.reader.is_none() {
            self.reader = Some(open(fixture, self.actor, Some(self.cursor)).await);
        }
        let Some(reader) = &mut self.reader else {
            return;
        };
        let most = 1 + dice.below(5);
        if dice.below(3) == 0 {
            let page = soon(reader.page(most)).await.expect("a page");
            let positions = page.events.iter().map(|event| event.cursor.position);
            self.given.extend(positions);
        } else {
            let short = std::time::Duration::from_millis(2);
            // Given up in the middle of whatever it was doing.
            if let Ok(notices) = tokio::time::timeout(short, reader.next(most)).await {
                let notices = notices.expect("it goes on");
                let events = notices.iter().filter_map(|notice| match notice {
                    Notice::Event(event) => Some(event.cursor.position),
                    _ => None,
                });
                self.given.extend(events);
            }
        }
        self.cursor = reader.cursor();
    }
}

struct World {
    fixture: Fixture,
    users: Vec<UserId>,
    groups: Vec<GroupId>,
    messages: Vec<MessageId>,
}

impl World {
    /// Something happens, or is refused.
    async fn deed(&mut self, dice: &mut Dice) {
        let service = &self.fixture.service;
        let (Some(user), Some(other)) = (dice.one_of(&self.users), dice.one_of(&self.users)) else {
            return;
        };
        let actor = Actor::User(user);
        match dice.below(12) {
            0..=3 => {
                let to = match dice.one_of(&self.groups) {
                    Some(group) if dice.below(3) > 0 => Recipient::Group(group),
                    _ => Recipient::User(other),
                };
                if let Ok(message) = service.send(actor, text(user, to)).await {
                    self.messages.push(message.id);
                }
            }
            4 => {
                if let Some(message) = dice.one_of(&self.messages) {
                    drop(
                        service
                            .delete_message(actor, DeleteMessage { message })
                            .await,
                    );
                }
            }
            5 => {
                if let Some(message) = dice.one_of(&self.messages) {
                    let up_to = dice.below(2) == 0;
                    let mark = MarkSeen {
                        message,
                        reader: user,
                        up_to,
                    };
                    drop(service.mark_seen(actor, mark).await);
                }
            }
            6 if self.groups.len() < 6 => {
                let name = format!("group {}", self.fixture.log_state().position);
                let group = self.fixture.group(&name, user, &[]).await;
                self.groups.push(group);
            }
            6..=8 => {
                if let Some(group) = dice.one_of(&self.groups) {
                    drop(self.fixture.put(user, group, other, None).await);
                }
            }
            9 => {
                if let Some(group) = dice.one_of(&self.groups) {
                    let remove = RemoveMember { group, user: other };
                    drop(service.remove_member(actor, remove).await);
                }
            }
            10 => {
                let name = format!("user {}", self.fixture.log_state().position);
                let name = chat_domain::DisplayName::parse(name).expect("a name");
                let update = UpdateUser {
                    display_name: chat_service::Field::Set(name),
                    ..UpdateUser::of(user)
                };
                drop(service.update_user(actor, update).await);
            }
            _ => {
                if let (0, Some(group)) = (dice.below(5), dice.one_of(&self.groups)) {
                    drop(service.delete_group(actor, DeleteGroup { group }).await);
                }
            }
        }
    }
}

/// What each user is to be given, by the log alone; and what it may be given besides.
struct Truth {
    due: HashMap<UserId, Vec<i64>>,
    allowed: HashMap<UserId, HashSet<i64>>,
    all: Vec<i64>,
}

impl Truth {
    fn of(
        log: &[LoggedEvent],
        kinds: &HashMap<ConversationId, ConversationKind>,
        users: &[UserId],
    ) -> Self {
        let mut members: HashMap<ConversationId, HashSet<UserId>> = HashMap::new();
        let mut truth = Self {
            due: users.iter().map(|user| (*user, Vec::new())).collect(),
            allowed: users.iter().map(|user| (*user, HashSet::new())).collect(),
            all: Vec::new(),
        };
        let mut met: HashSet<(UserId, UserId)> = HashSet::new();
        let ever = kinds.values().filter_map(|kind| match kind {
            ConversationKind::Direct(pair) => Some((pair.low(), pair.high())),
            ConversationKind::Group(_) => None,
        });
        let ever: HashSet<_> = ever.collect();
        for LoggedEvent { position, event } in log {
            truth.all.push(*position);
            let Some(id) = event.conversation_id else {
                let about = event.user_id.expect("a user");
                for user in users {
                    let pair = (about.min(*user), about.max(*user));
                    let together =
                        |group: &HashSet<UserId>| group.contains(&about) && group.contains(user);
                    let shares = about == *user || members.values().any(together);
                    if shares || met.contains(&pair) {
                        truth.due.get_mut(user).expect("known").push(*position);
                    } else if ever.contains(&pair) {
                        // They have met since.
                        truth
                            .allowed
                            .get_mut(user)
                            .expect("known")
                            .insert(*position);
                    }
                }
                continue;
            };
            let sees: HashSet<UserId> = match kinds[&id] {
                ConversationKind::Direct(pair) => {
                    met.insert((pair.low(), pair.high()));
                    [pair.low(), pair.high()].into()
                }
                ConversationKind::Group(_) => {
                    let members = members.entry(id).or_default();
                    if let (EventKind::GroupCreated | EventKind::MemberAdded, Some(user)) =
                        (event.kind, event.user_id)
                    {
                        members.insert(user);
                    }
                    let sees = members.clone();
                    match (event.kind, event.user_id) {
                        (EventKind::MemberRemoved, Some(user)) => {
                            members.remove(&user);
                        }
                        (EventKind::GroupDeleted, _) => members.clear(),
                        _ => {}
                    }
                    sees
                }
            };
            for user in sees {
                truth.due.get_mut(&user).expect("known").push(*position);
            }
        }
        truth
    }
}

async fn history(seed: u64, steps: usize) {
    let fixture = Fixture::new();
    let users = fixture.users(["ada", "bob", "eve", "dan", "fay"]).await;
    let log = fixture.log_state().id;
    let start = Cursor { log, position: 0 };
    let actors = users.iter().flat_map(|user| [Actor::User(*user); 2]);
    let mut readings: Vec<_> = actors
        .chain([Actor::System])
        .map(|actor| Reading {
            actor,
            cursor: start,
            reader: None,
            given: Vec::new(),
        })
        .collect();
    let mut world = World {
        fixture,
        users: users.to_vec(),
        groups: Vec::new(),
        messages: Vec::new(),
    };
    let mut dice = Dice(seed);
    for _ in 0..steps {
        for _ in 0..dice.below(4) {
            world.deed(&mut dice).await;
        }
        let turn = dice.below(readings.len());
        readings[turn].step(&world.fixture, &mut dice).await;
    }
    let log = world.fixture.log();
    let mut ids: Vec<_> = log
        .iter()
        .filter_map(|row| row.event.conversation_id)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let kinds = world.fixture.look(move |tx| tx.kinds_of(&ids));
    let truth = Truth::of(&log, &kinds.into_iter().collect(), &users);
    for reading in &mut readings {
        reading.reader = None;
        let mut last = open(&world.fixture, reading.actor, Some(reading.cursor)).await;
        let left = rest(&mut last).await;
        let left = left.iter().map(|event| event.cursor.position);
        reading.given.extend(left);
        let (mut given, due) = match reading.actor {
            Actor::System => (reading.given.clone(), &truth.all),
            Actor::User(user) => {
                let allowed = &truth.allowed[&user];
                let given = reading.given.iter().filter(|at| !allowed.contains(at));
                (given.copied().collect(), &truth.due[&user])
            }
        };
        given.dedup();
        let whole = reading.given.len();
        reading.given.dedup();
        assert_eq!(whole, reading.given.len(), "twice: seed {seed}");
        assert_eq!(&given, due, "{:?}, seed {seed}", reading.actor);
    }
}

#[tokio::test]
async fn every_reader_is_given_what_the_log_says_and_nothing_else() {
    for seed in 0..12 {
        history(seed, 120).await;
    }
}

#[tokio::test]
async fn a_long_gap_is_read_by_conversations() {
    // Longer than what is looked at whole.
    history(1_000, 900).await;
}
