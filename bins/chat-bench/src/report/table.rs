//! scratch
pub(super) fn markdown(r: &super::Report) -> String {
    let mut s = String::new();
    for x in &r.rows {
        s += &format!(
            "{} {} c{} @{:?} {:.0}/s p50 {:.2} p99 {:.2} p999 {:.2} {:?} {:?} cpu {:?} peak {:?} disk {:?}\n",
            x.name,
            x.what,
            x.connections,
            x.fixed_rate,
            x.per_second,
            x.p50_ms,
            x.p99_ms,
            x.p999_ms,
            x.floor,
            x.ratio,
            x.cpu_us,
            x.peak_bytes.map(|b| b >> 20),
            x.disk_bytes
        );
    }
    s + &format!("{:?}\n{:#?}\n{:#?}", r.start, r.growth, r.checks)
}
