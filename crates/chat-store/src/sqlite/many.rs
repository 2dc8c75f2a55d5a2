//! Many at once: on SQLite a statement is a call, so that one after the other is the shortest way.

use chat_domain::ports::Many;

use super::Tx;

impl Many for Tx<'_> {}
