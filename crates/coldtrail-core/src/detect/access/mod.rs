//! Access: guessed and stolen passwords.

mod attempt;
mod login;
pub(super) mod password_guessing;
