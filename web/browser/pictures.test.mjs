// The page looks as in docs/: compared coarsely, so that other letters of another machine do not matter.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { breach, withBrowser } from "./page.mjs";
import { PICTURES, pathOf, take } from "./pictures.mjs";

/** How far two pictures are apart: mean difference of their cells of 16 pixels, of 255. */
async function distance(context, a, b) {
  const page = await context.newPage();
  const urls = [a, b].map((png) => `data:image/png;base64,${png.toString("base64")}`);
  const result = await page.evaluate(async ([one, other]) => {
    const load = async (url) => {
      const image = new Image();
      image.src = url;
      await image.decode();
      return image;
    };
    const images = [await load(one), await load(other)];
    const [width, height] = [Math.round(images[0].width / 16), Math.round(images[0].height / 16)];
    const cells = images.map((image) => {
      const canvas = new OffscreenCanvas(width, height);
      const c = canvas.getContext("2d");
      c.imageSmoothingQuality = "high";
      c.drawImage(image, 0, 0, width, height);
      return c.getImageData(0, 0, width, height).data;
    });
    let sum = 0;
    cells[0].forEach((value, i) => {
      sum += Math.abs(value - cells[1][i]);
    });
    return sum / (cells[0].length * 0.75);
  }, urls);
  await page.close();
  return result;
}

test("the page looks as in docs/", async () => {
  const html = breach();
  await withBrowser(async (context) => {
    for (const picture of PICTURES) {
      const kept = readFileSync(pathOf(picture[0]));
      assert.ok(kept.length < 300_000, `${picture[0]} has ${kept.length} bytes`);
      const now = await distance(context, await take(context, html, picture), kept);
      // Without its style the page must not pass for the same.
      const bare = await distance(
        context,
        await take(context, html.replace(/<style>/, '<style media="print">'), picture),
        kept,
      );
      console.log(`  ${picture[0]}: ${now.toFixed(2)}; without style ${bare.toFixed(2)}`);
      assert.ok(now < 6 && bare > 8, `${picture[0]}: ${now}, without style ${bare}`);
    }
  });
});
