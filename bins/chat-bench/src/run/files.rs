//! Files: uploads and downloads of each size, and what memory many uploads at once take.

use std::cell::Cell;
use std::fs;

use anyhow::{Context, Result};

use super::{Bench, tag};
use crate::client::Target;
use crate::floor::{Copies, remove_files};
use crate::load::{self, Load, Pace, Until};
use crate::measure::{Rounds, Series, in_turn};
use crate::options::CONNECTIONS;
use crate::progress::step;
use crate::report::{Memory, Row, Wanted, binary};
use crate::subject::Own;
use crate::usage;
use crate::workloads::{Body, Downloads, Removals, Stored, Uploads};
use crate::world::World;

/// Of a round, the share that one with files takes: there are many rows of them.
const SHARE: u32 = 5;

/// Up to this size, in bytes, a round is cut into so many parts, and several upload at once as well.
const SMALL: usize = 1 << 20;
const SLICES: usize = 3;
const SEVERAL: usize = 8;

/// The most bytes that the uploads or the copies of one round store, but for those that are under way when
/// they are reached. All are removed before the next.
const MOST_OF_A_ROUND: u64 = 1 << 30;

/// From this size on there is a target.
const WITH_TARGET: usize = 1 << 20;

/// How many files of a size are downloaded in turn.
const FILES: u64 = 4;

/// How many small files are uploaded before: a store of files makes directories for its first ones.
const BEFORE: u64 = 1_000;

/// How many bytes of a round's uploads are fetched again and compared, but one file at least.
const COMPARED: usize = 16 << 20;

/// How many uploads there are at once when memory is measured.
const AT_ONCE: usize = 64;

/// Where the files go.
struct Place {
    /// A server of its own: what is uploaded can be removed from its directory.
    own: Option<Own>,
    target: Target,
    /// Who brings them; nobody named is the system.
    user: Option<i64>,
    tag: String,
    /// How many files were uploaded, so that each has other bytes.
    uploaded: Cell<u64>,
}

impl Bench<'_> {
    /// The rows of files, and the memory of many of them where the system tells it.
    pub(super) fn files(&self) -> Result<(Vec<Row>, Option<Memory>)> {
        // At a rate there is one for all sizes, which would be none for any.
        if !self.options.wants("w5") || self.options.rate.is_some() {
            return Ok((Vec::new(), None));
        }
        let place = self.place()?;
        let mut rows = Vec::new();
        for &size in &self.options.sizes {
            rows.extend(self.uploads(&place, size, 1)?);
            if size <= SMALL {
                rows.extend(self.uploads(&place, size, SEVERAL)?);
            }
        }
        for &size in &self.options.sizes {
            rows.extend(self.downloads(&place, size)?);
        }
        if let Some(mut own) = place.own {
            own.stop()?;
            fs::remove_dir_all(&own.data)?;
        }
        Ok((rows, self.memory()?))
    }

    fn place(&self) -> Result<Place> {
        let tag = tag(self.dir);
        let Some(of_messages) = &self.own else {
            return Ok(Place {
                own: None,
                target: self.target.clone(),
                user: Some(*self.world.users.first().context("no user")?),
                tag,
                uploaded: Cell::new(0),
            });
        };
        let own = Own::start(&of_messages.server, self.dir.join("files"))?;
        let place = Place::of(own, tag)?;
        let until = Until::Requests(BEFORE);
        place.upload(&mut Series::new(), 1024, CONNECTIONS, until)?;
        Ok(place)
    }

    fn uploads(&self, place: &Place, size: usize, connections: usize) -> Result<Vec<Row>> {
        let what = format!("POST /files, {}", binary(size as u64));
        step(format_args!("W5u: {what} over {connections} connections"));
        let rounds = self.rounds_of_files(size, connections);
        let most = (MOST_OF_A_ROUND / size as u64).max(1);
        let copies = match place.own {
            Some(_) => Some(Copies::new(self.dir, size, connections)?),
            None => None,
        };
        let (mut of_copies, mut series) = (Series::new(), Series::new());
        for round in 0..=rounds.count {
            let warm = round > 0;
            let lasting = match warm {
                true => rounds.lasting,
                false => rounds.lasting / 4,
            };
            if let Some(copies) = &copies {
                let round = copies.run(lasting, most)?;
                if warm {
                    of_copies.add(&round)?;
                }
            }
            let until = Until::Either(lasting, most);
            let mut ignored = Series::new();
            let series = if warm { &mut series } else { &mut ignored };
            place.upload(series, size, connections, until)?;
        }
        let floor = copies.is_some().then_some(("copy", &of_copies));
        Ok(rows(&series, ("W5u", &what), (size, connections), floor))
    }

    fn downloads(&self, place: &Place, size: usize) -> Result<Vec<Row>> {
        let what = format!("GET /files/:id/content, {}", binary(size as u64));
        step(format_args!("W5d: {what}"));
        let uploads = place.uploads(size);
        let load = place.load(1, Until::Requests(FILES));
        place.count(Series::new().run(&place.target, &uploads, load)?);
        let files = uploads.done.take();
        place.compare(files.clone())?;
        let downloads = Downloads {
            user: place.user,
            files,
            thorough: false,
        };
        let target = self.floor.as_ref().map(|floor| floor.child.target());
        let body = Body(size);
        let beside = target.as_ref().map(|target| (target, &body));
        let rounds = self.rounds_of_files(size, 1);
        let (below, series) = in_turn(beside, (&place.target, &downloads), rounds, || Ok(()))?;
        place.remove(downloads.files)?;
        let floor = beside.map(|_| ("body", &below));
        Ok(rows(&series, ("W5d", &what), (size, 1), floor))
    }

    fn rounds_of_files(&self, size: usize, connections: usize) -> Rounds {
        let mut rounds = self.rounds(connections, Pace::Closed);
        rounds.lasting /= SHARE;
        if size <= SMALL {
            // An fsync takes another time from one second to the next: they take turns more often.
            rounds.count *= SLICES;
            rounds.lasting = rounds.lasting.div_f64(SLICES as f64);
        }
        rounds
    }

    /// The memory of a server of its own, just started, during many uploads at once.
    fn memory(&self) -> Result<Option<Memory>> {
        let Some(of_messages) = &self.own else {
            return Ok(None);
        };
        let size = self.options.at_once;
        step(format_args!(
            "W5: {AT_ONCE} uploads of {} at once",
            binary(size as u64)
        ));
        let own = Own::start(&of_messages.server, self.dir.join("many-files"))?;
        let mut place = Place::of(own, tag(self.dir))?;
        // One user may not bring so many at once.
        place.user = None;
        place.restart()?;
        let before = place.target.pid.and_then(usage::resident);
        let mut series = Series::new();
        let until = Until::Requests(AT_ONCE as u64);
        place.upload(&mut series, size, AT_ONCE, until)?;
        if let Some(mut own) = place.own {
            own.stop()?;
            fs::remove_dir_all(&own.data)?;
        }
        let both = before.zip(series.peak());
        Ok(both.map(|(resident_bytes, peak_bytes)| Memory {
            uploads: AT_ONCE,
            file_bytes: size,
            resident_bytes,
            peak_bytes,
        }))
    }
}

impl Place {
    /// A server of its own, with a user who brings files.
    fn of(own: Own, tag: String) -> Result<Self> {
        let target = own.target()?;
        let mut world = World::build(&target, tag.clone(), 0)?;
        world.add_users(&target, 1)?;
        Ok(Self {
            own: Some(own),
            target,
            user: Some(*world.users.first().context("no user")?),
            tag,
            uploaded: Cell::new(0),
        })
    }

    fn restart(&mut self) -> Result<()> {
        if let Some(own) = &mut self.own {
            own.restart(|_| Ok(()))?;
            self.target = own.target()?;
        }
        Ok(())
    }

    fn uploads(&self, size: usize) -> Uploads<'_> {
        Uploads::new((self.user, &self.tag), size)
    }

    fn load(&self, connections: usize, until: Until) -> Load {
        Load {
            connections,
            pace: Pace::Closed,
            until,
            first: self.uploaded.get(),
        }
    }

    fn count(&self, uploaded: u64) {
        self.uploaded.set(self.uploaded.get() + uploaded);
    }

    /// One round of uploads. Some of them are fetched again and compared; then all are removed.
    fn upload(
        &self,
        series: &mut Series,
        size: usize,
        connections: usize,
        until: Until,
    ) -> Result<()> {
        let uploads = self.uploads(size);
        let load = self.load(connections, until);
        self.count(series.run(&self.target, &uploads, load)?);
        let files = uploads.done.take();
        let some = (COMPARED / size).clamp(1, SEVERAL);
        self.compare(files.iter().rev().take(some).cloned().collect())?;
        self.remove(files)
    }

    /// Fails unless each of the files is what was sent, byte by byte.
    fn compare(&self, files: Vec<Stored>) -> Result<()> {
        let number = files.len() as u64;
        let downloads = Downloads {
            user: self.user,
            files,
            thorough: true,
        };
        let load = Load {
            first: 0,
            ..self.load(1, Until::Requests(number))
        };
        load::run(&self.target, &downloads, load)?;
        Ok(())
    }

    /// Gives the disk its room back: the server may keep deleted files for a while, and so is asked only if
    /// its directory is not this run's.
    fn remove(&self, files: Vec<Stored>) -> Result<()> {
        if let Some(own) = &self.own {
            return remove_files(&own.data.join("files"));
        }
        let load = Load {
            first: 0,
            ..self.load(SEVERAL, Until::Requests(files.len() as u64))
        };
        let user = self.user;
        load::run(&self.target, &Removals { user, files }, load)?;
        Ok(())
    }
}

/// The row of a series over its floor, and that of the floor, if there is one.
fn rows(
    series: &Series,
    (name, what): (&'static str, &str),
    (size, connections): (usize, usize),
    floor: Option<(&'static str, &Series)>,
) -> Vec<Row> {
    let wanted = match size {
        WITH_TARGET.. => Wanted::AtLeast(0.6),
        _ => Wanted::Open,
    };
    let Some(floor) = floor else {
        return vec![series.row(name, what, connections)];
    };
    let of_floor = format!("floor, {}", binary(size as u64));
    vec![
        series.row_over((name, what, connections), floor, wanted),
        floor.1.row(floor.0, &of_floor, connections),
    ]
}
