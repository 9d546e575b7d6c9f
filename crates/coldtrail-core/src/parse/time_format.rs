//! Apache's `%{format}t`: strftime, and its own `sec`, `msec`, `usec`, `msec_frac`, `usec_frac`.

use super::request::digits;
use crate::record::{NO_TIME, Rec, ts_from_civil};

/// A part of a time as a format writes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TimeField {
    Year,
    Year2,
    Month,
    MonthName,
    Day,
    Hour,
    Hour12,
    Minute,
    Second,
    MilliFraction,
    MicroFraction,
    Offset,
    HalfDay,
    EpochS,
    EpochMs,
    EpochUs,
    /// Weekday, zone name, day of the year.
    Ignore,
}

impl TimeField {
    /// The length of its text, where that is always the same.
    pub(super) fn fixed_len(self) -> Option<usize> {
        Some(match self {
            Self::Year => 4,
            Self::Year2
            | Self::Month
            | Self::Day
            | Self::Hour
            | Self::Hour12
            | Self::Minute
            | Self::Second
            | Self::HalfDay => 2,
            Self::MonthName | Self::MilliFraction => 3,
            Self::MicroFraction => 6,
            Self::Offset => 5,
            Self::EpochS => 10,
            Self::EpochMs => 13,
            Self::EpochUs => 16,
            Self::Ignore => return None,
        })
    }

    pub(super) fn fits(self, text: &[u8]) -> bool {
        match self {
            Self::MonthName => text.len() == 3 && text.iter().all(u8::is_ascii_alphabetic),
            Self::Offset => text.len() == 5 && matches!(text[0], b'+' | b'-') && digits(&text[1..]).is_some(),
            Self::HalfDay => matches!(text, b"AM" | b"PM" | b"am" | b"pm"),
            Self::Ignore => text.len() <= 32,
            Self::Day => digits(text.trim_ascii_start()).is_some(),
            _ => digits(text).is_some(),
        }
    }
}

/// The literals and fields of the argument of `%{...}t`; a field of none closes a literal at the end.
pub(super) fn parse_time_format(argument: &[u8]) -> Vec<(Vec<u8>, Option<TimeField>)> {
    let argument =
        argument.strip_prefix(b"begin:").or_else(|| argument.strip_prefix(b"end:")).unwrap_or(argument);
    let own = match argument {
        b"sec" => Some(TimeField::EpochS),
        b"msec" => Some(TimeField::EpochMs),
        b"usec" => Some(TimeField::EpochUs),
        b"msec_frac" => Some(TimeField::MilliFraction),
        b"usec_frac" => Some(TimeField::MicroFraction),
        _ => None,
    };
    if let Some(field) = own {
        return vec![(Vec::new(), Some(field))];
    }
    let mut out = Vec::new();
    let mut literal = Vec::new();
    let mut rest = argument;
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'%' {
            literal.push(*first);
            continue;
        }
        let Some((code, tail)) = rest.split_first() else { break };
        rest = tail;
        use TimeField::*;
        let fields: &[(&[u8], TimeField)] = match code {
            b'Y' => &[(b"", Year)],
            b'y' => &[(b"", Year2)],
            b'm' => &[(b"", Month)],
            b'b' | b'h' => &[(b"", MonthName)],
            b'd' | b'e' => &[(b"", Day)],
            b'H' => &[(b"", Hour)],
            b'I' => &[(b"", Hour12)],
            b'M' => &[(b"", Minute)],
            b'S' => &[(b"", Second)],
            b'z' => &[(b"", Offset)],
            b'p' => &[(b"", HalfDay)],
            b's' => &[(b"", EpochS)],
            b'T' => &[(b"", Hour), (b":", Minute), (b":", Second)],
            b'R' => &[(b"", Hour), (b":", Minute)],
            b'F' => &[(b"", Year), (b"-", Month), (b"-", Day)],
            b'D' => &[(b"", Month), (b"/", Day), (b"/", Year2)],
            b'%' => {
                literal.push(b'%');
                continue;
            }
            b'n' | b't' => {
                literal.push(if *code == b'n' { b'\n' } else { b'\t' });
                continue;
            }
            _ => &[(b"", Ignore)],
        };
        for (before, field) in fields {
            literal.extend_from_slice(before);
            out.push((std::mem::take(&mut literal), Some(*field)));
        }
    }
    if !literal.is_empty() {
        out.push((literal, None));
    }
    out
}

/// The parts of one line's time, collected.
#[derive(Clone, Copy, Default)]
pub(super) struct Civil {
    year: Option<i64>,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    micros: i64,
    digits: u8,
    offset_s: Option<i64>,
    epoch_us: Option<i64>,
    is_pm: Option<bool>,
    used: bool,
}

impl Civil {
    pub(super) fn set(&mut self, field: TimeField, text: &[u8]) {
        let n = digits(text.trim_ascii_start()).map_or(0, |n| n as i64);
        self.used = true;
        match field {
            TimeField::Year => self.year = Some(n),
            TimeField::Year2 => self.year = Some(if n < 70 { 2000 + n } else { 1900 + n }),
            TimeField::Month => self.month = n,
            TimeField::MonthName => {
                const NAMES: &[u8; 36] = b"janfebmaraprmayjunjulaugsepoctnovdec";
                let lower = text.to_ascii_lowercase();
                self.month = NAMES.chunks_exact(3).position(|m| m == lower).map_or(0, |i| i as i64 + 1);
            }
            TimeField::Day => self.day = n,
            TimeField::Hour | TimeField::Hour12 => self.hour = n,
            TimeField::Minute => self.minute = n,
            TimeField::Second => self.second = n,
            TimeField::MilliFraction => (self.micros, self.digits) = (n * 1000, 3),
            TimeField::MicroFraction => (self.micros, self.digits) = (n, 6),
            TimeField::Offset => {
                let hhmm = digits(text.get(1..).unwrap_or_default()).map_or(0, |n| n as i64);
                let seconds = hhmm / 100 * 3600 + hhmm % 100 * 60;
                self.offset_s = Some(if text.first() == Some(&b'-') { -seconds } else { seconds });
            }
            TimeField::HalfDay => {
                self.is_pm = Some(text.first().is_some_and(|c| c.eq_ignore_ascii_case(&b'p')))
            }
            TimeField::EpochS => self.epoch_us = n.checked_mul(1_000_000),
            TimeField::EpochMs => (self.epoch_us, self.digits) = (n.checked_mul(1000), 3),
            TimeField::EpochUs => (self.epoch_us, self.digits) = (Some(n), 6),
            TimeField::Ignore => {}
        }
    }

    /// Writes the collected time into the record.
    pub(super) fn finish(&self, rec: &mut Rec) {
        if !self.used {
            return;
        }
        if let Some(us) = self.epoch_us {
            rec.ts_us = us.saturating_add(if self.digits > 0 { self.micros } else { 0 });
            rec.ts_digits = self.digits;
            return;
        }
        let Some(year) = self.year else { return };
        let hour = match self.is_pm {
            Some(pm) => self.hour % 12 + if pm { 12 } else { 0 },
            None => self.hour,
        };
        let offset = self.offset_s.unwrap_or(0);
        let ts =
            ts_from_civil(year, self.month, self.day, hour, self.minute, self.second, self.micros, offset);
        if ts != NO_TIME {
            rec.ts_us = ts;
            rec.ts_digits = self.digits;
            rec.ts_assumed_utc = self.offset_s.is_none();
        }
    }
}
