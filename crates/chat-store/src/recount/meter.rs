//! How far a count has come.

/// Told only once in so many rows: whoever listens may draw.
const STEP: u64 = 1_000;

/// Counts rows against how many there will be, part by part.
pub(crate) struct Meter<'p> {
    tell: &'p mut dyn FnMut(u64, u64),
    total: u64,
    done: u64,
    /// Where the part under way ends.
    end: u64,
}

impl<'p> Meter<'p> {
    /// A count of `total` rows; `tell` hears how many of them are done.
    pub(crate) fn new(total: u64, tell: &'p mut dyn FnMut(u64, u64)) -> Self {
        tell(0, total);
        Self {
            tell,
            total,
            done: 0,
            end: 0,
        }
    }

    /// Begins a part of at most `rows` rows; the part before it is done then.
    pub(crate) fn part(&mut self, rows: u64) {
        self.done = self.end;
        self.end = self.total.min(self.end + rows);
        (self.tell)(self.done, self.total);
    }

    /// One more row.
    pub(crate) fn step(&mut self) {
        if self.done < self.end {
            self.done += 1;
            if self.done.is_multiple_of(STEP) {
                (self.tell)(self.done, self.total);
            }
        }
    }

    /// Everything is done.
    pub(crate) fn finish(self) {
        (self.tell)(self.total, self.total);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_goes_back_nor_beyond_its_end() {
        let mut told = Vec::new();
        let mut tell = |done, total| told.push((done, total));
        let mut meter = Meter::new(2_500, &mut tell);
        meter.part(1_500);
        (0..1_600).for_each(|_| meter.step());
        meter.part(1_000);
        (0..10).for_each(|_| meter.step());
        meter.finish();
        let done: Vec<u64> = told.iter().map(|(done, _)| *done).collect();
        assert_eq!(done, [0, 0, 1_000, 1_500, 2_500]);
        assert!(told.iter().all(|(_, total)| *total == 2_500));
    }
}
