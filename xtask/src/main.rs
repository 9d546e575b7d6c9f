//! Chores of the repository.
//!
//! `cargo xtask geo FOLDER` makes the files in `data/geo/` from an unpacked npm package `@ip-location-db/dbip-country`
//! (`npm pack` fetches it).
//!
//! `cargo xtask rules` checks the attack rules in `data/rules/` and packs them into `data/rules/rules.zst`, which is built
//! in.
#![allow(clippy::disallowed_methods, reason = "it reads and writes the files of the repository")]

use anyhow::{Context, Result, bail, ensure};
use coldtrail_core::enrich::attack::pack;
use coldtrail_core::enrich::{Country, CountryTable};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["geo", folder] => geo(Path::new(folder)),
        ["rules"] => rules(),
        _ => bail!("write: cargo xtask geo FOLDER, or cargo xtask rules"),
    }
}

fn geo(package: &Path) -> Result<()> {
    let out = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/geo");
    let read = |name: &str| {
        fs::read_to_string(package.join(name))
            .with_context(|| format!("{}: cannot be read", package.join(name).display()))
    };
    let about: serde_json::Value = serde_json::from_str(&read("package.json")?)?;
    let version = about["version"].as_str().context("package.json has no version")?;
    // 2.3.2026060120: year, month, day, hour of the data.
    let date = version.rsplit('.').next().filter(|d| d.len() == 10).context("the version has no date")?;
    let (Some(year), Some(month)) = (date.get(..4), date.get(4..6)) else { bail!("the version has no date") };
    let mut digests = String::new();
    for (family, shift) in [("ipv4", 0), ("ipv6", CountryTable::V6_SHIFT)] {
        let name = format!("dbip-country-{family}-num.csv");
        let csv = read(&name)?;
        let packed = CountryTable::pack(&ranges(&csv, shift).with_context(|| name.clone())?)?;
        fs::write(out.join(format!("country-{family}.zst")), packed)?;
        let digest: String = Sha256::digest(csv.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
        digests.push_str(&format!("| `{name}` | `{digest}` |\n"));
    }
    fs::write(out.join("DATE"), format!("{year}-{month}"))?;
    let source = format!(
        "# Country data\n\n`country-ipv4.zst` and `country-ipv6.zst` say in which country an address is registered. They are \
         made by\n`cargo xtask geo FOLDER` from the npm package `@ip-location-db/dbip-country`, version {version}, which is \
         DB-IP's\n\"IP to Country Lite\" of {year}-{month}.\n\nLicence: Creative Commons Attribution 4.0 International. \
         Attribution, wherever a result is shown:\n[IP Geolocation by DB-IP](https://db-ip.com).\n\n\
         Changed: neighbouring ranges of one country are joined, IPv6 is kept to 48 bits, `ZZ` is left out.\n\n\
         | file of the package | SHA-256 |\n| --- | --- |\n{digests}"
    );
    fs::write(out.join("SOURCE.md"), source)?;
    Ok(())
}

fn rules() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/rules");
    let entries: Vec<_> = fs::read_dir(&folder)?.collect::<Result<_, _>>()?;
    let mut files = Vec::new();
    for path in entries.iter().map(fs::DirEntry::path) {
        if path.extension().is_some_and(|e| e == "toml") {
            files.push((path.display().to_string(), fs::read_to_string(&path)?));
        }
    }
    files.sort();
    fs::write(folder.join("rules.zst"), pack(&files)?)?;
    Ok(())
}

/// Reads lines of first address, last address (as numbers) and country; keys are without the last `shift` bits.
fn ranges(csv: &str, shift: u32) -> Result<Vec<(u64, u64, Country)>> {
    let mut out: Vec<(u64, u64, Country)> = Vec::new();
    for (line, number) in csv.lines().zip(1..) {
        let mut fields = line.split(',');
        let (Some(first), Some(last), Some(code)) = (fields.next(), fields.next(), fields.next()) else {
            bail!("line {number}: three fields are wanted: {line}");
        };
        let Some(country) = Country::parse(code) else { continue };
        let (first, last): (u128, u128) = (first.parse()?, last.parse()?);
        ensure!(first <= last, "line {number}: ends before it begins: {line}");
        let (mut first, last) = ((first >> shift) as u64, (last >> shift) as u64);
        // Of several ranges in one network the first speaks.
        if let Some(before) = out.last() {
            first = first.max(before.1 + 1);
        }
        if first <= last {
            out.push((first, last, country));
        }
    }
    Ok(out)
}
