// Numbers, sizes and times for people, and places on axes. Times are milliseconds since 1970, UTC.

export function clamp(n: number, low: number, high: number): number {
  return Math.min(Math.max(n, low), high);
}

/** `6,114,208` */
export function count(n: number): string {
  return Math.round(n).toLocaleString("en-US");
}

/** `1 request`, `3 requests` */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** SI units with three figures: `182 B`, `14.6 MB`. */
export function bytes(n: number): string {
  if (n < 0) return "-";
  if (n < 1000) return `${n} B`;
  let scaled = n;
  for (const unit of ["kB", "MB", "GB", "TB", "PB", "EB"]) {
    scaled /= 1000;
    const digits = scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0;
    if (scaled < 999.5 || unit === "EB") return `${scaled.toFixed(digits)} ${unit}`;
  }
  return "";
}

/** `2026-10-13T02:53:59.120Z`, or nothing where there is no such time. */
export function iso(t: number): string {
  const date = new Date(t);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString();
}

/** `2026-10-13 02:53:59` */
export function time(t: number): string {
  return iso(t).slice(0, 19).replace("T", " ") || "no time";
}

/** `10-13 02:53` */
export function shortTime(t: number): string {
  return time(t).slice(5, 16);
}

/** `2026-10-13 02:53:59 to 03:04:11` */
export function period(a: number, b: number): string {
  const [from, to] = [time(a), time(b)];
  if (from === to) return from;
  return `${from} to ${from.slice(0, 10) === to.slice(0, 10) ? to.slice(11) : to}`;
}

/** A length of time in its largest units: `2 h 30 min`, `45 s`. */
export function duration(ms: number): string {
  const s = Math.round(ms / 1000);
  const pair = (big: number, bigName: string, small: number, smallName: string) =>
    small ? `${big} ${bigName} ${small} ${smallName}` : `${big} ${bigName}`;
  if (s < 1) return `${Math.round(ms)} ms`;
  if (s < 60) return `${s} s`;
  if (s < 3600) return pair(Math.floor(s / 60), "min", s % 60, "s");
  if (s < 86_400) return pair(Math.floor(s / 3600), "h", Math.floor((s / 60) % 60), "min");
  return pair(Math.floor(s / 86_400), "d", Math.floor((s / 3600) % 24), "h");
}

export interface Scale {
  (value: number): number;
  invert(place: number): number;
}

export function linear([a, b]: [number, number], [from, to]: [number, number]): Scale {
  const k = (to - from) / (b - a || 1);
  return Object.assign((v: number) => from + (v - a) * k, { invert: (p: number) => a + (p - from) / k });
}

/** Sizes over several powers of ten; what is below 1 is at 1. */
export function log([a, b]: [number, number], range: [number, number]): Scale {
  const inner = linear([Math.log10(Math.max(a, 1)), Math.log10(Math.max(b, 2))], range);
  return Object.assign((v: number) => inner(Math.log10(Math.max(v, 1))), {
    invert: (p: number) => 10 ** inner.invert(p),
  });
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  ...[1, 5, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 4, 7, 14, 28, 56, 112, 364, 728, 3640, 36_400].map((n) => n * DAY),
];

/** Round times, at most `most` of them, each with its label: the date where a day begins and at the first. */
export function timeTicks([a, b]: [number, number], most: number): { t: number; label: string }[] {
  const step = STEPS.find((s) => (b - a) / s <= most) ?? 36_400 * DAY;
  const ticks: { t: number; label: string }[] = [];
  for (let t = Math.ceil(a / step) * step; t <= b && ticks.length <= most; t += step) {
    const text = time(t);
    const isDay = t % DAY === 0;
    const clock = step < MINUTE ? text.slice(11) : text.slice(11, 16);
    const label =
      b - a > 300 * DAY
        ? text.slice(0, 10)
        : isDay
          ? text.slice(5, 10)
          : ticks.length
            ? clock
            : `${text.slice(5, 10)} ${clock}`;
    ticks.push({ t, label });
  }
  return ticks;
}

/** Round numbers from 0 on. */
export function ticks(max: number, most: number): number[] {
  const power = 10 ** Math.floor(Math.log10(Math.max(max, 1) / most));
  const step = [1, 2, 5, 10].map((k) => k * power).find((s) => max / s <= most) ?? max;
  const out: number[] = [];
  for (let v = 0; v <= max + step / 1e6; v += step) out.push(v);
  return out;
}

/** The value below which a share of the sorted numbers lies. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  return sorted[clamp(Math.round(share * (sorted.length - 1)), 0, sorted.length - 1)] ?? 0;
}

/** The first place in a sorted column whose value is not below `v`. */
export function lowerBound(sorted: ArrayLike<number>, v: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < v) low = middle + 1;
    else high = middle;
  }
  return low;
}
