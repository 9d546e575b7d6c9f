//! The parts of a report, field by field.

use super::keep::{In, Keep, Out, keep_enum, keep_struct};
use crate::row::Cells;
use crate::run::Method;
use coldtrail_core::detect::{Draft, Evidence, Finding, HostsOfHour, Level, Number, Severity, Stage, by_id};
use coldtrail_core::enrich::attack::Verdict;
use coldtrail_core::enrich::{Content, Country, Place};
use coldtrail_core::record::{ClientKey, Metric, Private, PrivateKind, Reason, Role};
use coldtrail_core::table::{Event, EventData, HourRow, InputTotals, Locus, Method as HttpMethod, Totals};
use coldtrail_core::verdict::{
    Answers, Basis, Beats, ClientLine, ClientName, Countries, CountryLine, Coverage, Expected, Gap, GotIn,
    HostLine, Incident, IncidentStage, InputLine, Left, LeftState, PageLine, Peaks, Reject, Request, Sweep,
    Took, Who,
};
use ipnet::IpNet;
use std::io;
use std::net::IpAddr;

keep_enum! {
    Stage {
        Reconnaissance, Attack, Access, Exploit, Implant, Exfiltration, CommandAndControl, Download,
        LateralMovement, Impact,
    }
    Severity { Info, Low, Medium, High, Critical }
    Level { NoAttack, NoSign, Possible, Probable, Confirmed }
    LeftState { Deleted, Present, Unknown }
    Role { Server, Proxy }
    HttpMethod { Get, Head, Post, Put, Delete, Move, Connect, Other }
    Cells { Guarded, Raw }
    PrivateKind { Client, User, Cookie }
    Reason {
        None, UnknownFormat, BadTime, NoClient, BadRequest, BadStatus, BadSize, TooFewFields, TooManyFields,
        AmbiguousQuotes, BadJson, TooLong, CutOff, ErrorLog,
    }
}

keep_struct! {
    Method { version, command, parameters }
    Answers { who, n_background, got_in, left, took }
    Who {
        client, place, is_own, level, severity, n_requests, stages, first_us, last_us, n_by_stage, bytes_taken,
        activity,
    }
    Place { country, asn, owner }
    GotIn { page, first_us, rule, level, finding }
    Left { path, first_us, last_us, state, finding }
    Took { client, path_or_host, bytes, first_us, finding }
    Incident {
        id, level, severity, clients, n_clients, artefacts, stages, findings, statement, first_us, last_us,
    }
    IncidentStage { stage, first_us, last_us, n_requests }
    Coverage { inputs, gaps, blind_spots, problems, notes, rejects, n_rejects }
    Gap { input, from_us, to_us }
    Private { kind, start, len }
    Locus { input, offset, line, len }
    Totals { lines, hours, n_attacks, bytes_out, bytes_in }
    HourRow { n_requests, n_attacks, n_errors, bytes_out }
    InputTotals {
        lines, ok, partial, raw, skipped, first_us, last_us, reasons, formats, stripped_queries, posts, bodies,
        requests_with_bytes_in, requests_with_user_agent, requests_with_referrer, outgoing,
    }
    Countries { lines, expected }
    CountryLine {
        country, n_clients, n_visitors, n_named, n_requests, n_attacks, bytes_out, is_expected,
        surprise_millibits,
    }
    ClientLine {
        client, n_requests, n_pages, n_status, n_attacks, n_posts, bytes_out, bytes_in, first_us, last_us, peaks,
        n_findings, country,
    }
    Peaks { per_1s, per_10s, per_60s }
    PageLine {
        host, path, n_requests, n_clients, n_status, spans_us, n_attacks, n_posts, bytes_out, bytes_in, max_out,
        first_us, last_us, n_findings,
    }
    HostLine {
        host, n_requests, n_clients, n_failed, n_denied, bytes_down, bytes_up, first_us, last_us, n_findings,
    }
    Basis { requests, n_left_out, hosts, sets, lines, answers, beats, sweeps }
    Request { event, set, host }
    Beats { finding, client, host, seconds }
    Sweep { finding, client, hours }
    HostsOfHour { hosts, failed, internal, internal_failed, lone }
}

impl Keep for IpAddr {
    fn put(&self, out: &mut Out<'_>) -> io::Result<()> {
        let address = out.redactor.as_mut().map_or(*self, |r| r.address(*self));
        out.plain(address.to_string().as_bytes())
    }
    fn take(from: &mut In<'_>) -> Option<Self> {
        std::str::from_utf8(from.plain()?).ok()?.parse().ok()
    }
}

impl Keep for IpNet {
    fn put(&self, out: &mut Out<'_>) -> io::Result<()> {
        // What lies inside a network cannot be told from pseudonyms: only single addresses are redacted.
        let net = out.redactor.as_mut().map_or(*self, |r| Self::from(r.address(self.addr())));
        out.plain(net.to_string().as_bytes())
    }
    fn take(from: &mut In<'_>) -> Option<Self> {
        std::str::from_utf8(from.plain()?).ok()?.parse().ok()
    }
}

impl Keep for ClientKey {
    fn put(&self, out: &mut Out<'_>) -> io::Result<()> {
        let key = out.redactor.as_mut().map_or(*self, |r| r.client(*self));
        let (high, low) = key.words();
        out.plain(&[high.to_be_bytes(), low.to_be_bytes()].concat())
    }
    fn take(from: &mut In<'_>) -> Option<Self> {
        let (high, low) = from.plain()?.split_first_chunk()?;
        let low = low.try_into().ok()?;
        Some(Self::from_words((u64::from_be_bytes(*high), u64::from_be_bytes(low))))
    }
}

impl Keep for ClientName {
    fn put(&self, out: &mut Out<'_>) -> io::Result<()> {
        match self {
            Self::Address(address) => {
                out.number(0);
                address.put(out)
            }
            Self::Name(name) => {
                out.number(1);
                match out.redactor.as_mut().map(|r| r.client_name(name)) {
                    Some(redacted) => out.plain(redacted.as_bytes()),
                    None => out.plain(name.as_bytes()),
                }
            }
        }
    }
    fn take(from: &mut In<'_>) -> Option<Self> {
        match from.number()? {
            0 => IpAddr::take(from).map(Self::Address),
            1 => String::take(from).map(Self::Name),
            _ => None,
        }
    }
}

impl Keep for Country {
    fn put(&self, out: &mut Out<'_>) -> io::Result<()> {
        out.plain(self.as_str().as_bytes())
    }
    fn take(from: &mut In<'_>) -> Option<Self> {
        Self::parse(std::str::from_utf8(from.plain()?).ok()?)
    }
}

/// A digest looks like a token and is none.
impl Keep for InputLine {
    fn put(&self, out: &mut Out<'_>) -> io::Result<()> {
        let Self {
            path,
            digest,
            format,
            compression,
            bytes,
            lines,
            ok,
            partial,
            raw,
            skipped,
            first_us,
            last_us,
            problem,
        } = self;
        let (kind, hex) = digest.as_ref().map_or(("", ""), |(kind, hex)| (*kind, hex.as_str()));
        kind.put(out)?;
        out.plain(hex.as_bytes())?;
        for text in [path, format, compression] {
            text.put(out)?;
        }
        for n in [bytes, lines, ok, partial, raw, skipped] {
            n.put(out)?;
        }
        first_us.put(out)?;
        last_us.put(out)?;
        problem.put(out)
    }
    fn take(from: &mut In<'_>) -> Option<Self> {
        let (kind, hex) = (from.name()?, String::take(from)?);
        Some(Self {
            digest: (!kind.is_empty()).then_some((kind, hex)),
            path: Keep::take(from)?,
            format: Keep::take(from)?,
            compression: Keep::take(from)?,
            bytes: Keep::take(from)?,
            lines: Keep::take(from)?,
            ok: Keep::take(from)?,
            partial: Keep::take(from)?,
            raw: Keep::take(from)?,
            skipped: Keep::take(from)?,
            first_us: Keep::take(from)?,
            last_us: Keep::take(from)?,
            problem: Keep::take(from)?,
        })
    }
}

impl Keep for Metric {
    fn put(&self, out: &mut Out<'_>) -> io::Result<()> {
        self.get().put(out)
    }
    fn take(from: &mut In<'_>) -> Option<Self> {
        Some(<Option<u64> as Keep>::take(from)?.map_or(Self::NONE, Self::new))
    }
}

impl Keep for Expected {
    fn put(&self, out: &mut Out<'_>) -> io::Result<()> {
        match self {
            Self::Given => 0u8.put(out),
            Self::Unknown => 1u8.put(out),
            Self::Learnt { n_visitors } => {
                2u8.put(out)?;
                n_visitors.put(out)
            }
        }
    }
    fn take(from: &mut In<'_>) -> Option<Self> {
        match from.number()? {
            0 => Some(Self::Given),
            1 => Some(Self::Unknown),
            2 => Some(Self::Learnt { n_visitors: from.number()? }),
            _ => None,
        }
    }
}

impl Keep for Number {
    fn put(&self, out: &mut Out<'_>) -> io::Result<()> {
        match self {
            Self::Int(n) => {
                out.number(0);
                n.put(out)
            }
            Self::Float(x) => {
                out.number(1);
                x.put(out)
            }
            Self::Text(text) => {
                out.number(2);
                text.put(out)
            }
        }
    }
    fn take(from: &mut In<'_>) -> Option<Self> {
        match from.number()? {
            0 => i64::take(from).map(Self::Int),
            1 => f64::take(from).map(Self::Float),
            2 => String::take(from).map(Self::Text),
            _ => None,
        }
    }
}

/// Bytes of a log line: raw text, what was cut off, and which parts name somebody.
fn put_line(out: &mut Out<'_>, raw: &[u8], n_cut: u64, private: &Option<Vec<Private>>) -> io::Result<()> {
    if let Some(redacted) = out.redactor.as_mut().map(|r| r.line(raw, private.as_deref())) {
        // Places in the redacted line are others, and there is nothing private in them.
        out.plain(&redacted)?;
        n_cut.put(out)?;
        return Some(Vec::<Private>::new()).put(out);
    }
    out.plain(raw)?;
    n_cut.put(out)?;
    private.put(out)
}

fn take_line(from: &mut In<'_>) -> Option<(Vec<u8>, u64, Option<Vec<Private>>)> {
    Some((from.plain()?.to_vec(), Keep::take(from)?, Keep::take(from)?))
}

impl Keep for Evidence {
    fn put(&self, out: &mut Out<'_>) -> io::Result<()> {
        let Self { at, ts_us, raw, n_cut, private } = self;
        at.put(out)?;
        ts_us.put(out)?;
        put_line(out, raw, *n_cut, private)
    }
    fn take(from: &mut In<'_>) -> Option<Self> {
        let (at, ts_us) = (Keep::take(from)?, Keep::take(from)?);
        let (raw, n_cut, private) = take_line(from)?;
        Some(Self { at, ts_us, raw, n_cut, private })
    }
}

impl Keep for Reject {
    fn put(&self, out: &mut Out<'_>) -> io::Result<()> {
        let Self { input, line, offset, reason, is_partial, raw, n_cut, private } = self;
        input.put(out)?;
        line.put(out)?;
        offset.put(out)?;
        reason.put(out)?;
        is_partial.put(out)?;
        put_line(out, raw, *n_cut, private)
    }
    fn take(from: &mut In<'_>) -> Option<Self> {
        let (input, line, offset) = (Keep::take(from)?, Keep::take(from)?, Keep::take(from)?);
        let (reason, is_partial) = (Keep::take(from)?, Keep::take(from)?);
        let (raw, n_cut, private) = take_line(from)?;
        Some(Self { input, line, offset, reason, is_partial, raw, n_cut, private })
    }
}

/// What reports say of an event. Its hashes are those of one run, and nothing after the findings asks for them.
impl Keep for Event {
    fn put(&self, out: &mut Out<'_>) -> io::Result<()> {
        self.ts_us.put(out)?;
        self.at.put(out)?;
        self.client.put(out)?;
        self.role.put(out)?;
        self.status_code.put(out)?;
        self.method.put(out)?;
        self.bytes_out.put(out)?;
        self.bytes_in.put(out)?;
        out.text(&self.target)
    }
    fn take(from: &mut In<'_>) -> Option<Self> {
        Some(Self::new(EventData {
            ts_us: Keep::take(from)?,
            at: Keep::take(from)?,
            client: Keep::take(from)?,
            role: Keep::take(from)?,
            status_code: Keep::take(from)?,
            method: Keep::take(from)?,
            bytes_out: Keep::take(from)?,
            bytes_in: Keep::take(from)?,
            target: from.plain()?.into(),
            duration_us: Metric::NONE,
            page: 0,
            agent: 0,
            host: 0,
            verdict: Verdict::NONE,
            content: Content::NONE,
            skeleton: 0,
            payload_len: 0,
        }))
    }
}

impl Keep for Finding {
    fn put(&self, out: &mut Out<'_>) -> io::Result<()> {
        self.id.put(out)?;
        out.plain(self.meta.id.as_bytes())?;
        let Draft {
            subject,
            severity,
            level,
            clients,
            pages,
            hosts,
            callback_hosts,
            artefacts,
            first_us,
            last_us,
            n_requests,
            bytes_out,
            bytes_in,
            statement,
            numbers,
            caveats,
            evidence,
            rule,
            // A hash of one run.
            page: _,
        } = &self.draft;
        subject.put(out)?;
        severity.put(out)?;
        level.put(out)?;
        clients.put(out)?;
        for names in [pages, hosts, callback_hosts, artefacts] {
            names.put(out)?;
        }
        first_us.put(out)?;
        last_us.put(out)?;
        n_requests.put(out)?;
        bytes_out.put(out)?;
        bytes_in.put(out)?;
        statement.put(out)?;
        numbers.put(out)?;
        caveats.put(out)?;
        evidence.put(out)?;
        rule.put(out)
    }
    fn take(from: &mut In<'_>) -> Option<Self> {
        let id = String::take(from)?;
        let meta = by_id(std::str::from_utf8(from.plain()?).ok()?)?.meta();
        let draft = Draft {
            subject: Keep::take(from)?,
            severity: Keep::take(from)?,
            level: Keep::take(from)?,
            clients: Keep::take(from)?,
            pages: Keep::take(from)?,
            hosts: Keep::take(from)?,
            callback_hosts: Keep::take(from)?,
            artefacts: Keep::take(from)?,
            first_us: Keep::take(from)?,
            last_us: Keep::take(from)?,
            n_requests: Keep::take(from)?,
            bytes_out: Keep::take(from)?,
            bytes_in: Keep::take(from)?,
            statement: Keep::take(from)?,
            numbers: Keep::take(from)?,
            caveats: Keep::take(from)?,
            evidence: Keep::take(from)?,
            rule: Keep::take(from)?,
            page: 0,
        };
        Some(Self { id, meta, draft })
    }
}
