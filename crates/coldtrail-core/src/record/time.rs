//! Time is UTC microseconds since 1970. Civil dates by integer arithmetic (days from civil, proleptic Gregorian).

/// Stands for "no time in this line".
pub const NO_TIME: i64 = i64::MIN;

/// Days since 1970-01-01 of a civil date.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let doy = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

/// Microseconds of a civil time at an offset (seconds east of UTC); `NO_TIME` where a part is out of range. A second
/// of 60 is accepted: servers write leap seconds.
pub fn ts_from_civil(y: i64, mo: i64, d: i64, h: i64, mi: i64, s: i64, us: i64, offset_s: i64) -> i64 {
    let fits = (1..=9999).contains(&y)
        && (1..=12).contains(&mo)
        && (1..=31).contains(&d)
        && (0..24).contains(&h)
        && (0..60).contains(&mi)
        && (0..=60).contains(&s)
        && offset_s.abs() <= 18 * 3600;
    if !fits {
        return NO_TIME;
    }
    (days_from_civil(y, mo, d) * 86_400 + h * 3600 + mi * 60 + s - offset_s) * 1_000_000 + us
}

fn month_number(name: &[u8]) -> Option<i64> {
    const NAMES: &[u8; 36] = b"janfebmaraprmayjunjulaugsepoctnovdec";
    let lower = [name.first()? | 0x20, name.get(1)? | 0x20, name.get(2)? | 0x20];
    NAMES.chunks_exact(3).position(|m| m == lower).map(|i| i as i64 + 1)
}

fn number(b: &[u8]) -> Option<i64> {
    if b.is_empty() || b.len() > 9 {
        return None;
    }
    b.iter().try_fold(0i64, |n, c| c.is_ascii_digit().then(|| n * 10 + i64::from(c - b'0')))
}

/// `24/Nov/2026:02:11:51 +0000`, also with a fraction after the seconds; the offset may be missing (UTC then).
/// Returns microseconds and the number of fraction digits (0, 3, 6, 9).
pub fn parse_clf_time(b: &[u8]) -> Option<(i64, u8)> {
    let d = number(b.get(0..2)?)?;
    let mo = month_number(b.get(3..6)?)?;
    let y = number(b.get(7..11)?)?;
    let (h, mi, s) = (number(b.get(12..14)?)?, number(b.get(15..17)?)?, number(b.get(18..20)?)?);
    if b[2] != b'/' || b[6] != b'/' || b[14] != b':' || b[17] != b':' {
        return None;
    }
    let mut rest = &b[20..];
    let (mut us, mut digits) = (0, 0);
    if rest.first() == Some(&b'.') {
        let n = rest[1..].iter().take_while(|c| c.is_ascii_digit()).count();
        (us, digits) = fraction(&rest[1..1 + n]);
        rest = &rest[1 + n..];
    }
    let offset = parse_offset(rest.trim_ascii_start())?;
    let ts = ts_from_civil(y, mo, d, h, mi, s, us, offset);
    (ts != NO_TIME).then_some((ts, digits))
}

/// Fraction digits as microseconds, and how many digits to print (0, 3, 6, 9).
pub(crate) fn fraction(digits: &[u8]) -> (i64, u8) {
    let us = (0..6).fold(0i64, |n, i| n * 10 + digits.get(i).map_or(0, |c| i64::from(c - b'0')));
    (
        us,
        match digits.len() {
            0 => 0,
            1..=3 => 3,
            4..=6 => 6,
            _ => 9,
        },
    )
}

/// `+0200`, `+02:00`, `-0730`, `Z`, or nothing (UTC), in seconds.
pub(crate) fn parse_offset(b: &[u8]) -> Option<i64> {
    let sign = match b.first() {
        None | Some(b'Z' | b'z') => return Some(0),
        Some(b'+') => 1,
        Some(b'-') => -1,
        Some(_) => return None,
    };
    let h = number(b.get(1..3)?)?;
    let m = number(if b.get(3) == Some(&b':') { b.get(4..6)? } else { b.get(3..5).unwrap_or(b"0") })?;
    Some(sign * (h * 3600 + m * 60))
}

/// `2026-11-24T02:11:51.123Z`, with as many fraction digits as asked (0, 3, 6 or 9).
pub fn format_ts(ts_us: i64, digits: u8) -> String {
    let secs = ts_us.div_euclid(1_000_000);
    let us = ts_us.rem_euclid(1_000_000);
    let (days, sod) = (secs.div_euclid(86_400), secs.rem_euclid(86_400));
    let z = days + 719_468;
    let (era, doe) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (d, m) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    let y = yoe + era * 400 + i64::from(m <= 2);
    let (h, mi, s) = (sod / 3600, sod / 60 % 60, sod % 60);
    let head = format!("{y:04}-{m:02}-{d:02}T{h:02}:{mi:02}:{s:02}");
    match digits {
        0 => format!("{head}Z"),
        3 => format!("{head}.{:03}Z", us / 1000),
        6 => format!("{head}.{us:06}Z"),
        _ => format!("{head}.{us:06}000Z"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_common_log_time() {
        let check = |text: &str, want: &str, digits| {
            let (ts, d) = parse_clf_time(text.as_bytes()).expect(text);
            assert_eq!((format_ts(ts, d).as_str(), d), (want, digits));
        };
        check("24/Nov/2026:02:11:51 +0000", "2026-11-24T02:11:51Z", 0);
        check("05/Oct/2019:11:17:54 +0200", "2019-10-05T09:17:54Z", 0);
        check("29/Feb/2024:23:59:59 -0730", "2024-03-01T07:29:59Z", 0);
        check("24/Nov/2026:02:12:46.120", "2026-11-24T02:12:46.120Z", 3);
        for bad in [
            "",
            "24/Nov/2026",
            "24/Foo/2026:02:11:51 +0000",
            "32/Nov/2026:02:11:51 +0000",
            "24/Nov/2026:25:11:51 +0000",
        ] {
            assert_eq!(parse_clf_time(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn civil_days_agree_both_ways() {
        for day in (-200_000i64..200_000).step_by(37) {
            let text = format_ts(day * 86_400_000_000, 0);
            let part = |r: std::ops::Range<usize>| text.get(r).and_then(|t| t.parse::<i64>().ok());
            if let (Some(y), Some(m), Some(d)) = (part(0..4), part(5..7), part(8..10)) {
                assert_eq!(days_from_civil(y, m, d), day, "{text}");
            }
        }
    }
}
