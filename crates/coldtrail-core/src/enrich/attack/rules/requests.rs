//! Making the server ask: forged requests; making the visitor ask: open redirects.

use super::{NOT_PATH, OURS, Rule};
use crate::enrich::attack::class::Class::{OpenRedirect, Ssrf};
use crate::enrich::attack::views::View::Raw;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "cloud-metadata",
        class: Ssrf,
        weight: 6,
        view: Raw,
        places: NOT_PATH,
        pattern: r"\b169\.254\.169\.254|\b2852039166\b|0xa9fea9fe|\ba9fe:a9fe\b|metadata\.google\.internal|100\.100\.100\.200|169\.254\.170\.2|\bmetadata\.(?:tencentyun|azure|packet)|instance-data\.ec2|/latest/(?:meta-data|user-data|dynamic)|/computemetadata/v1",
        hits: &["http://169.254.169.254/latest/meta-data/"],
        misses: &["meta data"],
    },
    Rule {
        id: "file-url",
        class: Ssrf,
        weight: 6,
        view: Raw,
        places: NOT_PATH,
        pattern: r"\bfile:/{1,3}[\w.$~%]|\b(?:gopher|dict|tftp|netdoc)://|\bldaps?://[^/\s]+:11211",
        hits: &["file:///c:/x", "gopher://127.0.0.1:6379/_", "dict://h:11211/stat"],
        misses: &["profile:/x", "dict: a list"],
    },
    Rule {
        id: "internal-url",
        class: Ssrf,
        weight: 5,
        view: Raw,
        places: OURS,
        pattern: r"^(?:localhost\d?|ip(?:v?6)?-(?:localhost|loopback)|(?:host|gateway|kubernetes)\.(?:docker|containers|default)\.[\w.]+)(?:\.\w+)*(?::\d+)?/|^https?:(?:127\.|localhost)|(?:^|[=,;\s'\x22(])(?:[a-z][a-z0-9+.-]{1,10}:)?//(?:[^/\s@]*@)?(?:localhost|127\.\d|127\.1|0\.0\.0\.0|0/|\[[0-9a-f.:]*:[0-9a-f.:]*(?:%\w+)?\]|\[::|\[0:|10\.\d+\.\d+\.\d+|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|0x[0-9a-f]{2,}|0\d{2,}(?:[.:/]|$)|\d+\.\d{4,}(?:[:/]|$)|\d{8,10}(?:[:/]|$)|169\.254\.|loopback|[\w.-]+\.(?:internal|localdomain|local|corp|lan)(?:[:/]|$)|spoofed\.|[\w.-]*(?:nip|xip|sslip)\.io)|\b(?:gopher|dict|ldaps?|tftp|jar|netdoc|sftp)://|^(?:https?|ftp)://[^/\s]+:(?:22|23|25|110|2375|3306|5432|6379|9200|11211|27017)(?:/|$)",
        hits: &["http://127.0.0.1:8080/", "gopher://x:6379/_", "http://2130706433/"],
        misses: &["http://www.example.com/", "10.0.0.1"],
    },
    Rule {
        id: "callback-host",
        class: Ssrf,
        weight: 5,
        view: Raw,
        places: NOT_PATH,
        pattern: r"\bburpcollaborator\.net|\.oast(?:ify)?\.\w|\.interact\.sh|\binteractsh\b|\bdnslog\.cn|\.ceye\.io|\.ngrok(?:-free)?\.|\bwebhook\.site|\brequestbin\.|\bcanarytokens\.com|\bpipedream\.net|\bbxss\.me|\bxss\.ht\b|\.xss\.report|\bezxss\.|\bpingb\.in|\brequestcatcher\.com|\bhookbin\.com|\bdnsbin\.|\bservice\.exfil|\bvcap\.me|\blvh\.me|\blocaltest\.me",
        hits: &["http://abc.burpcollaborator.net", "x.oast.pro", "id.interact.sh"],
        misses: &["http://toast.example"],
    },
    Rule {
        id: "redirect-target",
        class: OpenRedirect,
        weight: 5,
        view: Raw,
        places: OURS,
        pattern: r"^(?://+|/\\+|\\\\?/?|/\t/|https?:/[^/]|https?:\\|https?:///+|/%09/|//+%09|//+ ?\.)[\w%.@\[-]+\.[\w.@:/?#-]+$|^(?:https?:)?/{2,}[^/?#\s]+@[\w.-]+\.\w+|^/{2,}(?:www\.)?\w[\w-]*\.\w{2,6}(?:/|$|%2f|\?)|^https?://[^/\s]+\.\w+/*%2e%2e|^//+[\w.-]+/\.\.|^///+\w|^https?://(?:www\.)?(?:evil|attacker|malicious|phish)[\w.-]*|^/(?:/|\\)?(?:\w+%00|\w+%0d%0a)|^(?:\w+:)?//\s*google\.com|^https?:\w[\w.-]+\.\w{2,6}$|。|〱|〳|〵|^/*https?:/*\\+[\w-]+\.\w|^/\\+/+[\w-]+\.\w|^https?://\s+/|^https?:/*\[[0-9a-f:.]*:[0-9a-f:.]*\]|^[\w.-]*(?:url|uri|redir\w*|return\w*|next|goto|dest\w*|target|continue|link|to|out|location)=(?:https?:)?/*@[\w-]+\.\w|[?&][\w.-]*(?:url|uri|redir\w*|return\w*|next|goto|dest\w*|continue)=/[/\\]+[\w-]+\.\w|^/+(?:https?|ftp):/*\w|^/+\s*/+\s*[\w.@-]+\.\w+|^https?:/*(?:[^/\s@]*@)?(?:0x[0-9a-f]{2,8}|0\d{2,}\.|\d+\.\d+\.0x|[3-9]\d\d\.\d+\.\d+)|^https?:[\w.-]+@",
        hits: &[
            "//evil.example/x",
            "/\\evil.example",
            "https:///evil.example",
            "//user@evil.example",
            "next=@evil.example",
            "https:\\evil.example",
            "/go?url=//evil.example",
        ],
        misses: &[
            "/account/home",
            "https://example.com/path",
            "//",
            "to=@someone",
            "/login?next=/home",
            "/go?url=https://example.com/",
        ],
    },
];
