//! Numbers, sizes, times and shares in words: one way of writing them for all outputs that people read.

use coldtrail_core::record::{format_ts, write_ts};

/// `6,114,208,331`
pub fn count(n: u64) -> String {
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

/// `1 client`, `3 clients`
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// SI units with three figures: `182 B`, `14.6 MB`, `4.90 GB`. Rounded half up, in integers.
pub fn bytes(n: u64) -> String {
    let units = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if n < 1000 {
        return format!("{n} B");
    }
    let mut scale = 1000u64;
    let mut unit = 0;
    loop {
        // Figures after the point: two below 10, one below 100.
        for (limit, decimals, step) in [(10, 2, 100), (100, 1, 10), (1000, 0, 1)] {
            let rounded = (u128::from(n) * step + u128::from(scale) / 2) / u128::from(scale);
            if rounded < limit * step {
                let (whole, part) = (rounded / step, rounded % step);
                return match decimals {
                    0 => format!("{whole} {}", units[unit]),
                    _ => format!("{whole}.{part:0decimals$} {}", units[unit]),
                };
            }
        }
        if unit + 1 == units.len() {
            return format!("{} {}", n / scale, units[unit]);
        }
        unit += 1;
        scale *= 1000;
    }
}

/// `38m 12s`, `0.4 s`
pub fn duration(us: i64) -> String {
    let us = us.max(0);
    let s = us / 1_000_000;
    match s {
        0..10 => format!("{}.{} s", s, us % 1_000_000 / 100_000),
        10..60 => format!("{s} s"),
        60..3600 => format!("{}m {:02}s", s / 60, s % 60),
        3600..86_400 => format!("{}h {:02}m", s / 3600, s / 60 % 60),
        _ => format!("{}d {:02}h", s / 86_400, s / 3600 % 24),
    }
}

/// A length of time in the logs, in its largest units: `6 h`, `2 h 30 min`, `45 s`.
pub fn span(us: i64) -> String {
    let s = us.max(0) / 1_000_000;
    let pair = |big: i64, big_name: &str, small: i64, small_name: &str| match small {
        0 => format!("{big} {big_name}"),
        _ => format!("{big} {big_name} {small} {small_name}"),
    };
    match s {
        0..60 => format!("{s} s"),
        60..3600 => pair(s / 60, "min", s % 60, "s"),
        3600..86_400 => pair(s / 3600, "h", s / 60 % 60, "min"),
        _ => pair(s / 86_400, "d", s / 3600 % 24, "h"),
    }
}

/// `0.02 %`; a share that is not nothing never shows as `0 %`, one that is not all never as `100 %`.
pub fn percent(part: u64, whole: u64) -> String {
    if part == 0 || whole == 0 {
        return "0 %".to_owned();
    }
    let hundredths = u128::from(part) * 10_000 / u128::from(whole);
    match hundredths {
        0 => "under 0.01 %".to_owned(),
        1..1000 => format!("{}.{:02} %", hundredths / 100, hundredths % 100),
        1000..10_000 => format!("{} %", hundredths / 100),
        _ => "100 %".to_owned(),
    }
}

/// The contract's form: `2026-10-13T02:53:59Z`, with a fraction only where there is one.
pub fn iso(ts_us: i64) -> String {
    format_ts(ts_us, fraction_digits(ts_us))
}

/// The same, behind what a buffer holds.
pub(crate) fn write_iso(out: &mut Vec<u8>, ts_us: i64) {
    write_ts(out, ts_us, fraction_digits(ts_us));
}

fn fraction_digits(ts_us: i64) -> u8 {
    match ts_us.rem_euclid(1_000_000) {
        0 => 0,
        us if us % 1000 == 0 => 3,
        _ => 6,
    }
}

/// For people: `2026-10-13 02:53:59`. The zone (UTC) is said once elsewhere.
pub fn time(ts_us: i64) -> String {
    format_ts(ts_us, 0).replace('T', " ").replace('Z', "")
}

/// `2026-10-13 02:53`
pub fn minute(ts_us: i64) -> String {
    cut(&time(ts_us), 0, 16)
}

/// `10-13 02:53:59`
pub fn short_time(ts_us: i64) -> String {
    cut(&time(ts_us), 5, 19)
}

pub(crate) fn cut(ascii: &str, from: usize, to: usize) -> String {
    ascii.get(from..to).unwrap_or(ascii).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let check = |n, want: &str| assert_eq!(bytes(n), want);
        check(0, "0 B");
        check(999, "999 B");
        check(1000, "1.00 kB");
        check(1499, "1.50 kB");
        check(9_994, "9.99 kB");
        check(9_995, "10.0 kB");
        check(99_950, "100 kB");
        check(999_499, "999 kB");
        check(999_500, "1.00 MB");
        check(4_900_000_000, "4.90 GB");
        check(u64::MAX, "18.4 EB");
    }

    #[test]
    fn counts_and_shares() {
        assert_eq!(count(6_114_208_331), "6,114,208,331");
        assert_eq!(count(100), "100");
        assert_eq!(percent(1, 6_000), "0.01 %");
        assert_eq!(percent(1, 60_000), "under 0.01 %");
        assert_eq!(percent(9_999, 10_000), "99 %");
        assert_eq!(percent(1, 8), "12 %");
        assert_eq!(percent(0, 0), "0 %");
    }

    #[test]
    fn lengths_of_time() {
        assert_eq!(duration(400_000), "0.4 s");
        assert_eq!(duration(2_292_000_000), "38m 12s");
        assert_eq!(span(21_600_000_000), "6 h");
        assert_eq!(span(9_000_000_000), "2 h 30 min");
    }

    #[test]
    fn times() {
        assert_eq!(iso(1_791_860_039_000_000), "2026-10-13T02:53:59Z");
        assert_eq!(iso(1_791_860_039_120_000), "2026-10-13T02:53:59.120Z");
        assert_eq!(time(1_791_860_039_120_000), "2026-10-13 02:53:59");
        assert_eq!(minute(1_791_860_039_120_000), "2026-10-13 02:53");
        assert_eq!(short_time(1_791_860_039_120_000), "10-13 02:53:59");
    }
}
