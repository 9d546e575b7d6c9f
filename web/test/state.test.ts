import { expect, test } from "vitest";
import { EMPTY, fromFragment, matching, toFragment, within } from "../src/state";
import { made, T0 } from "./made";

test("the fragment holds the whole state", () => {
  const view = {
    filter: { ...EMPTY, client: "2001:db8::1", text: "a&b=c#d é\u202e", stage: "exploit" },
    range: [T0, T0 + 1500] as [number, number],
    axis: "period" as const,
    row: 7,
  };
  expect(fromFragment(toFragment(view))).toEqual(view);
  const nothing = { filter: EMPTY, range: null, axis: "attack" as const, row: null };
  expect(fromFragment(toFragment(nothing))).toEqual(nothing);
});

test("a fragment that names an element is no state, and nonsense is none either", () => {
  expect(fromFragment("f12")).toBeNull();
  expect(fromFragment("from=x&to=y&row=z&axis=q")).toEqual({ filter: EMPTY, range: null, axis: "attack", row: null });
  expect(fromFragment(`from=2026-10-14T00:00:00.000Z&to=2026-10-13T00:00:00.000Z`)?.range).toBeNull();
});

test("each filter keeps what it names", () => {
  const data = made(8);
  const rows = (change: Partial<typeof EMPTY>) => [...matching(data, { ...EMPTY, ...change })];
  expect(rows({})).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(rows({ client: "2001:db8::1" })).toEqual([3, 7]);
  expect(rows({ country: "NL", status: "2xx" })).toEqual([1, 5]);
  expect(rows({ country: "-" })).toEqual([3, 7]);
  expect(rows({ page: "/p.php" })).toEqual([1, 3, 5, 7]);
  expect(rows({ page: "evil.example" })).toEqual([2]);
  expect(rows({ client: "2001:" })).toEqual([3, 7]);
  expect(rows({ client: "1:" })).toEqual([]);
  expect(rows({ page: "p.ph" })).toEqual([1, 3, 5, 7]);
  expect(rows({ page: "evil" })).toEqual([2]);
  expect(rows({ status: "404" })).toEqual([0, 2, 4, 6]);
  expect(rows({ stage: "exploit" })).toEqual([1, 3, 5, 7]);
  expect(rows({ stage: "implant" })).toEqual([]);
  expect(rows({ finding: "b" })).toEqual([1, 3, 5, 7]);
  expect(rows({ finding: "unknown" })).toEqual([]);
});

test("text is looked for in requests as sent and decoded, in hosts, clients and lines", () => {
  const data = made(8);
  const rows = (text: string) => [...matching(data, { ...EMPTY, text })];
  expect(rows("1%27")).toEqual([1, 3, 5, 7]);
  expect(rows("1' union")).toEqual([1, 3, 5, 7]);
  expect(rows("EVIL")).toEqual([2]);
  expect(rows("2001:db8")).toEqual([3, 7]);
  expect(rows("sqlmap")).toEqual([1]);
  expect(rows("get")).toEqual([0, 1, 2, 3, 5, 6, 7]);
});

test("a range of time is a part of what matches, both ends in it", () => {
  const data = made(8);
  const all = matching(data, EMPTY);
  expect(within(data.rows, all, null)).toEqual([0, 8]);
  expect(within(data.rows, all, [T0 + 1000, T0 + 3000])).toEqual([1, 4]);
  expect(within(data.rows, all, [T0 - 9, T0 - 1])).toEqual([0, 0]);
});
