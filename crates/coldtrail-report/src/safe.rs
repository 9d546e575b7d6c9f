//! Log text for people: nothing in it can drive a terminal, turn the reading direction or hide.

use std::borrow::Cow;
use std::fmt::{self, Display, Write};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Text from a log. Shows control and invisible characters as `\u{..}` and everything else as it is.
#[derive(Clone, Copy)]
pub struct Safe<'a>(pub &'a str);

impl Display for Safe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if is_unsafe(c) {
                write!(f, "\\u{{{:x}}}", u32::from(c))?;
            } else {
                f.write_char(c)?;
            }
        }
        Ok(())
    }
}

/// The same as a string; borrowed where there is nothing to show.
pub fn safe(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_unsafe) { Cow::Owned(Safe(text).to_string()) } else { Cow::Borrowed(text) }
}

/// Characters that do something, or that nobody sees: C0 and C1 controls, line separators, all of Unicode's format
/// characters (general category Cf, Unicode 17), and letters that are blank by design.
pub fn is_unsafe(c: char) -> bool {
    matches!(c,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}'
        | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}' | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Columns that a text takes on a terminal.
pub fn width(text: &str) -> usize {
    text.width()
}

/// Cuts text to a number of columns. What is left out is in the middle: both ends of a path or a log line tell most.
pub fn clip(text: &str, columns: usize, ellipsis: &str) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(width(ellipsis)).filter(|n| *n > 0) else {
        return prefix(text, columns).to_owned();
    };
    let head = prefix(text, room - room / 2);
    let tail = suffix(text, room - width(head));
    format!("{head}{ellipsis}{tail}")
}

/// The longest start of a text that fits.
pub(crate) fn prefix(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let end = text.char_indices().find_map(|(i, c)| {
        used += c.width().unwrap_or(0);
        (used > columns).then_some(i)
    });
    end.and_then(|i| text.get(..i)).unwrap_or(text)
}

fn suffix(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let start = text.char_indices().rev().find_map(|(i, c)| {
        used += c.width().unwrap_or(0);
        (used > columns).then(|| i + c.len_utf8())
    });
    start.and_then(|i| text.get(i..)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_would_act_or_hide() {
        let check = |text: &str, want: &str| assert_eq!(safe(text), want);
        check("/a b/é/日本", "/a b/é/日本");
        check("\u{1b}[2J", "\\u{1b}[2J");
        check("a\r\n\tb", "a\\u{d}\\u{a}\\u{9}b");
        check("\u{9b}31m", "\\u{9b}31m");
        check("x\u{202e}gpj.exe", "x\\u{202e}gpj.exe");
        check("\u{feff}\u{200d}\u{e0041}\u{ad}", "\\u{feff}\\u{200d}\\u{e0041}\\u{ad}");
    }

    #[test]
    fn clips_in_the_middle_by_columns() {
        let check = |text: &str, columns, want: &str| {
            let got = clip(text, columns, "…");
            assert_eq!(got, want);
            assert!(width(&got) <= columns, "{got}");
        };
        check("/short", 10, "/short");
        check("/uploads/.cache/img_7f3.php", 16, "/uploads…7f3.php");
        check("日本語日本語", 8, "日本…語");
        check("abcdef", 1, "a");
        check("abcdef", 0, "");
        assert_eq!(clip("abcdefghij", 7, "..."), "ab...ij");
    }
}
