// What left: the transfers that findings name, beside the pages and hosts with most bytes.

import type { Data } from "./data";
import { onEnter } from "./lanes";
import { Chart, FindingLink, useStore, useWidth } from "./parts";
import { bytes, count, counted, linear } from "./scale";
import { Log, middle, plain } from "./text";

const MAX_LINES = 10;
const ROW = 24;

export interface Transfer {
  name: string;
  /** Bytes to the client, or up to the host. */
  n: number;
  kind: "page" | "host, down" | "host, up";
  clients: number;
  /** Number of the finding about it. */
  finding: number | null;
}

/** Those of findings first, then by bytes. */
export function transfersOf(data: Data, most: number): Transfer[] {
  const stage = data.stages.findIndex(([name]) => name === "exfiltration");
  const found = new Map<string, Transfer>();
  for (const f of data.findings) {
    const name = f.pages[0] ?? f.hosts[0];
    const n = Math.max(f.out ?? 0, f.in ?? 0);
    if (f.stage !== stage || f.severity === "info" || !name || n <= (found.get(name)?.n ?? 0)) continue;
    found.set(name, { name, n, kind: f.pages[0] ? "page" : "host, up", clients: f.nClients, finding: f.no });
  }
  const others: Transfer[] = data.pages
    .filter((p) => !found.has(p.path))
    .map((p) => ({ name: p.host + p.path, n: p.out, kind: "page", clients: p.clients, finding: null }));
  for (const h of data.hosts.filter((h) => !found.has(h.name))) {
    const kind = h.up > 0 ? "host, up" : "host, down";
    others.push({ name: h.name, n: h.up || h.down, kind, clients: h.clients, finding: null });
  }
  const bySize = (a: Transfer, b: Transfer) => b.n - a.n;
  return [...[...found.values()].sort(bySize), ...others.filter((t) => t.n > 0).sort(bySize)].slice(0, most);
}

export function Transfers() {
  const store = useStore();
  const { data } = store;
  const { ref, width } = useWidth<HTMLDivElement>(520);
  const all = transfersOf(data, MAX_LINES);
  if (!all.length) return null;
  const left = Math.min(Math.round(width * 0.44), 300);
  const x = linear([0, Math.max(...all.map((t) => t.n))], [0, width - left - 76]);
  return (
    <Chart
      id="transfers"
      title="Most bytes"
      lead="Pages by bytes to clients and hosts by bytes, as far as the tables of this page list them; what a finding of exfiltration names comes first, in its colour."
      table={() => ({
        columns: ["Page or host", "Kind", "Bytes", "Clients", "Finding"],
        rows: all.map((t) => [
          <Log key="n" text={t.name} />,
          t.kind,
          bytes(t.n),
          count(t.clients),
          t.finding ? <FindingLink key="f" no={t.finding} /> : "",
        ]),
      })}
    >
      <div ref={ref}>
        <svg class="chart-svg" width={width} height={all.length * ROW + 4} role="group" aria-label="Most bytes">
          {all.map((t, row) => {
            const y = row * ROW;
            const shown = plain(middle(t.name, Math.floor(left / 7.2)));
            const amount = `${bytes(t.n)}${t.kind === "host, up" ? " up" : ""}`;
            const choose = () => store.pick({ page: t.name });
            return (
              <g
                key={t.kind + t.name}
                class={`press ${t.finding === null ? "plain" : "s-exfiltration"}`}
                role="button"
                tabindex={0}
                aria-pressed={store.filter.value.page === t.name}
                onClick={choose}
                onKeyDown={onEnter(choose)}
              >
                <title>{`${shown} ${amount}: ${plain(t.name)} (${t.kind}), ${counted(t.clients, "client")}`}</title>
                <rect class="hit" x={0} y={y} width={width} height={ROW} />
                <text class="name" x={0} y={y + 15}>
                  {shown}
                </text>
                <rect class="bar-shape" x={left} y={y + 5} width={Math.max(x(t.n), 2)} height={ROW - 11} rx={1} />
                <text class="label" x={left + Math.max(x(t.n), 2) + 6} y={y + 15}>
                  {amount}
                </text>
              </g>
            );
          })}
        </svg>
      </div>
    </Chart>
  );
}
