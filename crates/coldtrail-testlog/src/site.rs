//! A shop: its pages, their sizes, its releases, and what ordinary visits to it look like.

use crate::request::{Actor, Ask, Request, Text};
use crate::rng::{Rng, Zipf, hash};
use crate::time::{MINUTE, SECOND};

/// How large the shop is and how it changes.
#[derive(Clone, Debug)]
pub struct SiteParams {
    pub host: &'static str,
    pub n_products: u64,
    pub n_articles: u64,
    /// Images that a list of products shows.
    pub images_per_list: u64,
    /// Releases: from when on, and by how much every page of the shop grew, in per mille.
    pub releases: Vec<(i64, u64)>,
}

/// The shop.
pub struct Site {
    pub host: Text,
    params: SiteParams,
    origin: String,
    products: Zipf,
    articles: Zipf,
}

/// The answer to a path that does not exist: the same page for everybody.
pub const NOT_FOUND_BYTES: u64 = 1_842;

/// What every page loads: path, bytes.
const FRAME: [(&str, u64); 5] = [
    ("/assets/css/site.css", 18_344),
    ("/assets/js/shop.js", 91_207),
    ("/assets/img/logo.svg", 4_106),
    ("/assets/fonts/text.woff2", 32_480),
    ("/favicon.ico", 1_150),
];

/// Pages that are files of their own: path, bytes. Those of `view.php` are text inside the frame.
const PLAIN: [(&str, u64); 8] = [
    ("/about.html", 6_212),
    ("/shipping.html", 7_904),
    ("/contact.php", 5_377),
    ("/view.php?page=terms", 19_733),
    ("/view.php?page=returns", 8_461),
    ("/view.php?page=privacy", 15_284),
    ("/view.php?page=careers", 7_033),
    ("/view.php?page=press", 9_650),
];

const REFERRERS: [(&str, u64); 6] = [
    ("", 38),
    ("https://search.example/", 40),
    ("https://www.search.example/", 6),
    ("https://social.example/", 8),
    ("https://deals.example/shops/outdoor?page=2", 5),
    ("https://newsletter.example/c/2026-03", 3),
];

const WORDS: [&str; 24] = [
    "tent", "rope", "lamp", "stove", "boots", "jacket", "map", "compass", "bottle", "rucksack", "gloves",
    "socks", "poles", "hammock", "knife", "axe", "tarp", "cooler", "kayak", "paddle", "helmet", "crampons",
    "goggles", "thermos",
];

/// Innocent searches that look odd to a pattern.
const ODD_WORDS: [&str; 6] = [
    "O%27Brien+jacket",
    "8%22+pegs",
    "select+union+knives",
    "men%27s+boots+--+wide",
    "tent+%26+poles+%3C+3+kg",
    "rock%27n%27roll+or+camping",
];

impl Site {
    /// The shop that belongs to these parameters.
    pub fn new(params: SiteParams) -> Site {
        Site {
            host: params.host.into(),
            origin: format!("https://{}", params.host),
            products: Zipf::new(params.n_products as usize, 0.9),
            articles: Zipf::new(params.n_articles as usize, 0.8),
            params,
        }
    }

    /// The address of a page, as a browser sends it in `Referer`.
    pub fn url(&self, target: &str) -> String {
        format!("{}{target}", self.origin)
    }

    /// Bytes of a page of the shop: its own size, the release in force, and the session's token and dates.
    pub fn page_bytes(&self, target: &str, at_us: i64, rng: &mut Rng) -> u64 {
        let own = hash(target.as_bytes()) >> 11;
        let base = match target.split(['?', '/']).nth(1).unwrap_or_default() {
            "" => 28_411,
            "product.php" => 11_300 + own % 9_000,
            "category.php" => 16_900 + own % 7_000,
            "search.php" => 7_420 + target.len() as u64,
            "articles" => 6_000 + own % 30_000,
            "cart.php" | "account.php" | "checkout.php" => 8_200 + rng.below(2_600),
            "login.php" => 4_312,
            _ => PLAIN.iter().find(|page| page.0 == target).map_or(5_000, |page| page.1),
        };
        let release = self
            .params
            .releases
            .iter()
            .rfind(|release| release.0 <= at_us)
            .map_or(1_000, |release| release.1);
        base * release / 1_000 + rng.below(90)
    }

    /// Bytes of the picture of a product.
    pub fn image_bytes(product: u64) -> u64 {
        9_000 + hash(&product.to_le_bytes()) % 70_000
    }

    /// A product by popularity, numbered from 1.
    pub fn product(&self, rng: &mut Rng) -> u64 {
        1 + self.products.pick(rng) as u64
    }

    /// Files of the web root, as a listing of the server's disk has them, sorted.
    pub fn files(&self, root: &str) -> Vec<String> {
        let mut files: Vec<String> = [
            "index.php product.php category.php search.php cart.php checkout.php login.php account.php contact.php view.php",
            "about.html shipping.html robots.txt sitemap.xml inc/config.php inc/db.php inc/frame.php inc/mail.php",
            "admin/index.php admin/login.php admin/orders.php admin/upload.php admin/css/admin.css",
            "uploads/2026/spring-sale.jpg uploads/2026/stove-test.jpg uploads/2026/new-boots.jpg",
            "downloads/catalogue-2026.pdf downloads/stove-manual.pdf export/nightly.sql.gz",
        ]
        .iter()
        .flat_map(|line| line.split(' '))
        .chain(FRAME.iter().filter_map(|asset| asset.0.strip_prefix('/')))
        .map(|file| format!("{root}/{file}"))
        .collect();
        files.extend((1..=self.params.n_products).map(|product| format!("{root}/images/p/{product}.jpg")));
        files.extend((1..=self.params.n_articles).map(|article| format!("{root}/articles/{article}.html")));
        files.extend(
            PLAIN
                .iter()
                .filter_map(|page| page.0.strip_prefix("/view.php?page="))
                .map(|page| format!("{root}/pages/{page}.inc")),
        );
        files.sort();
        files
    }

    fn page(&self, rng: &mut Rng) -> String {
        match rng.below(100) {
            0..8 => "/".into(),
            8..55 => format!("/product.php?id={}", self.product(rng)),
            55..72 => format!("/category.php?id={}", 1 + rng.below(24)),
            72..80 if rng.chance(0.01) => format!("/search.php?q={}", rng.pick(&ODD_WORDS)),
            72..80 => format!("/search.php?q={}+{}", rng.pick(&WORDS), rng.pick(&WORDS)),
            80..90 => format!("/articles/{}.html", 1 + self.articles.pick(rng)),
            _ => rng.pick(&PLAIN).0.into(),
        }
    }

    /// One visit: pages with their assets, pauses to read, perhaps a search, a cart, a login.
    pub fn visit(&self, actor: &Actor, start_us: i64, rng: &mut Rng, out: &mut Vec<Request>) {
        let mut visit = Visit {
            site: self,
            actor,
            at_us: start_us,
            referrer: weighted(&REFERRERS, rng).into(),
            cached: rng.chance(0.3),
            seen: Vec::new(),
            out,
        };
        let n_pages = 1 + rng.exponential(3.2) as u64;
        for step in 0..n_pages {
            let target = if step == 0 && rng.chance(0.35) { "/".into() } else { self.page(rng) };
            visit.page(&target, step == 0, rng);
            visit.pause(rng);
        }
        if rng.chance(0.09) {
            visit.buy(rng);
        }
        if rng.chance(0.04) {
            visit.log_in(rng);
        }
    }

    /// One request of a search engine's robot: pages, no assets, now and then a link that died.
    pub fn crawl(&self, actor: &Actor, at_us: i64, rng: &mut Rng) -> Request {
        let (target, status_code) = match rng.below(20) {
            0 => ("/robots.txt".to_owned(), 200),
            1 => (format!("/articles/old-{}.html", rng.below(40)), 404),
            2 => ("/sitemap.xml".to_owned(), 304),
            _ => (self.page(rng), 200),
        };
        let bytes = match (status_code, target.as_str()) {
            (404, _) => NOT_FOUND_BYTES,
            (_, "/robots.txt") => 214,
            _ => self.page_bytes(&target, at_us, rng),
        };
        actor.request(self.get(at_us, &target, ""), status_code, bytes)
    }

    /// A GET of this site.
    pub fn get<'a>(&'a self, at_us: i64, target: &'a str, referrer: &'a str) -> Ask<'a> {
        Ask { at_us, method: "GET", host: &self.host, target, referrer }
    }

    /// A POST to this site.
    pub fn post<'a>(&'a self, at_us: i64, target: &'a str, referrer: &'a str) -> Ask<'a> {
        Ask { method: "POST", ..self.get(at_us, target, referrer) }
    }
}

struct Visit<'a> {
    site: &'a Site,
    actor: &'a Actor,
    at_us: i64,
    referrer: String,
    cached: bool,
    seen: Vec<u64>,
    out: &'a mut Vec<Request>,
}

impl Visit<'_> {
    fn page(&mut self, target: &str, first: bool, rng: &mut Rng) {
        let bytes = self.site.page_bytes(target, self.at_us, rng);
        self.out.push(self.actor.request(self.site.get(self.at_us, target, &self.referrer), 200, bytes));
        let url = self.site.url(target);
        let mut at_us = self.at_us + rng.time(90_000, 400_000);
        if first {
            for (asset, bytes) in FRAME {
                if !self.cached || rng.chance(0.25) {
                    self.asset(at_us, asset, bytes, &url);
                    at_us += rng.time(2_000, 60_000);
                }
            }
        }
        let shown: Vec<u64> = match target.split_once("?id=") {
            Some(("/product.php", id)) => vec![id.parse().unwrap_or(1)],
            Some(_) => (0..self.site.params.images_per_list).map(|_| self.site.product(rng)).collect(),
            None if target == "/" => (1..=self.site.params.images_per_list).collect(),
            None => Vec::new(),
        };
        for product in shown {
            if !self.seen.contains(&product) {
                self.seen.push(product);
                self.asset(at_us, &format!("/images/p/{product}.jpg"), Site::image_bytes(product), &url);
                at_us += rng.time(2_000, 50_000);
            }
        }
        self.referrer = url;
    }

    fn asset(&mut self, at_us: i64, target: &str, bytes: u64, page: &str) {
        let status_code = if self.cached && !target.len().is_multiple_of(3) { 304 } else { 200 };
        self.out.push(self.actor.request(self.site.get(at_us, target, page), status_code, bytes));
    }

    fn pause(&mut self, rng: &mut Rng) {
        self.at_us += (rng.log_normal(19.0, 0.9) * SECOND as f64) as i64 + SECOND;
    }

    fn buy(&mut self, rng: &mut Rng) {
        let mut form = |visit: &mut Self, post: &str, then: &str| {
            visit.out.push(visit.actor.request(visit.site.post(visit.at_us, post, &visit.referrer), 302, 0));
            visit.at_us += rng.time(60_000, 300_000);
            visit.page(then, false, rng);
            visit.pause(rng);
        };
        form(self, "/cart.php", "/cart.php");
        form(self, "/checkout.php", "/checkout.php?step=2");
    }

    fn log_in(&mut self, rng: &mut Rng) {
        self.page("/login.php", false, rng);
        self.pause(rng);
        if rng.chance(0.15) {
            let bytes = self.site.page_bytes("/login.php", self.at_us, rng) + 96;
            self.out.push(self.actor.request(
                self.site.post(self.at_us, "/login.php", &self.referrer),
                200,
                bytes,
            ));
            self.pause(rng);
        }
        self.out.push(self.actor.request(self.site.post(self.at_us, "/login.php", &self.referrer), 302, 0));
        self.at_us += MINUTE / 300;
        self.page("/account.php", false, rng);
    }
}

/// One of a list of things with weights.
fn weighted<'a>(from: &'a [(&'a str, u64)], rng: &mut Rng) -> &'a str {
    let mut at = rng.below(from.iter().map(|thing| thing.1).sum());
    for &(thing, weight) in from {
        if at < weight {
            return thing;
        }
        at -= weight;
    }
    from[0].0
}
