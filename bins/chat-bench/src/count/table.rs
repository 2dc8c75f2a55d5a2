//! The counts beside their budget, as a table in Markdown.

use super::Count;
use super::budget::{self, Budget};

/// A line for each kind.
pub(super) fn markdown(budget: &Budget, counts: &[Count]) -> String {
    let mut table = String::from(
        "| request | budget | instructions | change |\n| --- | ---: | ---: | ---: |\n",
    );
    for count in counts {
        let (name, counted) = (count.kind.name(), count.instructions);
        table += &match budget.figure(count.kind) {
            Some(figure) => {
                let change = budget::change(figure, counted);
                format!("| {name} | {figure} | {counted} | {change} |\n")
            }
            None => format!("| {name} | none | {counted} | |\n"),
        };
    }
    table
}

#[cfg(test)]
mod tests {
    use super::super::workload::Kind;
    use super::*;

    #[test]
    fn a_line_says_what_it_was_and_what_it_is() {
        let budget = Budget::parse("page = 2_000".to_owned()).unwrap();
        let counts = [Kind::Page, Kind::Unseen].map(|kind| Count {
            kind,
            instructions: 1_950,
        });
        let table = markdown(&budget, &counts);
        let lines: Vec<&str> = table.lines().skip(2).collect();
        assert_eq!(
            lines,
            [
                "| page | 2000 | 1950 | -2.5 % |",
                "| unseen | none | 1950 | |"
            ]
        );
    }
}
