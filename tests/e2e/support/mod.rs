//! The harness: a running server, clients that act as somebody, and raw HTTP.

mod app;
mod http;
mod level;
mod needs;
mod process;
mod store;

pub(crate) use app::{App, NOTHING};
pub(crate) use http::{Answer, Request, exchange, pairs};
pub(crate) use level::level;
pub(crate) use needs::available;
pub(crate) use process::{Process, SERVER, output, server_command, server_command_at};
pub(crate) use store::digest;
