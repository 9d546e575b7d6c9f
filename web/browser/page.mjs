// Pages for the browser tests: a report as coldtrail wrote it, also with other data, and a Chromium to look at it.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { chromium } from "playwright-core";

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

/** A browser with a new profile, closed and forgotten when the work is done. */
export async function withBrowser(work) {
  const profile = mkdtempSync(join(tmpdir(), "coldtrail-browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: FLAGS,
    viewport: { width: 1280, height: 900 },
  });
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

export function read(path) {
  return readFileSync(path, "utf8");
}
