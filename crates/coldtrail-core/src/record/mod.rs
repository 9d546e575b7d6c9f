//! One request as a log line tells it.

mod address;
mod escape;
mod rec;
mod time;

pub use address::ClientKey;
pub use escape::{Escape, printable, unescape};
pub use rec::{Metric, Outcome, Reason, Rec, Role, Span};
pub use time::{NO_TIME, format_ts, parse_clf_time, ts_from_civil};
