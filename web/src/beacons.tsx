// Contacts at a beat: how long the waits are, and whether the beat holds.

import { useSignal } from "@preact/signals";
import { Chart, Choice, FindingLink, stageClass, TimeAxis, useStore, useWidth } from "./parts";
import { count, counted, duration, linear, quantile, time } from "./scale";
import { clip, Log, plain } from "./text";

const HEIGHT = 120;
const LEFT = 40;
const BINS = 48;

/** Seconds between contacts, and their median. */
export function waits(t: number[]): { all: number[]; median: number } {
  const all = t.slice(1).map((s, i) => s - (t[i] ?? 0));
  return {
    all,
    median: quantile(
      [...all].sort((a, b) => a - b),
      0.5,
    ),
  };
}

/** Waits in equal bins up to three times the median; longer ones are in the last. */
export function histogram(all: number[], most: number, bins: number): Uint32Array {
  const out = new Uint32Array(bins);
  for (const wait of all) {
    const bin = Math.min(Math.floor((wait / most) * bins), bins - 1);
    out[bin] = (out[bin] ?? 0) + 1;
  }
  return out;
}

export function Beacons() {
  const store = useStore();
  const { data } = store;
  const chosen = useSignal(0);
  const { ref, width } = useWidth<HTMLDivElement>(520);
  const rank = { critical: 0, high: 1, medium: 2, low: 3, info: 4 };
  const all = data.beats
    .map((b) => ({ ...b, f: data.findings[b.finding] }))
    .filter((b) => b.f !== undefined && b.t.length > 3)
    .sort((a, b) => rank[a.f?.severity ?? "info"] - rank[b.f?.severity ?? "info"]);
  const one = all[Math.min(chosen.value, all.length - 1)];
  if (!one?.f) return null;
  const { f } = one;
  let at = 0;
  const seconds = one.t.map((step) => {
    at += step;
    return at;
  });
  const { all: gaps, median } = waits(seconds);
  const most = Math.max(median * 3, 3);
  const bins = histogram(gaps, most, BINS);
  const highest = Math.max(...bins);
  const band = [Number(f.numbers.band_low_s ?? 0), Number(f.numbers.band_high_s ?? 0)] as const;
  const x = linear([0, most], [LEFT, width - 8]);
  const y = linear([0, highest], [HEIGHT - 20, 8]);
  const domain: [number, number] = [(seconds[0] ?? 0) * 1000, (seconds.at(-1) ?? 1) * 1000];
  const px = linear(domain, [LEFT, width - 8]);
  const py = linear([0, most], [HEIGHT - 20, 8]);
  const client = data.clients[one.client]?.[0] ?? "";
  return (
    <Chart
      id="beacons"
      title="Beacons"
      lead={
        <>
          <code>
            <Log text={client} />
          </code>{" "}
          to{" "}
          <code>
            <Log text={clip(one.host, 60)} />
          </code>
          , <FindingLink no={f.no} />: {counted(seconds.length, "contact")}, the median wait is{" "}
          {duration(median * 1000)}.
        </>
      }
      table={() => ({
        columns: ["Wait", "How often"],
        rows: [...bins]
          .map((n, i) => [
            i === BINS - 1
              ? `${duration((i * most * 1000) / BINS)} and longer`
              : `${duration((i * most * 1000) / BINS)} to ${duration(((i + 1) * most * 1000) / BINS)}`,
            count(n),
          ])
          .filter((_, i) => bins[i]),
      })}
    >
      {all.length > 1 && (
        <Choice
          label="Beacon"
          value={all.indexOf(one)}
          options={all.slice(0, 6).map((b, i) => [i, plain(clip(`${data.clients[b.client]?.[0]} → ${b.host}`, 34))])}
          onPick={(i) => {
            chosen.value = i;
          }}
        />
      )}
      <div ref={ref} class={stageClass(store, f.stage)}>
        <h4>How often each wait occurs</h4>
        <svg
          class="chart-svg"
          width={width}
          height={HEIGHT}
          role="img"
          aria-label={`Waits between contacts: most often about ${duration(median * 1000)}`}
        >
          {band[1] > 0 && (
            <rect
              class="band"
              x={x(Math.min(band[0], most))}
              width={Math.max(x(Math.min(band[1], most)) - x(Math.min(band[0], most)), 1)}
              y={4}
              height={HEIGHT - 24}
            />
          )}
          {[...bins].map((n, i) =>
            n ? (
              <rect
                key={i}
                class="bar-shape"
                x={x((i * most) / BINS) + 0.5}
                width={Math.max((width - 8 - LEFT) / BINS - 1, 1)}
                y={y(n)}
                height={HEIGHT - 20 - y(n)}
              >
                <title>{`${counted(n, "wait")} of about ${duration((i * most * 1000) / BINS)}`}</title>
              </rect>
            ) : null,
          )}
          <g class="axis">
            <line class="base" x1={LEFT} x2={width - 8} y1={HEIGHT - 19.5} y2={HEIGHT - 19.5} />
            <text x={LEFT - 6} y={14} text-anchor="end">
              {count(highest)}
            </text>
            {[0, 1, 2, 3].map((k) => (
              <text key={k} x={x((k * most) / 3)} y={HEIGHT - 5} text-anchor={k === 3 ? "end" : k ? "middle" : "start"}>
                {k ? shortWait((k * most) / 3) : "0"}
                {k === 3 ? " and more" : ""}
              </text>
            ))}
          </g>
        </svg>
        <h4>The wait before each contact</h4>
        <svg
          class="chart-svg"
          width={width}
          height={HEIGHT}
          role="img"
          aria-label={`The wait before each of ${seconds.length} contacts, from ${time(domain[0])} to ${time(domain[1])}`}
        >
          <TimeAxis domain={domain} x={px} top={4} bottom={HEIGHT - 20} most={Math.max(2, Math.floor(width / 130))} />
          {band[1] > 0 && (
            <rect
              class="band"
              x={LEFT}
              width={width - 8 - LEFT}
              y={py(Math.min(band[1], most))}
              height={Math.max(py(band[0]) - py(Math.min(band[1], most)), 1)}
            />
          )}
          <path
            class="dots small"
            d={gaps
              .map((g, i) => `M${px((seconds[i + 1] ?? 0) * 1000).toFixed(1)} ${py(Math.min(g, most)).toFixed(1)}h0`)
              .join("")}
          />
          <g class="axis">
            {[0, 1, 2, 3].map((k) => (
              <text key={k} x={LEFT - 6} y={py((k * most) / 3) + (k ? 8 : 0)} text-anchor="end">
                {k ? shortWait((k * most) / 3) : "0"}
              </text>
            ))}
          </g>
        </svg>
      </div>
      <p class="legend">
        <span class="swatch band-swatch" /> the band of the finding
        <button type="button" class="quiet" onClick={() => store.pick({ client, page: one.host })}>
          Only these requests
        </button>
      </p>
    </Chart>
  );
}

function shortWait(s: number): string {
  return s < 120 ? `${Math.round(s)} s` : s < 7200 ? `${Math.round(s / 60)} min` : `${Math.round(s / 3600)} h`;
}
