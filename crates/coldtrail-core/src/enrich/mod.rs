//! What a record means on its own.

/// Attack patterns in any field, through every layer of encoding.
pub mod attack;
mod base64;
mod command;
mod content;
mod geo;
mod indicator;
mod manifest;
mod marks;
mod page;
mod user;

pub use command::is_command;
pub use content::{Content, Delivery};
pub use geo::{ATTRIBUTION, BUILT_IN_DATE, Country, CountryTable, Geo, GeoError, Place};
pub use indicator::{AgentMatcher, Indicator, IndicatorCounts, IndicatorKind, Indicators};
pub use manifest::{Listing, Manifest};
pub use marks::Marks;
pub use page::{PageKind, decoded_path, is_upload_target, kind_of, percent_decode};
pub use user::{has_number, user_in_path, user_in_query};
