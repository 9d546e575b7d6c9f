// Everything that is known of one client, in the order of time: shown when one is chosen.

import type { Data, Finding } from "./data";
import { FindingLink, stageClass, useStore } from "./parts";
import { count, counted, period } from "./scale";
import { clip, Log } from "./text";

/** The findings about a client by their time; those of mere context and those without a time last. */
export function storyOf(data: Data, client: string): Finding[] {
  const i = data.clients.findIndex(([name]) => name === client);
  if (i < 0) return [];
  const at = (f: Finding) => f.span?.[0] ?? Number.POSITIVE_INFINITY;
  // A finding about very many clients names only some of them; its rows know the others.
  const { rows, sets } = data;
  const ofRows = new Set<number>();
  rows.client.forEach((client, row) => {
    if (client === i) for (const f of sets[rows.set[row] ?? -1] ?? []) ofRows.add(f);
  });
  return data.findings.filter((f, k) => f.clients.includes(i) || ofRows.has(k)).sort((a, b) => at(a) - at(b));
}

export function Actor() {
  const store = useStore();
  const { data } = store;
  const name = store.filter.value.client;
  const story = name ? storyOf(data, name) : [];
  if (!story.length) return null;
  const client = data.clients.find(([n]) => n === name);
  const i = client ? data.clients.indexOf(client) : -1;
  const nRows = data.rows.client.reduce((n, c) => n + Number(c === i), 0);
  const total = client?.[2] ?? 0;
  return (
    <section class="actor" aria-label="Timeline of the client">
      <h4>
        What <Log text={clip(name, 60)} /> did
      </h4>
      <p class="more">
        {counted(nRows, "request")} {nRows === 1 ? "is" : "are"} below
        {total > nRows ? `, of ${count(total)} in the logs` : ""}; the findings about it, in the order of time:
      </p>
      <ol>
        {story.map((f) => (
          <li key={f.id} class={stageClass(store, f.stage)}>
            <span class="when">{f.span ? period(...f.span) : "no time"}</span>
            <button
              type="button"
              class="stage-tag"
              aria-pressed={store.filter.value.finding === f.id}
              onClick={() => store.pick({ finding: f.id })}
            >
              {data.stages[f.stage]?.[1]}
            </button>
            <span class="what">
              <FindingLink no={f.no}>{f.title}</FindingLink>
              {f.pages[0] ? (
                <>
                  {" "}
                  <code>
                    <Log text={clip(f.pages[0], 60)} />
                  </code>
                </>
              ) : f.hosts[0] ? (
                <>
                  {" "}
                  <code>
                    <Log text={clip(f.hosts[0], 60)} />
                  </code>
                </>
              ) : null}
              , {counted(f.n, "request")}
              {f.nClients > 1 ? ` of ${counted(f.nClients, "client")}` : ""}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
