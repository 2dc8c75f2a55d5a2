//! The handlers, by noun: each extracts, calls one method of the service and maps its answer.

use actix_web::web;
use chat_service::ChatService;

pub(crate) mod docs;
pub(crate) mod events;
pub(crate) mod files;
pub(crate) mod groups;
pub(crate) mod health;
pub(crate) mod members;
pub(crate) mod messages;
pub(crate) mod metrics;
pub(crate) mod receipts;
pub(crate) mod uploads;
pub(crate) mod users;

type Service = web::Data<ChatService>;
