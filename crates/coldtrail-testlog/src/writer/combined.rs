//! The combined format of nginx (time of completion) and of Apache (time of arrival).

use super::{Writer, dash, put};
use crate::request::Request;
use crate::time::clf;

/// Seconds by which the server's clock is ahead of UTC.
const OFFSET_S: i64 = 3_600;

/// The combined format.
pub(super) struct Combined {
    apache: bool,
}

pub(super) const NGINX: Combined = Combined { apache: false };
pub(super) const APACHE: Combined = Combined { apache: true };

impl Writer for Combined {
    fn line(&self, r: &Request, out: &mut Vec<u8>) {
        let time = clf(self.logged_us(r), OFFSET_S);
        put!(out, "{} - {} [{time}] \"{} ", r.client, dash(r.user.as_deref().unwrap_or_default()), r.method);
        self.escaped(&r.target, out);
        put!(out, " {}\" {} ", r.protocol, r.status_code);
        if self.apache && r.response_body_bytes == 0 {
            put!(out, "-");
        } else {
            put!(out, "{}", r.response_body_bytes);
        }
        for field in [&r.referrer, &r.user_agent] {
            put!(out, " \"");
            self.escaped(dash(field), out);
            put!(out, "\"");
        }
        put!(out, "\n");
    }

    fn logged_us(&self, r: &Request) -> i64 {
        if self.apache { r.start_us } else { r.end_us() }
    }
}

impl Combined {
    fn escaped(&self, text: &str, out: &mut Vec<u8>) {
        for byte in text.bytes() {
            match byte {
                b'"' | b'\\' if self.apache => out.extend([b'\\', byte]),
                b'"' | b'\\' | 0..=0x1f | 0x7f.. => put!(out, "\\x{byte:02X}"),
                _ => out.push(byte),
            }
        }
    }
}
