//! The machine that a report is about.
