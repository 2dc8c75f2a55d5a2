//! Stores for tests of the transport: one with three users and nothing else, one that refuses, one
//! that panics, one that hangs.

use std::sync::{Arc, Mutex};

use chat_domain::ports::{
    BlobsRead, ConversationsRead, Cost, EventsRead, FilesRead, GroupsRead, LogWatcher, MembersRead,
    MessagesRead, ReadJob, ReceiptsRead, Refused, Store, StoreError, StoreResult, SystemClock,
    UploadsRead, UsersRead, WriteJob,
};
use chat_domain::{
    Blob, BlobId, Content, Conversation, ConversationId, ConversationKind, DirectPair,
    EmailAddress, ExternalId, File, FileId, FoundMessage, FoundUser, Group, GroupId, LogId,
    LogState, LoggedEvent, Member, Message, MessageBody, MessageId, Overview, Page, PageLimit,
    Participant, Receipt, Recipient, Role, Seq, StageMark, Stay, Timeline, Timestamp, Unseen,
    Upload, UploadId, User, UserId, Username,
};
use chat_service::ChatService;

/// What the store does with jobs.
#[derive(Clone)]
pub(crate) enum FakeStore {
    /// Reads find users 1 to 3; writes are refused, for the queue is full.
    ThreeUsers,
    /// All are refused.
    Refuses(StoreError),
    /// Any job makes it panic.
    Panics,
    /// Writes are accepted and never come to an end.
    Hangs(Arc<Mutex<Vec<Box<dyn WriteJob>>>>),
}

impl FakeStore {
    pub(crate) fn service(self) -> ChatService {
        ChatService::new(Arc::new(self), Arc::new(SystemClock))
    }
}

impl Store for FakeStore {
    fn submit(&self, job: Box<dyn WriteJob>) -> Result<(), Refused<dyn WriteJob>> {
        match self {
            Self::ThreeUsers => Err((StoreError::Overloaded, job)),
            Self::Refuses(error) => Err((error.clone(), job)),
            Self::Panics => panic!("the fake store was touched"),
            Self::Hangs(jobs) => {
                jobs.lock().unwrap().push(job);
                Ok(())
            }
        }
    }

    fn submit_read(&self, _: Cost, mut job: Box<dyn ReadJob>) -> Result<(), Refused<dyn ReadJob>> {
        match self {
            Self::ThreeUsers | Self::Hangs(_) => {
                job.run(&mut Snapshot);
                job.finish(Ok(()));
                Ok(())
            }
            Self::Refuses(error) => Err((error.clone(), job)),
            Self::Panics => panic!("the fake store was touched"),
        }
    }

    fn watch_log(&self, _: LogWatcher) {}
}

/// A text in group 1.
pub(crate) fn message(id: i64) -> Message {
    Message {
        id: MessageId::parse(id).unwrap(),
        conversation_id: ConversationId::parse(3).unwrap(),
        seq: Seq::parse(4).unwrap(),
        sender_id: UserId::parse(1).unwrap(),
        recipient: Recipient::Group(GroupId::parse(1).unwrap()),
        content: Content::Text(MessageBody::parse("hi").unwrap()),
        created_at: at(),
        updated_at: at(),
    }
}

/// 2026-11-22T10:21:00.123456Z
pub(crate) fn at() -> Timestamp {
    Timestamp::from_micros(1_795_342_860_123_456)
}

/// Of the log of every store here.
pub(crate) fn log() -> LogId {
    LogId::parse("00112233445566778899aabbccddeeff").unwrap()
}

struct Snapshot;

fn user(id: i64) -> Option<User> {
    (1..=3).contains(&id).then(|| User {
        id: UserId::parse(id).unwrap(),
        username: Username::parse(format!("user{id}")).unwrap(),
        email: EmailAddress::parse(format!("user{id}@example.org")).unwrap(),
        display_name: None,
        avatar_file_id: None,
        external_id: None,
        created_at: at(),
        updated_at: at(),
    })
}

impl UsersRead for Snapshot {
    fn user(&mut self, id: UserId) -> StoreResult<Option<User>> {
        Ok(user(id.get()))
    }

    fn any_user(&mut self, id: UserId) -> StoreResult<Option<FoundUser<User>>> {
        Ok(user(id.get()).map(FoundUser::Living))
    }

    fn user_exists(&mut self, id: UserId) -> StoreResult<bool> {
        Ok(user(id.get()).is_some())
    }

    fn user_of(&mut self, _: &ExternalId) -> StoreResult<Option<UserId>> {
        Ok(None)
    }

    fn memberships(&mut self, _: UserId) -> StoreResult<Vec<(ConversationId, GroupId)>> {
        Ok(Vec::new())
    }

    fn is_avatar(&mut self, _: FileId) -> StoreResult<bool> {
        Ok(false)
    }

    fn users_shown_by(&mut self, _: FileId) -> StoreResult<Vec<UserId>> {
        Ok(Vec::new())
    }

    fn users(&mut self, after: Option<UserId>, limit: PageLimit) -> StoreResult<Page<User>> {
        let first = after.map_or(1, |id| id.get() + 1);
        Ok(Page::cut((first..=3).filter_map(user).collect(), limit))
    }
}

impl GroupsRead for Snapshot {
    fn group(&mut self, _: GroupId) -> StoreResult<Option<Group>> {
        Ok(None)
    }

    fn any_group_of(&mut self, _: ConversationId) -> StoreResult<Option<Group>> {
        Ok(None)
    }

    fn groups(&mut self, _: Option<GroupId>, limit: PageLimit) -> StoreResult<Page<Group>> {
        Ok(Page::cut(Vec::new(), limit))
    }

    fn groups_of(
        &mut self,
        _: UserId,
        _: Option<GroupId>,
        limit: PageLimit,
    ) -> StoreResult<Page<Group>> {
        Ok(Page::cut(Vec::new(), limit))
    }
}

impl MembersRead for Snapshot {
    fn role(&mut self, _: GroupId, _: UserId) -> StoreResult<Option<Role>> {
        Ok(None)
    }

    fn member(&mut self, _: GroupId, _: UserId) -> StoreResult<Option<Member>> {
        Ok(None)
    }

    fn owner(&mut self, _: GroupId) -> StoreResult<Option<UserId>> {
        Ok(None)
    }

    fn members(
        &mut self,
        _: GroupId,
        _: Option<UserId>,
        limit: PageLimit,
    ) -> StoreResult<Page<Member>> {
        Ok(Page::cut(Vec::new(), limit))
    }
}

impl ConversationsRead for Snapshot {
    fn conversation(&mut self, _: ConversationId) -> StoreResult<Option<Conversation>> {
        Ok(None)
    }

    fn direct_conversation(&mut self, _: DirectPair) -> StoreResult<Option<Conversation>> {
        Ok(None)
    }

    fn kinds_of(
        &mut self,
        _: &[ConversationId],
    ) -> StoreResult<Vec<(ConversationId, ConversationKind)>> {
        Ok(Vec::new())
    }

    fn directs(&mut self, _: UserId) -> StoreResult<Vec<(ConversationId, UserId)>> {
        Ok(Vec::new())
    }

    fn overviews(
        &mut self,
        _: UserId,
        _: Option<ConversationId>,
        limit: PageLimit,
    ) -> StoreResult<Page<Overview>> {
        Ok(Page::cut(Vec::new(), limit))
    }

    fn participant(&mut self, _: ConversationId, _: UserId) -> StoreResult<Option<Participant>> {
        Ok(None)
    }
}

impl MessagesRead for Snapshot {
    fn message(&mut self, _: MessageId) -> StoreResult<Option<Message>> {
        Ok(None)
    }

    fn found_messages(&mut self, _: &[MessageId]) -> StoreResult<Vec<FoundMessage>> {
        Ok(Vec::new())
    }

    fn timeline_contains(&mut self, _: Timeline, _: MessageId) -> StoreResult<bool> {
        Ok(false)
    }

    fn messages_older(
        &mut self,
        _: Timeline,
        _: Option<MessageId>,
        _: i64,
        _: i64,
    ) -> StoreResult<Vec<Message>> {
        Ok(Vec::new())
    }

    fn messages_newer(
        &mut self,
        _: Timeline,
        _: Option<MessageId>,
        _: i64,
    ) -> StoreResult<Vec<Message>> {
        Ok(Vec::new())
    }
}

impl ReceiptsRead for Snapshot {
    fn seen_at(&mut self, _: &Message, _: UserId) -> StoreResult<Option<Timestamp>> {
        Ok(None)
    }

    fn receipts(
        &mut self,
        _: &Message,
        _: Option<UserId>,
        limit: PageLimit,
    ) -> StoreResult<Page<Receipt>> {
        Ok(Page::cut(Vec::new(), limit))
    }

    fn unseen(&mut self, _: UserId) -> StoreResult<Unseen> {
        Ok(Unseen::default())
    }
}

impl FilesRead for Snapshot {
    fn file(&mut self, _: FileId) -> StoreResult<Option<File>> {
        Ok(None)
    }

    fn file_sent_to(&mut self, _: FileId, _: UserId) -> StoreResult<bool> {
        Ok(false)
    }

    fn file_in_use(&mut self, _: FileId) -> StoreResult<bool> {
        Ok(false)
    }

    fn unused_files(&mut self, _: Timestamp, _: i64) -> StoreResult<Vec<FileId>> {
        Ok(Vec::new())
    }
}

impl BlobsRead for Snapshot {
    fn blob(&mut self, _: BlobId) -> StoreResult<Option<Blob>> {
        Ok(None)
    }

    fn blobs_after(&mut self, _: Option<BlobId>, _: i64) -> StoreResult<Vec<(Blob, bool)>> {
        Ok(Vec::new())
    }

    fn bytes_of_blobs(&mut self) -> StoreResult<i64> {
        Ok(0)
    }

    fn unused_blobs(&mut self, _: Timestamp, _: i64) -> StoreResult<Vec<BlobId>> {
        Ok(Vec::new())
    }

    fn doomed_blobs(&mut self, _: Option<BlobId>, _: i64) -> StoreResult<Vec<Blob>> {
        Ok(Vec::new())
    }
}

impl UploadsRead for Snapshot {
    fn upload(&mut self, _: UploadId) -> StoreResult<Option<Upload>> {
        Ok(None)
    }

    fn expired_uploads(&mut self, _: Timestamp, _: i64) -> StoreResult<Vec<UploadId>> {
        Ok(Vec::new())
    }

    fn uploads_of(&mut self, _: UserId) -> StoreResult<Vec<UploadId>> {
        Ok(Vec::new())
    }

    fn staged_uploads(&mut self) -> StoreResult<Vec<StageMark>> {
        Ok(Vec::new())
    }
}

impl EventsRead for Snapshot {
    fn log_state(&mut self) -> StoreResult<LogState> {
        Ok(LogState {
            id: log(),
            position: 0,
            forgotten: 0,
        })
    }

    fn events(&mut self, _: i64, _: i64) -> StoreResult<Vec<LoggedEvent>> {
        Ok(Vec::new())
    }

    fn events_by_now(&mut self, _: i64, _: i64) -> StoreResult<(LogState, Vec<LoggedEvent>)> {
        Ok((self.log_state()?, Vec::new()))
    }

    fn events_of(
        &mut self,
        _: &[ConversationId],
        _: i64,
        _: i64,
        _: i64,
    ) -> StoreResult<Vec<LoggedEvent>> {
        Ok(Vec::new())
    }

    fn first_event_of(&mut self, _: ConversationId) -> StoreResult<Option<LoggedEvent>> {
        Ok(None)
    }

    fn stays(&mut self, _: UserId, _: i64) -> StoreResult<Vec<Stay>> {
        Ok(Vec::new())
    }
}
