// The requests over time: a row of ticks for each stage that somebody reached, all requests below, and a brush.

import { useSignal, useSignalEffect } from "@preact/signals";
import { useMemo, useRef } from "preact/hooks";
import type { Span } from "./data";
import { useStore, useWidth } from "./parts";
import { clamp, count, counted, duration, linear, period, ticks, time, timeTicks } from "./scale";
import { useTheme } from "./theme";

const LEFT = 78;
const RIGHT = 10;
const ROW = 15;
const BARS = 84;
const BOTTOM = 20;
const GAP = 10;

export function RequestAxis() {
  const store = useStore();
  const { data } = store;
  const { ref, width, size } = useWidth<HTMLDivElement>(1080);
  const canvas = useRef<HTMLCanvasElement>(null);
  const hover = useSignal<number | null>(null);
  const theme = useTheme();
  const stages = useMemo(() => {
    const seen = new Set(data.findings.filter((f) => f.severity !== "info").map((f) => f.stage));
    return data.stages.map((_, i) => i).filter((i) => seen.has(i));
  }, [data]);
  const withRows = useMemo(() => {
    const sets = new Set(data.rows.set);
    return new Set([...sets].flatMap((set) => data.sets[set] ?? []).map((i) => data.findings[i]));
  }, [data]);
  const top = stages.length * ROW + GAP;
  const height = top + BARS + BOTTOM;
  const x = linear(store.domain.value, [LEFT, width - RIGHT]);
  const range = store.range.value;

  useSignalEffect(() => {
    // Read here, so that a change draws again.
    const matched = store.matched.value;
    const domain = store.domain.value;
    theme.value;
    const width = size.value;
    const element = canvas.current;
    if (!element) return;
    const frame = requestAnimationFrame(() => draw(element, matched, domain, width));
    return () => cancelAnimationFrame(frame);
  });

  function draw(element: HTMLCanvasElement, matched: Uint32Array, domain: Span, width: number) {
    const ratio = devicePixelRatio || 1;
    element.width = width * ratio;
    element.height = height * ratio;
    const c = element.getContext("2d");
    if (!c) return;
    c.scale(ratio, ratio);
    const style = getComputedStyle(element);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const scale = linear(domain, [LEFT, width - RIGHT]);
    c.font = `11px ${style.fontFamily}`;
    c.textBaseline = "middle";

    // The grid, and the times below it.
    c.strokeStyle = colour("--line");
    c.fillStyle = colour("--soft");
    for (const tick of timeTicks(domain, Math.max(3, Math.floor(width / 110)))) {
      const at = Math.round(scale(tick.t)) + 0.5;
      c.beginPath();
      c.moveTo(at, 0);
      c.lineTo(at, top + BARS);
      c.stroke();
      c.textAlign = at < LEFT + 24 ? "left" : at > width - RIGHT - 24 ? "right" : "center";
      c.fillText(tick.label, at, top + BARS + 12);
    }

    // Time without records.
    for (const [, from, to] of data.gaps) {
      const [a, b] = [Math.max(scale(from), LEFT), Math.min(scale(to), width - RIGHT)];
      if (b > a) hatch(c, a, 0, Math.max(b - a, 3), top + BARS, colour("--hatch"));
    }

    // A row for each stage: its findings as lines, its requests as ticks.
    const { rows, setStages } = data;
    const columns = Math.max(1, width - RIGHT - LEFT);
    // By column, the stages of the requests there as bits: of those that pass the filters, and of all others.
    const strong = new Int32Array(columns + 1);
    const faint = new Int32Array(columns + 1);
    const mark = (marks: Int32Array, list: Uint32Array) => {
      for (const i of list) {
        const at = Math.round(scale(rows.t[i] ?? 0)) - LEFT;
        if (at >= 0 && at <= columns) marks[at] = (marks[at] ?? 0) | (setStages[rows.set[i] ?? -1] ?? 0);
      }
    };
    mark(strong, matched);
    if (matched.length < rows.n) mark(faint, everyRow(rows.n));
    // Of contacts at a beat all times are known, though not all of their lines are here.
    for (const beat of data.beats) {
      const bit = 1 << (data.findings[beat.finding]?.stage ?? 31);
      let t = 0;
      for (const step of beat.t) {
        t += step * 1000;
        const at = Math.round(scale(t)) - LEFT;
        if (at >= 0 && at <= columns) faint[at] = (faint[at] ?? 0) | bit;
      }
    }
    c.textAlign = "right";
    stages.forEach((stage, s) => {
      const bit = 1 << stage;
      const y = s * ROW;
      const ink = colour(`--s${stage + 1}`);
      c.fillStyle = colour("--soft");
      c.fillText(data.stages[stage]?.[1] ?? "", LEFT - 8, y + ROW / 2);
      c.fillStyle = colour("--line");
      c.fillRect(LEFT, y + ROW - 1, columns, 1);
      c.fillStyle = ink;
      for (const f of data.findings) {
        if (f.stage !== stage || !f.span || f.severity === "info") continue;
        const [a, b] = [clamp(scale(f.span[0]), LEFT, width - RIGHT), clamp(scale(f.span[1]), LEFT, width - RIGHT)];
        if (f.span[1] >= domain[0] && f.span[0] <= domain[1]) {
          // None of its requests is here: the finding itself stands for them.
          const isBare = !withRows.has(f);
          c.globalAlpha = isBare ? 0.6 : 0.35;
          c.fillRect(a, isBare ? y + 2 : y + ROW - 4, Math.max(b - a, 2), isBare ? ROW - 4 : 2);
        }
      }
      for (let at = 0; at <= columns; at++) {
        const isStrong = (strong[at] ?? 0) & bit;
        if (!isStrong && !((faint[at] ?? 0) & bit)) continue;
        c.globalAlpha = isStrong ? 1 : 0.25;
        c.fillRect(LEFT + at, y + 2, 1.5, ROW - 4);
      }
      c.globalAlpha = 1;
    });

    // All requests of the logs, by hours.
    const { hours } = data;
    const base = top + BARS;
    if (hours) {
      const inSight = (_: number, i: number) => {
        const from = hours.from + i * hours.step;
        return from + hours.step > domain[0] && from < domain[1];
      };
      const most = Math.max(1, ...hours.n.filter(inSight));
      const marks = ticks(most, 2);
      const y = linear([0, Math.max(most, marks[marks.length - 1] ?? 1)], [0, BARS - 4]);
      c.fillStyle = colour("--soft");
      for (const mark of marks) {
        c.fillText(count(mark), LEFT - 8, base - y(mark));
        c.globalAlpha = 0.5;
        c.fillRect(LEFT, Math.round(base - y(mark)), columns, mark === 0 ? 1 : 0.5);
        c.globalAlpha = 1;
      }
      c.save();
      c.beginPath();
      c.rect(LEFT, 0, columns, height);
      c.clip();
      hours.n.forEach((n, i) => {
        const from = hours.from + i * hours.step;
        if (from + hours.step < domain[0] || from > domain[1]) return;
        const a = scale(from);
        const w = Math.max(scale(from + hours.step) - a - (scale(from + hours.step) - a > 4 ? 1 : 0), 1);
        c.fillStyle = colour("--all");
        c.fillRect(a, base - y(n), w, y(n));
        const attacks = hours.attacks[i] ?? 0;
        if (attacks) {
          c.fillStyle = colour("--bad");
          c.fillRect(a, base - Math.max(y(attacks), 2), w, Math.max(y(attacks), 2));
        }
      });
      c.restore();
    }
  }

  // The brush.
  const drag = useRef<{ anchor: number; isMoved: boolean } | null>(null);
  const timeAt = (e: PointerEvent) => {
    const box = (e.currentTarget as HTMLElement).getBoundingClientRect();
    return clamp(x.invert(e.clientX - box.left), ...store.domain.value);
  };
  const down = (e: PointerEvent) => {
    if (e.button !== 0) return;
    (e.currentTarget as HTMLElement).setPointerCapture(e.pointerId);
    drag.current = { anchor: timeAt(e), isMoved: false };
  };
  const move = (e: PointerEvent) => {
    const t = timeAt(e);
    hover.value = t;
    if (!drag.current) return;
    const { anchor } = drag.current;
    if (Math.abs(x(t) - x(anchor)) > 3 || drag.current.isMoved) {
      drag.current.isMoved = true;
      store.range.value = anchor < t ? [anchor, t] : [t, anchor];
    }
  };
  const up = () => {
    if (drag.current && !drag.current.isMoved) store.range.value = null;
    drag.current = null;
  };

  return (
    <div>
      <Readout t={hover.value} />
      <div class="request-axis" ref={ref}>
        <canvas
          ref={canvas}
          style={{ width: `${width}px`, height: `${height}px` }}
          role="img"
          aria-label="Requests over time, and findings by stage"
        />
        <div
          class="brush"
          style={{ height: `${top + BARS}px` }}
          onPointerDown={down}
          onPointerMove={move}
          onPointerUp={up}
          onPointerLeave={() => {
            hover.value = null;
          }}
        >
          {range && (
            <div
              class="range"
              style={{
                left: `${clamp(x(range[0]), LEFT, width - RIGHT)}px`,
                width: `${Math.max(clamp(x(range[1]), LEFT, width - RIGHT) - clamp(x(range[0]), LEFT, width - RIGHT), 1)}px`,
              }}
            />
          )}
        </div>
        <Handle end={0} left={clamp(x(range?.[0] ?? store.domain.value[0]), LEFT, width - RIGHT)} height={top + BARS} />
        <Handle end={1} left={clamp(x(range?.[1] ?? store.domain.value[1]), LEFT, width - RIGHT)} height={top + BARS} />
      </div>
    </div>
  );
}

let every = new Uint32Array(0);
function everyRow(n: number): Uint32Array {
  if (every.length !== n) every = Uint32Array.from({ length: n }, (_, i) => i);
  return every;
}

function hatch(c: CanvasRenderingContext2D, x: number, y: number, w: number, h: number, ink: string) {
  c.save();
  c.beginPath();
  c.rect(x, y, w, h);
  c.clip();
  c.strokeStyle = ink;
  c.globalAlpha = 0.6;
  for (let at = x - h; at < x + w; at += 6) {
    c.beginPath();
    c.moveTo(at, y + h);
    c.lineTo(at + h, y);
    c.stroke();
  }
  c.restore();
}

/** One end of the range, for the keyboard. */
function Handle({ end, left, height }: { end: 0 | 1; left: number; height: number }) {
  const store = useStore();
  const domain = store.domain.value;
  const range = store.range.value ?? domain;
  const key = (e: KeyboardEvent) => {
    const step = (domain[1] - domain[0]) / (e.shiftKey ? 10 : 100);
    const next: Span = [...range];
    if (e.key === "Escape") {
      store.range.value = null;
      e.preventDefault();
      return;
    }
    if (e.key === "ArrowLeft" || e.key === "ArrowDown") next[end] -= step;
    else if (e.key === "ArrowRight" || e.key === "ArrowUp") next[end] += step;
    else if (e.key === "Home") next[end] = domain[0];
    else if (e.key === "End") next[end] = domain[1];
    else if (e.key === "+" || e.key === "-") {
      const by = ((next[1] - next[0]) / 4) * (e.key === "+" ? 1 : -1);
      next[0] += by;
      next[1] -= by;
    } else return;
    e.preventDefault();
    next[0] = clamp(next[0], domain[0], domain[1]);
    next[1] = clamp(next[1], domain[0], domain[1]);
    if (next[0] < next[1]) store.range.value = next;
  };
  return (
    <div
      class="handle"
      role="slider"
      tabindex={0}
      aria-label={end ? "End of the range of time" : "Start of the range of time"}
      aria-valuemin={Math.round(domain[0] / 1000)}
      aria-valuemax={Math.round(domain[1] / 1000)}
      aria-valuenow={Math.round(range[end] / 1000)}
      aria-valuetext={`${time(range[end])} UTC`}
      style={{ left: `${left}px`, height: `${height}px` }}
      onKeyDown={key}
    />
  );
}

/** What is chosen, and what is under the pointer. */
function Readout({ t }: { t: number | null }) {
  const store = useStore();
  const { hours } = store.data;
  const range = store.range.value;
  const i = hours && t !== null ? Math.floor((t - hours.from) / hours.step) : -1;
  const n = hours?.n[i];
  return (
    <p class="readout">
      <span>
        {range
          ? `${period(range[0], range[1])} (${duration(range[1] - range[0])})`
          : "Drag over the chart to choose a range of time."}
      </span>
      <span>
        {t !== null && hours && n !== undefined
          ? `${time(hours.from + i * hours.step).slice(0, 16)}: ${counted(n, "request")}, ${counted(hours.attacks[i] ?? 0, "attack")} per ${duration(hours.step)}`
          : ""}
      </span>
    </p>
  );
}
