//! How far a move has come.

/// How far a move has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// What it is doing.
    pub phase: Phase,
    /// The table that it is at.
    pub table: &'static str,
    /// How many rows are done. Each row counts twice: it is copied, and it is verified.
    pub done: u64,
    /// How many there are to be done.
    pub total: u64,
}

/// What a move is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// Rows are read from the source and written to the target.
    Copying,
    /// Rows are read from the target, and compared with what the source gave.
    Verifying,
}

/// Counts rows, and tells after each page.
pub(crate) struct Meter<'p> {
    tell: &'p mut dyn FnMut(Progress),
    now: Progress,
}

impl<'p> Meter<'p> {
    /// A move of so many rows.
    pub(crate) fn new(rows: u64, tell: &'p mut dyn FnMut(Progress)) -> Self {
        let now = Progress {
            phase: Phase::Copying,
            table: "",
            done: 0,
            total: 2 * rows,
        };
        Self { tell, now }
    }

    /// Begins a table.
    pub(crate) fn begin(&mut self, phase: Phase, table: &'static str) {
        (self.now.phase, self.now.table) = (phase, table);
        (self.tell)(self.now);
    }

    /// So many rows more.
    pub(crate) fn step(&mut self, rows: usize) {
        self.now.done = self.now.total.min(self.now.done + rows as u64);
        (self.tell)(self.now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_goes_beyond_its_end() {
        let mut told = Vec::new();
        let mut tell = |now: Progress| told.push((now.table, now.done, now.total));
        let mut meter = Meter::new(3, &mut tell);
        meter.begin(Phase::Copying, "users");
        meter.step(3);
        meter.begin(Phase::Verifying, "users");
        meter.step(4);
        assert_eq!(
            told,
            [
                ("users", 0, 6),
                ("users", 3, 6),
                ("users", 3, 6),
                ("users", 6, 6)
            ]
        );
    }
}
