//! The REST transport of the chat engine: extract, call one method of the service, map the answer.
//!
//! [`server()`] runs it on a listener; [`app`] is the same for a server of the host's own. Nothing here
//! knows SQL or decides who may do what.

mod accept;
mod actor;
mod addresses;
mod answer;
mod auth;
mod body;
mod change;
mod content;
mod cors;
mod door;
mod dto;
mod edge;
mod etag;
mod expect;
mod fields;
mod form;
mod gate;
mod guard;
mod h2;
mod handlers;
mod incoming;
mod input;
mod limits;
mod link;
mod live;
mod marks;
mod memory;
mod metrics;
mod multipart;
mod openapi;
mod pace;
mod problem;
mod proxies;
mod random;
mod reply;
mod request_id;
mod resource;
mod routes;
mod server;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod time;
mod tls;
mod tokens;
mod trace;
mod turns;
mod tus;
mod unread;
mod uploading;
mod visit;

pub use auth::{Authenticate, Authenticated, Identity, Unauthenticated};
pub use cors::{InvalidOrigin, Origin};
pub use limits::{Budget, Budgets, InvalidBudgets, RateLimits};
pub use metrics::Metrics;
pub use openapi::openapi;
pub use proxies::{InvalidProxies, TrustedProxies};
pub use routes::{anonymous_routes, app, routes};
pub use server::{HttpOptions, server};
pub use tls::{Tls, TlsError};
pub use tokens::{Subject, Tokens};
