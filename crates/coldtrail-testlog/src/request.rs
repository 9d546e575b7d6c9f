//! One request, with everything that any of the formats can write of it.

use std::net::IpAddr;
use std::rc::Rc;

/// Text that many requests share.
pub type Text = Rc<str>;

/// Whose request it is: 0 for ordinary traffic, else the number of the incident or trap, from 1.
pub type Label = u16;

/// One request and its answer.
#[derive(Clone, Debug)]
pub struct Request {
    /// When the first byte of the request arrived, UTC microseconds.
    pub start_us: i64,
    /// Until the last byte of the answer was sent.
    pub duration_us: i64,
    pub client: IpAddr,
    pub user: Option<Text>,
    pub method: &'static str,
    pub protocol: &'static str,
    pub host: Text,
    /// Path and query as sent; empty for CONNECT.
    pub target: Text,
    pub status_code: u16,
    /// The answer without its headers.
    pub response_body_bytes: u64,
    /// The request with its headers.
    pub request_bytes: u64,
    /// Empty if none was sent.
    pub referrer: Text,
    /// Empty if none was sent.
    pub user_agent: Text,
    /// Present on what went through a proxy.
    pub hop: Option<Hop>,
    pub label: Label,
}

/// What a proxy knows beside the request.
#[derive(Clone, Copy, Debug)]
pub struct Hop {
    /// Squid's word for what it did: `TCP_MISS`.
    pub action: &'static str,
    pub port: u16,
    /// The server that answered; none if the proxy answered itself.
    pub peer: Option<IpAddr>,
    pub content_type: &'static str,
}

impl Request {
    /// When the last byte of the answer was sent: the moment at which servers write the line.
    pub fn end_us(&self) -> i64 {
        self.start_us + self.duration_us
    }

    /// The answer with its headers, about.
    pub fn response_bytes(&self) -> u64 {
        let no_head = self.method == "CONNECT" && self.status_code == 200;
        if no_head {
            self.response_body_bytes
        } else {
            self.response_body_bytes + 287 + u64::from(self.status_code) % 97
        }
    }

    /// The path without the query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The query without its question mark.
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }
}

/// Who sends requests: an address, a program, and how it speaks.
#[derive(Clone, Debug)]
pub struct Actor {
    pub client: IpAddr,
    pub user_agent: Text,
    pub protocol: &'static str,
}

impl Actor {
    /// An actor that speaks HTTP/1.1, as tools do.
    pub fn tool(client: &str, user_agent: &str) -> Actor {
        Actor {
            client: client.parse().expect("addresses of actors are written in this crate"),
            user_agent: user_agent.into(),
            protocol: "HTTP/1.1",
        }
    }

    /// A request of this actor with an answer of `response_body_bytes`; the time it takes follows from the size.
    pub fn request(&self, ask: Ask<'_>, status_code: u16, response_body_bytes: u64) -> Request {
        let sent = 170 + ask.target.len() + ask.host.len() + self.user_agent.len() + ask.referrer.len();
        Request {
            start_us: ask.at_us,
            duration_us: 3_000
                + (ask.target.len() as i64 * 613) % 9_000
                + response_body_bytes.min(40_000_000) as i64 / 4,
            client: self.client,
            user: None,
            method: ask.method,
            protocol: self.protocol,
            host: ask.host.clone(),
            target: ask.target.into(),
            status_code,
            response_body_bytes: if ask.method == "HEAD" || status_code == 304 {
                0
            } else {
                response_body_bytes
            },
            request_bytes: sent as u64,
            referrer: ask.referrer.into(),
            user_agent: self.user_agent.clone(),
            hop: None,
            label: 0,
        }
    }
}

/// What is asked for, when, and from where the link was followed.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    pub at_us: i64,
    pub method: &'static str,
    pub host: &'a Text,
    pub target: &'a str,
    pub referrer: &'a str,
}
