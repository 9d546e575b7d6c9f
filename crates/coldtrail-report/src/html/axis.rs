//! A time axis: places in percent of its width, and ticks at round times.

use crate::figures::{cut, time};
use std::fmt::Write;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Steps between ticks, from which the finest with at most [`MAX_TICKS`] ticks is taken.
const STEPS: [i64; 25] = [
    SECOND,
    5 * SECOND,
    15 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    4 * DAY,
    7 * DAY,
    14 * DAY,
    28 * DAY,
    56 * DAY,
    112 * DAY,
    364 * DAY,
    728 * DAY,
    3640 * DAY,
    36_400 * DAY,
];

const MAX_TICKS: i64 = 7;

/// A span of time, drawn from left to right.
#[derive(Clone, Copy)]
pub(super) struct Axis {
    from_us: i64,
    to_us: i64,
}

impl Axis {
    pub(super) fn new(from_us: i64, to_us: i64) -> Self {
        Self { from_us, to_us: to_us.max(from_us.saturating_add(1)) }
    }

    /// The span with a twentieth on both sides, at least half a minute.
    pub(super) fn around(from_us: i64, to_us: i64) -> Self {
        let margin = (to_us.saturating_sub(from_us) / 20).max(30 * SECOND);
        Self::new(from_us.saturating_sub(margin), to_us.saturating_add(margin))
    }

    /// Hundredths of a percent from the left edge, in integers: the same on every machine.
    fn place(self, ts_us: i64) -> i64 {
        let whole = i128::from(self.to_us) - i128::from(self.from_us);
        let part = i128::from(ts_us.clamp(self.from_us, self.to_us)) - i128::from(self.from_us);
        (part * 10_000 / whole) as i64
    }

    /// `12.50%`
    pub(super) fn x(self, ts_us: i64) -> String {
        percent(self.place(ts_us))
    }

    pub(super) fn width(self, from_us: i64, to_us: i64) -> String {
        percent(self.place(to_us) - self.place(from_us))
    }

    pub(super) fn ticks(self) -> Vec<i64> {
        let span = self.to_us.saturating_sub(self.from_us);
        let step = STEPS.into_iter().find(|s| span / s <= MAX_TICKS).unwrap_or(36_400 * DAY);
        let first = self.from_us.div_euclid(step) * step;
        (0..=MAX_TICKS + 1)
            .map(|i| first.saturating_add(i * step))
            .filter(|t| (self.from_us..=self.to_us).contains(t))
            .collect()
    }

    /// Vertical lines at the ticks.
    pub(super) fn grid(self, height: u32) -> String {
        self.ticks().into_iter().fold(String::new(), |mut out, t| {
            let x = self.x(t);
            let _ = write!(out, r#"<line class="grid" x1="{x}" x2="{x}" y1="0" y2="{height}"/>"#);
            out
        })
    }

    /// The ticks' times: the date where a day begins and at the first tick, else the time of day.
    pub(super) fn labels(self) -> String {
        let ticks = self.ticks();
        let is_long = self.to_us.saturating_sub(self.from_us) > 300 * DAY;
        let is_short = self.to_us.saturating_sub(self.from_us) < 5 * MINUTE;
        let mut out = String::from(r#"<svg class="ticks" width="100%" height="18" aria-hidden="true">"#);
        for (i, t) in ticks.iter().enumerate() {
            let text = time(*t);
            let is_midnight = t.rem_euclid(DAY) == 0;
            let label = match (is_long, is_midnight) {
                (true, _) => cut(&text, 0, 10),
                (_, true) => cut(&text, 5, 10),
                _ if is_short => cut(&text, 11, 19),
                _ if i == 0 => cut(&text, 5, 16),
                _ => cut(&text, 11, 16),
            };
            let place = self.place(*t);
            let anchor = match place {
                ..500 => "start",
                9500.. => "end",
                _ => "middle",
            };
            let x = percent(place);
            let _ = write!(out, r#"<text x="{x}" y="13" text-anchor="{anchor}">{label}</text>"#);
        }
        out.push_str("</svg>");
        out
    }
}

fn percent(hundredths: i64) -> String {
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_percent_and_never_outside() {
        let axis = Axis::new(0, 1000);
        assert_eq!(axis.x(125), "12.50%");
        assert_eq!(axis.x(-5), "0.00%");
        assert_eq!(axis.x(5000), "100.00%");
        assert_eq!(axis.width(0, 333), "33.30%");
        assert_eq!(Axis::new(7, 7).x(7), "0.00%");
        assert_eq!(Axis::around(i64::MIN, i64::MAX).x(0), "50.00%");
    }

    #[test]
    fn ticks_are_round_and_few() {
        for hours in [1, 5, 30, 72, 24 * 40, 24 * 400, 24 * 4000] {
            let ticks = Axis::new(13 * MINUTE, hours * HOUR).ticks();
            assert!((2..=8).contains(&ticks.len()), "{hours}: {ticks:?}");
            assert!(ticks.iter().all(|t| t % MINUTE == 0));
        }
    }
}
