//! The use cases of the chat engine: one method each, one transaction each.
//!
//! [`ChatService`] says who may do what and what follows from it, over the ports of `chat-domain`.
//! It knows no SQL, no HTTP and no JSON. Every method takes the [`Actor`](chat_domain::Actor) it
//! acts for; what a method reads and writes happens in one transaction, and an error undoes it.
//! Every method may answer `UnknownActor` and `Store`; each lists what else it may.
//! Dropping a call's future leaves the change to be done whole or not at all, never half.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//!
//! use chat_domain::ports::SystemClock;
//! use chat_domain::{Actor, Content, EmailAddress, MessageBody, Recipient, Username};
//! use chat_service::{ChatService, CreateUser, SendMessage};
//! use chat_store::{SqliteOptions, SqliteStore};
//!
//! let dir = tempfile::tempdir()?;
//! let store = SqliteStore::open(&SqliteOptions::new(dir.path().join("chat.db")))?;
//! let chat = ChatService::new(Arc::new(store), Arc::new(SystemClock));
//!
//! let mut users = Vec::new();
//! for name in ["ada", "bob"] {
//!     let user = CreateUser {
//!         username: Username::parse(name)?,
//!         email: EmailAddress::parse(format!("{name}@example.org"))?,
//!         display_name: None,
//!         external_id: None,
//!     };
//!     users.push(chat.create_user(Actor::System, user).await?.id);
//! }
//! let hello = SendMessage {
//!     sender: users[0],
//!     recipient: Recipient::User(users[1]),
//!     content: Content::Text(MessageBody::parse("hello")?),
//! };
//! let message = chat.send(Actor::User(users[0]), hello).await?;
//! assert_eq!(message.seq.get(), 1);
//! assert_eq!(chat.unseen(Actor::User(users[1]), users[1]).await?.total(), 1);
//! # Ok(())
//! # }
//! ```

mod access;
mod command;
mod delivery;
mod error;
mod files;
mod fingerprint;
mod groups;
mod members;
mod messages;
mod precondition;
mod receipts;
mod service;
mod tickets;
mod unit;
mod users;

pub use command::{Answer, Command, Shared};
pub use delivery::{
    Ended, Event, EventData, EventPage, LocalBus, Membership, Notice, Reader, Synced,
};
pub use error::ServiceError;
pub use files::{
    Collected, CreateExternalFile, CreateUpload, DeleteFile, DeleteUpload, FileCheck, FileContent,
    FileDifference, FileOptions, FilesFound, IncomingFile, IncomingPart, ReceivedFile, Repair,
    StoreFile,
};
pub use fingerprint::Fields;
pub use groups::{CreateGroup, CreatedGroup, DeleteGroup, UpdateGroup};
pub use members::{PutMember, RemoveMember};
pub use messages::{DeleteMessage, ListMessages, MessageSource, SendFile, SendMessage};
pub use precondition::{Conditional, OnlyIf, Precondition};
pub use receipts::{MarkSeen, Seen};
pub use service::ChatService;
pub use users::{CreateUser, DeleteUser, Field, NewFromClaims, UpdateUser};
