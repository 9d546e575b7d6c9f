import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { build, decode, lines, sums } from "../src/data";
import { finding, made, raw, T0 } from "./made";

test("columns are undone from their differences", () => {
  expect([...sums([null, 5, 1, null, 2], Number.NEGATIVE_INFINITY)]).toEqual([
    Number.NEGATIVE_INFINITY,
    5,
    6,
    Number.NEGATIVE_INFINITY,
    8,
  ]);
  expect([...lines([10, 7, 5, 1], [0, 1, 0, 1])]).toEqual([10, 7, 15, 8]);
});

test("the block reads back, and what a log says stays as it is", async () => {
  const before = raw(3);
  before.targets[0] = "</script><img onerror=x>\u202e\u0000\u001b é";
  const data = await decode(gzipSync(JSON.stringify(before)).toString("base64"));
  expect(data.rows.n).toBe(3);
  expect(data.targets[0]).toBe(before.targets[0]);
  expect([...data.rows.t]).toEqual([T0, T0 + 1000, T0 + 2000]);
  expect(data.rows.raw.get(1)).toContain("sqlmap");
  expect([data.rows.host[0], data.rows.host[2], data.rows.bytes[0]]).toEqual([-1, 0, -1]);
  expect([...data.setStages]).toEqual([1, 9, 0]);
});

test("other layouts are refused", () => {
  const other = raw(1);
  other.head.layout = 2;
  expect(() => build(other)).toThrow("layout 2");
});

test("the attack window is that of the gravest findings, with a margin, inside the period", () => {
  const data = build(
    raw(10, [
      finding({ severity: "low", span: [T0, T0 + 7_000_000] }),
      finding({ id: "b", severity: "critical", span: [T0 + 1_000_000, T0 + 2_000_000] }),
    ]),
  );
  expect(data.attack).toEqual([T0 + 970_000, T0 + 2_030_000]);
  expect(build(raw(10, [])).attack).toEqual(data.period);
  expect(made(1).period).toEqual([T0, T0 + 7_200_000]);
});
