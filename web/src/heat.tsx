// When each client asked: a strip of cells for each, on the common axis.

import { useMemo } from "preact/hooks";
import type { Data, Span } from "./data";
import { Chart, TimeAxis, useStore, useWidth } from "./parts";
import { count, counted, linear, period } from "./scale";
import { Log, middle, plain } from "./text";

const MAX_CLIENTS = 12;
const BINS = 72;
const LEFT = 120;
const ROW = 18;

export interface Strip {
  client: number;
  n: number;
  bins: Uint32Array;
}

/** Requests by client and part of the domain: those with most first. */
export function strips(data: Data, domain: Span, most: number, bins: number): Strip[] {
  const { rows } = data;
  const of = new Map<number, Strip>();
  const step = (domain[1] - domain[0]) / bins;
  for (let i = 0; i < rows.n; i++) {
    const t = rows.t[i] ?? 0;
    const client = rows.client[i] ?? -1;
    const bin = Math.floor((t - domain[0]) / step);
    if (client < 0 || bin < 0 || bin >= bins) continue;
    let strip = of.get(client);
    if (!strip) {
      strip = { client, n: 0, bins: new Uint32Array(bins) };
      of.set(client, strip);
    }
    strip.n++;
    strip.bins[bin] = (strip.bins[bin] ?? 0) + 1;
  }
  return [...of.values()].sort((a, b) => b.n - a.n || a.client - b.client).slice(0, most);
}

export function HeatStrip() {
  const store = useStore();
  const { data } = store;
  const { ref, width } = useWidth<HTMLDivElement>(520);
  const domain = store.domain.value;
  const all = useMemo(() => strips(data, domain, MAX_CLIENTS, BINS), [data, domain]);
  if (!all.length) return null;
  const x = linear(domain, [LEFT, width - 4]);
  const step = (domain[1] - domain[0]) / BINS;
  const height = all.length * ROW + 22;
  const max = Math.max(...all.flatMap((s) => [...s.bins]));
  const name = (s: Strip) => data.clients[s.client]?.[0] ?? "";
  return (
    <Chart
      id="heat"
      title="Clients over time"
      lead="Requests that findings rest on, darker where there are more. Press a cell for that client and time."
      table={() => ({
        columns: ["Client", "Requests here", "Busiest part", "Requests in it"],
        rows: all.map((s) => {
          const peak = s.bins.indexOf(Math.max(...s.bins));
          const from = domain[0] + peak * step;
          return [<Log key="c" text={name(s)} />, count(s.n), period(from, from + step), count(s.bins[peak] ?? 0)];
        }),
      })}
    >
      <div ref={ref}>
        <svg
          class="chart-svg"
          width={width}
          height={height}
          role="group"
          aria-label="Clients over time"
          onClick={(e) => {
            const cell = (e.target as Element).closest?.("[data-bin]") as SVGElement | null;
            const strip = all[Number(cell?.dataset.strip)];
            if (!cell || !strip) return;
            const from = domain[0] + Number(cell.dataset.bin) * step;
            store.set({ client: name(strip) });
            store.range.value = [from, from + step];
          }}
        >
          <TimeAxis
            domain={domain}
            x={x}
            top={0}
            bottom={height - 20}
            most={Math.max(2, Math.floor((width - LEFT) / 100))}
          />
          {all.map((s, row) => {
            const isOn = store.filter.value.client === name(s);
            return (
              <g key={s.client}>
                <text
                  class={isOn ? "name press on" : "name press"}
                  x={0}
                  y={row * ROW + 13}
                  role="button"
                  tabindex={0}
                  aria-pressed={isOn}
                  onClick={() => store.pick({ client: name(s) })}
                  onKeyDown={(e) => {
                    if (e.key === "Enter" || e.key === " ") {
                      e.preventDefault();
                      store.pick({ client: name(s) });
                    }
                  }}
                >
                  {plain(middle(name(s), 17))}
                </text>
                {[...s.bins].map((n, bin) =>
                  n ? (
                    <rect
                      key={bin}
                      class="cell"
                      data-bin={bin}
                      data-strip={row}
                      x={x(domain[0] + bin * step)}
                      y={row * ROW + 2}
                      width={Math.max((width - 4 - LEFT) / BINS - 0.5, 1)}
                      height={ROW - 4}
                      fill-opacity={0.25 + (0.75 * Math.log(n + 1)) / Math.log(max + 1)}
                    >
                      <title>{`${counted(n, "request")}, ${period(domain[0] + bin * step, domain[0] + (bin + 1) * step)}`}</title>
                    </rect>
                  ) : null,
                )}
              </g>
            );
          })}
        </svg>
      </div>
    </Chart>
  );
}
