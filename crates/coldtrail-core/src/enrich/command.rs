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

/// Commands by which a shell is told apart from a page that takes a parameter of that name.
const USUAL: &str = "ls id pwd cat whoami uname dir type net ipconfig ifconfig ip ps wget curl echo rm cd cp mv chmod nc bash sh python perl php powershell cmd tar zip find hostname del";

/// Others, where it is known already that something is run.
const OTHERS: &str = "nslookup ping sleep head tail more less grep awk sed base64 xxd env printenv netstat systeminfo tasklist certutil bitsadmin tftp ftp telnet ssh scp ncat netcat socat ruby node busybox touch mkdir kill reboot shutdown useradd sudo su crontab nohup dig host fetch lynx zsh ksh dash pwsh wmic rundll32 mshta regsvr32 cscript unzip gcc printf export tac nl sysinfo ver set";

/// Whether the first word is a usual command.
fn starts_with_command(value: &[u8]) -> bool {
    let word = value.split(|c| !c.is_ascii_alphanumeric()).find(|w| !w.is_empty()).unwrap_or_default();
    is_word_of(USUAL, word)
}

/// Whether a word is a command where something is run.
pub(super) fn is_command_word(word: &[u8]) -> bool {
    is_word_of(USUAL, word) || is_word_of(OTHERS, word)
}

fn is_word_of(list: &str, word: &[u8]) -> bool {
    list.split(' ').any(|w| w.as_bytes().eq_ignore_ascii_case(word))
}

fn decodes_to_command(value: &[u8]) -> bool {
    let mut out = Vec::new();
    let readable = |c: u8| c.is_ascii_graphic() || c.is_ascii_whitespace();
    value.len() >= MIN_BASE64
        && value.len().is_multiple_of(4)
        && base64::decode(value, &mut out, readable).is_some()
        && starts_with_command(&out)
}
