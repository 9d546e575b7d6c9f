// The page as a reader uses it: by keyboard, by screen reader, in light, dark and on paper.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { allTables, breach, open, withBrowser, withCountries, withRows } from "./page.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const REPORT = breach();

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds nothing in ${colorScheme}`, async () => {
    // axe itself is put into the page, which the page's policy would not allow.
    await withBrowser(
      async (context) => {
        const html = withCountries(REPORT);
        const fragment = "#client=203.0.113.77&from=2026-03-03T20:00:00.000Z&to=2026-03-04T20:00:00.000Z&row=300";
        for (const asTables of [false, true]) {
          const page = await open(context, html, { fragment, colorScheme });
          assert.ok((await page.locator(".detail, .map, .actor, .in-force, .matrix").count()) >= 5);
          if (asTables) await allTables(page);
          await page.evaluate(AXE);
          const { violations, passes } = await page.evaluate(
            (part) => window.axe.run(part),
            asTables ? "#app" : "html",
          );
          const found = violations.map(
            (v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.target} ${n.failureSummary}`)}`,
          );
          assert.deepEqual(found, []);
          assert.ok(passes.length > 30);
          await page.close();
        }
      },
      { bypassCSP: true },
    );
  });
}

test("everything is reached by the keyboard", async () => {
  await withBrowser(async (context) => {
    const page = await open(context, REPORT);
    const at = () => page.evaluate(() => document.activeElement?.getAttribute("aria-activedescendant"));
    const press = async (...keys) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    // From the field before it, the table is one step away.
    await page.locator(".filters label:last-child select").focus();
    await press("Tab");
    assert.equal(await at(), "row-0");
    await press("j", "j", "ArrowDown", "k");
    assert.equal(await at(), "row-2");
    await press("PageDown");
    assert.equal(await at(), "row-18");
    await press("End");
    const last = await page.evaluate(
      () => Number(document.querySelector("[role=grid]").getAttribute("aria-rowcount")) - 2,
    );
    assert.equal(await at(), `row-${last}`);
    assert.ok(await page.locator(`#row-${last}`).isVisible());
    await press("Home", "Enter");
    assert.ok(await page.locator(".detail").isVisible());
    await press("j");
    assert.equal(await at(), "row-1");
    await press("Escape");
    assert.equal(await page.locator(".detail").count(), 0);

    // The brush.
    const start = page.getByRole("slider", { name: /Start/ });
    await start.focus();
    const before = Number(await start.getAttribute("aria-valuenow"));
    await press("Shift+ArrowRight", "ArrowRight");
    assert.ok(Number(await start.getAttribute("aria-valuenow")) > before);
    await page.waitForFunction(() => location.hash.includes("from="));
    await press("Escape");
    await page.waitForFunction(() => !location.hash.includes("from="));

    // A bar of the kill chain is a filter, and the address holds it.
    await page
      .getByRole("button", { name: /^exploit [\d,]+: / })
      .first()
      .focus();
    await press("Enter");
    await page.waitForFunction(() => location.hash.includes("stage=exploit"));
    assert.match(await page.locator(".in-force").innerText(), /^[\d,]+ of [\d,]+ requests/);
    const fragment = await page.evaluate(() => location.hash);
    const other = await open(context, REPORT, { fragment });
    assert.equal(await other.locator(".in-force").innerText(), await page.locator(".in-force").innerText());
    const deep = await open(context, REPORT, { fragment: "#row=400" });
    assert.ok(await deep.locator(".grid-rows .line.open").isVisible(), "the row of the address is in sight");

    // Whatever can take the focus shows it.
    const unseen = await page.evaluate(() => {
      const all = [...document.querySelectorAll("#app button, #app a, #app input, #app select, #app [tabindex='0']")];
      return all.filter((e) => {
        e.focus({ focusVisible: true });
        return (
          document.activeElement === e &&
          getComputedStyle(e).outlineStyle === "none" &&
          getComputedStyle(e).boxShadow === "none"
        );
      }).length;
    });
    assert.equal(unseen, 0);
    assert.deepEqual(page.messages, []);
  });
});

test("links within the page keep the state", async () => {
  await withBrowser(async (context) => {
    const page = await open(context, REPORT, { fragment: "#stage=implant" });
    const link = page.locator(".answers a").first();
    const finding = page.locator((await link.getAttribute("href")) ?? "");
    await finding.evaluate((details) => details.removeAttribute("open"));
    await link.click();
    assert.ok(await finding.evaluate((details) => details.open));
    assert.equal(await page.evaluate(() => location.hash), "#stage=implant");
  });
});

test("in print there are 2 to 6 pages, and no controls", async () => {
  await withBrowser(async (context) => {
    for (const html of [REPORT, withRows(REPORT, 100_000)]) {
      const page = await open(context, html);
      const pdf = (await page.pdf({ preferCSSPageSize: true, printBackground: true })).toString("latin1");
      const n = pdf.match(/\/Type\s*\/Page\b/g).length;
      assert.ok(n >= 2 && n <= 6, `${n} pages`);
      await page.emulateMedia({ media: "print" });
      assert.equal(await page.locator(".grid-rows").isVisible(), false);
      assert.ok(await page.locator("#requests svg.hours").isVisible());
      await page.close();
    }
  });
});

test("without script the page is complete", async () => {
  await withBrowser(
    async (context) => {
      const page = await context.newPage();
      await page.setContent(REPORT);
      for (const id of ["verdict", "do-now", "attackers", "requests", "findings", "coverage", "method"])
        assert.ok(await page.locator(`#${id}`).isVisible(), id);
      assert.equal(await page.locator("#app").innerText(), "");
    },
    { javaScriptEnabled: false },
  );
});
