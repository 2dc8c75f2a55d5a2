//! How long the server takes from the start of its process to its first answer.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::Result;

use crate::measure::median;
use crate::report::Start;
use crate::server::Server;
use crate::subject::fetch;
use crate::usage;

/// How often it is started.
const STARTS: usize = 5;

/// Starts the server over the database in `data`, and asks it for `path` as this user.
pub(crate) fn measure(server: &Server, data: &Path, path: &str, user: i64) -> Result<Start> {
    let (mut millis, mut resident) = (Vec::new(), None);
    for _ in 0..STARTS {
        let begun = Instant::now();
        let child = server.start(data)?;
        fetch(&child.target(), path, Some(user))?;
        millis.push(begun.elapsed().as_secs_f64() * 1e3);
        resident = resident.max(usage::resident(child.pid()));
        child.stop()?;
    }
    Ok(Start {
        first_answer_ms: median(millis),
        resident_bytes: resident,
        binary_bytes: fs::metadata(server.binary())?.len(),
    })
}
