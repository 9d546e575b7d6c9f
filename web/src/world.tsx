// Where clients are registered: expected countries solid, others hatched, those of findings as numbered rings.

import { useSignal } from "@preact/signals";
import type { Country, Data } from "./data";
import map from "./map.json";
import { useStore } from "./parts";
import { count } from "./scale";

const MAX_RINGS = 12;
const MAX_LINES = 14;
const names = new Intl.DisplayNames(["en"], { type: "region", fallback: "code" });

/** The English name of a country's two letters. */
export function countryName(code: string): string {
  try {
    return names.of(code) ?? code;
  } catch {
    return code;
  }
}

/** Countries with clients of findings of at least medium severity, most telling first: how many such clients. */
export function ringed(data: Data): Map<string, number> {
  const clients = new Set(
    data.findings.filter((f) => f.severity !== "low" && f.severity !== "info").flatMap((f) => f.clients),
  );
  const of = new Map<string, number>();
  for (const i of clients) {
    const code = data.clients[i]?.[1];
    if (code) of.set(code, (of.get(code) ?? 0) + 1);
  }
  return of;
}

/** Why a country stands where it does. */
export function reason(country: Country, named: number): string {
  const found = named ? `${count(named)} in findings` : "";
  const expected = country.expected === null ? "" : country.expected ? "expected" : "not expected";
  const surprise = country.bits ? `surprise ${country.bits} bits` : "";
  return [found, expected, surprise].filter(Boolean).join(", ") || "-";
}

export function World() {
  const store = useStore();
  const { data } = store;
  const isAll = useSignal(false);
  if (!data.countries.length) return null;
  const rings = ringed(data);
  const of = new Map(data.countries.map((c) => [c.code, c]));
  const order = [...data.countries].sort(
    (a, b) => (rings.get(b.code) ?? 0) - (rings.get(a.code) ?? 0) || b.named - a.named || b.n - a.n,
  );
  const numbered = order.filter((c) => rings.has(c.code)).slice(0, MAX_RINGS);
  const shown = isAll.value ? order : order.slice(0, MAX_LINES);
  const kind = (code: string) => {
    const c = of.get(code);
    return !c ? "none" : c.expected === null ? "unknown" : c.expected ? "expected" : "unexpected";
  };
  const isOn = (code: string) => code !== "" && store.filter.value.country === code;
  return (
    <section class="panel wide" id="world" aria-labelledby="world-title">
      <div class="bar">
        <h3 id="world-title">Where clients are registered</h3>
      </div>
      <p class="lead">
        {data.expectation} {rings.size > 0 && "Rings are numbered as in the table. "}A place alone proves nothing.
      </p>
      <div class="world">
        <div>
          <svg
            class="map"
            viewBox={`0 0 ${map.width} ${map.height}`}
            role="img"
            aria-label="World map of the clients' countries; the table beside it has the numbers"
            onClick={(e) => {
              const code = ((e.target as Element).closest?.("[data-code]") as SVGElement | null)?.dataset.code;
              if (code && of.has(code)) store.pick({ country: code });
            }}
          >
            <defs>
              <pattern
                id="unexpected-hatch"
                width="4"
                height="4"
                patternUnits="userSpaceOnUse"
                patternTransform="rotate(45)"
              >
                <rect class="hatch-back" width="4" height="4" />
                <rect class="hatch-line" width="1.6" height="4" />
              </pattern>
            </defs>
            {(map.shapes as [string, number, number, string][]).map(([code, x, y, d], i) =>
              d ? (
                <path key={i} class={`${kind(code)}${isOn(code) ? " on" : ""}`} data-code={code} d={d}>
                  {of.has(code) && <title>{`${countryName(code)}: ${count(of.get(code)?.n ?? 0)} requests`}</title>}
                </path>
              ) : of.has(code) ? (
                <circle key={i} class={kind(code)} data-code={code} cx={x} cy={y} r={2.5}>
                  <title>{`${countryName(code)}: ${count(of.get(code)?.n ?? 0)} requests`}</title>
                </circle>
              ) : null,
            )}
            {ringPlaces(numbered.map((c) => c.code)).map(([code, x, y], i) => (
              <g key={code} class="ring-mark" data-code={code}>
                <circle cx={x} cy={y} r={8} />
                <text x={x} y={y + 3.4} text-anchor="middle">
                  {i + 1}
                </text>
              </g>
            ))}
          </svg>
          <p class="legend">
            <span class="swatch expected-swatch" /> expected <span class="swatch unexpected-swatch" /> not expected{" "}
            <span class="swatch ring-swatch" /> clients of findings
          </p>
          <p class="more">{data.countrySource} Outlines: Natural Earth.</p>
        </div>
        <div>
          <section class="scroll twin" aria-label="Countries, most telling first" tabindex={0}>
            <table class="data">
              <caption class="hidden">Countries, most telling first</caption>
              <thead>
                <tr>
                  <th scope="col">#</th>
                  <th scope="col" class="text">
                    Country
                  </th>
                  <th scope="col">Clients</th>
                  <th scope="col">Requests</th>
                  <th scope="col" class="text">
                    Why
                  </th>
                </tr>
              </thead>
              <tbody>
                {shown.map((c) => (
                  <tr key={c.code} class={rings.has(c.code) ? "named" : ""}>
                    <td>{numbered.includes(c) ? numbered.indexOf(c) + 1 : ""}</td>
                    <th scope="row">
                      <button
                        type="button"
                        class="link"
                        aria-pressed={isOn(c.code)}
                        onClick={() => store.pick({ country: c.code })}
                      >
                        {countryName(c.code)}
                      </button>
                    </th>
                    <td>{count(c.clients)}</td>
                    <td>{count(c.n)}</td>
                    <td class="text">{reason(c, rings.get(c.code) ?? 0)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
          {order.length > MAX_LINES && (
            <button
              type="button"
              class="quiet"
              onClick={() => {
                isAll.value = !isAll.value;
              }}
            >
              {isAll.value ? `Only the first ${MAX_LINES}` : `Show all ${order.length}`}
            </button>
          )}
        </div>
      </div>
    </section>
  );
}

/** Places of rings, pushed apart where they would lie on one another: Europe is small. */
export function ringPlaces(codes: string[]): [string, number, number][] {
  const shapes = new Map((map.shapes as [string, number, number, string][]).map((s) => [s[0], s]));
  const placed: [string, number, number][] = [];
  for (const code of codes) {
    const shape = shapes.get(code);
    if (!shape) continue;
    let [x, y] = [shape[1], shape[2]];
    for (let step = 1; step < 60 && placed.some(([, a, b]) => Math.hypot(a - x, b - y) < 17); step++) {
      const angle = step * 2.4;
      x = shape[1] + Math.cos(angle) * step * 1.6;
      y = shape[2] + Math.sin(angle) * step * 1.6;
    }
    placed.push([code, Math.round(x), Math.round(y)]);
  }
  return placed;
}
