// The ATT&CK techniques that findings touch, by the stage in which they do.

import type { Data } from "./data";
import { stageClass, useStore } from "./parts";
import { count, counted } from "./scale";

export interface Touched {
  stage: number;
  techniques: { id: string; name: string; n: number; isProven: boolean }[];
}

/** By stage, in the order of the kill chain; findings that are mere context do not count. */
export function touched(data: Data): Touched[] {
  return data.stages
    .map((_, stage) => {
      const of = new Map<string, { id: string; name: string; n: number; isProven: boolean }>();
      for (const f of data.findings.filter((f) => f.stage === stage && f.severity !== "info")) {
        for (const [id, name] of f.techniques) {
          const one = of.get(id) ?? { id, name, n: 0, isProven: false };
          one.n++;
          one.isProven ||= f.level === "confirmed" || f.level === "probable";
          of.set(id, one);
        }
      }
      return { stage, techniques: [...of.values()].sort((a, b) => b.n - a.n || (a.id < b.id ? -1 : 1)) };
    })
    .filter((t) => t.techniques.length);
}

export function Techniques() {
  const store = useStore();
  const { data } = store;
  const all = touched(data);
  if (!all.length) return null;
  return (
    <section class="panel wide" id="techniques" aria-labelledby="techniques-title">
      <div class="bar">
        <h3 id="techniques-title">ATT&CK techniques touched</h3>
      </div>
      <p class="lead">
        What the findings' detectors stand for, with the number of findings. Filled: at least one is probable or
        confirmed. attack-layer.json opens in the Navigator.
      </p>
      <div class="matrix">
        {all.map(({ stage, techniques }) => {
          const name = data.stages[stage]?.[0] ?? "";
          return (
            <div key={stage} class={`tactic ${stageClass(store, stage)}`}>
              <button
                type="button"
                aria-pressed={store.filter.value.stage === name}
                onClick={() => store.pick({ stage: name })}
              >
                {name.replaceAll("-", " ")}
              </button>
              <ul>
                {techniques.map((t) => (
                  <li key={t.id} class={t.isProven ? "proven" : ""}>
                    <b>{t.id}</b> {t.name}
                    <span class="n" title={counted(t.n, "finding")}>
                      {count(t.n)}
                      <span class="hidden"> findings</span>
                    </span>
                  </li>
                ))}
              </ul>
            </div>
          );
        })}
      </div>
    </section>
  );
}
