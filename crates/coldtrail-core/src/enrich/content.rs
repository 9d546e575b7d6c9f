//! What an answer brought in: by its content type, by the name that it was asked by, and by who asked.

use crate::record::{Rec, Role};

/// Kinds of content, one bit each.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Content(u8);

/// What a proxy's log tells of one answer.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// As logged: `text/html; charset=utf-8`.
    pub mime: &'a [u8],
    pub path: &'a [u8],
    pub query: &'a [u8],
    pub user_agent: &'a [u8],
    pub has_referrer: bool,
    pub is_ok: bool,
}

impl Content {
    pub const NONE: Self = Self(0);
    /// A page of the web.
    pub const PAGE: Self = Self(1);
    /// What a browser's plug-in runs: a Java archive, Flash, Silverlight.
    pub const PLUGIN: Self = Self(2);
    /// A program by its content type, or bytes of no kind under a program's name.
    pub const PROGRAM: Self = Self(4);
    /// Bytes of no kind (`application/octet-stream`) under a name that is no file's.
    pub const UNNAMED: Self = Self(8);
    /// A program, or bytes of no kind, under the name of a page, a picture or a script that nothing linked to.
    pub const DISGUISED: Self = Self(16);
    /// The Java plug-in asked.
    pub const JAVA: Self = Self(32);
    /// A page, plug-in or program whose path or query holds a word that only a machine makes up.
    pub const GENERATED: Self = Self(64);

    /// Bytes of no kind a plug-in or program may be.
    pub const PAYLOAD: Self = Self(Self::PROGRAM.0 | Self::UNNAMED.0);

    pub fn of(delivery: &Delivery<'_>) -> Self {
        let java = if memchr::memmem::find(delivery.user_agent, b"Java/1.").is_some() {
            Self::JAVA
        } else {
            Self::NONE
        };
        if !delivery.is_ok {
            return java;
        }
        let kind = kind(delivery);
        let is_of_interest =
            kind != Self::NONE && (is_generated(delivery.path) || is_generated(delivery.query));
        java.and(kind).and(if is_of_interest { Self::GENERATED } else { Self::NONE })
    }

    /// Of a record of a proxy's log; nothing of a server's.
    pub fn of_record(rec: &Rec, block: &[u8]) -> Self {
        if rec.role == Role::Server {
            return Self::NONE;
        }
        Self::of(&Delivery {
            mime: rec.mime.bytes(block),
            path: rec.path.bytes(block),
            query: rec.query.bytes(block),
            user_agent: rec.user_agent.bytes(block),
            has_referrer: rec.referrer.get(block).is_some_and(|r| !r.is_empty() && r != b"-"),
            is_ok: (200..300).contains(&rec.status_code),
        })
    }

    /// Both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether any of the kinds is there.
    pub const fn has(self, any: Self) -> bool {
        self.0 & any.0 != 0
    }
}

fn kind(delivery: &Delivery<'_>) -> Content {
    let mut mime = [0u8; 56];
    let text = delivery.mime.split(|c| *c == b';').next().unwrap_or_default().trim_ascii();
    let Some(mime) = mime.get_mut(..text.len()) else { return Content::NONE };
    mime.copy_from_slice(text);
    mime.make_ascii_lowercase();
    let has_no_kind = match &*mime {
        b"text/html" | b"application/xhtml+xml" => return Content::PAGE,
        b"application/java-archive"
        | b"application/x-java-archive"
        | b"application/java"
        | b"application/java-vm"
        | b"application/x-java-applet"
        | b"application/x-java-jnlp-file"
        | b"application/x-shockwave-flash"
        | b"application/x-silverlight-app" => return Content::PLUGIN,
        b"application/octet-stream"
        | b"octet/stream"
        | b"binary/octet-stream"
        | b"application/x-download"
        | b"application/force-download" => true,
        b"application/x-msdownload"
        | b"application/x-dosexec"
        | b"application/x-msdos-program"
        | b"application/x-ms-dos-executable"
        | b"application/vnd.microsoft.portable-executable"
        | b"application/exe"
        | b"application/x-exe"
        | b"application/x-winexe"
        | b"application/x-executable"
        | b"application/x-msi"
        | b"application/x-ms-installer"
        | b"application/hta" => false,
        _ => return Content::NONE,
    };
    let name = delivery.path.split(|c| *c == b';').next().unwrap_or_default();
    let name = name.rsplit(|c| *c == b'/').next().unwrap_or_default();
    let extension = memchr::memrchr(b'.', name).map_or(&b""[..], |dot| &name[dot + 1..]).to_ascii_lowercase();
    let disguise = match extension.as_slice() {
        b"html" | b"htm" | b"gif" | b"jpg" | b"jpeg" | b"png" | b"css" | b"js" | b"txt" => Content::DISGUISED,
        b"php" | b"asp" | b"aspx" | b"jsp" | b"cgi" if !delivery.has_referrer => Content::DISGUISED,
        _ => Content::NONE,
    };
    let is_program = matches!(extension.as_slice(), b"exe" | b"dll" | b"scr" | b"msi" | b"jar");
    let is_no_file = disguise != Content::NONE
        || matches!(extension.as_slice(), b"" | b"php" | b"asp" | b"aspx" | b"jsp" | b"cgi")
        || extension.len() > MAX_EXTENSION;
    let kind = match (has_no_kind, is_program, is_no_file) {
        (false, ..) | (true, true, _) => Content::PROGRAM,
        (true, false, true) => Content::UNNAMED,
        (true, false, false) => Content::NONE,
    };
    kind.and(disguise)
}

/// Longer ones tell no kind of file, letters.
const MAX_EXTENSION: usize = 4;
/// Letters and digits of a word that a machine made up, and how often small letters, capitals and digits take turns in it.
const MIN_WORD: usize = 16;
const MIN_TURNS: usize = 4;

/// A word of letters and digits too long and too mixed for a name that people give.
fn is_generated(text: &[u8]) -> bool {
    let kind = |c: &u8| (c.is_ascii_digit(), c.is_ascii_uppercase());
    text.len() >= MIN_WORD
        && text.split(|c| !c.is_ascii_alphanumeric()).any(|word| {
            word.len() >= MIN_WORD
                && word.windows(2).filter(|w| kind(&w[0]) != kind(&w[1])).count() >= MIN_TURNS
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(mime: &str, path: &str, want: Content) {
        let delivery = Delivery {
            mime: mime.as_bytes(),
            path: path.as_bytes(),
            query: b"",
            user_agent: b"Mozilla/5.0",
            has_referrer: false,
            is_ok: true,
        };
        assert_eq!(Content::of(&delivery), want, "{mime} {path}");
        let linked = Content::of(&Delivery { has_referrer: true, ..delivery });
        let is_page = path.ends_with(".php");
        assert_eq!(linked.has(Content::DISGUISED), want.has(Content::DISGUISED) && !is_page, "{mime} {path}");
        assert_eq!(Content::of(&Delivery { is_ok: false, ..delivery }), Content::NONE);
        assert_eq!(
            Content::of(&Delivery { user_agent: b"Mozilla/4.0 (Windows 7 6.1) Java/1.7.0_13", ..delivery }),
            want.and(Content::JAVA)
        );
    }

    #[test]
    fn types_and_names() {
        let disguised = |kind: Content| kind.and(Content::DISGUISED);
        check("text/html; charset=UTF-8", "/", Content::PAGE);
        check("TEXT/HTML", "/a/Al8OVhpVUFUBHgYYDh4C", Content::PAGE.and(Content::GENERATED));
        check("text/html", "/a-long-title-of-an-article-of-2026-about-nothing", Content::PAGE);
        check("application/java-archive", "/x", Content::PLUGIN);
        check("application/x-msdownload", "/f", Content::PROGRAM);
        check("application/x-dosexec", "/pic.gif", disguised(Content::PROGRAM));
        check("application/octet-stream", "/setup.EXE", Content::PROGRAM);
        check("application/octet-stream", "/get.php", disguised(Content::UNNAMED));
        check("application/octet-stream", "/f/1/1403694180/2", Content::UNNAMED);
        check("application/octet-stream", "/font.eot", Content::NONE);
        check("image/png", "/x", Content::NONE);
        check(&"x".repeat(300), "/x", Content::NONE);
    }
}
