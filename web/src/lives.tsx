// The lives of the pages that findings name: when each was there, and when it was missing.

import type { Data, Page } from "./data";
import { onEnter } from "./lanes";
import { Chart, TimeAxis, useStore, useWidth } from "./parts";
import { bytes, clamp, count, linear, period } from "./scale";
import { Log, middle, plain } from "./text";

const MAX_PAGES = 12;
const ROW = 24;
const OK = 0;
const MISSING = 4;

/** Pages that were given out first: artefacts before others, then by findings. */
export function telling(data: Data, most: number): Page[] {
  const artefacts = new Set(data.findings.flatMap((f) => f.artefacts));
  const grave = new Set(
    data.findings
      .filter((f) => ["medium", "high", "critical"].includes(f.severity) && f.pages.length <= 4)
      .flatMap((f) => f.pages),
  );
  const weight = (p: Page) =>
    (artefacts.has(p.path) ? 8 : 0) + (grave.has(p.path) ? 4 : 0) + (span(p, OK) ? 2 : 0) + (p.named ? 1 : 0);
  return data.pages
    .map((p, i) => ({ p, i }))
    .filter(({ p }) => p.named > 0 && p.lives.some((l) => l.length === 3))
    .sort((a, b) => weight(b.p) - weight(a.p) || a.i - b.i)
    .slice(0, most)
    .map(({ p }) => p);
}

function span(page: Page, kind: number): [number, number] | null {
  const life = page.lives[kind];
  return life?.length === 3 ? [life[1], life[2]] : null;
}

function n(page: Page, kind: number): number {
  return page.lives[kind]?.[0] ?? 0;
}

export function PageLives() {
  const store = useStore();
  const { data } = store;
  const { ref, width } = useWidth<HTMLDivElement>(520);
  const all = telling(data, MAX_PAGES);
  if (!all.length) return null;
  const left = Math.round(width * 0.36);
  const domain = data.period;
  const x = linear(domain, [left, width - 76]);
  const at = (t: number) => clamp(x(t), left, width - 76);
  const height = all.length * ROW + 22;
  return (
    <Chart
      id="lives"
      title="Lives of pages"
      lead="Pages that findings name, over the whole period: when they were answered 2xx, and when they were missing."
      table={() => ({
        columns: [
          "Page",
          "2xx",
          "First to last 2xx (UTC)",
          "Missing",
          "First to last missing (UTC)",
          "Clients",
          "Bytes out",
        ],
        rows: all.map((p) => {
          const [ok, missing] = [span(p, OK), span(p, MISSING)];
          return [
            <Log key="p" text={p.host + p.path} />,
            count(n(p, OK)),
            ok ? period(...ok) : "-",
            count(n(p, MISSING)),
            missing ? period(...missing) : "-",
            count(p.clients),
            bytes(p.out),
          ];
        }),
      })}
    >
      <div ref={ref}>
        <svg class="chart-svg" width={width} height={height} role="group" aria-label="Lives of pages">
          <TimeAxis
            domain={domain}
            x={x}
            top={0}
            bottom={height - 20}
            most={Math.max(2, Math.floor((width - left) / 120))}
          />
          {all.map((p, row) => {
            const y = row * ROW + 12;
            const spans = p.lives.map((_, kind) => span(p, kind)).filter((s) => s !== null);
            const first = Math.min(...spans.map((s) => s[0]));
            const last = Math.max(...spans.map((s) => s[1]));
            const [ok, missing] = [span(p, OK), span(p, MISSING)];
            const shown = plain(middle(p.path, Math.floor(left / 7.2)));
            const amount = n(p, OK) ? `${count(n(p, OK))} × 2xx` : `${count(p.n)} ×, no 2xx`;
            const choose = () => store.pick({ page: p.path });
            return (
              <g
                key={p.host + p.path}
                class="press"
                role="button"
                tabindex={0}
                aria-pressed={store.filter.value.page === p.path}
                onClick={choose}
                onKeyDown={onEnter(choose)}
              >
                <title>{`${shown} ${amount}: ${plain(p.path)}, ${count(n(p, MISSING))} missing`}</title>
                <rect class="hit" x={0} y={y - ROW / 2} width={width} height={ROW} />
                <text class={store.filter.value.page === p.path ? "name on" : "name"} x={0} y={y + 4}>
                  {shown}
                </text>
                <line class="life" x1={at(first)} x2={at(last)} y1={y} y2={y} />
                {ok && (
                  <rect
                    class="there"
                    x={at(ok[0])}
                    y={y - 4}
                    width={Math.max(at(ok[1]) - at(ok[0]), 3)}
                    height={8}
                    rx={1}
                  />
                )}
                {missing && (
                  <g class="missing">
                    <path d={cross(at(missing[0]), y)} />
                    {missing[1] > missing[0] && <path d={cross(at(missing[1]), y)} />}
                  </g>
                )}
                <text class="note" x={width} y={y + 4} text-anchor="end">
                  {amount}
                </text>
              </g>
            );
          })}
        </svg>
      </div>
      <p class="legend">
        <span class="swatch there-swatch" /> there (2xx) <span class="swatch cross-swatch">×</span> first and last time
        missing <span class="swatch life-swatch" /> asked for
      </p>
    </Chart>
  );
}

function cross(x: number, y: number): string {
  return `M${x - 3.5} ${y - 3.5}l7 7m0-7l-7 7`;
}
