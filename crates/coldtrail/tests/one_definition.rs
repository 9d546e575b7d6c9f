//! Help, man pages and completions come from one definition: what one has, all have.

use assert_cmd::Command;
use std::collections::BTreeSet;

fn shown(args: &[&str]) -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_coldtrail")).args(args).output().expect("the binary starts");
    assert!(output.status.success(), "{args:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Long flags of a help text.
fn flags(help: &str) -> BTreeSet<String> {
    let lines = help.lines().map(str::trim_start).filter(|l| l.starts_with('-'));
    let words = lines.filter_map(|l| l.split([' ', '=', ',', '[']).find(|w| w.starts_with("--")));
    words.map(str::to_owned).collect()
}

#[test]
fn every_flag_of_every_command_is_in_its_page_and_in_the_completions() {
    let help = shown(&["-h"]);
    let (_, list) = help.split_once("Commands:\n").expect("a list");
    let (list, _) = list.split_once("\n\n").expect("it ends");
    // A description that goes on stands further in.
    let names = list.lines().filter_map(|l| l.strip_prefix("  ").filter(|l| !l.starts_with(' ')));
    let commands: Vec<&str> = names.filter_map(|l| l.split_whitespace().next()).collect();
    assert!(commands.contains(&"scan") && commands.contains(&"report") && commands.contains(&"man"));
    let bash = shown(&["completions", "bash"]);
    let program = shown(&["man"]);
    assert!(program.starts_with(".ie") && program.contains(".TH coldtrail 1"));
    let mut n = 0;
    for command in commands.into_iter().filter(|c| *c != "help") {
        assert!(program.contains(&format!("coldtrail\\-{command}(1)")), "{command}");
        let page = shown(&["man", command]);
        assert!(page.contains(&format!(".TH coldtrail-{command} 1")), "{command}");
        for flag in flags(&shown(&[command, "-h"])) {
            n += 1;
            assert!(page.contains(&flag.replace('-', "\\-")), "{command} {flag}");
            assert!(bash.contains(&flag), "{command} {flag}");
        }
    }
    assert!(n > 40, "{n}");
    assert!(help.lines().all(|l| l.chars().count() <= 79), "{help}");
    for shell in ["zsh", "fish", "powershell", "elvish"] {
        assert!(shown(&["completions", shell]).contains("blocklist"), "{shell}");
    }
}
