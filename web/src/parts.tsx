// What several charts are made of.

import { useSignal } from "@preact/signals";
import { type ComponentChildren, createContext } from "preact";
import { useContext, useLayoutEffect, useRef } from "preact/hooks";
import { type Scale, timeTicks } from "./scale";
import type { Store } from "./state";

export const StoreContext = createContext<Store | null>(null);

export function useStore(): Store {
  const store = useContext(StoreContext);
  if (!store) throw new Error("there is no store above this part");
  return store;
}

/** The width of an element as it is laid out. */
export function useWidth<E extends HTMLElement>(first = 640) {
  const ref = useRef<E>(null);
  const width = useSignal(first);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const measure = () => {
      const now = Math.floor(element.clientWidth);
      if (now > 0) width.value = now;
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { ref, width: width.value, size: width };
}

export interface Table {
  columns: string[];
  rows: ComponentChildren[][];
}

/** A chart with its title, what it shows in a sentence, and its twin as a table. */
export function Chart(props: {
  id: string;
  title: string;
  lead?: ComponentChildren;
  aside?: ComponentChildren;
  wide?: boolean;
  table: () => Table;
  children: ComponentChildren;
}) {
  const isTable = useSignal(false);
  return (
    <section class={props.wide ? "panel wide" : "panel"} id={props.id} aria-labelledby={`${props.id}-title`}>
      <div class="bar">
        <h3 id={`${props.id}-title`}>{props.title}</h3>
        {props.aside}
        <button
          type="button"
          class="quiet"
          aria-pressed={isTable.value}
          onClick={() => {
            isTable.value = !isTable.value;
          }}
        >
          {isTable.value ? "Show as chart" : "Show as table"}
          <span class="hidden">: {props.title}</span>
        </button>
      </div>
      {props.lead && <p class="lead">{props.lead}</p>}
      {isTable.value ? <TableView title={props.title} {...props.table()} /> : props.children}
    </section>
  );
}

export function TableView({ title, columns, rows }: Table & { title: string }) {
  return (
    <section class="scroll twin" aria-label={`${title}, as a table`} tabindex={0}>
      <table class="data">
        <caption class="hidden">{title}</caption>
        <thead>
          <tr>
            {columns.map((c) => (
              <th key={c} scope="col" class="text">
                {c}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr key={i}>
              {row.map((cell, j) =>
                j === 0 ? (
                  <th key={j} scope="row">
                    {cell}
                  </th>
                ) : (
                  <td key={j} class="text">
                    {cell}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Vertical lines and labels of an axis of time. */
export function TimeAxis(props: { domain: [number, number]; x: Scale; top: number; bottom: number; most: number }) {
  const [left, right] = [props.x(props.domain[0]), props.x(props.domain[1])];
  return (
    <g class="axis">
      {timeTicks(props.domain, props.most).map(({ t, label }) => {
        const x = Math.round(props.x(t)) + 0.5;
        const anchor = x - left < 24 ? "start" : right - x < 24 ? "end" : "middle";
        return (
          <g key={t}>
            <line class="grid" x1={x} x2={x} y1={props.top} y2={props.bottom} />
            <text x={x} y={props.bottom + 14} text-anchor={anchor}>
              {label}
            </text>
          </g>
        );
      })}
    </g>
  );
}

/** The class that gives a stage its colour. */
export function stageClass(store: Store, stage: number): string {
  return `s-${store.data.stages[stage]?.[0] ?? ""}`;
}

/** One of several, as a row of buttons. */
export function Choice<T extends string | number>(props: {
  label: string;
  value: T;
  options: [T, string][];
  onPick: (value: T) => void;
}) {
  return (
    <fieldset class="choice">
      <legend class="hidden">{props.label}</legend>
      {props.options.map(([value, text]) => (
        <button type="button" key={value} aria-pressed={value === props.value} onClick={() => props.onPick(value)}>
          {text}
        </button>
      ))}
    </fieldset>
  );
}

/** Goes to an element of the page, and opens it if it is a finding; the fragment stays that of the state. */
export function goTo(id: string): void {
  const element = document.getElementById(id);
  if (element instanceof HTMLDetailsElement) element.open = true;
  element?.scrollIntoView({ block: "start" });
  const target = element?.querySelector<HTMLElement>("summary") ?? element;
  if (target && !target.matches("summary, a, button, input")) target.tabIndex = -1;
  target?.focus({ preventScroll: true });
}

/** A link to a finding on the page, by its number. */
export function FindingLink({ no, children }: { no: number; children?: ComponentChildren }) {
  if (!no) return <span>{children}</span>;
  return <a href={`#f${no}`}>{children ?? `finding ${no}`}</a>;
}
