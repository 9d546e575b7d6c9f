// The filters, and what is in force of them.

import { Choice, useStore } from "./parts";
import { count, period } from "./scale";
import type { Filter } from "./state";
import { plain } from "./text";

const STATUS = ["2xx", "3xx", "4xx", "5xx"];

/** The filters that narrow the rows, each with its label. */
export function Filters() {
  const store = useStore();
  const { data } = store;
  const filter = store.filter.value;
  const stages = new Set(data.findings.map((f) => f.stage));
  const countries = [...new Set(data.clients.map(([, country]) => country ?? "-"))].sort();
  const statuses = [...new Set(data.rows.status)].filter((s) => s > 0).sort((a, b) => a - b);
  return (
    <div class="filters">
      <label class="grow">
        <span>Text</span>
        <input
          type="search"
          value={filter.text}
          placeholder="client, request, host or raw line"
          onInput={(e) => store.set({ text: e.currentTarget.value })}
        />
      </label>
      <label>
        <span>Client</span>
        <input
          type="search"
          list="clients-list"
          value={filter.client}
          placeholder="any"
          onInput={(e) => store.set({ client: e.currentTarget.value.trim() })}
        />
        <datalist id="clients-list">
          {data.who.map((w) => (
            <option key={w.client} value={w.client} />
          ))}
        </datalist>
      </label>
      <label>
        <span>Page or host</span>
        <input
          type="search"
          value={filter.page}
          placeholder="any"
          list="pages-list"
          onInput={(e) => store.set({ page: e.currentTarget.value.trim() })}
        />
        <datalist id="pages-list">
          {[...new Set(data.findings.flatMap((f) => [...f.pages.slice(0, 8), ...f.hosts.slice(0, 8)]))]
            .slice(0, 200)
            .map((p) => (
              <option key={p} value={p} />
            ))}
        </datalist>
      </label>
      <Select
        label="Status"
        value={filter.status}
        options={[...STATUS, ...statuses.map(String)].map((s) => [s, s])}
        onPick={(status) => store.set({ status })}
      />
      {countries.length > 1 && (
        <Select
          label="Country"
          value={filter.country}
          options={countries.map((c) => [c, c === "-" ? "unknown" : c])}
          onPick={(country) => store.set({ country })}
        />
      )}
      <Select
        label="Stage"
        value={filter.stage}
        options={data.stages.filter((_, i) => stages.has(i)).map(([name]) => [name, name.replaceAll("-", " ")])}
        onPick={(stage) => store.set({ stage })}
      />
    </div>
  );
}

function Select(props: { label: string; value: string; options: [string, string][]; onPick: (v: string) => void }) {
  return (
    <label>
      <span>{props.label}</span>
      <select value={props.value} onChange={(e) => props.onPick(e.currentTarget.value)}>
        <option value="">any</option>
        {props.options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The axis of all charts of time. */
export function AxisChoice() {
  const store = useStore();
  const { attack, period: whole } = store.data;
  if (attack[0] === whole[0] && attack[1] === whole[1]) return null;
  return (
    <Choice
      label="Axis of time"
      value={store.axis.value}
      options={[
        ["attack", "Attack window"],
        ["period", "Whole period"],
      ]}
      onPick={(axis) => {
        store.axis.value = axis;
      }}
    />
  );
}

/** What is in force, at the lower edge of the window while the reader looks at charts. */
export function InForce() {
  const store = useStore();
  const filter = store.filter.value;
  const range = store.range.value;
  const [from, to] = store.bounds.value;
  if (!store.isFiltered.value) return null;
  const name = (key: keyof Filter) => {
    if (key !== "finding") return plain(filter[key]);
    const no = store.data.findings.find((f) => f.id === filter.finding)?.no;
    return no ? String(no) : filter.finding;
  };
  return (
    <aside class="in-force" aria-label="Filters in force">
      <strong>
        {count(to - from)} of {count(store.data.rows.n)} requests
      </strong>
      {(Object.keys(filter) as (keyof Filter)[])
        .filter((key) => filter[key])
        .map((key) => (
          <button type="button" key={key} onClick={() => store.set({ [key]: "" })}>
            {key} <b>{name(key)}</b> <span aria-hidden="true">×</span>
            <span class="hidden">, take off</span>
          </button>
        ))}
      {range && (
        <button
          type="button"
          onClick={() => {
            store.range.value = null;
          }}
        >
          <b>{period(...range)}</b> <span aria-hidden="true">×</span>
          <span class="hidden">, take off</span>
        </button>
      )}
      <a href="#requests-explorer">Show them</a>
      <button type="button" class="quiet" onClick={() => store.clear()}>
        Clear all
      </button>
    </aside>
  );
}
