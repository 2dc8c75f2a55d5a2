//! Prometheus' text format, read strictly: what does not fit fails the test.

use std::collections::BTreeMap;

/// A family of metrics: everything under one name.
#[derive(Debug)]
struct Family {
    kind: String,
    samples: Vec<Sample>,
}

/// One line with a value.
#[derive(Debug)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

/// All families of a page by name.
#[derive(Debug)]
pub(crate) struct Exposition(BTreeMap<String, Family>);

impl Exposition {
    /// Reads a page, and checks what must be true of every one.
    #[track_caller]
    pub(crate) fn read(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line has no end");
        let mut all = Self(BTreeMap::new());
        let mut current = String::new();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, help) = help.split_once(' ').expect("a name and a help");
                assert!(is_name(name) && !help.is_empty(), "{line}");
                let kind = lines.next().and_then(|line| line.strip_prefix("# TYPE "));
                let (typed, kind) = kind.and_then(|kind| kind.split_once(' ')).expect("a type");
                assert_eq!(typed, name, "the type of another");
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{kind}");
                current = name.to_owned();
                let family = Family {
                    kind: kind.to_owned(),
                    samples: Vec::new(),
                };
                assert!(
                    all.0.insert(current.clone(), family).is_none(),
                    "{name} twice"
                );
            } else {
                let family = all
                    .0
                    .get_mut(&current)
                    .expect("a family before its samples");
                let sample = Sample::read(line);
                assert!(
                    family.may_have(&current, &sample.name),
                    "{line} in {current}"
                );
                family.samples.push(sample);
            }
        }
        for (name, family) in &all.0 {
            family.check(name);
        }
        all
    }

    /// The one value of a metric with these labels and no others.
    #[track_caller]
    pub(crate) fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.find(name, labels)
            .unwrap_or_else(|| panic!("there is no {name} {labels:?}"))
    }

    /// The same, if there is one. The name may be that of a part, such as `…_count`.
    pub(crate) fn find(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels = labels
            .iter()
            .map(|&(key, value)| (key.into(), value.into()));
        let labels: BTreeMap<String, String> = labels.collect();
        let mut samples = self.0.values().flat_map(|family| &family.samples);
        let found = samples.find(|sample| sample.name == name && sample.labels == labels);
        found.map(|sample| sample.value)
    }
}

impl Family {
    fn may_have(&self, family: &str, name: &str) -> bool {
        match name.strip_prefix(family) {
            Some("_bucket" | "_sum" | "_count") => self.kind == "histogram",
            rest => rest == Some("") && self.kind != "histogram",
        }
    }

    /// Every series has one value; every histogram ends with all of its values.
    fn check(&self, name: &str) {
        assert!(!self.samples.is_empty(), "{name} is empty");
        let mut seen = Vec::new();
        for sample in &self.samples {
            let series = (&sample.name, &sample.labels);
            assert!(!seen.contains(&series), "{series:?} is there twice");
            seen.push(series);
            let counts = self.kind == "counter" || sample.name.ends_with("_count");
            assert!(!counts || sample.value >= 0.0, "{series:?} is below 0");
        }
        let ends = |end: &'static str| {
            let of = move |sample: &&Sample| sample.name == format!("{name}{end}");
            self.samples.iter().filter(of)
        };
        for count in ends("_count") {
            let buckets: Vec<(f64, f64)> = ends("_bucket")
                .filter_map(|bucket| {
                    let mut labels = bucket.labels.clone();
                    let bound = labels.remove("le").expect("a bound");
                    (labels == count.labels).then(|| (number(&bound), bucket.value))
                })
                .collect();
            let grows = |pair: &[(f64, f64)]| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1;
            assert!(buckets.windows(2).all(grows), "{name}: {buckets:?}");
            assert_eq!(
                buckets.last(),
                Some(&(f64::INFINITY, count.value)),
                "{name}"
            );
            let sums = ends("_sum").filter(|sum| sum.labels == count.labels);
            assert_eq!(sums.count(), 1, "{name} has one sum");
        }
    }
}

impl Sample {
    /// Reads `name{label="value",…} number`. No label of ours has anything to be escaped.
    #[track_caller]
    fn read(line: &str) -> Self {
        let (series, value) = line.rsplit_once(' ').expect("a value");
        let (name, labels) = match series.split_once('{') {
            Some((name, labels)) => (name, labels.strip_suffix('}').expect("an end")),
            None => (series, ""),
        };
        assert!(is_name(name), "{line}");
        let mut read = BTreeMap::new();
        for label in labels.split(',').filter(|label| !label.is_empty()) {
            let (key, value) = label.split_once('=').expect("a value of the label");
            let value = value
                .strip_prefix('"')
                .and_then(|value| value.strip_suffix('"'));
            let value = value.expect("quotes");
            assert!(is_name(key) && !value.contains(['"', '\\']), "{line}");
            assert!(
                read.insert(key.to_owned(), value.to_owned()).is_none(),
                "{line}"
            );
        }
        Self {
            name: name.to_owned(),
            labels: read,
            value: number(value),
        }
    }
}

fn number(text: &str) -> f64 {
    match text {
        "+Inf" => f64::INFINITY,
        text => text
            .parse()
            .unwrap_or_else(|_| panic!("{text} is no number")),
    }
}

fn is_name(name: &str) -> bool {
    let fit = |c: char| c.is_ascii_lowercase() || c == '_';
    name.starts_with(fit) && name.chars().all(|c| fit(c) || c.is_ascii_digit())
}
