//! What every backend promises. The module around this one gives `fresh`, a store of its own;
//! none where its database is not on this machine.

/// A store of the test's own. Where there can be none the test is over, and has said so.
macro_rules! fresh {
    () => {
        match super::fresh() {
            Some(db) => db,
            None => return,
        }
    };
}

mod blobs;
mod collection;
mod conversations;
mod counts;
mod events;
mod facts;
mod files;
mod follow;
mod groups;
mod jobs;
mod keys;
mod many;
mod members;
mod messages;
mod overviews;
mod pages;
mod people;
mod receipts;
mod tickets;
mod uploads;
mod usage;
mod users;

use super::fresh;
