//! `chat-server openapi`: prints the document of the API, for a server at the configured address.

use anyhow::Result;

use crate::Config;
use crate::say::say;

/// Prints it.
pub(crate) fn run(config: &Config) -> Result<()> {
    let server = match config.listen.first() {
        Some(address) if config.tls.is_some() => format!("https://{address}"),
        Some(address) => format!("http://{address}"),
        None => "/".to_owned(),
    };
    say(chat_http::openapi(&server)?)
}
