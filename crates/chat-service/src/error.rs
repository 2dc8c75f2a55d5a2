//! Everything a use case can answer besides success: one variant for each thing a caller acts on.

use chat_domain::ports::{BlobError, Conflict, StoreError};
use chat_domain::{Actor, FileId, GroupId, Invalid, MessageId, UploadId, UserId};

/// Why a use case did nothing. The text is fit for clients; [`code`](Self::code) is what they
/// branch on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServiceError {
    /// The actor is no living user.
    #[error("user {0} does not exist, so it can't act")]
    UnknownActor(UserId),
    /// No user has the external id of the claims, and none can be made of them; the text says why.
    #[error("no user has the external id of the token, and none can be made: {0}")]
    NotMade(&'static str),
    /// The actor claims to be somebody else.
    #[error("user {actor} can't act as user {named}")]
    ActorMismatch {
        /// Who acts.
        actor: UserId,
        /// Whom the request names as acting.
        named: UserId,
    },
    /// A field is at odds with what is stored or with another field.
    #[error("{field} {invalid}")]
    Invalid {
        /// The field's name on the wire.
        field: &'static str,
        /// What is wrong with it.
        invalid: Invalid,
    },
    /// No living user has this id.
    #[error("user {0} does not exist")]
    UserNotFound(UserId),
    /// No living group has this id, or the actor may not know it.
    #[error("group {id} does not exist{}", or_not_in_it(*.actor))]
    GroupNotFound {
        /// The group asked for.
        id: GroupId,
        /// Who asked.
        actor: Actor,
    },
    /// The user is no member of the group.
    #[error("user {user} is not a member of group {group}")]
    MemberNotFound {
        /// The group.
        group: GroupId,
        /// The user asked for.
        user: UserId,
    },
    /// No message has this id, it was deleted, or the actor may not know it.
    #[error("message {id} does not exist{}", or_not_in_its_conversation(*.actor))]
    MessageNotFound {
        /// The message asked for.
        id: MessageId,
        /// Who asked.
        actor: Actor,
    },
    /// No file has this id, or the actor may not know it.
    #[error("file {id} does not exist{}", or_not_shared(*.actor))]
    FileNotFound {
        /// The file asked for.
        id: FileId,
        /// Who asked.
        actor: Actor,
    },
    /// The file lies elsewhere: its bytes are not ours to give.
    #[error("file {0} lies elsewhere; its url says where")]
    FileIsExternal(FileId),
    /// The record of the file is there, and its bytes are lost.
    #[error("the content of file {0} is lost")]
    FileContentLost(FileId),
    /// A message still carries the file, or a user is shown by it.
    #[error("file {0} is used by a message or as an avatar; it is deleted when it is used no more")]
    FileInUse(FileId),
    /// A file must have at least one byte.
    #[error("the file is empty")]
    FileEmpty,
    /// The file has more bytes than it may have.
    #[error("the file must have at most {limit} bytes")]
    FileTooLarge {
        /// How many it may have.
        limit: u64,
    },
    /// No picture in small can be made of the file.
    #[error("file {0} has no thumbnail")]
    ThumbnailUnavailable(FileId),
    /// No upload has this id, it has expired, or the actor may not know it.
    #[error("upload {id} does not exist{}", or_not_its_own(*.actor))]
    UploadNotFound {
        /// The upload asked for.
        id: UploadId,
        /// Who asked.
        actor: Actor,
    },
    /// The bytes do not follow those that the upload has.
    #[error("upload {id} has {offset} bytes")]
    UploadOffset {
        /// The upload.
        id: UploadId,
        /// How many bytes it has.
        offset: i64,
    },
    /// Another request goes on with the upload.
    #[error("another request goes on with upload {0}")]
    UploadInterrupted(UploadId),
    /// The service is being stopped; what has come of the upload is kept, but of a part that counts whole.
    #[error("the server is being stopped; go on with upload {0} soon, where HEAD says")]
    UploadStopped(UploadId),
    /// The actor knows the thing and may not do this.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The thing is not what the change was meant for.
    #[error("the thing is not, or no longer, what the change was meant for; read it again")]
    PreconditionFailed,
    /// The sender is no member of the group.
    #[error("user {user} is not a member of group {group}")]
    NotAMember {
        /// The group.
        group: GroupId,
        /// The sender.
        user: UserId,
    },
    /// The reader is not among those the message was for.
    #[error("message {message} was not sent to user {user}")]
    NotARecipient {
        /// The message.
        message: MessageId,
        /// The reader.
        user: UserId,
    },
    /// The owner must hand the group over before it can go or change its role.
    #[error("the owner of group {0} must hand it over first, by granting somebody the role owner")]
    OwnerMustTransfer(GroupId),
    /// The idempotency key was used for another command.
    #[error("this idempotency key was used for another request before")]
    KeyReused,
    /// Something unique is taken.
    #[error("{0} is taken")]
    Taken(Conflict),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
    /// Where the bytes of files are kept failed.
    #[error(transparent)]
    Blobs(BlobError),
    /// The cursor is of another log, beyond its end, or older than what is kept of it.
    #[error("what came after the cursor is not known any more; begin anew with a sync")]
    CursorExpired,
    /// More is being done than can be done at once; nothing was done.
    #[error("the server has more work than it accepts")]
    Overloaded,
}

impl ServiceError {
    /// The stable name that clients branch on.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownActor(_) | Self::NotMade(_) => "unknown_actor",
            Self::ActorMismatch { .. } => "actor_mismatch",
            Self::Invalid { .. } => "validation_failed",
            Self::UserNotFound(_) => "user_not_found",
            Self::GroupNotFound { .. } => "group_not_found",
            Self::MemberNotFound { .. } => "member_not_found",
            Self::MessageNotFound { .. } => "message_not_found",
            Self::FileNotFound { .. } => "file_not_found",
            Self::FileIsExternal(_) => "file_is_external",
            Self::FileContentLost(_) => "file_content_lost",
            Self::FileInUse(_) => "file_in_use",
            Self::FileEmpty => "file_empty",
            Self::FileTooLarge { .. } => "file_too_large",
            Self::ThumbnailUnavailable(_) => "thumbnail_unavailable",
            Self::UploadNotFound { .. } => "upload_not_found",
            Self::UploadOffset { .. } => "upload_offset_mismatch",
            Self::UploadInterrupted(_) => "upload_interrupted",
            Self::UploadStopped(_) => "upload_stalled",
            Self::Forbidden(_) => "forbidden",
            Self::PreconditionFailed => "precondition_failed",
            Self::NotAMember { .. } => "not_a_member",
            Self::NotARecipient { .. } => "not_a_recipient",
            Self::OwnerMustTransfer(_) => "owner_must_transfer",
            Self::KeyReused => "idempotency_mismatch",
            Self::CursorExpired => "cursor_expired",
            Self::Taken(Conflict::Username) => "username_taken",
            Self::Taken(Conflict::Email) => "email_taken",
            Self::Taken(Conflict::ExternalId) => "external_id_taken",
            Self::Taken(Conflict::GroupName) => "group_name_taken",
            Self::Overloaded | Self::Store(StoreError::Overloaded) => "overloaded",
            Self::Store(StoreError::Unavailable(_)) | Self::Blobs(BlobError::Unavailable(_)) => {
                "unavailable"
            }
            Self::Store(StoreError::OutcomeUnknown(_)) => "outcome_unknown",
            Self::Store(StoreError::KeyInFlight) => "idempotency_in_flight",
            Self::Store(StoreError::Conflict(_) | StoreError::Panicked | StoreError::Broken(_))
            | Self::Blobs(BlobError::Missing | BlobError::Broken(_)) => "internal",
        }
    }
}

impl ServiceError {
    /// An answer that can't be written down is not given either: the change is undone.
    pub(crate) fn not_encoded(cause: &str) -> Self {
        Self::Store(StoreError::Broken(format!(
            "an answer can't be kept: {cause}"
        )))
    }
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(what) => Self::Taken(what),
            other => Self::Store(other),
        }
    }
}

impl From<BlobError> for ServiceError {
    fn from(error: BlobError) -> Self {
        Self::Blobs(error)
    }
}

fn or_not_its_own(actor: Actor) -> String {
    actor.user().map_or_else(String::new, |user| {
        format!(", or it is not one of user {user}")
    })
}

fn or_not_in_it(actor: Actor) -> String {
    actor
        .user()
        .map_or_else(String::new, |user| format!(", or user {user} is not in it"))
}

fn or_not_in_its_conversation(actor: Actor) -> String {
    actor.user().map_or_else(String::new, |user| {
        format!(", or user {user} is not in its conversation")
    })
}

fn or_not_shared(actor: Actor) -> String {
    actor.user().map_or_else(String::new, |user| {
        format!(", or it was not shared with user {user}")
    })
}
