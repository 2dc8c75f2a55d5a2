//! What every backend promises. The module around this one gives `fresh`, a store of its own.

mod blobs;
mod collection;
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
mod uploads;
mod usage;
mod users;

use super::fresh;
