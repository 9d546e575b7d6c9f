//! Making the site useless to others.

pub(super) mod flood;
mod hammer;
mod minutes;
