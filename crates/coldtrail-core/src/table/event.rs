//! Exact requests of suspects, gathered by the second pass.

use crate::enrich::Content;
use crate::enrich::attack::Verdict;
use crate::record::{ClientKey, Metric, Role};
use std::ops::Deref;
use std::sync::Arc;

/// Where a line stands: the rank of its input (inputs are ranked by first time, then path), line and byte offset.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Locus {
    pub input: u32,
    pub offset: u64,
    pub line: u64,
    pub len: u32,
}

/// Which events a suspect wants. The second pass keeps each list once, whoever asks for it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Selector {
    /// All requests of a client.
    Client(ClientKey),
    /// The attacks (also weak ones) of a client.
    ClientAttacks(ClientKey),
    /// The requests of a client for pages that nobody was ever given.
    ClientMisses(ClientKey),
    /// The attacks of a client on one page.
    ClientPage(ClientKey, u64),
    /// The requests of a client for one page, from a second since 1970 on.
    Asks(ClientKey, u64, u32),
    /// All requests for a page.
    Page(u64),
    /// The attacks (also weak ones) on a page.
    PageAttacks(u64),
    /// Answers of a page to requests without a payload: a sample, kept as [`super::Ordinary`] and not as events.
    PageBaseline(u64),
    /// How a page answered each client: counted, kept as [`super::Replies`] and not as events.
    PageReplies(u64),
    /// Requests of a network for pages that nobody was ever given.
    NetworkMisses(ClientKey),
    /// Requests by agent (hash of method and user agent) for pages that nobody was ever given.
    AgentMisses(u64),
    /// All requests by agent.
    Agent(u64),
    /// Contacts of a client with a host (hash of its name).
    Contact(ClientKey, u64),
    /// Everybody's contacts with a host.
    Host(u64),
    /// What put bytes onto the server, or took them away: PUT, DELETE, MOVE, 201, POST to an upload page.
    SiteChanges,
}

/// One request, as detectors see it. Sorted by time, then place. It may stand in many lists; they share it.
#[derive(Clone, PartialEq, Debug)]
pub struct Event(Arc<EventData>);

impl Event {
    pub fn new(data: EventData) -> Self {
        Self(Arc::new(data))
    }
}

impl Deref for Event {
    type Target = EventData;
    #[inline]
    fn deref(&self) -> &EventData {
        &self.0
    }
}

/// Several sorted lists as one, each event once.
pub fn merged(lists: &[&[Event]]) -> Vec<Event> {
    let mut events = lists.concat();
    if lists.len() > 1 {
        events.sort_by_key(|e| (e.ts_us, e.at));
        events.dedup_by_key(|e| e.at);
    }
    events
}

/// What is known of one request.
#[derive(PartialEq, Debug)]
pub struct EventData {
    /// Microseconds since 1970 UTC; `i64::MIN` where the line has no time.
    pub ts_us: i64,
    pub at: Locus,
    pub client: ClientKey,
    pub page: u64,
    pub agent: u64,
    /// Hash of the host asked.
    pub host: u64,
    pub role: Role,
    pub status_code: u16,
    pub method: Method,
    pub bytes_out: Metric,
    pub bytes_in: Metric,
    pub duration_us: Metric,
    pub verdict: Verdict,
    /// What it brought in; nothing in a server's log.
    pub content: Content,
    /// What remains of the payload when its numbers and names are folded; 0 without a payload.
    pub skeleton: u64,
    /// Bytes of the payload as the server would reflect it.
    pub payload_len: u32,
    /// `path?query` unescaped, at most 512 bytes.
    pub target: Box<[u8]>,
}

/// A method, as far as detectors tell them apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Delete,
    Move,
    Connect,
    #[default]
    Other,
}

impl Method {
    #[inline]
    pub fn parse(text: &[u8]) -> Self {
        // Palo Alto logs it in small letters.
        let mut upper = [0u8; 8];
        let text = match upper.get_mut(..text.len()) {
            Some(upper) if text.first().is_some_and(u8::is_ascii_lowercase) => {
                upper.copy_from_slice(text);
                upper.make_ascii_uppercase();
                &*upper
            }
            _ => text,
        };
        match text {
            b"GET" => Self::Get,
            b"HEAD" => Self::Head,
            b"POST" => Self::Post,
            b"PUT" | b"MKCOL" | b"COPY" => Self::Put,
            b"DELETE" => Self::Delete,
            b"MOVE" => Self::Move,
            b"CONNECT" => Self::Connect,
            _ => Self::Other,
        }
    }
}
