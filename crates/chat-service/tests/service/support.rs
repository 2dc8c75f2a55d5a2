//! A service over a store of its own, and a clock that stands until it is moved.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chat_domain::ports::{Clock, Cost, ReadJob, ReadTx, Store, StoreResult};
use chat_domain::{
    Actor, Content, EmailAddress, GroupId, GroupName, LogState, LoggedEvent, Message, MessageBody,
    Recipient, Role, Timestamp, UserId, Username,
};
use chat_files::DiskStore;
use chat_media::MediaTools;
use chat_service::{
    ChatService, CreateGroup, CreateUser, FileOptions, MarkSeen, PutMember, SendMessage,
    ServiceError,
};
use tempfile::TempDir;

use crate::store::{Database, TestStore};

/// A clock that stands.
#[derive(Default)]
pub(crate) struct StandingClock(AtomicI64);

impl StandingClock {
    pub(crate) fn set(&self, micros: i64) {
        self.0.store(micros, Ordering::SeqCst);
    }
}

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// The most bytes of a file.
pub(crate) const MAX_FILE: u64 = 1024 * 1024;

/// How long unused files stay.
pub(crate) const GRACE: Duration = Duration::from_secs(60);

/// A service and what is under it.
pub(crate) struct Fixture {
    pub(crate) service: ChatService,
    pub(crate) clock: Arc<StandingClock>,
    pub(crate) store: Arc<dyn Store>,
    under: TestStore,
    dir: TempDir,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let under = TestStore::open(dir.path());
        let store = under.port();
        let clock = Arc::new(StandingClock::default());
        let files = FileOptions {
            blobs: Arc::new(DiskStore::open(dir.path().join("files")).expect("a folder")),
            media: Arc::new(MediaTools::new()),
            max_size: MAX_FILE,
            grace: GRACE,
        };
        let service = ChatService::new(store.clone(), clock.clone()).keeping_files(files);
        // As the server has it.
        let service = match &under {
            TestStore::Sqlite(..) => service,
            TestStore::Postgres(..) => service.sending_together(),
        };
        Self {
            service,
            clock,
            store,
            under,
            dir,
        }
    }

    /// Changes the database behind the service's back, as no use case can yet.
    pub(crate) fn execute(&self, sql: &str) {
        self.database().execute(sql);
    }

    /// The database, for who changes it so.
    pub(crate) fn database(&self) -> Database {
        self.under.database()
    }

    /// Closes the store.
    pub(crate) fn close(&self) {
        self.under.close();
    }

    pub(crate) async fn user(&self, name: &str) -> UserId {
        let username = Username::parse(name).expect("a username");
        let email = EmailAddress::parse(format!("{name}@example.org")).expect("an address");
        let user = self
            .service
            .create_user(
                Actor::System,
                CreateUser {
                    username,
                    email,
                    display_name: None,
                    external_id: None,
                },
            )
            .await;
        user.expect("a user").id
    }

    pub(crate) async fn users<const N: usize>(&self, names: [&str; N]) -> [UserId; N] {
        let mut ids = Vec::new();
        for name in names {
            ids.push(self.user(name).await);
        }
        ids.try_into().expect("as many as names")
    }

    pub(crate) async fn group(&self, name: &str, owner: UserId, members: &[UserId]) -> GroupId {
        let name = GroupName::parse(name).expect("a name");
        let created = self
            .service
            .create_group(Actor::User(owner), CreateGroup { name, owner: None })
            .await;
        let group = created.expect("a group").group.id;
        for &member in members {
            self.put(owner, group, member, None)
                .await
                .expect("a member");
        }
        group
    }

    pub(crate) async fn put(
        &self,
        who: UserId,
        group: GroupId,
        user: UserId,
        role: Option<Role>,
    ) -> Result<(), ServiceError> {
        let command = PutMember { group, user, role };
        self.service
            .put_member(Actor::User(who), command)
            .await
            .map(drop)
    }

    pub(crate) async fn tell(&self, sender: UserId, recipient: Recipient) -> Message {
        let command = text(sender, recipient);
        self.service
            .send(Actor::User(sender), command)
            .await
            .expect("a message")
    }

    pub(crate) async fn see(&self, reader: UserId, message: &Message, up_to: bool) {
        let command = MarkSeen {
            message: message.id,
            reader,
            up_to,
        };
        self.service
            .mark_seen(Actor::User(reader), command)
            .await
            .expect("a receipt");
    }

    pub(crate) async fn total_unseen(&self, user: UserId) -> i64 {
        self.service
            .unseen(Actor::User(user), user)
            .await
            .expect("counts")
            .total()
    }

    /// The folder of the files.
    pub(crate) fn files(&self) -> PathBuf {
        self.dir.path().join("files")
    }

    /// The whole log.
    pub(crate) fn log(&self) -> Vec<LoggedEvent> {
        self.look(|tx| tx.events(0, 10_000))
    }

    /// The log's state.
    pub(crate) fn log_state(&self) -> LogState {
        self.look(|tx| tx.log_state())
    }

    /// What the store holds, past the service.
    pub(crate) fn look<T: Send + 'static>(
        &self,
        read: impl Fn(&mut dyn ReadTx) -> StoreResult<T> + Send + 'static,
    ) -> T {
        let (answer, found) = std::sync::mpsc::channel();
        let job = Box::new(Look(move |tx: &mut dyn ReadTx| {
            answer.send(read(tx)).is_ok()
        }));
        self.store
            .submit_read(Cost::Bounded, job)
            .map_err(|(error, _)| error)
            .expect("accepted");
        found
            .recv()
            .expect("the job ran")
            .expect("the read succeeds")
    }
}

struct Look<F>(F);

impl<F: FnMut(&mut dyn ReadTx) -> bool + Send> ReadJob for Look<F> {
    fn run(&mut self, tx: &mut dyn ReadTx) {
        (self.0)(tx);
    }

    fn finish(self: Box<Self>, outcome: StoreResult<()>) {
        outcome.expect("the read succeeds");
    }
}

/// A text to be sent.
pub(crate) fn text(sender: UserId, recipient: Recipient) -> SendMessage {
    let content = Content::Text(MessageBody::parse("hi").expect("a body"));
    SendMessage {
        sender,
        recipient,
        content,
    }
}
