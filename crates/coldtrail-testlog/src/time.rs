//! UTC microseconds and the ways in which logs write them. No clock is asked.

/// Microseconds in a second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds in a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Microseconds in an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Microseconds in a day.
pub const DAY: i64 = 24 * HOUR;

/// Monday, 2026-03-02 00:00 UTC: where every log starts.
pub const START: i64 = 1_772_409_600 * SECOND;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A moment taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    pub year: i64,
    pub month: u32,
    pub day: u32,
    pub hour: u32,
    pub minute: u32,
    pub second: u32,
    pub micros: u32,
}

/// The calendar date and time of day in UTC (Hinnant's algorithm).
pub fn civil(ts_us: i64) -> Civil {
    let (days, rest) = (ts_us.div_euclid(DAY), ts_us.rem_euclid(DAY));
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = (of_year - (153 * march_month + 2) / 5 + 1) as u32;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 } as u32;
    Civil {
        year: year_of_era + era * 400 + i64::from(month <= 2),
        month,
        day,
        hour: (rest / HOUR) as u32,
        minute: (rest % HOUR / MINUTE) as u32,
        second: (rest % MINUTE / SECOND) as u32,
        micros: (rest % SECOND) as u32,
    }
}

/// `02/Mar/2026:09:00:00 +0100`: as Apache and nginx write it, in the zone of the server.
pub fn clf(ts_us: i64, offset_s: i64) -> String {
    let c = civil(ts_us + offset_s * SECOND);
    let sign = if offset_s < 0 { '-' } else { '+' };
    let (hours, minutes) = (offset_s.abs() / 3600, offset_s.abs() % 3600 / 60);
    let month = MONTHS[c.month as usize - 1];
    format!(
        "{:02}/{month}/{}:{:02}:{:02}:{:02} {sign}{hours:02}{minutes:02}",
        c.day, c.year, c.hour, c.minute, c.second
    )
}

/// `2026-03-02T08:00:00Z`.
pub fn iso(ts_us: i64) -> String {
    let c = civil(ts_us);
    format!("{}-{:02}-{:02}T{:02}:{:02}:{:02}Z", c.year, c.month, c.day, c.hour, c.minute, c.second)
}

/// 0 for Monday to 6 for Sunday, in UTC.
pub fn weekday(ts_us: i64) -> usize {
    (ts_us.div_euclid(DAY) + 3).rem_euclid(7) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_is_a_monday() {
        assert_eq!(iso(START), "2026-03-02T00:00:00Z");
        assert_eq!(weekday(START), 0);
        assert_eq!(weekday(START + 6 * DAY), 6);
    }

    #[test]
    fn zones_and_leap_days() {
        assert_eq!(clf(START, 3_600), "02/Mar/2026:01:00:00 +0100");
        assert_eq!(clf(START, -16_200), "01/Mar/2026:19:30:00 -0430");
        assert_eq!(iso(1_709_164_800 * SECOND), "2024-02-29T00:00:00Z");
    }
}
