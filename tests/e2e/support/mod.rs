//! The harness: a running server, clients that act as somebody, and raw HTTP.

mod app;
mod begun;
mod connection;
mod contract;
mod data;
mod exposition;
mod http;
mod linking;
mod needs;
mod process;
mod redact;
mod socket;
mod store;
mod stream;
mod tokens;

pub(crate) use app::{App, Client, NOTHING, id};
pub(crate) use begun::Begun;
pub(crate) use connection::Connection;
pub(crate) use contract::{Place, contract, members};
pub(crate) use data::Data;
pub(crate) use exposition::Exposition;
pub(crate) use http::{Answer, Part, Request, SOCKET_KEY, exchange, pairs, read_answer};
pub(crate) use linking::Linking;
pub(crate) use needs::{available, program, tus_js_client};
pub(crate) use process::{
    DIES, EARLY_ACK, Process, SERVER, SLOW, output, server_command, server_command_at,
};
pub(crate) use redact::redact;
pub(crate) use socket::{Closed, Socket};
pub(crate) use store::{
    Database, blob_keys, digest, execute, execute_unchecked, hex_bytes, lines, settle,
};
pub(crate) use stream::EventStream;
pub(crate) use tokens::{
    TOKEN_SECRET, expired_token_of, grant, sign, sign_claims, token_of, unsigned,
};
