//! Fetching a set of keys.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use tokio::runtime;
use tokio::time::timeout;
use url::Url;

use super::JwksUrl;
use crate::NoKeys;
use crate::source::MAX_BYTES;

/// How long all of it may take.
const LASTS: Duration = Duration::from_secs(5);

/// The most redirections that are followed.
const REDIRECTIONS: usize = 3;

/// What this URL answers; it may be longer than a set can be. Blocks for at most 5 seconds. It is to be
/// called on a thread that no runtime has: it makes one of its own, and a client, which is done seldom.
pub(crate) fn fetch(url: &JwksUrl) -> Result<Vec<u8>, NoKeys> {
    fetch_within(LASTS, url)
}

fn fetch_within(lasts: Duration, url: &JwksUrl) -> Result<Vec<u8>, NoKeys> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let answer = runtime.block_on(async { timeout(lasts, get(url)).await });
    // A name that is still looked up is not waited for.
    runtime.shutdown_background();
    match answer {
        Ok(answer) => answer,
        Err(_) => Err(NoKeys::Fetch("it does not answer in time".to_owned())),
    }
}

async fn get(url: &JwksUrl) -> Result<Vec<u8>, NoKeys> {
    // The first of a process stays, and it may be somebody else's: any will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let from = url.as_url().clone();
    let client = Client::builder().redirect(Policy::custom(move |attempt| {
        // What came before begins with the URL itself.
        if is_fine(
            &from,
            attempt.url(),
            attempt.previous().len().saturating_sub(1),
        ) {
            attempt.follow()
        } else {
            attempt.error("it leads to where keys must not come from")
        }
    }));
    let client = if url.is_loopback() {
        client.no_proxy()
    } else {
        client
    };
    let client = client.build().map_err(told)?;
    let asked = client.get(url.as_url().clone()).send();
    let answer = asked.await.map_err(told)?;
    // A redirection that can't be read is answered as it is.
    if !answer.status().is_success() {
        let status = answer.status();
        return Err(NoKeys::Fetch(format!("it answers with {status}")));
    }
    read(answer).await.map_err(told)
}

/// Whether one redirection more is followed: by the same scheme, and never to where keys could be
/// anybody's.
fn is_fine(from: &Url, to: &Url, before: usize) -> bool {
    before < REDIRECTIONS && to.scheme() == from.scheme() && JwksUrl::is_safe(to)
}

/// The body, until it is longer than a set can be.
async fn read(mut answer: Response) -> reqwest::Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_BYTES {
            break;
        }
    }
    Ok(body)
}

/// The error with what caused it, and without the URL, which may have credentials.
fn told(error: reqwest::Error) -> NoKeys {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    NoKeys::Fetch(text)
}

#[cfg(test)]
mod tests;
