//! A `chat-server` that ends at one step of what it asks of its store and of where files are kept, as
//! a power cut would end the process: for the test that kills it at each.
//!
//! `FAULT_AT` says at which: `12`, or `3 keep answered` for the third of these; without it the server
//! lives. `FAULT_TRACE` is a file that gets a line for each step. `FAULT_WRONG` makes it wrong on purpose, see [`wrong`].

mod blobs;
mod early_delete;
mod steps;
mod store;
mod wrong;

use std::process::ExitCode;
use std::sync::Arc;

use chat_domain::ports::BlobStore;
use chat_server::Seams;

use steps::Steps;
use wrong::Wrong;

fn main() -> ExitCode {
    let (steps, wrong) = match (Steps::from_env(), Wrong::from_env()) {
        (Ok(steps), Ok(wrong)) => (Arc::new(steps), wrong),
        (Err(error), _) | (_, Err(error)) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let place = early_delete::Blobs::default();
    let (store_steps, known) = (Arc::clone(&steps), Arc::clone(&place));
    chat_server::main_over(
        Seams::default()
            .over_store(move |store| {
                let store = wrong.store(store, known);
                Arc::new(store::Counted::new(store, store_steps))
            })
            .over_blobs(move |blobs| {
                let blobs: Arc<dyn BlobStore> =
                    Arc::new(blobs::Counted::new(wrong.blobs(blobs), steps));
                Arc::clone(place.get_or_init(|| blobs))
            }),
    )
}
