// How many hosts a client asked for in each hour, and how many of them did not answer.

import { useSignal } from "@preact/signals";
import { Chart, Choice, FindingLink, stageClass, TimeAxis, useStore, useWidth } from "./parts";
import { count, counted, linear, ticks, time } from "./scale";
import { Log, plain } from "./text";

const HEIGHT = 170;
const LEFT = 44;
const HOUR = 3_600_000;

export function FanOut() {
  const store = useStore();
  const { data } = store;
  const chosen = useSignal(0);
  const { ref, width } = useWidth<HTMLDivElement>(520);
  const one = data.sweeps[Math.min(chosen.value, data.sweeps.length - 1)];
  const f = data.findings[one?.finding ?? -1];
  if (!one || !f || !one.hours.length) return null;
  const client = data.clients[one.client]?.[0] ?? "";
  const domain: [number, number] = [one.hours[0]?.[0] ?? 0, (one.hours.at(-1)?.[0] ?? 0) + HOUR];
  const x = linear(domain, [LEFT, width - 8]);
  const most = Math.max(...one.hours.map(([, n]) => n));
  const y = linear([0, most], [HEIGHT - 22, 10]);
  const w = Math.max(x(domain[0] + HOUR) - x(domain[0]) - 1, 2);
  return (
    <Chart
      id="fan-out"
      title="Hosts by hour"
      lead={
        <>
          <code>
            <Log text={client} />
          </code>
          , <FindingLink no={f.no} />: at most {counted(most, "host")} in one hour; the darker part did not answer.
        </>
      }
      table={() => ({
        columns: ["Hour (UTC)", "Hosts", "Did not answer"],
        rows: one.hours.map(([t, n, failed]) => [time(t).slice(0, 16), count(n), count(failed)]),
      })}
    >
      {data.sweeps.length > 1 && (
        <Choice
          label="Client"
          value={data.sweeps.indexOf(one)}
          options={data.sweeps.slice(0, 6).map((s, i) => [i, plain(data.clients[s.client]?.[0] ?? "")])}
          onPick={(i) => {
            chosen.value = i;
          }}
        />
      )}
      <div ref={ref} class={stageClass(store, f.stage)}>
        <svg
          class="chart-svg"
          width={width}
          height={HEIGHT}
          role="group"
          aria-label="Hosts by hour"
          onClick={(e) => {
            const bar = (e.target as Element).closest?.("[data-t]") as SVGElement | null;
            if (!bar) return;
            const t = Number(bar.dataset.t);
            store.set({ client });
            store.range.value = [t, t + HOUR];
          }}
        >
          {ticks(most, 4).map((v) => (
            <g key={v} class="axis">
              <line class="grid" x1={LEFT} x2={width - 8} y1={Math.round(y(v)) + 0.5} y2={Math.round(y(v)) + 0.5} />
              <text x={LEFT - 6} y={y(v) + 4} text-anchor="end">
                {count(v)}
              </text>
            </g>
          ))}
          <TimeAxis domain={domain} x={x} top={10} bottom={HEIGHT - 22} most={Math.max(2, Math.floor(width / 130))} />
          {one.hours.map(([t, n, failed]) => (
            <g key={t} data-t={t} class="press">
              <title>{`${time(t).slice(0, 16)}: ${counted(n, "host")}, ${count(failed)} without an answer`}</title>
              <rect class="bar-shape faint" x={x(t)} width={w} y={y(n)} height={y(0) - y(n)} />
              <rect class="bar-shape" x={x(t)} width={w} y={y(failed)} height={y(0) - y(failed)} />
            </g>
          ))}
        </svg>
      </div>
      <p class="legend">
        <button type="button" class="quiet" onClick={() => store.pick({ finding: f.id })}>
          Only these requests
        </button>
      </p>
    </Chart>
  );
}
