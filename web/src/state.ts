// What the reader chose: filters, a range of time, the axis, an open row. It lives in the address's fragment, so that a
// copied address shows the same.

import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { type Data, METHODS, type Rows, type Span } from "./data";
import { iso } from "./scale";
import { decodeTarget } from "./text";

export interface Filter {
  text: string;
  client: string;
  page: string;
  status: string;
  country: string;
  stage: string;
  finding: string;
}

export const EMPTY: Filter = { text: "", client: "", page: "", status: "", country: "", stage: "", finding: "" };
const KEYS = Object.keys(EMPTY) as (keyof Filter)[];

export type Axis = "attack" | "period";

export interface View {
  filter: Filter;
  range: Span | null;
  axis: Axis;
  row: number | null;
}

/** `client=203.0.113.9&stage=exploit&from=2026-10-13T02:50:00.000Z&to=...` */
export function toFragment(view: View): string {
  const params = new URLSearchParams();
  for (const key of KEYS) if (view.filter[key]) params.set(key, view.filter[key]);
  if (view.range) {
    params.set("from", iso(view.range[0]));
    params.set("to", iso(view.range[1]));
  }
  if (view.axis === "period") params.set("axis", "period");
  if (view.row !== null) params.set("row", String(view.row));
  return params.toString();
}

/** Nothing, where the fragment is no state but the name of an element. */
export function fromFragment(fragment: string): View | null {
  if (fragment && !fragment.includes("=")) return null;
  const params = new URLSearchParams(fragment);
  const filter = { ...EMPTY };
  for (const key of KEYS) filter[key] = params.get(key) ?? "";
  const [from, to] = [Date.parse(params.get("from") ?? ""), Date.parse(params.get("to") ?? "")];
  const row = Number.parseInt(params.get("row") ?? "", 10);
  return {
    filter,
    range: from < to ? [from, to] : null,
    axis: params.get("axis") === "period" ? "period" : "attack",
    row: Number.isNaN(row) ? null : row,
  };
}

/** The path of a target as findings name pages: decoded, without query. */
export function pathOf(target: string): string {
  return decodeTarget(target.split("?", 1)[0] ?? "");
}

/** Lines and targets in small letters, as sent and decoded, and paths: worked out once, asked with every letter typed. */
interface Words {
  raw: [number, string][];
  sent: string[];
  decoded: string[];
  paths: string[];
}

const NO_WORDS: Words = { raw: [], sent: [], decoded: [], paths: [] };
const words = new WeakMap<Data, Words>();

function wordsOf(data: Data): Words {
  let known = words.get(data);
  if (!known) {
    known = {
      raw: [...data.rows.raw].map(([row, line]) => [row, line.toLowerCase()]),
      sent: data.targets.map((t) => t.toLowerCase()),
      decoded: data.targets.map((t) => decodeTarget(t).toLowerCase()),
      paths: data.targets.map(pathOf),
    };
    words.set(data, known);
  }
  return known;
}

/** Whether a status code is `404`, or of a class such as `4xx`. */
export function isStatus(code: number, wanted: string): boolean {
  return wanted.endsWith("xx") ? Math.floor(code / 100) === Number(wanted[0]) : code === Number(wanted);
}

/** The rows that pass the filters, in the order of time. */
export function matching(data: Data, filter: Filter): Uint32Array {
  const { rows } = data;
  const text = filter.text.toLowerCase();
  const holds = (s: string | undefined) => !!s && s.toLowerCase().includes(text);
  const { sent, decoded, paths, raw: lines } = text || filter.page ? wordsOf(data) : NO_WORDS;
  const texts = sent.map((t, i) => t.includes(text) || (decoded[i] ?? "").includes(text));
  const hosts = data.targetHosts.map((h) => holds(h));
  const clients = data.clients.map(([name]) => holds(name));
  // What is typed is a beginning or a part, until it is the whole name of something.
  const isWholeClient = data.clients.some(([name]) => name === filter.client);
  const isClient = data.clients.map(
    ([name, country]) =>
      (isWholeClient ? name === filter.client : name.startsWith(filter.client)) &&
      (!filter.country || (country ?? "-") === filter.country),
  );
  const isWholePage = paths.includes(filter.page) || data.targetHosts.includes(filter.page);
  const isPage = (name: string) => (isWholePage ? name === filter.page : name.includes(filter.page));
  const pages = paths.map(isPage);
  const pageHosts = data.targetHosts.map(isPage);
  const stage = data.stages.findIndex(([name]) => name === filter.stage);
  const finding = data.findings.findIndex((f) => f.id === filter.finding);
  const sets = data.sets.map(
    (set, i) =>
      (!filter.stage || ((data.setStages[i] ?? 0) & (1 << stage)) !== 0) && (!filter.finding || set.includes(finding)),
  );
  const method = METHODS.findIndex((m) => m.toLowerCase() === text);
  const raw = new Set<number>();
  if (text) for (const [row, line] of lines) if (line.includes(text)) raw.add(row);
  const isText = (i: number) =>
    texts[at(rows.target, i)] ||
    hosts[at(rows.host, i)] ||
    clients[at(rows.client, i)] ||
    (method >= 0 && at(rows.method, i) === method) ||
    raw.has(i);
  const onPage = (i: number) => pages[at(rows.target, i)] || pageHosts[at(rows.host, i)];
  const out = new Uint32Array(rows.n);
  let n = 0;
  for (let i = 0; i < rows.n; i++) {
    if (!sets[at(rows.set, i)]) continue;
    if ((filter.client || filter.country) && !isClient[at(rows.client, i)]) continue;
    if (filter.status && !isStatus(at(rows.status, i), filter.status)) continue;
    if (filter.page && !onPage(i)) continue;
    if (text && !isText(i)) continue;
    out[n++] = i;
  }
  return out.subarray(0, n);
}

function at(column: ArrayLike<number>, i: number): number {
  return column[i] ?? -1;
}

/** The part of the sorted `matched` within a range of time: from, to. */
export function within(rows: Rows, matched: Uint32Array, range: Span | null): [number, number] {
  if (!range) return [0, matched.length];
  const bound = (t: number) => {
    let [low, high] = [0, matched.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((rows.t[matched[middle] ?? 0] ?? 0) < t) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return [bound(range[0]), bound(range[1] + 1)];
}

export class Store {
  readonly filter = signal<Filter>({ ...EMPTY });
  readonly range = signal<Span | null>(null);
  readonly axis = signal<Axis>("attack");
  /** The row whose detail is open. */
  readonly row = signal<number | null>(null);
  readonly matched: ReadonlySignal<Uint32Array>;
  readonly bounds: ReadonlySignal<[number, number]>;
  readonly domain: ReadonlySignal<Span>;
  readonly isFiltered: ReadonlySignal<boolean>;

  constructor(readonly data: Data) {
    this.matched = computed(() => matching(data, this.filter.value));
    this.bounds = computed(() => within(data.rows, this.matched.value, this.range.value));
    this.domain = computed(() => (this.axis.value === "attack" ? data.attack : data.period));
    this.isFiltered = computed(() => this.range.value !== null || KEYS.some((key) => this.filter.value[key] !== ""));
  }

  /** Reads the fragment now and whenever it changes, and writes it. */
  bind(): void {
    const read = () => {
      const view = fromFragment(location.hash.slice(1));
      if (view) this.show(view);
    };
    read();
    addEventListener("hashchange", read);
    let isFirst = true;
    let timer = 0;
    effect(() => {
      const fragment = toFragment({
        filter: this.filter.value,
        range: this.range.value,
        axis: this.axis.value,
        row: this.row.value,
      });
      if (isFirst) {
        isFirst = false;
        return;
      }
      // A brush that is drawn would write it with every frame.
      clearTimeout(timer);
      timer = window.setTimeout(() => history.replaceState(null, "", `#${fragment}`), 150);
    });
  }

  show(view: View): void {
    this.filter.value = view.filter;
    this.range.value = view.range;
    this.axis.value = view.axis;
    this.row.value = view.row !== null && view.row < this.data.rows.n ? view.row : null;
  }

  /** Sets some filters; a second time the same takes them off again. */
  pick(change: Partial<Filter>): void {
    const now = this.filter.value;
    const isOn = (Object.keys(change) as (keyof Filter)[]).every((key) => now[key] === change[key]);
    this.filter.value = { ...now, ...(isOn ? Object.fromEntries(Object.keys(change).map((k) => [k, ""])) : change) };
  }

  set(change: Partial<Filter>): void {
    this.filter.value = { ...this.filter.value, ...change };
  }

  clear(): void {
    this.filter.value = { ...EMPTY };
    this.range.value = null;
  }
}
