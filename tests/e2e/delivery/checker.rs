//! Compares what each reader was told with the log: nothing is missing, nothing comes twice, the order is kept,
//! nothing is told to whom it must not be, and applied in order it ends right.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use super::told::Told;
use super::truth::Truth;

#[cfg(test)]
mod tests;

/// What one reader was told, over all its connections, in the order in which it came.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) name: String,
    /// Who it reads as; the system if nobody.
    pub(super) user: Option<i64>,
    /// Where it began.
    pub(super) from: String,
    pub(super) told: Vec<Arc<Told>>,
    /// Whether it came to the end. One that did not may have been too slow, and says nothing of what comes behind
    /// the last that it was told.
    pub(super) ended: bool,
}

/// What is wrong with what a reader was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    Missing {
        reader: String,
        place: usize,
        kind: String,
    },
    Twice {
        reader: String,
        place: usize,
        kind: String,
    },
    Disordered {
        reader: String,
        place: usize,
        after: usize,
    },
    NotForIt {
        reader: String,
        place: usize,
        kind: String,
    },
    Unknown {
        reader: String,
        cursor: String,
        kind: String,
    },
    /// It is about something else than what happened there.
    Other {
        reader: String,
        place: usize,
        about: String,
        instead: String,
    },
    /// It was told nothing more, though there was more for it.
    Unended { reader: String, after: usize },
    /// The last that was told of something is not how it is.
    EndsWrong {
        reader: String,
        place: usize,
        what: String,
        how: String,
        instead: String,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing {
                reader,
                place,
                kind,
            } => {
                write!(f, "{reader}: the {kind} at {place} is missing")
            }
            Self::Twice {
                reader,
                place,
                kind,
            } => {
                write!(f, "{reader}: the {kind} at {place} came twice")
            }
            Self::Disordered {
                reader,
                place,
                after,
            } => {
                write!(f, "{reader}: {place} came after {after}")
            }
            Self::NotForIt {
                reader,
                place,
                kind,
            } => {
                write!(f, "{reader}: the {kind} at {place} is not for its eyes")
            }
            Self::Unknown {
                reader,
                cursor,
                kind,
            } => {
                write!(f, "{reader}: the log has no {kind} at {cursor}")
            }
            Self::Other {
                reader,
                place,
                about,
                instead,
            } => {
                write!(
                    f,
                    "{reader}: {place} is \"{about}\", told was \"{instead}\""
                )
            }
            Self::Unended { reader, after } => {
                write!(
                    f,
                    "{reader}: nothing came after {after}, which is not the end"
                )
            }
            Self::EndsWrong {
                reader,
                place,
                what,
                how,
                instead,
            } => {
                write!(
                    f,
                    "{reader}: {what} is {how}, told last, at {place}, was {instead}"
                )
            }
        }
    }
}

/// All that is wrong with this record.
pub(super) fn check(truth: &Truth, record: &Record) -> Vec<Finding> {
    let reader = || record.name.clone();
    let sees = |place: usize| match record.user {
        None => true,
        Some(user) => truth.entries[place - 1].seers.contains(&user),
    };
    let from = truth
        .place(&record.from)
        .expect("a reader begins in the log");
    let mut findings = Vec::new();
    let mut told = HashSet::new();
    let mut last = from;
    for one in &record.told {
        let Told { cursor, kind, .. } = &**one;
        let known = truth
            .place(cursor)
            .filter(|place| (1..).contains(place) && truth.entries[place - 1].told.kind == *kind);
        let Some(place) = known else {
            findings.push(Finding::Unknown {
                reader: reader(),
                cursor: cursor.clone(),
                kind: kind.clone(),
            });
            continue;
        };
        findings.extend(wrong(truth, place, one, &record.name));
        if !told.insert(place) {
            findings.push(Finding::Twice {
                reader: reader(),
                place,
                kind: kind.clone(),
            });
            continue;
        }
        if place <= last {
            findings.push(Finding::Disordered {
                reader: reader(),
                place,
                after: last,
            });
        }
        last = last.max(place);
        if !sees(place) {
            findings.push(Finding::NotForIt {
                reader: reader(),
                place,
                kind: kind.clone(),
            });
        }
    }
    let end = if record.ended {
        truth.entries.len()
    } else {
        findings.push(Finding::Unended {
            reader: reader(),
            after: last,
        });
        last
    };
    for place in from + 1..=end {
        if sees(place) && !told.contains(&place) {
            findings.push(Finding::Missing {
                reader: reader(),
                place,
                kind: truth.entries[place - 1].told.kind.clone(),
            });
        }
    }
    findings
}

/// What is wrong with what this event of the log was told to be.
fn wrong(truth: &Truth, place: usize, told: &Told, reader: &str) -> Option<Finding> {
    let entry = &truth.entries[place - 1];
    let reader = reader.to_owned();
    if told.about != entry.told.about {
        return Some(Finding::Other {
            reader,
            place,
            about: entry.told.about.clone(),
            instead: told.about.clone(),
        });
    }
    // Before, it may have been told as it was then or as it is now.
    let (Some((what, how)), Some((_, instead))) = (&entry.told.state, &told.state) else {
        return None;
    };
    (entry.last && how != instead).then(|| Finding::EndsWrong {
        reader,
        place,
        what: what.clone(),
        how: how.clone(),
        instead: instead.clone(),
    })
}

/// How many findings there are of each kind, in words.
pub(super) fn summary(findings: &[Finding]) -> String {
    let count = |which: fn(&Finding) -> bool| findings.iter().filter(|one| which(one)).count();
    format!(
        "missing {}, doubled {}, disordered {}, not for the reader {}, unknown {}, other {}, \
         wrong at the end {}, not at the end {}",
        count(|one| matches!(one, Finding::Missing { .. })),
        count(|one| matches!(one, Finding::Twice { .. })),
        count(|one| matches!(one, Finding::Disordered { .. })),
        count(|one| matches!(one, Finding::NotForIt { .. })),
        count(|one| matches!(one, Finding::Unknown { .. })),
        count(|one| matches!(one, Finding::Other { .. })),
        count(|one| matches!(one, Finding::EndsWrong { .. })),
        count(|one| matches!(one, Finding::Unended { .. })),
    )
}
