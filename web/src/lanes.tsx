// The kill chain of each attacker: a bar for each stage, on one axis.

import { useSignal } from "@preact/signals";
import type { Data, Span, Who } from "./data";
import { AxisChoice } from "./filters";
import { Chart, stageClass, TimeAxis, useStore, useWidth } from "./parts";
import { bytes, clamp, count, counted, linear, period } from "./scale";
import { Log, middle, plain } from "./text";

const MAX_LANES = 6;
const LEFT = 158;
/** Room for a label behind the longest bar. */
const RIGHT = 104;
const ROW = 19;

export interface Lane {
  stage: number;
  n: number;
  /** None: no finding about this client says when. */
  span: Span | null;
  /** The times are those of several clients together. */
  isShared: boolean;
}

/** When a client was in each stage: by the findings about it alone, by its rows, else by findings about several. */
export function lanesOf(data: Data, who: Who): Lane[] {
  const client = data.clients.findIndex(([name]) => name === who.client);
  return who.stages.map(([stage, n]) => {
    const about = data.findings.filter((f) => f.stage === stage && f.span && f.clients.includes(client));
    const alone = about.filter((f) => f.nClients === 1);
    if (client < 0) return { stage, n, span: null, isShared: false };
    const own = alone.length ? joined(alone.map((f) => f.span)) : spanOfRows(data, client, stage);
    const span = own ?? joined(about.map((f) => f.span));
    return { stage, n, span, isShared: !own && span !== null };
  });
}

function joined(spans: (Span | null)[]): Span | null {
  const known = spans.filter((s) => s !== null);
  if (!known.length) return null;
  return [Math.min(...known.map((s) => s[0])), Math.max(...known.map((s) => s[1]))];
}

function spanOfRows(data: Data, client: number, stage: number): Span | null {
  const { rows, setStages } = data;
  let span: Span | null = null;
  for (let i = 0; i < rows.n; i++) {
    if (rows.client[i] !== client || !((setStages[rows.set[i] ?? -1] ?? 0) & (1 << stage))) continue;
    const t = rows.t[i] ?? 0;
    span = span ? [span[0], t] : [t, t];
  }
  return span;
}

export function KillChain() {
  const store = useStore();
  const { data } = store;
  const isAll = useSignal(false);
  const { ref, width } = useWidth<HTMLDivElement>(1080);
  const shown = isAll.value ? data.who : data.who.slice(0, MAX_LANES);
  const all = shown.map((who) => ({ who, lanes: lanesOf(data, who) }));
  const domain = store.domain.value;
  const x = linear(domain, [LEFT, width - RIGHT]);
  let y = 6;
  const placed = all.map(({ who, lanes }) => {
    const top = y;
    y += Math.max(lanes.length, 2) * ROW + 12;
    return { who, lanes, top };
  });
  const height = y + 22;
  const filter = store.filter.value;
  const amount = (lane: Lane, who: Who) =>
    data.stages[lane.stage]?.[0] === "exfiltration" && who.taken ? bytes(who.taken) : lane.n ? count(lane.n) : "";
  return (
    <Chart
      id="kill-chain"
      title="Kill chain by client"
      wide
      lead="When each client was in each stage, with its requests there. Press a bar to see them."
      aside={<AxisChoice />}
      table={() => ({
        columns: ["Client", "Stage", "Requests", "When (UTC)", "Taken"],
        rows: all.flatMap(({ who, lanes }) =>
          lanes.map((lane) => [
            <Log key="c" text={who.client} />,
            data.stages[lane.stage]?.[0].replaceAll("-", " "),
            count(lane.n),
            lane.span ? `${period(...lane.span)}${lane.isShared ? ", with others" : ""}` : "-",
            who.taken ? bytes(who.taken) : "-",
          ]),
        ),
      })}
    >
      <div ref={ref}>
        <svg class="chart-svg" width={width} height={height} role="group" aria-label="Kill chain by client">
          <TimeAxis
            domain={domain}
            x={x}
            top={0}
            bottom={height - 20}
            most={Math.max(1, Math.floor((width - LEFT - RIGHT) / 90))}
          />
          {placed.map(({ who, lanes, top }) => (
            <g key={who.client}>
              {top > 6 && <line class="rule" x1={0} x2={width} y1={top - 6.5} y2={top - 6.5} />}
              <g
                role="button"
                tabindex={0}
                class="press"
                aria-pressed={filter.client === who.client}
                onClick={() => store.pick({ client: who.client })}
                onKeyDown={onEnter(() => store.pick({ client: who.client }))}
              >
                <rect class="hit" x={0} y={top - 2} width={LEFT - 8} height={34} />
                <text class={filter.client === who.client ? "name on" : "name"} x={0} y={top + 12}>
                  {plain(middle(who.client, 22))}
                </text>
                <text class="note" x={0} y={top + 28}>
                  {plain(middle(who.place || (who.own ? "own client" : "place unknown"), 26))}
                </text>
              </g>
              {lanes.map((lane, i) => {
                const name = data.stages[lane.stage] ?? ["", ""];
                const label = `${name[1]} ${amount(lane, who)}`;
                const isOut = !lane.span || lane.span[1] < domain[0] || lane.span[0] > domain[1];
                const a = lane.span ? clamp(x(lane.span[0]), LEFT, width - RIGHT) : LEFT;
                const b = lane.span ? Math.max(clamp(x(lane.span[1]), LEFT, width - RIGHT), a + 3) : LEFT;
                const isBefore = !lane.span || lane.span[1] < domain[0];
                const shownLabel = isOut && isBefore ? `← ${label}` : isOut ? `${label} →` : label;
                const rowY = top + i * ROW;
                const choose = () => store.pick({ client: who.client, stage: name[0] });
                return (
                  <g
                    key={lane.stage}
                    role="button"
                    tabindex={0}
                    class={`press ${stageClass(store, lane.stage)}`}
                    aria-pressed={filter.client === who.client && filter.stage === name[0]}
                    onClick={choose}
                    onKeyDown={onEnter(choose)}
                  >
                    <title>{`${shownLabel}: ${counted(lane.n, "request")} of ${plain(who.client)}, ${lane.span ? `${period(...lane.span)} UTC` : "no time known"}${lane.isShared ? ", with others" : ""}`}</title>
                    <rect class="hit" x={LEFT} y={rowY} width={width - LEFT} height={ROW} />
                    {!isOut && (
                      <rect
                        class={lane.isShared ? "bar-shape shared" : "bar-shape"}
                        x={a}
                        y={rowY + 3}
                        width={b - a}
                        height={ROW - 7}
                        rx={1}
                      />
                    )}
                    <text
                      class="label"
                      x={isOut ? (isBefore ? LEFT + 4 : width - 4) : b + 6}
                      y={rowY + 13}
                      text-anchor={isOut && !isBefore ? "end" : "start"}
                    >
                      {shownLabel}
                    </text>
                  </g>
                );
              })}
            </g>
          ))}
        </svg>
      </div>
      {data.who.length > MAX_LANES && (
        <button
          type="button"
          class="quiet"
          onClick={() => {
            isAll.value = !isAll.value;
          }}
        >
          {isAll.value ? `Only the first ${MAX_LANES}` : `Show all ${count(data.who.length)}`}
        </button>
      )}
    </Chart>
  );
}

/** What a key press on a part of a chart does, as on a button. */
export function onEnter(act: () => void) {
  return (e: KeyboardEvent) => {
    if (e.key !== "Enter" && e.key !== " ") return;
    e.preventDefault();
    act();
  };
}
