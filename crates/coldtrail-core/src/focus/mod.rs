//! Second pass: the exact events of the suspects, and the exact peaks of the busiest clients.
//!
//! Of blocks that may hold a wanted key it reads again only what may, and parses of that only the lines that may. How a
//! list is kept within its cap depends on what the cap must not destroy: sequences keep the earliest, ordinary answers a
//! sample by a hash that nobody can foresee.

mod collector;
mod focuser;
mod peaks;
mod thinned;

pub use collector::Events;
pub use focuser::{Focused, Focuser, Wanted};
pub use peaks::{PeakCounter, Peaks};
