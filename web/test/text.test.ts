import { expect, test } from "vitest";
import { lineCommand, shellWord } from "../src/detail";
import { clip, decodeTarget, middle, plain } from "../src/text";

test("what acts or hides is shown by its number", () => {
  expect(plain("a\u001b[31m\u0000\u202egpj\u200b\u2028\ufe0f\u{e0041}")).toBe(
    "aU+001B[31mU+0000U+202EgpjU+200BU+2028U+FE0FU+E0041",
  );
  expect(plain("\ud800x")).toBe("U+D800x");
  expect(plain("é 漢 /a?b=<c>")).toBe("é 漢 /a?b=<c>");
});

test("requests are decoded as a server would, twice if need be, and what is no UTF-8 stays", () => {
  expect(decodeTarget("/p?id=1%27+UNION%20SELECT")).toBe("/p?id=1' UNION SELECT");
  expect(decodeTarget("/%252e%252e/")).toBe("/../");
  expect(decodeTarget("/%ff%41")).toBe("/%ff%41");
  expect(decodeTarget("/%e2%80%ae")).toBe("/\u202e");
  expect(decodeTarget("a\\\\x41")).toBe("a\\x41");
});

test("long text keeps its ends", () => {
  expect(clip("abcdef", 4)).toBe("abcd…");
  expect(middle("/uploads/.cache/thumb.php", 12)).toBe("/upload….php");
  expect(middle("short", 12)).toBe("short");
});

test("a command that is copied does what it says, whatever the file is called", () => {
  expect(shellWord("a/b.log")).toBe("a/b.log");
  expect(shellWord("a'b $(x)")).toBe("'a'\\''b $(x)'");
  expect(lineCommand("web/access.log", "none", 7)).toBe("sed -n '7{p;q}' -- web/access.log");
  expect(lineCommand("a b.gz", "gzip", 7)).toBe("zcat -- 'a b.gz' | sed -n '7{p;q}'");
  expect(lineCommand("x.tar!access.log", "none", 7)).toBe("");
  expect(lineCommand("a\u001b[201~.log", "none", 7)).toBe("");
});
