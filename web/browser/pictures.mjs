// The pictures in docs/, of the example: `npm run pictures` takes them anew.

import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { breach, open, ROOT, withBrowser } from "./page.mjs";

/** Name, colours, and between which elements the picture is cut: from the top of one to the end of the other. */
export const PICTURES = [
  ["report.png", "light", "body > header", ".answers"],
  ["explore.png", "light", "#kill-chain", "#heat"],
  ["explore-dark.png", "dark", "#kill-chain", "#heat"],
];

export function pathOf(name) {
  return resolve(ROOT, "docs", name);
}

/** A picture of a part of the page. */
export async function take(context, html, [, colorScheme, first, last]) {
  const page = await open(context, html, { colorScheme });
  const margin = 12;
  const top = (await page.locator(first).boundingBox()).y;
  const end = await page.locator(last).boundingBox();
  const clip = {
    x: 40,
    y: Math.max(top - margin, 0),
    width: 1200,
    height: end.y + end.height - Math.max(top - margin, 0) + margin,
  };
  const png = await page.screenshot({ fullPage: true, clip });
  await page.close();
  return png;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const html = breach();
  await withBrowser(async (context) => {
    for (const picture of PICTURES) writeFileSync(pathOf(picture[0]), await take(context, html, picture));
  });
}
