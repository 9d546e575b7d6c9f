//! Reads lines of a compiled format string.
//!
//! A value ends where the next literal stands. Where that literal also occurs inside a value, the first place from
//! which the rest of the line fits is taken, with a bound on how many places are tried.

use super::formats::{AWS_ALB, AWS_ELB, AWS_S3, ENVOY, SKYHIGH};
use super::log_format::{LogFormat, Piece, Place};
use super::request::trim_line;
use super::slot::{Slot, check};
use super::time_format::Civil;
use super::{Format, request};
use crate::record::{Escape, FormatId, Outcome, Reason, Rec, Role, Span};

/// What a hostile line may cost: places tried, and KiB searched for a literal. Reaching it, the line counts as not fitting.
const MAX_TRIES: usize = 2_000;

impl Format for LogFormat {
    fn id(&self) -> FormatId {
        self.id
    }

    fn parse_line(&self, block: &[u8], line: Span) -> Rec {
        let text = trim_line(block, line);
        if text.is_empty() || block[text.start()] == b'#' && self.pieces[0].literal.first() != Some(&b'#') {
            return Rec::skipped(line);
        }
        // Trailing blanks may be what an empty last value leaves.
        let end = if self.tail.is_empty() { line.end() } else { text.end() };
        let matcher = Matcher {
            format: self,
            text: &block[text.start()..end],
            tries: 0,
            spans: Vec::with_capacity(self.pieces.len()),
        };
        matcher.read(block, line, text.start())
    }
}

struct Matcher<'a> {
    format: &'a LogFormat,
    text: &'a [u8],
    tries: usize,
    /// Start and end of each value, relative to `text`.
    spans: Vec<(usize, usize)>,
}

impl Matcher<'_> {
    fn read(mut self, block: &[u8], line: Span, base: usize) -> Rec {
        let mut rec = Rec::begin(line);
        rec.escape = self.format.escape;
        rec.format = self.format.id;
        let fits = self.fit(0, 0, false) || {
            self.tries = 0;
            self.spans.clear();
            // The administrator appended fields since: the last value ends at a blank.
            self.fit(0, 0, true)
        };
        if !fits {
            self.read_greedily(&mut rec);
        }
        let mut clock = Civil::default();
        for (piece, (from, to)) in self.format.pieces.iter().zip(&self.spans) {
            let value = &self.text[*from..*to];
            match &piece.place {
                Place::Clock(field) => clock.set(*field, value),
                Place::Field(slot) => {
                    let span = Span::new(base + from, base + to);
                    let span = if *slot == Slot::User && value == b"\"\"" {
                        Span::new(base + to - 1, base + to - 1)
                    } else {
                        span
                    };
                    slot.set(&mut rec, block, span);
                }
            }
            if piece.is_quoted && self.format.escape == Escape::None && value.contains(&b'"') {
                rec.flag(Reason::AmbiguousQuotes);
            }
        }
        clock.finish(&mut rec);
        if rec.client.is_none() && rec.forwarded.is_some() {
            let list = rec.forwarded;
            request::set_client_list(&mut rec, block, list);
        }
        if rec.outcome == Outcome::Ok {
            check(&mut rec);
        }
        if matches!(rec.format, AWS_ALB | AWS_ELB | AWS_S3 | ENVOY) {
            rec.ts_assumed_utc = false;
        }
        if rec.format == SKYHIGH {
            rec.role = Role::Proxy;
        }
        rec.or_raw()
    }

    /// Whether the line fits from piece `i` on, at `pos`; pushes the values.
    fn fit(&mut self, i: usize, pos: usize, may_go_on: bool) -> bool {
        let format = self.format;
        let Some(piece) = format.pieces.get(i) else {
            let rest = &self.text[pos..];
            return rest == format.tail || may_go_on && rest.starts_with(&format.tail);
        };
        let Some(rest) = self.text[pos..].strip_prefix(piece.literal.as_slice()) else { return false };
        let from = self.text.len() - rest.len();
        let fixed = match &piece.place {
            Place::Clock(field) => field.fixed_len(),
            Place::Field(_) => None,
        };
        if let Some(len) = fixed {
            let to = from + len;
            return to <= self.text.len() && self.take(i, from, to, may_go_on);
        }
        let next = format.pieces.get(i + 1).map_or(format.tail.as_slice(), |p| p.literal.as_slice());
        if next.is_empty() {
            let is_last = i + 1 == format.pieces.len();
            let to = if is_last && may_go_on {
                from + memchr::memchr(b' ', rest).unwrap_or(rest.len())
            } else {
                self.text.len()
            };
            return self.take(i, from, to, may_go_on);
        }
        let mut at = from;
        while self.tries < MAX_TRIES {
            let found = memchr::memmem::find(&self.text[at..], next);
            self.tries += 1 + found.unwrap_or(self.text.len() - at) / 1024;
            let Some(step) = found else { return false };
            let to = at + step;
            at = to + 1;
            if piece.is_quoted && format.escape != Escape::None && is_escaped(&self.text[from..to]) {
                continue;
            }
            if self.take(i, from, to, may_go_on) {
                return true;
            }
            if piece.is_quoted && format.escape != Escape::None {
                // The first quote that is not escaped ends the value, whatever follows.
                return false;
            }
        }
        false
    }

    fn take(&mut self, i: usize, from: usize, to: usize, may_go_on: bool) -> bool {
        if !fits(&self.format.pieces[i], &self.text[from..to]) {
            return false;
        }
        self.spans.truncate(i);
        self.spans.push((from, to));
        self.fit(i + 1, to, may_go_on)
    }

    /// The line does not fit as a whole: takes values from the left as far as the literals are there.
    fn read_greedily(&mut self, rec: &mut Rec) {
        let format = self.format;
        self.spans.clear();
        let mut pos = 0;
        for (i, piece) in format.pieces.iter().enumerate() {
            let Some(rest) = self.text[pos..].strip_prefix(piece.literal.as_slice()) else { break };
            let from = self.text.len() - rest.len();
            let next = format.pieces.get(i + 1).map_or(format.tail.as_slice(), |p| p.literal.as_slice());
            let end = self.first_end(piece, from, next);
            let to = end.unwrap_or(self.text.len());
            if end.is_none()
                && self.spans.len() + 1 < format.pieces.len()
                && !piece.is_quoted
                && !fits(piece, &self.text[from..to])
            {
                break;
            }
            self.spans.push((from, to));
            pos = to;
            if end.is_none() {
                break;
            }
        }
        rec.flag(if pos == self.text.len() { Reason::CutOff } else { Reason::TooFewFields });
    }

    fn first_end(&self, piece: &Piece, from: usize, next: &[u8]) -> Option<usize> {
        if next.is_empty() {
            return None;
        }
        memchr::memmem::find_iter(&self.text[from..], next).map(|i| from + i).find(|to| {
            let value = &self.text[from..*to];
            fits(piece, value)
                && !(piece.is_quoted && self.format.escape != Escape::None && is_escaped(value))
        })
    }
}

fn fits(piece: &Piece, value: &[u8]) -> bool {
    match &piece.place {
        Place::Clock(field) => field.fits(value),
        Place::Field(slot) => slot.fits(value),
    }
}

/// The value ends in an odd number of backslashes: the quote behind it belongs to it.
fn is_escaped(value: &[u8]) -> bool {
    value.iter().rev().take_while(|c| **c == b'\\').count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{TextField, format_ts};

    /// `fields` as `name=value`, in any order; checks the outcome too.
    fn check_line(format: &str, line: &str, outcome: Outcome, fields: &[&str]) {
        let compiled = LogFormat::compile(format).expect(format);
        let rec = compiled.parse_line(line.as_bytes(), Span::new(0, line.len()));
        assert_eq!(
            (rec.outcome, rec.reason == Reason::None),
            (outcome, outcome == Outcome::Ok),
            "{line}: {:?}",
            rec.reason
        );
        for field in fields {
            let (name, want) = field.split_once('=').expect("name=value");
            let got = match name {
                "ts" => format_ts(rec.ts_us, rec.ts_digits),
                "status" => rec.status_code.to_string(),
                "body_bytes" => rec.response_body_bytes.or_zero().to_string(),
                "bytes" => rec.response_bytes.or_zero().to_string(),
                "request_bytes" => rec.request_bytes.or_zero().to_string(),
                "duration" => rec.duration_us.or_zero().to_string(),
                _ => {
                    let field = TextField::ALL.into_iter().find(|f| f.name() == name).expect(name);
                    let text = rec.text(field, line.as_bytes());
                    text.map_or("(none)".into(), |t| String::from_utf8_lossy(&t).into_owned())
                }
            };
            assert_eq!(got, want, "{name} of {line}");
        }
    }

    #[test]
    fn apache_directives() {
        use Outcome::{Ok, Partial};
        check_line(
            r#"%v:%p %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i" %D"#,
            r#"www.x.org:443 203.0.113.9 - john doe [24/Nov/2026:02:11:51 +0000] "GET /a?b=1 HTTP/1.1" 200 512 "-" "x \"q\"" 1500"#,
            Ok,
            &[
                "host=www.x.org",
                "client_ip=203.0.113.9",
                "user=john doe",
                "bytes=512",
                "user_agent=x \"q\"",
                "duration=1500",
                "url_query=b=1",
                "referrer=(none)",
            ],
        );
        check_line(
            r#"%a %{c}a %{X-Forwarded-For}i %{%d/%b/%Y %T}t.%{msec_frac}t %{%z}t %m %U%q %s %B %I %O %T %{ms}T"#,
            "203.0.113.9 10.0.0.1 - 24/Nov/2026 02:11:51.042 +0200 POST /a?b=1 404 0 100 300 1 1042",
            Ok,
            &[
                "ts=2026-11-24T00:11:51.042Z",
                "peer_ip=10.0.0.1",
                "method=POST",
                "target=/a?b=1",
                "url_query=b=1",
                "status=404",
                "request_bytes=100",
                "duration=1042000",
            ],
        );
        check_line(
            "%h %{sec}t %r",
            "1.2.3.4 1795486414 GET /x HTTP/1.0",
            Ok,
            &["ts=2026-11-24T02:13:34Z", "target=/x"],
        );
        check_line(
            "%h %{begin:usec}t %r",
            "1.2.3.4 1795486414000123 GET /x HTTP/1.0",
            Ok,
            &["ts=2026-11-24T02:13:34.000123Z"],
        );
        check_line(
            "%h %{%Y-%m-%dT%H:%M:%S%z}t \"%r\"",
            "h.example 2026-11-24T02:11:51-0100 \"GET /x HTTP/1.0\"",
            Ok,
            &["ts=2026-11-24T03:11:51Z", "client_ip=h.example"],
        );
        check_line(
            r#"%h %u %t "%r" %>s "%400,501{User-agent}i" %!200,304{Foo}i %{VAR}e %{sid}C %{note}n %{SSL_PROTOCOL}x"#,
            r#"1.2.3.4 "" [24/Nov/2026:02:11:51 +0000] "GET / HTTP/1.1" 200 "-" foo bar baz qux TLSv1.3"#,
            Ok,
            &["user=", "status=200", "user_agent=(none)"],
        );
        check_line(
            r#"%h %l %u %t "%r" %>s %b"#,
            r#"1.2.3.4 - x [24/Nov/2026:00:00:00 +0000] "GET [24/Nov/2026:02:11:51 +0000] \"GET /x HTTP/1.1" 200 5"#,
            Ok,
            &["ts=2026-11-24T00:00:00Z", "user=x", "status=200"],
        );
        check_line(
            r#"%h %l %u %t "%r" %>s %b"#,
            r#"1.2.3.4 - - [24/Nov/2026:02:11:51 +0000] "GET /x HT"#,
            Partial,
            &["client_ip=1.2.3.4", "ts=2026-11-24T02:11:51Z"],
        );
        check_line(
            r#"%h %l %u %t "%r" %>s %b"#,
            r#"1.2.3.4 - - [24/Nov/2026:02:11:51 +0000] "GET /x HTTP/1.1" 200 5 "added" 7"#,
            Ok,
            &["status=200", "body_bytes=5"],
        );
    }

    #[test]
    fn nginx_variables() {
        use Outcome::{Ok, Partial};
        let body = r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" "$http_cookie" "$request_body""#;
        check_line(
            body,
            r#"198.18.0.1 - a b \x22c] [d [10/Mar/2025:00:00:03 +0000] "POST /login.php HTTP/1.1" 200 21930 "-" "Mozilla/5.0" "-" "user=\x22x\x22&go=1""#,
            Ok,
            &["user=a b \"c] [d", "cookie=(none)", "body=user=\"x\"&go=1", "body_bytes=21930", "method=POST"],
        );
        check_line(
            &format!("log_format body escape=none '{body}';"),
            r#"198.18.0.1 -  [10/Mar/2025:00:00:03 +0000] "POST /a"b HTTP/1.1" 200 21930 "" "u "q" x" "" "a="1"""#,
            Partial,
            &["user=", "target=/a\"b", "user_agent=u \"q\" x", "body=a=\"1\"", "cookie="],
        );
        check_line(
            r#"log_format j escape=json '{"ip":"$remote_addr","user":"$remote_user","t":"$time_iso8601","req":"$request","st":"$status","rt":$request_time,"body":"$request_body"}';"#,
            r#"{"ip":"127.0.0.1","user":"","t":"2026-11-24T02:11:51+00:00","req":"GET /?q=\"><svg/onload=1> HTTP/1.1","st":"200","rt":0.012,"body":"a\nb"}"#,
            Ok,
            &["client_ip=127.0.0.1", "user=", "target=/?q=\"><svg/onload=1>", "duration=12000", "body=a\nb"],
        );
        check_line(
            r#"$http_x_forwarded_for $msec $scheme://$host$request_uri $request_method $status $request_length $bytes_sent $upstream_response_time "$http_user_agent""#,
            r#"6.6.6.6, 203.0.113.5 1795486414.235 https://h.example/a?b DELETE 204 77 99 0.001, 0.002 : 0.003 "u""#,
            Ok,
            &[
                "client_ip=203.0.113.5",
                "host=h.example",
                "target=/a?b",
                "url_path=/a",
                "method=DELETE",
                "request_bytes=77",
                "bytes=99",
                "user_agent=u",
                "ts=2026-11-24T02:13:34.235Z",
            ],
        );
        check_line(
            "$remote_addr $uri$is_args$args $status [$time_local]",
            "::1 /a?b=c 200 [10/Mar/2025:00:00:03 +0000]",
            Ok,
            &["target=/a?b=c", "url_query=b=c"],
        );
    }

    #[test]
    fn a_hostile_line_costs_a_bounded_number_of_tries() {
        let format = LogFormat::compile("$remote_addr $http_a $http_b $http_c $http_d $http_e $status x")
            .expect("format");
        let line = "1 ".repeat(100_000);
        let rec = format.parse_line(line.as_bytes(), Span::new(0, line.len()));
        assert_ne!(rec.outcome, Outcome::Ok);
    }
}
