//! `coldtrail formats`: what is read, and what each format can and cannot show.

use crate::exit;
use anyhow::Result;
use coldtrail_core::parse::formats;
use std::io::{self, Write};

pub(crate) fn run() -> Result<u8> {
    let mut out = String::new();
    for format in formats().iter().skip(1) {
        out += &format!("{}\n  {}\n  shows: {}\n", format.name, format.title, squeeze(format.shows));
        for blind in format.blind_spots {
            out += &format!("  - {}\n", squeeze(blind));
        }
        out.push('\n');
    }
    out += "wrapped lines\n  Lines of all these are also read inside of what collectors write: syslog, the logs of Docker and Kubernetes\n  containers, `docker compose logs`, Heroku, and as one value of an object or a table (the journal, Filebeat,\n  Elasticsearch, Google, Azure, Splunk). A line that states no time has the collector's.\n  - a line that the collector cut in two is read as two lines\n";
    io::stdout().write_all(out.as_bytes())?;
    Ok(exit::FINISHED)
}

fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
