//! Whole logs: `web`, `proxy` and `breach`.

use std::io;

/// A small story over a web server and a proxy, for the manual and for whole-run tests.
pub mod breach;
/// A company's proxy over days.
pub mod proxy;
/// A shop's web server over days.
pub mod web;

/// Where files go.
pub trait Output {
    /// Starts a file; folders in its name are made.
    fn create(&self, name: &str) -> io::Result<Box<dyn io::Write + '_>>;
}

/// What the user chose.
#[derive(Clone, Debug)]
pub struct Options {
    /// About how much to write.
    pub bytes: u64,
    pub seed: u64,
    pub days: i64,
    /// A name that [`crate::writer::by_name`] knows.
    pub format: String,
}

/// How much of the ordinary traffic should be made by the end of each hour.
struct Budget {
    /// Sum of the weights up to and with each hour, scaled to 1.
    shares: Vec<f64>,
    bytes: f64,
    planted_lines: f64,
    made_lines: f64,
    line_bytes: f64,
}

impl Budget {
    fn new(bytes: u64, planted_lines: usize, weights: impl Iterator<Item = f64>) -> Budget {
        let mut sum = 0.0;
        let sums: Vec<f64> = weights
            .map(|weight| {
                sum += weight;
                sum
            })
            .collect();
        let shares = sums.into_iter().map(|part| part / sum).collect();
        Budget {
            shares,
            bytes: bytes as f64,
            planted_lines: planted_lines as f64,
            made_lines: 0.0,
            line_bytes: 200.0,
        }
    }

    /// Learns the length of a line from what was written.
    fn written(&mut self, (lines, bytes): (u64, u64)) {
        if lines > 1_000 {
            self.line_bytes = bytes as f64 / lines as f64;
        }
    }

    fn made(&mut self, lines: usize) {
        self.made_lines += lines as f64;
    }

    fn wants_more(&self, hour: i64) -> bool {
        let ordinary_bytes = self.bytes - self.planted_lines * self.line_bytes;
        self.made_lines * self.line_bytes < ordinary_bytes * self.shares[hour as usize]
    }
}

/// How busy a shop is in each hour of the day, UTC.
const SHOP_HOURS: [f64; 24] = [
    2.0, 1.2, 0.8, 0.6, 0.7, 1.4, 3.0, 5.0, 6.5, 7.5, 8.0, 8.2, 8.0, 7.6, 7.4, 7.5, 8.0, 9.0, 10.5, 11.0,
    10.0, 7.5, 5.0, 3.2,
];

/// How busy an office is in each hour of a working day, UTC.
const OFFICE_HOURS: [f64; 24] = [
    0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 5.0, 9.0, 10.0, 9.5, 7.0, 8.5, 9.5, 9.0, 7.5, 4.0, 1.5, 0.0, 0.0, 0.0,
    0.0, 0.0, 0.0,
];
