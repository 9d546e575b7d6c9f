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
#[expect(clippy::too_many_arguments, reason = "the parts of a time, in their order")]
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
    if b[2] != b'/' || b[6] != b'/' || !matches!(b[11], b':' | b' ') || b[14] != b':' || b[17] != b':' {
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

/// Reads the 26 bytes `24/Nov/2026:02:11:51 +0000` of one log after another. Day and offset hardly ever change from
/// line to line, so they are compared with the previous line's and only hours, minutes and seconds are computed.
#[derive(Clone, Debug, Default)]
pub struct ClfClock {
    date: [u8; 12],
    offset: [u8; 6],
    midnight_us: i64,
}

impl ClfClock {
    /// The length of the text that it reads.
    pub const LEN: usize = 26;

    /// What [`parse_clf_time`] returns for the same text; `NO_TIME` for a text that is not a time.
    #[inline]
    pub fn read(&mut self, text: &[u8; 26]) -> i64 {
        let (Some(date), Some(offset)) = (text.first_chunk::<12>(), text.last_chunk::<6>()) else {
            return NO_TIME;
        };
        if *date != self.date || *offset != self.offset {
            return self.read_new_day(text);
        }
        let two = |i: usize| {
            let (a, b) = (text[i].wrapping_sub(b'0'), text[i + 1].wrapping_sub(b'0'));
            if a > 9 || b > 9 { 99 } else { i64::from(a * 10 + b) }
        };
        let (h, m, s) = (two(12), two(15), two(18));
        if h > 23 || m > 59 || s > 60 || text[14] != b':' || text[17] != b':' {
            return NO_TIME;
        }
        self.midnight_us + (h * 3600 + m * 60 + s) * 1_000_000
    }

    #[cold]
    fn read_new_day(&mut self, text: &[u8; 26]) -> i64 {
        let Some((ts, 0)) = parse_clf_time(text) else { return NO_TIME };
        let part = |i: usize| number(&text[i..i + 2]).unwrap_or(0);
        self.date.copy_from_slice(&text[..12]);
        self.offset.copy_from_slice(&text[20..]);
        self.midnight_us = ts - (part(12) * 3600 + part(15) * 60 + part(18)) * 1_000_000;
        ts
    }
}

/// A time in any of the usual spellings, and what is known about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moment {
    pub ts_us: i64,
    /// Fraction digits that the text has: 0, 3, 6 or 9.
    pub digits: u8,
    /// The text states its offset from UTC, or counts seconds since 1970.
    pub has_offset: bool,
}

/// Reads the common log format, ISO 8601 (`T` or a space, `.` or `,` before the fraction, with or without offset), seconds since 1970
/// (also milli-, micro- and nanoseconds, told apart by their size), `Tue Nov 24 02:11:52.528452 2026`, `Nov 24 2026 02:11:52 GMT`,
/// `2026/11/24 02:11:52`, `24/11/2026 02:11:52` and `2026:11:24-02:11:52`, each also in brackets or quotes.
pub fn parse_time(text: &[u8]) -> Option<Moment> {
    let b = text.trim_ascii();
    let b = b.strip_prefix(b"[").map_or(b, |r| r.strip_suffix(b"]").unwrap_or(r));
    let b = b.strip_prefix(b"\"").map_or(b, |r| r.strip_suffix(b"\"").unwrap_or(r));
    let has_zone = |rest: &[u8]| rest.iter().any(|c| matches!(c, b'Z' | b'z' | b'+' | b'-'));
    if let Some((ts_us, digits)) = parse_clf_time(b) {
        return Some(Moment { ts_us, digits, has_offset: has_zone(&b[20..]) });
    }
    if b.first().is_some_and(u8::is_ascii_alphabetic) {
        return parse_ctime(b);
    }
    if b.get(4).is_some_and(|c| matches!(c, b'-' | b'/' | b':')) || b.get(2) == Some(&b'/') {
        return parse_iso(b);
    }
    parse_epoch(b)
}

fn parse_iso(b: &[u8]) -> Option<Moment> {
    let year_first = b.get(2) != Some(&b'/');
    let (y, mo, d) = if year_first {
        (number(b.get(0..4)?)?, number(b.get(5..7)?)?, number(b.get(8..10)?)?)
    } else {
        (number(b.get(6..10)?)?, number(b.get(3..5)?)?, number(b.get(0..2)?)?)
    };
    if !matches!(b.get(10)?, b'T' | b't' | b' ' | b':' | b'_' | b'-') {
        return None;
    }
    let (sod_us, digits, rest) = time_of_day(b.get(11..)?)?;
    let rest = rest.trim_ascii();
    let rest = rest.strip_suffix(b"UTC").or_else(|| rest.strip_suffix(b"GMT")).map_or(rest, |_| b"Z");
    let offset = parse_offset(rest)?;
    let day = ts_from_civil(y, mo, d, 0, 0, 0, 0, offset);
    (day != NO_TIME).then_some(Moment { ts_us: day + sod_us, digits, has_offset: !rest.is_empty() })
}

/// `02:11:52`, with a fraction after `.` or `,`: microseconds of the day, digits of the fraction.
pub fn parse_time_of_day(b: &[u8]) -> Option<(i64, u8)> {
    time_of_day(b).filter(|(_, _, rest)| rest.is_empty()).map(|(us, digits, _)| (us, digits))
}

fn time_of_day(b: &[u8]) -> Option<(i64, u8, &[u8])> {
    let (h, m, s) = (number(b.get(0..2)?)?, number(b.get(3..5)?)?, number(b.get(6..8)?)?);
    if b[2] != b':' || b[5] != b':' || h > 23 || m > 59 || s > 60 {
        return None;
    }
    let mut rest = &b[8..];
    let (mut us, mut digits) = (0, 0);
    if let Some(after) = rest.strip_prefix(b".").or_else(|| rest.strip_prefix(b",")) {
        let n = after.iter().take_while(|c| c.is_ascii_digit()).count();
        (us, digits) = fraction(&after[..n]);
        rest = &after[n..];
    }
    Some(((h * 3600 + m * 60 + s) * 1_000_000 + us, digits, rest))
}

/// `Tue Nov 24 02:11:52.528452 2026`, and the `Nov 24 2026 02:11:52 GMT` of LEEF.
fn parse_ctime(b: &[u8]) -> Option<Moment> {
    let mut words = b.split(|c| *c == b' ').filter(|w| !w.is_empty());
    let mut next = || words.next();
    let first = next()?;
    let (month, day, time, year) = match month_number(first) {
        Some(month) => {
            let (day, year, time) = (next()?, next()?, next()?);
            (month, day, time, year)
        }
        None => (month_number(next()?)?, next()?, next()?, next()?),
    };
    let zone = next();
    let is_utc = matches!(zone, Some(b"GMT" | b"UTC"));
    let (sod_us, digits) = parse_time_of_day(time)?;
    let midnight = ts_from_civil(number(year)?, month, number(day)?, 0, 0, 0, 0, 0);
    (midnight != NO_TIME && (zone.is_none() || is_utc) && next().is_none()).then_some(Moment {
        ts_us: midnight + sod_us,
        digits,
        has_offset: is_utc,
    })
}

fn parse_epoch(b: &[u8]) -> Option<Moment> {
    let n = b.iter().take_while(|c| c.is_ascii_digit()).count();
    let whole = b.get(..n).filter(|w| !w.is_empty() && w.len() <= 19)?;
    let value = whole.iter().try_fold(0i64, |v, c| v.checked_mul(10)?.checked_add(i64::from(c - b'0')))?;
    let (mut us, mut digits) = (0, 0);
    match b.get(n..)? {
        [] => {}
        [b'.', rest @ ..] if rest.iter().all(u8::is_ascii_digit) => (us, digits) = fraction(rest),
        _ => return None,
    }
    let (ts_us, digits) = match whole.len() {
        9..=10 => (value.checked_mul(1_000_000)?.checked_add(us)?, digits),
        12..=13 => (value.checked_mul(1000)?, 3),
        15..=16 => (value, 6),
        18..=19 => (value / 1000, 9),
        _ => return None,
    };
    Some(Moment { ts_us, digits, has_offset: true })
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
    let mut out = Vec::with_capacity(30);
    write_ts(&mut out, ts_us, digits);
    String::from_utf8(out).expect("a time is ASCII")
}

/// The same, behind what a buffer holds.
pub fn write_ts(out: &mut Vec<u8>, ts_us: i64, digits: u8) {
    // The year 0 is moved to 400,000, so that nothing is negative and 32 bits do.
    const MOVED_ERAS: i64 = 1000;
    let secs = ts_us.div_euclid(1_000_000);
    let us = ts_us.rem_euclid(1_000_000);
    let (days, sod) = (secs.div_euclid(86_400), secs.rem_euclid(86_400) as u32);
    let z = (days + 719_468 + MOVED_ERAS * 146_097) as u32;
    let (era, doe) = (z / 146_097, z % 146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (d, m) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    let y = i64::from(yoe + u32::from(m <= 2)) + (i64::from(era) - MOVED_ERAS) * 400;
    let has_four_digits = (0..=9999).contains(&y);
    if !has_four_digits {
        out.extend_from_slice(format!("{y:04}").as_bytes());
    }
    let (century, year) = if has_four_digits { (y as u32 / 100, y as u32 % 100) } else { (0, 0) };
    let mut text = *b"0000-00-00T00:00:00";
    let parts =
        [(0, century), (2, year), (5, m), (8, d), (11, sod / 3600), (14, sod / 60 % 60), (17, sod % 60)];
    for (at, n) in parts {
        text[at] += (n / 10) as u8;
        text[at + 1] += (n % 10) as u8;
    }
    out.extend_from_slice(if has_four_digits { &text } else { &text[4..] });
    match digits {
        0 => {}
        3 => out.extend_from_slice(format!(".{:03}", us / 1000).as_bytes()),
        6 => out.extend_from_slice(format!(".{us:06}").as_bytes()),
        _ => out.extend_from_slice(format!(".{us:06}000").as_bytes()),
    }
    out.push(b'Z');
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
    fn the_clock_reads_what_the_parser_reads() {
        let mut clock = ClfClock::default();
        for text in [
            "24/Nov/2026:02:11:51 +0000",
            "24/Nov/2026:23:59:60 +0000",
            "24/Nov/2026:24:00:00 +0000",
            "24/Nov/2026:00:00:00 +0200",
            "25/Nov/2026:00:0a:00 +0200",
            "25/Nov/2026:00-00:00 +0200",
            "99/Nov/2026:00:00:00 +0200",
            "25/Nov/2026[00:00:00 +0200",
            "29/Feb/2024:12:30:01 -0730",
        ] {
            let bytes: &[u8; 26] = text.as_bytes().try_into().expect("26 bytes");
            assert_eq!(clock.read(bytes), parse_clf_time(bytes).map_or(NO_TIME, |(ts, _)| ts), "{text}");
        }
    }

    #[test]
    fn reads_other_spellings() {
        let check = |text: &str, want: &str, has_offset| {
            let m = parse_time(text.as_bytes()).expect(text);
            assert_eq!((format_ts(m.ts_us, m.digits).as_str(), m.has_offset), (want, has_offset), "{text}");
        };
        check("2026-11-24T02:11:51Z", "2026-11-24T02:11:51Z", true);
        check("2026-11-24T02:11:51.123+02:00", "2026-11-24T00:11:51.123Z", true);
        check("2026-11-24 02:11:51,5", "2026-11-24T02:11:51.500Z", false);
        check("2021-11-12T16:59:45+0000", "2021-11-12T16:59:45Z", true);
        check("[24/Nov/2026:02:11:51 -0100]", "2026-11-24T03:11:51Z", true);
        check("24/Nov/2026:02:12:46.120", "2026-11-24T02:12:46.120Z", false);
        check("[05/02/2025 11:30:29]", "2025-02-05T11:30:29Z", false);
        check("2022/01/24 16:33:06", "2022-01-24T16:33:06Z", false);
        check("1795486414.235", "2026-11-24T02:13:34.235Z", true);
        check("1795486414235", "2026-11-24T02:13:34.235Z", true);
        check("1712790000123000000", "2024-04-10T23:00:00.123000000Z", true);
        check("Tue Nov 24 02:11:52.528452 2026", "2026-11-24T02:11:52.528452Z", false);
        check("Nov 24 2026 02:11:52 GMT", "2026-11-24T02:11:52Z", true);
        check("Nov 24 2026 02:11:52", "2026-11-24T02:11:52Z", false);
        check("2026:11:24-02:11:52", "2026-11-24T02:11:52Z", false);
        check("Fri Dec 17 07:04:57 2021", "2021-12-17T07:04:57Z", false);
        for bad in [
            "",
            "-",
            "x",
            "2026-13-24T02:11:51Z",
            "XXXXXXXXXX.XXXXXX",
            "12:00:00",
            "1.2.3.4",
            "200",
            "2026-11-24",
        ] {
            assert_eq!(parse_time(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn years_of_any_length() {
        let check = |ts_us, digits, want: &str| assert_eq!(format_ts(ts_us, digits), want);
        check(-1, 6, "1969-12-31T23:59:59.999999Z");
        check(i64::MAX, 3, "294247-01-10T04:00:54.775Z");
        check(-62_198_755_200_000_000, 0, "-001-01-01T00:00:00Z");
        check(253_402_300_799_000_000, 9, "9999-12-31T23:59:59.000000000Z");
        check(253_402_300_800_000_000, 0, "10000-01-01T00:00:00Z");
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
