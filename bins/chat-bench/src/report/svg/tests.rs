//! What can be said of a picture without looking at it.

use rstest::rstest;

use super::*;
use crate::report::Point;

type Points<'a> = &'a [(u64, f64)];

fn curve(lines: &[(&'static str, Points<'_>)]) -> Curve {
    let point = |&(size, cpu_us): &(u64, f64)| Point { size, cpu_us };
    let lines = lines.iter().map(|(name, points)| Line {
        name,
        points: points.iter().map(point).collect(),
    });
    Curve {
        name: "messages",
        axis: "messages stored",
        lines: lines.collect(),
    }
}

fn usual() -> Curve {
    curve(&[
        (
            "W1 send",
            &[(10_000, 40.0), (100_000, 41.2), (1_000_000, 43.2)],
        ),
        (
            "W2 <depth> & \"more\"",
            &[(10_000, 60.0), (1_000_000, 81.0)],
        ),
        (
            "W3 unseen",
            &[(10_000, 20.0), (100_000, 20.0), (1_000_000, 21.0)],
        ),
    ])
}

/// The circles' places, in the order in which they were drawn.
fn circles(svg: &str) -> Vec<(i32, i32)> {
    let circle = |line: &str| Some((number(line, "cx")?, number(line, "cy")?));
    let lines = svg.lines().filter(|line| line.starts_with("<circle "));
    lines.filter_map(circle).collect()
}

/// The whole number in an attribute.
fn number(tag: &str, attribute: &str) -> Option<i32> {
    let (_, rest) = tag.split_once(&format!(" {attribute}=\""))?;
    rest.split_once('"')?.0.parse().ok()
}

/// The content of the text elements.
fn texts(svg: &str) -> Vec<&str> {
    let mut texts = Vec::new();
    let mut lines = svg.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("<text ") {
            texts.extend(lines.next());
        }
    }
    texts
}

/// Each element ends, in the order of their beginnings, and nothing stands in between that would
/// have to be escaped. Enough for what is drawn here.
fn assert_well_formed(svg: &str) {
    let mut open = Vec::new();
    for part in svg.split_inclusive('>') {
        let (text, tag) = part.split_once('<').unwrap_or((part, ""));
        assert!(!text.contains('>'), "{text}");
        for entity in text.split('&').skip(1) {
            assert!(entity.contains(';'), "{text}");
        }
        let name = tag.split([' ', '>']).next().unwrap();
        if let Some(name) = name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.is_empty() && !tag.ends_with("/>") {
            open.push(name);
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
    }
    assert_eq!(open, Vec::<&str>::new());
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
}

#[test]
fn every_line_has_its_name_and_every_point_its_marker() {
    let svg = draw(&usual()).unwrap();
    assert_well_formed(&svg);
    assert_eq!(
        texts(&svg)[1..10],
        ["0", "20", "40", "60", "80", "100", "10 k", "100 k", "1 M"]
    );
    assert!(texts(&svg).contains(&"messages stored"));
    assert!(texts(&svg).contains(&"CPU µs per request"));
    for name in [
        "W1 send",
        "W2 &lt;depth&gt; &amp; &quot;more&quot;",
        "W3 unseen",
    ] {
        assert!(texts(&svg).contains(&name), "{name}");
    }
    assert!(texts(&svg).contains(&"43.2 µs, 1.08 ×"));
    assert_eq!(circles(&svg).len(), 8);
}

#[test]
fn what_costs_more_stands_higher_and_what_is_larger_further_right() {
    let svg = draw(&curve(&[("x", &[(1_000, 9.0), (10, 1.0), (100, 2.0)])])).unwrap();
    let circles = circles(&svg);
    assert!(circles.is_sorted_by(|a, b| a.0 < b.0 && a.1 > b.1));
    // Each step is ten times as much, so they are equally far apart.
    let [first, second, third] = circles[..] else {
        panic!("three points are {circles:?}")
    };
    assert!((second.0 - first.0).abs_diff(third.0 - second.0) <= 1);
    assert!(third.1 - second.1 < 6 * (second.1 - first.1));
}

#[test]
fn the_same_curve_is_drawn_alike() {
    assert_eq!(draw(&usual()).unwrap(), draw(&usual()).unwrap());
}

#[rstest]
#[case::nothing(&[])]
#[case::no_points(&[("x", &[] as Points<'_>)])]
#[case::no_numbers(&[("x", &[(10_u64, f64::NAN), (20, f64::INFINITY)] as Points<'_>)])]
fn without_points_the_picture_says_so(#[case] lines: &[(&'static str, Points<'_>)]) {
    let svg = draw(&curve(lines)).unwrap();
    assert_well_formed(&svg);
    assert_eq!(texts(&svg), ["Nothing was measured."]);
}

#[rstest]
#[case::one_point(&[(1_000_000, 38.0)])]
#[case::one_size(&[(10, 38.0), (10, 39.0)])]
#[case::all_equal(&[(10, 5.0), (100, 5.0), (1_000, 5.0)])]
#[case::zeros(&[(0, 0.0), (1, 0.0)])]
#[case::large(&[(1, 3e3), (10_000_000_000, 9e12)])]
#[case::small(&[(1, 1e-3), (10, 2e-3)])]
#[case::the_smallest(&[(1, 5e-324), (2, 5e-324)])]
#[case::the_largest(&[(u64::MAX, f64::MAX)])]
#[case::below_zero(&[(1, -1.0), (10, 1.0)])]
fn every_point_is_within_the_picture(#[case] points: Points<'_>) {
    // More labels than fit beside each other.
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"];
    let svg = draw(&curve(&names.map(|name| (name, points)))).unwrap();
    assert_well_formed(&svg);
    let circles = circles(&svg);
    assert_eq!(circles.len(), names.len() * points.len());
    let within = |&(x, y): &(i32, i32)| (0..WIDTH).contains(&x) && (0..HEIGHT).contains(&y);
    assert!(circles.iter().all(within), "{circles:?}");
}
