//! The domain of the chat engine: types that can't be wrong, pure rules, and the ports it asks of the outside.
//!
//! Nothing here does I/O, knows a runtime, a database or HTTP. A value of one of these types has
//! been parsed once and holds; inner layers never check again.
//!
//! ```
//! use chat_domain::{PageLimit, Role, Username};
//!
//! assert!(Username::parse("ada").is_ok());
//! assert!(Username::parse(" ada").is_err());
//! assert_eq!(PageLimit::default().get(), 50);
//! assert!(Role::Owner > Role::Admin);
//! ```

mod actor;
mod blobs;
mod conversations;
mod cursor;
mod events;
mod files;
#[cfg(test)]
mod fuzz;
mod groups;
mod ids;
mod invalid;
mod keys;
mod media;
mod members;
mod messages;
mod names;
mod overview;
mod page;
pub mod policy;
pub mod ports;
mod receipts;
mod signals;
mod tickets;
mod time;
mod uploads;
mod users;

pub use actor::Actor;
pub use blobs::{Blob, BlobHash, BlobKey};
pub use conversations::{Conversation, ConversationKind, DirectPair, Participant};
pub use cursor::{Cursor, InvalidCursor, InvalidLogId, LogId};
pub use events::{EventKind, LogState, LoggedEvent, NewEvent, Stay, UnknownEventKind};
pub use files::{File, FileName, FileSize, FileUrl, MediaType, NewFile, NewFileSource};
pub use groups::{Group, NewGroup};
pub use ids::{BlobId, ConversationId, FileId, GroupId, MAX_ID, MessageId, Seq, UploadId, UserId};
pub use invalid::{Fault, Invalid};
pub use keys::{Fingerprint, IdempotencyKey, KeptAnswer};
pub use media::{Thumbnail, ThumbnailSize};
pub use members::{Member, Role, UnknownRole};
pub use messages::{
    Caption, Content, FoundMessage, Message, MessageBody, MessageKind, NewMessage, Recipient,
    Tombstone, UnknownMessageKind,
};
pub use names::{DisplayName, EmailAddress, ExternalId, GroupName, NameKey, Username};
pub use overview::{Overview, With};
pub use page::{MessagePage, Offset, Page, PageLimit, Timeline, Window};
pub use receipts::{Receipt, SeenRange, Unseen, UnseenDirect, UnseenGroup};
pub use signals::{Presence, Signal, Typing};
pub use tickets::{Ticket, TicketDigest};
pub use time::Timestamp;
pub use uploads::{Generation, NewUpload, StageMark, Upload, UploadProgress};
pub use users::{DeletedUser, FoundUser, NewUser, User, VisibleUser};
