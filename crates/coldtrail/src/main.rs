use coldtrail_core::scan::*;
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let threads: usize = args[0].parse().unwrap();
    let found = coldtrail_core::source::discover(&args[1..].to_vec());
    let o = ScanOptions {
        threads,
        hash: coldtrail_core::decode::HashKind::None,
        seed: 42,
        parser: None,
        since_us: None,
        until_us: None,
        detect: Default::default(),
    };
    let t = std::time::Instant::now();
    let r = scan(found, &o, &Progress::default());
    println!(
        "{:?} lines {} ok {} raw {} attacks {} clients {} pages {}",
        t.elapsed(),
        r.totals.lines.lines,
        r.totals.lines.ok,
        r.totals.lines.raw,
        r.totals.n_attacks,
        r.clients.len(),
        r.pages.len()
    );
    for c in r.clients.iter().take(3) {
        println!("{} {} {} {:?}", c.client, c.n_requests, c.n_pages, c.peaks);
    }
}
