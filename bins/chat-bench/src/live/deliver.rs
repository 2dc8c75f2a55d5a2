//! W4: one who sends, and many who are told.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use tokio::runtime::Builder;

use super::crowd::{Crowd, Told};
use super::{Plan, stage, start_floor, verdict};
use crate::client::{Client, Target};
use crate::measure::median;
use crate::progress::step;
use crate::server::Server;
use crate::workloads::body;

/// What is to be reached, as a share of the floor.
const WANTED: f64 = 0.5;

/// How many messages may be on their way: less, and it is waited for a commit; more, and readers fall behind.
const WINDOW: usize = 64;

/// Over how many connections it is sent: a commit takes its time, and is not what is measured.
const SENDERS: usize = 16;

/// The rate at which it is measured how long a message is on its way.
const EASY: f64 = 20.0;

/// How long the last messages may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a message is sent.
#[derive(Clone)]
struct Post {
    target: Target,
    path: &'static str,
    sender: i64,
    group: i64,
    /// The number of the next.
    next: Arc<AtomicU64>,
}

pub(super) fn run(server: &Server, dir: &Path, plan: &Plan) -> Result<String> {
    let mut table = String::from(
        "| W4: one sends, R are told | R | deliveries/s | × deliver | p50 ms | p99 ms |\n\
         | --- | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let floor = start_floor(dir)?;
    for readers in &plan.readers {
        let data = dir.join(format!("deliver-{readers}"));
        let (own, world) = stage(server, &data, *readers)?;
        let group = world.groups.last().context("no group")?;
        let ours = Post {
            target: own.target()?,
            path: "/messages",
            sender: group.members[0],
            group: group.id,
            next: Arc::default(),
        };
        let of_floor = Post {
            target: floor.target(),
            path: "/push",
            ..ours.clone()
        };
        let paths = |user: &i64| format!("/ws?user_id={user}");
        let (mut ours_a_second, mut floors_a_second) = (Vec::new(), Vec::new());
        for round in 1..=plan.rounds {
            step(format_args!(
                "W4, {readers} readers, round {round} of {}",
                plan.rounds
            ));
            let nobody = vec!["/ws".to_owned(); *readers];
            floors_a_second.push(full(&of_floor, nobody, plan.lasting)?);
            forget(&of_floor.target)?;
            let members = group.members[1..].iter().map(paths).collect();
            ours_a_second.push(full(&ours, members, plan.lasting)?);
        }
        let members = group.members[1..].iter().map(paths).collect();
        let (p50, p99) = easy(&ours, members, plan.lasting)?;
        let (ours, floor) = (median(ours_a_second), median(floors_a_second));
        let ratio = ours / floor;
        let met = verdict(ratio >= WANTED);
        table += &format!(
            "| deliver | {readers} | {floor:.0} | | | |\n\
             | W4 | {readers} | {ours:.0} | {ratio:.2} (≥ {WANTED} {met}) | | |\n\
             | W4, {EASY} sends/s | {readers} | | | {p50:.2} | {p99:.2} |\n"
        );
    }
    Ok(table + "\n")
}

/// Deliveries a second, when the next is sent as soon as there is room for it.
fn full(post: &Post, paths: Vec<String>, lasting: Duration) -> Result<f64> {
    let readers = paths.len();
    let told = Told::new(readers, WINDOW, None);
    let crowd = Crowd::connect(&post.target, paths, b"message.created", &told)?;
    let start = Instant::now();
    let sent = send_while(post, &told, || start.elapsed() < lasting)?;
    told.wait_for(sent * readers as u64, PATIENCE)?;
    let elapsed = start.elapsed();
    let all = told.count();
    crowd.end(sent)?;
    #[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
    Ok(all as f64 / elapsed.as_secs_f64())
}

/// How long a message is on its way, when there is nothing else to do.
fn easy(post: &Post, paths: Vec<String>, lasting: Duration) -> Result<(f64, f64)> {
    let readers = paths.len();
    let first = post.next.load(Ordering::Relaxed);
    let told = Told::new(readers, usize::MAX >> 4, Some(first));
    let crowd = Crowd::connect(&post.target, paths, b"message.created", &told)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let sent = runtime.block_on(async {
        let mut client = Client::connect(&post.target).await?;
        let mut ticks = tokio::time::interval(Duration::from_secs_f64(1.0 / EASY));
        let (start, mut sent) = (Instant::now(), 0);
        while start.elapsed() < lasting {
            ticks.tick().await;
            told.sends();
            post.send(&mut client).await?;
            sent += 1;
        }
        anyhow::Ok(sent)
    })?;
    told.wait_for(sent * readers as u64, PATIENCE)?;
    let taken = told.latencies().context("no latencies")?;
    ensure!(
        taken.len() == sent * readers as u64,
        "a message had another number"
    );
    crowd.end(sent)?;
    Ok((taken.quantile(0.5), taken.quantile(0.99)))
}

/// Sends over some connections at a time; how many were sent.
fn send_while(post: &Post, told: &Arc<Told>, more: impl Fn() -> bool) -> Result<u64> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let sent = AtomicU64::new(0);
        let sends = (0..SENDERS).map(|_| async {
            let mut client = Client::connect(&post.target).await?;
            while more() {
                let room = tokio::time::timeout(PATIENCE, told.window.acquire()).await;
                room.context("readers are told nothing any more")??.forget();
                post.send(&mut client).await?;
                sent.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(())
        });
        try_join_all(sends).await?;
        Ok(sent.into_inner())
    })
}

impl Post {
    async fn send(&self, client: &mut Client) -> Result<()> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let body = body(self.sender, self.group, number);
        client.request().post(self.path, None, body.as_bytes());
        client.exchange().await?.expect(201)
    }
}

/// The floor forgets who was connected.
fn forget(target: &Target) -> Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut client = Client::connect(target).await?;
        client.request().post("/clear", None, b"{}");
        client.exchange().await?.expect(204)
    })
}
