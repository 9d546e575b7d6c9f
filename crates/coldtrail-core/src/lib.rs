//! From bytes to a verdict. The folders follow the data:
//!
//! ```text
//! bytes -> lines -> records -> tables -> links -> suspects -> events -> findings -> incidents -> verdict
//! source   decode   parse      observe   link     detect      focus     detect      verdict      verdict
//! ```
//!
//! Each folder may use what stands above it and the two vocabularies, [`record`] and [`table`]. The only I/O is in
//! [`source`]; nothing here reads arguments, prints, or asks for the time.

// Plain comments: each folder documents itself in its mod.rs, and rustdoc would look for the links of that text here.

// The same work on many items by several threads.
pub mod parallel;

// Vocabulary: one request as a log line tells it, field by field.
pub mod record;
// Vocabulary: what is remembered of all requests, and the rules by which it merges.
pub mod table;

// Finds and opens what the user named: files, folders, standard input.
pub mod source;
// Turns stored bytes into lines: decompression, archives, and the caps that keep a bomb from going off.
pub mod decode;
// Turns lines into records: one file per log format, and the detection of which it is.
pub mod parse;
// What a record means on its own: is it an attack, an asset, a page nobody links to.
pub mod enrich;
// First pass: every record into the tables.
pub mod observe;
// Gives each actor what the pages it shares with everybody know.
pub mod link;
// One file per detector: which keys deserve a second look, and what their events prove.
pub mod detect;
// Second pass: the exact events of the suspects.
pub mod focus;
// Findings joined to incidents, and the words for them.
pub mod verdict;

// The whole run: two passes over the inputs and a report at the end.
pub mod scan;
