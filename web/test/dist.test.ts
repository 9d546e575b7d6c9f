import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";

const read = (name: string) => readFileSync(new URL(`../dist/${name}`, import.meta.url), "utf8");

test("the script can stand in a page, makes no code of text, and is small", () => {
  const script = read("app.js");
  for (const bad of ["</script", "<!--", "eval(", "new Function", "importScripts", "XMLHttpRequest", "fetch("])
    expect(script.toLowerCase(), bad).not.toContain(bad.toLowerCase());
  expect(gzipSync(script, { level: 9 }).length).toBeLessThan(60_000);
});

test("the style sheet can stand in a page and loads nothing", () => {
  const style = read("app.css");
  for (const bad of ["</style", "@import", "http", "url(d", 'url("', "url('", "url(/"])
    expect(style, bad).not.toContain(bad);
});
