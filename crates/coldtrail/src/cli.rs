//! Commands and flags: what may be typed. What it means is in `commands/`.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Reads web-server and proxy logs and answers: who attacked us, did they get in, what did they leave, what did they take
#[derive(Parser)]
#[command(
    name = "coldtrail",
    version,
    max_term_width = 79,
    arg_required_else_help = true,
    subcommand_required = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// The main job: read logs and answer the four questions
    #[command(
        after_help = "Examples:\n  coldtrail scan /var/log/nginx\n  coldtrail scan logs.tar.gz --manifest site.txt \
                            --root /var/www=/\n  zcat old.gz | coldtrail scan - -o case-17"
    )]
    Scan(Scan),
    /// Print every line as one normalised record, JSON Lines
    #[command(
        after_help = "Examples:\n  coldtrail records access.log --attacks | jq -r .client_ip | sort | uniq -c\n  coldtrail records \
                            logs/ --format ecs | gzip > to-elastic.ndjson.gz"
    )]
    Records(Records),
    /// Who fetched this URL, host, path or address; what came before and after
    #[command(after_help = "Example:\n  coldtrail who 'hxxp://bad[.]site/malware.exe' proxy/")]
    Who(Who),
    /// List the files that belong on a server, for `scan --manifest`
    #[command(
        after_help = "Example (on a clean copy of the server):\n  coldtrail manifest /var/www > site.txt"
    )]
    Manifest {
        /// Web root of a clean copy
        folder: PathBuf,
    },
    /// Documentation of a detector or a rule, or how one log line is read and judged
    #[command(
        after_help = "Examples:\n  coldtrail explain scan\n  coldtrail explain union-select\n  coldtrail explain \"$(sed -n 17p access.log)\""
    )]
    Explain {
        /// Name of a detector or of a rule, or a whole log line in quotes
        what: String,
        /// Format of the line: a name or a format string
        #[arg(long, value_name = "NAME|STRING")]
        log_format: Option<String>,
        #[command(flatten)]
        own: OwnPatterns,
    },
    /// List the formats that are read, and what each can and cannot show
    Formats,
    /// List the attack rules in force
    #[command(after_help = "Example:\n  coldtrail rules --patterns ours.toml")]
    Rules {
        #[command(flatten)]
        own: OwnPatterns,
    },
    /// Write any of the output files again from a finished scan
    #[command(
        after_help = "Examples:\n  coldtrail report case-17\n  coldtrail report case-17 timeline.csv --csv-raw\n  \
                            coldtrail report case-17 --blocklist nginx\n  coldtrail report case-17 --redact -o for-the-press"
    )]
    Report(Report),
    /// Write the completions of a shell to standard output
    #[command(
        after_help = "Example:\n  coldtrail completions bash > ~/.local/share/bash-completion/completions/coldtrail"
    )]
    Completions {
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Write a man page to standard output
    #[command(
        after_help = "Examples:\n  coldtrail man > /usr/local/share/man/man1/coldtrail.1\n  coldtrail man scan | man -l -"
    )]
    Man {
        /// Command that the page is about [default: the program]
        command: Option<String>,
    },
    #[command(hide = true)]
    Sql(NotBuilt),
    #[command(hide = true)]
    Serve(NotBuilt),
    #[command(hide = true)]
    Watch(NotBuilt),
}

/// The user's own attack rules.
#[derive(Args)]
pub(crate) struct OwnPatterns {
    /// Attack rules of your own: one regular expression a line, or TOML (repeatable)
    #[arg(long, value_name = "FILE", help_heading = "Detection", long_help = PATTERNS_HELP)]
    pub(crate) patterns: Vec<PathBuf>,
}

const PATTERNS_HELP: &str = r#"Attack rules of your own, run beside the built-in ones (repeatable)

A file is a list with one regular expression a line (# begins a comment line; class other, weight 5, all places, ids user-FILE-1 and so on), or TOML with an entry for each rule:

  [[rule]]
  id = "our-old-door"              # lower-case letters, digits, hyphens
  pattern = 'door=[0-9a-f]{8}'
  class = "code-injection"         # [default: other]
  weight = 6                       # 3 (odd) to 8 (certain); an attack from 5 [default: 5]
  view = "decoded"                 # decoded, sql, html, url, path, shell [default: decoded]
  places = ["path", "value"]       # path, value, cookie, referrer, referrer-value, user-agent, header [default: all]
  hits = ["door=00c0ffee"]         # examples that must match
  misses = ["door=open"]           # and must not
  references = ["CWE-94"]          # CWE, CAPEC, CVE, ATT&CK; shown by `coldtrail explain our-old-door`
  false_positives = "the lift"     # innocent text that sets it off; shown too

patterns = ['...', '...'] in place of pattern are alternatives. class and references before the first rule hold for all of the file. The built-in rules are written in the same way.

Patterns are matched against decoded text without regard to case, one value at a time, and speak of bytes. They run on proxy logs too, whatever their weight. At most 2,000 rules, 4,096 bytes a pattern. One that has a fixed text in every match costs nearly nothing; look-around and back-references are allowed and slower."#;

/// A planned command: whatever follows it.
#[derive(Args)]
pub(crate) struct NotBuilt {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    _rest: Vec<String>,
}

/// What every command that reads logs takes.
#[derive(Args)]
pub(crate) struct Input {
    /// Files, folders, patterns, archives, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<String>,
    /// Format of all lines: a name from `coldtrail formats`, or the server's own format string [default: found out]
    #[arg(long, value_name = "NAME|STRING", help_heading = "Input")]
    pub(crate) log_format: Option<String>,
    /// Offset of logs that do not state theirs, such as +02:00 [default: UTC]
    #[arg(long, value_name = "OFFSET", help_heading = "Input", allow_hyphen_values = true)]
    pub(crate) tz: Option<String>,
    /// Leave out what is earlier, such as 2026-03-01 or 2026-03-01T10:00:00Z
    #[arg(long, value_name = "TIME", help_heading = "Input")]
    pub(crate) since: Option<String>,
    /// Leave out what is later
    #[arg(long, value_name = "TIME", help_heading = "Input")]
    pub(crate) until: Option<String>,
    /// A proxy of yours whose X-Forwarded-For is believed, such as 10.0.0.0/8 (repeatable)
    #[arg(long, value_name = "CIDR", help_heading = "Input")]
    pub(crate) trusted_proxy: Vec<String>,
    /// Worker threads [default: one a core]
    #[arg(long, value_name = "N", help_heading = "Limits")]
    pub(crate) threads: Option<usize>,
    #[arg(long, hide = true, value_name = "SIZE")]
    pub(crate) memory: Option<String>,
    /// A database of countries and networks in the MaxMind DB format, asked before the built-in one (repeatable)
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    pub(crate) geo_db: Vec<PathBuf>,
    #[arg(long, hide = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Hash {
    Sha256,
    Blake3,
    None,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    Possible,
    Probable,
    Confirmed,
}

#[derive(Args)]
pub(crate) struct Scan {
    #[command(flatten)]
    pub(crate) input: Input,
    /// Folder for the outputs [default: ./coldtrail-TIME]
    #[arg(short, long, value_name = "DIR", help_heading = "Output")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: Output,
    /// Exit with 3 if the verdict is at least this
    #[arg(long, value_enum, value_name = "LEVEL", help_heading = "Output")]
    pub(crate) fail_on: Option<FailOn>,
    /// Exit with 4 if more lines than this were not understood, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 1.0, help_heading = "Output")]
    pub(crate) max_raw: f64,
    /// Digest of each input
    #[arg(long, value_enum, default_value_t = Hash::Sha256, help_heading = "Input")]
    pub(crate) hash: Hash,
    /// The files that belong on the server: from find, ls -lR, tar -t, git ls-files, or coldtrail manifest
    #[arg(long, value_name = "FILE", help_heading = "Detection")]
    pub(crate) manifest: Option<PathBuf>,
    /// A folder of the manifest and the URL it is served under, such as /var/www=/ (repeatable) [default: guessed]
    #[arg(long, value_name = "DIR=/URL", help_heading = "Detection")]
    pub(crate) root: Vec<String>,
    /// Known bad addresses, names and URLs: lists, CSV, MISP, STIX 2.1, Suricata rules (repeatable)
    #[arg(long, value_name = "FILE", help_heading = "Detection")]
    pub(crate) ioc: Vec<PathBuf>,
    /// Run all attack rules on proxy logs too, not only the strong ones
    #[arg(long, help_heading = "Detection")]
    pub(crate) all_rules: bool,
    #[command(flatten)]
    pub(crate) own: OwnPatterns,
    #[arg(long, hide = true, value_name = "DIR")]
    pub(crate) server_config: Option<PathBuf>,
    #[arg(long, hide = true, value_name = "DIR")]
    pub(crate) sigma: Vec<PathBuf>,
    #[arg(long, hide = true, value_name = "DIR")]
    pub(crate) crs: Option<PathBuf>,
    /// Countries that visitors are expected from, such as US,CA [default: learnt from the visitors]
    #[arg(long, value_name = "CC,CC", help_heading = "Detection", value_delimiter = ',')]
    pub(crate) expect: Vec<String>,
    #[arg(long, hide = true, value_name = "URL")]
    pub(crate) cluster: Option<String>,
    #[arg(long, hide = true)]
    pub(crate) case: bool,
}

#[derive(Args)]
pub(crate) struct Report {
    /// Folder of a finished scan
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// Names of the files to write, such as report.html [default: all that a scan writes]
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<String>,
    /// Folder for the files [default: DIR]
    #[arg(short, long, value_name = "DIR", help_heading = "Output")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// What is written and printed of a scan.
#[derive(Args)]
pub(crate) struct Output {
    /// Print the summary as JSON instead of text
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    /// Print nothing but errors
    #[arg(short, long, help_heading = "Output")]
    pub(crate) quiet: bool,
    /// Do not guard CSV cells that a spreadsheet would run
    #[arg(long, help_heading = "Output")]
    pub(crate) csv_raw: bool,
    /// Write the addresses to block for this, too (repeatable)
    #[arg(long, value_enum, value_name = "FOR", help_heading = "Output")]
    pub(crate) blocklist: Vec<Blocklist>,
    /// Write the findings in this form, too: ocsf is findings.ocsf.jsonl, class Detection Finding
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) findings_format: Vec<FindingsFormat>,
    /// Replace addresses, users and tokens by pseudonyms
    #[arg(long, help_heading = "Output", long_help = REDACT_HELP)]
    pub(crate) redact: bool,
}

const REDACT_HELP: &str = "Replace addresses, users and tokens by pseudonyms in every output

Addresses become others that nobody has (2001:db8::... for strangers, fd00::... for internal ones), names of clients client-..., accounts and e-mail addresses user-..., cookies, passwords, session ids and other tokens token-.... The same original gets the same pseudonym everywhere. Lines of which it is not known where they name somebody are withheld.

The map of pseudonyms and the key they are made with go into a file beside the output folder, DIR.pseudonyms.jsonl, that only you may read: keep it apart. Where it is there already its key is used again, so that a second run gives the same pseudonyms. Names of the servers that were contacted, paths and countries stay. Look at the result before you hand it on: what a log says in words of its own nobody can find by rule.";

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FindingsFormat {
    Jsonl,
    Ocsf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RecordFormat {
    /// One object a line, all fields of the log
    Jsonl,
    /// The same fields as columns
    Csv,
    /// Elastic Common Schema, JSON Lines
    Ecs,
    /// OCSF class HTTP Activity, JSON Lines
    Ocsf,
    #[value(hide = true)]
    Json,
    #[value(hide = true)]
    Parquet,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Blocklist {
    Nginx,
    Apache,
    Iptables,
    Nftables,
    Cloudflare,
    Csv,
}

#[derive(Args)]
pub(crate) struct Records {
    #[command(flatten)]
    pub(crate) input: Input,
    /// Only lines that are classified as an attack
    #[arg(long)]
    pub(crate) attacks: bool,
    /// Run all attack rules on proxy logs too, not only the strong ones
    #[arg(long)]
    pub(crate) all_rules: bool,
    #[command(flatten)]
    pub(crate) own: OwnPatterns,
    /// How records are written
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = RecordFormat::Jsonl, help_heading = "Output")]
    pub(crate) format: RecordFormat,
    /// Do not guard CSV cells that a spreadsheet would run
    #[arg(long, help_heading = "Output")]
    pub(crate) csv_raw: bool,
}

#[derive(Args)]
pub(crate) struct Who {
    /// A URL, host, path or address, also defanged: hxxp://bad[.]site
    pub(crate) term: String,
    #[command(flatten)]
    pub(crate) input: Input,
    /// One JSON object a line
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    /// One row of CSV a client
    #[arg(long, conflicts_with = "json", help_heading = "Output")]
    pub(crate) csv: bool,
    /// Do not guard CSV cells that a spreadsheet would run
    #[arg(long, requires = "csv", help_heading = "Output")]
    pub(crate) csv_raw: bool,
}
