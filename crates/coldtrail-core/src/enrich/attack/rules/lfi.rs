//! Local files: traversal, well-known files, wrappers, files that should not be public; and remote inclusion.

use super::{EVERYWHERE, NOT_PATH, Place, Places, Rule, VALUES};
use crate::enrich::attack::class::Class::{Lfi, Probe, Rfi};
use crate::enrich::attack::views::View::{Path, Raw};

/// A user agent never names a relative folder, and a referrer's own path is not ours.
const PATH_ONLY: Places = Places::of(&[Place::Path]);

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "dot-dot-slash",
        class: Lfi,
        weight: 6,
        view: Path,
        places: EVERYWHERE,
        pattern: r"(?:^|[^.\w])(?:\.\.(?:/|;/|%2f|%5c|0x2f|0x5c|2f|5c|c0af|c1af|c1pc|bg%qf)|(?:0x2e){2}(?:/|0x2f|0x5c))|\.\.(?:/+|;/|0x2f|0x5c)(?:\.\.|[a-z]{2,12}(?:/|\.\w|$))|(?:\.{2,}/){2}|/\.\.(?:/|;)|\.\./\.",
        hits: &["../../etc/passwd", "a/../../b", "..;/manager", "....//....//x"],
        misses: &["wait...", "a..b", "1../2x"],
    },
    Rule {
        id: "overlong-dot-slash",
        class: Lfi,
        weight: 5,
        view: Raw,
        places: EVERYWHERE,
        pattern: r"(?:%?(?:25)?c0%?(?:25)?(?:af|ae|2f|2e|5c|9v|qf)|%?(?:25)?c1%?(?:25)?(?:9c|8s|1c|af|pc))(?:.{0,12}(?:%?(?:25)?c[01]%?))|%u(?:2215|2216|ff0e|efc8|f025)|%%3\d%|(?:\x5c|/|\.)(?:\xef\xbf\xbd){2}",
        hits: &["..%c0%9v..%c1%8s", "%u2216..%u2216"],
        misses: &["c0ffee"],
    },
    Rule {
        id: "system-file",
        class: Lfi,
        weight: 6,
        view: Path,
        places: NOT_PATH,
        pattern: r"(?:^|[/=:;|'\x22\s(`{,]|file:/*)(?:(?:private/+)?etc/[/.]*(?:passwd|shadow|group|hosts?\b|issue|motd|apache2?|httpd|nginx|my\.|mysql|cron|ssh|environment|fstab|security|inetd|php|sudoers|resolv|profile|os-release|[a-z0-9._-]{2,24}(?:\.conf|/\w))|proc/[/.]*(?:self|version|cmdline|cpuinfo|mounts|net/|\d+/)|windows/+(?:win\.ini|system32|repair|system\.ini|php\.ini|debug)|winnt/|boot\.ini|win\.ini|inetpub/|var/+(?:log|mail|run|lib|adm|cpanel|apache2?|htmp|local|spool|www/+(?:logs?|html|mgr|conf))|apache\d?/+(?:logs?|conf)|(?:opt|xampp|usr|home|root|users|program files|library|volumes|lampp|wamp)/+(?:[\w. -]+/+){0,4}(?:apache\w*|conf|logs?|bin|etc|php\w*|\.ssh|\.bash\w*|mysql|nginx|lampp|xampp)/|usr/+(?:local/+(?:apache|etc|php)|bin|pkg)|root/\.|(?:web|meta)-inf/|system32/|php\.ini\b|\.aws/credentials)",
        hits: &["/etc/passwd", "c:/windows/win.ini", "file:///etc/hosts", "/proc/self/environ", "/web-inf/web.xml"],
        misses: &["/users/list", "etc.", "and so on, etc"],
    },
    Rule {
        id: "system-file-in-path",
        class: Lfi,
        weight: 6,
        view: Path,
        places: PATH_ONLY,
        pattern: r"/etc/[/.]*(?:passwd|shadow|hosts$|group$)|/proc/[/.]*self/|/(?:winnt|windows)/+(?:system32|win\.ini)|/boot\.ini|/win\.ini|/(?:web|meta)-inf/+\w|/system32/|[a-z]:/+(?:windows|winnt|boot\.ini)|/\.\.[;/]",
        hits: &["/a/etc/passwd", "/web-inf/web.xml", "/scripts/winnt/system32/cmd.exe"],
        misses: &["/us/smg/etc/designs/x.js", "/blog/proc/selfie"],
    },
    Rule {
        id: "stream-wrapper",
        class: Lfi,
        weight: 6,
        view: Raw,
        places: EVERYWHERE,
        pattern: r"\b(?:php|zip|phar|expect|glob|compress\.zlib|compress\.bzip2|zlib|netdoc|ogg|ssh2(?:\.\w+)?|rar)://|php:filter|convert\.base64|\bfile:/{1,3}[\w.$~%]|\bdata:/*[a-z/]*;?base64,|\bdata://",
        hits: &["php://filter/convert.base64-encode/resource=index.php", "file:///c:/x", "expect://id"],
        misses: &["http://example.com", "php: the manual", "profile:/x"],
    },
    Rule {
        id: "hidden-file",
        class: Probe,
        weight: 6,
        view: Path,
        places: EVERYWHERE,
        pattern: r"(?:^|/)\.(?:htaccess|htpasswd|git(?:/|$|ignore|config)|svn(?:/|$)|env(?:$|[./_-])|ssh/|bash_history|bash_profile|bashrc|mysql_history|aws/|hg/|ds_store|npmrc|dockerenv|docker/|idea/|vscode/|kube/|config/|netrc|pgpass|s3cfg|ftpconfig|travis\.yml|gitlab-ci|composer/|circleci|cvs/|bzr/|pypirc|wp-config)",
        hits: &["/.git/config", "/app/.env", "/.aws/credentials"],
        misses: &["/.well-known/acme", "/environment"],
    },
    Rule {
        id: "sensitive-file",
        class: Probe,
        weight: 5,
        view: Path,
        places: EVERYWHERE,
        pattern: r"(?:^|/)(?:wp-config\.(?:php\S|bak|old|txt|inc|save|orig)|web\.config|config\.(?:php|inc|ini|yml|json|js)\.?(?:bak|old|save|swp|orig|txt|~)|configuration\.php[\W_]\w+|localsettings\.php[\W_]\w+|settings\.php[\W_]\w+|id_[rd]sa|credentials\.(?:json|xml|csv)|(?:secrets?|database)\.(?:ya?ml|json)|sftp-config\.json|server-status$|phpinfo\.php|info\.php|elmah\.axd|trace\.axd|dockerfile$|docker-compose\.ya?ml|(?:passwd|passwords?|shadow)(?:\.(?:txt|bak|old|dat|db))$|\w+\.(?:sql|bak|old|swp|backup|mdb|pfx|pem|key|kdbx|dump|ovpn|ppk)(?:\.(?:gz|zip|tar|bz2|7z))?)(?:$|\?)|\.(?:php\d?|aspx?|jspx?|cgi|inc|py|rb)(?:\.bak|\.old|~|\.swp|\.swo|\.orig|\.save|\.txt|\.sav|\.copy|_bak|-backup|::\$data)$|(?:^|/)(?:backups?|dump|db|database|site|www|wwwroot|htdocs|public_html|sql|old|archive|web|website|html|data|bak)[\w.-]{0,12}\.(?:zip|tar|tar\.gz|tgz|gz|rar|7z|bz2|sql\.gz)$",
        hits: &["/wp-config.php.bak", "/backup.zip", "/db.sql", "/index.php~", "/id_rsa"],
        misses: &["/download/report-2019.zip", "/index.php", "/news/key.html"],
    },
    Rule {
        id: "path-trick",
        class: Lfi,
        weight: 5,
        view: Path,
        places: VALUES,
        pattern: r"^[/.]*/\.[/.]{2,}|(?:/\.){2,}/?|^/{4,}\w|\.{3,}/|//\./|(?:^|/)\.\.(?:$|/|;)|\.\./?$",
        hits: &["/././etc", ".../x", "a/.."],
        misses: &["wait... /x", "http://x"],
    },
    Rule {
        id: "remote-include",
        class: Rfi,
        weight: 5,
        view: Raw,
        places: VALUES,
        pattern: r"^(?:https?|ftps?)://[^\s?]*\?+$|^(?:https?|ftps?)://\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?/\S*\.(?:txt|php\d?|gif|jpe?g|png|sh|pl|py|elf|jar|class|bin|exe|js|dtd|xml)\b|^(?:https?|ftps?)://\S+\.(?:txt|log|dat|inc)\?+|^\\{2,4}[\w.]+\\|^https?://\S+/(?:c99|r57|shell|cmd|id1|test|evil|wso|b374k|backdoor)\S*\.(?:txt|php|gif|jpe?g)|^(?:ht|f)tps?:/{0,2}(?:[^/\s]{1,60}/)?(?:c99|r57|evil|shell)\S*|^(?:https?|ftps?)://\S+\.(?:txt|php)(?:%00|\x00)|^(?:https?|ftp)://(?:www\.)?(?:evil|attacker|hacker|malicious)\S*",
        hits: &["http://evil.example/shell.txt?", "http://203.0.113.7/x.php", "ftp://h/x.txt?"],
        misses: &["http://www.example.com/page.html", "https://example.com/"],
    },
];
