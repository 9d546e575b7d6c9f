//! Numbers of users in queries and paths: what is asked one after the other to learn who has an account.

/// The user that a query asks for by number, at pages that answer with the name: `author=7` and
/// `rest_route=/wp/v2/users/7` of WordPress. 0 is all of them.
#[inline]
pub fn user_in_query(query: &[u8]) -> Option<u64> {
    query.split(|c| *c == b'&').find_map(|pair| match pair.first() {
        Some(b'a' | b'A') => number(without(pair, b"author=")?),
        Some(b'r' | b'R') => user_in_path(&super::percent_decode(without(pair, b"rest_route=")?)),
        _ => None,
    })
}

/// A parameter of the query begins with a digit: it may be the number of a thing.
#[inline]
pub fn has_number(query: &[u8]) -> bool {
    memchr::memchr_iter(b'=', query).any(|equals| query.get(equals + 1).is_some_and(u8::is_ascii_digit))
}

/// The user that a path asks for by number: what stands behind `/wp/v2/users/`. 0 is all of them.
#[inline]
pub fn user_in_path(path: &[u8]) -> Option<u64> {
    const USERS: &[u8] = b"/wp/v2/users";
    let path = path.strip_suffix(b"/").unwrap_or(path);
    if !matches!(path.last(), Some(b'0'..=b'9' | b's' | b'S')) {
        return None;
    }
    let digits = path.iter().rev().take_while(|c| c.is_ascii_digit()).count();
    let (folder, id) = path.split_at(path.len() - digits);
    let folder = folder.strip_suffix(b"/").unwrap_or(folder);
    let is_users =
        folder.len() >= USERS.len() && folder[folder.len() - USERS.len()..].eq_ignore_ascii_case(USERS);
    if !is_users {
        None
    } else if id.is_empty() {
        Some(0)
    } else {
        number(id)
    }
}

fn without<'p>(pair: &'p [u8], name: &[u8]) -> Option<&'p [u8]> {
    let (head, value) = pair.split_at_checked(name.len())?;
    head.eq_ignore_ascii_case(name).then_some(value)
}

/// At most nine digits and nothing else.
fn number(text: &[u8]) -> Option<u64> {
    let is_number = (1..=9).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    is_number.then(|| text.iter().fold(0, |n, digit| n * 10 + u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_users() {
        let check = |target: &str, want| {
            let (path, query) = target.split_once('?').unwrap_or((target, ""));
            let got = user_in_query(query.as_bytes()).or(user_in_path(path.as_bytes()));
            assert_eq!(got, want, "{target}");
        };
        assert!(has_number(b"q=x&id=7") && !has_number(b"7=x&q=") && !has_number(b""));
        check("/?author=7", Some(7));
        check("/blog/?p=1&AUTHOR=12", Some(12));
        check("/?author=admin", None);
        check("/?co-author=7", None);
        check("/?rest_route=%2Fwp%2Fv2%2Fusers%2F3", Some(3));
        check("/?rest_route=/wp/v2/posts/3", None);
        check("/wp-json/wp/v2/users/9", Some(9));
        check("/wp-json/wp/v2/users/", Some(0));
        check("/wp-json/wp/v2/users/9/posts", None);
        check("/wp-json/wp/v2/users/1234567890", None);
        check("/api/v1/users/123", None);
        check("/", None);
        check("", None);
    }
}
