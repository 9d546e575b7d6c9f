//! Which pages are logins, and which answers let a client in.

use crate::table::{PageRow, Reply, StatusClass, Tally};

/// What a path of a login has in it, in lower case.
const PARTS: [&[u8]; 19] = [
    b"login",
    b"logon",
    b"log-in",
    b"log_in",
    b"signin",
    b"sign-in",
    b"sign_in",
    b"xmlrpc",
    b"j_security_check",
    b"authenticat",
    b"credential",
    b"administrator",
    b"phpmyadmin",
    b"webmail",
    b"roundcube",
    b"passwd",
    b"password",
    b"manager/html",
    b"host-manager",
];
/// What stands in it as a word of its own.
const WORDS: [&[u8]; 9] =
    [b"auth", b"oauth", b"oauth2", b"session", b"sessions", b"sso", b"saml", b"owa", b"pma"];

/// Words of a path that programs talk to: those are told in so many words that a password is wrong, and log in as often
/// as they like.
const FOR_PROGRAMS: [&[u8]; 10] =
    [b"api", b"rest", b"oauth", b"oauth2", b"token", b"tokens", b"jwt", b"json", b"graphql", b"saml"];

/// A login that people fill in: what is shown again after a wrong password may look like any page.
pub(super) fn is_form(path: &[u8]) -> bool {
    let path = path.to_ascii_lowercase();
    !path.split(|b| !b.is_ascii_alphanumeric()).any(|word| FOR_PROGRAMS.contains(&word))
}

/// Programs post to it as often as they like, and are answered like those who guess.
pub(super) fn is_interface(path: &[u8]) -> bool {
    memchr::memmem::find(&path.to_ascii_lowercase(), b"xmlrpc").is_some()
}

/// The path says that it is a login.
pub(in crate::detect) fn is_named_login(path: &[u8]) -> bool {
    let path = path.to_ascii_lowercase();
    PARTS.iter().any(|part| memchr::memmem::find(&path, part).is_some())
        || path.split(|b| !b.is_ascii_alphanumeric()).any(|word| WORDS.contains(&word))
}

/// The page may be a login: by its name, because it asks for a password, or because it sends some of those on who
/// post to it and others not. `min` requests make it worth a look.
pub(super) fn may_be_login(row: &PageRow, path: &[u8], min: u32) -> bool {
    let n = |class| row.span(class).n;
    let is_two_valued = || n(StatusClass::Redirect) > 0 && n(StatusClass::Ok) > 4 * min;
    row.n_outgoing == 0
        && (n(StatusClass::Denied) >= min
            || (row.n_posts >= min && is_named_login(path))
            || (row.n_posts >= 4 * min && is_two_valued()))
}

/// Wrong password, not allowed, locked, too many tries.
pub(super) fn is_refused(reply: &Reply) -> bool {
    reply.status_code == 401 || (reply.is_post && matches!(reply.status_code, 403 | 423 | 429))
}

/// The page took it for an attempt to log in: it let the client in, sent it on, showed the form again, or refused.
pub(super) fn is_try(reply: &Reply) -> bool {
    is_refused(reply) || (reply.is_post && matches!(reply.status_code, 200..=399))
}

/// The same answer, but for a name or a token printed in it.
pub(super) fn is_alike(a: &Reply, b: &Reply) -> bool {
    a.status_code == b.status_code && a.bytes.abs_diff(b.bytes) <= (a.bytes.max(b.bytes) / 16).max(64)
}

/// The answer that most of these tries got, with all that are alike; the least of several.
pub(super) fn usual_of<'a>(tries: impl Iterator<Item = &'a (Reply, Tally)>) -> Option<Reply> {
    let mut tries: Vec<(Reply, u64)> = tries.map(|(reply, tally)| (*reply, tally.n)).collect();
    tries.sort_unstable_by_key(|(reply, _)| (reply.status_code, reply.bytes, *reply));
    let mut sums = vec![0];
    sums.extend(tries.iter().scan(0u64, |sum, (_, n)| {
        *sum += n;
        Some(*sum)
    }));
    let (mut from, mut to) = (0, 0);
    let mut best: Option<(u64, Reply)> = None;
    for (reply, _) in &tries {
        while !is_alike(&tries[from].0, reply) {
            from += 1;
        }
        to = to.max(from);
        while tries.get(to).is_some_and(|(other, _)| is_alike(reply, other)) {
            to += 1;
        }
        let n = sums[to] - sums[from];
        if best.is_none_or(|(most, _)| n > most) {
            best = Some((n, *reply));
        }
    }
    best.map(|(_, reply)| reply)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_answer_has_most_others_about_it() {
        let at = (0, crate::table::Locus { input: 0, offset: 0, line: 1, len: 1 });
        let client = crate::record::ClientKey::parse(b"203.0.113.9");
        let reply = |status_code, bytes| Reply {
            client,
            is_post: true,
            has_user: false,
            hour: 0,
            status_code,
            bytes,
        };
        let check = |tries: &[(u16, u64, u64)], want: Option<(u16, u64)>| {
            let tries: Vec<(Reply, Tally)> =
                tries.iter().map(|t| (reply(t.0, t.1), Tally { n: t.2, first: at, last: at })).collect();
            let got = usual_of(tries.iter()).map(|r| (r.status_code, r.bytes));
            assert_eq!(got, want);
            // The same by comparing each with each.
            let about = |a: &Reply| tries.iter().filter(|b| is_alike(a, &b.0)).map(|b| b.1.n).sum::<u64>();
            let most = tries.iter().map(|t| about(&t.0)).max();
            assert_eq!(got.map(|g| about(&reply(g.0, g.1))), most);
        };
        check(&[], None);
        check(&[(302, 0, 3), (200, 4500, 2), (200, 4550, 2), (200, 9000, 3)], Some((200, 4500)));
        check(&[(200, 100, 1), (200, 160, 1), (200, 220, 1), (200, 280, 1)], Some((200, 160)));
        check(&[(200, 100_000, 1), (200, 106_000, 1), (200, 112_000, 1), (401, 30, 2)], Some((200, 106_000)));
    }

    #[test]
    fn logins_by_name() {
        let check = |path: &str, want| assert_eq!(is_named_login(path.as_bytes()), want, "{path}");
        check("/wp-login.php", true);
        check("/users/sign_in", true);
        check("/API/Auth/v2", true);
        check("/xmlrpc.php", true);
        check("/authors/12", false);
        check("/wp-admin/admin-ajax.php", false);
        check("/", false);
        assert!(is_form(b"/wp-login.php") && is_form(b"/rapid/login"));
        assert!(!is_form(b"/API/login") && !is_form(b"/oauth2/authorize"));
    }
}
