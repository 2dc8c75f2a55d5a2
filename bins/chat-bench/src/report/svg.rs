//! Growth as a picture: the cost of a request over what grows, a line for each workload.

mod scale;

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use self::scale::Axis;
use super::number::{grouped, rounded};
use super::{Curve, Line};

const WIDTH: i32 = 720;
const HEIGHT: i32 = 400;

/// Told apart by people who see few colours, too (Okabe and Ito); those that are seen best on
/// white come first. The eighth of the set, yellow, is hardly seen there.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0x00, 0x00, 0x00),
];
const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
const FAINT: RGBColor = RGBColor(0x66, 0x66, 0x66);
const GRID: RGBColor = RGBColor(0xe0, 0xe0, 0xe0);

/// Some thirty years in microseconds. What is beyond it is no cost, and would have no scale either.
const MOST: f64 = 1e15;

/// Around all that is drawn.
const MARGIN: i32 = 12;
/// The width of a letter; a picture can't know the fonts that it will be shown with, so this is a
/// little more than most need.
const LETTER: i32 = 8;
/// The two rows of a label, and the space below them.
const LABEL: i32 = 36;
/// From the right edge of the axes to the labels.
const LEADER: i32 = 22;

type Backend<'a> = SVGBackend<'a>;
type Root<'a> = DrawingArea<Backend<'a>, Shift>;
type Plane = Cartesian2d<Axis, Axis>;
type Chart<'a> = ChartContext<'a, Backend<'a>, Plane>;
type Drawing<'a, T = ()> =
    Result<T, DrawingAreaErrorKind<<Backend<'a> as DrawingBackend>::ErrorType>>;

/// A line that has points, in its colour.
struct Drawn {
    name: &'static str,
    /// Its last cost, and by how much that has grown.
    detail: String,
    colour: RGBColor,
    /// Sizes and costs, from the smallest size to the largest.
    points: Vec<(f64, f64)>,
}

/// The whole SVG document, always the same for the same curve. Without points it says that there are
/// none: a long run should not end in an error over a picture.
pub(super) fn draw(curve: &Curve) -> Result<String> {
    let mut text = String::new();
    draw_into(&mut text, curve).map_err(|error| anyhow!("can't draw {}: {error}", curve.name))?;
    Ok(text)
}

fn draw_into<'a>(text: &'a mut String, curve: &Curve) -> Drawing<'a> {
    let root = SVGBackend::with_string(text, (WIDTH as u32, HEIGHT as u32)).into_drawing_area();
    // Without it the ink would be lost on a dark page.
    root.fill(&WHITE)?;
    let colours = COLOURS.into_iter().cycle();
    let lines: Vec<_> = curve
        .lines
        .iter()
        .zip(colours)
        .filter_map(|(line, colour)| Drawn::of(line, colour))
        .collect();
    if lines.is_empty() {
        let style = font(&FAINT, HPos::Center);
        root.draw_text("Nothing was measured.", &style, (WIDTH / 2, HEIGHT / 2))?;
    } else {
        chart(&root, curve.axis, &lines)?;
    }
    root.present()
}

impl Drawn {
    fn of(line: &Line, colour: RGBColor) -> Option<Self> {
        let mut points: Vec<_> = line
            .points
            .iter()
            .filter(|point| point.cpu_us.is_finite())
            // Zero has no logarithm, and no time is less than none.
            .map(|point| (point.size.max(1) as f64, point.cpu_us.clamp(0.0, MOST)))
            .collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (_, last) = points.last()?;
        let mut detail = format!("{} µs", grouped(*last, usize::from(*last < 1_000.0)));
        if let Some(growth) = line.growth() {
            detail += &format!(", {} ×", grouped(growth, 2));
        }
        Some(Self {
            name: line.name,
            detail,
            colour,
            points,
        })
    }

    /// The letters of the longer row of its label.
    fn letters(&self) -> usize {
        self.name.chars().count().max(self.detail.chars().count())
    }
}

fn chart<'a>(root: &Root<'a>, axis: &str, lines: &[Drawn]) -> Drawing<'a> {
    let points = || lines.iter().flat_map(|line| &line.points);
    let sizes = Axis::of_sizes(points().map(|point| point.0).collect());
    let costs = Axis::of_costs(points().map(|point| point.1).fold(0.0, f64::max));
    let decimals = costs.decimals();
    let mut chart = plane(root, sizes, costs, lines)?;
    axes(&mut chart, axis, decimals)?;
    let style = font(&INK, HPos::Left);
    root.draw_text("CPU µs per request", &style, (MARGIN, 22))?;
    for line in lines {
        let style = line.colour.filled().stroke_width(2);
        let points = line.points.iter().copied();
        chart.draw_series(LineSeries::new(points, style).point_size(4))?;
    }
    labels(root, &chart, lines)
}

/// The space of the chart, with room on its right for the labels of the lines.
fn plane<'a>(root: &Root<'a>, sizes: Axis, costs: Axis, lines: &[Drawn]) -> Drawing<'a, Chart<'a>> {
    let longest = lines.iter().map(Drawn::letters).max().unwrap_or_default();
    let right = LEADER + LETTER * longest as i32 + MARGIN;
    let decimals = costs.decimals();
    let longest = costs
        .ticks
        .iter()
        .map(|&tick| grouped(tick, decimals).len())
        .max();
    let left = LETTER * longest.unwrap_or_default() as i32 + 10;
    ChartBuilder::on(root)
        .margin_top(44)
        .margin_left(MARGIN)
        .margin_right(right.min(WIDTH / 2))
        .margin_bottom(MARGIN)
        .x_label_area_size(48)
        .y_label_area_size(left)
        .build_cartesian_2d(sizes, costs)
}

fn axes<'a>(chart: &mut Chart<'a>, name: &str, decimals: usize) -> Drawing<'a> {
    chart
        .configure_mesh()
        .disable_x_mesh()
        .bold_line_style(GRID)
        .axis_style(FAINT)
        .set_all_tick_mark_size(4)
        .label_style(font(&FAINT, HPos::Center))
        .x_label_formatter(&|size| rounded(size.round() as u64))
        .y_label_formatter(&|cost| grouped(*cost, decimals))
        .axis_desc_style(font(&INK, HPos::Center))
        .x_desc(name)
        .draw()
}

/// Beside the end of each line what it is; where the ends are too close together, further up or down.
fn labels<'a>(root: &Root<'a>, chart: &Chart<'a>, lines: &[Drawn]) -> Drawing<'a> {
    let (across, down) = chart.plotting_area().get_pixel_range();
    let x = across.end + LEADER;
    let mut ends: Vec<_> = lines
        .iter()
        .filter_map(|line| Some((chart.backend_coord(line.points.last()?), line)))
        .collect();
    // Of ends in the same place the first line's label is the upper one.
    ends.sort_by_key(|((_, y), _)| *y);
    let wanted: Vec<_> = ends.iter().map(|((_, y), _)| *y).collect();
    let places = scale::spread(&wanted, LABEL, down.start..down.end);
    for ((end, line), y) in ends.into_iter().zip(places) {
        let leader = [(end.0 + 4, end.1), (across.end + 4, end.1), (x - 5, y)];
        root.draw(&PathElement::new(leader, line.colour.mix(0.5)))?;
        root.draw_text(line.name, &font(&INK, HPos::Left), (x, y - 8))?;
        root.draw_text(&line.detail, &font(&FAINT, HPos::Left), (x, y + 9))?;
    }
    Ok(())
}

fn font(colour: &'static RGBColor, side: HPos) -> TextStyle<'static> {
    // 14 pixels: the backend takes the height of a line for the size.
    TextStyle::from(("sans-serif", 14.0 * 1.24))
        .color(colour)
        .pos(Pos::new(side, VPos::Center))
}

#[cfg(test)]
mod tests;
