//! A company behind a proxy: who browses when, and which programs call home.

use crate::request::{Actor, Ask, Hop, Request, Text};
use crate::rng::{Rng, Zipf, hash};
use crate::time::{DAY, HOUR, MINUTE, SECOND, weekday};
use std::net::{IpAddr, Ipv4Addr};

/// How large the company and its part of the internet are.
#[derive(Clone, Copy, Debug)]
pub struct OfficeParams {
    pub n_clients: usize,
    pub n_hosts: usize,
    /// Average pause of the updater that every computer runs.
    pub updater_interval_us: i64,
    /// Share of the clients with a mail page open all day.
    pub open_tabs: f64,
}

/// The company.
pub struct Office {
    params: OfficeParams,
    clients: Vec<Client>,
    hosts: Vec<Text>,
    popularity: Zipf,
}

/// A computer of the company and the day of the person at it, in UTC.
pub struct Client {
    pub actor: Actor,
    user: Option<Text>,
    arrives_us: i64,
    leaves_us: i64,
    always_on: bool,
    favourites: Vec<usize>,
}

const SYLLABLES: [&str; 30] = [
    "ba", "be", "ko", "da", "di", "fa", "go", "ha", "in", "ka", "la", "le", "mo", "na", "no", "pa", "ri",
    "ro", "sa", "si", "ta", "to", "va", "vi", "za", "nor", "west", "data", "shop", "news",
];

const FIRST_NAMES: [&str; 20] = [
    "anna", "ben", "clara", "david", "eva", "finn", "greta", "hugo", "ida", "jonas", "karin", "leo", "mara",
    "nils", "olga", "paul", "rosa", "sven", "tina", "yara",
];

const LAST_NAMES: [&str; 13] = [
    "berg", "dahl", "eklund", "falk", "holm", "koch", "lind", "moser", "novak", "olsen", "roth", "stein",
    "vogel",
];

const SHARED: [&str; 6] = [
    "cdn.fastedge.example",
    "ads.bannerhub.example",
    "fonts.typekeep.example",
    "metrics.pagecount.example",
    "tags.managerly.example",
    "img.fastedge.example",
];

const PROXY_AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/144.0.0.0 Safari/537.36";

impl Office {
    /// The company that belongs to these parameters.
    pub fn new(params: OfficeParams, rng: &mut Rng) -> Office {
        let hosts = (0..params.n_hosts)
            .map(|rank| {
                let sub = ["", "www.", "www.", "app.", "portal."][rank % 5];
                let name: String = (0..2 + rank % 2).map(|_| *rng.pick(&SYLLABLES)).collect();
                let number = if rank < 400 { String::new() } else { rank.to_string() };
                format!("{sub}{name}{number}.example").into()
            })
            .collect();
        let popularity = Zipf::new(params.n_hosts, 0.95);
        let clients = (0..params.n_clients).map(|i| Client::new(i, &popularity, rng)).collect();
        Office { params, clients, hosts, popularity }
    }

    /// The computers.
    pub fn clients(&self) -> &[Client] {
        &self.clients
    }

    /// The computer with a number, counted round.
    pub fn client(&self, number: usize) -> &Client {
        &self.clients[number % self.clients.len()]
    }

    /// A minute or two in a browser: one site, what it loads from elsewhere, mostly through CONNECT.
    pub fn browse(&self, client: &Client, start_us: i64, rng: &mut Rng, out: &mut Vec<Request>) {
        let rank = if rng.chance(0.7) { *rng.pick(&client.favourites) } else { self.popularity.pick(rng) };
        let host = &self.hosts[rank];
        let mut at_us = start_us;
        let plain = rank % 6 == 5;
        for step in 0..1 + rng.exponential(2.0) as usize {
            if plain {
                let (target, content_type) = *rng.pick(&[
                    ("/", "text/html"),
                    ("/index.html", "text/html"),
                    ("/assets/site.css", "text/css"),
                    ("/img/header.jpg", "image/jpeg"),
                    ("/js/app.js", "application/javascript"),
                    ("/news/latest.html", "text/html"),
                ]);
                let fresh = rng.chance(0.75);
                let bytes = 2_000 + (hash(target.as_bytes()) ^ rank as u64) % 60_000;
                let page = if step == 0 { String::new() } else { format!("http://{host}/") };
                out.push(client.get(
                    at_us,
                    host,
                    target,
                    &page,
                    if fresh { 200 } else { 304 },
                    bytes,
                    content_type,
                    rng,
                ));
                at_us += rng.time(60_000, 900_000);
            } else {
                let bytes = rng.log_normal(24_000.0, 1.4) as u64;
                let open_us = (rng.log_normal(9.0, 1.1) * SECOND as f64) as i64;
                out.push(client.connect(at_us, host, 443, bytes, open_us, rng));
                at_us += rng.time(2 * SECOND, 25 * SECOND);
            }
            if rng.chance(0.45) {
                let shared: Text = (*rng.pick(&SHARED)).into();
                out.push(client.connect(
                    at_us,
                    &shared,
                    443,
                    rng.log_normal(11_000.0, 1.1) as u64,
                    6 * SECOND,
                    rng,
                ));
            }
        }
    }

    /// Somebody who is at work at this time, if chance finds one.
    pub fn somebody_at_work(&self, at_us: i64, rng: &mut Rng) -> Option<&Client> {
        (0..20).map(|_| rng.pick(&self.clients)).find(|client| client.at_work(at_us))
    }

    /// What programs do by themselves in the hour from `from_us`: updates, certificate checks, open mail pages.
    pub fn programs(&self, from_us: i64, rng: &mut Rng, out: &mut Vec<Request>) {
        let (updates, trust, mail): (Text, Text, Text) = (
            "updates.desktop-os.example".into(),
            "ocsp.trustroot.example".into(),
            "mail.workspace.example".into(),
        );
        for (number, client) in self.clients.iter().enumerate() {
            let interval_us = self.params.updater_interval_us + number as i64 % 7 * 40 * SECOND;
            let phase_us = hash(&(number as u64).to_le_bytes()) as i64 & 0xff_ffff_ffff;
            let mut at_us = from_us + (phase_us - from_us).rem_euclid(interval_us);
            while at_us < from_us + HOUR {
                if client.is_on(at_us) {
                    let moved_us = at_us + rng.time(0, 5 * MINUTE);
                    let (target, status_code, bytes, content_type) = if rng.chance(0.08) {
                        (
                            "/v11/cab/definitions-1.431.cab",
                            200,
                            1_482_113,
                            "application/vnd.ms-cab-compressed",
                        )
                    } else {
                        ("/v11/check?product=client", 304, 0, "-")
                    };
                    let mut update =
                        client.get(moved_us, &updates, target, "", status_code, bytes, content_type, rng);
                    update.user_agent = "DesktopUpdate/11.2".into();
                    update.user = None;
                    out.push(update);
                    if rng.chance(0.12) {
                        let mut check = client.get(
                            moved_us + SECOND,
                            &trust,
                            "/r3",
                            "",
                            200,
                            471,
                            "application/ocsp-response",
                            rng,
                        );
                        check.method = "POST";
                        check.user = None;
                        check.user_agent = "CertificateCheck/10.0".into();
                        out.push(check);
                    }
                }
                at_us += interval_us;
            }
            if (number as f64) < self.params.open_tabs * self.clients.len() as f64 {
                let mut at_us = from_us + rng.time(0, MINUTE);
                while at_us < from_us + HOUR {
                    if client.at_work(at_us) {
                        out.push(client.connect(at_us, &mail, 443, rng.jitter(2_900, 0.1), 800_000, rng));
                    }
                    at_us += MINUTE + rng.time(0, 2 * SECOND);
                }
            }
        }
    }
}

impl Client {
    fn new(number: usize, popularity: &Zipf, rng: &mut Rng) -> Client {
        let address = Ipv4Addr::new(10, 20, (number / 200) as u8, (number % 200 + 11) as u8);
        Client {
            actor: Actor { client: address.into(), user_agent: PROXY_AGENT.into(), protocol: "HTTP/1.1" },
            user: rng.chance(0.95).then(|| login(number).into()),
            arrives_us: 6 * HOUR + 30 * MINUTE + rng.time(0, 2 * HOUR),
            leaves_us: 15 * HOUR + rng.time(0, 2 * HOUR + 30 * MINUTE),
            always_on: rng.chance(0.3),
            favourites: (0..25).map(|_| popularity.pick(rng)).collect(),
        }
    }

    /// Sits at the keyboard: on weekdays, between coming and leaving.
    pub fn at_work(&self, at_us: i64) -> bool {
        weekday(at_us) < 5 && (self.arrives_us..self.leaves_us).contains(&at_us.rem_euclid(DAY))
    }

    fn is_on(&self, at_us: i64) -> bool {
        self.always_on || self.at_work(at_us)
    }

    /// A plain request through the proxy.
    #[expect(clippy::too_many_arguments, reason = "a log line has that many fields")]
    pub fn get(
        &self,
        at_us: i64,
        host: &Text,
        target: &str,
        referrer: &str,
        status_code: u16,
        bytes: u64,
        content_type: &'static str,
        rng: &mut Rng,
    ) -> Request {
        let action = if status_code == 304 { "TCP_REFRESH_UNMODIFIED" } else { "TCP_MISS" };
        let mut request =
            self.actor.request(Ask { at_us, method: "GET", host, target, referrer }, status_code, bytes);
        request.duration_us = 20_000 + rng.time(0, 180_000) + bytes as i64 / 12;
        request.user.clone_from(&self.user);
        request.hop = Some(Hop { action, port: 80, peer: Some(peer(host)), content_type });
        request
    }

    /// A tunnel through the proxy; `bytes` is what came back.
    pub fn connect(
        &self,
        at_us: i64,
        host: &Text,
        port: u16,
        bytes: u64,
        open_us: i64,
        rng: &mut Rng,
    ) -> Request {
        let mut request =
            self.actor.request(Ask { at_us, method: "CONNECT", host, target: "", referrer: "" }, 200, bytes);
        request.duration_us = open_us + rng.time(30_000, 400_000);
        request.request_bytes = 900 + bytes / 30;
        request.user.clone_from(&self.user);
        request.hop = Some(Hop { action: "TCP_TUNNEL", port, peer: Some(peer(host)), content_type: "-" });
        request
    }

    /// A request that the proxy refused.
    pub fn denied(&self, at_us: i64, host: &Text, target: &str, rng: &mut Rng) -> Request {
        let mut request = self.get(at_us, host, target, "", 403, 3_560, "text/html", rng);
        request.duration_us = rng.time(0, 2_000);
        request.hop = Some(Hop { action: "TCP_DENIED", port: 80, peer: None, content_type: "text/html" });
        request
    }
}

/// The name under which a person signs in at the proxy; 20 and 13 have no common factor, so 260 of them differ.
fn login(number: usize) -> String {
    let name = format!("{}.{}", FIRST_NAMES[number % 20], LAST_NAMES[number % 13]);
    if number < 260 { name } else { format!("{name}{}", number / 260 + 1) }
}

/// The address behind a name: fixed, from the ranges for documentation.
pub fn peer(host: &str) -> IpAddr {
    if let Ok(literal) = host.parse() {
        return literal;
    }
    let hash = hash(host.as_bytes()) >> 7;
    // The upper halves only: attackers and indicators have addresses in the lower ones.
    let last = (hash % 120 + 130) as u8;
    match hash / 120 % 3 {
        0 => Ipv4Addr::new(192, 0, 2, last),
        1 => Ipv4Addr::new(198, 51, 100, last),
        _ => Ipv4Addr::new(203, 0, 113, last),
    }
    .into()
}
