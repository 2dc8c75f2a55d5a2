//! Stores the messages that a run is about, and keeps copies of the database as it grows.

use std::path::{Path, PathBuf};

use anyhow::Result;
use indicatif::ProgressBar;

use crate::client::{Answer, Request, Target};
use crate::load::{Load, Pace, Until, Workload};
use crate::measure::Series;
use crate::progress;
use crate::subject::{self, Own};
use crate::workloads::{Sends, Spread};
use crate::world::{History, World};

/// So many send at a time: a slow disk then still has much to commit at once.
pub(crate) const CONNECTIONS: usize = 256;

/// How many messages a copy is made at.
const STAGES: [u64; 4] = [10_000, 100_000, 1_000_000, 10_000_000];

/// The database as it was when so many messages were stored.
pub(crate) struct Stage {
    pub(crate) messages: u64,
    pub(crate) data: PathBuf,
    pub(crate) history: History,
}

/// The numbers of messages between `least` and `all` at which a copy is made, with `all` as the last.
pub(crate) fn stages(least: u64, all: u64) -> Vec<u64> {
    let below = STAGES
        .into_iter()
        .filter(|stage| (least..all).contains(stage));
    below.chain([all]).collect()
}

/// Stores messages through HTTP until there are `all`.
pub(crate) struct Fill<'a> {
    pub(crate) world: &'a World,
    pub(crate) history: &'a History,
    pub(crate) series: Series,
    bar: ProgressBar,
}

impl<'a> Fill<'a> {
    pub(crate) fn new(world: &'a World, history: &'a History, all: u64) -> Result<Self> {
        Ok(Self {
            world,
            history,
            series: Series::new(),
            bar: progress::messages(all)?,
        })
    }

    /// Sends until so many messages are stored.
    pub(crate) fn up_to(&mut self, target: &Target, messages: u64) -> Result<()> {
        let first = self.history.len();
        let sends = Counted {
            sends: Sends {
                world: self.world,
                history: self.history,
                spread: Spread::Skewed,
                first,
            },
            bar: &self.bar,
        };
        let load = Load {
            connections: CONNECTIONS,
            pace: Pace::Closed,
            until: Until::Requests(messages - first),
            first: 0,
        };
        self.series.run(target, &sends, load)?;
        Ok(())
    }

    /// Takes the bar away.
    pub(crate) fn done(&self) {
        self.bar.finish_and_clear();
    }

    /// Fills a server of our own, with a copy into `dir` at each stage but the last, which is the
    /// server's own database; and how many bytes that has on the disk.
    pub(crate) fn in_stages(
        &mut self,
        own: &mut Own,
        dir: &Path,
        stages: &[u64],
    ) -> Result<(Vec<Stage>, u64)> {
        let (mut copies, mut bytes) = (Vec::new(), 0);
        for messages in stages {
            self.up_to(&own.target()?, *messages)?;
            let is_last = Some(messages) == stages.last();
            own.restart(|data| {
                bytes = subject::size(data)?;
                if is_last {
                    return Ok(());
                }
                let copy = dir.join(format!("at-{messages}"));
                subject::copy(data, &copy)?;
                copies.push(Stage {
                    messages: *messages,
                    data: copy,
                    history: self.history.clone(),
                });
                Ok(())
            })?;
        }
        Ok((copies, bytes))
    }
}

/// Sends that move the bar.
struct Counted<'a> {
    sends: Sends<'a>,
    bar: &'a ProgressBar,
}

impl<'a> Workload for Counted<'a> {
    type Asked = <Sends<'a> as Workload>::Asked;

    fn ask(&self, turn: u64, request: &mut Request<'_>) -> Self::Asked {
        self.sends.ask(turn, request)
    }

    fn check(&self, asked: &Self::Asked, answer: &Answer<'_>) -> Result<()> {
        self.bar.inc(1);
        self.sends.check(asked, answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_made_at_powers_of_ten() {
        assert_eq!(stages(10_000, 1_000_000), [10_000, 100_000, 1_000_000]);
        assert_eq!(stages(10_000, 250_000), [10_000, 100_000, 250_000]);
        assert_eq!(stages(50_000, 100_000), [100_000]);
        assert_eq!(stages(400, 10_000), [10_000]);
        assert_eq!(stages(400, 12_000), [10_000, 12_000]);
    }
}
