//! What attackers leave on a server.

pub(super) mod manifest_diff;
pub(super) mod web_shell;
