//! IIS W3C with the bytes switched on.

use super::{Writer, dash, put};
use crate::request::Request;
use crate::time::iso;

pub(super) struct Iis;

impl Writer for Iis {
    fn head(&self, start_us: i64, out: &mut Vec<u8>) {
        let date = iso(start_us).replace('T', " ").replace('Z', "");
        put!(
            out,
            "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: {date}\r\n"
        );
        put!(
            out,
            "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) "
        );
        put!(out, "sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken\r\n");
    }

    fn line(&self, r: &Request, out: &mut Vec<u8>) {
        let time = iso(r.end_us()).replace('T', " ").replace('Z', "");
        let plus = |text: &str| dash(text).replace(' ', "+");
        put!(out, "{time} 10.0.0.5 {} {} {} 443 ", r.method, plus(r.path()), plus(r.query()));
        put!(
            out,
            "{} {} {} {} ",
            dash(r.user.as_deref().unwrap_or_default()),
            r.client,
            plus(&r.user_agent),
            plus(&r.referrer)
        );
        let win32 = match r.status_code {
            404 => 2,
            401 | 403 => 5,
            _ => 0,
        };
        put!(
            out,
            "{} 0 {win32} {} {} {}\r\n",
            r.status_code,
            r.response_bytes(),
            r.request_bytes,
            r.duration_us / 1_000
        );
    }
}
