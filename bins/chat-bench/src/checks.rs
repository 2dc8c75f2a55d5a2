//! Whether the figures mean what they say: what was acknowledged is stored, and was durable when it was.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::client::{Answer, Request, Target};
use crate::load::{self, Load, Pace, Until, Workload};
use crate::options::CONNECTIONS;
use crate::server::Server;
use crate::subject::{Own, fetch};
use crate::workloads::{Recall, Sends, Spread};
use crate::world::{History, World};

/// How many groups the server that is killed has.
const GROUPS: usize = 40;

/// How often it is killed. A server that acknowledges too early may get away once.
const KILLS: u32 = 3;

/// How many messages are acknowledged before each kill, at least.
const BEFORE_A_KILL: u64 = 200;

/// How long to wait for them.
const PATIENCE: Duration = Duration::from_secs(30);

/// Fails unless all that a server has acknowledged is there each time that it was killed under load.
pub(crate) fn survives(server: &Server, dir: &Path) -> Result<String> {
    let mut own = Own::start(server, dir.join("killed"))?;
    let world = World::build(&own.target()?, "killed".to_owned(), GROUPS)?;
    let history = History::of(&world);
    for _ in 0..KILLS {
        kill(&mut own, &world, &history)?;
        let recall = Recall::all(&world, &history);
        let all = closed(CONNECTIONS, Until::Requests(recall.len()));
        load::run(&own.target()?, &recall, all)?;
    }
    own.stop()?;
    own.server.recount(&own.data)?;
    Ok(format!(
        "killed {KILLS} times under load, after {} acknowledged sends in all, the server had every \
         one of them, and its recount agreed",
        history.len()
    ))
}

/// Sends until enough was acknowledged, and kills the server amid that.
fn kill(own: &mut Own, world: &World, history: &History) -> Result<()> {
    let sends = Sends {
        world,
        history,
        spread: Spread::Even,
        first: history.len(),
    };
    let (target, over) = (own.target()?, AtomicBool::new(false));
    let enough = history.len() + BEFORE_A_KILL;
    thread::scope(|scope| {
        let sending = scope.spawn(|| {
            let ended = load::run(
                &target,
                &sends,
                closed(CONNECTIONS, Until::Lasting(PATIENCE)),
            );
            over.store(true, Ordering::Relaxed);
            ended
        });
        while history.len() < enough && !over.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(1));
        }
        let ended_before = over.load(Ordering::Relaxed);
        own.crash()?;
        let ended = sending.join().ok().context("a thread panicked")?;
        if ended_before {
            ended.context("the server failed before it was killed")?;
            bail!("too few sends were acknowledged");
        }
        Ok(())
    })
}

/// Fails unless each group holds as many messages as were acknowledged.
pub(crate) fn stored(target: &Target, world: &World, history: &History) -> Result<String> {
    let all = closed(CONNECTIONS, Until::Requests(world.groups.len() as u64));
    load::run(target, &Newest { world, history }, all)?;
    Ok(format!(
        "{} sends were acknowledged, and as many messages are stored",
        history.len()
    ))
}

/// How many commits the server has made that wrote something.
pub(crate) fn commits(target: &Target) -> Result<u64> {
    let metrics = fetch(target, "/metrics", None)?;
    let metrics = String::from_utf8(metrics)?;
    count(&metrics).context("the server does not tell how many commits it made")
}

fn count(metrics: &str) -> Option<u64> {
    let of = "chat_store_commit_duration_seconds_count ";
    let line = metrics.lines().find_map(|line| line.strip_prefix(of))?;
    line.parse().ok()
}

fn closed(connections: usize, until: Until) -> Load {
    Load {
        connections,
        pace: Pace::Closed,
        until,
        first: 0,
    }
}

/// The newest message of each group, whose `seq` counts them.
struct Newest<'a> {
    world: &'a World,
    history: &'a History,
}

#[derive(Deserialize)]
struct Shown {
    seq: usize,
}

impl Workload for Newest<'_> {
    type Asked = usize;

    fn ask(&self, turn: u64, request: &mut Request<'_>) -> usize {
        let number = usize::try_from(turn).unwrap_or(usize::MAX);
        let id = self.world.groups[number].id;
        request.get(&format!("/messages?group_id={id}&limit=1"), None);
        number
    }

    fn check(&self, number: &usize, answer: &Answer<'_>) -> Result<()> {
        answer.expect(200)?;
        let newest: Vec<Shown> = serde_json::from_slice(answer.body)?;
        let stored = newest.first().map_or(0, |message| message.seq);
        let acknowledged = self.history.group(*number).ids.len();
        ensure!(
            stored == acknowledged,
            "{acknowledged} sends into group {} were acknowledged, {stored} are stored",
            self.world.groups[*number].id
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Group;

    #[test]
    fn a_message_too_few_or_too_many_is_noticed() {
        let world = World::of(vec![Group {
            id: 7,
            members: vec![1],
        }]);
        let history = History::of(&world);
        history.add(0, 0, 1);
        history.add(0, 0, 2);
        let newest = Newest {
            world: &world,
            history: &history,
        };
        let check = |status, body: &str| {
            let body = body.as_bytes();
            newest.check(&0, &Answer { status, body })
        };
        check(200, r#"[{"seq":2}]"#).unwrap();
        check(404, r#"[{"seq":2}]"#).unwrap_err();
        for wrong in [r#"[{"seq":1}]"#, r#"[{"seq":3}]"#, "[]", "{}"] {
            check(200, wrong).unwrap_err();
        }
    }

    #[test]
    fn commits_are_counted_by_the_server() {
        let metrics = "# HELP x y\nchat_store_commit_duration_seconds_sum 1.5\n\
                       chat_store_commit_duration_seconds_count 42\n";
        assert_eq!(count(metrics), Some(42));
        assert_eq!(count("chat_http_connections 1\n"), None);
    }
}
