//! How a number is written for a reader.

/// With so many decimals and a comma between thousands; a dash for what is no number.
pub(super) fn grouped(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return super::NONE.to_owned();
    }
    let text = format!("{value:.decimals$}");
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => ("-", text),
        None => ("", text.as_str()),
    };
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut written = sign.to_owned();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    written + rest
}

/// Of three digits at the most, with a letter for what follows them: `10 k`, `1.5 M`.
pub(super) fn rounded(size: u64) -> String {
    let (unit, letter) = match size {
        ..1_000 => return size.to_string(),
        1_000..1_000_000 => (1e3, 'k'),
        1_000_000..1_000_000_000 => (1e6, 'M'),
        _ => (1e9, 'G'),
    };
    let value = size as f64 / unit;
    let decimals = match value {
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    let text = grouped(value, decimals);
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    format!("{text} {letter}")
}

/// In mebibytes.
pub(super) fn mebibytes(bytes: u64) -> String {
    grouped(bytes as f64 / f64::from(1 << 20), 1)
}

/// A size that is a whole number of some unit: `1 KiB`, `50 MiB`.
pub(crate) fn binary(bytes: u64) -> String {
    let units = [(1 << 20, "MiB"), (1 << 10, "KiB")];
    let whole = units
        .into_iter()
        .find(|(unit, _)| bytes > 0 && bytes.is_multiple_of(*unit));
    let (unit, name) = whole.unwrap_or((1, "bytes"));
    format!("{} {name}", grouped((bytes / unit) as f64, 0))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0.0, 0, "0")]
    #[case(999.4, 0, "999")]
    #[case(999.5, 0, "1,000")]
    #[case(51_234.5, 2, "51,234.50")]
    #[case(1_234_567.0, 0, "1,234,567")]
    #[case(-1_234.0, 1, "-1,234.0")]
    #[case(f64::NAN, 2, "–")]
    #[case(f64::INFINITY, 2, "–")]
    fn thousands_are_set_apart(#[case] value: f64, #[case] decimals: usize, #[case] written: &str) {
        assert_eq!(grouped(value, decimals), written);
    }

    #[rstest]
    #[case(2, "2")]
    #[case(999, "999")]
    #[case(1_000, "1 k")]
    #[case(1_500, "1.5 k")]
    #[case(9_999, "10 k")]
    #[case(10_000, "10 k")]
    #[case(100_000, "100 k")]
    #[case(1_000_000, "1 M")]
    #[case(12_345_678, "12.3 M")]
    #[case(250_000_000, "250 M")]
    #[case(10_000_000_000, "10 G")]
    fn sizes_are_short(#[case] size: u64, #[case] written: &str) {
        assert_eq!(rounded(size), written);
    }

    #[rstest]
    #[case(1 << 10, "1 KiB")]
    #[case(1_000 << 10, "1,000 KiB")]
    #[case(1 << 20, "1 MiB")]
    #[case(50 << 20, "50 MiB")]
    #[case(1_025, "1,025 bytes")]
    #[case(0, "0 bytes")]
    fn sizes_of_files_are_whole(#[case] bytes: u64, #[case] written: &str) {
        assert_eq!(binary(bytes), written);
    }

    #[test]
    fn memory_is_told_in_mebibytes() {
        assert_eq!(mebibytes(3 << 19), "1.5");
    }
}
