//! The course of a move, from one end to the other.

use diesel::result::Error;

use super::checksum::Sum;
use super::ends::{Read, Source, Target, Write};
use super::note::Note;
use super::progress::{Meter, Phase, Progress};
use super::report::{Contents, Report, TableReport};
use super::tables::{Page, Table};
use super::{MoveError, Side};

/// Moves everything, or what a move that was broken off has left.
///
/// The source is read once from its beginning, also where a move goes on: what its rows come to is then
/// known of all of them. The log takes its identity last, in the transaction that has looked at
/// everything, so that nothing ever follows a log that is not all there.
pub(crate) fn run(
    source: &mut dyn Source,
    target: &mut dyn Target,
    tell: &mut dyn FnMut(Progress),
) -> Result<Report, MoveError> {
    let source = source.reader();
    let (log_id, position) = log(source)?;
    let (note, rows) = Note::of(source, &log_id, position)
        .map_err(|error| MoveError::failed("while the source was counted", &error))?;
    let begun = begin(target, &note)?;

    let mut meter = Meter::new(rows, tell);
    let mut from = Vec::with_capacity(Table::ALL.len());
    let mut event_log = None;
    for table in Table::ALL {
        from.push(match begun {
            Begun::UnderWay => copy(source, target, table, &mut event_log, &mut meter)?,
            Begun::AtItsEnd => count(source, table, &mut meter)?,
        });
    }
    if begun == Begun::UnderWay {
        target
            .settle()
            .map_err(|error| MoveError::failed("while the target was settled", &error))?;
    }
    let mut report = None;
    target.alone(&mut |target| {
        if begun == Begun::UnderWay {
            finish(target, &from, event_log.as_ref())?;
        }
        let made = report.insert(Report {
            tables: compare(target, &from, &mut meter)?,
            log_id: log_id.clone(),
            position: u64::try_from(position).unwrap_or_default(),
        });
        if !made.agrees() {
            return Err(MoveError::Differs(Box::new(made.clone())));
        }
        match begun {
            Begun::UnderWay => target
                .drop_note()
                .map_err(|error| MoveError::failed("at its end", &error)),
            Begun::AtItsEnd => Ok(()),
        }
    })?;
    report.ok_or_else(|| MoveError::from(Error::NotFound))
}

/// The log of the source, which must know itself how far it has come.
fn log(source: &mut dyn Read) -> Result<(String, i64), MoveError> {
    let failed = |error| MoveError::failed("while the log of the source was read", &error);
    let (log_id, position) = source
        .log()
        .map_err(failed)?
        .ok_or_else(|| MoveError::Unsound("the table event_log has no row".to_owned()))?;
    let given = source.last_given(Table::Events).map_err(failed)?;
    if given != position {
        return Err(MoveError::Unsound(format!(
            "the head of its log is {position}, and the last position given is {given}"
        )));
    }
    Ok((log_id, position))
}

/// How far a move is when it begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Begun {
    /// There is something to be copied, or at least to be finished.
    UnderWay,
    /// All was done, and who did it may not have heard of that: only the proof is made once more.
    AtItsEnd,
}

/// Begins a move into an empty database, or goes on with one.
fn begin(target: &mut dyn Target, note: &Note) -> Result<Begun, MoveError> {
    let failed = |error| MoveError::failed("while the target was looked at", &error);
    if let Some(begun) = target.writer().note().map_err(failed)? {
        begun.go_on(note)?;
        target.go_on()?;
        return Ok(Begun::UnderWay);
    }
    if let Some((log_id, position)) = target.writer().log().map_err(failed)?
        && note.is_of(&log_id, position)
    {
        target.go_on()?;
        return Ok(Begun::AtItsEnd);
    }
    // Before anything is changed, and once more when nobody else can change it.
    refuse_occupied(target.writer())?;
    target.prepare()?;
    target.alone(&mut |target| {
        refuse_occupied(target)?;
        target.write_note(note).map_err(failed)
    })?;
    Ok(Begun::UnderWay)
}

fn refuse_occupied(target: &mut dyn Write) -> Result<(), MoveError> {
    let occupied = target
        .occupied()
        .map_err(|error| MoveError::failed("while the target was looked at", &error))?;
    match occupied {
        None => Ok(()),
        Some(table) => Err(MoveError::NotEmpty {
            table: table.name(),
        }),
    }
}

/// Copies what the target has not yet of a table; what the source has of it. The log's own row is kept
/// for later.
fn copy(
    source: &mut dyn Read,
    target: &mut dyn Target,
    table: Table,
    event_log: &mut Option<Page>,
    meter: &mut Meter<'_>,
) -> Result<Contents, MoveError> {
    let name = table.name();
    meter.begin(Phase::Copying, name);
    let there = match table {
        Table::EventLog => None,
        _ => target
            .writer()
            .last_key(table)
            .map_err(|error| MoveError::failed(format!("before {name} were copied"), &error))?,
    };
    contents(source, Side::Source, table, &mut |mut page| {
        let rows = page.len();
        if table == Table::EventLog {
            *event_log = Some(page);
        } else {
            if let Some(there) = &there {
                page.keep_above(there);
            }
            write(target, &page)?;
        }
        meter.step(rows);
        Ok(())
    })
}

/// What the source has of a table.
fn count(
    source: &mut dyn Read,
    table: Table,
    meter: &mut Meter<'_>,
) -> Result<Contents, MoveError> {
    meter.begin(Phase::Verifying, table.name());
    contents(source, Side::Source, table, &mut |page| {
        meter.step(page.len());
        Ok(())
    })
}

/// Writes a page in a transaction of its own.
fn write(target: &mut dyn Target, page: &Page) -> Result<(), MoveError> {
    if page.len() == 0 {
        return Ok(());
    }
    let mut refused = None;
    let written = target.transaction(&mut |target| {
        target.put(page).map_err(|error| {
            let failed = MoveError::failed(doing("written", page.table()), &error);
            refused = Some(error);
            failed
        })
    });
    match refused {
        // Only a row can be at fault, and one of them is.
        Some(Error::DatabaseError(..)) => Err(refused_row(target, page).unwrap_or_else(|| {
            written
                .err()
                .unwrap_or_else(|| MoveError::from(Error::NotFound))
        })),
        _ => written,
    }
}

/// Which row of the page the target refuses. Nothing of it is kept.
fn refused_row(target: &mut dyn Target, page: &Page) -> Option<MoveError> {
    let mut refused = None;
    let undone = target.transaction(&mut |target| {
        for index in 0..page.len() {
            if let Err(error) = target.put_one(page, index) {
                if let (Error::DatabaseError(..), Some(key)) = (&error, page.key(index)) {
                    refused = Some(MoveError::refused(page.table(), &key, &error));
                }
                break;
            }
        }
        Err(MoveError::from(Error::RollbackTransaction))
    });
    undone.err().and(refused)
}

fn doing(what: &str, table: Table) -> String {
    format!("while rows of {} were {what}", table.name())
}

/// Gives the target the log and the ids of the source.
fn finish(
    target: &mut dyn Write,
    from: &[Contents],
    event_log: Option<&Page>,
) -> Result<(), MoveError> {
    let failed = |error| MoveError::failed("at its end", &error);
    target.clear_log().map_err(failed)?;
    if let Some(page) = event_log {
        target.put(page).map_err(failed)?;
    }
    for (table, from) in Table::ALL.into_iter().zip(from) {
        let last = match (from.last_id, table) {
            (Some(last), _) => last,
            // These may be used twice, but not at once.
            (None, Table::IdempotencyKeys) => target.last_given(table).map_err(failed)?,
            (None, _) => continue,
        };
        target.give_after(table, last).map_err(failed)?;
    }
    Ok(())
}

/// What the target has, beside what the source gave.
fn compare(
    target: &mut dyn Write,
    from: &[Contents],
    meter: &mut Meter<'_>,
) -> Result<Vec<TableReport>, MoveError> {
    let mut tables = Vec::with_capacity(from.len());
    for (table, from) in Table::ALL.into_iter().zip(from) {
        meter.begin(Phase::Verifying, table.name());
        let to = contents(target, Side::Target, table, &mut |page| {
            meter.step(page.len());
            Ok(())
        })?;
        tables.push(TableReport::new(table, *from, to));
    }
    Ok(tables)
}

/// Reads a table page by page, and gives what it has.
fn contents(
    end: &mut (impl Read + ?Sized),
    side: Side,
    table: Table,
    each: &mut dyn FnMut(Page) -> Result<(), MoveError>,
) -> Result<Contents, MoveError> {
    let failed =
        |error| MoveError::failed(format!("{} from the {side}", doing("read", table)), &error);
    let mut sum = Sum::new(table);
    let mut after = None;
    loop {
        let page = end.page(table, after.as_ref()).map_err(failed)?;
        let Some(last) = page.last_key() else {
            break;
        };
        after = Some(last);
        sum.add(&page);
        each(page)?;
    }
    let (rows, checksum) = sum.end();
    let last_id = match table.gives() {
        true => Some(end.last_given(table).map_err(failed)?),
        false => None,
    };
    Ok(Contents::new(rows, checksum, last_id))
}
