// Pages for the browser tests: a report as coldtrail wrote it, also with other data, and a Chromium to look at it.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { chromium } from "playwright-core";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const BLOCK = /(<script type="application\/octet-stream" id="data">)([^<]*)(<\/script>)/;

/** The data of a page. */
export function dataOf(html) {
  return JSON.parse(gunzipSync(Buffer.from(BLOCK.exec(html)[2], "base64")).toString());
}

/** The same page with other data. */
export function withData(html, data) {
  const block = gzipSync(JSON.stringify(data)).toString("base64");
  return html.replace(BLOCK, (_, open, __, close) => open + block + close);
}

/** A browser with a new profile; now and then one dies before it is up, which says nothing of the page. */
async function launch(profile, options, attempts = 3) {
  try {
    return await chromium.launchPersistentContext(profile, {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: FLAGS,
      viewport: { width: 1280, height: 900 },
      ...options,
    });
  } catch (error) {
    if (attempts <= 1) throw error;
    rmSync(profile, { recursive: true, force: true });
    return launch(profile, options, attempts - 1);
  }
}

/** Work with a browser that is closed and forgotten when it is done. */
export async function withBrowser(work, options = {}) {
  const profile = mkdtempSync(join(tmpdir(), "coldtrail-browser-"));
  const context = await launch(profile, options);
  try {
    return await work(context);
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

/** Opens a page from a file, as a reader does, and waits until its script is done. */
export async function open(context, html, { fragment = "", colorScheme = "light" } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "coldtrail-page-"));
  const file = join(folder, "report.html");
  writeFileSync(file, html);
  const page = await context.newPage();
  page.messages = [];
  page.on("console", (m) => page.messages.push(m.text()));
  page.on("pageerror", (e) => page.messages.push(String(e)));
  await page.emulateMedia({ colorScheme });
  await page.goto(`${pathToFileURL(file)}${fragment}`);
  await page.waitForSelector("html[data-ready]", { timeout: 20_000 });
  return page;
}

/** Turns every chart of a page into its table. */
export async function allTables(page) {
  const buttons = page.getByRole("button", { name: /^Show as table/ });
  while ((await buttons.count()) > 0) await buttons.first().click();
}

export function read(path) {
  return readFileSync(path, "utf8");
}

const BIN = process.env.COLDTRAIL ?? resolve(ROOT, process.env.CARGO_TARGET_DIR ?? "target", "release", "coldtrail");

/** The report of a scan with these arguments. */
export function scan(args) {
  const folder = mkdtempSync(join(tmpdir(), "coldtrail-scan-"));
  try {
    execFileSync(BIN, ["scan", "-q", ...args, "-o", folder], { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] });
    return read(join(folder, "report.html"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The report of examples/breach. */
export function breach() {
  const at = "examples/breach";
  return scan([`${at}/web`, `${at}/proxy`, "--manifest", `${at}/manifest.txt`, "--ioc", `${at}/indicators.txt`]);
}

/** The same page with clients in countries, so that there is a map. */
export function withCountries(html) {
  const data = dataOf(html);
  const codes = ["US", "NL", "DE", "BE", "SG"];
  data.head.clients.forEach((client, i) => {
    client[1] = codes[i % codes.length];
  });
  data.head.countries = [...codes, "BR"].map((code, i) => ({
    code,
    expected: i < 2,
    clients: 40 - i,
    named: i,
    n: 900 - 100 * i,
  }));
  data.head.countrySource = "Country data: made up.";
  return withData(html, data);
}

/** The same page with so many rows, made of those that are there. */
export function withRows(html, n) {
  const data = dataOf(html);
  const period = data.head.span;
  const m = data.t.length;
  const step = (period[1] - period[0]) / n;
  const times = Array.from({ length: n }, (_, i) => Math.floor(period[0] + i * step + ((i * 7919) % 1000)));
  times.sort((a, b) => a - b);
  data.t = times.map((t, i) => t - (times[i - 1] ?? 0));
  // Requests of their own, as an attack has them: each with another number.
  const targets = data.targets.slice();
  data.target = times.map((_, i) =>
    i % 3 ? (data.target[i % m] ?? 0) : targets.push(`/product.php?id=${(i * 2654435761) % 99991}'--`) - 1,
  );
  data.targets = targets;
  for (const key of ["host", "client", "method", "status", "set", "input"]) {
    const old = data[key];
    data[key] = times.map((_, i) => old[(i * 31) % m]);
  }
  data.bytes = times.map((_, i) => 200 + ((i * 48271) % 20_011));
  data.line = times.map((_, i) => 1 + ((i * 16807) % 5));
  return withData(html, data);
}
