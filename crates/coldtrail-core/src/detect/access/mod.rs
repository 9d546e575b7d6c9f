//! Access: guessed and stolen passwords.

mod login;
pub(super) mod password_guessing;
