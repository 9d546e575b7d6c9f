//! One file per log format.

use crate::request::Request;

mod bluecoat;
mod caddy;
mod combined;
mod iis;
mod nginx_json;
mod squid;
mod zeek;

/// A log format.
pub trait Writer {
    /// Appends the line of a request, with its line end.
    fn line(&self, request: &Request, out: &mut Vec<u8>);

    /// The moment that the line carries.
    fn logged_us(&self, request: &Request) -> i64 {
        request.end_us()
    }

    /// Appends what stands at the top of a file.
    fn head(&self, start_us: i64, out: &mut Vec<u8>) {
        let _ = (start_us, out);
    }
}

/// The formats of web servers.
pub const WEB: [&str; 5] = ["combined", "apache", "nginx-json", "iis", "caddy"];
/// The formats of proxies.
pub const PROXY: [&str; 3] = ["squid", "zeek-tsv", "bluecoat"];

/// The format with this name. Servers that log local time stand in UTC+1.
pub fn by_name(name: &str) -> Option<Box<dyn Writer>> {
    Some(match name {
        "combined" => Box::new(combined::NGINX),
        "apache" => Box::new(combined::APACHE),
        "nginx-json" => Box::new(nginx_json::NginxJson),
        "iis" => Box::new(iis::Iis),
        "caddy" => Box::new(caddy::Caddy),
        "squid" => Box::new(squid::Squid),
        "zeek-tsv" => Box::new(zeek::ZeekTsv),
        "bluecoat" => Box::new(bluecoat::BlueCoat),
        _ => return None,
    })
}

/// `-` for a field that is empty.
fn dash(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}

/// Appends formatted text.
macro_rules! put {
    ($out:expr, $($arg:tt)*) => {{
        use std::io::Write as _;
        write!($out, $($arg)*).expect("a Vec takes every byte")
    }};
}
use put;
