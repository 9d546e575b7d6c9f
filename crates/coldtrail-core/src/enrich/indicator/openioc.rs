//! Indicators in OpenIOC 1.0 and 1.1: XML of items that say where to look and what for.

use super::{Limits, Reader};
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};

/// Levels of indicators in one another; files of this kind have two or three.
const MAX_DEPTH: usize = 64;
/// Bytes of one value.
const MAX_VALUE: usize = 8 * 1024;

/// What an item asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// A name, an address, a URL or a hash, told by its own look.
    Any,
    Agent,
    /// Something that no web log has.
    Other,
}

/// One item while it is read.
struct Item {
    wanted: Wanted,
    contains: bool,
    is_negated: bool,
    content: Option<String>,
}

/// True if the text is of this kind.
pub(super) fn read(text: &str, reader: &mut Reader<'_>) -> bool {
    let head = text.trim_start().get(..1024).unwrap_or(text).to_ascii_lowercase();
    let is_openioc = head.starts_with('<') && (head.contains("<openioc") || head.contains("<ioc"));
    if !is_openioc {
        return false;
    }
    let mut xml = quick_xml::Reader::from_str(text);
    // Whether each indicator around asks for all of its items together.
    let mut together: Vec<bool> = Vec::new();
    let mut item: Option<Item> = None;
    let mut is_content = false;
    loop {
        match xml.read_event() {
            Ok(Event::Start(tag)) => match tag.local_name().as_ref() {
                "Indicator" if together.len() < MAX_DEPTH => {
                    together.push(attribute(&tag, "operator").is_some_and(|o| o.eq_ignore_ascii_case("and")));
                }
                "IndicatorItem" => {
                    let condition = attribute(&tag, "condition").unwrap_or_default();
                    let is_negated = attribute(&tag, "negate").is_some_and(|n| n == "true");
                    let contains = condition.starts_with("contains") || condition.ends_with("with");
                    item = Some(Item {
                        wanted: Wanted::Other,
                        contains,
                        is_negated: is_negated || condition.contains("not"),
                        content: None,
                    });
                }
                "Context" => look_at(&tag, item.as_mut()),
                "Content" => is_content = true,
                _ => {}
            },
            Ok(Event::Empty(tag)) if tag.local_name().as_ref() == "Context" => look_at(&tag, item.as_mut()),
            Ok(Event::Text(part)) if is_content => {
                put(item.as_mut(), Some(&part));
            }
            Ok(Event::CData(part)) if is_content => {
                put(item.as_mut(), Some(&part));
            }
            Ok(Event::GeneralRef(name)) if is_content => {
                let number = name.resolve_char_ref().ok().flatten().map(String::from);
                let known = number.or_else(|| Some(resolve_xml_entity(&name)?.to_owned()));
                put(item.as_mut(), known.as_deref());
            }
            Ok(Event::End(tag)) => match tag.local_name().as_ref() {
                "Content" => is_content = false,
                "Indicator" => {
                    together.pop();
                }
                "IndicatorItem" => {
                    if let Some(item) = item.take() {
                        take(&item, together.contains(&true), reader);
                    }
                }
                _ => {}
            },
            Ok(Event::Eof) => return true,
            Err(error) => {
                reader.unread(&format!("broken XML at byte {}: {error}", xml.error_position()));
                return true;
            }
            _ => {}
        }
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag.attributes().flatten().find(|a| a.key.local_name().as_ref() == name)?;
    Some(found.value.into_owned())
}

fn put(item: Option<&mut Item>, part: Option<&str>) {
    if let (Some(item), Some(part)) = (item, part) {
        let content = item.content.get_or_insert_default();
        if content.len() + part.len() <= MAX_VALUE {
            content.push_str(part);
        }
    }
}

fn look_at(tag: &BytesStart<'_>, item: Option<&mut Item>) {
    if let (Some(item), Some(search)) = (item, attribute(tag, "search")) {
        item.wanted = wanted(&search);
    }
}

fn wanted(search: &str) -> Wanted {
    let search = search.to_ascii_lowercase();
    let term = search.rsplit('/').next().unwrap_or_default();
    match term {
        "useragent" => Wanted::Agent,
        "dns" | "uri" | "url" | "sourceurl" | "hostname" | "host" | "recordname" | "remoteip"
        | "ipv4address" | "ipv6address" | "destination" | "remotehostname" | "destinationip" | "md5sum"
        | "sha1sum" | "sha256sum" | "http_host" => Wanted::Any,
        _ => Wanted::Other,
    }
}

fn take(item: &Item, is_together: bool, reader: &mut Reader<'_>) {
    let Some(content) = item.content.as_deref().map(str::trim).filter(|c| !c.is_empty()) else { return };
    // What a rule must not see is no sign.
    if item.is_negated {
        return;
    }
    let doubt = is_together.then(|| "its indicator asks for more beside it".to_owned());
    let limits = Limits { doubt, ..Limits::default() };
    let is_taken = match item.wanted {
        Wanted::Agent => reader.take_agent(content, item.contains, &limits),
        Wanted::Any => reader.take(content, &limits),
        Wanted::Other => false,
    };
    if !is_taken {
        reader.unread(content);
    }
}

#[cfg(test)]
mod tests {
    use crate::enrich::Indicators;

    #[test]
    fn items_of_web_logs() {
        let item = |condition: &str, search: &str, value: &str| {
            format!(
                "<IndicatorItem id=\"a\" condition=\"{condition}\"><Context document=\"x\" search=\"{search}\" type=\"mir\"/>\
                 <Content type=\"string\">{value}</Content></IndicatorItem>"
            )
        };
        let text = format!(
            "<?xml version=\"1.0\"?>\n<OpenIOC xmlns=\"http://openioc.org/schemas/OpenIOC_1.1\"><metadata/><criteria>\
             <Indicator operator=\"OR\">{}{}{}{}<Indicator operator=\"AND\">{}{}</Indicator>{}</Indicator></criteria></OpenIOC>",
            item("is", "Network/DNS", "bad[.]example"),
            item("is", "PortItem/remoteIP", "203.0.113.9"),
            item("contains", "Network/UserAgent", "Evil &amp; Agent/1"),
            item("is", "FileItem/Md5sum", "44d88612fea8a8f36de82e1278abb02f"),
            item("is", "UrlHistoryItem/URL", "http://c.example/x.php?a=1&amp;b=2"),
            item("is", "ProcessItem/name", "evil.exe"),
            item("is not", "Network/DNS", "good.example"),
        );
        let list = Indicators::parse(text.as_bytes(), "x.ioc");
        let shown: Vec<_> = (0..list.len())
            .filter_map(|i| list.get(i as u32))
            .map(|i| format!("{}{}", i.text, if i.limits.doubt.is_some() { " ?" } else { "" }))
            .collect();
        assert_eq!(shown, ["bad.example", "203.0.113.9", "Evil & Agent/1", "c.example/x.php ?"]);
        assert_eq!((list.counts().hashes, list.counts().agents), (1, 1));
        assert_eq!(list.unread(), ["x.ioc: evil.exe"]);
    }

    #[test]
    fn broken_and_other_xml() {
        let broken = Indicators::parse(b"<ioc><definition><Indicator operator=\"OR\"></ioc>", "x");
        assert!(broken.is_empty() && broken.unread()[0].contains("broken XML"), "{:?}", broken.unread());
        let deep = format!("<OpenIOC>{}", "<Indicator operator=\"OR\">".repeat(100_000));
        assert!(Indicators::parse(deep.as_bytes(), "x").is_empty());
        assert!(Indicators::parse(b"<html>bad.example</html>", "x").counts().agents == 0);
    }
}
