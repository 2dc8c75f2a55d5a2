//! Whatever may come.
