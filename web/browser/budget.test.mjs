// 100,000 rows: how large the file is, when it is ready, and whether brush and filters keep up with the hand.

import assert from "node:assert/strict";
import { test } from "node:test";
import { breach, open, withBrowser, withRows } from "./page.mjs";

const N = 100_000;
const HTML = withRows(breach(), N);

const median = (all) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)];

test("the file is under 1.5 MB", () => {
  console.log(`  ${N} rows: ${(HTML.length / 1e6).toFixed(2)} MB`);
  assert.ok(HTML.length < 1.5e6, `${HTML.length} bytes`);
});

test("it is ready in 2 s, a frame of the brush takes no longer than 34 ms, a letter of a filter no longer than 200", async () => {
  await withBrowser(async (context) => {
    // The machine may be busy with something else: the best of three counts.
    const ready = [];
    let page;
    for (let i = 0; i < 3; i++) {
      await page?.close();
      page = await open(context, HTML);
      ready.push(Number(await page.evaluate(() => document.documentElement.dataset.ready)));
    }
    assert.ok(Math.min(...ready) < 2000, `ready after ${ready} ms`);
    assert.match(await page.locator("#requests-explorer .lead[role=status]").innerText(), /^100,000 requests/);
    assert.ok((await page.locator(".grid-rows [role=row]").count()) < 40, "only rows in sight are in the document");

    // Frames while the brush is drawn from left to right: work of the script and of the layout in each.
    await page.locator(".brush").scrollIntoViewIfNeeded();
    const box = await page.locator(".brush").boundingBox();
    const frames = await page.evaluate(
      async ({ left, top, width }) => {
        const brush = document.querySelector(".brush");
        brush.setPointerCapture = () => {};
        const send = (type, x) =>
          brush.dispatchEvent(
            new PointerEvent(type, { bubbles: true, clientX: x, clientY: top + 40, button: 0, pointerId: 1 }),
          );
        const frame = () => new Promise((done) => requestAnimationFrame(done));
        const took = [];
        send("pointerdown", left + 100);
        for (let i = 0; i < 90; i++) {
          await frame();
          const start = performance.now();
          send("pointermove", left + 110 + ((width - 220) * i) / 90);
          await frame();
          took.push(performance.now() - start);
        }
        send("pointerup", left + width - 110);
        return took;
      },
      { left: box.x, top: box.y, width: box.width },
    );
    const shown = await page.locator("#requests-explorer .lead[role=status]").innerText();
    assert.ok(/^[\d,]+ of 100,000/.test(shown) && !shown.startsWith("100,000"), shown);

    const letters = await page.evaluate(async () => {
      const input = document.querySelector("input[type=search]");
      const took = [];
      for (const text of ["u", "un", "uni", "id=1", "id=12", "203.", "203.0", "product", "", "wget"]) {
        const start = performance.now();
        input.value = text;
        input.dispatchEvent(new Event("input", { bubbles: true }));
        await new Promise((done) => setTimeout(done));
        took.push(performance.now() - start);
      }
      return took;
    });
    console.log(
      `  ready ${ready.map(Math.round)} ms; brush frame ${median(frames).toFixed(1)} ms; filter ${median(letters).toFixed(1)} ms (medians)`,
    );
    assert.ok(median(frames) <= 34, `${median(frames)} ms a frame`);
    assert.ok(median(letters) <= 200, `${median(letters)} ms a letter`);
    assert.deepEqual(page.messages, []);
  });
});
