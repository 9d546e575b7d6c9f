//! Charts as SVG, built from numbers and our own words only: no text of a log gets here. Places are percentages, so
//! that a chart fits its column and its letters do not scale.

use super::axis::Axis;
use crate::figures::count;
use coldtrail_core::detect::Stage;
use coldtrail_core::table::HourRow;
use coldtrail_core::verdict::{Gap, Report};
use std::collections::BTreeMap;
use std::fmt::Write;

const HOUR_US: i64 = 3_600_000_000;
/// Most columns of the requests chart; longer logs get wider ones.
const MAX_COLUMNS: u32 = 240;
/// Height of the requests chart, pixels.
const HEIGHT: u64 = 150;

/// One lane of a kill chain: when a stage began and ended.
pub(super) fn lane(axis: Axis, stage: Stage, first_us: Option<i64>, last_us: Option<i64>) -> String {
    let mut out = String::from(r#"<svg class="lane" width="100%" height="22" aria-hidden="true">"#);
    out.push_str(&axis.grid(22));
    if let (Some(first), Some(last)) = (first_us, last_us) {
        let (x, width) = (axis.x(first), axis.width(first, last));
        // A stage of seconds in a case of days is still to be seen: three pixels at least.
        let _ = write!(
            out,
            r#"<rect class="s-{0}" x="{x}" y="5" width="{width}" height="12"/><rect class="s-{0}" x="{x}" y="5" width="3" height="12"/>"#,
            stage.name()
        );
    }
    out.push_str("</svg>");
    out
}

/// Twelve bars of a client's activity.
pub(super) fn spark(activity: &[u64; 12]) -> String {
    let max = activity.iter().copied().max().unwrap_or(0).max(1);
    let mut out = String::from(r#"<svg class="spark" width="84" height="20" aria-hidden="true">"#);
    for (i, n) in activity.iter().enumerate() {
        let height = if *n == 0 { 1 } else { scaled(*n, max, 17) + 2 };
        let class = if *n == 0 { "none" } else { "some" };
        let _ = write!(
            out,
            r#"<rect class="{class}" x="{}" y="{}" width="6" height="{height}"/>"#,
            i * 7,
            20 - height
        );
    }
    out.push_str("</svg>");
    out
}

/// Requests over the time of the logs.
pub(super) struct Hours {
    pub(super) svg: String,
    pub(super) ticks: String,
    /// The highest value of the axis, and half of it.
    pub(super) top: String,
    pub(super) half: String,
    /// `hour`, `6 hours`
    pub(super) bin: String,
    pub(super) summary: String,
}

pub(super) fn hours(report: &Report) -> Option<Hours> {
    let (first, last) = (*report.totals.hours.keys().next()?, *report.totals.hours.keys().next_back()?);
    let n_hours = last - first + 1;
    let bin = bin_hours(n_hours);
    let bins = binned(&report.totals.hours, bin);
    let start = first / bin * bin;
    let us = |hour: u32| i64::from(hour) * HOUR_US;
    let axis = Axis::new(us(start), us(last / bin * bin + bin));
    let max = bins.values().map(|b| b.n_requests).max().unwrap_or(0);
    let top = round_up(max);

    let total = HEIGHT + 14;
    let mut out = format!(r#"<svg class="hours" width="100%" height="{total}" role="img" "#);
    out.push_str(r#"aria-labelledby="hours-summary"><defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatch" width="2" height="6"/></pattern></defs>"#);
    out.push_str(&axis.grid(HEIGHT as u32));
    for y in [0, HEIGHT / 2] {
        let _ = write!(out, r#"<line class="grid" x1="0" x2="100%" y1="{y}" y2="{y}"/>"#);
    }
    for gap in &report.coverage.gaps {
        hatch(&mut out, axis, gap);
    }
    for (hour, row) in &bins {
        let (x, width) = (axis.x(us(*hour)), axis.width(us(*hour), us(hour + bin)));
        let height = scaled(row.n_requests, top, HEIGHT).max(1);
        let _ = write!(
            out,
            r#"<rect class="all" x="{x}" y="{}" width="{width}" height="{height}"/>"#,
            HEIGHT - height
        );
        if row.n_attacks > 0 {
            let height = scaled(row.n_attacks, top, HEIGHT).max(1);
            let _ = write!(
                out,
                r#"<rect class="bad" x="{x}" y="{}" width="{width}" height="{height}"/><rect class="bad" x="{x}" y="{}" width="{width}" height="8"/><rect class="bad" x="{x}" y="{}" width="3" height="8"/>"#,
                HEIGHT - height,
                HEIGHT + 5,
                HEIGHT + 5
            );
        }
    }
    let _ = write!(out, r#"<line class="base" x1="0" x2="100%" y1="{HEIGHT}" y2="{HEIGHT}"/></svg>"#);

    let n_attack_bins = bins.values().filter(|b| b.n_attacks > 0).count();
    let bin = match bin {
        1 => "hour".to_owned(),
        n if n % 24 == 0 => {
            if n == 24 {
                "day".to_owned()
            } else {
                format!("{} days", n / 24)
            }
        }
        n => format!("{n} hours"),
    };
    Some(Hours {
        svg: out,
        ticks: axis.labels(),
        top: count(top),
        half: count(top / 2),
        summary: format!(
            "At most {} requests in one {bin}; attacks in {n_attack_bins} of {} columns.",
            count(max),
            bins.len()
        ),
        bin,
    })
}

fn hatch(out: &mut String, axis: Axis, gap: &Gap) {
    let (x, width) = (axis.x(gap.from_us), axis.width(gap.from_us, gap.to_us));
    let _ = write!(
        out,
        r#"<rect class="gap" x="{x}" y="0" width="{width}" height="{HEIGHT}"/><rect class="gap" x="{x}" y="0" width="3" height="{HEIGHT}"/>"#
    );
}

fn bin_hours(n_hours: u32) -> u32 {
    [1, 2, 3, 6, 12, 24, 48, 168, 336, 672]
        .into_iter()
        .find(|b| n_hours / b < MAX_COLUMNS)
        .unwrap_or(n_hours / MAX_COLUMNS / 24 * 24 + 24)
}

fn binned(hours: &BTreeMap<u32, HourRow>, bin: u32) -> BTreeMap<u32, HourRow> {
    let mut bins: BTreeMap<u32, HourRow> = BTreeMap::new();
    for (hour, row) in hours {
        let mine = bins.entry(hour / bin * bin).or_default();
        mine.n_requests += row.n_requests;
        mine.n_attacks += row.n_attacks;
    }
    bins
}

/// The least of 2, 4, 6, 8, 10, 20, 40 ... that is not below: halves are round too.
fn round_up(n: u64) -> u64 {
    let mut unit = 1u64;
    loop {
        for step in [2, 4, 6, 8, 10] {
            if n <= unit.saturating_mul(step) {
                return unit.saturating_mul(step);
            }
        }
        unit = unit.saturating_mul(10);
    }
}

fn scaled(n: u64, max: u64, height: u64) -> u64 {
    (u128::from(n) * u128::from(height) / u128::from(max.max(1))) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axis_ends_are_round() {
        for (n, want) in [(0, 2), (3, 4), (8, 8), (9, 10), (11, 20), (12_311, 20_000), (u64::MAX, u64::MAX)] {
            assert_eq!(round_up(n), want);
        }
    }

    #[test]
    fn columns_stay_few() {
        for n in [1, 239, 240, 24 * 365, 24 * 365 * 56, u32::MAX] {
            assert!(n / bin_hours(n) < MAX_COLUMNS, "{n}");
        }
    }
}
