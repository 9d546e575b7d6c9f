//! Well-known holes of products: the request itself names what it is after.

use super::{EVERYWHERE, PATH_AND_VALUES, Place, Places, Rule};
use crate::enrich::attack::class::Class::Cve;
use crate::enrich::attack::views::View::{Path, Raw};

const PATH: Places = Places::of(&[Place::Path]);

/// A rule of this family: the id ends in the CVE number where there is one.
macro_rules! cve {
    ($id:literal, $weight:literal, $view:expr, $places:expr, $pattern:expr, [$($hit:literal),+], [$($miss:literal),*]) => {
        Rule {
            id: $id,
            class: Cve,
            weight: $weight,
            view: $view,
            places: $places,
            pattern: $pattern,
            hits: &[$($hit),+],
            misses: &[$($miss),*],
        }
    };
}

pub(super) const RULES: &[Rule] = &[
    cve!(
        "citrix-cve-2019-19781",
        7,
        Path,
        PATH,
        r"/vpns?/(?:[^?]*/)?\.\./vpns/|/vpns/(?:portal/(?:scripts|backdoor|\w+\.xml)|cfg/|services\.html)",
        ["/vpn/../vpns/cfg/smb.conf", "/vpns/portal/scripts/newbm.pl"],
        ["/vpn/index.html"]
    ),
    cve!(
        "citrix-cve-2023-3519",
        7,
        Path,
        PATH,
        r"/gwtest/formssso|/oauth/idp/\.well-known/openid-configuration/",
        ["/gwtest/formssso"],
        ["/oauth/idp/"]
    ),
    cve!(
        "drupal-cve-2018-7600",
        7,
        Raw,
        PATH_AND_VALUES,
        r"\[#(?:post_render|pre_render|lazy_builder|access_callback|markup|type|process|value)\]|#(?:post_render|pre_render|lazy_builder)\b|\bname\[#|\bmail\[#|\btimezone\[#|element_parents=[\w/%]+#value",
        ["name[#post_render][]=passthru", "mail[#markup]=id"],
        ["name[first]"]
    ),
    cve!(
        "drupal-cve-2014-3704",
        6,
        Raw,
        PATH_AND_VALUES,
        r"\bname\[\d*\s*[;'](?:[^\]]*)(?:update|insert|select|delete)\b",
        ["name[0;update users set pass=1]"],
        ["name[0]"]
    ),
    cve!(
        "struts-cve-2017-5638",
        7,
        Raw,
        EVERYWHERE,
        r"%\{\s*\(?#(?:_|nike|context|container|dm|ognl)|#_memberaccess|@ognl\.ognlcontext@|\bmethod:(?:#|%23)|(?:redirect|redirectaction|action):(?:\$|%)\{",
        ["%{(#_='multipart/form-data')", "redirect:${#a=1}"],
        ["method:get"]
    ),
    cve!(
        "spring-cve-2022-22965",
        7,
        Raw,
        PATH_AND_VALUES,
        r"class\.module\.classloader|class\[['\x22]?module|classloader\.resources\.context",
        ["class.module.classloader.resources.context.parent.pipeline.first.pattern=x"],
        ["class.module"]
    ),
    cve!(
        "spring-cve-2022-22963",
        7,
        Raw,
        EVERYWHERE,
        r"spring\.cloud\.function\.routing-expression|\bt\(java\.lang\.runtime\)",
        ["spring.cloud.function.routing-expression"],
        []
    ),
    cve!(
        "thinkphp-invokefunction",
        7,
        Raw,
        PATH_AND_VALUES,
        r"\\?think\\(?:app|request|template|module|view|container|\w+)[/\\]|index/\\?think|invokefunction|_method=__construct|filter\[\]=(?:system|passthru|exec|assert)|call_user_func_array&vars",
        ["s=index/\\think\\app/invokefunction", "_method=__construct"],
        ["i think"]
    ),
    cve!(
        "phpunit-cve-2017-9841",
        6,
        Path,
        PATH,
        r"phpunit/(?:[\w.-]+/){0,4}eval-stdin\.php|/eval-stdin\.php",
        ["/vendor/phpunit/phpunit/src/util/php/eval-stdin.php"],
        ["/phpunit/docs"]
    ),
    cve!(
        "exchange-cve-2021-34473",
        7,
        Path,
        PATH_AND_VALUES,
        r"/autodiscover/autodiscover\.json.*(?:@|powershell|mapi|ecp/)|autodiscover\.json\?@|^@?[\w.-]+/(?:mapi/nspi|powershell|ews/|ecp/)|/powershell/?\?|\bx-rps-cat\b|email=autodiscover/autodiscover\.json",
        ["/autodiscover/autodiscover.json@x.example/mapi/nspi/", "@evil.example/powershell/"],
        ["/autodiscover/autodiscover.xml"]
    ),
    cve!(
        "exchange-cve-2021-26855",
        6,
        Path,
        PATH,
        r"/owa/auth/(?:x\.js|logon\.css|\w{1,12}\.aspx?\.js)|/ecp/(?:y\.js|\w{1,4}\.js|proxylogon\.ecp|ddi/ddiservice\.svc)|/aspnet_client/(?:[\w-]+/)*\w+\.aspx",
        ["/ecp/y.js", "/aspnet_client/shell.aspx"],
        ["/owa/auth/logon.aspx"]
    ),
    cve!(
        "apache-cve-2021-41773",
        7,
        Raw,
        PATH,
        r"/(?:cgi-bin|icons|assets|static|uploads|images|css|js|fcgi-bin|scgi-bin|manual|error)/(?:\.\./|\.%2e/|%2e|%%32%65){1,}",
        ["/cgi-bin/../../../../bin/sh", "/icons/../../etc/passwd"],
        ["/cgi-bin/printenv"]
    ),
    cve!(
        "iis-code-red",
        7,
        Raw,
        EVERYWHERE,
        r"default\.ida\b|n{40,}|x{120,}|/null\.ida\b|\.ida\?[nx]{10,}",
        ["/default.ida", "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"],
        ["/default.html"]
    ),
    cve!(
        "iis-nimda",
        7,
        Path,
        EVERYWHERE,
        r"/(?:winnt/system32/cmd\.exe|scripts/root\.exe|msadc/root\.exe|root\.exe|cmd\.exe|cmd1\.exe|httpodbc\.dll|admin\.dll)(?:$|[?/\s+])|/_vti_bin/\.\.|/_mem_bin/\.\.|/msadc/\.\.|/scripts/\.\.",
        ["/scripts/root.exe", "/msadc/../../../winnt/system32/cmd.exe"],
        ["/cmd.html"]
    ),
    cve!(
        "iis-webdav-search",
        5,
        Raw,
        EVERYWHERE,
        r"(?:\xb1\x02){4,}|\x90{16,}|(?:\xe9\x82\x90){2,}|(?:/aaaa){8,}|a{120,}",
        ["%u9090%u9090%u6858%ucbd3"],
        ["search"]
    ),
    cve!(
        "confluence-cve-2022-26134",
        7,
        Raw,
        PATH,
        r"/\$\{.+(?:getruntime|scriptengine|@java|ognl|#a=)|/\$\{\(?#|/\$%7b",
        ["/${(#a=@org.apache.commons.io.ioutils@tostring(x)"],
        ["/$name"]
    ),
    cve!(
        "gitlab-exiftool",
        6,
        Raw,
        PATH_AND_VALUES,
        r"\(metadata\s*\(copyright\s*\\?\n?",
        ["(metadata (copyright \\\n"],
        ["metadata"]
    ),
    cve!(
        "bigip-cve-2020-5902",
        7,
        Path,
        PATH,
        r"/tmui/login\.jsp/?\.\.;|/hsqldb(?:;|%0a)|/tmui/.*(?:fileread|tmshcmd|directorylist)|/mgmt/tm/util/bash",
        ["/tmui/login.jsp/..;/tmui/locallb/workspace/fileread.jsp", "/mgmt/tm/util/bash"],
        ["/tmui/login.jsp"]
    ),
    cve!(
        "fortinet-cve-2018-13379",
        7,
        Path,
        EVERYWHERE,
        r"/remote/fgt_lang\b|sslvpn_websession|/dev/cmdb/",
        ["/remote/fgt_lang"],
        ["/remote/login"]
    ),
    cve!(
        "pulse-cve-2019-11510",
        7,
        Path,
        PATH,
        r"/dana-na/(?:\.\.|[^?]*/\.\.)|/dana/html5acc/guacamole/",
        ["/dana-na/../dana/html5acc/guacamole/../../etc/passwd"],
        ["/dana-na/auth/url_default/welcome.cgi"]
    ),
    cve!(
        "ivanti-cve-2024-21887",
        7,
        Path,
        PATH,
        r"/api/v1/totp/user-backup-code/\.\.|/api/v1/license/keys-status/|/mobileiron/.{0,20}/api/v2",
        ["/api/v1/totp/user-backup-code/../../license/keys-status/;id"],
        ["/api/v1/users"]
    ),
    cve!(
        "weblogic-cve-2020-14882",
        7,
        Path,
        PATH,
        r"/console/(?:css|images)/(?:\.\.|%2e|%252e)|/console(?:/[^?]{0,20})?/consolejndi\.portal|/console\.portal\?.*handle=|/_async/asyncresponseservice|/wls-wsat/\w+",
        ["/console/css/../console.portal", "/wls-wsat/coordinatorporttype"],
        ["/console/login"]
    ),
    cve!(
        "jboss-invoker",
        6,
        Path,
        PATH,
        r"/invoker/(?:readonly|jmxinvokerservlet|ejbinvokerservlet)|/jmx-console/htmladaptor|/jbossmq-httpil/",
        ["/invoker/readonly"],
        ["/invoke"]
    ),
    cve!(
        "jenkins-script",
        6,
        Path,
        PATH,
        r"/securityrealm/user/\w+/descriptorbyname/|/descriptorbyname/org\.jenkinsci\.plugins|^/(?:jenkins/)?script(?:text)?/?$|/jnlpjars/",
        ["/securityrealm/user/admin/descriptorbyname/x"],
        ["/scripts/a.js"]
    ),
    cve!(
        "solr-cve-2019-17558",
        6,
        Raw,
        PATH_AND_VALUES,
        r"params\.resource\.loader|v\.template(?:\.custom)?=|wt=velocity|/solr/\w+/dataimport\b|dataconfig=|solr\.velocityresponsewriter",
        ["wt=velocity&v.template=custom&v.template.custom=x"],
        ["/solr/select"]
    ),
    cve!(
        "vbulletin-cve-2019-16759",
        7,
        Raw,
        PATH_AND_VALUES,
        r"widgetconfig\[code\]|subwidgets\[\d\]\[config\]\[code\]|ajax/render/widget_(?:php|tabbedcontainer)",
        ["widgetconfig[code]=echo 1;", "ajax/render/widget_php"],
        ["widget"]
    ),
    cve!(
        "joomla-object",
        6,
        Raw,
        EVERYWHERE,
        r"jdatabasedriver(?:mysqli?)?|jfactory::get|\}__\w{0,20}\|o:\d+:|index\.php\?option=com_\w+&.*(?:list\[fullordering\]|\.\./)|list\[fullordering\]=\s*updatexml",
        ["}__test|o:21:\"jdatabasedrivermysqli\""],
        ["option=com_content"]
    ),
    cve!(
        "wordpress-plugin-file",
        6,
        Path,
        EVERYWHERE,
        r"revslider_show_image&img=|/wp-content/plugins/[\w-]+/(?:[\w-]+/)*(?:timthumb|thumb|upload|uploadify|download|elfinder/php/connector(?:\.minimal)?|connector\.minimal|server/php/index|file-manager/lib/php/connector\.minimal)\.php|/wp-admin/admin-ajax\.php\?action=(?:revslider|duplicator_download)|action=duplicator_download&file=",
        [
            "/wp-content/plugins/wp-file-manager/lib/php/connector.minimal.php",
            "action=duplicator_download&file=../x"
        ],
        ["/wp-content/plugins/x/style.css"]
    ),
    cve!(
        "router-command",
        6,
        Raw,
        PATH_AND_VALUES,
        r"/(?:boaform|goform)/(?:admin/)?form\w+|/hnap1\b|/setup\.cgi\?next_file|next_file=netgear\.cfg|todo=syscmd|/gponform/diag_form|/tmunblock\.cgi|/ctrlt/deviceupgrade|/cgi-bin/luci/;stok=|/picsdesc\.xml|/shell\?cd|cd\+?/tmp|cd /tmp|/board\.cgi\?cmd|/system_command\.cgi|/cgi-bin/supervisor/|/language/swedish\$\{ifs|/adv,/cgi-bin/weblogin|/cgi-bin/viewcgi|dvr\.cgi|/soap\.cgi\?service",
        ["/goform/formping", "/hnap1", "cd /tmp;rm -rf *"],
        ["/form/goal"]
    ),
    cve!(
        "zimbra-cve-2019-9670",
        6,
        Path,
        EVERYWHERE,
        r"/autodiscover/\.\.|/res/.*skin=\.\./|i18nmsg,ajxmsg,zmsg.*skin=|localconfig\.xml",
        ["/res/i18nmsg,ajxmsg,zmsg,x.js.zgz?v=1&skin=../../../opt/zimbra/conf/localconfig.xml"],
        ["/zimbra/mail"]
    ),
    cve!(
        "coldfusion-cve-2010-2861",
        6,
        Path,
        EVERYWHERE,
        r"/cfide/(?:administrator|adminapi|componentutils|scripts/ajax/fckeditor)/.*(?:\.\.|locale=)|lib/password\.properties|/cfide/adminapi/customtags",
        ["/cfide/administrator/enter.cfm?locale=../../x"],
        ["/cfide/"]
    ),
    cve!(
        "shell-upload-fckeditor",
        6,
        Path,
        PATH_AND_VALUES,
        r"/fckeditor/.*(?:upload|connector)\w*\.(?:php|asp|aspx|cfm|jsp)|/kindeditor/.*upload_json\.|/ueditor/.*controller\.ashx|action=catchimage",
        ["/fckeditor/editor/filemanager/connectors/php/connector.php"],
        ["/fckeditor/fckeditor.js"]
    ),
    cve!(
        "elasticsearch-script",
        6,
        Raw,
        PATH_AND_VALUES,
        r"script_fields.*(?:getruntime|java\.lang|exec)|/_plugin/head/\.\.|/_river/|/_snapshot/.*\.\.",
        ["/_plugin/head/../../etc/passwd"],
        ["/_search"]
    ),
    cve!(
        "awstats-command",
        6,
        Raw,
        EVERYWHERE,
        r"awstats\.pl\?.*configdir=|configdir=[|`]|\bconfigdir=\||pluginmode=:system",
        ["awstats.pl?configdir=|echo;id|"],
        ["awstats.pl"]
    ),
    cve!(
        "phpcgi-cve-2012-1823",
        7,
        Raw,
        PATH_AND_VALUES,
        r"(?:^|[?&\s])-[ds]\s*\+?(?:allow_url_include|auto_prepend_file|safe_mode|disable_functions|open_basedir|suhosin|cgi\.)|-d\s?allow_url_include|\xad\s*d\s|%add\+",
        ["-d allow_url_include=on -d auto_prepend_file=php://input"],
        ["-d"]
    ),
    cve!(
        "moveit-cve-2023-34362",
        6,
        Path,
        PATH,
        r"/moveitisapi/moveitisapi\.dll|/guestaccess\.aspx|/human2\.aspx",
        ["/moveitisapi/moveitisapi.dll"],
        ["/move"]
    ),
    cve!(
        "papercut-goanywhere-vmware",
        6,
        Path,
        PATH,
        r"/goanywhere/lic/accept|/ui/vropspluginui/rest/services/uploadova|/analytics/telemetry/ph/api/hyper/send|/catalog-portal/ui/oauth/verify|/suite-api/api/auth/token/acquire\?",
        ["/ui/vropspluginui/rest/services/uploadova"],
        ["/ui/"]
    ),
];
