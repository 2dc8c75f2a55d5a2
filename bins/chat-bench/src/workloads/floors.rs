//! The floors, asked like the workloads that are compared with them.

use anyhow::{Result, ensure};

use super::THOROUGH;
use super::sends::body;
use crate::client::{Answer, Request};
use crate::floor;
use crate::load::Workload;

/// `POST /echo` with the JSON of a send.
pub(crate) struct Echo;

impl Workload for Echo {
    type Asked = String;

    fn ask(&self, turn: u64, request: &mut Request<'_>) -> String {
        let body = body(1, 1, turn);
        request.post("/echo", None, body.as_bytes());
        body
    }

    fn check(&self, body: &String, answer: &Answer<'_>) -> Result<()> {
        answer.expect(200)?;
        ensure!(answer.body == body.as_bytes(), "the echo is another");
        Ok(())
    }
}

/// `GET /page`, which is always this.
pub(crate) struct Constant<'a>(pub(crate) &'a [u8]);

impl Workload for Constant<'_> {
    type Asked = ();

    fn ask(&self, _: u64, request: &mut Request<'_>) {
        request.get("/page", None);
    }

    fn check(&self, (): &(), answer: &Answer<'_>) -> Result<()> {
        answer.expect(200)?;
        ensure!(answer.body == self.0, "the constant page is another");
        Ok(())
    }
}

/// `GET /content/SIZE`, which is always the same.
pub(crate) struct Body(pub(crate) usize);

impl Workload for Body {
    type Asked = ();

    fn ask(&self, turn: u64, request: &mut Request<'_>) {
        let mut content = floor::content(self.0);
        if !turn.is_multiple_of(THOROUGH) {
            content = content.at_a_glance();
        }
        request.get_content(&format!("/content/{}", self.0), None, content);
    }

    fn check(&self, (): &(), answer: &Answer<'_>) -> Result<()> {
        answer.expect(200)
    }
}
