//! Zeek's http.log as tab-separated values, as a sensor beside the proxy writes it.

use super::squid::hop;
use super::{Writer, dash, put};
use crate::request::Request;
use crate::rng::hash;
use crate::time::iso;

pub(super) struct ZeekTsv;

const FIELDS: &str = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p trans_depth method host uri referrer version user_agent origin \
request_body_len response_body_len status_code status_msg info_code info_msg tags username password proxied orig_fuids \
orig_filenames orig_mime_types resp_fuids resp_filenames resp_mime_types";

const TYPES: &str = "time string addr port addr port count string string string string string string string count count count string \
count string set[enum] string string set[string] vector[string] vector[string] vector[string] vector[string] vector[string] \
vector[string]";

impl Writer for ZeekTsv {
    fn logged_us(&self, r: &Request) -> i64 {
        r.start_us
    }

    fn head(&self, start_us: i64, out: &mut Vec<u8>) {
        let open = iso(start_us).replace(['T', ':'], "-").replace('Z', "");
        put!(
            out,
            "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\thttp\n#open\t{open}\n"
        );
        put!(out, "#fields\t{}\n#types\t{}\n", FIELDS.replace(' ', "\t"), TYPES.replace(' ', "\t"));
    }

    fn line(&self, r: &Request, out: &mut Vec<u8>) {
        let hop = hop(r);
        let connection = hash(format!("{}{}{}", r.client, r.host, r.start_us).as_bytes());
        put!(out, "{}.{:06}\tC{connection:016x}\t", r.start_us / 1_000_000, r.start_us % 1_000_000);
        put!(
            out,
            "{}\t{}\t10.20.255.2\t3128\t1\t{}\t{}\t",
            r.client,
            49_152 + connection % 16_000,
            r.method,
            r.host
        );
        if r.method == "CONNECT" {
            put!(out, "{}:{}", r.host, hop.port);
        } else {
            put!(out, "http://{}{}", r.host, r.target);
        }
        put!(out, "\t{}\t1.1\t{}\t-\t", dash(&r.referrer), dash(&r.user_agent));
        let sent = if r.method == "POST" { r.request_bytes } else { 0 };
        put!(out, "{sent}\t{}\t{}\t", r.response_body_bytes, r.status_code);
        let mime = if hop.content_type == "-" { "-" } else { hop.content_type };
        let words = match r.status_code {
            200 => "OK",
            304 => "Not Modified",
            403 => "Forbidden",
            503 => "Service Unavailable",
            _ => "-",
        };
        put!(
            out,
            "{words}\t-\t-\t(empty)\t{}\t-\t-\t-\t-\t-\t-\t-\t{mime}\n",
            dash(r.user.as_deref().unwrap_or_default())
        );
    }
}
