// The requests that findings rest on, row by row: only what is in sight is in the document.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { METHODS } from "./data";
import { Detail } from "./detail";
import { stageClass, useStore } from "./parts";
import { bytes, clamp, count, lowerBound, time } from "./scale";
import type { Store } from "./state";
import { clip, Log } from "./text";

const ROW = 26;
const HEAD = 28;
const SHOWN = 17;
const COLUMNS = ["Time (UTC)", "Client", "From", "Method", "Request", "Status", "Bytes", "Stage"];
const FROM = COLUMNS.indexOf("From");

export function RequestRows() {
  const store = useStore();
  const { rows } = store.data;
  const matched = store.matched.value;
  const [from, to] = store.bounds.value;
  const n = to - from;
  const top = useSignal(0);
  /** Place of the row with the focus, counted from the first that is shown. */
  const at = useSignal(0);
  const grid = useRef<HTMLDivElement>(null);
  const opened = store.row.value;
  const hasPlaces = store.data.clients.some(([, country]) => country);

  const go = (place: number) => {
    const element = grid.current;
    at.value = clamp(place, 0, Math.max(n - 1, 0));
    if (!element) return;
    const y = at.value * ROW;
    const body = element.clientHeight - HEAD;
    if (y < element.scrollTop) element.scrollTop = y;
    else if (y + ROW > element.scrollTop + body) element.scrollTop = y + ROW - body;
    top.value = element.scrollTop;
    // An open detail follows the focus.
    if (store.row.value !== null) store.row.value = matched[from + at.value] ?? null;
  };

  // Other rows: begin at the open one, if it is among them, else at the top.
  useEffect(() => {
    const row = store.row.value;
    const place = row === null ? -1 : lowerBound(matched, row) - from;
    if (row !== null && place >= 0 && place < n && matched[from + place] === row) {
      go(place);
      return;
    }
    if (grid.current) grid.current.scrollTop = 0;
    top.value = 0;
    at.value = 0;
  }, [matched, from, to]);

  const key = (e: KeyboardEvent) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const steps: Record<string, number> = {
      j: at.value + 1,
      ArrowDown: at.value + 1,
      k: at.value - 1,
      ArrowUp: at.value - 1,
      PageDown: at.value + SHOWN - 1,
      PageUp: at.value - SHOWN + 1,
      Home: 0,
      End: n - 1,
    };
    const step = steps[e.key];
    if (step !== undefined) go(step);
    else if (e.key === "Enter") toggle(at.value);
    else if (e.key === "Escape" && opened !== null) store.row.value = null;
    else return;
    e.preventDefault();
  };
  const toggle = (place: number) => {
    at.value = place;
    const row = matched[from + place] ?? null;
    store.row.value = store.row.value === row ? null : row;
  };

  const first = clamp(Math.floor(top.value / ROW) - 2, 0, Math.max(n - 1, 0));
  const last = Math.min(n, first + SHOWN + 5);
  const shown = Array.from({ length: Math.max(last - first, 0) }, (_, i) => first + i);
  return (
    <>
      <div
        class={hasPlaces ? "grid-rows" : "grid-rows placeless"}
        role="grid"
        aria-label="Requests that findings rest on"
        aria-rowcount={n + 1}
        aria-activedescendant={n ? `row-${at.value}` : undefined}
        tabIndex={0}
        ref={grid}
        style={{ height: `${HEAD + Math.min(Math.max(n, 1), SHOWN) * ROW + 2}px` }}
        onKeyDown={key}
        onScroll={(e) => {
          top.value = e.currentTarget.scrollTop;
        }}
      >
        <div class="line head" role="row" aria-rowindex={1}>
          {COLUMNS.filter((_, i) => hasPlaces || i !== FROM).map((c) => (
            <span role="columnheader" key={c}>
              {c}
            </span>
          ))}
        </div>
        <div class="tall" role="presentation" style={{ height: `${n * ROW}px` }}>
          {shown.map((place) => (
            <Line
              key={place}
              place={place}
              row={matched[from + place] ?? 0}
              hasPlaces={hasPlaces}
              isAt={place === at.value}
              isOpen={matched[from + place] === opened}
              onPick={() => {
                toggle(place);
                grid.current?.focus({ preventScroll: true });
              }}
            />
          ))}
        </div>
        {n === 0 && (
          <div role="row" class="nothing">
            <span role="gridcell">
              No request that is kept here passes these filters; coldtrail who looks for others in the logs.
            </span>
          </div>
        )}
      </div>
      {opened !== null && opened < rows.n && (
        <Detail
          row={opened}
          onClose={() => {
            store.row.value = null;
            grid.current?.focus({ preventScroll: true });
          }}
        />
      )}
    </>
  );
}

/** The request as text: host and target. */
export function requestText(store: Store, row: number): string {
  const { rows, targets, targetHosts } = store.data;
  const target = targets[rows.target[row] ?? -1];
  if (target === undefined) return rows.raw.get(row) ?? "";
  return (targetHosts[rows.host[row] ?? -1] ?? "") + target;
}

/** The stages of a row's findings. */
export function stagesOf(store: Store, row: number): number[] {
  const bits = store.data.setStages[store.data.rows.set[row] ?? -1] ?? 0;
  return store.data.stages.map((_, i) => i).filter((i) => bits & (1 << i));
}

function Line(props: {
  place: number;
  row: number;
  hasPlaces: boolean;
  isAt: boolean;
  isOpen: boolean;
  onPick: () => void;
}) {
  const store = useStore();
  const { data } = store;
  const { rows } = data;
  const { row } = props;
  const client = data.clients[rows.client[row] ?? -1];
  const status = rows.status[row] ?? -1;
  const size = rows.bytes[row] ?? -1;
  return (
    <div
      class={`line${props.isAt ? " at" : ""}${props.isOpen ? " open" : ""}${props.place % 2 ? " odd-row" : ""}`}
      role="row"
      id={`row-${props.place}`}
      aria-rowindex={props.place + 2}
      aria-selected={props.isAt}
      style={{ top: `${props.place * ROW}px` }}
      onClick={props.onPick}
    >
      <span role="gridcell">{time(rows.t[row] ?? Number.NaN)}</span>
      <span role="gridcell">
        <Log text={clip(client?.[0] ?? "-", 60)} />
      </span>
      {props.hasPlaces && <span role="gridcell">{client?.[1] ?? ""}</span>}
      <span role="gridcell">{METHODS[rows.method[row] ?? -1] ?? ""}</span>
      <span role="gridcell" class="request">
        <Log text={clip(requestText(store, row), 300)} />
      </span>
      <span role="gridcell" class={status >= 400 ? "num soft" : "num"}>
        {status > 0 ? status : ""}
      </span>
      <span role="gridcell" class="num" title={size >= 0 ? `${count(size)} bytes` : undefined}>
        {size >= 0 ? bytes(size) : ""}
      </span>
      <span role="gridcell" class="stages">
        {stagesOf(store, row).map((s) => (
          <span key={s} class={`stage-tag ${stageClass(store, s)}`}>
            {data.stages[s]?.[1]}
          </span>
        ))}
      </span>
    </div>
  );
}
