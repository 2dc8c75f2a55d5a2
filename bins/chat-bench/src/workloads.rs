//! What is measured: how each request is made, and how its answer is known to be right.

mod files;
mod floors;
mod pages;
mod sends;
mod unseen;

pub(crate) use self::files::{Downloads, Removals, Stored, Uploads};
pub(crate) use self::floors::{Body, Constant, Echo};
pub(crate) use self::pages::{Deep, Hot};
pub(crate) use self::sends::{Recall, Sends, Spread, body};
pub(crate) use self::unseen::Unseen;

/// Of the answers, one in so many is read to its end; all others to what tells them apart.
const THOROUGH: u64 = 16;

/// Groups that are hot: one in so many.
const HOT_SHARE: usize = 10;

/// How many of so many groups are hot; the first ones.
pub(crate) fn hot(groups: usize) -> usize {
    groups.div_ceil(HOT_SHARE)
}

/// A number that looks random and is the same for the same turn in every run.
fn scatter(turn: u64) -> u64 {
    let mut mixed = turn.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// One of `count` things, chosen by the turn.
fn pick(turn: u64, count: usize) -> usize {
    remainder(scatter(turn), count)
}

/// What is left of a number when it is divided by `count`.
fn remainder(number: u64, count: usize) -> usize {
    // Below a usize, and so one itself.
    usize::try_from(number % (count.max(1) as u64)).unwrap_or(0)
}
