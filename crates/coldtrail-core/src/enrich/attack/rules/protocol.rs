//! Line breaks that make a second header, a second request, or a second mail; and bytes that no client writes.

use super::{EVERYWHERE, Place, Places, Rule, VALUES};
use crate::enrich::attack::class::Class::{Crlf, Other};
use crate::enrich::attack::views::View::Raw;

const HEADER: Places = Places::of(&[Place::Header]);

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "header-injection",
        class: Crlf,
        weight: 6,
        view: Raw,
        places: EVERYWHERE,
        pattern: r"[\r\n]+[\s>]*(?:set-cookie2?|location|content-(?:type|length|encoding|disposition)|transfer-encoding|host|x-[\w-]+|http/\d|refresh|access-control-[\w-]+|cache-control|connection|status|referer|user-agent|cookie|authorization|get\s+/|post\s+/)\s*[:/\s]|[\r\n]{2,}\s*<(?:html|script|body)",
        hits: &["x\r\nset-cookie: a=b", "a\nlocation: http://x", "\r\n\r\n<html>"],
        misses: &["first line\nsecond line", "the location: here"],
    },
    Rule {
        id: "mail-header-injection",
        class: Other,
        weight: 6,
        view: Raw,
        places: EVERYWHERE,
        pattern: r"[\r\n]+\s*(?:bcc|cc|to|from|reply-to|subject|mime-version|content-transfer-encoding)\s*:|[\r\n]+\.?\s*(?:data|quit|rset|noop|rcpt to|mail from|ehlo|helo|vrfy|expn|capability|\w{1,8}\s+(?:capability|noop|logout|login|select|fetch|create|delete|list|search|examine))\b|[\r\n]\.[\r\n]|\bv\d{3}\s+(?:capability|noop|logout|login|select|fetch|create|delete|search)\b",
        hits: &["a@b.example\nbcc: c@d.example", "x\r\nrcpt to:<a@b>", "x\nv100 capability"],
        misses: &["from: me", "a\nb"],
    },
    Rule {
        id: "protocol-command",
        class: Other,
        weight: 5,
        view: Raw,
        places: VALUES,
        pattern: r"[\r\n]+\s*(?:stats|flushall|flush_all|config set|set \S+ \d|slaveof|eval \S|info|save|quit|shutdown|version)\s*(?:[\r\n\s]|$)|\bmget\b.{0,20}[\r\n]",
        hits: &["x\r\nflushall\r\n", "x\nstats\nquit"],
        misses: &["nice\nstatistics"],
    },
    Rule {
        id: "line-break-in-header",
        class: Crlf,
        weight: 5,
        view: Raw,
        places: HEADER,
        pattern: r"[\r\n]",
        hits: &["example.com\r\nx"],
        misses: &["example.com"],
    },
];
