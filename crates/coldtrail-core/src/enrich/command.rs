//! Commands that a request hands to a page: what a web shell is for.

use super::base64;

/// Shortest base64 that is looked into, characters.
const MIN_BASE64: usize = 8;

/// Whether a query has a parameter by a shell's name with a command in it, or a command behind base64.
pub fn is_command(query: &[u8]) -> bool {
    const NAMES: [&[u8]; 12] = [
        b"cmd", b"exec", b"command", b"execute", b"shell", b"c", b"cmdline", b"run", b"sh", b"ex", b"code",
        b"eval",
    ];
    query.split(|c| *c == b'&').any(|pair| {
        let equals = memchr::memchr(b'=', pair).unwrap_or(pair.len());
        let (name, value) = (&pair[..equals], pair.get(equals + 1..).unwrap_or_default());
        let is_named = NAMES.iter().any(|n| n.eq_ignore_ascii_case(name));
        if !is_named && value.len() < MIN_BASE64 {
            return false;
        }
        let value = super::percent_decode(value);
        (is_named && starts_with_command(&value)) || decodes_to_command(&value)
    })
}

/// Commands by which a shell is told apart from a page that takes a parameter of that name; sorted.
const USUAL: [&str; 34] = [
    "bash",
    "cat",
    "cd",
    "chmod",
    "cmd",
    "cp",
    "curl",
    "del",
    "dir",
    "echo",
    "find",
    "hostname",
    "id",
    "ifconfig",
    "ip",
    "ipconfig",
    "ls",
    "mv",
    "nc",
    "net",
    "perl",
    "php",
    "powershell",
    "ps",
    "pwd",
    "python",
    "rm",
    "sh",
    "tar",
    "type",
    "uname",
    "wget",
    "whoami",
    "zip",
];

/// Others, where it is known already that something is run; sorted.
const OTHERS: [&str; 62] = [
    "awk",
    "base64",
    "bitsadmin",
    "busybox",
    "certutil",
    "crontab",
    "cscript",
    "dash",
    "dig",
    "env",
    "export",
    "fetch",
    "ftp",
    "gcc",
    "grep",
    "head",
    "host",
    "kill",
    "ksh",
    "less",
    "lynx",
    "mkdir",
    "more",
    "mshta",
    "ncat",
    "netcat",
    "netstat",
    "nl",
    "node",
    "nohup",
    "nslookup",
    "ping",
    "printenv",
    "printf",
    "pwsh",
    "reboot",
    "regsvr32",
    "ruby",
    "rundll32",
    "scp",
    "sed",
    "set",
    "shutdown",
    "sleep",
    "socat",
    "ssh",
    "su",
    "sudo",
    "sysinfo",
    "systeminfo",
    "tac",
    "tail",
    "tasklist",
    "telnet",
    "tftp",
    "touch",
    "unzip",
    "useradd",
    "ver",
    "wmic",
    "xxd",
    "zsh",
];

/// Whether the first word is a usual command.
fn starts_with_command(value: &[u8]) -> bool {
    let word = value.split(|c| !c.is_ascii_alphanumeric()).find(|w| !w.is_empty()).unwrap_or_default();
    is_one_of(&USUAL, word)
}

/// Whether a word is a command where something is run.
pub(super) fn is_command_word(word: &[u8]) -> bool {
    is_one_of(&USUAL, word) || is_one_of(&OTHERS, word)
}

/// Whether a word is in a sorted list, whatever its case.
fn is_one_of(list: &[&str], word: &[u8]) -> bool {
    const MAX_BYTES: usize = 16;
    let mut lower = [0; MAX_BYTES];
    let Some(lower) = lower.get_mut(..word.len()) else { return false };
    lower.copy_from_slice(word);
    lower.make_ascii_lowercase();
    list.binary_search_by(|w| w.as_bytes().cmp(lower)).is_ok()
}

fn decodes_to_command(value: &[u8]) -> bool {
    let mut out = Vec::new();
    let readable = |c: u8| c.is_ascii_graphic() || c.is_ascii_whitespace();
    value.len() >= MIN_BASE64
        && value.len().is_multiple_of(4)
        && base64::decode(value, &mut out, readable).is_some()
        && starts_with_command(&out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, want: bool) {
        assert_eq!(is_command(query.as_bytes()), want, "{query}");
    }

    #[test]
    fn commands_in_the_clear_and_in_base64() {
        check("cmd=WHOAMI", true);
        check("x=1&c=zip%20-r%20a%20b", true);
        check("cmd=show&id=3", false);
        check("page=ls", false);
        check("z=d2hvYW1pIC9hbGw=", true);
        check("z=aGVsbG8gd29ybGQh", false);
        check("cmd=an-extraordinarily-long-word", false);
    }

    #[test]
    fn words_are_sorted() {
        assert!(USUAL.is_sorted() && OTHERS.is_sorted());
        assert!(is_command_word(b"Nslookup") && !is_command_word(b"ordinary"));
        assert!(OTHERS.iter().chain(&USUAL).all(|w| w.len() <= 16));
    }
}
