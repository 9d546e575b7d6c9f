//! The map of pseudonyms: JSON Lines, the key first, then kind, pseudonym and original of each. Whoever has it undoes
//! the redaction, so that it is written for its owner alone.

#![allow(clippy::disallowed_methods, reason = "the map stands beside the output folder")]

use super::Redactor;
use crate::json;
use crate::raw::raw_text;
use serde_json::{Value, json};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read};
use std::path::Path;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error("is not a map of pseudonyms; move it away")]
    Foreign,
}

/// The key of a map that an earlier run wrote: with it the same originals get the same pseudonyms again. None if there
/// is no such file.
///
/// # Errors
/// The file cannot be read, or is something else.
pub fn key_of_map(path: &Path) -> Result<Option<[u8; 32]>, MapError> {
    let file = match File::open(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let mut head = String::new();
    BufReader::new(file.take(1024)).read_line(&mut head).map_err(|_| MapError::Foreign)?;
    let head: Value = serde_json::from_str(&head).map_err(|_| MapError::Foreign)?;
    let hex = head["key"].as_str().ok_or(MapError::Foreign)?;
    blake3::Hash::from_hex(hex).map(|key| Some(*key.as_bytes())).map_err(|_| MapError::Foreign)
}

impl Redactor {
    /// Writes the map, readable by its owner only.
    pub fn write_map(&self, path: &Path) -> io::Result<()> {
        let part = path.with_extension("part");
        match fs::remove_file(&part) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut out = BufWriter::new(options.open(&part)?);
        json::write_line(
            &mut out,
            &json!({ "schema": 1, "key": blake3::Hash::from(self.key).to_hex().as_str() }),
        )?;
        for ((kind, original), pseudonym) in &self.map {
            let line =
                json!({ "kind": kind.name(), "pseudonym": pseudonym, "original": raw_text(original, 0) });
            json::write_line(&mut out, &line)?;
        }
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(&part, path)
    }
}
