//! One text as different readers see it: a SQL parser skips comments, a shell drops quotes, a browser drops control
//! characters. Every view is made from the normalised text; where a view has nothing to change it is that text itself.

/// Which reader a rule speaks about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum View {
    /// The normalised text.
    Raw,
    /// Comments, white space and control characters are a space, `/*!...*/` is opened.
    Sql,
    /// Control characters other than white space dropped, and those of no width.
    Html,
    /// All control characters dropped: a URL as a browser reads it.
    Tight,
    /// Backslashes are slashes.
    Path,
    /// Quotes, backslashes, carets and unset variables dropped; `$IFS`, tabs and the like are a space.
    Shell,
}

/// The views that are built beside the normalised text.
pub(super) const BUILT: [View; 5] = [View::Sql, View::Html, View::Tight, View::Path, View::Shell];

pub(super) const N_VIEWS: usize = 6;

impl View {
    pub(super) const ALL: [Self; N_VIEWS] =
        [Self::Raw, Self::Sql, Self::Html, Self::Tight, Self::Path, Self::Shell];

    const fn bit(self) -> u8 {
        1 << self as u8
    }

    /// The name in files of rules and in what is shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Raw => "decoded",
            Self::Sql => "sql",
            Self::Html => "html",
            Self::Tight => "url",
            Self::Path => "path",
            Self::Shell => "shell",
        }
    }
}

/// The views that each byte changes. A text without such a byte is the same in every view.
const TRIGGERS: [u8; 256] = {
    let mut t = [0u8; 256];
    let mut i = 0;
    while i < 256 {
        t[i] = match i as u8 {
            // A comment needs a star (`/* */`) or a line end (`# \n`, `-- \n`).
            b'*' => View::Sql.bit(),
            b'\n' | b'\r' => View::Sql.bit() | View::Tight.bit(),
            b'\t' | 0x0c => View::Sql.bit() | View::Tight.bit() | View::Shell.bit(),
            0x0b => View::Sql.bit() | View::Tight.bit() | View::Html.bit() | View::Shell.bit(),
            0x00..=0x1f => View::Sql.bit() | View::Tight.bit() | View::Html.bit(),
            b'\\' => View::Path.bit() | View::Shell.bit(),
            b'"' | b'\'' | b'^' | b'$' | b'`' => View::Shell.bit(),
            0xe2 | 0xef => View::Tight.bit() | View::Html.bit(),
            _ => 0,
        };
        i += 1;
    }
    t
};

/// Does this byte make any view differ?
pub(super) const fn triggers(byte: u8) -> bool {
    TRIGGERS[byte as usize] != 0
}

/// The views that differ from the text, each in a buffer that is used again.
#[derive(Default, Debug)]
pub(super) struct Views {
    buffers: [Vec<u8>; N_VIEWS],
    differs: u8,
}

impl Views {
    pub(super) fn build(&mut self, text: &[u8]) {
        let wanted = text.iter().fold(0, |seen, b| seen | TRIGGERS[usize::from(*b)]);
        self.differs = 0;
        for view in BUILT {
            if wanted & view.bit() == 0 {
                continue;
            }
            let out = &mut self.buffers[view as usize];
            out.clear();
            match view {
                View::Raw => {}
                View::Sql => sql(text, out),
                View::Html => visible(text, b"\t\n\r\x0c", out),
                View::Tight => visible(text, b"", out),
                View::Path => out.extend(text.iter().map(|b| if *b == b'\\' { b'/' } else { *b })),
                View::Shell => shell(text, out),
            }
            if out.as_slice() != text {
                self.differs |= view.bit();
            }
        }
    }

    /// The view where it differs from the text.
    pub(super) fn get(&self, view: View) -> Option<&[u8]> {
        (self.differs & view.bit() != 0).then(|| self.buffers[view as usize].as_slice())
    }
}

/// A text as a shell reads it, and as a database does.
pub(super) fn as_shell(text: &[u8]) -> Vec<u8> {
    made(text, shell)
}

pub(super) fn as_sql(text: &[u8]) -> Vec<u8> {
    made(text, sql)
}

fn made(text: &[u8], view: fn(&[u8], &mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    view(text, &mut out);
    out
}

/// Drops control characters and characters of no width or that only turn the direction of writing.
fn visible(text: &[u8], keep: &[u8], out: &mut Vec<u8>) {
    let mut i = 0;
    while let Some(&b) = text.get(i) {
        let skip = match (b, text.get(i + 1), text.get(i + 2)) {
            (0xe2, Some(0x80), Some(0x8b..=0x8f | 0xaa..=0xae)) | (0xe2, Some(0x81), Some(0xa0..=0xaf)) => 3,
            (0xef, Some(0xbb), Some(0xbf)) => 3,
            (0x00..=0x1f, ..) => usize::from(!keep.contains(&b)),
            _ => 0,
        };
        if skip == 0 {
            out.push(b);
        }
        i += skip.max(1);
    }
}

fn sql(text: &[u8], out: &mut Vec<u8>) {
    let mut i = 0;
    // In `/*!50000 ... */` the inside is code for MySQL.
    let mut opened = false;
    // Looking for an end that is not there, for every comment that is opened, would be quadratic.
    let mut closes = true;
    while let Some(&b) = text.get(i) {
        let rest = &text[i..];
        if rest.starts_with(b"/*!") {
            opened = true;
            out.push(b' ');
            i += 3;
            i += text[i..].iter().take(6).take_while(|c| c.is_ascii_digit()).count();
        } else if rest.starts_with(b"/*") {
            let end = if closes { memchr::memmem::find(&rest[2..], b"*/") } else { None };
            closes = end.is_some();
            out.extend_from_slice(if closes { b" " } else { b"/*" });
            i += end.map_or(2, |e| e + 4);
        } else if opened && rest.starts_with(b"*/") {
            opened = false;
            out.push(b' ');
            i += 2;
        } else if let Some(end) = line_comment(rest) {
            out.push(b' ');
            i += end + 1;
        } else {
            // SQL Server takes every control character for a blank.
            out.push(if b < b' ' { b' ' } else { b });
            i += 1;
        }
    }
}

/// `#...` or `--...` up to a line end: the text goes on in the next line.
fn line_comment(rest: &[u8]) -> Option<usize> {
    if !(rest.starts_with(b"#") || rest.starts_with(b"--")) {
        return None;
    }
    // Generated comments are short words; a search without bound would make a text of `#` quadratic.
    const MAX_COMMENT_BYTES: usize = 64;
    memchr::memchr(b'\n', &rest[..rest.len().min(MAX_COMMENT_BYTES)])
}

fn shell(text: &[u8], out: &mut Vec<u8>) {
    const SPACES: [&[u8]; 4] = [b"${ifs}", b"$ifs$9", b"$ifs$1", b"$ifs"];
    const NOTHING: [&[u8]; 4] = [b"$@", b"$*", b"$()", b"``"];
    let mut i = 0;
    while let Some(&b) = text.get(i) {
        let rest = &text[i..];
        if let Some(s) = SPACES.iter().find(|s| b == b'$' && starts_with(rest, s)) {
            out.push(b' ');
            i += s.len();
        } else if let Some(s) = NOTHING.iter().find(|s| matches!(b, b'$' | b'`') && rest.starts_with(s)) {
            i += s.len();
        } else if let Some(n) = unset_variable(rest) {
            i += n;
        } else {
            match b {
                b'"' | b'\'' | b'\\' | b'^' => {}
                b'\t' | 0x0b | 0x0c => out.push(b' '),
                _ => out.push(b),
            }
            i += 1;
        }
    }
}

/// Whatever the case.
fn starts_with(text: &[u8], start: &[u8]) -> bool {
    text.get(..start.len()).is_some_and(|t| t.eq_ignore_ascii_case(start))
}

/// `$u`, `${name}`: a variable that nobody set is nothing, and cuts a word in two for whoever reads only the text.
fn unset_variable(rest: &[u8]) -> Option<usize> {
    match rest {
        [b'$', b'{', name @ ..] => {
            let n = name.iter().take(16).take_while(|c| c.is_ascii_alphanumeric() || **c == b'_').count();
            (n > 0 && name.get(n) == Some(&b'}')).then_some(n + 3)
        }
        [b'$', c, after @ ..] => {
            let ends = after.first().is_none_or(|a| !a.is_ascii_alphanumeric() && *a != b'_');
            (c.is_ascii_alphabetic() && ends).then_some(2)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(view: View, text: &str, want: &str) {
        let mut views = Views::default();
        views.build(text.as_bytes());
        let got = views.get(view).unwrap_or(text.as_bytes());
        assert_eq!(String::from_utf8_lossy(got), want, "{view:?} of {text}");
    }

    #[test]
    fn readers_see_different_texts() {
        check(View::Sql, "union/**/select/*x*/1", "union select 1");
        check(View::Sql, "/*!50000union*/ /*!select*/", " union   select ");
        check(View::Sql, "union#foo\nselect--\n1", "union select 1");
        check(View::Sql, "1 /* open", "1 /* open");
        check(View::Sql, "or\x011\x1f=\t1", "or 1 = 1");
        check(View::Html, "<scr\x01ipt\n>", "<script\n>");
        check(View::Tight, "java\nscr\tipt:", "javascript:");
        check(View::Path, r"..\..\etc", "../../etc");
        check(View::Shell, "cat$u /e${x}tc$u/passwd$u$usd", "cat /etc/passwd$usd");
        check(View::Html, "<\u{202e}script\u{200b}>", "<script>");
        check(View::Shell, r#"c'a't${ifs}/e\tc$@/pa"ss"wd"#, "cat /etc/passwd");
    }

    proptest! {
        #[test]
        fn without_a_trigger_every_view_is_the_text(text in proptest::collection::vec(any::<u8>(), 0..48)) {
            let mut views = Views::default();
            views.build(&text);
            if !text.iter().any(|b| triggers(*b)) {
                for view in BUILT {
                    prop_assert_eq!(views.get(view), None);
                }
            }
        }
    }
}
