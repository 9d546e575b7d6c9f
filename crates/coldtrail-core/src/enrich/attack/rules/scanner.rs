//! Tools that give their name, in the user agent or in what they send.

use super::{EVERYWHERE, Place, Places, Rule};
use crate::enrich::attack::class::Class::Scanner;
use crate::enrich::attack::views::View::Raw;

const AGENT: Places = Places::of(&[Place::UserAgent]);

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "vulnerability-scanner",
        class: Scanner,
        weight: 5,
        view: Raw,
        places: AGENT,
        pattern: r"\b(?:sqlmap|nikto|nuclei|acunetix|w3af|netsparker|invicti|arachni|nessus|openvas|gvm-?scan|greenbone|qualys|webinspect|appscan|burp(?:suite)?|zaproxy|owasp zap|vega/|skipfish|wapiti|wpscan|joomscan|droopescan|cmsmap|whatweb|jaeles|havij|pangolin|sqlninja|bsqlbf|absinthe|commix|xsstrike|dalfox|dotdotpwn|fimap|grendel-scan|grabber|golismero|vulners|detectify|intruder\.io|projectdiscovery|tplmap|nosqlmap|ysoserial|metasploit|msfconsole|core-project|n-stealth|webshag|paros|rapid7|nexpose|sitelock|pentest|gotestwaf|crlfuzz|cvescan|xray/|goby|awvs|yakit|fuxi|kxss|\w+\.nasl)\b",
        hits: &["sqlmap/1.7.4#stable (https://sqlmap.org)", "mozilla/5.0 (nikto/2.1.6)"],
        misses: &["mozilla/5.0 (x11; linux x86_64)", "venezia/1.0"],
    },
    Rule {
        id: "content-scanner",
        class: Scanner,
        weight: 5,
        view: Raw,
        places: AGENT,
        pattern: r"\b(?:dirbuster|dirsearch|gobuster|feroxbuster|wfuzz|ffuf|fuzz faster u fool|dirb|dirhunt|webslayer|bfac|cansina|patator|hydra|medusa|brutus|whatwaf|wafw00f|cyberfuzz|kiterunner|katana/|gospider|hakrawler|httprobe|aquatone|eyewitness|gowitness|gau/|waybackurls|subfinder|theharvester|photon/|meg/)",
        hits: &["feroxbuster/2.10.0", "fuzz faster u fool v2.0.0"],
        misses: &["mozilla/5.0"],
    },
    Rule {
        id: "network-scanner",
        class: Scanner,
        weight: 5,
        view: Raw,
        places: AGENT,
        pattern: r"\b(?:masscan|zgrab|nmap|nmap scripting engine|zmeu|morfeus|l9explore|l9tcpid|leakix|muhstik|hello,? world|gh0st|jorgee|xmlset_roodkcable|the mysterious|scanbot|netcraft survey agent|internet-?measurement|expanse|censysinspect|shodan|odin|stretchoid|nimbostratus|project-resonance|onyphe|internettl|httpx - open-source|tlsx|naabu|rustscan|fasthttp-scan|webpros|libredtail-http|mozi[/.]|hakai|lolol|botnet|mirai|kaiten|bot\.sh|loligang|okhttp-scan|cgi-?scan|whisker|funwebproducts-scan|toata dragostea|made by zmeu|python-requests/\S+ nuclei)\b",
        hits: &[
            "masscan/1.3 (https://github.com/robertdavidgraham/masscan)",
            "mozilla/5.0 zgrab/0.x",
            "hello, world",
        ],
        misses: &["mozilla/5.0 (compatible; bingbot/2.0)"],
    },
    Rule {
        id: "scanner-token",
        class: Scanner,
        weight: 5,
        view: Raw,
        places: EVERYWHERE,
        pattern: r"acunetix[\W_]?(?:wvs|web|test|premium)|acunetix-wvs|\bnessus[\w.-]*\.(?:html|nasl|php|txt|jsp|asp)|netsparker\w*|nsextt=|\bappscan\b|\bwebinspect\b|/w3af|w3af\.\w+|\bqualys\w*\.|\bnikto(?:test|[-/_.])|\bbxss\.me|r87\.me|\bxsstest\b|openvas[-_]|whcc[0-9]{3}|skipfish|/\w*nmaplowercheck\d+|nmaplowercheck|nmap/folder/check|\bburpsuite\b|/\.\./\.\./\.\./testfire|zap(?:roxy|_|%)?\d{6,}|\bsqlmap\b|9999999\.1 union|/thereisnowaythat-you-canbethere|/jaeles|/nuclei\b",
        hits: &["/acunetix-wvs-test-for-some-inexistent-file", "/nmaplowercheck123", "ns:netsparker056650"],
        misses: &["/nessie"],
    },
];
