//! Facts that every send asks for and that seldom change, by what each is found.
//!
//! A backend whose one writer alone changes them may remember them from one transaction to the next:
//! `Tx::known` asks that memory before the tables. On any other backend it only asks the tables, in
//! the transaction, and the hooks beside it do nothing.
//!
//! Only what is there is remembered, never that something is absent. So an insert leaves nothing wrong
//! behind. Whatever else changes what a fact says must say so: `Tx::forget` before a row is changed or
//! deleted, `Tx::forget_group`, and `Tx::reached` for a conversation's next place.

#![allow(
    dead_code,
    reason = "a backend that remembers nothing does not look into its facts"
)]

use chat_domain::{Conversation, ConversationId, DirectPair, GroupId, Role, Seq, UserId};

/// A question whose answer may be remembered while there is one.
pub(in super::super) trait Fact: Copy {
    /// The answer.
    type Says: Copy;
}

/// Whether a user lives.
#[derive(Clone, Copy)]
pub(in super::super) struct Lives(pub(in super::super) UserId);

/// The role of a user in a group.
#[derive(Clone, Copy)]
pub(in super::super) struct RoleIn(pub(in super::super) GroupId, pub(in super::super) UserId);

/// The conversation of a living group.
#[derive(Clone, Copy)]
pub(in super::super) struct OfGroup(pub(in super::super) GroupId);

/// The conversation of two users.
#[derive(Clone, Copy)]
pub(in super::super) struct OfPair(pub(in super::super) DirectPair);

/// The latest place of a conversation.
#[derive(Clone, Copy)]
pub(in super::super) struct Latest(pub(in super::super) ConversationId);

impl Fact for Lives {
    type Says = ();
}

impl Fact for RoleIn {
    type Says = Role;
}

impl Fact for OfGroup {
    type Says = Conversation;
}

impl Fact for OfPair {
    type Says = Conversation;
}

impl Fact for Latest {
    type Says = Seq;
}
