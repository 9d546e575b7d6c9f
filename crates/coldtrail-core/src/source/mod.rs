//! What the user named, found and opened.
