//! What a request may cost: figures that are checked in, compared with what was counted, or renewed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::Count;
use super::workload::Kind;

/// The file, in the crate's directory.
const FILE: &str = "budget.toml";

/// By so many per cent a count may differ from its figure.
const LEEWAY: u64 = 10;

/// The file's text, and the figures in it.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    text: String,
    figures: BTreeMap<String, u64>,
}

/// What the comparison came to, in sentences.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Verdict {
    /// Why it fails.
    pub(super) failures: Vec<String>,
    /// What should be done all the same.
    pub(super) advice: Vec<String>,
}

impl Budget {
    pub(super) fn read() -> Result<Self> {
        let path = path();
        fs::read_to_string(&path)
            .map_err(Into::into)
            .and_then(Self::parse)
            .with_context(|| format!("can't read the budget {}", path.display()))
    }

    pub(super) fn write(&self) -> Result<()> {
        let path = path();
        fs::write(&path, &self.text).with_context(|| format!("can't write {}", path.display()))
    }

    pub(super) fn parse(text: String) -> Result<Self> {
        let figures = toml::from_str(&text)?;
        Ok(Self { text, figures })
    }

    /// What a request of this kind may cost.
    pub(super) fn figure(&self, kind: Kind) -> Option<u64> {
        self.figures.get(kind.name()).copied()
    }

    /// Compares each count with its figure.
    pub(super) fn judge(&self, counts: &[Count]) -> Verdict {
        let mut verdict = Verdict::default();
        for count in counts {
            match self.figure(count.kind) {
                Some(figure) => verdict.compare(count, figure),
                None => verdict.failures.push(format!(
                    "{} has no figure in {FILE}: add it with --write",
                    count.kind.name()
                )),
            }
        }
        for unknown in self.unknown() {
            verdict.failures.push(format!(
                "{FILE} has a figure for {unknown}, which is not counted: remove it with --write"
            ));
        }
        verdict
    }

    /// The same file with these figures; everything else in it stays.
    pub(super) fn renewed(&self, counts: &[Count]) -> Result<Self> {
        let unknown: Vec<&str> = self.unknown().collect();
        let mut missing = counts.to_vec();
        let mut lines = Vec::new();
        for line in self.text.lines() {
            let key = line.split('=').next().unwrap_or_default().trim();
            if let Some(at) = missing.iter().position(|count| count.kind.name() == key) {
                lines.push(entry(&missing.remove(at)));
            } else if !unknown.contains(&key) {
                lines.push(line.to_owned());
            }
        }
        lines.extend(missing.iter().map(entry));
        Self::parse(lines.join("\n") + "\n")
    }

    /// Names of figures that are no kind's.
    fn unknown(&self) -> impl Iterator<Item = &str> {
        let known = |name: &str| Kind::ALL.iter().any(|kind| kind.name() == name);
        self.figures
            .keys()
            .map(String::as_str)
            .filter(move |name| !known(name))
    }
}

impl Verdict {
    fn compare(&mut self, count: &Count, figure: u64) {
        let (name, counted) = (count.kind.name(), count.instructions);
        let change = change(figure, counted);
        if counted * 100 > figure * (100 + LEEWAY) {
            self.failures.push(format!(
                "{name} costs {counted} instructions instead of {figure} ({change}): find the cause \
                 with `callgrind_annotate --inclusive=yes` on the file {name}.callgrind, or renew the \
                 figure with --write and say in the commit why it costs more"
            ));
        } else if counted * 100 < figure * (100 - LEEWAY) {
            self.advice.push(format!(
                "{name} costs {counted} instructions instead of {figure} ({change}): renew the figure \
                 with --write, or what was won can be lost again unseen"
            ));
        }
    }
}

/// By how many per cent a count differs from its figure, with its sign.
pub(super) fn change(figure: u64, counted: u64) -> String {
    if figure == 0 {
        return "new".to_owned();
    }
    let change = counted as f64 / figure as f64 - 1.0;
    format!("{:+.1} %", change * 100.0)
}

fn entry(count: &Count) -> String {
    format!("{} = {}", count.kind.name(), grouped(count.instructions))
}

/// A number as TOML may have it: `1_234_567`.
fn grouped(number: u64) -> String {
    let (head, tail) = (number / 1_000, number % 1_000);
    match head {
        0 => tail.to_string(),
        _ => format!("{}_{tail:03}", grouped(head)),
    }
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// A file with a figure of 1,000 for each kind.
    fn thousand() -> Budget {
        let text = "# Why.\nsend = 1_000\nsend_under_key = 1_000\n\n# Reading.\npage = 1_000\n\
                    page_before = 1_000\nunseen = 1_000\n";
        Budget::parse(text.to_owned()).unwrap()
    }

    fn counts(instructions: u64) -> Vec<Count> {
        Kind::ALL.map(|kind| Count { kind, instructions }).into()
    }

    #[rstest]
    #[case::less_by_more_than_a_tenth(899, 0, 5)]
    #[case::less_by_a_tenth(900, 0, 0)]
    #[case::the_same(1_000, 0, 0)]
    #[case::more_by_a_tenth(1_100, 0, 0)]
    #[case::more_by_more_than_a_tenth(1_101, 5, 0)]
    fn a_count_may_differ_by_a_tenth(
        #[case] counted: u64,
        #[case] failures: usize,
        #[case] advice: usize,
    ) {
        let verdict = thousand().judge(&counts(counted));
        let found = (verdict.failures.len(), verdict.advice.len());
        assert_eq!(found, (failures, advice), "{verdict:?}");
    }

    #[test]
    fn a_failure_says_what_it_was_what_it_is_and_what_to_do() {
        let mut counts = counts(1_000);
        counts[2].instructions = 1_257;
        let verdict = thousand().judge(&counts);
        let [failure] = &verdict.failures[..] else {
            panic!("{verdict:?}");
        };
        let begin = "page costs 1257 instructions instead of 1000 (+25.7 %): ";
        assert!(failure.starts_with(begin), "{failure}");
        for advice in ["callgrind_annotate", "page.callgrind", "--write"] {
            assert!(failure.contains(advice), "{failure}");
        }
    }

    #[test]
    fn a_kind_without_a_figure_fails_and_so_does_a_figure_without_a_kind() {
        let text = thousand().text.replace("unseen", "seen");
        let verdict = Budget::parse(text).unwrap().judge(&counts(1_000));
        assert_eq!(
            verdict.failures,
            [
                "unseen has no figure in budget.toml: add it with --write",
                "budget.toml has a figure for seen, which is not counted: remove it with --write"
            ]
        );
    }

    #[test]
    fn a_figure_of_nothing_is_always_exceeded() {
        let text = thousand().text.replace("page = 1_000", "page = 0");
        let verdict = Budget::parse(text).unwrap().judge(&counts(1_000));
        assert_eq!(verdict.failures.len(), 1, "{verdict:?}");
    }

    #[test]
    fn renewing_keeps_the_comments_and_puts_the_names_right() {
        let text = thousand().text.replace("unseen", "seen");
        let renewed = Budget::parse(text)
            .unwrap()
            .renewed(&counts(12_345))
            .unwrap();
        assert_eq!(
            renewed.text,
            "# Why.\nsend = 12_345\nsend_under_key = 12_345\n\n# Reading.\npage = 12_345\n\
             page_before = 12_345\nunseen = 12_345\n"
        );
        assert_eq!(renewed.judge(&counts(12_345)), Verdict::default());
    }

    #[test]
    fn the_file_that_is_checked_in_has_a_figure_for_each_kind() {
        let budget = Budget::read().unwrap();
        let verdict = budget.judge(&counts(0));
        assert_eq!(verdict.failures, [""; 0]);
    }

    #[rstest]
    #[case("page = \"many\"\n")]
    #[case("page = -1\n")]
    #[case("page = 1\npage = 2\n")]
    #[case("[page]\nmost = 1\n")]
    fn what_is_no_figure_is_refused(#[case] text: &str) {
        assert!(Budget::parse(text.to_owned()).is_err());
    }

    #[rstest]
    #[case(0, "0")]
    #[case(999, "999")]
    #[case(1_000, "1_000")]
    #[case(1_234_567, "1_234_567")]
    fn figures_are_written_in_groups_of_three(#[case] figure: u64, #[case] written: &str) {
        assert_eq!(grouped(figure), written);
    }
}
