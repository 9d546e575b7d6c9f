//! Filter languages: LDAP and document databases.

use super::{NOT_PATH, PATH_AND_VALUES, Rule};
use crate::enrich::attack::class::Class::{Ldapi, Nosqli};
use crate::enrich::attack::views::View::Raw;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "ldap-filter",
        class: Ldapi,
        weight: 5,
        view: Raw,
        places: NOT_PATH,
        pattern: r"\* ?\) ?\(|\) ?\( ?[|&!]|\( ?[|&] ?\(|\*\)\)|^\*\(|\*\(\)\||\) ?\( ?\(?\s*(?:objectclass|uid|cn|sn|mail|userpassword|ou|dc|givenname|samaccountname|memberof|password|user\w*|\w{1,12})\s*(?:=|~=|>=|<=)\s*[\w*()]*\s*(?:\)|$)|(?:^|[(&|])\s*(?:objectclass|uid|cn|sn|mail|userpassword|samaccountname)\s*=\s*\*|\buserpassword\s*:\s*[\d.]+\s*:=|\( ?! ?\(|\) ?\(\s*\w+\s*=\s*\)",
        hits: &["*)(uid=*))(|(uid=*", "admin)(&)", "(&(uid=admin)(!(a=b)))", "*(|(mail=*))"],
        misses: &["f(x)(y)", "(a) (b)", "utmcsr=(direct)|utmccn=(direct)"],
    },
    Rule {
        id: "document-operator",
        class: Nosqli,
        weight: 5,
        view: Raw,
        places: PATH_AND_VALUES,
        pattern: r#"(?:^|[\[{"'\s,=])\$(?:ne|gt|gte|lt|lte|eq|in|nin|where|regex|or|and|exists|not|nor|elemmatch|expr|function|accumulator|jsonschema|mod|text|size|all|type|lookup|unionwith|match|comment|natural)\b["'\]\s:=}]|\bthis\.\w+\s*(?:==|\.match|!=|===|\.charat|\.length|\[)|\bdb\.\w+\.(?:find|insert|drop|remove|update|aggregate|count)|\bdb\.(?:getcollectionnames|injection|version|getname)|['"]\s*(?:&&|\|\|)\s*['"(]?\s*(?:this|true|false|\d|['"]\w*['"])\s*(?:==|!=|\|\||&&|[<>(;.]|$)|;\s*return\b\s*[\s(\w'"!]|['"]\s*;\s*(?:return|var|while|sleep|it=)|\bsleep\(\d+\)\s*;|\|\|\s*['"]?\d+['"]?\s*={2,3}\s*['"]?\d|\btojson(?:onearg)?\s*\(|\bfunction\s*\(\s*\)\s*\{|\bemit\s*\(|\bnew\s+date\s*\(\s*\)\s*;|\bdo\s*\{|,\s*\$where\b|\bnull\s*,\s*\$|\bobjectid\s*\("#,
        hits: &[
            "username[$ne]=x",
            "{\"$gt\":\"\"}",
            "';return true;var x='",
            "' || 1==1",
            "this.password.match(/a/)",
        ],
        misses: &["$100 in cash", "cost: $not"],
    },
];
