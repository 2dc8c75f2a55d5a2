//! The ports: what the domain asks of the outside, for adapters to provide.
//!
//! Storage is asked through [`Store`]: a job runs inside one transaction and sees it as a
//! [`WriteTx`] or a [`ReadTx`], which join the traits of each noun. Absence is `Option`; whether it
//! is an error is for the use case to say. What an adapter tells about its own work is [`Measured`].
//! The bytes of files are kept by a [`BlobStore`], and [`Media`] knows their formats.

mod blob_store;
mod blobs;
mod clock;
mod conversations;
mod event_bus;
mod events;
mod files;
mod groups;
mod keys;
mod many;
mod measured;
mod media;
mod members;
mod messages;
mod receipts;
mod store;
mod tickets;
mod uploads;
mod users;

pub use blob_store::{BlobError, BlobReader, BlobResult, BlobStore, Later, LinkTerms, Staged};
pub use blobs::{Blobs, BlobsRead};
pub use clock::{Clock, SystemClock};
pub use conversations::{Conversations, ConversationsRead};
pub use event_bus::{EventBus, Listener};
pub use events::{Events, EventsRead};
pub use files::{Files, FilesRead};
pub use groups::{Groups, GroupsRead};
pub use keys::Keys;
pub use many::Many;
pub use measured::{Figure, Histogram, Measured, Measurement};
pub use media::{Media, MediaError};
pub use members::{Members, MembersRead};
pub use messages::{Messages, MessagesRead};
pub use receipts::{Receipts, ReceiptsRead};
pub use store::{
    Conflict, Cost, LogWatcher, Outcome, ReadJob, Refused, Store, StoreError, StoreResult, Verdict,
    WriteJob,
};
pub use tickets::Tickets;
pub use uploads::{Turn, Uploads, UploadsRead};
pub use users::{Users, UsersRead};

/// Everything that can be read, in one snapshot.
pub trait ReadTx:
    UsersRead
    + GroupsRead
    + MembersRead
    + ConversationsRead
    + MessagesRead
    + ReceiptsRead
    + FilesRead
    + BlobsRead
    + UploadsRead
    + EventsRead
{
}

impl<T> ReadTx for T where
    T: UsersRead
        + GroupsRead
        + MembersRead
        + ConversationsRead
        + MessagesRead
        + ReceiptsRead
        + FilesRead
        + BlobsRead
        + UploadsRead
        + EventsRead
{
}

/// Everything that can be read and written, in one transaction.
pub trait WriteTx:
    ReadTx
    + Users
    + Groups
    + Members
    + Conversations
    + Messages
    + Receipts
    + Files
    + Blobs
    + Uploads
    + Events
    + Keys
    + Many
    + Tickets
{
}

impl<T> WriteTx for T where
    T: ReadTx
        + Users
        + Groups
        + Members
        + Conversations
        + Messages
        + Receipts
        + Files
        + Blobs
        + Uploads
        + Events
        + Keys
        + Many
        + Tickets
{
}
