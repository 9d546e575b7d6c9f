// How large the answers to an attack were: the band while it tried, what jumped out of it, and what others were given.

import { useSignal } from "@preact/signals";
import type { Data, Finding } from "./data";
import { Chart, Choice, FindingLink, stageClass, TimeAxis, useStore, useWidth } from "./parts";
import { bytes, count, counted, linear, log, quantile, ticks, time } from "./scale";
import { Log, middle } from "./text";

const HEIGHT = 230;
const LEFT = 62;
const TOP = 14;
const BOTTOM = 24;
const MAX_CHOICES = 6;

export interface Sizes {
  t: number[];
  b: number[];
  /** By answer: larger than all that an ordinary visitor was given, and than most of what the attack was. */
  isJump: boolean[];
  /** Nine tenths of the other answers lie between. */
  band: [number, number];
  /** Largest of 99 % of the answers to others, and how many are known; none without any. */
  control: { p99: number; n: number } | null;
}

/** What is drawn of one finding; nothing where fewer than three answers are known. */
export function sizesOf(data: Data, finding: number): Sizes | null {
  const { rows } = data;
  const t: number[] = [];
  const b: number[] = [];
  for (let i = 0; i < rows.n; i++) {
    const size = rows.bytes[i] ?? -1;
    if (size < 0 || !data.sets[rows.set[i] ?? -1]?.includes(finding)) continue;
    t.push(rows.t[i] ?? 0);
    b.push(size);
  }
  if (b.length < 3) return null;
  const sorted = data.answers.find((a) => a.finding === finding)?.bytes ?? [];
  const control = sorted.length ? { p99: quantile(sorted, 0.99), n: sorted.length } : null;
  const own = [...b].sort((x, y) => x - y);
  const limit = Math.max((control?.p99 ?? 0) * 1.3, quantile(own, 0.5) * 1.3 + 64);
  const isJump = b.map((size) => size > limit);
  const tries = b.filter((_, i) => !isJump[i]).sort((x, y) => x - y);
  const base = tries.length ? tries : own;
  return { t, b, isJump, band: [quantile(base, 0.05), quantile(base, 0.95)], control };
}

export function Sizes() {
  const store = useStore();
  const { data } = store;
  const chosen = useSignal(0);
  const all = data.findings
    .map((f, i) => ({ f, i }))
    .filter(({ f }) => data.stages[f.stage]?.[0] === "exploit")
    .sort((a, b) => b.f.n - a.f.n)
    .map(({ f, i }) => ({ f, i, sizes: sizesOf(data, i) }))
    .filter((s): s is { f: Finding; i: number; sizes: Sizes } => s.sizes !== null)
    .slice(0, MAX_CHOICES);
  const one = all[Math.min(chosen.value, all.length - 1)];
  const { ref, width } = useWidth<HTMLDivElement>(520);
  if (!one) return null;
  const { f, sizes } = one;
  const margin = Math.max(((sizes.t.at(-1) ?? 0) - (sizes.t[0] ?? 0)) / 30, 2000);
  const domain: [number, number] = [(sizes.t[0] ?? 0) - margin, (sizes.t.at(-1) ?? 0) + margin];
  const x = linear(domain, [LEFT, width - 10]);
  const largest = sizes.b.reduce((a, b) => Math.max(a, b), sizes.control?.p99 ?? 1);
  const least = sizes.b.reduce((a, b) => Math.min(a, b), largest);
  const isLog =
    largest /
      Math.max(
        quantile(
          [...sizes.b].sort((a, b) => a - b),
          0.5,
        ),
        1,
      ) >
    20;
  const range: [number, number] = [HEIGHT - BOTTOM, TOP];
  const y = isLog ? log([Math.max(least * 0.7, 1), largest * 1.3], range) : linear([0, largest * 1.1], range);
  const marks = isLog
    ? [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10].filter((v) => y(v) >= TOP && y(v) <= HEIGHT - BOTTOM)
    : ticks(largest, 4);
  const dots = (isJump: boolean) =>
    sizes.t
      .map((t, i) => (sizes.isJump[i] === isJump ? `M${x(t).toFixed(1)} ${y(sizes.b[i] ?? 0).toFixed(1)}h0` : ""))
      .join("");
  const first = sizes.isJump.indexOf(true);
  const nJumps = sizes.isJump.filter(Boolean).length;
  const page = f.pages[0] ?? "";
  return (
    <Chart
      id="sizes"
      title="Bytes per response"
      lead={
        <>
          <code>
            <Log text={middle(page, 60)} />
          </code>
          , <FindingLink no={f.no} />: {counted(sizes.b.length, "answer")} to the attack
          {nJumps ? `, ${count(nJumps)} of them larger than what others were given` : ""}.
        </>
      }
      table={() => ({
        columns: ["Time (UTC)", "Bytes", "Larger than others' answers"],
        rows: sizes.t.map((t, i) => [time(t), bytes(sizes.b[i] ?? 0), sizes.isJump[i] ? "yes" : ""]).slice(0, 500),
      })}
    >
      {all.length > 1 && (
        <Choice
          label="Finding"
          value={all.indexOf(one)}
          options={all.map((s, i) => [i, `${s.f.no || "-"} ${middle(plainPage(s.f), 24)}`])}
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
          role="img"
          aria-label={`Bytes per response: ${counted(nJumps, "answer")} larger than what others were given, of ${sizes.b.length}`}
        >
          {marks.map((v) => (
            <g key={v} class="axis">
              <line class="grid" x1={LEFT} x2={width - 10} y1={Math.round(y(v)) + 0.5} y2={Math.round(y(v)) + 0.5} />
              <text x={LEFT - 6} y={y(v) + 4} text-anchor="end">
                {bytes(v).replace(/\.00? |\.0+ /, " ")}
              </text>
            </g>
          ))}
          <TimeAxis
            domain={domain}
            x={x}
            top={TOP}
            bottom={HEIGHT - BOTTOM}
            most={Math.max(2, Math.floor(width / 120))}
          />
          <rect
            class="band"
            x={LEFT}
            width={width - 10 - LEFT}
            y={y(sizes.band[1]) - 2}
            height={Math.max(y(sizes.band[0]) - y(sizes.band[1]), 0) + 4}
          />
          {sizes.control && (
            <g class="control">
              <line x1={LEFT} x2={width - 10} y1={y(sizes.control.p99)} y2={y(sizes.control.p99)} />
              <text x={LEFT + 6} y={y(sizes.control.p99) - 5}>
                99 % of {counted(sizes.control.n, "answer")} to others: up to {bytes(sizes.control.p99)}
              </text>
            </g>
          )}
          <path class="dots soft" d={dots(false)} />
          <path class="dots" d={dots(true)} />
          {first >= 0 && (
            <text
              class="label strong"
              x={Math.min(Math.max(x(sizes.t[first] ?? 0), LEFT + 4), width - 150)}
              y={Math.max(y(sizes.b[first] ?? 0) - 9, 11)}
            >
              {time(sizes.t[first] ?? 0).slice(11)} {bytes(sizes.b[first] ?? 0)}
            </text>
          )}
        </svg>
      </div>
      <p class="legend">
        <span class="swatch band-swatch" /> nine tenths of the tries{" "}
        <span class={`dot ${stageClass(store, f.stage)}`} />{" "}
        {`larger than others' answers${isLog ? "; logarithmic axis" : ""}`}
        <button type="button" class="quiet" onClick={() => store.pick({ finding: f.id })}>
          Only these requests
        </button>
      </p>
    </Chart>
  );
}

function plainPage(f: Finding): string {
  return f.pages[0] ?? f.title;
}
