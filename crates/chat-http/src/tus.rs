//! Uploads that can be resumed, as tus 1.0 has them on the wire: what the headers of its requests say,
//! and the headers of its answers.
//!
//! Nothing here knows a handler, a body or the service: a handler asks [`request`] what it was sent, and has
//! [`answer`] write the headers. Every answer on its routes, a problem too, is given to
//! [`answer::mark`].
//!
//! Offered are the extensions [`EXTENSIONS`]; a length that is told later and the joining of parts are
//! not, and refused by name rather than passed over.

pub(crate) mod answer;
mod checksum;
mod field;
mod metadata;
pub(crate) mod method;
pub(crate) mod request;
#[cfg(test)]
mod tests;

pub(crate) use checksum::Hashing;
pub(crate) use metadata::Metadata;

/// The one version that is spoken.
pub(crate) const VERSION: &str = "1.0.0";

/// Whether a path is of the protocol, whatever becomes of a request on it.
pub(crate) fn is_of(path: &str) -> bool {
    path == "/uploads" || path.starts_with("/uploads/")
}

/// What is offered beyond the core of the protocol.
pub(crate) const EXTENSIONS: &str = "creation,expiration,checksum,termination";
