// The report's data: read once, then never changed. Rows are columns of numbers, sorted by time.

export const LAYOUT = 1;
export const METHODS = ["other", "GET", "HEAD", "POST", "PUT", "DELETE", "MOVE", "CONNECT"];

/** First and last, milliseconds since 1970. */
export type Span = [number, number];

export interface Finding {
  id: string;
  /** Number on the page; 0 if it is not shown there. */
  no: number;
  detector: string;
  title: string;
  stage: number;
  techniques: [string, string][];
  severity: "info" | "low" | "medium" | "high" | "critical";
  level: "no_sign" | "possible" | "probable" | "confirmed";
  span: Span | null;
  n: number;
  out: number | null;
  in: number | null;
  clients: number[];
  nClients: number;
  pages: string[];
  hosts: string[];
  artefacts: string[];
  numbers: Record<string, number | string>;
}

export interface Who {
  client: string;
  place: string;
  own: boolean;
  n: number;
  /** Stage and requests. */
  stages: [number, number][];
  span: Span | null;
  taken: number;
}

export interface Page {
  host: string;
  path: string;
  n: number;
  clients: number;
  out: number;
  named: number;
  /** By class (2xx, 304, 3xx, denied, missing, error): answers, first, last. */
  lives: ([number] | [number, number, number])[];
}

export interface Host {
  name: string;
  clients: number;
  down: number;
  up: number;
}

export interface Country {
  code: string;
  expected: boolean | null;
  /** Bits of surprise that a visitor comes from there; empty where it is not known. */
  bits: string;
  clients: number;
  named: number;
  n: number;
}

export interface Hours {
  from: number;
  step: number;
  n: number[];
  attacks: number[];
  errors: number[];
  out: number[];
}

export interface Head {
  layout: number;
  span: Span | null;
  inputs: [string, string][];
  gaps: [string, number, number][];
  stages: [string, string][];
  hours: Hours | null;
  findings: Finding[];
  who: Who[];
  pages: Page[];
  hosts: Host[];
  /** Ascending. */
  answers: { finding: number; bytes: number[] }[];
  beats: { finding: number; client: number; host: string; t: number[] }[];
  sweeps: { finding: number; client: number; hours: [number, number, number][] }[];
  countries: Country[];
  expectation: string;
  countrySource: string;
  leftOut: number;
  sets: number[][];
  /** Name, country, requests. */
  clients: [string, string | null, number][];
}

type Column = (number | null)[];

export interface Raw {
  head: Head;
  targets: string[];
  hosts: string[];
  t: Column;
  target: Column;
  host: Column;
  client: Column;
  method: Column;
  status: Column;
  bytes: Column;
  set: Column;
  input: Column;
  line: Column;
  rawRow: number[];
  raw: string[];
}

export interface Rows {
  n: number;
  /** Milliseconds; those without a time come first, as -Infinity. */
  t: Float64Array;
  /** -1 where the log does not say. */
  target: Int32Array;
  host: Int32Array;
  client: Int32Array;
  method: Int8Array;
  status: Int16Array;
  bytes: Float64Array;
  set: Int32Array;
  input: Int32Array;
  line: Float64Array;
  raw: Map<number, string>;
}

export interface Data extends Head {
  targets: string[];
  targetHosts: string[];
  rows: Rows;
  /** By set: the stages of its findings, as bits. */
  setStages: Int32Array;
  /** The time that everything is drawn in. */
  period: Span;
  /** From the first to the last finding of high severity, or else of medium. */
  attack: Span;
}

/** Undoes differences; `null` stays out of them. */
export function sums(column: Column, none: number): Float64Array {
  const out = new Float64Array(column.length);
  let at = 0;
  column.forEach((step, i) => {
    if (step !== null) at += step;
    out[i] = step === null ? none : at;
  });
  return out;
}

/** Undoes the differences of line numbers, each to the line before of the same input. */
export function lines(column: Column, input: Column): Float64Array {
  const last = new Map<number, number>();
  return Float64Array.from(column, (step, i) => {
    const at = (last.get(input[i] ?? -1) ?? 0) + (step ?? 0);
    last.set(input[i] ?? -1, at);
    return at;
  });
}

export function build(raw: Raw): Data {
  const { head } = raw;
  if (head.layout !== LAYOUT) throw new Error(`the data have layout ${head.layout}, the script reads ${LAYOUT}`);
  const known = (column: Column) => column.map((v) => v ?? -1);
  const rows: Rows = {
    n: raw.t.length,
    t: sums(raw.t, Number.NEGATIVE_INFINITY),
    target: Int32Array.from(known(raw.target)),
    host: Int32Array.from(known(raw.host)),
    client: Int32Array.from(known(raw.client)),
    method: Int8Array.from(known(raw.method)),
    status: Int16Array.from(known(raw.status)),
    bytes: Float64Array.from(known(raw.bytes)),
    set: Int32Array.from(known(raw.set)),
    input: Int32Array.from(known(raw.input)),
    line: lines(raw.line, raw.input),
    raw: new Map(raw.rawRow.map((row, i) => [row, raw.raw[i] ?? ""])),
  };
  const setStages = Int32Array.from(head.sets, (set) =>
    set.reduce((bits, f) => bits | (1 << (head.findings[f]?.stage ?? 31)), 0),
  );
  const period = periodOf(head);
  return {
    ...head,
    targets: raw.targets,
    targetHosts: raw.hosts,
    rows,
    setStages,
    period,
    attack: attackOf(head, period),
  };
}

function periodOf(head: Head): Span {
  const { hours, span } = head;
  const ends = hours ? [hours.from, hours.from + hours.n.length * hours.step] : (span ?? [0, 3_600_000]);
  const [from = 0, to = 0] = ends;
  return [from, Math.max(to, from + 1000)];
}

function attackOf(head: Head, period: Span): Span {
  const of = (severities: string[]) => head.findings.filter((f) => f.span && severities.includes(f.severity));
  const high = of(["high", "critical"]);
  const grave = high.length ? high : of(["medium"]);
  if (!grave.length) return period;
  const from = Math.min(...grave.map((f) => f.span?.[0] ?? 0));
  const to = Math.max(...grave.map((f) => f.span?.[1] ?? 0));
  const margin = Math.max((to - from) / 40, 30_000);
  return [Math.max(from - margin, period[0]), Math.min(to + margin, period[1])];
}

/** Base64 to bytes to text to data. */
export async function decode(base64: string): Promise<Data> {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return build(JSON.parse(await new Response(stream).text()) as Raw);
}
