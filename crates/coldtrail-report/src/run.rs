//! What belongs to one run and not to the case.

/// The run itself. It stands only in `summary.json` under `run` and in the terminal's first line.
#[derive(Clone, Debug, Default)]
pub struct Run {
    pub version: String,
    /// The whole command line.
    pub command: Vec<String>,
    /// Microseconds since 1970 UTC.
    pub started_us: i64,
    pub finished_us: i64,
    pub threads: usize,
    /// Bytes as stored, before decompression.
    pub bytes_read: u64,
    pub lines_per_s: u64,
}

impl Run {
    pub fn duration_us(&self) -> i64 {
        self.finished_us.saturating_sub(self.started_us)
    }
}

/// How the findings were made, for the report: the same for every run over the same case.
#[derive(Clone, Debug, Default)]
pub struct Method {
    pub version: String,
    /// The command line without what belongs to the run; see [`case_command`].
    pub command: Vec<String>,
    /// Options and parameters in force, with the place they come from: `--tz`, `+00:00 (assumed)`.
    pub parameters: Vec<(String, String)>,
}

/// Flags that belong to the run, with whether a value follows.
const RUN_FLAGS: [(&str, bool); 8] = [
    ("-o", true),
    ("--out", true),
    ("--threads", true),
    ("--memory", true),
    ("--cluster", true),
    ("-q", false),
    ("--quiet", false),
    ("--json", false),
];

/// The command line without output folder, threads, memory, cluster and what is printed; the program by its bare name.
pub fn case_command(command: &[String]) -> Vec<String> {
    let mut out = Vec::new();
    let mut args = command.iter();
    if let Some(program) = args.next() {
        let name = program.rsplit(['/', '\\']).next().unwrap_or(program);
        out.push(name.strip_suffix(".exe").unwrap_or(name).to_owned());
    }
    while let Some(arg) = args.next() {
        if arg == "--" {
            out.push(arg.clone());
            out.extend(args.by_ref().cloned());
            break;
        }
        match RUN_FLAGS.iter().find(|(flag, takes_value)| is_flag(arg, flag, *takes_value)) {
            Some((flag, true)) if arg == flag => {
                args.next();
            }
            Some(_) => {}
            None => out.push(arg.clone()),
        }
    }
    out
}

/// `--out`, `--out=DIR`, `-o`, `-oDIR`
fn is_flag(arg: &str, flag: &str, takes_value: bool) -> bool {
    match arg.strip_prefix(flag) {
        Some("") => true,
        Some(rest) => takes_value && (!flag.starts_with("--") || rest.starts_with('=')),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_the_run_is_left_out() {
        let check = |text: &str, want: &str| {
            let args: Vec<String> = text.split(' ').map(str::to_owned).collect();
            assert_eq!(case_command(&args).join(" "), want);
        };
        check("/usr/bin/coldtrail scan logs -o out --tz +02:00", "coldtrail scan logs --tz +02:00");
        check("coldtrail scan --threads=8 --out=x -q logs", "coldtrail scan logs");
        check("coldtrail scan -oout --memory 2G --json logs", "coldtrail scan logs");
        check("coldtrail scan --output-x logs -- -o", "coldtrail scan --output-x logs -- -o");
    }
}
