//! Access: guessed and stolen passwords.

mod attempt;
pub(super) mod login;
pub(super) mod password_guessing;
