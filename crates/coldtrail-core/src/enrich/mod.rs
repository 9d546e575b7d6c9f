//! What a record means on its own.

/// Attack patterns in any field, through every layer of encoding.
pub mod attack;
