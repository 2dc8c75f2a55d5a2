//! Random stories of files, compared with a model that knows nothing but who carries what: what is in use
//! is never collected, and what is not in use is found, since the very time at which it came out of use.
//!
//! A failure prints the shortest story that was found.

use std::collections::{BTreeMap, BTreeSet};

use chat_domain::{Blob, BlobId, File, FileId, Group, Message, UserId};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

use crate::harness::{Db, at, carrying, hash, new_file, size, stored, undo};

/// How many stories are tried, unless `PROPTEST_CASES` says another number.
const STORIES: u32 = 48;
/// How long a file or blob must have been unused to be collected.
const GRACE: i64 = 4;

/// Numbers choose among what is there, round and round.
#[derive(Clone, Debug)]
enum Step {
    External,
    Upload(u8),
    Claim(u8),
    NewGroup,
    ToGroup(usize, usize),
    ToUser(usize),
    /// A send that is undone.
    Undone(usize, usize),
    DeleteMessage(usize),
    DeleteGroup(usize),
    DeleteFile(usize),
    Release(i64),
    CollectFiles,
    CollectBlobs,
    Forget,
}

fn step() -> impl Strategy<Value = Step> {
    let any = || 0..12usize;
    prop_oneof![
        2 => Just(Step::External),
        4 => (0..3u8).prop_map(Step::Upload),
        1 => (0..3u8).prop_map(Step::Claim),
        1 => Just(Step::NewGroup),
        6 => (any(), any()).prop_map(|(group, file)| Step::ToGroup(group, file)),
        3 => any().prop_map(Step::ToUser),
        1 => (any(), any()).prop_map(|(group, file)| Step::Undone(group, file)),
        5 => any().prop_map(Step::DeleteMessage),
        2 => any().prop_map(Step::DeleteGroup),
        2 => any().prop_map(Step::DeleteFile),
        2 => (1..3i64).prop_map(Step::Release),
        3 => Just(Step::CollectFiles),
        3 => Just(Step::CollectBlobs),
        1 => Just(Step::Forget),
    ]
}

/// A file that lives, as the model has it.
struct Known {
    file: File,
    /// Since when no living message carries it.
    unused_since: i64,
}

/// A blob that is not doomed, as the model has it.
struct Bytes {
    blob: Blob,
    claimed_at: i64,
    /// Since when no living file has it.
    unused_since: i64,
}

struct World {
    db: Db,
    users: [UserId; 2],
    now: i64,
    groups: Vec<Group>,
    /// Living messages in living conversations; those of a group with it.
    messages: Vec<(Option<usize>, Message)>,
    files: BTreeMap<FileId, Known>,
    blobs: BTreeMap<BlobId, Bytes>,
    doomed: BTreeSet<BlobId>,
    names: usize,
}

impl World {
    fn new(db: Db) -> Self {
        let users = db.users(["ada", "bob"]);
        let mut world = Self {
            db,
            users,
            now: 10,
            groups: Vec::new(),
            messages: Vec::new(),
            files: BTreeMap::new(),
            blobs: BTreeMap::new(),
            doomed: BTreeSet::new(),
            names: 0,
        };
        world.new_group();
        world.new_group();
        world
    }

    fn new_group(&mut self) {
        self.names += 1;
        let group = self.db.group(&format!("g{}", self.names), &self.users);
        self.groups.push(group);
    }

    fn carried(&self, file: FileId) -> bool {
        let carries = |message: &Message| message.content.file().map(|file| file.id) == Some(file);
        self.messages.iter().any(|(_, message)| carries(message))
    }

    fn had(&self, blob: BlobId) -> bool {
        let has = |known: &Known| known.file.blob_id == Some(blob);
        self.files.values().any(has)
    }

    /// A living file, if there is one.
    fn pick(&self, number: usize) -> Option<File> {
        let count = self.files.len();
        let known = self.files.values().nth(number.checked_rem(count)?)?;
        Some(known.file.clone())
    }

    /// What is not carried any more came out of use now.
    fn came_out_of_use(&mut self, before: &BTreeSet<FileId>) {
        for id in before {
            if !self.carried(*id)
                && let Some(known) = self.files.get_mut(id)
            {
                known.unused_since = self.now;
            }
        }
    }

    fn in_use(&self) -> BTreeSet<FileId> {
        let ids = self.files.keys().copied();
        ids.filter(|id| self.carried(*id)).collect()
    }

    fn claim(&mut self, number: u8) -> Blob {
        let now = at(self.now);
        let blob = self
            .db
            .write(move |tx| tx.claim_blob(hash(number), size(5_120), now));
        let bytes = self.blobs.entry(blob.id).or_insert(Bytes {
            blob,
            claimed_at: self.now,
            unused_since: self.now,
        });
        bytes.claimed_at = self.now;
        blob
    }

    fn insert(&mut self, mut file: chat_domain::NewFile) {
        file.at = at(self.now);
        let file = self.db.write(move |tx| tx.insert_file(&file));
        let known = Known {
            file,
            unused_since: self.now,
        };
        self.files.insert(known.file.id, known);
    }

    fn delete(&mut self, file: &File) {
        let (gone, now) = (file.clone(), at(self.now));
        self.db.write(move |tx| tx.delete_file(&gone, now, now));
        self.files.remove(&file.id);
        if let Some(blob) = file.blob_id.filter(|blob| !self.had(*blob)) {
            let bytes = self.blobs.get_mut(&blob).unwrap();
            bytes.unused_since = self.now;
        }
    }

    fn play(&mut self, step: &Step) -> Result<(), TestCaseError> {
        self.now += 1;
        let before = self.in_use();
        match *step {
            Step::External => self.insert(new_file()),
            Step::Upload(number) => {
                let blob = self.claim(number);
                self.insert(stored(blob.id));
            }
            Step::Claim(number) => drop(self.claim(number)),
            Step::NewGroup => self.new_group(),
            Step::ToGroup(group, file) => {
                if let (Some(place), Some(file)) = (self.place(group), self.pick(file)) {
                    let sent = self.db.share(&self.groups[place], self.users[0], &file);
                    self.messages.push((Some(place), sent));
                }
            }
            Step::ToUser(file) => {
                if let Some(file) = self.pick(file) {
                    let [ada, bob] = self.users;
                    let sent = self.db.show(ada, bob, &file, None);
                    self.messages.push((None, sent));
                }
            }
            Step::Undone(group, file) => {
                if let (Some(place), Some(file)) = (self.place(group), self.pick(file)) {
                    let message = carrying(&self.groups[place], self.users[0], file.id);
                    let undone = self.db.try_write(move |tx| {
                        tx.append_message(&message)?;
                        tx.delete_file(&file, at(1), at(1))?;
                        Err::<(), _>(undo())
                    });
                    prop_assert!(undone.is_err());
                }
            }
            Step::DeleteMessage(number) => {
                if let Some(place) = number.checked_rem(self.messages.len()) {
                    let (_, message) = self.messages.remove(place);
                    let now = at(self.now);
                    self.db.write(move |tx| tx.delete_message(&message, now));
                }
            }
            Step::DeleteGroup(number) => {
                if let Some(place) = self.place(number) {
                    let (group, now) = (self.groups[place].clone(), at(self.now));
                    self.db.write(move |tx| tx.delete_group(&group, now));
                    self.messages.retain(|(of, _)| *of != Some(place));
                    // Another takes its place.
                    self.new_group();
                    self.groups.swap_remove(place);
                }
            }
            Step::DeleteFile(number) => {
                if let Some(file) = self.pick(number) {
                    self.delete(&file);
                }
            }
            Step::Release(limit) => drop(self.db.release(limit)),
            Step::CollectFiles => self.collect_files()?,
            Step::CollectBlobs => self.collect_blobs()?,
            Step::Forget => {
                for id in std::mem::take(&mut self.doomed) {
                    self.db.write(move |tx| tx.forget_blob(id));
                }
            }
        }
        self.came_out_of_use(&before);
        Ok(())
    }

    fn place(&self, number: usize) -> Option<usize> {
        number.checked_rem(self.groups.len())
    }

    /// As the sweep does it.
    fn collect_files(&mut self) -> Result<(), TestCaseError> {
        while self.db.release(2) > 0 {}
        for id in self.db.unused(self.now - GRACE) {
            let file = self.db.write(move |tx| tx.lock_file(id));
            prop_assert!(file.is_some(), "{} is listed and does not live", id);
            let file = file.unwrap();
            prop_assert_eq!(self.db.in_use(&file), self.carried(id));
            if self.carried(id) {
                self.db.write(move |tx| tx.file_is_used(id));
            } else {
                let since = self.files[&id].unused_since;
                prop_assert!(since < self.now - GRACE, "{} goes too soon", id);
                self.delete(&file);
            }
        }
        Ok(())
    }

    fn collect_blobs(&mut self) -> Result<(), TestCaseError> {
        let before = self.now - GRACE;
        for id in self.db.unused_blobs(before) {
            prop_assert!(!self.had(id), "blob {} of a living file is listed", id);
            prop_assert!(self.db.write(move |tx| tx.doom_blob(id, at(before))));
            self.blobs.remove(&id);
            self.doomed.insert(id);
        }
        // Whatever is asked for: none that a living file has is doomed.
        for id in self.blobs.keys().copied().filter(|id| self.had(*id)) {
            prop_assert!(!self.db.write(move |tx| tx.doom_blob(id, at(i64::MAX))));
        }
        Ok(())
    }

    /// Compares what the store says with the model.
    fn look(&self) -> Result<(), TestCaseError> {
        for known in self.files.values() {
            let id = known.file.id;
            prop_assert_eq!(self.db.in_use(&known.file), self.carried(id), "file {}", id);
        }
        let of_blob = |bytes: &Bytes| self.had(bytes.blob.id);
        let walked = self.db.read(|tx| tx.blobs_after(None, 99));
        let walked: Vec<_> = walked.into_iter().map(|(b, used)| (b.id, used)).collect();
        let known = self.blobs.iter().map(|(id, bytes)| (*id, of_blob(bytes)));
        prop_assert_eq!(walked, known.collect::<Vec<_>>());
        for before in [self.now - GRACE, self.now, self.now + 1] {
            let unused: BTreeSet<_> = self.db.unused_blobs(before).into_iter().collect();
            let old = |bytes: &Bytes| bytes.unused_since < before && bytes.claimed_at < before;
            let known = self.blobs.values().filter(|b| !of_blob(b) && old(b));
            let known: BTreeSet<_> = known.map(|bytes| bytes.blob.id).collect();
            prop_assert_eq!(unused, known, "blobs unused before {}", before);
        }
        let doomed = self.db.read(|tx| tx.doomed_blobs(None, 99));
        let doomed: BTreeSet<_> = doomed.into_iter().map(|blob| blob.id).collect();
        prop_assert_eq!(&doomed, &self.doomed);
        Ok(())
    }

    /// Once every deleted group has told its files, what is not in use is listed since its time.
    fn settle(&self) -> Result<(), TestCaseError> {
        while self.db.release(3) > 0 {}
        for (id, known) in &self.files {
            let listed = |before| self.db.unused(before).contains(id);
            if !self.carried(*id) {
                let since = known.unused_since;
                prop_assert!(!listed(since), "{} is listed too soon", id);
                prop_assert!(listed(since + 1), "{} is not listed", id);
            }
        }
        let listed = self.db.unused(i64::MAX);
        let gone = listed.iter().find(|id| !self.files.contains_key(id));
        prop_assert_eq!(gone, None, "does not live");
        Ok(())
    }
}

fn run(story: &[Step]) -> Result<(), TestCaseError> {
    let Some(db) = super::fresh() else {
        return Ok(());
    };
    let mut world = World::new(db);
    for step in story {
        world.play(step)?;
        world.look()?;
    }
    world.settle()
}

#[test]
fn what_is_collected_is_what_nobody_uses() {
    let mut config = Config {
        failure_persistence: None,
        max_shrink_iters: 300,
        ..Config::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = STORIES;
    }
    let stories = prop::collection::vec(step(), 1..50);
    match TestRunner::new(config).run(&stories, |story| run(&story)) {
        Ok(()) => {}
        Err(TestError::Fail(why, story)) => panic!("{why}\n{story:#?}"),
        Err(TestError::Abort(why)) => panic!("given up: {why}"),
    }
}
