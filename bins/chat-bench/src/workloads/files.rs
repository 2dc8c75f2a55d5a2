//! Files: up, down, and away.

use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::{THOROUGH, pick};
use crate::client::{Answer, Request};
use crate::content::Content;
use crate::load::Workload;

/// `POST /files` as a form, each with bytes that no other has.
pub(crate) struct Uploads<'a> {
    /// Who acts; nobody named is the system.
    pub(crate) user: Option<i64>,
    /// The size of each, in bytes.
    pub(crate) size: usize,
    /// Keeps them apart from those of other runs on the same server.
    pub(crate) tag: &'a str,
    /// What was acknowledged.
    pub(crate) done: Uploaded,
}

/// The acknowledged files.
#[derive(Default)]
pub(crate) struct Uploaded(Mutex<Vec<Stored>>);

/// A file on the server.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    id: i64,
    content: Content,
}

#[derive(Deserialize)]
struct Shown {
    id: i64,
    size: usize,
}

impl<'a> Uploads<'a> {
    pub(crate) fn new((user, tag): (Option<i64>, &'a str), size: usize) -> Self {
        Self {
            user,
            size,
            tag,
            done: Uploaded::default(),
        }
    }
}

impl Workload for Uploads<'_> {
    type Asked = Content;

    fn ask(&self, turn: u64, request: &mut Request<'_>) -> Content {
        let content = Content::new(self.tag, turn, self.size);
        request.post_file("/files", self.user, &content);
        content
    }

    fn check(&self, content: &Content, answer: &Answer<'_>) -> Result<()> {
        answer.expect(201)?;
        let shown: Shown = serde_json::from_slice(answer.body).context("no file")?;
        ensure!(
            shown.size == content.len() && shown.id > 0,
            "another file was answered: {}",
            String::from_utf8_lossy(answer.body)
        );
        self.done.all().push(Stored {
            id: shown.id,
            content: content.clone(),
        });
        Ok(())
    }
}

impl Uploaded {
    fn all(&self) -> MutexGuard<'_, Vec<Stored>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes all of them out.
    pub(crate) fn take(&self) -> Vec<Stored> {
        std::mem::take(&mut self.all())
    }
}

/// `GET /files/:id/content` of any of these, by who has uploaded it.
pub(crate) struct Downloads {
    /// Who acts; nobody named is the system.
    pub(crate) user: Option<i64>,
    pub(crate) files: Vec<Stored>,
    /// Whether each is compared with every byte that was sent.
    pub(crate) thorough: bool,
}

impl Workload for Downloads {
    type Asked = ();

    fn ask(&self, turn: u64, request: &mut Request<'_>) {
        let number = match self.thorough {
            true => usize::try_from(turn).unwrap_or(usize::MAX),
            false => pick(turn, self.files.len()),
        };
        let Stored { id, content } = &self.files[number];
        let mut content = content.clone();
        if !self.thorough && !turn.is_multiple_of(THOROUGH) {
            content = content.at_a_glance();
        }
        request.get_content(&format!("/files/{id}/content"), self.user, content);
    }

    fn check(&self, (): &(), answer: &Answer<'_>) -> Result<()> {
        answer.expect(200)
    }
}

/// `DELETE /files/:id` of each, by who has uploaded it.
pub(crate) struct Removals {
    /// Who acts; nobody named is the system.
    pub(crate) user: Option<i64>,
    pub(crate) files: Vec<Stored>,
}

impl Workload for Removals {
    type Asked = ();

    fn ask(&self, turn: u64, request: &mut Request<'_>) {
        let id = self.files[usize::try_from(turn).unwrap_or(usize::MAX)].id;
        request.delete(&format!("/files/{id}"), self.user);
    }

    fn check(&self, (): &(), answer: &Answer<'_>) -> Result<()> {
        answer.expect(204)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_file_than_was_sent_is_noticed() {
        let uploads = Uploads::new((Some(1), "tag"), 1_000);
        let content = Content::new("tag", 0, 1_000);
        let check = |status, body: &str| {
            let body = body.as_bytes();
            uploads.check(&content, &Answer { status, body })
        };
        check(201, r#"{"id":7,"size":1000}"#).unwrap();
        for (status, body) in [
            (200, r#"{"id":7,"size":1000}"#),
            (201, r#"{"id":7,"size":999}"#),
            (201, r#"{"id":0,"size":1000}"#),
            (201, r#"{"id":7,"size":null}"#),
            (201, ""),
        ] {
            check(status, body).unwrap_err();
        }
        let stored = uploads.done.take();
        assert_eq!(stored.len(), 1);
        assert_eq!(stored[0].id, 7);
        assert!(uploads.done.take().is_empty());
    }
}
