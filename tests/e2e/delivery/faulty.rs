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
    /// One entry in some is not handed on to those who follow.
    Skips,
    /// The same to those who catch up.
    SkipsWhatWasMissed,
    /// The same to all: nobody ever hears of it.
    Loses,
    /// Whoever goes on is given once more what it had last.
    Repeats,
    /// Who is removed is taken to have stayed.
    KeepsShowing,
    /// What is told of a message are the words of the one before.
    Mixes,
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

impl Wrong<'_> {
    /// Some entries fewer, if that is its fault.
    fn without_some(&self, mut entries: Vec<LoggedEvent>, fault: Fault) -> Vec<LoggedEvent> {
        if self.fault == fault || self.fault == Fault::Loses {
            entries.retain(|entry| entry.position % 23 != 7);
        }
        entries
    }
}

impl EventsRead for Wrong<'_> {
    fn log_state(&mut self) -> StoreResult<LogState> {
        self.tx.log_state()
    }

    fn events(&mut self, after: i64, take: i64) -> StoreResult<Vec<LoggedEvent>> {
        let after = match self.fault {
            Fault::Repeats => (after - 1).max(0),
            _ => after,
        };
        let entries = self.tx.events(after, take)?;
        Ok(self.without_some(entries, Fault::SkipsWhatWasMissed))
    }

    fn events_by_now(
        &mut self,
        after: i64,
        take: i64,
    ) -> StoreResult<(LogState, Vec<LoggedEvent>)> {
        let (log, entries) = self.tx.events_by_now(after, take)?;
        Ok((log, self.without_some(entries, Fault::Skips)))
    }

    fn events_of(
        &mut self,
        conversations: &[ConversationId],
        after: i64,
        through: i64,
        take: i64,
    ) -> StoreResult<Vec<LoggedEvent>> {
        let entries = self.tx.events_of(conversations, after, through, take)?;
        Ok(self.without_some(entries, Fault::SkipsWhatWasMissed))
    }

    fn first_event_of(&mut self, conversation: ConversationId) -> StoreResult<Option<LoggedEvent>> {
        self.tx.first_event_of(conversation)
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

impl MessagesRead for Wrong<'_> {
    fn found_messages(&mut self, ids: &[MessageId]) -> StoreResult<Vec<FoundMessage>> {
        let mut found = self.tx.found_messages(ids)?;
        if self.fault == Fault::Mixes {
            for message in &mut found {
                let before = MessageId::parse(message.id().get() - 1);
                let before = before
                    .map(|id| self.tx.message(id))
                    .ok()
                    .transpose()?
                    .flatten();
                if let (FoundMessage::Living(message), Some(before)) = (message, before) {
                    message.content = before.content;
                }
            }
        }
        Ok(found)
    }

    fn message(&mut self, id: MessageId) -> StoreResult<Option<Message>> {
        self.tx.message(id)
    }

    fn timeline_contains(&mut self, timeline: Timeline, id: MessageId) -> StoreResult<bool> {
        self.tx.timeline_contains(timeline, id)
    }

    fn messages_older(
        &mut self,
        timeline: Timeline,
        below: Option<MessageId>,
        skip: i64,
        take: i64,
    ) -> StoreResult<Vec<Message>> {
        self.tx.messages_older(timeline, below, skip, take)
    }

    fn messages_newer(
        &mut self,
        timeline: Timeline,
        above: Option<MessageId>,
        take: i64,
    ) -> StoreResult<Vec<Message>> {
        self.tx.messages_newer(timeline, above, take)
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
