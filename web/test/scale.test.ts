import { expect, test } from "vitest";
import { bytes, duration, linear, log, lowerBound, period, quantile, ticks, time, timeTicks } from "../src/scale";
import { T0 } from "./made";

test("sizes are written as the other outputs write them", () => {
  const cases: [number, string][] = [
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.00 kB"],
    [9_994, "9.99 kB"],
    [9_995, "10.0 kB"],
    [99_950, "100 kB"],
    [999_499, "999 kB"],
    [999_500, "1.00 MB"],
    [4_900_000_000, "4.90 GB"],
  ];
  for (const [n, want] of cases) expect(bytes(n)).toBe(want);
});

test("times are UTC, and what is no time is said to be none", () => {
  expect(time(T0)).toBe("2026-10-13 00:00:00");
  expect(time(Number.NEGATIVE_INFINITY)).toBe("no time");
  expect(time(9e18)).toBe("no time");
  expect(period(T0, T0 + 61_000)).toBe("2026-10-13 00:00:00 to 00:01:01");
  expect(duration(9_000_000)).toBe("2 h 30 min");
  expect(duration(250)).toBe("250 ms");
});

test("scales invert", () => {
  const x = linear([10, 20], [0, 100]);
  expect(x(15)).toBe(50);
  expect(x.invert(x(17.5))).toBeCloseTo(17.5);
  const y = log([1, 1000], [0, 300]);
  expect(y(100)).toBeCloseTo(200);
  expect(y(0)).toBe(0);
  expect(y.invert(100)).toBeCloseTo(10);
  expect(Number.isFinite(linear([5, 5], [0, 1])(5))).toBe(true);
});

test("ticks of time are round, few, and dated where a day begins", () => {
  for (const hours of [0.01, 1, 30, 24 * 40, 24 * 4000]) {
    const all = timeTicks([T0 + 1, T0 + hours * 3_600_000], 7);
    expect(all.length).toBeGreaterThan(0);
    expect(all.length).toBeLessThanOrEqual(8);
  }
  const days = timeTicks([T0, T0 + 3 * 86_400_000], 7);
  expect(days.map((t) => t.label)).toEqual(["10-13", "12:00", "10-14", "12:00", "10-15", "12:00", "10-16"]);
});

test("ticks of numbers begin at 0 and reach what is largest", () => {
  expect(ticks(384, 2)).toEqual([0, 200]);
  expect(ticks(10, 5)).toEqual([0, 2, 4, 6, 8, 10]);
});

test("quantiles and bounds of sorted numbers", () => {
  const sorted = [1, 2, 3, 4, 100];
  expect(quantile(sorted, 0.5)).toBe(3);
  expect(quantile(sorted, 1)).toBe(100);
  expect(quantile([], 0.5)).toBe(0);
  expect([0, 1, 3.5, 200].map((v) => lowerBound(sorted, v))).toEqual([0, 0, 3, 5]);
});
