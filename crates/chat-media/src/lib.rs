//! The media port on pure Rust decoders: what files are by their content, and pictures in small.
//!
//! Files come from anyone, so a picture is only decoded after its header has told that it fits the
//! limits, few are decoded at once, and of what it says besides its pixels nothing is passed on.

mod sniff;
#[cfg(test)]
mod testing;
mod thumbnail;
mod tools;

pub use tools::MediaTools;
