import { expect, test } from "vitest";
import { histogram, waits } from "../src/beacons";
import { build, type Who } from "../src/data";
import { strips } from "../src/heat";
import { lanesOf } from "../src/lanes";
import map from "../src/map.json";
import { sizesOf } from "../src/sizes";
import { touched } from "../src/techniques";
import { transfersOf } from "../src/transfers";
import { countryName, ringed, ringPlaces } from "../src/world";
import { finding, made, raw, T0 } from "./made";

test("a jump is larger than what others were given and than most tries", () => {
  const sizes = sizesOf(made(40), 1);
  expect(sizes?.b).toHaveLength(20);
  expect(sizes?.isJump.filter(Boolean)).toHaveLength(2);
  expect(sizes?.band).toEqual([100, 100]);
  expect(sizes?.control).toEqual({ p99: 120, n: 2 });
  expect(sizesOf(made(3), 1)).toBeNull();
});

test("lanes take a client's own times where there are some", () => {
  const data = build(
    raw(8, [
      finding({ clients: [0], span: [T0 + 5, T0 + 9] }),
      finding({ id: "b", stage: 3, clients: [0, 1], nClients: 2, span: [T0, T0 + 99_000] }),
      finding({ id: "c", stage: 4, clients: [0, 1], nClients: 2, span: [T0, T0 + 99_000] }),
    ]),
  );
  const who: Who = {
    client: "203.0.113.9",
    place: "",
    own: false,
    n: 1,
    stages: [
      [0, 3],
      [3, 2],
      [4, 0],
    ],
    span: null,
    taken: 0,
  };
  expect(lanesOf(data, who)).toEqual([
    { stage: 0, n: 3, span: [T0 + 5, T0 + 9], isShared: false },
    { stage: 3, n: 2, span: [T0 + 1000, T0 + 5000], isShared: false },
    { stage: 4, n: 0, span: [T0, T0 + 99_000], isShared: true },
  ]);
});

test("strips count each request in one cell", () => {
  const all = strips(made(8), [T0, T0 + 8000], 5, 4);
  expect(all.map((s) => [s.client, s.n, [...s.bins]])).toEqual([
    [0, 6, [2, 1, 2, 1]],
    [1, 2, [0, 1, 0, 1]],
  ]);
});

test("waits of a beat", () => {
  const { all, median } = waits([0, 300, 600, 901, 5000]);
  expect([all, median]).toEqual([[300, 300, 301, 4099], 301]);
  expect([...histogram(all, 900, 3)]).toEqual([0, 3, 1]);
});

test("techniques count findings, and context does not", () => {
  const t: [string, string][] = [["T1190", "Exploit"]];
  const data = build(
    raw(2, [
      finding({ stage: 3, techniques: t }),
      finding({ id: "b", stage: 3, techniques: t, level: "no_sign" }),
      finding({ id: "c", stage: 6, techniques: t, severity: "info" }),
    ]),
  );
  expect(touched(data)).toEqual([{ stage: 3, techniques: [{ id: "T1190", name: "Exploit", n: 2, isProven: true }] }]);
});

test("transfers of findings stand first, each once", () => {
  const page = (path: string, out: number) => ({
    host: "",
    path,
    n: 1,
    clients: 1,
    out,
    named: 0,
    lives: [],
  });
  const made = raw(1, [finding({ stage: 5, pages: ["/b.zip"], out: 10 })]);
  made.head.pages = [page("/b.zip", 12), page("/video", 900)];
  expect(transfersOf(build(made), 9).map((t) => [t.name, t.n, t.finding])).toEqual([
    ["/b.zip", 10, 1],
    ["/video", 900, null],
  ]);
});

test("the map has countries by their letters, and rings do not lie on one another", () => {
  const shapes = map.shapes as [string, number, number, string][];
  const codes = shapes.map(([code]) => code);
  for (const code of ["US", "NL", "DE", "FR", "NO", "CN", "SG", "XK"]) expect(codes).toContain(code);
  expect(shapes.filter(([code]) => code).length).toBeGreaterThan(200);
  for (const [, x, y, d] of shapes) {
    expect(x >= 0 && x <= map.width && y >= 0 && y <= map.height).toBe(true);
    expect(d).toMatch(/^[-Mlz0-9 ]*$/);
  }
  const places = ringPlaces(["NL", "BE", "LU", "DE", "FR", "CH", "QQ"]);
  expect(places).toHaveLength(6);
  for (const [i, [, x, y]] of places.entries())
    for (const [, a, b] of places.slice(i + 1)) expect(Math.hypot(a - x, b - y)).toBeGreaterThan(16);
  expect(countryName("NL")).toBe("Netherlands");
  expect(countryName("?")).toBe("?");
  expect([...ringed(build(raw(1)))]).toEqual([["NL", 1]]);
});
