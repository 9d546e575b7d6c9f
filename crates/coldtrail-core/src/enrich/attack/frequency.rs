//! How often a literal is met in ordinary requests: what to look for first hangs on it.

use std::sync::LazyLock;

/// Bytes of a literal that count.
const MAX_BYTES: usize = super::sieve::MAX_LITERAL_BYTES;

/// Words as ordinary values have them (which are cut at `?` and `&`): what is part of one is common, whatever its letters are.
const ORDINARY: &str = "/index.html /index.php page=1 id=12 /images/logo.png /css/style.css /js/jquery.min.js /favicon.ico /robots.txt /login.php /view.php /news.php /item.php /list.php \
    /blog/2024/05/how-to-write-a-post /products/category/item-1234.html /search q=hello+world /static/media/photo.jpg /user/profile \
    /presentations/plugin/highlight.js /projects/download/release-1.2.tar.gz /articles/tags/linux /news/article /content/uploads/2019/10/ \
    /en/about/contact.html /shop/cart /api/v1/items/12 /assets/fonts/font.woff /feed/rss.xml /wp-content/themes/default/screen.css \
    http://www.example.com/ https://www.example.org/url sa=t rct=j source=web cd=1 ved= name=value lang=en sort=price order=asc filter=new \
    utm_source=newsletter utm_medium=email utm_campaign=spring session token limit offset start end date time type action view mode key \
    bot spider mobile android iphone windows safari chrome version comments reply forum thread topic archive print share network \
    company services support documentation reference manual tutorial guide online portal account login register order detail gallery";

/// The first bytes of all that [`ORDINARY`] ends with, as numbers, sorted: what begins with the same literal stands
/// together.
static ENDS: LazyLock<Vec<u128>> = LazyLock::new(|| {
    let mut ends: Vec<u128> = (0..ORDINARY.len()).map(|at| number(&ORDINARY.as_bytes()[at..], 0)).collect();
    ends.sort_unstable();
    ends
});

/// The first 16 bytes as a number, filled up with `fill`.
fn number(text: &[u8], fill: u8) -> u128 {
    let n = text.len().min(MAX_BYTES);
    let mut bytes = [fill; MAX_BYTES];
    bytes[..n].copy_from_slice(&text[..n]);
    u128::from_be_bytes(bytes)
}

/// Expected hits per byte of ordinary requests, roughly: only the order matters.
pub(super) fn frequency(literal: &[u8]) -> f64 {
    let (first, last) = (number(literal, 0), number(literal, u8::MAX));
    let from = ENDS.partition_point(|e| *e < first);
    let seen = ENDS[from..].iter().take_while(|e| **e <= last).count();
    seen as f64 / ORDINARY.len() as f64 + literal.iter().map(|b| share(*b)).product::<f64>()
}

/// Share of a byte in ordinary URLs and user agents, rounded.
fn share(b: u8) -> f64 {
    match b {
        b'e' | b'a' | b'i' | b'o' | b't' | b's' | b'r' | b'n' => 0.06,
        b'a'..=b'z' => 0.03,
        b'0'..=b'9' => 0.03,
        b'/' => 0.06,
        b' ' | b'.' | b'-' | b'=' => 0.03,
        b'_' | b':' => 0.01,
        b'(' | b')' | b';' | b'%' => 0.001,
        _ => 0.0005,
    }
}
