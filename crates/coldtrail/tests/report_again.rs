//! `coldtrail report` and `--redact`, as a user has them.

use assert_cmd::Command;
use coldtrail_report::FILES;
use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::Path;

const TOLD: [&str; 6] = [
    "examples/breach/web",
    "examples/breach/proxy",
    "--manifest",
    "examples/breach/manifest.txt",
    "--ioc",
    "examples/breach/indicators.txt",
];

fn coldtrail(args: &[&str]) -> (i32, String, String) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let output = Command::new(env!("CARGO_BIN_EXE_coldtrail"))
        .current_dir(root)
        .args(args)
        .output()
        .expect("it starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("an exit code"), text(output.stdout), text(output.stderr))
}

fn scanned(out: &Path, more: &[&str]) {
    let out = out.to_str().expect("UTF-8");
    let (code, _, stderr) = coldtrail(&[&["scan", "-q", "-o", out], &TOLD[..], more].concat());
    assert_eq!((code, stderr.as_str()), (0, ""));
}

#[test]
fn every_file_is_written_again_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let (first, again) = (folder.path().join("first"), folder.path().join("again"));
    scanned(&first, &["--csv-raw"]);
    let names = [first.to_str().expect("UTF-8"), again.to_str().expect("UTF-8")];
    let (code, shown, _) = coldtrail(&["report", names[0], "-o", names[1]]);
    assert_eq!(code, 0);
    assert!(shown.contains("THEY GOT IN") && shown.contains("report.html"), "{shown}");
    for name in FILES {
        let read = |folder: &Path| fs::read(folder.join(name)).expect("a file");
        assert!(read(&first) == read(&again), "{name}");
    }
    fs::remove_file(first.join("report.md")).expect("it was there");
    fs::write(first.join("timeline.csv"), "mine").expect("written");
    let (code, shown, _) = coldtrail(&["report", names[0], "report.md", "-q", "--blocklist", "csv"]);
    assert_eq!((code, shown.as_str()), (0, ""));
    assert!(first.join("report.md").exists() && first.join("blocklist.csv").exists());
    assert_eq!(fs::read(first.join("timeline.csv")).expect("a file"), b"mine");
    // A new scan into the folder leaves nothing of the old one.
    scanned(&first, &[]);
    assert!(!first.join("blocklist.csv").exists());
}

#[test]
fn what_is_no_finished_scan_is_refused_in_one_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let case = folder.path().join("case");
    scanned(&case, &[]);
    let case = case.to_str().expect("UTF-8");
    let check = |args: &[&str], code: i32, says: &str| {
        let (got, _, stderr) = coldtrail(&[&["report"], args].concat());
        assert_eq!(got, code, "{args:?}: {stderr}");
        assert!(stderr.lines().count() == 1 && stderr.contains(says), "{args:?}: {stderr}");
    };
    check(&["gone"], 1, "gone: no folder; give the one that a scan has written");
    check(&["docs"], 1, "docs: no finished scan in it (scan.state is missing)");
    check(&[case, "report.pdf"], 2, "report.pdf: no such output file; there are report.html,");
    check(&[case, "--redact"], 2, "--redact: choose another folder with -o");
    check(&[case, "-o", "README.md"], 1, "README.md: a file is in the way; choose another folder with -o");
    let at = |name: &str| Path::new(case).join(name);
    let state = fs::read(at("scan.state")).expect("a file");
    fs::write(at("scan.state"), &state[..state.len() / 2]).expect("written");
    check(&[case], 1, "is damaged; scan the logs again");
    fs::write(at("scan.state"), &state).expect("written");
    fs::write(at("summary.json"), "{}").expect("written");
    check(&[case], 1, "summary.json: missing or damaged");
}

/// All that a file says, unpacked.
fn unpacked(path: &Path) -> String {
    use base64::Engine;
    let bytes = fs::read(path).expect("a file");
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    match path.extension().and_then(|e| e.to_str()) {
        Some("xlsx") => {
            let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("a zip file");
            for i in 0..archive.len() {
                archive.by_index(i).expect("a part").read_to_string(&mut text).expect("XML");
            }
        }
        Some("html") => {
            let block = text.split("<script type=\"application/octet-stream\"").nth(1).expect("data");
            let block = block.split_once('>').expect("a tag").1.split('<').next().expect("data");
            let packed = base64::engine::general_purpose::STANDARD.decode(block.trim()).expect("base64");
            let mut data = String::new();
            flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut data).expect("gzip");
            assert!(data.len() > 1000);
            text.push_str(&data);
        }
        Some("state") => {
            let start = bytes.iter().position(|c| *c == b'\n').expect("a first line") + 1;
            let body = zstd::decode_all(&bytes[start..]).expect("zstd");
            text.push_str(&String::from_utf8_lossy(&body));
        }
        _ => {}
    }
    text
}

/// Addresses and accounts of the example, as its lines have them.
fn originals() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut all = BTreeSet::new();
    for (file, client, user) in
        [("web/access.log", 0, 2), ("web/access.log.1", 0, 2), ("proxy/access.log", 2, 7)]
    {
        let log = fs::read_to_string(root.join("examples/breach").join(file)).expect("a log");
        for line in log.lines() {
            let fields: Vec<&str> = line.split_ascii_whitespace().collect();
            all.insert(fields[client].to_owned());
            all.insert(fields[user].to_owned());
        }
    }
    all.remove("-");
    all
}

#[test]
fn nothing_of_the_originals_is_left() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let more = ["--blocklist", "nginx", "--blocklist", "csv", "--redact"];
    scanned(&out, &more);
    let originals = originals();
    assert!(originals.contains("anna.moser") && originals.len() > 100, "{}", originals.len());
    let mut n = 0;
    for entry in fs::read_dir(&out).expect("a folder") {
        let path = entry.expect("an entry").path();
        let text = unpacked(&path);
        n += 1;
        let left: Vec<&String> = originals.iter().filter(|o| text.contains(o.as_str())).collect();
        assert!(left.is_empty(), "{}: {left:?}", path.display());
    }
    assert_eq!(n, FILES.len() + 2);

    let map = folder.path().join("out.pseudonyms.jsonl");
    let said = fs::read_to_string(&map).expect("the map, beside the folder");
    assert!(said.contains("\"original\":\"anna.moser\"") && said.starts_with("{\"schema\":1,\"key\":"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&map).expect("a file").permissions().mode() & 0o777, 0o600);
    }
    // With the key of the map the same pseudonyms come out again.
    let read = |name: &str| fs::read(out.join(name)).expect("a file");
    let before = read("findings.jsonl");
    scanned(&out, &more);
    assert!(before == read("findings.jsonl") && said == fs::read_to_string(&map).expect("the map"));
    // What is printed is redacted too.
    let (_, shown, stderr) = coldtrail(&[
        "report",
        out.to_str().expect("UTF-8"),
        "-o",
        folder.path().join("b").to_str().expect("UTF-8"),
        "--redact",
    ]);
    assert!(originals.iter().all(|o| !shown.contains(o.as_str())) && stderr.contains("keep it apart"));
}
