//! The shapes of requests and answers, by noun. Requests are parsed into the domain's types;
//! answers have their fields in the order of the contract.

pub(crate) mod events;
pub(crate) mod files;
pub(crate) mod forms;
pub(crate) mod frames;
pub(crate) mod groups;
pub(crate) mod members;
pub(crate) mod messages;
pub(crate) mod overviews;
pub(crate) mod paging;
pub(crate) mod paths;
pub(crate) mod readers;
pub(crate) mod receipts;
pub(crate) mod tickets;
pub(crate) mod users;
pub(crate) mod windows;

#[cfg(test)]
mod tests;
