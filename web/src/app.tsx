import { useSignal } from "@preact/signals";
import { Actor } from "./actor";
import { RequestAxis } from "./axis";
import { Beacons } from "./beacons";
import type { Data } from "./data";
import { FanOut } from "./fanout";
import { AxisChoice, Filters, InForce } from "./filters";
import { HeatStrip } from "./heat";
import { KillChain } from "./lanes";
import { PageLives } from "./lives";
import { ManifestDiff } from "./manifest";
import { type Table, TableView, useStore } from "./parts";
import { RequestRows } from "./rows";
import { bytes, count, counted, time } from "./scale";
import { Sizes } from "./sizes";
import { Techniques } from "./techniques";
import { Transfers } from "./transfers";
import { World } from "./world";

export function App() {
  const { data } = useStore();
  if (!data.findings.length && !data.hours) return null;
  return (
    <div class="explorer">
      <KillChainSection />
      <RequestSection />
      <div class="panels" id="charts">
        <Sizes />
        <HeatStrip />
        <PageLives />
        <Beacons />
        <Transfers />
        <FanOut />
        <ManifestDiff />
        <Techniques />
        <World />
      </div>
      <InForce />
    </div>
  );
}

function KillChainSection() {
  return useStore().data.who.length ? <KillChain /> : null;
}

function RequestSection() {
  const store = useStore();
  const { data } = store;
  const n = data.rows.n;
  const isTable = useSignal(false);
  return (
    <section class="panel wide" id="requests-explorer" aria-labelledby="requests-title">
      <div class="bar">
        <h3 id="requests-title">Requests over time</h3>
        <AxisChoice />
        <button
          type="button"
          class="quiet"
          aria-pressed={isTable.value}
          onClick={() => {
            isTable.value = !isTable.value;
          }}
        >
          {isTable.value ? "Show as chart" : "Show as table"}
          <span class="hidden">: Requests over time</span>
        </button>
      </div>
      <p class="lead">
        <span class="key all" /> all requests of the logs <span class="key bad" /> attacks among them.
        {n > 0 && " Above: the findings by stage, a tick for each of their requests."}
        {data.gaps.length > 0 && (
          <>
            {" "}
            <span class="key gap" /> no records
          </>
        )}
      </p>
      {isTable.value ? <TableView title="Requests over time" {...hoursTable(data)} /> : <RequestAxis />}
      {n > 0 ? <Kept /> : <p class="more">There is no finding that accuses anybody, and so no request to show.</p>}
    </section>
  );
}

/** The requests that are part of the page: filters, how many there are, and the rows. */
function Kept() {
  const store = useStore();
  const { data } = store;
  const [from, to] = store.bounds.value;
  const n = data.rows.n;
  return (
    <>
      <Filters />
      <p class="lead" role="status">
        <strong>
          {store.isFiltered.value ? `${count(to - from)} of ${counted(n, "request")}` : counted(n, "request")}
        </strong>{" "}
        that findings rest on.{" "}
        {data.leftOut > 0 && `${count(data.leftOut)} more had no room, of the least severe findings. `}
        These are the lines that detectors asked for, not all of the log; busy clients and hosts are kept in part.
      </p>
      <Actor />
      <RequestRows />
      <p class="more keys">
        Keys in the table: <kbd>j</kbd> <kbd>k</kbd> or arrows, <kbd>Page up</kbd> <kbd>Page down</kbd>, <kbd>Home</kbd>{" "}
        <kbd>End</kbd>; <kbd>Enter</kbd> opens a request, <kbd>Esc</kbd> closes it.
      </p>
    </>
  );
}

/** What the chart of requests shows, hours without any left out. */
function hoursTable({ hours }: Data): Table {
  const rows = (hours?.n ?? []).map((n, i) => [
    hours ? time(hours.from + i * hours.step).slice(0, 16) : "",
    count(n),
    count(hours?.attacks[i] ?? 0),
    count(hours?.errors[i] ?? 0),
    bytes(hours?.out[i] ?? 0),
  ]);
  return {
    columns: ["From (UTC)", "Requests", "Attacks", "Errors", "Bytes out"],
    rows: rows.filter((r) => r[1] !== "0"),
  };
}
