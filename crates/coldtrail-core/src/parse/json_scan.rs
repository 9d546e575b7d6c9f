//! Walks one JSON object and hands out where its values stand. It never copies, and it forgives what logs contain:
//! bytes that are not UTF-8, raw control characters, an end in the middle.

/// Nesting that is followed; deeper values are skipped over.
const MAX_DEPTH: usize = 8;
/// Bytes of a joined key that are told apart.
const MAX_KEY: usize = 128;

/// A value of the object, with its joined key: `request.headers.user-agent`, lower case.
pub(super) struct Value<'k> {
    pub(super) key: &'k [u8],
    /// Of a string: what is between its quotes.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) is_string: bool,
}

/// Calls `visit` for each string, number and literal of the object at the start of `text`; of an array, for its first
/// element, under the array's key. Returns false if the object does not end where `text` ends.
pub(super) fn walk(text: &[u8], visit: &mut impl FnMut(Value<'_>)) -> bool {
    let mut walker = Walker { text, at: 0, key: Vec::new() };
    walker.blanks();
    let is_whole = walker.peek() == Some(b'{') && walker.object(0, visit);
    walker.blanks();
    is_whole && walker.at == text.len()
}

type Visit<'v> = &'v mut dyn FnMut(Value<'_>);

struct Walker<'a> {
    text: &'a [u8],
    at: usize,
    key: Vec<u8>,
}

impl Walker<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        self.blanks();
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    /// The span between the quotes of a string; the walker stands behind it. A string that does not end reaches to
    /// the end of the text.
    fn string(&mut self) -> Option<(usize, usize)> {
        if !self.take(b'"') {
            return None;
        }
        let start = self.at;
        while let Some(i) = memchr::memchr2(b'"', b'\\', &self.text[self.at..]) {
            self.at += i;
            if self.text[self.at] == b'"' {
                self.at += 1;
                return Some((start, self.at - 1));
            }
            self.at = (self.at + 2).min(self.text.len());
        }
        self.at = self.text.len();
        Some((start, self.text.len()))
    }

    fn object(&mut self, depth: usize, visit: Visit<'_>) -> bool {
        self.at += 1;
        if self.take(b'}') {
            return true;
        }
        let base = self.key.len();
        loop {
            self.blanks();
            let Some((start, end)) = self.string() else { return false };
            if base > 0 {
                self.key.push(b'.');
            }
            let room = MAX_KEY.saturating_sub(self.key.len());
            let name = &self.text[start..end];
            self.key.extend(name.iter().take(room).map(u8::to_ascii_lowercase));
            let is_read = self.take(b':') && self.value(depth, visit);
            self.key.truncate(base);
            if !is_read {
                return false;
            }
            if self.take(b'}') {
                return true;
            }
            if !self.take(b',') {
                return false;
            }
        }
    }

    fn array(&mut self, depth: usize, visit: Visit<'_>) -> bool {
        self.at += 1;
        if self.take(b']') {
            return true;
        }
        let mut is_first = true;
        loop {
            let is_read =
                if is_first { self.value(depth, visit) } else { self.value(depth, &mut |_: Value<'_>| {}) };
            if !is_read {
                return false;
            }
            is_first = false;
            if self.take(b']') {
                return true;
            }
            if !self.take(b',') {
                return false;
            }
        }
    }

    fn value(&mut self, depth: usize, visit: Visit<'_>) -> bool {
        self.blanks();
        match self.peek() {
            Some(b'"') => {
                let Some((start, end)) = self.string() else { return false };
                visit(Value { key: &self.key, start, end, is_string: true });
                end < self.text.len()
            }
            Some(b'{' | b'[') if depth >= MAX_DEPTH => self.skip_nested(),
            Some(b'{') => self.object(depth + 1, visit),
            Some(b'[') => self.array(depth + 1, visit),
            Some(_) => {
                let start = self.at;
                let is_end = |c: &u8| matches!(c, b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n');
                self.at = self.text[start..].iter().position(is_end).map_or(self.text.len(), |i| start + i);
                if self.at == start {
                    return false;
                }
                visit(Value { key: &self.key, start, end: self.at, is_string: false });
                self.at < self.text.len()
            }
            None => false,
        }
    }

    /// Leaves an object or array that is nested too deep.
    fn skip_nested(&mut self) -> bool {
        let mut open = 0usize;
        while let Some(c) = self.peek() {
            match c {
                b'"' => {
                    self.string();
                    continue;
                }
                b'{' | b'[' => open += 1,
                b'}' | b']' => open -= 1,
                _ => {}
            }
            self.at += 1;
            if open == 0 {
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pairs(text: &[u8]) -> (Vec<(String, String)>, bool) {
        let mut out = Vec::new();
        let show = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        let is_whole = walk(text, &mut |v: Value<'_>| out.push((show(v.key), show(&text[v.start..v.end]))));
        (out, is_whole)
    }

    fn check(text: &str, want: &[(&str, &str)], is_whole: bool) {
        let want: Vec<_> = want.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        assert_eq!(pairs(text.as_bytes()), (want, is_whole), "{text}");
    }

    #[test]
    fn values_and_their_keys() {
        check(
            r#"{"A":"x\"y", "b":{"c":[1,2],"d":null}, "e":[] }"#,
            &[("a", r#"x\"y"#), ("b.c", "1"), ("b.d", "null")],
            true,
        );
        check(r#"{"a":"x","b":"cut he"#, &[("a", "x"), ("b", "cut he")], false);
        check(r#"{"a":1} trailing"#, &[("a", "1")], false);
        check("{}", &[], true);
        check("[1]", &[], false);
        check(r#"{"a":[[[[[[[[[[[[1]]]]]]]]]]]],"b":2}"#, &[("b", "2")], true);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(text in proptest::collection::vec(prop_oneof![
            Just(b'{'), Just(b'}'), Just(b'['), Just(b']'), Just(b'"'), Just(b'\\'), Just(b':'), Just(b','), any::<u8>()
        ], 0..200)) {
            let mut whole = vec![b'{'];
            whole.extend(text);
            walk(&whole, &mut |v: Value<'_>| assert!(v.start <= v.end && v.end <= whole.len()));
        }
    }
}
