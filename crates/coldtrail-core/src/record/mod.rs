//! One request as a log line tells it.

mod address;
mod escape;
mod private;
mod rec;
mod time;

pub use address::ClientKey;
pub use escape::{Escape, printable, unescape};
pub use private::{Private, PrivateKind};
pub use rec::{FormatId, Metric, Outcome, Reason, Rec, Role, Span, TextField};
pub use time::{
    ClfClock, Moment, NO_TIME, format_ts, parse_clf_time, parse_time, parse_time_of_day, ts_from_civil,
    write_ts,
};
