//! Figures of other sources, as the families that Prometheus' format is made of.

use chat_domain::ports::{Figure, Histogram, Measurement};
use prometheus::proto::{self, Bucket, Metric, MetricFamily, MetricType};

/// The one metric of a measurement, which has no labels.
pub(crate) fn family(measurement: Measurement) -> MetricFamily {
    let Measurement { name, help, figure } = measurement;
    let mut metric = Metric::default();
    let kind = match figure {
        Figure::Counter(count) => {
            let mut counter = proto::Counter::default();
            counter.set_value(float(count));
            metric.set_counter(counter);
            MetricType::COUNTER
        }
        Figure::Gauge(now) => {
            let mut gauge = proto::Gauge::default();
            gauge.set_value(float(now));
            metric.set_gauge(gauge);
            MetricType::GAUGE
        }
        Figure::Histogram(values) => {
            metric.set_histogram(histogram(&values));
            MetricType::HISTOGRAM
        }
    };
    let mut family = MetricFamily::default();
    family.set_name(name.to_owned());
    family.set_help(help.to_owned());
    family.set_field_type(kind);
    family.set_metric(vec![metric]);
    family
}

fn histogram(values: &Histogram) -> proto::Histogram {
    let bucket = |(greatest, count)| {
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(greatest);
        bucket.set_cumulative_count(count);
        bucket
    };
    let mut histogram = proto::Histogram::default();
    histogram.set_bucket(values.cumulative().map(bucket).collect());
    histogram.set_sample_count(values.count());
    histogram.set_sample_sum(values.sum);
    histogram
}

#[allow(
    clippy::cast_precision_loss,
    reason = "the format knows no other numbers"
)]
fn float(count: u64) -> f64 {
    count as f64
}
