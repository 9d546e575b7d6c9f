//! Writes a finished scan for people and programs.
