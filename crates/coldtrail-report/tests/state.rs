//! What a scan keeps of itself is what it was; what is no such file is refused.
#![allow(clippy::disallowed_methods, reason = "tests look into the files that they write")]

mod case;

use coldtrail_core::detect::by_id;
use coldtrail_core::verdict::Report;
use coldtrail_report::redact::Redactor;
use coldtrail_report::state::{self, StateError};
use coldtrail_report::{Options, findings, summary, tables, timeline};
use std::fs;
use std::path::PathBuf;

/// Cases are about made-up detectors; only what is in this program can be read back.
fn known(mut report: Report) -> Report {
    let meta = by_id("scan").expect("a detector").meta();
    report.findings.iter_mut().for_each(|f| f.meta = meta);
    report
}

fn options() -> Options {
    let trusted = ["10.0.0.0/8", "2001:db8:7::/48"].map(|net| net.parse().expect("a network"));
    Options { method: case::method(), trusted_proxies: trusted.to_vec(), ..Options::default() }
}

fn kept(report: &Report) -> Vec<u8> {
    let mut out = Vec::new();
    state::write(&mut out, report, &options()).expect("writes to memory");
    out
}

/// What writers make of a report.
fn shown(report: &Report) -> String {
    let mut out = Vec::new();
    let cells = coldtrail_report::Cells::Raw;
    summary::write(&mut out, report, &case::run()).expect("writes to memory");
    findings::write(&mut out, report).expect("writes to memory");
    timeline::write(&mut out, report, cells).expect("writes to memory");
    tables::write_clients(&mut out, report, cells).expect("writes to memory");
    tables::write_pages(&mut out, report, cells).expect("writes to memory");
    tables::write_hosts(&mut out, report, cells).expect("writes to memory");
    String::from_utf8(out).expect("UTF-8")
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn with(&self, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(state::FILE);
        fs::write(&path, bytes).expect("written");
        path
    }
}

#[test]
fn comes_back_as_it_was() {
    let folder = Folder::new();
    for report in [case::break_in(), case::proxy(), case::quiet(), case::unreadable(), case::hostile()] {
        let report = known(report);
        let bytes = kept(&report);
        let (back, options_back) = state::read(&folder.with(&bytes)).expect("a state");
        assert!(shown(&report) == shown(&back));
        assert_eq!(options_back.trusted_proxies, options().trusted_proxies);
        assert_eq!(options_back.method.command, options().method.command);
        assert!(kept(&back) == bytes);
    }
}

#[test]
fn what_is_none_or_damaged_is_refused() {
    let folder = Folder::new();
    let good = kept(&known(case::break_in()));
    let refused = |bytes: &[u8]| state::read(&folder.with(bytes)).err();
    assert!(matches!(refused(b""), Some(StateError::Foreign)));
    assert!(matches!(refused(b"coldtrail scan, layout "), Some(StateError::Foreign)));
    assert!(matches!(refused(b"<html>"), Some(StateError::Foreign)));
    let other = [b"coldtrail scan, layout 999\n", &good[25..]].concat();
    assert!(matches!(refused(&other), Some(StateError::OtherLayout(n)) if n == "999"));
    let missing = state::read(&folder.0.path().join("gone"));
    assert!(matches!(missing, Err(StateError::Io(_))));
    let head = good.iter().position(|c| *c == b'\n').expect("a first line") + 1;
    for n in (head..good.len()).step_by(7) {
        assert!(matches!(refused(&good[..n]), Some(StateError::Damaged)), "cut at {n}");
    }
    for n in (head..good.len()).step_by(11) {
        let mut bad = good.clone();
        bad[n] ^= 0x5a;
        assert!(refused(&bad).is_some(), "byte {n}");
    }
}

/// The body behind the checksum may be anything: whoever made the file can make the checksum.
#[test]
fn a_forged_body_never_panics() {
    let folder = Folder::new();
    let good = kept(&known(case::proxy()));
    let head = good.iter().position(|c| *c == b'\n').expect("a first line") + 1;
    let body = zstd::decode_all(&good[head..]).expect("zstd");
    let mut n_refused = 0;
    let forge = |body: &[u8]| [&good[..head], &zstd::encode_all(body, 1).expect("zstd")].concat();
    for n in (0..body.len()).step_by(4) {
        let mut bad = body.clone();
        bad[n] = bad[n].wrapping_add(1 + (n % 254) as u8);
        match state::read(&folder.with(&forge(&bad))) {
            Ok((report, _)) => drop(shown(&report)),
            Err(_) => n_refused += 1,
        }
        if n % 20 == 0 {
            assert!(state::read(&folder.with(&forge(&body[..n]))).is_err());
        }
    }
    assert!(n_refused > 100);
}

#[test]
fn pseudonyms_stand_wherever_the_original_stood() {
    let mut redactor = Redactor::new([9; 32]);
    let report = known(case::proxy());
    let before = shown(&report);
    let (redacted, _) = state::redacted(&report, &options(), &mut redactor).expect("it reads back");
    let after = shown(&redacted);
    for original in ["10.4.7.21", "ws-114.corp.example", "jdoe", "198.51.100.90", &report.findings[0].id] {
        assert!(before.contains(original) && !after.contains(original), "{original}");
    }
    for kept in ["cdn.stat-sync.example", "every 300 s", "malware.exe"] {
        assert!(after.contains(kept), "{kept}");
    }
    assert_eq!(redacted.answers.who.len(), report.answers.who.len());
    // Hostile text goes through too.
    state::redacted(&known(case::hostile()), &options(), &mut redactor).expect("it reads back");
}

#[test]
fn proxies_of_ours_stay_spared_under_their_pseudonyms() {
    let report = known(case::break_in());
    let trusted =
        Options { trusted_proxies: vec!["198.51.100.0/24".parse().expect("a network")], ..options() };
    let mut redactor = Redactor::new([9; 32]);
    let (redacted, kept) = state::redacted(&report, &trusted, &mut redactor).expect("it reads back");
    let list = |report: &Report, options: &Options| {
        let mut out = Vec::new();
        coldtrail_report::blocklist::write(&mut out, report, &options.trusted_proxies).expect("memory");
        String::from_utf8(out).expect("UTF-8")
    };
    let in_force = |text: &str| text.lines().filter(|l| !l.starts_with('#') && !l.is_empty()).count();
    assert_eq!(in_force(&list(&report, &trusted)), 2);
    assert_eq!(in_force(&list(&redacted, &kept)), 2);
    assert!(list(&redacted, &kept).contains("a proxy of ours"));
}
