//! The command line: what is measured, and how long.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use url::Url;

use crate::content::LARGEST;
use crate::{count, floor, live, nodes};

/// What can be measured, in the order in which it is.
pub(crate) const WORKLOADS: [&str; 8] = ["start", "w1", "w1c", "w2h", "w2", "w3", "w5", "growth"];

/// What is measured of a server that this run starts, and of no other.
const NEEDS_OWN: [&str; 2] = ["start", "growth"];

/// The connections of reads, and of sends at a fixed rate unless others are named.
pub(crate) const CONNECTIONS: usize = 32;

/// The connections of sends.
const SENDERS: [usize; 4] = [1, 8, 32, 128];

/// The sizes of files, in KiB.
const SIZES: [usize; 3] = [1, 1024, 51_200];

/// The size of each of the files that a quick run uploads at once, at most.
const QUICK_AT_ONCE: usize = 8 << 20;

/// How many messages have to be stored for each group, at least, so that those of a hot group fill a page.
pub(crate) const MESSAGES_OF_A_GROUP: u64 = 10;

/// One run.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// A server that runs already; otherwise one is started.
    pub(crate) url: Option<Url>,
    pub(crate) server: Option<PathBuf>,
    pub(crate) workloads: Vec<String>,
    /// How many messages are stored before the rows are measured.
    pub(crate) messages: u64,
    pub(crate) groups: usize,
    /// How many connections send; one row for each.
    pub(crate) senders: Vec<usize>,
    /// The sizes of the files that are uploaded and downloaded, in bytes.
    pub(crate) sizes: Vec<usize>,
    /// The size of the files that are uploaded all at once, in bytes.
    pub(crate) at_once: usize,
    /// Requests a second; none is a closed loop.
    pub(crate) rate: Option<f64>,
    pub(crate) rounds: usize,
    /// The length of a round.
    pub(crate) round: Duration,
    /// Where the report is written.
    pub(crate) out: PathBuf,
}

/// The whole command line.
pub(crate) fn command() -> Command {
    Command::new("chat-bench")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Measures a chat-server beside what its machine could do at most")
        .after_help(
            "The data lies below TMPDIR while it runs: on a disk in memory every fsync is free.",
        )
        .subcommand(
            Command::new(floor::SUBCOMMAND)
                .about("Serve the floors, for another chat-bench")
                .hide(true)
                .arg(
                    Arg::new("page")
                        .required(true)
                        .value_parser(value_parser!(PathBuf)),
                ),
        )
        .subcommand(count::command())
        .subcommand(nodes::command())
        .subcommand(live::command())
        .args_conflicts_with_subcommands(true)
        .args([
            Arg::new("quick")
                .long("quick")
                .action(ArgAction::SetTrue)
                .help("End within two minutes: fewer messages, shorter rounds"),
            value(
                "url",
                "URL",
                "Measure this running server, which is filled and kept",
            ),
            value(
                "server",
                "PATH",
                "The chat-server to start [default: built, or beside this]",
            )
            .value_parser(value_parser!(PathBuf)),
            value(
                "workloads",
                "LIST",
                "Only these, of start,w1,w1c,w2h,w2,w3,w5,growth",
            ),
            value(
                "messages",
                "N",
                "Messages to store first [default: 1000000; quick, url: 100000]",
            )
            .value_parser(value_parser!(u64).range(1_000..=1_000_000_000)),
            value(
                "groups",
                "N",
                "Conversations, of five members each [default: 1000]",
            )
            .value_parser(value_parser!(u32).range(40..=100_000)),
            value(
                "connections",
                "LIST",
                "How many send at a time [default: 1,8,32,128; rate: 32]",
            ),
            value(
                "sizes",
                "LIST",
                "Sizes of files in KiB [default: 1,1024,51200]",
            ),
            value(
                "rate",
                "N",
                "Requests per second of every workload, instead of a closed loop",
            )
            .value_parser(value_parser!(f64)),
            value("rounds", "N", "Rounds of each workload [default: 3]")
                .value_parser(value_parser!(u16).range(1..=100)),
            value(
                "seconds",
                "S",
                "The length of a round [default: 3; quick: 1]",
            )
            .value_parser(value_parser!(f64)),
            value(
                "out",
                "DIR",
                "Where report.md, report.json and curves as SVG go [default: bench, beside this]",
            )
            .value_parser(value_parser!(PathBuf)),
        ])
}

fn value(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}

impl Options {
    pub(crate) fn read(matches: &ArgMatches) -> Result<Self> {
        let quick = matches.get_flag("quick");
        let url = matches.get_one::<String>("url").map(|url| parse_url(url));
        let url = url.transpose()?;
        let small = quick || url.is_some();
        let seconds = matches.get_one("seconds").copied();
        let seconds = seconds.unwrap_or(if quick { 1.0 } else { 3.0 });
        ensure!(
            (0.01..=3_600.0).contains(&seconds),
            "--seconds must be 0.01 to 3600"
        );
        let rate: Option<f64> = matches.get_one("rate").copied();
        if let Some(rate) = rate {
            ensure!(
                (1.0..=1e6).contains(&rate),
                "--rate must be 1 to 1000000 requests per second"
            );
        }
        let messages = match matches.get_one("messages") {
            Some(messages) => *messages,
            None if small => 100_000,
            None => 1_000_000,
        };
        let groups = matches
            .get_one("groups")
            .map_or(1_000, |groups: &u32| *groups);
        ensure!(
            messages >= u64::from(groups) * MESSAGES_OF_A_GROUP,
            "--messages must be {MESSAGES_OF_A_GROUP} for each group, or pages are not full"
        );
        let listed = matches.get_one::<String>("workloads");
        let workloads = workloads(listed)?;
        for name in listed.into_iter().flat_map(|_| &workloads) {
            ensure!(
                url.is_none() || !NEEDS_OWN.contains(&name.as_str()),
                "{name} stops and starts the server, and so can't be measured with --url"
            );
            ensure!(
                rate.is_none() || name != "w1c",
                "w1c is one connection that never waits, and so has no --rate"
            );
            ensure!(
                rate.is_none() || name != "w5",
                "files are of all sizes, and so w5 has no --rate"
            );
        }
        let senders = match matches.get_one::<String>("connections") {
            Some(list) => senders(list)?,
            None if rate.is_some() => vec![CONNECTIONS],
            None => SENDERS.to_vec(),
        };
        let sizes = match matches.get_one::<String>("sizes") {
            Some(list) => sizes(list)?,
            None => SIZES.to_vec(),
        };
        let sizes: Vec<_> = sizes.into_iter().map(|size| size * 1024).collect();
        let largest = sizes.iter().copied().max().unwrap_or_default();
        Ok(Self {
            at_once: if quick {
                largest.min(QUICK_AT_ONCE)
            } else {
                largest
            },
            sizes,
            url,
            server: matches.get_one("server").cloned(),
            workloads,
            messages,
            // Whole rounds through the users, so that each is in as many groups.
            groups: usize::try_from(groups / 4 * 4)?,
            senders,
            rate,
            rounds: matches
                .get_one("rounds")
                .map_or(3, |rounds: &u16| usize::from(*rounds)),
            round: Duration::from_secs_f64(seconds),
            out: matches.get_one("out").cloned().map_or_else(beside, Ok)?,
        })
    }

    /// Whether this is to be measured.
    pub(crate) fn wants(&self, workload: &str) -> bool {
        self.workloads.iter().any(|wanted| wanted == workload)
    }
}

/// The directory `bench` beside this program, and so in cargo's target directory.
fn beside() -> Result<PathBuf> {
    let this = std::env::current_exe().context("can't tell where this program lies")?;
    Ok(this.with_file_name("bench"))
}

fn parse_url(text: &str) -> Result<Url> {
    let url = Url::parse(text).with_context(|| format!("--url {text} is no URL"))?;
    if url.scheme() != "http" || url.host_str().is_none() || url.path() != "/" {
        bail!("--url must be like http://127.0.0.1:8080");
    }
    Ok(url)
}

fn workloads(list: Option<&String>) -> Result<Vec<String>> {
    let Some(list) = list else {
        return Ok(WORKLOADS.map(str::to_owned).to_vec());
    };
    list.split(',')
        .map(|name| {
            ensure!(
                WORKLOADS.contains(&name),
                "--workloads has {name:?}; there are {}",
                WORKLOADS.join(",")
            );
            Ok(name.to_owned())
        })
        .collect()
}

fn senders(list: &str) -> Result<Vec<usize>> {
    let refusal = "--connections must be numbers from 1 to 10000, such as 1,32";
    numbers(list, 10_000, refusal)
}

fn sizes(list: &str) -> Result<Vec<usize>> {
    let refusal = "--sizes must be numbers of KiB from 1 to 51200, such as 1,1024";
    numbers(list, LARGEST / 1024, refusal)
}

/// Numbers from 1 to `most`.
fn numbers(list: &str, most: usize, refusal: &'static str) -> Result<Vec<usize>> {
    let numbers = list.split(',').map(|number| {
        let number: usize = number.parse().unwrap_or(0);
        ensure!((1..=most).contains(&number), refusal);
        Ok(number)
    });
    numbers.collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn read(args: &[&str]) -> Result<Options> {
        let matches = command().try_get_matches_from([&["chat-bench"], args].concat())?;
        Options::read(&matches)
    }

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn a_run_without_arguments_is_the_whole_one() {
        let options = read(&[]).unwrap();
        assert_eq!(options.workloads, WORKLOADS);
        assert_eq!(options.senders, [1, 8, 32, 128]);
        assert_eq!((options.messages, options.groups), (1_000_000, 1_000));
        assert_eq!((options.rounds, options.round.as_secs()), (3, 3));
        assert_eq!(options.sizes, [1 << 10, 1 << 20, 50 << 20]);
        assert_eq!(options.at_once, 50 << 20);
    }

    #[test]
    fn a_quick_run_is_smaller_unless_told_otherwise() {
        let options = read(&["--quick"]).unwrap();
        assert_eq!((options.messages, options.round.as_secs()), (100_000, 1));
        let options = read(&["--quick", "--messages", "50000", "--seconds", "2"]).unwrap();
        assert_eq!((options.messages, options.round.as_secs()), (50_000, 2));
        assert_eq!((options.sizes.len(), options.at_once), (3, 8 << 20));
        let options = read(&["--quick", "--sizes", "1,64"]).unwrap();
        assert_eq!((options.sizes.len(), options.at_once), (2, 64 << 10));
        let options = read(&["--url", "http://127.0.0.1:8080"]).unwrap();
        assert_eq!((options.messages, options.round.as_secs()), (100_000, 3));
    }

    #[test]
    fn at_a_rate_as_many_send_as_are_named() {
        assert_eq!(read(&["--rate", "100"]).unwrap().senders, [32]);
        let named = read(&["--rate", "100", "--connections", "8,16"]).unwrap();
        assert_eq!(named.senders, [8, 16]);
    }

    #[rstest]
    #[case(&["--workloads", "w1,w9"], "w9")]
    #[case(&["--workloads", ""], "there are")]
    #[case(&["--connections", "1,0"], "--connections must be")]
    #[case(&["--connections", "many"], "--connections must be")]
    #[case(&["--sizes", "1,0"], "--sizes must be")]
    #[case(&["--sizes", "51201"], "--sizes must be")]
    #[case(&["--rate", "100", "--workloads", "w5"], "w5 has no --rate")]
    #[case(&["--rate", "0"], "--rate must be")]
    #[case(&["--rate", "NaN"], "--rate must be")]
    #[case(&["--seconds=-1"], "--seconds")]
    #[case(&["--seconds", "NaN"], "--seconds must be")]
    #[case(&["--messages", "10"], "--messages")]
    #[case(&["--messages", "9999"], "--messages must be 10 for each")]
    #[case(&["--rounds", "0"], "--rounds")]
    #[case(&["--url", "127.0.0.1:8080"], "--url")]
    #[case(&["--url", "https://example.org"], "--url must be")]
    #[case(&["--url", "http://example.org/chat"], "--url must be")]
    #[case(&["--url", "http://[::1]:8080", "--workloads", "w1,start"], "start stops")]
    #[case(&["--url", "http://[::1]:8080", "--workloads", "growth"], "growth stops")]
    #[case(&["--rate", "100", "--workloads", "w1c"], "w1c is one connection")]
    #[case(&["--quack"], "--quack")]
    fn bad_arguments_are_told(#[case] args: &[&str], #[case] said: &str) {
        let error = format!("{:#}", read(args).unwrap_err());
        assert!(error.contains(said), "{error}");
    }
}
