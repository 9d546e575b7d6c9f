//! Template expressions and server-side includes.

use super::{EVERYWHERE, NOT_PATH, Rule};
use crate::enrich::attack::class::Class::{Ssi, Ssti};
use crate::enrich::attack::views::View::Raw;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "template-arithmetic",
        class: Ssti,
        weight: 6,
        view: Raw,
        places: EVERYWHERE,
        pattern: r#"(?:\$\{\{?|\{\{|#\{|\*\{|@\{|%\{|<%=|\[\[\$?\{?|@\(|~\{|\$!?\{|\{=)\s*['"(]*\s*-?\d+\s*['")]*\s*[*+/%-]\s*['"(]*-?\s*\d+"#,
        hits: &["${7*7}", "{{7*7}}", "#{ 3 * 3 }", "<%= 7*7 %>", "*{1*1}"],
        misses: &["{{name}}", "${price}"],
    },
    Rule {
        id: "template-expression",
        class: Ssti,
        weight: 5,
        view: Raw,
        places: EVERYWHERE,
        pattern: r"\{\{.*(?:\(|\.\w+\.|\[|\||self|config|request|constructor|_)[^}]*\}\}|\{%-?\s*(?:if|for|set|import|include|debug|extends|block|raw|macro|call|with|load|autoescape|from|print|python|csrf_token)\b.*%\}|\{\{[^}]+\}\}|\$\{[^}]*[^\w}.\- ][^}]*\}|#\{[^}]+\}|\*\{[^}]+\}|@\{[^}]+\}|\[\[\$\{|\$\{\{|<%[=@-]?.+%>|\{php\}|\{\$smarty|\{if\s+\w+\(|#set\s*\(|#include\s*\(|#evaluate\s*\(|\$\{[\w.]+\([^}]*\)\}|<#(?:assign|include|import|list|if)\b|\{\{\s*\w+\s*\}\}|__\$\{",
        hits: &[
            "{{config.items()}}",
            "{% debug %}",
            "${t(java.lang.system).getenv()}",
            "#set($x=1)",
            "<#assign x=1>",
        ],
        misses: &["${name}", "100%} off", "{a}"],
    },
    Rule {
        id: "server-side-include",
        class: Ssi,
        weight: 6,
        view: Raw,
        places: EVERYWHERE,
        pattern: r"<!--\s*#\s*(?:exec|include|echo|printenv|cmd|config|set|fsize|flastmod|if|elif|else|endif)\b|<esi:\w+|<pre><!--#|#exec\s+(?:cmd|cgi)\s*=|#include\s+(?:file|virtual)\s*=|#echo\s+var\s*=",
        hits: &["<!--#exec cmd=\"id\" -->", "<!-- #include virtual=\"/x\"", "<esi:include src=x>"],
        misses: &["<!-- comment -->", "# include"],
    },
    Rule {
        id: "angular-template",
        class: Ssti,
        weight: 5,
        view: Raw,
        places: NOT_PATH,
        pattern: r"\bng-(?:app|init|click|focus|bind|csp|controller|include)\b|\$on\.constructor|\$eval\s*\(|orderby\s*:\s*\[?|\bv-(?:on|html|bind|show|if):?\w*=|\|\s*(?:attr|safe|map|join|format)\s*\(",
        hits: &["<div ng-app ng-init=1", "{{''|attr('x')}}", "$eval(x)"],
        misses: &["ng application"],
    },
];
