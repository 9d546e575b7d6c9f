//! The names of what payloads try, in the infinitive: `read table names`.

use super::super::class::{Class, ClassSet};
use super::finder::Finder;
use super::traces::Seen;
use super::{Text, has};
use std::sync::LazyLock;

/// Cap on the names of one value, names.
const MAX_NAMES: usize = 4;

/// What a statement of SQL tries, by what it has: the most telling first.
const SQL: [(&[&str], &str); 18] = [
    (
        &["xp_cmdshell", "sp_oacreate", "sys_exec(", "sys_eval(", "from program", "dbms_scheduler"],
        "run a command through the database",
    ),
    (&["into outfile", "into dumpfile", "lo_export", "utl_file.put"], "write a file through the database"),
    (
        &["load_file", "pg_read_file", "lo_import", "openrowset(bulk", "bulk insert", "pg_ls_dir"],
        "read a file through the database",
    ),
    (
        &["utl_http", "utl_inaddr", "httpuritype", "xp_dirtree", "xp_fileexist", "dblink", "dbms_ldap"],
        "make the database call out",
    ),
    (
        &[
            "information_schema.columns",
            "syscolumns",
            "_tab_columns",
            "sys.columns",
            "pg_attribute",
            "table_info(",
        ],
        "read column names",
    ),
    (
        &[
            "information_schema.tables",
            "sysobjects",
            "sqlite_master",
            "sqlite_schema",
            "all_tables",
            "user_tables",
            "pg_tables",
            "pg_class",
            "sys.tables",
            "msysobjects",
            "rdb$relations",
        ],
        "read table names",
    ),
    (
        &[
            "information_schema.schemata",
            "pg_database",
            "sysdatabases",
            "sys.databases",
            "database()",
            "db_name(",
        ],
        "read database names",
    ),
    (&["drop table", "drop database", "truncate table", "delete from"], "delete data"),
    (&["insert into", "; update ", ";update ", "create user", "alter user"], "change data"),
    (&["mysql.user", "pg_shadow", "sys.sql_logins", "dba_users", "password", "passwd"], "read passwords"),
    (&["@@version", "version()", "v$version", "v$instance"], "read the database's version"),
    (
        &["current_user", "system_user", "session_user", "user()", "user_name(", "is_srvrolemember"],
        "read the database's user",
    ),
    (
        &[
            "extractvalue(",
            "updatexml(",
            "floor(rand(",
            "convert(int",
            "as int)",
            "as numeric)",
            "exp(~",
            "xmltype(",
        ],
        "make the database tell data in its errors",
    ),
    (&["ascii(", "ord(", "substr(", "substring(", "mid(", "unicode("], "guess data one character at a time"),
    (&["order by ", "union all select null", "union select null"], "count the columns of a query"),
    (&["sp_password", "shutdown"], "stop the database or hide from its log"),
    (&["rlike ", "regexp ", "having "], "test whether a condition gets through"),
    (&["procedure analyse"], "read the types of columns"),
];

/// What other payloads try, by what they have.
const BY_CLASS: [(Class, &[&str], &str); 27] = [
    (Class::Xss, &["document.cookie", "document['cookie", "document[\"cookie"], "read a visitor's cookies"),
    (Class::Xss, &["localstorage", "sessionstorage"], "read what a visitor's browser keeps"),
    (Class::Xss, &["xmlhttprequest", "fetch(", "$.get(", "$.post("], "send requests as a visitor"),
    (Class::Xss, &["location=", "location.href", "location.replace"], "send visitors elsewhere"),
    (Class::Xss, &["alert", "confirm(", "prompt("], "show a box in a visitor's browser"),
    (Class::Lfi, &["php://input"], "run code from the body of the request"),
    (Class::Lfi, &["data:"], "run code from the URL"),
    (Class::CodeInjection, &["phpinfo", "phpversion"], "show the set-up of PHP"),
    (Class::CodeInjection, &["file_put_contents", "fwrite", "move_uploaded_file"], "write a file"),
    (
        Class::CodeInjection,
        &["class.module.classloader", "classloader.resources"],
        "change the server's class loader",
    ),
    (Class::CodeInjection, &["md5(", "print(", "echo "], "test whether code is run"),
    (
        Class::CodeInjection,
        &["$_post", "$_get", "$_request", "request(\""],
        "run whatever a later request hands over",
    ),
    (Class::Ssti, &["config", "settings", "secret_key"], "read the application's settings"),
    (Class::Ssti, &["__subclasses__", "__globals__", "__class__"], "reach the application's own objects"),
    (Class::Nosqli, &["$where", "function(", "function ("], "run script in the database"),
    (Class::Nosqli, &["$ne", "$gt", "$regex", "$exists", "$nin"], "get past a comparison"),
    (Class::Ldapi, &["objectclass=*", "uid=*", "cn=*", ")(|"], "make a directory search match everything"),
    (
        Class::Ssrf,
        &["169.254.169.254", "metadata.google", "100.100.100.200", "meta-data", "computemetadata"],
        "read the cloud's credentials",
    ),
    (Class::Deserialisation, &["ro0ab", "aced0005"], "load an object of Java"),
    (Class::Deserialisation, &["aaeaaad"], "load an object of .NET"),
    (
        Class::Deserialisation,
        &["gasv", "cos\nsystem", "c__builtin__", "!!python"],
        "load an object of Python",
    ),
    (Class::Deserialisation, &["bah", "!ruby"], "load an object of Ruby"),
    (Class::Deserialisation, &["nd_func"], "load an object of Node.js"),
    (Class::Deserialisation, &["o:", "a:"], "load an object of PHP"),
    (Class::Ssi, &["printenv", "echo var"], "read the server's variables"),
    (Class::Xxe, &["<!entity % ", "<!entity %"], "load a document type from elsewhere"),
    (Class::Upload, &["filename="], "upload a script"),
];

static SQL_FINDER: LazyLock<Finder> = LazyLock::new(|| Finder::new(SQL.iter().map(|(any, _)| *any)));
static CLASS_FINDER: LazyLock<Finder> =
    LazyLock::new(|| Finder::new(BY_CLASS.iter().map(|(_, any, _)| *any)));

/// What is said of a payload that shows no more than its class.
pub(super) fn of_class(class: Class) -> &'static str {
    match class {
        Class::Sqli => "break out of a SQL statement",
        Class::Xss => "run script in a visitor's browser",
        Class::Lfi => "read a file of the server",
        Class::Rfi => "run a script from elsewhere",
        Class::Cmdi => "run a command",
        Class::CodeInjection => "run code in the application",
        Class::Ssti => "have a template evaluated",
        Class::Jndi => "have the logger look something up",
        Class::Shellshock => "run a command through a variable of the shell",
        Class::Crlf => "add a line to the header",
        Class::Xxe => "have an XML entity resolved",
        Class::Ldapi => "change a search of a directory",
        Class::Nosqli => "change a query of a document database",
        Class::Ssrf => "make the server send a request",
        Class::Ssi => "have an include of the server evaluated",
        Class::Deserialisation => "load an object that is not ours",
        Class::OpenRedirect => "send visitors to another site",
        Class::Upload => "upload a script",
        Class::Probe => "ask for what nobody is given",
        Class::Scanner => "scan with a known tool",
        Class::Cve => "use a known hole of a product",
        Class::Other => "send what no client sends",
    }
}

/// What a text tries, by what it has and what it names.
pub(super) fn names(text: &Text, seen: &Seen, classes: ClassSet) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for shell in &seen.shells {
        names.push(format!("open a shell to {shell}"));
    }
    if seen.shells.is_empty() {
        names.extend(seen.commands.iter().map(|command| of_command(command)));
    }
    names.extend(seen.files.iter().map(|file| format!("read {file}")));
    if classes.contains(Class::Sqli) {
        names.extend(of_sql(&text.sql()));
    }
    let rows = CLASS_FINDER.rows(&text.lower);
    let by_class = rows.into_iter().map(|row| BY_CLASS[row]).find(|(class, ..)| classes.contains(*class));
    let is_named = !names.is_empty();
    names.extend(
        by_class.filter(|(class, ..)| !is_named || *class == Class::Ssrf).map(|(.., name)| name.to_owned()),
    );
    if classes.contains(Class::Crlf) {
        names.extend(added_header(&text.lower).map(|header| format!("add the header {header}")));
    }
    if classes.contains(Class::Ssti) && names.is_empty() && is_arithmetic(&text.lower) {
        names.push("test whether templates are evaluated".to_owned());
    }
    // Who is called says more than nothing, and less than what is run.
    let called = if classes.contains(Class::Ssrf) { &seen.called } else { &seen.hosts };
    if classes.contains(Class::Xss) && has(&text.lower, "<script") {
        names.extend(seen.hosts.first().map(|host| format!("load a script from {host}")));
    }
    if names.is_empty() || classes.contains(Class::Jndi) {
        names.extend(called.iter().take(2).filter_map(|host| of_host(host, classes)));
    }
    names.truncate(MAX_NAMES);
    names
}

fn of_command(command: &str) -> String {
    const FETCH: [&str; 8] =
        ["wget", "curl", "fetch", "lynx", "lwp-download", "certutil", "bitsadmin", "powershell"];
    let url = ["http://", "https://", "ftp://"].into_iter().filter_map(|scheme| command.find(scheme)).min();
    let word = command.split_whitespace().next().unwrap_or_default();
    let word = word.rsplit(['/', '\\']).next().unwrap_or_default();
    match url.and_then(|at| command.get(at..)).and_then(|rest| rest.split(['\'', '"', ' ']).next()) {
        Some(url) if FETCH.contains(&word) => format!("download {url}"),
        _ => format!("run `{command}`"),
    }
}

fn of_host(host: &str, classes: ClassSet) -> Option<String> {
    const WORDS: [(Class, &str); 6] = [
        (Class::Jndi, "call back to"),
        (Class::Rfi, "run a script from"),
        (Class::Xss, "make a visitor's browser call"),
        (Class::Xxe, "load a document from"),
        (Class::Ssrf, "make the server call"),
        (Class::OpenRedirect, "send visitors to"),
    ];
    let known = WORDS.into_iter().find(|(class, _)| classes.contains(*class))?;
    Some(format!("{} {host}", known.1))
}

fn of_sql(text: &[u8]) -> Vec<String> {
    let rows = SQL_FINDER.rows(text);
    let mut names: Vec<String> = rows.into_iter().take(2).map(|row| SQL[row].1.to_owned()).collect();
    names.extend(delay(text));
    if names.is_empty() {
        names.extend(table(text).map(|table| format!("read rows of `{table}`")));
    }
    if names.is_empty() && is_always_true(text) {
        names.push("make a condition always true".to_owned());
    }
    if names.is_empty() && ["'--", "' --", "'#", "' #", "'/*", "')--"].iter().any(|cut| has(text, cut)) {
        names.push("cut off the rest of a statement".to_owned());
    }
    names
}

fn after<'a>(text: &'a [u8], part: &str) -> Option<&'a [u8]> {
    memchr::memmem::find(text, part.as_bytes()).map(|at| &text[at + part.len()..])
}

fn number(text: &[u8]) -> Option<u32> {
    let digits: Vec<u8> = text.iter().take(6).copied().take_while(u8::is_ascii_digit).collect();
    std::str::from_utf8(&digits).ok()?.parse().ok()
}

/// `sleep(5)`, `waitfor delay '0:0:7'`, `benchmark(...)`.
fn delay(text: &[u8]) -> Option<String> {
    if let Some(seconds) = after(text, "sleep(").map(<[u8]>::trim_ascii_start).and_then(number) {
        return Some(format!("ask the database to wait {seconds} s"));
    }
    if let Some(time) = after(text, "waitfor delay") {
        let time: Vec<u8> = time
            .iter()
            .copied()
            .skip_while(|b| !b.is_ascii_digit())
            .take_while(|b| b.is_ascii_digit() || *b == b':')
            .collect();
        let parts = time.split(|b| *b == b':').map(|part| number(part).unwrap_or(0));
        let seconds = parts.fold(0u32, |sum, part| sum.saturating_mul(60).saturating_add(part));
        return Some(format!("ask the database to wait {seconds} s"));
    }
    let waits = ["benchmark(", "dbms_pipe.receive", "randomblob(", "generate_series("];
    waits.iter().any(|part| has(text, part)).then(|| "ask the database to wait".to_owned())
}

/// `members` of `union select a from members`.
fn table(text: &[u8]) -> Option<String> {
    let name = after(after(text, "select")?, " from ")?.trim_ascii_start();
    let name: Vec<u8> = name
        .iter()
        .copied()
        .skip_while(|b| matches!(b, b'`' | b'"' | b'[' | b'('))
        .take(64)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'$'))
        .collect();
    let is_word = name != b"select" && name.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_');
    is_word.then(|| String::from_utf8(name).ok()).flatten()
}

/// `or 1=1`, `' or 'a'='a`: both sides of the equals sign are alike.
fn is_always_true(text: &[u8]) -> bool {
    let strip = |side: &[u8]| -> Vec<u8> {
        side.iter().copied().filter(|b| b.is_ascii_alphanumeric() || *b == b'_').collect()
    };
    ["or ", "or'", "or\"", "or(", "||"].iter().filter_map(|or| after(text, or)).any(|rest| {
        let mut sides = rest.splitn(2, |b| *b == b'=');
        let (Some(left), Some(right)) = (sides.next(), sides.next()) else { return false };
        let left = strip(left);
        let right = strip(&right[..right.len().min(left.len() + 4)]);
        !left.is_empty() && left.len() <= 16 && right.starts_with(&left)
    })
}

/// `set-cookie` of a line that the value adds.
fn added_header(text: &[u8]) -> Option<String> {
    text.split(|b| matches!(b, b'\r' | b'\n')).skip(1).find_map(|line| {
        let name = &line[..memchr::memchr(b':', line)?];
        let is_name =
            (2..=40).contains(&name.len()) && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-');
        is_name.then(|| String::from_utf8(name.to_vec()).ok()).flatten()
    })
}

/// Digits, an operator and digits.
fn is_arithmetic(text: &[u8]) -> bool {
    text.windows(3)
        .any(|w| w[0].is_ascii_digit() && matches!(w[1], b'*' | b'+' | b'-' | b'/') && w[2].is_ascii_digit())
}
