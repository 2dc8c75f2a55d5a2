//! What every adapter promises. The module around this one gives `fresh`, a store of its own.

mod keeping;
mod keys;
mod marks;
mod parallel;
mod reading;
mod sweeping;

use super::fresh;
