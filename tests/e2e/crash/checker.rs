//! Whether what is found is what was acknowledged: nothing lost, doubled, moved or made up.

use std::collections::{BTreeMap, BTreeSet};

use super::records::{Marked, Records, Sent, To};

/// A message as it is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: i64,
    pub(crate) conversation: i64,
    pub(crate) seq: i64,
    pub(crate) writer: i64,
    pub(crate) to: To,
    /// None when it was deleted.
    pub(crate) content: Option<String>,
}

/// What is found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// By id.
    pub(crate) rows: Vec<Row>,
    /// When a reader has seen a message.
    pub(crate) seen: BTreeMap<(i64, i64), String>,
}

/// What must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// Acknowledged and not there, or not as it was acknowledged.
    Lost(Sent),
    /// There more than once.
    Doubled(String),
    /// A writer's messages in another order than they were acknowledged in.
    OutOfOrder(Sent, Sent),
    /// A conversation's places are not 1, 2, 3 … in the order of ids.
    Gap { conversation: i64, after: i64 },
    /// Nobody has tried to send it, or to delete it.
    Ghost(Row),
    /// Its deletion was acknowledged.
    NotDeleted(i64),
    /// The mark is not there, or with another time.
    Unmarked(Marked),
    /// Marked up to a later message, and not seen.
    LeftOut { mark: Marked, message: i64 },
    /// It was told to be missing before anybody deleted it.
    NotFound(i64),
    /// An answer that nobody should get.
    Strange(String),
}

/// Everything that must not be.
pub(crate) fn check(records: &Records, found: &Found) -> Vec<Finding> {
    let mut findings: Vec<_> = records
        .strange
        .iter()
        .cloned()
        .map(Finding::Strange)
        .collect();
    lost(records, found, &mut findings);
    doubled(found, &mut findings);
    out_of_order(records, &mut findings);
    gaps(found, &mut findings);
    ghosts(records, found, &mut findings);
    marks(records, found, &mut findings);
    let missing = records.not_found.difference(&records.deletes_tried);
    findings.extend(missing.map(|id| Finding::NotFound(*id)));
    findings
}

fn lost(records: &Records, found: &Found, findings: &mut Vec<Finding>) {
    let rows: BTreeMap<i64, &Row> = found.rows.iter().map(|row| (row.id, row)).collect();
    for sent in &records.sent {
        let there = rows.get(&sent.id).is_some_and(|row| {
            let content = match &row.content {
                Some(content) => *content == sent.content,
                None => records.deletes_tried.contains(&sent.id),
            };
            let place = (row.conversation, row.seq, row.writer, row.to);
            content && place == (sent.conversation, sent.seq, sent.writer, sent.to)
        });
        if !there {
            findings.push(Finding::Lost(sent.clone()));
        }
    }
    for id in &records.deleted {
        if rows.get(id).is_some_and(|row| row.content.is_some()) {
            findings.push(Finding::NotDeleted(*id));
        }
    }
}

fn doubled(found: &Found, findings: &mut Vec<Finding>) {
    let mut contents = BTreeSet::new();
    for content in found.rows.iter().filter_map(|row| row.content.as_ref()) {
        if !contents.insert(content) {
            findings.push(Finding::Doubled(content.clone()));
        }
    }
}

fn out_of_order(records: &Records, findings: &mut Vec<Finding>) {
    let mut last: BTreeMap<(i64, i64), &Sent> = BTreeMap::new();
    for sent in &records.sent {
        if let Some(before) = last.insert((sent.writer, sent.conversation), sent)
            && before.seq >= sent.seq
        {
            findings.push(Finding::OutOfOrder(before.clone(), sent.clone()));
        }
    }
}

fn gaps(found: &Found, findings: &mut Vec<Finding>) {
    let mut last: BTreeMap<i64, i64> = BTreeMap::new();
    for row in &found.rows {
        let before = last.insert(row.conversation, row.seq).unwrap_or(0);
        if row.seq != before + 1 {
            findings.push(Finding::Gap {
                conversation: row.conversation,
                after: before,
            });
        }
    }
}

fn ghosts(records: &Records, found: &Found, findings: &mut Vec<Finding>) {
    let known = |row: &&Row| match &row.content {
        Some(content) => records.tried.contains(content),
        None => records.deletes_tried.contains(&row.id),
    };
    let ghosts = found.rows.iter().filter(|row| !known(row));
    findings.extend(ghosts.cloned().map(Finding::Ghost));
}

fn marks(records: &Records, found: &Found, findings: &mut Vec<Finding>) {
    let rows: BTreeMap<i64, &Row> = found.rows.iter().map(|row| (row.id, row)).collect();
    for mark in &records.marked {
        if found.seen.get(&(mark.reader, mark.message)) != Some(&mark.seen_at) {
            findings.push(Finding::Unmarked(mark.clone()));
        }
    }
    // The furthest up_to of a reader in a conversation tells of all before.
    let mut furthest: BTreeMap<(i64, i64), (i64, &Marked)> = BTreeMap::new();
    for mark in records.marked.iter().filter(|mark| mark.up_to) {
        if let Some(row) = rows.get(&mark.message) {
            let far = furthest
                .entry((mark.reader, row.conversation))
                .or_insert((0, mark));
            if row.seq > far.0 {
                *far = (row.seq, mark);
            }
        }
    }
    for ((reader, conversation), (seq, mark)) in furthest {
        let before = found.rows.iter().filter(|row| {
            row.conversation == conversation && row.seq <= seq && row.writer != reader
        });
        let unseen = before
            .filter(|row| row.content.is_some() && !found.seen.contains_key(&(reader, row.id)));
        findings.extend(unseen.map(|row| Finding::LeftOut {
            mark: mark.clone(),
            message: row.id,
        }));
    }
}

#[cfg(test)]
mod tests;
