//! Second pass: the exact events of the suspects, and the exact peaks of the busiest clients.
//!
//! It reads again only blocks that may hold a wanted key, and parses of them only the lines that may. How a list is kept within its cap depends on what the cap
//! must not destroy: sequences keep the earliest, baselines a sample by hash that nobody can foresee.

mod collector;
mod focuser;
mod peaks;
mod thinned;

pub use collector::Events;
pub use focuser::{Focused, Focuser, Wanted};
pub use peaks::{PeakCounter, Peaks};
