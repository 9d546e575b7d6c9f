//! What a path says about the page: a script that runs, a picture, an archive to carry away.

/// Kind of a page by the extension of its path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PageKind {
    /// Loaded by a browser along with a page: style, script, picture, font.
    Asset,
    /// Runs on the server.
    Script,
    /// Packed or dumped data.
    Archive,
    Other,
}

/// The kind of a path as logged, path parameters (`;x`) cut off.
#[inline]
pub fn kind_of(path: &[u8]) -> PageKind {
    let tail = &path[path.len().saturating_sub(12)..];
    let Some(dot) = memchr::memrchr(b'.', tail) else { return PageKind::Other };
    let mut ext = [0u8; 8];
    let mut n = 0;
    for &c in &tail[dot + 1..] {
        if c == b';' {
            break;
        }
        if n == ext.len() || c == b'/' {
            return PageKind::Other;
        }
        ext[n] = c.to_ascii_lowercase();
        n += 1;
    }
    match &ext[..n] {
        b"css" | b"js" | b"mjs" | b"png" | b"jpg" | b"jpeg" | b"gif" | b"ico" | b"svg" | b"webp"
        | b"avif" | b"woff" | b"woff2" | b"ttf" | b"eot" | b"bmp" | b"map" => PageKind::Asset,
        b"php" | b"php3" | b"php4" | b"php5" | b"php7" | b"phtml" | b"phar" | b"asp" | b"aspx" | b"ashx"
        | b"asmx" | b"cer" | b"asa" | b"jsp" | b"jspx" | b"jspf" | b"do" | b"cgi" | b"pl" | b"py" | b"rb"
        | b"sh" | b"cfm" | b"exe" | b"dll" => PageKind::Script,
        b"zip" | b"gz" | b"tgz" | b"bz2" | b"xz" | b"zst" | b"7z" | b"rar" | b"tar" | b"sql" | b"bak"
        | b"dump" | b"db" | b"sqlite" | b"mdb" | b"pst" | b"csv" | b"vhd" | b"vmdk" | b"ova" | b"iso" => {
            PageKind::Archive
        }
        _ => PageKind::Other,
    }
}

/// A page whose name says that it takes uploads, or a folder that keeps them.
pub fn is_upload_target(path: &[u8]) -> bool {
    let lower = path.to_ascii_lowercase();
    ["upload", "/media", "filemanager", "connector", "import", "attach", "/dav", "webdav", "avatar"]
        .iter()
        .any(|word| memchr::memmem::find(&lower, word.as_bytes()).is_some())
}

/// Percent-decodes once. What is not `%HH` stays.
pub fn percent_decode(text: &[u8]) -> Vec<u8> {
    let hex = |c: u8| (c as char).to_digit(16).map(|d| d as u8);
    let mut out = Vec::with_capacity(text.len());
    let mut i = 0;
    while i < text.len() {
        let pair =
            (text[i] == b'%').then(|| Some((hex(*text.get(i + 1)?)?, hex(*text.get(i + 2)?)?))).flatten();
        match pair {
            Some((a, b)) => {
                out.push(a << 4 | b);
                i += 3;
            }
            None => {
                out.push(text[i]);
                i += 1;
            }
        }
    }
    out
}

/// A path for people: percent-decoded once, valid UTF-8.
pub fn decoded_path(path: &[u8]) -> String {
    let decoded = percent_decode(path);
    String::from_utf8(decoded).unwrap_or_else(|e| crate::record::printable(e.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        let check = |path: &str, kind| assert_eq!(kind_of(path.as_bytes()), kind, "{path}");
        check("/a/b.CSS", PageKind::Asset);
        check("/uploads/x.php", PageKind::Script);
        check("/x.jsp;jsessionid=1", PageKind::Other);
        check("/x.jsp;a=1", PageKind::Script);
        check("/b.tar.gz", PageKind::Archive);
        check("/a.b/c", PageKind::Other);
        check("/", PageKind::Other);
        check("", PageKind::Other);
    }

    #[test]
    fn decodes_once() {
        assert_eq!(percent_decode(b"%2e%2E%2f%zz%"), b"../%zz%");
        assert_eq!(decoded_path(b"/a%25b%ff"), "/a%b\\xFF");
    }
}
