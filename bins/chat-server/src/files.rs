//! Where files are kept, as the configuration says; and `chat-server files check`.

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use chat_domain::ports::{BlobStore, SystemClock};
use chat_files::{DiskStore, S3Location, S3Store};
use chat_media::MediaTools;
use chat_service::{ChatService, FileCheck, FileDifference, FileOptions, FilesFound, Repair};
use clap::ArgMatches;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::timeout;

use crate::say::say;
use crate::{Config, FilesPlace, cli, database};

/// Opens the place; makes its folder if that is missing.
pub(crate) fn open(config: &Config) -> Result<Arc<dyn BlobStore>> {
    open_by(config, |dir| DiskStore::open(dir))
}

/// The same, where a folder is opened in this way.
fn open_by(
    config: &Config,
    open: impl FnOnce(&Path) -> io::Result<DiskStore>,
) -> Result<Arc<dyn BlobStore>> {
    Ok(match &config.files {
        FilesPlace::Disk(dir) => Arc::new(open(dir).with_context(|| {
            let dir = dir.display();
            format!(
                "can't use the folder {dir} for files; give this user that folder and what is in \
                 it, or choose another with --files-url"
            )
        })?),
        FilesPlace::S3(place) => Arc::new(open_s3(config, place)?),
    })
}

fn open_s3(config: &Config, place: &S3Location) -> Result<S3Store> {
    S3Store::from_env(place, config.files_links)
        .with_context(|| format!("can't use {place} for files; look at the AWS_* variables"))
}

/// How long a start waits for a place that does not answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Refuses to go on without the files. A place that does not answer now may do so later, and messages
/// without files go on without it; in one that has none of them they would look as if they were lost, and
/// what comes would be lost to the right one.
pub(crate) async fn find(config: &Config, service: &ChatService) -> Result<()> {
    let look = async {
        reach(config).await?;
        anyhow::Ok(service.find_files().await?)
    };
    let found = timeout(PATIENCE, look).await.context("no answer in time");
    match found.flatten() {
        Ok(FilesFound::Ours) => {}
        Ok(FilesFound::None) => bail!(
            "there are no files at {}, and this database has some: mount the folder, or name the \
             right one with --files-url; if they are lost, `chat-server files check --repair` \
             writes that down",
            config.files
        ),
        Ok(FilesFound::Foreign) => log::error!(
            "of the files at {} none is known to this database: is it the right place? After a \
             backup was put back it may be; then `chat-server files check --repair --force` sets \
             them aside",
            config.files
        ),
        Err(error) => log::error!("files are not available now: {error:#}"),
    }
    Ok(())
}

/// Whether the place answers. A bucket that does not exist would look as if everything in it were lost.
async fn reach(config: &Config) -> Result<()> {
    let FilesPlace::S3(place) = &config.files else {
        return Ok(());
    };
    let reached = open_s3(config, place)?.check().await;
    reached.with_context(|| format!("can't reach {place}; look at the AWS_* variables"))
}

/// What the service needs to keep files there.
pub(crate) fn options(config: &Config, blobs: Arc<dyn BlobStore>) -> FileOptions {
    FileOptions {
        blobs,
        media: Arc::new(MediaTools::new()),
        max_size: config.max_file_size,
        grace: config.file_grace,
    }
}

/// Runs the subcommand.
pub(crate) fn run(config: &Config, args: &ArgMatches) -> Result<ExitCode> {
    let (_, args) = args.subcommand().context("no subcommand")?;
    let repair = match (args.get_flag(cli::REPAIR), args.get_flag(cli::FORCE)) {
        (false, _) => Repair::Not,
        (true, false) => Repair::Careful,
        (true, true) => Repair::Forced,
    };
    check(config, repair)
}

/// Checks, and prints a line for each difference and one for all.
fn check(config: &Config, repair: Repair) -> Result<ExitCode> {
    // The database must be there: in one that were made here no record would have any of the bytes, and
    // a repair would set them all aside. It takes the database for itself, a check reads beside whoever
    // has it.
    let store = match repair {
        Repair::Not => database::open_to_read(config)?,
        Repair::Careful | Repair::Forced => database::open_alone(config)?,
    };
    // And so must the files: a folder that were made here would have lost them all.
    if let FilesPlace::Disk(dir) = &config.files
        && !dir.is_dir()
    {
        bail!(
            "there is no folder {}: give the one of the files",
            dir.display()
        );
    }
    let blobs = match repair {
        Repair::Not => open(config)?,
        // For itself too: a server over another database may have them.
        Repair::Careful | Repair::Forced => open_by(config, |dir| DiskStore::open_alone(dir))?,
    };
    let service =
        ChatService::new(store, Arc::new(SystemClock)).keeping_files(options(config, blobs));
    let style = ProgressStyle::with_template(
        "checking {wide_bar} {binary_bytes} of {binary_total_bytes}, {eta} left",
    )?;
    let bar = ProgressBar::no_length().with_style(style.progress_chars("=> "));
    let mut progress = |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let check = runtime.block_on(async {
        reach(config).await?;
        let check = service.check_files(repair, &mut progress).await;
        anyhow::Ok(check?)
    })?;
    bar.finish_and_clear();
    report(&check)?;
    let left = if check.mended {
        check.unreadable
    } else {
        check.found
    };
    Ok(if left == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn report(check: &FileCheck) -> Result<()> {
    let FileCheck {
        blobs,
        bytes,
        lost,
        found,
        differences,
        unreadable: _,
        mended,
    } = check;
    let mended = if *mended { "mended: " } else { "" };
    for difference in differences {
        let prefix = match difference {
            FileDifference::Unreadable(_) => "",
            _ => mended,
        };
        say(format_args!("{prefix}{difference}"))?;
    }
    let more = found.saturating_sub(differences.len() as u64);
    if more > 0 {
        say(format_args!("{mended}{more} more"))?;
    }
    let end = match found {
        0 => "all agree".to_owned(),
        1 => "1 difference".to_owned(),
        n => format!("{n} differences"),
    };
    say(format_args!(
        "{blobs} blobs, {bytes} bytes, {lost} known to be lost: {end}"
    ))
}
