//! XML external entities, XPath and XSLT.

use super::{EVERYWHERE, NOT_PATH, Rule, VALUES};
use crate::enrich::attack::class::Class::{Other, Xxe};
use crate::enrich::attack::views::View::Raw;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "xml-entity",
        class: Xxe,
        weight: 6,
        view: Raw,
        places: EVERYWHERE,
        pattern: r"<!\s*entity\b|<!doctype\s+[\w:-]+\s*(?:\[|system|public\s+\S+\s+\S*(?:file:|https?:|ftp:|php:))|<!(?:element|attlist)\b.*(?:any|cdata|\()|\bsystem\s+[\x22'](?:file|https?|ftp|php|expect|jar|netdoc|gopher)://?|<xi:include\b|<\?xml-stylesheet\b",
        hits: &["<!doctype x [<!entity y system \"file:///etc/passwd\">]>", "<xi:include href=x"],
        misses: &["<?xml version=\"1.0\"?>", "<!doctype html>"],
    },
    Rule {
        id: "xml-markup",
        class: Xxe,
        weight: 5,
        view: Raw,
        places: NOT_PATH,
        pattern: r"<xsl:\w|<!\[cdata\[.*(?:<|script|\]\]><)|\bxmlns:xsl\b|\bxsl:value-of|\bphp:function\b|<!doctype\s+\w+\s*(?:\[|system)",
        hits: &["<xsl:value-of select=x", "<![cdata[<script"],
        misses: &["xml markup"],
    },
    Rule {
        id: "xpath-injection",
        class: Other,
        weight: 5,
        view: Raw,
        places: VALUES,
        pattern: r"' ?\] ?(?:\||/|\[)|\bor\s+(?:count|name|string-length|substring)\s*\(\s*/{1,2}|(?:count|name|string-length)\s*\(\s*/{1,2}[\w*@]|/\*\[|\bchild::|\bparent::|\bancestor::|\bdescendant(?:-or-self)?::|\bfollowing(?:-sibling)?::|/{2}\*\[|\bposition\s*\(\s*\)\s*=|\blast\s*\(\s*\)\s*-|/text\s*\(\s*\)",
        hits: &["x'] | //user/*['", "count(//user)", "//user[position()=1]"],
        misses: &["a position", "//host/path"],
    },
];
