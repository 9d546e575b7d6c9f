// Everything in a log was written by an attacker: nothing of it runs, loads, or changes the page.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { allTables, dataOf, open, scan, withBrowser } from "./page.mjs";

/** Listens on the loopback and remembers what was asked for. */
async function listener(work) {
  const asked = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    response.end("");
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  try {
    return await work(`http://127.0.0.1:${server.address().port}`, asked);
  } finally {
    server.close();
  }
}

function hostileLog(origin) {
  const texts = [
    `<img src=${origin}/img onerror=fetch('${origin}/onerror')>`,
    `</script><script>document.title='owned';new Image().src='${origin}/script'</script>`,
    `</style><link rel=stylesheet href=${origin}/style>`,
    `<iframe src=${origin}/frame></iframe>`,
    `"><svg onload="new Image().src='${origin}/svg'">`,
    "\u202egpj.exe\u200b\ufeff",
    "\u001b]0;owned\u0007\u001b[31m",
    "a\u0000b",
    "<!--<script>",
    "javascript:alert(1)",
    "%3Cscript%3Ealert(1)%3C/script%3E%E2%80%AE%00",
  ];
  const line = (i, path, status, agent) =>
    `203.0.113.9 - - [13/Oct/2026:10:${String(Math.floor(i / 60)).padStart(2, "0")}:${String(i % 60).padStart(2, "0")} +0000] "GET ${path} HTTP/1.1" ${status} ${900 + i} "-" "${agent}"\n`;
  const lines = [];
  for (let i = 0; i < 60; i++) {
    const text = texts[i % texts.length].replaceAll('"', "%22").replaceAll(" ", "+");
    lines.push(
      line(
        i,
        `/p.php?id=1'+UNION+SELECT+${i}--${text}`,
        i % 2 ? 200 : 404,
        texts[(i + 1) % texts.length].replaceAll('"', "'"),
      ),
    );
  }
  return lines.join("");
}

test("a hostile log is text, and nothing is asked for", async () => {
  await listener(async (origin, asked) => {
    const folder = mkdtempSync(join(tmpdir(), "coldtrail-hostile-"));
    writeFileSync(join(folder, "access.log"), hostileLog(origin));
    const html = scan([join(folder, "access.log")]);
    rmSync(folder, { recursive: true });
    assert.ok(dataOf(html).t.length >= 60, "its lines are part of the page");
    await withBrowser(async (context) => {
      const page = await open(context, html);
      page.on("dialog", (d) => page.messages.push(d.message()));
      const title = await page.title();
      // Every row is drawn, opened, and shown in every chart and table.
      await page.locator(".grid-rows").focus();
      await page.keyboard.press("Enter");
      const seen = [];
      for (let i = 0; i < 25; i++) {
        seen.push(await page.locator(".detail").innerText());
        await page.keyboard.press("j");
      }
      await allTables(page);
      await page.evaluate(() => {
        for (const details of document.querySelectorAll("details")) details.open = true;
      });
      await page.waitForTimeout(300);
      assert.ok(
        seen.some((t) => t.includes("U+202E")) &&
          seen.some((t) => t.includes("U+001B")) &&
          seen.some((t) => t.includes("<img src=")),
      );
      assert.equal(await page.title(), title);
      assert.equal(await page.locator("img, iframe, link, object, embed, base, form").count(), 0);
      assert.equal(await page.locator("script").count(), 2);
      const links = await page.locator("a").evaluateAll((all) => all.map((a) => a.getAttribute("href")));
      assert.deepEqual(
        links.filter((href) => !href?.startsWith("#")),
        [],
      );
      assert.deepEqual(page.messages, []);
    });
    assert.deepEqual(asked, []);
  });
});

test("what is put into the page as markup is stopped by its policy; without it the listener would hear", async () => {
  await listener(async (origin, asked) => {
    const folder = mkdtempSync(join(tmpdir(), "coldtrail-hostile-"));
    writeFileSync(join(folder, "access.log"), hostileLog(origin));
    const html = scan([join(folder, "access.log")]).replace(
      "<main>",
      `<main><img src="${origin}/img" onerror="document.title='owned'"><link rel="stylesheet" href="${origin}/style"><iframe src="${origin}/frame"></iframe><script>new Image().src='${origin}/script'</script><p style="background:url(${origin}/attribute)">`,
    );
    rmSync(folder, { recursive: true });
    const look = (context) => open(context, html).then((page) => page.waitForTimeout(500));
    await withBrowser(look);
    assert.deepEqual(asked, []);
    await withBrowser(look, { bypassCSP: true });
    assert.ok(asked.includes("/img") && asked.includes("/script"), asked.join());
  });
});
