//! Token mode: what the settings make of it, and `chat-server token`, which makes one for trying out.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use chat_domain::ports::SystemClock;
use chat_http::{Subject, Tokens};
use chat_service::ChatService;
use chat_token::{Grant, KeySource, Secret, TokenOptions, Verifier, mint};
use clap::ArgMatches;

use crate::config::{TokenKeys, TokenSettings};
use crate::say::say;
use crate::{Config, cli};

/// What checks tokens, as the settings say.
///
/// # Errors
/// One sentence: a file that gives no key.
pub(crate) async fn open(settings: &TokenSettings) -> Result<Verifier> {
    let keys = match &settings.keys {
        TokenKeys::Secret(secret) => KeySource::Secret(secret.clone()),
        TokenKeys::SecretFile(path) => KeySource::Secret(secret_in(path)?),
        TokenKeys::File(path) => KeySource::File(path.clone()),
        TokenKeys::Url(url) => KeySource::Url(url.clone()),
    };
    let mut options = TokenOptions::new(keys);
    options.issuer.clone_from(&settings.issuer);
    options.audience.clone_from(&settings.audience);
    let verifier = Verifier::open(options, Arc::new(SystemClock)).await;
    verifier.context("can't check tokens")
}

/// What tells by tokens who comes to the service.
pub(crate) fn ask(verifier: Verifier, settings: &TokenSettings, service: ChatService) -> Tokens {
    let subject = if settings.external_ids {
        Subject::ExternalId {
            create: settings.create_users,
        }
    } else {
        Subject::Id
    };
    Tokens::new(verifier, subject, service)
}

/// Prints a token that a server with the same settings takes.
///
/// # Errors
/// One sentence: there is no secret to sign it with, or what it shall say can't be.
pub(crate) fn run(config: &Config, args: &ArgMatches) -> Result<()> {
    let Some(settings) = &config.tokens else {
        bail!(
            "there is no secret to sign a token with: give --token-secret or --token-secret-file, as to the server"
        );
    };
    let secret = match &settings.keys {
        TokenKeys::Secret(secret) => secret.clone(),
        TokenKeys::SecretFile(path) => secret_in(path)?,
        TokenKeys::File(_) | TokenKeys::Url(_) => bail!(
            "tokens for --token-jwks are signed where its private keys are; here they are made with a secret alone"
        ),
    };
    let ttl = Duration::from_secs(args.get_one::<u64>(cli::TTL).copied().unwrap_or_default());
    let mut grant = match args.get_one::<String>(cli::USER) {
        Some(user) if !settings.external_ids && !is_id(user) => {
            bail!("--user is {user:?}, but must be the id of a user, such as 7")
        }
        Some(user) => Grant::user(user, ttl),
        None => Grant::system(ttl),
    };
    grant.issuer.clone_from(&settings.issuer);
    grant.audience.clone_from(&settings.audience);
    say(mint(&secret, &grant, &SystemClock))
}

fn is_id(text: &str) -> bool {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let id = text.parse().ok().filter(|_| digits);
    id.is_some_and(|id| chat_domain::UserId::parse(id).is_ok())
}

/// The secret that is the text of a file. The end of the line is the editor's.
fn secret_in(path: &Path) -> Result<Secret> {
    let name = path.display();
    let bytes = fs::read(path).with_context(|| format!("can't read the secret in {name}"))?;
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    Secret::parse(bytes).with_context(|| format!("the secret in {name} can't be used"))
}
