//! The floor of a durable write: appends of 4 KiB, each followed by fdatasync, on the same disk.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

/// How many such appends a second end.
pub(crate) fn per_second(dir: &Path, lasting: Duration) -> Result<f64> {
    let mut file = File::create(dir.join("fsync"))?;
    let (start, block, mut done) = (Instant::now(), [0_u8; 4096], 0_u32);
    while start.elapsed() < lasting {
        file.write_all(&block)?;
        file.sync_data()?;
        done += 1;
    }
    Ok(f64::from(done) / start.elapsed().as_secs_f64())
}
