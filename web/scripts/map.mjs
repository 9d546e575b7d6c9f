// Makes src/map.json: the outlines of countries, projected, as whole-number SVG paths. From Natural Earth (public domain)
// through the npm package world-atlas. Run by hand when the data change: `npm run map`.
import { readFileSync, writeFileSync } from "node:fs";
import { geoArea, geoEqualEarth, geoPath } from "d3-geo";
import { feature } from "topojson-client";

const WIDTH = 720;
// Countries that Natural Earth has no ISO number for.
const CODES = { Kosovo: "XK" };

const read = (resolution) => {
  const topology = JSON.parse(
    readFileSync(new URL(`../node_modules/world-atlas/countries-${resolution}.json`, import.meta.url)),
  );
  return feature(topology, topology.objects.countries).features;
};

// The two letters of a UN number: what a language tag makes of it.
const codeOf = (f) => {
  const [tag] = f.id ? Intl.getCanonicalLocales(`und-${f.id}`) : [];
  const code = tag?.split("-")[1];
  return CODES[f.properties.name] ?? (/^[A-Z]{2}$/.test(code ?? "") ? code : "");
};

const coarse = read("110m").filter((f) => codeOf(f) !== "AQ");
const world = { type: "FeatureCollection", features: coarse };
const projection = geoEqualEarth().fitWidth(WIDTH, world);
const path = geoPath(projection).digits(0);
const height = Math.ceil(path.bounds(world)[1][1]);
// The ring of a country with the largest area stands for it: France is not in the Atlantic.
const largest = (f) => {
  if (f.geometry.type !== "MultiPolygon") return f;
  const parts = f.geometry.coordinates.map((coordinates) => ({ type: "Polygon", coordinates }));
  return parts.reduce((a, b) => (geoArea(b) > geoArea(a) ? b : a));
};
const centre = (f) => path.centroid(largest(f)).map(Math.round);

// The same rings with steps in place of points, without those that fall together, and without rings of a dot's size.
const steps = (d) => {
  let out = "";
  for (const ring of (d ?? "").split("M").slice(1)) {
    const points = ring
      .replace("Z", "")
      .split("L")
      .map((p) => p.split(",").map(Number));
    const kept = points.filter(([x, y], i) => i === 0 || x !== points[i - 1][0] || y !== points[i - 1][1]);
    if (new Set(kept.map(String)).size < 3) continue;
    const step = ([x, y], i) => (i === 0 ? `M${x} ${y}l` : `${x - kept[i - 1][0]} ${y - kept[i - 1][1]}`);
    out += `${kept.slice(0, 1).map(step)[0]}${kept
      .slice(1)
      .map((p, i) => step(p, i + 1))
      .join(" ")
      .replaceAll(" -", "-")}z`;
  }
  return out;
};

const seen = new Set();
const shapes = [];
for (const f of coarse) {
  const code = codeOf(f);
  const d = steps(path(f));
  if (!d) continue;
  shapes.push([code, ...centre(f), d]);
  seen.add(code);
}
// Territories too small for the coarse shapes are dots.
for (const f of read("50m")) {
  const code = codeOf(f);
  if (!code || code === "AQ" || seen.has(code)) continue;
  const [x, y] = centre(f);
  if (Number.isFinite(x) && Number.isFinite(y)) shapes.push([code, x, y, ""]);
  seen.add(code);
}
shapes.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
writeFileSync(new URL("../src/map.json", import.meta.url), `${JSON.stringify({ width: WIDTH, height, shapes })}\n`);
