//! The port of what is known about blobs.

use chat_domain::ports::{Blobs, BlobsRead, StoreResult};
use chat_domain::{Blob, BlobHash, BlobId, FileSize, Timestamp};
use diesel::dsl::{exists, not, sql};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::prepared::{CutDsl, update};
use super::{Conn, Tx, locks, one};
use crate::rows::{BlobRow, Place, Queried, QueryError};
use crate::schema::{blobs, files};

/// What `blobs.doomed` says of a doomed one.
const DOOMED: i64 = 1;

/// How often a blob is looked for and made, while others make it and doom it.
const CLAIMS: u32 = 5;

/// The living files that have a blob.
macro_rules! files_of {
    ($blob:expr) => {
        // A deleted one has none.
        files::table.filter(files::blob_id.eq($blob))
    };
}

/// The blob, unless it is doomed.
macro_rules! undoomed {
    ($id:expr) => {
        blobs::id.eq($id.get()).and(blobs::doomed.is_null())
    };
}

impl BlobsRead for Tx<'_> {
    fn blob(&mut self, id: BlobId) -> StoreResult<Option<Blob>> {
        self.read(|conn| by_id(conn, id))
    }

    fn blobs_after(&mut self, after: Option<BlobId>, limit: i64) -> StoreResult<Vec<(Blob, bool)>> {
        self.read(|conn| {
            blobs::table
                .filter(blobs::id.gt(after.map_or(0, BlobId::get)))
                .filter(blobs::doomed.is_null())
                .order(blobs::id)
                .select((
                    BlobRow::as_select(),
                    exists(files_of!(blobs::id.nullable())),
                ))
                .cut(0, limit)
                .load::<(BlobRow, bool)>(conn)?
                .into_iter()
                .map(|(blob, in_use)| Ok((blob.try_into()?, in_use)))
                .collect()
        })
    }

    fn bytes_of_blobs(&mut self) -> StoreResult<i64> {
        self.read(|conn| {
            // PostgreSQL's sum of integers is of a type without end.
            let total = sql::<BigInt>("CAST(COALESCE(SUM(size), 0) AS BIGINT)");
            Ok(blobs::table
                .filter(blobs::doomed.is_null())
                .filter(blobs::stored.eq(1))
                .select(total)
                .get_result(conn)?)
        })
    }

    fn unused_blobs(&mut self, before: Timestamp, limit: i64) -> StoreResult<Vec<BlobId>> {
        self.read(|conn| {
            blobs::table
                .filter(blobs::unused_since.lt(before.as_micros()))
                .filter(blobs::claimed_at.lt(before.as_micros()))
                .filter(blobs::doomed.is_null())
                .order((blobs::unused_since, blobs::id))
                .select(blobs::id)
                .cut(0, limit)
                .load::<i64>(conn)?
                .into_iter()
                .map(|id| Place::row("blobs", id).read("id", id, BlobId::parse))
                .collect()
        })
    }

    fn doomed_blobs(&mut self, after: Option<BlobId>, limit: i64) -> StoreResult<Vec<Blob>> {
        let after = after.map_or(0, BlobId::get);
        self.read(|conn| {
            blobs::table
                .filter(blobs::doomed.eq(DOOMED))
                .filter(blobs::id.gt(after))
                .order(blobs::id)
                .select(BlobRow::as_select())
                .cut(0, limit)
                .load(conn)?
                .into_iter()
                .map(Blob::try_from)
                .collect()
        })
    }
}

impl Blobs for Tx<'_> {
    fn claim_blob(&mut self, hash: BlobHash, size: FileSize, at: Timestamp) -> StoreResult<Blob> {
        self.write(|conn| {
            for _ in 0..CLAIMS {
                if let Some(blob) = claim(conn, hash, size, at)? {
                    return Ok(blob);
                }
                if let Some(blob) = insert(conn, hash, size, at)? {
                    return Ok(blob);
                }
                // Brought by another between the look and the insert: theirs is the one, unless it is
                // doomed before it can be claimed.
            }
            Err(QueryError::Broken(format!("blob {hash} can't be claimed")))
        })
    }

    fn hold_blob(&mut self, id: BlobId) -> StoreResult<Option<Blob>> {
        self.read(|conn| {
            locks::blob(conn, id)?;
            by_id(conn, id)
        })
    }

    fn blob_is_lost(&mut self, id: BlobId) -> StoreResult<()> {
        self.write(|conn| say_stored(conn, id, false))
    }

    fn blob_is_found(&mut self, id: BlobId) -> StoreResult<()> {
        self.write(|conn| say_stored(conn, id, true))
    }

    fn doom_blob(&mut self, id: BlobId, before: Timestamp) -> StoreResult<bool> {
        self.write(|conn| {
            locks::blob(conn, id)?;
            let unwanted = undoomed!(id)
                .and(blobs::claimed_at.lt(before.as_micros()))
                .and(not(exists(files_of!(blobs::id.nullable()))));
            let doom = (
                blobs::doomed.eq(DOOMED),
                blobs::unused_since.eq(None::<i64>),
            );
            Ok(update(blobs::table, unwanted, doom).execute(conn)? > 0)
        })
    }

    fn forget_blob(&mut self, id: BlobId) -> StoreResult<()> {
        self.write(|conn| {
            let doomed = blobs::table.find(id.get()).filter(blobs::doomed.eq(DOOMED));
            diesel::delete(doomed).execute(conn)?;
            Ok(())
        })
    }
}

fn say_stored(conn: &mut Conn, id: BlobId, stored: bool) -> Queried<()> {
    let stored = blobs::stored.eq(i64::from(stored));
    let changed = update(blobs::table, undoomed!(id), stored).execute(conn)?;
    one(changed, format_args!("blob {id}"))
}

/// A new file has the blob, whose bytes were brought.
pub(super) fn got_a_file(conn: &mut Conn, id: BlobId) -> Queried<()> {
    let in_use = (blobs::stored.eq(1), blobs::unused_since.eq(None::<i64>));
    let changed = update(blobs::table, undoomed!(id), in_use).execute(conn)?;
    one(changed, format_args!("blob {id}"))
}

/// A file that had the blob has it no more.
pub(super) fn lost_a_file(conn: &mut Conn, id: BlobId, since: Timestamp) -> Queried<()> {
    // Files come and go at once elsewhere: who has the blob is asked when nobody can take or leave it.
    locks::blob(conn, id)?;
    let without = undoomed!(id).and(not(exists(files_of!(blobs::id.nullable()))));
    let unused = blobs::unused_since.eq(since.as_micros());
    update(blobs::table, without, unused).execute(conn)?;
    Ok(())
}

fn by_id(conn: &mut Conn, id: BlobId) -> Queried<Option<Blob>> {
    blobs::table
        .filter(undoomed!(id))
        .select(BlobRow::as_select())
        .get_result(conn)
        .optional()?
        .map(Blob::try_from)
        .transpose()
}

/// Claims the blob that is there.
fn claim(conn: &mut Conn, hash: BlobHash, size: FileSize, at: Timestamp) -> Queried<Option<Blob>> {
    locks::blob_of(conn, hash)?;
    let found = blobs::table
        .filter(blobs::hash.eq(hash.as_bytes().as_slice()))
        .filter(blobs::doomed.is_null())
        .select(BlobRow::as_select())
        .get_result(conn)
        .optional()?;
    let Some(found) = found else { return Ok(None) };
    let blob = Blob::try_from(found)?;
    if blob.size != size {
        let (here, there) = (blob.size.get(), size.get());
        return Err(Place::row("blobs", blob.id.get()).broken(
            "size",
            format_args!("is {here}, and the same bytes are {there}"),
        ));
    }
    // Never back: what an earlier claim protects is protected still.
    let older = undoomed!(blob.id).and(blobs::claimed_at.lt(at.as_micros()));
    let claimed = blobs::claimed_at.eq(at.as_micros());
    update(blobs::table, older, claimed).execute(conn)?;
    Ok(Some(blob))
}

fn insert(conn: &mut Conn, hash: BlobHash, size: FileSize, at: Timestamp) -> Queried<Option<Blob>> {
    let id: Option<i64> = diesel::insert_into(blobs::table)
        .values((
            blobs::hash.eq(hash.as_bytes().as_slice()),
            blobs::size.eq(size.get()),
            blobs::claimed_at.eq(at.as_micros()),
            blobs::unused_since.eq(at.as_micros()),
            blobs::stored.eq(0),
        ))
        .on_conflict_do_nothing()
        .returning(blobs::id)
        .get_result(conn)
        .optional()?;
    let Some(id) = id else { return Ok(None) };
    Ok(Some(Blob {
        id: Place::row("blobs", id).read("id", id, BlobId::parse)?,
        hash,
        size,
        stored: false,
    }))
}
