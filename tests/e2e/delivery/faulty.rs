//! A store that tells the log wrongly, as a build with a fault in its delivery would: what the checker must
//! find out.

use std::sync::Arc;

use chat_domain::ports::{
    BlobsRead, ConversationsRead, Cost, EventsRead, FilesRead, GroupsRead, LogWatcher, MembersRead,
    MessagesRead, ReadJob, ReadTx, ReceiptsRead, Refused, Store, StoreResult, UploadsRead,
    UsersRead, WriteJob,
};
use chat_domain::{
    Blob, BlobId, Conversation, ConversationId, ConversationKind, DirectPair, ExternalId, File,
    FileId, FoundMessage, FoundUser, Group, GroupId, LogState, LoggedEvent, Member, Message,
    MessageId, Overview, Page, PageLimit, Participant, Receipt, Role, StageMark, Stay, Timeline,
    Timestamp, Unseen, Upload, UploadId, User, UserId,
};
use chat_server::Seams;

/// What it does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// One entry in some is not handed on.
    Skips,
    /// Whoever goes on is given once more what it had last.
    Repeats,
    /// Who is removed is taken to have stayed.
    KeepsShowing,
}

/// A composition over such a store.
pub(super) fn seams(fault: Fault) -> Seams {
    Seams::default().over_store(move |store| Arc::new(Faulty { store, fault }))
}

struct Faulty {
    store: Arc<dyn Store>,
    fault: Fault,
}

impl Store for Faulty {
    fn submit(&self, job: Box<dyn WriteJob>) -> Result<(), Refused<dyn WriteJob>> {
        self.store.submit(job)
    }

    fn submit_read(&self, cost: Cost, job: Box<dyn ReadJob>) -> Result<(), Refused<dyn ReadJob>> {
        let fault = self.fault;
        let job = Box::new(Job { job, fault });
        let asked = self.store.submit_read(cost, job);
        assert!(asked.is_ok(), "the store takes what it is asked here");
        Ok(())
    }

    fn watch_log(&self, watcher: LogWatcher) {
        self.store.watch_log(watcher);
    }
}

struct Job {
    job: Box<dyn ReadJob>,
    fault: Fault,
}

impl ReadJob for Job {
    fn run(&mut self, tx: &mut dyn ReadTx) {
        let fault = self.fault;
        self.job.run(&mut Wrong { tx, fault });
    }

    fn finish(self: Box<Self>, outcome: StoreResult<()>) {
        self.job.finish(outcome);
    }
}

struct Wrong<'t> {
    tx: &'t mut dyn ReadTx,
    fault: Fault,
}

impl EventsRead for Wrong<'_> {
    fn log_state(&mut self) -> StoreResult<LogState> {
        self.tx.log_state()
    }

    fn events(&mut self, after: i64, take: i64) -> StoreResult<Vec<LoggedEvent>> {
        match self.fault {
            Fault::Repeats => self.tx.events((after - 1).max(0), take),
            _ => self.tx.events(after, take),
        }
    }

    fn events_by_now(
        &mut self,
        after: i64,
        take: i64,
    ) -> StoreResult<(LogState, Vec<LoggedEvent>)> {
        let (log, mut entries) = self.tx.events_by_now(after, take)?;
        if self.fault == Fault::Skips {
            entries.retain(|entry| entry.position % 23 != 7);
        }
        Ok((log, entries))
    }

    fn events_of(
        &mut self,
        conversations: &[ConversationId],
        after: i64,
        through: i64,
        take: i64,
    ) -> StoreResult<Vec<LoggedEvent>> {
        self.tx.events_of(conversations, after, through, take)
    }

    fn stays(&mut self, user: UserId, through: i64) -> StoreResult<Vec<Stay>> {
        let mut stays = self.tx.stays(user, through)?;
        if self.fault == Fault::KeepsShowing {
            for stay in &mut stays {
                stay.to = None;
            }
        }
        Ok(stays)
    }
}

/// Everything else is as it is.
macro_rules! as_it_is {
    ($($port:ident { $($name:ident($($arg:ident: $kind:ty),*) -> $what:ty;)+ })+) => {$(
        impl $port for Wrong<'_> {
            $(fn $name(&mut self $(, $arg: $kind)*) -> StoreResult<$what> {
                self.tx.$name($($arg),*)
            })+
        }
    )+};
}

as_it_is! {
    UsersRead {
        user(id: UserId) -> Option<User>;
        any_user(id: UserId) -> Option<FoundUser<User>>;
        user_exists(id: UserId) -> bool;
        user_of(external: &ExternalId) -> Option<UserId>;
        users(after: Option<UserId>, limit: PageLimit) -> Page<User>;
        memberships(user: UserId) -> Vec<(ConversationId, GroupId)>;
        is_avatar(file: FileId) -> bool;
        users_shown_by(file: FileId) -> Vec<UserId>;
    }
    GroupsRead {
        group(id: GroupId) -> Option<Group>;
        any_group_of(conversation: ConversationId) -> Option<Group>;
        groups(after: Option<GroupId>, limit: PageLimit) -> Page<Group>;
        groups_of(user: UserId, after: Option<GroupId>, limit: PageLimit) -> Page<Group>;
    }
    MembersRead {
        role(group: GroupId, user: UserId) -> Option<Role>;
        member(group: GroupId, user: UserId) -> Option<Member>;
        owner(group: GroupId) -> Option<UserId>;
        members(group: GroupId, after: Option<UserId>, limit: PageLimit) -> Page<Member>;
    }
    ConversationsRead {
        conversation(id: ConversationId) -> Option<Conversation>;
        direct_conversation(pair: DirectPair) -> Option<Conversation>;
        kinds_of(ids: &[ConversationId]) -> Vec<(ConversationId, ConversationKind)>;
        directs(user: UserId) -> Vec<(ConversationId, UserId)>;
        overviews(user: UserId, after: Option<ConversationId>, limit: PageLimit) -> Page<Overview>;
        participant(conversation: ConversationId, user: UserId) -> Option<Participant>;
    }
    MessagesRead {
        message(id: MessageId) -> Option<Message>;
        found_messages(ids: &[MessageId]) -> Vec<FoundMessage>;
        timeline_contains(timeline: Timeline, id: MessageId) -> bool;
        messages_older(timeline: Timeline, below: Option<MessageId>, skip: i64, take: i64) -> Vec<Message>;
        messages_newer(timeline: Timeline, above: Option<MessageId>, take: i64) -> Vec<Message>;
    }
    ReceiptsRead {
        seen_at(message: &Message, user: UserId) -> Option<Timestamp>;
        receipts(message: &Message, after: Option<UserId>, limit: PageLimit) -> Page<Receipt>;
        unseen(user: UserId) -> Unseen;
    }
    FilesRead {
        file(id: FileId) -> Option<File>;
        file_sent_to(id: FileId, user: UserId) -> bool;
        file_in_use(id: FileId) -> bool;
        unused_files(before: Timestamp, limit: i64) -> Vec<FileId>;
    }
    BlobsRead {
        blob(id: BlobId) -> Option<Blob>;
        blobs_after(after: Option<BlobId>, limit: i64) -> Vec<(Blob, bool)>;
        bytes_of_blobs() -> i64;
        unused_blobs(before: Timestamp, limit: i64) -> Vec<BlobId>;
        doomed_blobs(after: Option<BlobId>, limit: i64) -> Vec<Blob>;
    }
    UploadsRead {
        upload(id: UploadId) -> Option<Upload>;
        expired_uploads(before: Timestamp, limit: i64) -> Vec<UploadId>;
        uploads_of(uploader: UserId) -> Vec<UploadId>;
        staged_uploads() -> Vec<StageMark>;
    }
}
