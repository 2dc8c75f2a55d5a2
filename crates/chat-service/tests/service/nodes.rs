//! Many at once on several nodes over one PostgreSQL: whatever they do to each other, every counter, every
//! place and the whole log are as they must be.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

use chat_domain::ports::{StoreError, SystemClock};
use chat_domain::{
    Actor, EmailAddress, FileId, FileUrl, GroupId, GroupName, IdempotencyKey, MediaType, MessageId,
    Recipient, Role, UserId, Username,
};
use chat_service::{
    Answer, ChatService, CreateExternalFile, CreateGroup, CreateUser, DeleteFile, DeleteGroup,
    DeleteMessage, DeleteUser, Field, MarkSeen, PutMember, RemoveMember, SendMessage, ServiceError,
    UpdateUser,
};
use chat_store::postgres::{migrate, recount};
use chat_store::{PostgresOptions, PostgresStore};
use chat_testing::{Postgres, Template, TestDatabase};

use crate::support::text;

static MIGRATED: Template = Template::new("nodes", |url| {
    migrate(&PostgresOptions::new(url)).expect("it is migrated");
});

const USERS: i64 = 6;
const GROUPS: i64 = 3;

/// Several services, each over a store of its own.
struct Nodes {
    services: Vec<ChatService>,
    database: TestDatabase,
}

impl Nodes {
    fn start() -> Option<Self> {
        let database = Postgres::shared()?.database(&MIGRATED);
        let node = |_| {
            let options = PostgresOptions::new(database.url()).pool_size(6);
            let store = PostgresStore::open(&options).expect("a node");
            ChatService::new(Arc::new(store), Arc::new(SystemClock)).sending_together()
        };
        Some(Self {
            services: (0..3).map(node).collect(),
            database,
        })
    }

    /// Users 1 to 6; groups 1 to 3, in which the first ones are.
    async fn populate(&self) {
        let one = &self.services[0];
        for number in 1..=USERS {
            let username = Username::parse(format!("user{number}")).expect("a name");
            let email = EmailAddress::parse(format!("u{number}@example.org")).expect("an address");
            let user = CreateUser {
                username,
                email,
                display_name: None,
                external_id: None,
            };
            one.create_user(Actor::System, user).await.expect("a user");
        }
        for number in 1..=GROUPS {
            let name = GroupName::parse(format!("group{number}")).expect("a name");
            let group = CreateGroup { name, owner: None };
            let made = one.create_group(Actor::User(user(number)), group).await;
            made.expect("a group");
        }
    }

    /// What a recount says, when all nodes have ended.
    fn end(self) {
        let Self { services, database } = self;
        drop(services);
        let options = PostgresOptions::new(database.url());
        let counted = recount(&options, &mut |_, _| {}).expect("it is counted");
        assert!(counted.agrees(), "{:#?}", counted.differences);
        assert!(counted.messages >= 50, "only {} messages", counted.messages);
    }
}

fn user(number: i64) -> UserId {
    UserId::parse(number).expect("an id")
}

/// Numbers that look like chance.
struct Dice(u64);

impl Dice {
    /// One from 1 to `sides`.
    fn roll(&mut self, sides: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let sides = u64::try_from(sides).expect("sides");
        i64::try_from((self.0 >> 11) % sides).expect("a side") + 1
    }
}

/// One call with everything in it by chance. What is refused is refused; that the store fails is not
/// expected.
async fn act(service: &ChatService, dice: &mut Dice, latest: &AtomicI64) {
    let by = user(dice.roll(USERS));
    let other = user(dice.roll(USERS));
    let group = GroupId::parse(dice.roll(GROUPS)).expect("an id");
    let recent = |dice: &mut Dice| {
        let latest = latest.load(Ordering::Relaxed);
        MessageId::parse((latest - dice.roll(12) + 1).max(1)).expect("an id")
    };
    let actor = Actor::User(by);
    let done: Result<(), ServiceError> = match dice.roll(20) {
        1..=6 => say(service, actor, by, Recipient::Group(group), latest).await,
        7..=8 => say(service, actor, by, Recipient::User(other), latest).await,
        9..=11 => {
            let message = recent(dice);
            let up_to = dice.roll(2) == 1;
            let mark = MarkSeen {
                message,
                reader: by,
                up_to,
            };
            service.mark_seen(actor, mark).await.map(drop)
        }
        12..=13 => {
            let message = recent(dice);
            let delete = DeleteMessage { message };
            service.delete_message(actor, delete).await
        }
        14..=16 => {
            let role = match dice.roll(4) {
                1 => Some(Role::Admin),
                2 => Some(Role::Owner),
                _ => None,
            };
            let put = PutMember {
                group,
                user: other,
                role,
            };
            let by = if dice.roll(2) == 1 {
                actor
            } else {
                Actor::System
            };
            service.put_member(by, put).await.map(drop)
        }
        17..=18 => {
            let remove = RemoveMember { group, user: other };
            service.remove_member(actor, remove).await
        }
        19 if dice.roll(6) == 1 => {
            let delete = DeleteGroup { group };
            service.delete_group(Actor::System, delete).await
        }
        _ => {
            let url = FileUrl::parse("https://example.org/a.png").expect("a URL");
            let file = CreateExternalFile {
                url,
                name: None,
                size: None,
                media_type: None,
            };
            service.create_external_file(actor, file).await.map(drop)
        }
    };
    if let Err(ServiceError::Store(error)) = done {
        panic!("{error}");
    }
}

async fn say(
    service: &ChatService,
    actor: Actor,
    sender: UserId,
    to: Recipient,
    latest: &AtomicI64,
) -> Result<(), ServiceError> {
    let message = service.send(actor, text(sender, to)).await?;
    latest.fetch_max(message.id.get(), Ordering::Relaxed);
    Ok(())
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
        .block_on(work)
}

#[test]
fn whatever_many_do_at_once_every_counter_is_exact() {
    let Some(nodes) = Nodes::start() else { return };
    block_on(nodes.populate());
    let latest = AtomicI64::new(1);
    thread::scope(|scope| {
        for number in 0..9_usize {
            let (service, latest) = (&nodes.services[number % 3], &latest);
            scope.spawn(move || {
                let mut dice = Dice(0x9E37_79B9 * (number as u64 + 1));
                for _ in 0..120 {
                    block_on(act(service, &mut dice, latest));
                }
            });
        }
    });
    nodes.end();
}

/// Users who are made members, and set and lose avatars, while they are deleted.
#[test]
fn whoever_is_deleted_meanwhile_is_in_no_group_and_shown_by_nothing() {
    let Some(nodes) = Nodes::start() else { return };
    block_on(nodes.populate());
    thread::scope(|scope| {
        for number in 0..9_usize {
            let service = &nodes.services[number % 3];
            scope.spawn(move || {
                let mut dice = Dice(0x51_7CC1_B727 * (number as u64 + 1));
                for round in 0..40 {
                    let name = format!("{number}-{round}");
                    block_on(come_and_go(service, &mut dice, &name));
                }
            });
        }
    });
    // Nobody has waited for another for ever, and each is gone or has a way back.
    let one = &nodes.services[0];
    for number in 1..=50 {
        block_on(say(
            one,
            Actor::User(user(1)),
            user(1),
            Recipient::Group(group_one()),
            &AtomicI64::new(number),
        ))
        .expect("user 1 lives");
    }
    nodes.end();
}

/// A new user; somebody, perhaps a new one too, is made a member, is shown by a file, loses that, is deleted.
async fn come_and_go(service: &ChatService, dice: &mut Dice, name: &str) {
    let create = CreateUser {
        username: Username::parse(name).expect("a name"),
        email: EmailAddress::parse(format!("{name}@example.org")).expect("an address"),
        display_name: None,
        external_id: None,
    };
    let made = service.create_user(Actor::System, create).await;
    let latest = made.expect("a user").id.get();
    for _ in 0..6 {
        let somebody = user((latest - dice.roll(12) + 1).max(USERS + 1));
        let group = GroupId::parse(dice.roll(GROUPS)).expect("an id");
        let done = match dice.roll(6) {
            1..=2 => {
                let put = PutMember {
                    group,
                    user: somebody,
                    role: None,
                };
                service.put_member(Actor::System, put).await.map(drop)
            }
            3 => {
                let group = CreateGroup {
                    name: GroupName::parse(format!("{name}-{}", dice.roll(9))).expect("a name"),
                    owner: None,
                };
                let actor = Actor::User(somebody);
                service.create_group(actor, group).await.map(drop)
            }
            4 => be_shown(service, somebody).await,
            5 => {
                let file = FileId::parse(dice.roll(60)).expect("an id");
                service
                    .delete_file(Actor::System, DeleteFile { file })
                    .await
            }
            _ => {
                let actor = match dice.roll(2) {
                    1 => Actor::System,
                    _ => Actor::User(somebody),
                };
                let delete = DeleteUser { user: somebody };
                service.delete_user(actor, delete).await
            }
        };
        match done {
            // On a slow machine one that was run again for long is given up at last: nothing was done.
            Err(ServiceError::Store(StoreError::Unavailable(_))) => {}
            Err(ServiceError::Store(error)) => panic!("{error}"),
            _ => {}
        }
    }
}

/// The user is shown by a new file, or by an earlier one.
async fn be_shown(service: &ChatService, user: UserId) -> Result<(), ServiceError> {
    let file = CreateExternalFile {
        url: FileUrl::parse("https://example.org/a.png").expect("a URL"),
        name: None,
        size: None,
        media_type: MediaType::parse("image/png").ok(),
    };
    let file = service.create_external_file(Actor::System, file).await?.id;
    let earlier = FileId::parse((file.get() - 3).max(1)).expect("an id");
    for file in [file, earlier] {
        let mut update = UpdateUser::of(user);
        update.avatar = Field::Set(file);
        service.update_user(Actor::System, update).await?;
    }
    Ok(())
}

#[test]
fn twins_on_several_nodes_make_one_message() {
    let Some(nodes) = Nodes::start() else { return };
    block_on(nodes.populate());
    for round in 0..20 {
        let key = IdempotencyKey::parse(format!("round-{round}")).expect("a key");
        let answers: Vec<_> = thread::scope(|scope| {
            let twins: Vec<_> = (nodes.services.iter().cycle().take(6))
                .map(|service| {
                    let key = key.clone();
                    let send: SendMessage = text(user(1), Recipient::Group(group_one()));
                    scope.spawn(move || {
                        let encode = |message: &chat_domain::Message| {
                            Ok(message.id.to_string().into_bytes())
                        };
                        block_on(service.run_once(Actor::User(user(1)), key, send, encode))
                            .expect("an answer")
                    })
                })
                .collect();
            let told = twins.into_iter().map(|twin| twin.join().expect("it ends"));
            told.collect()
        });
        let fresh: Vec<_> = answers
            .iter()
            .filter_map(|answer| match answer {
                Answer::Fresh(message) => Some(message.id.to_string().into_bytes()),
                Answer::Replayed(_) => None,
            })
            .collect();
        assert_eq!(fresh.len(), 1, "round {round}");
        for answer in &answers {
            if let Answer::Replayed(bytes) = answer {
                assert_eq!(bytes, &fresh[0]);
            }
        }
    }
    let page =
        nodes.services[1].message(Actor::User(user(1)), MessageId::parse(20).expect("an id"));
    assert_eq!(block_on(page).expect("the last").seq.get(), 20);
}

fn group_one() -> GroupId {
    GroupId::parse(1).expect("an id")
}

/// A conversation that another transaction holds: who sends there waits for it, and nobody else does.
#[test]
fn a_conversation_that_another_holds_holds_up_no_other() {
    use diesel::connection::SimpleConnection;

    let Some(nodes) = Nodes::start() else { return };
    block_on(nodes.populate());
    let mut stranger = nodes.database.connect();
    let service = &nodes.services[0];
    let send = |group: i64| {
        let to = Recipient::Group(GroupId::parse(group).expect("an id"));
        service.send(Actor::User(user(group)), text(user(group), to))
    };
    let hold = "BEGIN; SELECT 1 FROM conversations WHERE group_id = 1 FOR UPDATE";
    stranger.batch_execute(hold).expect("it is held");
    thread::scope(|scope| {
        // More of them than transactions of sends are under way at a time.
        let held: Vec<_> = (0..4).map(|_| scope.spawn(|| block_on(send(1)))).collect();
        let begun = std::time::Instant::now();
        while begun.elapsed() < std::time::Duration::from_secs(1) {
            block_on(send(2)).expect("nobody holds it");
            block_on(send(3)).expect("nobody holds it");
        }
        assert!(held.iter().all(|sending| !sending.is_finished()));
        stranger.batch_execute("ROLLBACK").expect("it lets go");
        for sending in held {
            sending.join().expect("it ends").expect("it is sent then");
        }
    });
}
