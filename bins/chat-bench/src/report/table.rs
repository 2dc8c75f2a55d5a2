//! The report in Markdown, of which the source reads well in a terminal, too.

use super::number::{binary, grouped, mebibytes};
use super::{Curve, GROWTH, Line, Memory, NONE, Ratio, Report, Row, Start, Wanted};

/// All of it but the single rounds, which only the JSON tells.
pub(super) fn markdown(report: &Report) -> String {
    let mut parts = vec![head(report)];
    if !report.rows.is_empty() {
        parts.push(workloads(&report.rows));
    }
    parts.extend(report.start.as_ref().map(start));
    parts.extend(report.memory.as_ref().map(memory));
    parts.extend(report.growth.iter().map(growth));
    if !report.checks.is_empty() {
        parts.push(checks(&report.checks));
    }
    parts.join("\n")
}

fn head(report: &Report) -> String {
    format!(
        "chat-bench {} on {}; {} messages stored.\n\n    {}\n",
        report.version,
        report.machine,
        grouped(report.messages as f64, 0),
        report.command,
    )
}

fn workloads(rows: &[Row]) -> String {
    let mut table = Table::new([
        Column::left("workload"),
        Column::right("connections"),
        Column::right("requests/s"),
        Column::right("p50 ms"),
        Column::right("p99 ms"),
        Column::right("p99.9 ms"),
        // On the left the digits stand below each other whatever the floor is called.
        Column::left("× floor"),
        Column::left("target"),
        Column::right("CPU µs/request"),
        Column::right("peak MiB"),
        Column::right("bytes/message"),
    ]);
    for row in rows {
        table.row([
            format!("{} {}", row.name, row.what).trim_end().to_owned(),
            connections(row),
            rate(row.per_second),
            grouped(row.p50_ms, 2),
            grouped(row.p99_ms, 2),
            grouped(row.p999_ms, 2),
            or_none(row.ratio.map(|ratio| beside(ratio, row.floor))),
            row.ratio.map(target).unwrap_or_default(),
            or_none(row.cpu_us.map(|cpu| grouped(cpu, 1))),
            or_none(row.peak_bytes.map(mebibytes)),
            or_none(row.disk_bytes.map(|bytes| grouped(bytes, 0))),
        ]);
    }
    table.markdown()
}

/// Whole ones, unless there are few.
fn rate(per_second: f64) -> String {
    let decimals = match per_second {
        ..9.95 => 2,
        ..99.5 => 1,
        _ => 0,
    };
    grouped(per_second, decimals)
}

fn connections(row: &Row) -> String {
    let connections = grouped(row.connections as f64, 0);
    match row.fixed_rate {
        Some(rate) => format!("{connections} at {}/s", grouped(rate, 0)),
        None => connections,
    }
}

/// `0.31 × echo`.
fn beside(ratio: Ratio, floor: Option<&str>) -> String {
    let value = value(ratio);
    match floor {
        Some(floor) => format!("{value} × {floor}"),
        None => value,
    }
}

/// With two decimals, or as many as it takes for the figure not to contradict what is said of it:
/// 0.2496 would be 0.25, and miss a target of 0.25.
fn value(ratio: Ratio) -> String {
    let decimals = (2..6).find(|&decimals| {
        let shown = format!("{:.decimals$}", ratio.value).parse();
        shown.is_ok_and(|value| Ratio { value, ..ratio }.is_met() == ratio.is_met())
    });
    grouped(ratio.value, decimals.unwrap_or(6))
}

/// `≥ 0.25 met`; nothing if there is no target.
fn target(ratio: Ratio) -> String {
    let met = if ratio.is_met() { "met" } else { "missed" };
    match ratio.wanted {
        Wanted::AtLeast(least) => format!("≥ {least} {met}"),
        Wanted::AtMost(most) => format!("≤ {most} {met}"),
        Wanted::Open => String::new(),
    }
}

fn start(start: &Start) -> String {
    let resident = start.resident_bytes.map_or_else(String::new, |bytes| {
        format!(
            " {} MiB resident (target ≤ {}),",
            mebibytes(bytes),
            mebibytes(Start::RESIDENT_BYTES)
        )
    });
    format!(
        "Start: first answer after {} ms (target ≤ {}),{resident} program {} MiB (target ≤ {}).\n",
        grouped(start.first_answer_ms, 1),
        grouped(Start::FIRST_ANSWER_MS, 0),
        mebibytes(start.binary_bytes),
        mebibytes(Start::BINARY_BYTES),
    )
}

fn memory(memory: &Memory) -> String {
    format!(
        "Memory: {} MiB resident after the start, {} MiB at most during {} uploads of {} at once.\n",
        mebibytes(memory.resident_bytes),
        mebibytes(memory.peak_bytes),
        memory.uploads,
        binary(memory.file_bytes as u64),
    )
}

fn growth(curve: &Curve) -> String {
    let sizes = sizes(curve);
    let mut columns = vec![Column::left("workload")];
    let size_columns = sizes.iter().map(|&size| grouped(size as f64, 0));
    columns.extend(size_columns.map(Column::right));
    columns.push(Column::right("growth"));
    columns.push(Column::left("target"));
    let mut table = Table::new(columns);
    for line in &curve.lines {
        let growth = line.growth().map(|value| Ratio {
            value,
            wanted: GROWTH,
        });
        let mut cells = vec![line.name.to_owned()];
        cells.extend(sizes.iter().map(|&size| cost(line, size)));
        cells.push(or_none(growth.map(|growth| value(growth) + " ×")));
        cells.push(growth.map(target).unwrap_or_default());
        table.row(cells);
    }
    format!("CPU µs/request by {}:\n\n{}", curve.axis, table.markdown())
}

/// Those of all lines, since a line may lack some.
fn sizes(curve: &Curve) -> Vec<u64> {
    let points = curve.lines.iter().flat_map(|line| &line.points);
    let mut sizes: Vec<_> = points.map(|point| point.size).collect();
    sizes.sort_unstable();
    sizes.dedup();
    sizes
}

fn cost(line: &Line, size: u64) -> String {
    let point = line.points.iter().find(|point| point.size == size);
    or_none(point.map(|point| grouped(point.cpu_us, 1)))
}

fn checks(checks: &[String]) -> String {
    let list: String = checks.iter().map(|check| format!("- {check}\n")).collect();
    format!("Checked:\n\n{list}")
}

fn or_none(cell: Option<String>) -> String {
    cell.unwrap_or_else(|| NONE.to_owned())
}

/// Rows below a head, in columns that are as wide as the widest of their cells.
struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

struct Column {
    name: String,
    side: Side,
    width: usize,
}

#[derive(Clone, Copy)]
enum Side {
    Left,
    Right,
}

impl Column {
    /// Of words.
    fn left(name: impl Into<String>) -> Self {
        Self::new(name.into(), Side::Left)
    }

    /// Of numbers.
    fn right(name: impl Into<String>) -> Self {
        Self::new(name.into(), Side::Right)
    }

    fn new(name: String, side: Side) -> Self {
        // The line below the head needs three characters.
        let width = width(&name).max(3);
        Self { name, side, width }
    }

    fn padded(&self, cell: &str) -> String {
        // Not by the formatter's own padding, so that one place says what a width is.
        let space = " ".repeat(self.width.saturating_sub(width(cell)));
        match self.side {
            Side::Left => format!("{cell}{space}"),
            Side::Right => format!("{space}{cell}"),
        }
    }

    fn rule(&self) -> String {
        match self.side {
            Side::Left => "-".repeat(self.width),
            Side::Right => "-".repeat(self.width - 1) + ":",
        }
    }
}

impl Table {
    fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self {
            columns: columns.into_iter().collect(),
            rows: Vec::new(),
        }
    }

    /// One cell for each column.
    fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells: Vec<_> = cells.into_iter().map(|cell| escaped(&cell)).collect();
        debug_assert_eq!(cells.len(), self.columns.len());
        for (column, cell) in self.columns.iter_mut().zip(&cells) {
            column.width = column.width.max(width(cell));
        }
        self.rows.push(cells);
    }

    fn markdown(&self) -> String {
        let head = self
            .columns
            .iter()
            .map(|column| column.padded(&column.name));
        let rule = self.columns.iter().map(Column::rule);
        let mut text = line(head) + &line(rule);
        for row in &self.rows {
            let cells = self.columns.iter().zip(row);
            text += &line(cells.map(|(column, cell)| column.padded(cell)));
        }
        text
    }
}

fn line(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

/// Each character of a report takes one place in a terminal.
fn width(text: &str) -> usize {
    text.chars().count()
}

/// What would end the cell or its row.
fn escaped(cell: &str) -> String {
    cell.replace('|', r"\|").replace('\n', " ")
}

#[cfg(test)]
mod tests;
