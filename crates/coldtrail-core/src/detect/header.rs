//! The leading `//!` lines of a detector's file as the text that people read: one source for code and manual.

/// Bytes of the text.
pub(super) const fn len(source: &str) -> usize {
    walk::<0>(source).1
}

/// The text: `//! ` taken off each leading line. `N` is [`len`].
pub(super) const fn text<const N: usize>(source: &str) -> [u8; N] {
    walk::<N>(source).0
}

/// Walks the leading `//!` lines; keeps the first `N` bytes of what follows the marks, and counts all.
const fn walk<const N: usize>(source: &str) -> ([u8; N], usize) {
    let bytes = source.as_bytes();
    let mut out = [0; N];
    let (mut i, mut n) = (0, 0);
    while i + 2 < bytes.len() && bytes[i] == b'/' && bytes[i + 1] == b'/' && bytes[i + 2] == b'!' {
        i += 3;
        if i < bytes.len() && bytes[i] == b' ' {
            i += 1;
        }
        while i < bytes.len() {
            if n < N {
                out[n] = bytes[i];
            }
            n += 1;
            i += 1;
            if bytes[i - 1] == b'\n' {
                break;
            }
        }
    }
    (out, n)
}

/// The header of a detector's file, from `include_str!` of the file itself.
macro_rules! header {
    ($source:expr) => {{
        const SOURCE: &str = $source;
        const TEXT: [u8; crate::detect::header::len(SOURCE)] = crate::detect::header::text(SOURCE);
        const DOC: &str = match std::str::from_utf8(&TEXT) {
            Ok(text) => text,
            Err(_) => panic!("whole lines of valid text are valid text"),
        };
        DOC
    }};
}
pub(super) use header;

#[cfg(test)]
mod tests {
    #[test]
    fn takes_the_leading_lines_only() {
        const DOC: &str = header!("//! # A\n//!\n//! b - c\n\nuse x;\n//! no\n");
        assert_eq!(DOC, "# A\n\nb - c\n");
    }
}
