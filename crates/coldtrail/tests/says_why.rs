//! What cannot be done is said in one line (what, where, what to do next), with the exit code of the contract.

use assert_cmd::Command;
use std::fs;
use std::path::Path;

const LOG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/breach/web/access.log");

fn coldtrail(folder: &Path, args: &[&str], input: &str) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_coldtrail"))
        .current_dir(folder)
        .args(args)
        .write_stdin(input)
        .output()
        .expect("the binary starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("an exit code"), text(output.stdout), text(output.stderr))
}

/// A folder with a file, an empty folder, an empty file and a file that is no log.
fn site() -> tempfile::TempDir {
    let site = tempfile::tempdir().expect("a folder");
    let at = |name: &str| site.path().join(name);
    fs::write(at("file"), "in the way").expect("written");
    fs::create_dir(at("nothing")).expect("made");
    fs::write(at("empty.log"), "").expect("written");
    fs::write(at("program"), [0x7f, b'E', b'L', b'F', 0, 1, 2, 255, b'\n'].repeat(100)).expect("written");
    site
}

#[test]
fn one_line_says_what_and_where_and_what_to_do() {
    let site = site();
    let check = |args: &[&str], code: i32, says: &[&str]| {
        let (got, _, stderr) = coldtrail(site.path(), args, "");
        assert_eq!(got, code, "{args:?}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{args:?}: {stderr}");
        assert!(says.iter().all(|s| stderr.contains(s)), "{args:?}: {stderr}");
    };
    check(&["scan", "gone.log"], 1, &["gone.log: not there; check the name"]);
    check(&["scan", "gone*.log"], 1, &["gone*.log: nothing fits this pattern"]);
    check(&["scan", "nothing"], 1, &["nothing: no log file in it; give a file"]);
    check(&["who", "/x", "nothing"], 1, &["nothing: no log file in it"]);
    check(&["records", "gone.log"], 1, &["gone.log: not there"]);
    check(&["scan", "-q", LOG, "gone.log", "-o", "out"], 4, &["gone.log: not there"]);
    check(&["scan", LOG, "-o", "file"], 1, &["file: a file is in the way; choose another folder with -o"]);
    check(&["scan", LOG, "-o", "file/out"], 1, &["file/out: a file is in the way"]);
    check(
        &["scan", LOG, "--manifest", "gone.txt"],
        1,
        &["--manifest gone.txt: cannot be read; check the name"],
    );
    check(&["scan", LOG, "--ioc", "gone.txt"], 1, &["--ioc gone.txt: cannot be read"]);
    check(&["scan", LOG, "--since", "yesterday"], 2, &["--since yesterday: write 2026-03-01"]);
    check(&["scan", LOG, "--threads", "0"], 2, &["--threads 0: give at least 1"]);
    check(&["manifest", "gone"], 1, &["gone: cannot be listed; check the name"]);
    check(&["sql", "select 1"], 2, &["this build does not have `sql` yet"]);
}

#[test]
fn a_wrong_flag_is_named() {
    let site = site();
    let (code, _, stderr) = coldtrail(site.path(), &["scan", "--treads", "2", LOG], "");
    assert!(code == 2 && stderr.contains("'--treads'") && stderr.contains("'--threads'"), "{stderr}");
}

#[test]
fn nothing_to_judge_is_no_verdict() {
    let site = site();
    let check = |args: &[&str], code: i32, says: &str| {
        let (got, stdout, stderr) = coldtrail(site.path(), args, "");
        assert_eq!((got, stderr.as_str()), (code, ""), "{args:?}");
        let stdout = stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(stdout.contains("NOTHING COULD BE READ") && stdout.contains(says), "{stdout}");
        assert!(!stdout.contains("No attack found"), "{stdout}");
    };
    check(&["scan", "empty.log", "-o", "out"], 0, "There was no line to judge.");
    check(&["scan", "-", "-o", "out"], 0, "There was no line to judge.");
    check(&["scan", "program", "-o", "out"], 4, "No line could be read as a request: `coldtrail formats`");
}

#[test]
fn a_closed_pipe_is_no_error_and_no_bar_is_drawn_on_a_pipe() {
    use std::io::Read;
    use std::process::{Command, Stdio};
    for command in ["records", "scan"] {
        let site = site();
        let mut child = Command::new(env!("CARGO_BIN_EXE_coldtrail"))
            .current_dir(site.path())
            .args([command, LOG])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut first = [0; 1];
        child.stdout.take().expect("a pipe").read_exact(&mut first).expect("one byte");
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{command}: {}", output.status);
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{command}");
    }
}
