//! What scanners ask every server for: the probe vocabulary. A request for one of these proves nothing, many of them
//! that were never given to anybody are a scan.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

/// What a probed path would be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ProbeKind {
    /// A file that gives away secrets or source.
    SensitiveFile,
    /// A copy or archive left behind.
    Backup,
    /// An administration page.
    Admin,
    /// A page that a content management system has.
    Cms,
    /// A web shell, by a name that shells have.
    Shell,
    /// A component with a known hole.
    Exploit,
    /// The web interface of a router, camera or appliance.
    Device,
    /// A page that tells about the server.
    Info,
    /// Another service than the web: a greeting of its protocol instead of a request.
    OtherService,
}

/// An entry of the vocabulary found in a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Probe {
    pub kind: ProbeKind,
    pub entry: &'static str,
}

/// An entry that ends in `$` must end the path or a segment; others may go on.
const VOCABULARY: &[(ProbeKind, &[&str])] = &[
    (
        ProbeKind::SensitiveFile,
        &[
            "/.env",
            "/.git/",
            "/.git$",
            "/.gitignore",
            "/.gitconfig",
            "/.svn/",
            "/.hg/",
            "/.bzr/",
            "/.aws/",
            "/.ssh/",
            "/.docker/",
            "/.kube/",
            "/.htaccess",
            "/.htpasswd",
            "/.ds_store",
            "/.npmrc",
            "/.bash_history",
            "/.vscode/",
            "/.idea/",
            "/.dockerenv",
            "/.mysql_history",
            "/id_rsa",
            "/id_dsa",
            "/wp-config",
            "/web.config",
            "/config.json$",
            "/config.yml$",
            "/config.yaml$",
            "/configuration.php",
            "/settings.py$",
            "/local_settings.py",
            "/application.properties",
            "/application.yml",
            "/appsettings.json",
            "/database.yml",
            "/secrets.yml",
            "/secrets.json",
            "/credentials",
            "/sftp-config.json",
            "/docker-compose.y",
            "/dockerfile$",
            "/composer.lock$",
            "/composer.json$",
            "/package-lock.json$",
            "/yarn.lock$",
            "/gruntfile.js$",
            "/web-inf/",
            "/etc/passwd",
            "/etc/shadow",
            "/proc/self/",
            "/server.key$",
            "/privatekey",
            "/.netrc",
            "/passwords.txt$",
            "/passwd.txt$",
            "/users.sql$",
            "/sitemanager.xml",
            "/filezilla.xml",
            "/ws_ftp.ini",
            "/.travis.yml$",
            "/.gitlab-ci.yml$",
            "/jenkinsfile$",
            "/terraform.tfstate",
        ],
    ),
    (
        ProbeKind::Backup,
        &[
            "/backup.zip$",
            "/backup.sql",
            "/backup.tar",
            "/backup.rar$",
            "/backup.gz$",
            "/backup.bak$",
            "/backup/$",
            "/backups/$",
            "/bak/$",
            "/old/$",
            "/dump.sql",
            "/db.sql",
            "/database.sql",
            "/mysql.sql",
            "/data.sql",
            "/site.zip$",
            "/www.zip$",
            "/wwwroot.zip$",
            "/web.zip$",
            "/website.zip$",
            "/public_html.zip$",
            "/htdocs.zip$",
            "/site.tar.gz$",
            "/www.tar.gz$",
            "/www.rar$",
            "/1.zip$",
            "/test.zip$",
            "/code.zip$",
            "/archive.zip$",
            "/old.zip$",
            ".php.bak$",
            ".php~$",
            ".php.old$",
            ".php.swp$",
            ".php.save$",
            ".php.orig$",
            ".asp.bak$",
            ".aspx.bak$",
            ".jsp.bak$",
            "/index.php.bak",
            "/localhost.sql$",
        ],
    ),
    (
        ProbeKind::Admin,
        &[
            "/phpmyadmin",
            "/pma/",
            "/pma$",
            "/myadmin",
            "/mysqladmin",
            "/dbadmin",
            "/sqladmin",
            "/adminer",
            "/phppgadmin",
            "/sql/$",
            "/mysql/$",
            "/administrator$",
            "/administrator/index.php",
            "/admin.php$",
            "/admin/login",
            "/admin/index.php",
            "/admin.asp",
            "/admin/$",
            "/admin$",
            "/adminpanel",
            "/admin_area",
            "/siteadmin",
            "/webadmin",
            "/cpanel$",
            "/whm/$",
            "/plesk",
            "/webmin",
            "/manager/html",
            "/manager/status",
            "/host-manager/",
            "/jmx-console",
            "/web-console/",
            "/admin-console",
            "/console/login",
            "/jenkins",
            "/script$",
            "/solr/admin",
            "/solr/$",
            "/_cat/",
            "/_cluster/",
            "/_nodes",
            "/_all_dbs",
            "/_utils/",
            "/grafana",
            "/kibana",
            "/zabbix",
            "/nagios",
            "/cacti",
            "/phpsysinfo",
            "/druid/index.html",
            "/nacos",
            "/swagger-ui",
            "/swagger.json",
            "/v2/api-docs",
            "/v2/_catalog",
            "/api-docs$",
            "/graphiql",
            "/rundeck",
            "/owa/auth/logon.aspx",
            "/owa/$",
            "/ecp/$",
            "/autodiscover/autodiscover",
            "/ews/exchange.asmx",
            "/rpc/rpcproxy.dll",
            "/remote/login$",
            "/remote/fgt_lang",
            "/dana-na/",
            "/vpn/index.html",
            "/vpns/",
            "/+cscoe+/",
            "/global-protect/",
            "/sslvpn",
            "/citrix/",
            "/tmui/login.jsp",
            "/mgmt/tm/",
            "/vsphere-client",
            "/websso/",
            "/ui/login",
            "/invoker/",
            "/jolokia",
            "/actuator",
            "/h2-console",
            "/eureka/apps",
            "/sap/bc/",
            "/sap/public/",
            "/irj/portal",
            "/nwa$",
            "/webdynpro/",
            "/crx/packmgr",
            "/crx/de/",
            "/system/console$",
            "/bin/querybuilder.json",
            "/oa_html/",
            "/psp/ps/",
            "/console/login/loginform.jsp",
            "/manager/text",
            "/nexus/$",
            "/artifactory/",
            "/gitlab/$",
            "/hystrix",
            "/nifi/$",
            "/airflow",
            "/superset",
        ],
    ),
    (
        ProbeKind::Cms,
        &[
            "/wp-login.php",
            "/wp-admin/",
            "/wp-content/plugins/",
            "/wp-includes/wlwmanifest.xml",
            "/wlwmanifest.xml",
            "/xmlrpc.php",
            "/wp-json/wp/v2/users",
            "/wordpress/",
            "/wp/$",
            "/blog/wp-login",
            "/joomla/",
            "/components/com_",
            "/index.php?option=com_",
            "/drupal/",
            "/changelog.txt$",
            "/user/register$",
            "/typo3/",
            "/magento",
            "/downloader/$",
            "/skin/adminhtml",
            "/fckeditor",
            "/kindeditor",
            "/ueditor",
            "/ckfinder",
            "/elfinder",
            "/tiny_mce/plugins",
            "/thinkphp",
            "/think/app",
            "/phpcms",
            "/dede/",
            "/plus/download.php",
            "/data/admin/allowurl.txt",
            "/e/admin/",
            "/install.php$",
            "/install/index.php",
            "/setup.php$",
            "/setup/index.php",
            "/scripts/setup.php",
            "/vtigercrm",
            "/sugarcrm",
            "/horde/",
            "/roundcube",
            "/webmail/$",
            "/squirrelmail",
            "/owncloud",
            "/nextcloud",
            "/moodle/",
            "/umbraco",
            "/sitecore/",
            "/telerik.web.ui",
            "/dnn/",
            "/bitrix/admin",
            "/cfide/",
            "/cms/$",
            "/license.txt$",
        ],
    ),
    (
        ProbeKind::Shell,
        &[
            "/shell.php",
            "/cmd.php",
            "/c99.php",
            "/r57.php",
            "/wso.php",
            "/b374k",
            "/alfa.php",
            "/alfacgiapi",
            "/indoxploit",
            "/mini.php$",
            "/up.php$",
            "/upl.php",
            "/upload.php$",
            "/uploader.php$",
            "/x.php$",
            "/1.php$",
            "/xx.php$",
            "/a.php$",
            "/test.php$",
            "/wp-shell",
            "/webshell",
            "/webshells/",
            "/shell.jsp",
            "/cmd.jsp",
            "/cmd.aspx",
            "/shell.asp",
            "/shell.aspx",
            "/backdoor",
            "/radio.php$",
            "/gel4y",
            "/fm.php$",
            "/filemanager.php$",
            "/shell?",
            "/aspxspy",
            "/phpspy",
            "/wp-22.php",
            "/moduless.php",
            "/simple.php$",
            "/about.php7",
            "/cmd.exe",
            "/root.exe",
            "_shell.php",
            "-shell.php",
            "shell.php$",
            "/mailer.php$",
            "/leaf.php",
            "/marijuana.php",
            "/wp-info.php",
            "/class.api.php",
        ],
    ),
    (
        ProbeKind::Exploit,
        &[
            "/vendor/phpunit",
            "/phpunit/",
            "/eval-stdin.php",
            "/cgi-bin/",
            "/struts",
            "/wls-wsat/",
            "/_async/",
            "/hnap1",
            "/boaform/",
            "/goform/",
            "/gponform/",
            "/setup.cgi",
            "/tmunblock.cgi",
            "/login.cgi",
            "/stssys.htm",
            "/ctrlt/deviceupgrade",
            "/picsdesc.xml",
            "/soap.cgi",
            "/ws/v1/cluster",
            "/solr/select",
            "/_search?source",
            "/_ignition/",
            "/telescope/requests",
            "/debug/default/view",
            "/console/css/",
            "/laravel/",
            "/storage/logs/laravel.log",
            "/mt-config",
            "/awstats",
            "/default.ida",
            "/msadc/",
            "/_vti_bin",
            "/_vti_pvt",
            "/_mem_bin",
            "/scripts/..",
            "/iisadmpwd",
            "/null.printer",
            "/nosuichfile",
            "/w00tw00t",
            "/muieblackcat",
            "/azenv.php",
            "/proxyheader.php",
            "/testproxy.php",
            "/judge.php",
            "/nmaplowercheck",
            "/acunetix",
            "/evox/about",
        ],
    ),
    (
        ProbeKind::Device,
        &[
            "/cgi-bin/videoconfiguration.cgi",
            "/cgi-bin/viewer/video.jpg",
            "/axis-cgi/",
            "/isapi/system/",
            "/sdk/weblanguage",
            "/webfig/",
            "/cgi-bin/authlogin.cgi",
            "/nice%20ports",
            "/nice ports,",
            "/cgi-bin/luci",
            "/webman/",
            "/system.ini?",
            "/device.rsp",
            "/videostream.cgi",
            "/onvif/",
            "/isapi/",
            "/sdk$",
            "/cgi/common.cgi",
            "/hudson",
            "/board.cgi",
            "/web_shell_cmd.gch",
            "/getcfg.php",
            "/rom-0$",
            "/currentsetting.htm",
            "/manage/account/login",
            "/geoserver",
            "/hikvision",
            "/dvr/cmd",
        ],
    ),
    (
        ProbeKind::Info,
        &[
            "/phpinfo",
            "/info.php$",
            "/php.php$",
            "/i.php$",
            "/pinfo.php",
            "/server-status",
            "/server-info$",
            "/status?full",
            "/nginx_status",
            "/elmah.axd",
            "/trace.axd",
            "/debug/pprof",
            "/env$",
            "/metrics$",
            "/heapdump",
            "/version$",
            "/.well-known/security.txt",
            "/crossdomain.xml$",
            "/clientaccesspolicy.xml$",
            "/sftp.json",
            "/error_log$",
            "/error.log$",
            "/access.log$",
            "/debug.log$",
            "/logs/$",
            "/log/$",
            "/readme.html$",
            "/test/$",
            "/_profiler",
            "/.well-known/openid",
        ],
    ),
];

/// The vocabulary, ready to search with.
#[derive(Debug)]
pub(super) struct Probes {
    automaton: AhoCorasick,
    entries: Vec<Probe>,
}

impl Probes {
    pub(super) fn new() -> Self {
        let entries: Vec<Probe> = VOCABULARY
            .iter()
            .flat_map(|(kind, list)| list.iter().map(|entry| Probe { kind: *kind, entry }))
            .collect();
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .build(entries.iter().map(|p| p.entry.trim_end_matches('$')))
            .expect("a few hundred short literals fit an automaton");
        Self { automaton, entries }
    }

    /// The first entry found in a path (or path and query) as sent; percent signs may hide one, the scan detector sees
    /// those as attacks instead.
    pub(super) fn find(&self, path: &[u8]) -> Option<Probe> {
        if is_greeting(path) {
            return Some(Probe { kind: ProbeKind::OtherService, entry: "no HTTP" });
        }
        self.automaton.find_overlapping_iter(path).find_map(|m| {
            let probe = self.entries[m.pattern().as_usize()];
            let ends = matches!(path.get(m.end()), None | Some(b'?' | b'/' | b';'));
            (ends || !probe.entry.ends_with('$')).then_some(probe)
        })
    }
}

/// What stands where a path should is none, not even one without its slash: a word, or bytes that no path has.
fn is_greeting(path: &[u8]) -> bool {
    let is_word = || path.iter().all(|b| !matches!(b, b'/' | b'.' | b':' | b'*'));
    let has_controls = || path.iter().any(u8::is_ascii_control);
    !path.is_empty() && path[0] != b'/' && (is_word() || has_controls())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, want: Option<ProbeKind>) {
        assert_eq!(Probes::new().find(path.as_bytes()).map(|p| p.kind), want, "{path}");
    }

    #[test]
    fn the_vocabulary_of_scanners() {
        check("/.env", Some(ProbeKind::SensitiveFile));
        check("/app/.GIT/config", Some(ProbeKind::SensitiveFile));
        check("/wp-login.php", Some(ProbeKind::Cms));
        check("/old/phpMyAdmin/index.php", Some(ProbeKind::Admin));
        check("/backup.zip", Some(ProbeKind::Backup));
        check("/HNAP1/", Some(ProbeKind::Exploit));
        check("/admin", Some(ProbeKind::Admin));
        check("/admin/", Some(ProbeKind::Admin));
        check("/admission", None);
        check("/index.html", None);
        check("/blog/2024/how-to-test", None);
        check("/seashell.phpx", None);
        check("HELP", Some(ProbeKind::OtherService));
        check("\u{16}\u{3}\u{1}\0t/a.b", Some(ProbeKind::OtherService));
        check("a/b.html", None);
        check("index.html", None);
        check("www.example.org:443", None);
        check("*", None);
        check("", None);
    }

    #[test]
    fn entries_are_lower_case_and_unique() {
        let probes = Probes::new();
        assert!(probes.entries.len() >= 200, "{}", probes.entries.len());
        for (i, p) in probes.entries.iter().enumerate() {
            assert_eq!(p.entry, p.entry.to_ascii_lowercase());
            assert!(probes.entries[..i].iter().all(|o| o.entry != p.entry), "{} twice", p.entry);
        }
    }
}
