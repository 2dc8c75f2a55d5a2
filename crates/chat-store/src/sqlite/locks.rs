//! Row locks of the shared queries. SQLite has one writer, and it is this one: what a transaction
//! reads stays as it is until the transaction ends, so there is nothing to lock.

use chat_domain::{
    Actor, BlobHash, BlobId, ConversationId, DirectPair, FileId, GroupId, IdempotencyKey,
    MessageId, UploadId, UserId,
};

use super::Conn;
use crate::rows::Queried;

macro_rules! held {
    ($($name:ident($($what:ty),*);)+) => {$(
        pub(super) fn $name(_: &mut Conn $(, _: $what)*) -> Queried<()> {
            Ok(())
        }
    )+};
}

held! {
    key(Actor, &IdempotencyKey);
    conversation(ConversationId);
    group_conversation(GroupId);
    direct_conversation(DirectPair);
    hold_message(MessageId);
    message(MessageId);
    participant(ConversationId, UserId);
    participants(ConversationId);
    file(FileId);
    release(i64);
    blob(BlobId);
    blob_of(BlobHash);
    upload(UploadId);
    hold_user(UserId);
    user(UserId);
    log();
}
