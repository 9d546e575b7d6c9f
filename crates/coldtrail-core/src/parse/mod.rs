//! Lines to records. One file per format behind [`Format`]; [`Parser`] says which format a file has and follows it
//! when it changes.
//!
//! It never drops a line: every line ends as ok, partial, raw or skipped, with a reason.

mod any;
mod app_server;
mod cells;
mod clf;
mod clf_tolerant;
mod connection;
mod envelope;
mod error_log;
mod formats;
mod haproxy;
mod inferred;
mod json;
mod json_keys;
mod key_value;
mod log_format;
mod log_match;
mod modsecurity;
mod palo_alto;
mod parser;
mod prefix;
mod presets;
mod request;
mod slot;
mod squid;
mod table;
mod time_format;
mod umbrella;
mod w3c;
mod zeek;

pub use clf::Clf;
pub use formats::{FormatInfo, format_info, format_name, formats};
pub use json::Json;
pub use log_format::{LogFormat, LogFormatError};
pub use parser::{Parser, Settings};
pub use squid::Squid;
pub use w3c::W3c;
pub use zeek::Zeek;

use crate::record::{FormatId, Rec, Span};

/// A log format: a fast path over whole blocks where the format allows one, and a tolerant reader of single lines.
pub trait Format: Send + Sync {
    /// The name that the coverage table and `records` print: `combined`, `iis`.
    fn name(&self) -> &str {
        format_name(self.id())
    }

    /// The format that most lines get; a reader that covers a family may give single lines another id.
    fn id(&self) -> FormatId;

    /// Reads one line (without its line end). Never fails: what cannot be read is `Partial` or `Raw` with a reason.
    fn parse_line(&self, block: &[u8], line: Span) -> Rec;

    /// Reads a block of whole lines; appends one record per line, in order.
    fn parse_block(&self, block: &[u8], records: &mut Vec<Rec>) {
        for line in lines(block) {
            records.push(self.parse_line(block, line));
        }
    }
}

/// The lines of a block without their line ends (`\n` or `\r\n`). A last line without a newline counts.
pub fn lines(block: &[u8]) -> impl Iterator<Item = Span> + '_ {
    let mut start = 0;
    let mut ends = memchr::memchr_iter(b'\n', block);
    std::iter::from_fn(move || {
        if start >= block.len() {
            return None;
        }
        let end = ends.next().unwrap_or(block.len());
        let trimmed = if end > start && block[end - 1] == b'\r' { end - 1 } else { end };
        let line = Span::new(start, trimmed);
        start = end + 1;
        Some(line)
    })
}
