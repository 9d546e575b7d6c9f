//! Words for statements: numbers, bytes, times and lists as an analyst says them.

use crate::record::{format_ts, printable};

/// `1,234,567`.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// `1 request`, `3 requests`; the plural adds an `s`.
pub(crate) fn counted(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(n), if n == 1 { "" } else { "s" })
}

/// `411,648 bytes (402.0 KiB)`.
pub(crate) fn bytes(n: u64) -> String {
    const UNITS: [(&str, u64); 4] = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match UNITS.iter().find(|(_, size)| n >= *size) {
        Some((unit, size)) => {
            let tenths = u128::from(n) * 10 / u128::from(*size);
            format!("{} bytes ({}.{} {unit})", count(n), tenths / 10, tenths % 10)
        }
        None => counted(n, "byte"),
    }
}

/// `2019-10-05T09:01:27Z`, or `an unknown time`.
pub(crate) fn time(ts_us: Option<i64>) -> String {
    ts_us.map_or_else(|| "an unknown time".to_owned(), |t| format_ts(t, 0))
}

/// The same from seconds; `u32::MAX` and 0 stand for none.
pub(crate) fn time_s(ts_s: u32) -> String {
    time((ts_s != u32::MAX && ts_s != 0).then(|| i64::from(ts_s) * 1_000_000))
}

/// ` from A to B`, ` at A`, or nothing.
pub(crate) fn span(first_us: Option<i64>, last_us: Option<i64>) -> String {
    match (first_us, last_us) {
        (Some(a), Some(b)) if a != b => format!(" from {} to {}", format_ts(a, 0), format_ts(b, 0)),
        (Some(a), _) => format!(" at {}", format_ts(a, 0)),
        _ => String::new(),
    }
}

/// `a, b, c and 4 more`: at most `max` items are named.
pub(crate) fn list<S: AsRef<str>>(items: &[S], max: usize) -> String {
    let mut named: Vec<&str> = items.iter().take(max).map(AsRef::as_ref).collect();
    let more = items.len().saturating_sub(max);
    let rest = format!("{} more", count(more as u64));
    if more > 0 {
        named.push(&rest);
    }
    match named.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}

/// Text from a log, short enough for a sentence.
pub(crate) fn quote(text: &[u8], max_chars: usize) -> String {
    let text = printable(text);
    if text.chars().count() <= max_chars {
        return text;
    }
    text.chars().take(max_chars).chain("...".chars()).collect()
}

/// `73 %`.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// `45 s`, `5 min`, `2.5 h`.
pub(crate) fn seconds(s: f64) -> String {
    if s < 120.0 {
        format!("{s:.0} s")
    } else if s < 7200.0 {
        format!("{:.1} min", s / 60.0)
    } else {
        format!("{:.1} h", s / 3600.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_people_write() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(counted(1, "page"), "1 page");
        assert_eq!(bytes(411_648), "411,648 bytes (402.0 KiB)");
        assert_eq!(bytes(12), "12 bytes");
        assert_eq!(list(&["a", "b", "c", "d"], 2), "a, b and 2 more");
        assert_eq!(list(&["a"], 3), "a");
        assert_eq!(quote("a\u{7}bcdef".as_bytes(), 6), "a\\x07b...");
        assert_eq!(span(Some(0), Some(0)), " at 1970-01-01T00:00:00Z");
        assert_eq!(seconds(300.0), "5.0 min");
    }
}
