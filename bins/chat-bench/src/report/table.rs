//! The report in Markdown.
