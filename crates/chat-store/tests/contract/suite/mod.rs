//! What every backend promises. The module around this one gives `fresh`, a store of its own.

mod conversations;
mod counts;
mod events;
mod facts;
mod files;
mod groups;
mod jobs;
mod keys;
mod members;
mod messages;
mod pages;
mod receipts;
mod users;

use super::fresh;
