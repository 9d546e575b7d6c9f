// Files served against the list of files that belong there.

import type { Data, Finding, Page } from "./data";
import { FindingLink, useStore } from "./parts";
import { bytes, count, period } from "./scale";
import { Log, middle } from "./text";

const MAX_LINES = 60;

/** In the order in which they are shown: programs first, those are what is planted. */
const GROUPS = [
  "program off the list",
  "other spelling of a file",
  "file off the list",
  "gone from the list",
  "never asked for",
] as const;

type Group = (typeof GROUPS)[number];

export interface Difference {
  group: Group;
  path: string;
  page: Page | undefined;
  finding: Finding;
}

/** What a finding of the comparison is about, by the figures that it bears. */
function groupOf(finding: Finding): Group {
  if (finding.artefacts.length) return "program off the list";
  if (finding.numbers.n_respelled !== undefined) return "other spelling of a file";
  if (finding.numbers.n_never_asked !== undefined) return "never asked for";
  return finding.severity === "low" && finding.numbers.n_files !== undefined
    ? "gone from the list"
    : "file off the list";
}

export function differences(data: Data): Difference[] {
  const pages = new Map(data.pages.map((p) => [p.path, p]));
  const all = data.findings
    .filter((f) => f.detector === "manifest-diff")
    .flatMap((finding) =>
      finding.pages.map((path): Difference => ({ group: groupOf(finding), path, page: pages.get(path), finding })),
    );
  const rank = (d: Difference) => GROUPS.indexOf(d.group);
  return all.sort((a, b) => rank(a) - rank(b) || (b.page?.out ?? 0) - (a.page?.out ?? 0));
}

export function ManifestDiff() {
  const store = useStore();
  const all = differences(store.data);
  if (!all.length) return null;
  return (
    <section class="panel wide" id="manifest" aria-labelledby="manifest-title">
      <div class="bar">
        <h3 id="manifest-title">Against the list of files</h3>
      </div>
      <p class="lead">
        What was answered although it is not on the manifest, or under another spelling; what is on it and gone, or was
        never asked for. Press a path to see its requests.
      </p>
      <section class="scroll twin" aria-label="Differences" tabindex={0}>
        <table class="data">
          <caption class="hidden">Differences to the list of files</caption>
          <thead>
            <tr>
              <th scope="col" class="text">
                Path
              </th>
              <th scope="col" class="text">
                What
              </th>
              <th scope="col">Answered</th>
              <th scope="col">Clients</th>
              <th scope="col">Bytes out</th>
              <th scope="col" class="text">
                First to last 2xx (UTC)
              </th>
              <th scope="col">Finding</th>
            </tr>
          </thead>
          <tbody>
            {all.slice(0, MAX_LINES).map((d) => {
              const ok = d.page?.lives[0];
              return (
                <tr key={d.finding.id + d.path} class={d.group === "program off the list" ? "named" : ""}>
                  <th scope="row">
                    <button type="button" class="link" onClick={() => store.pick({ page: d.path })}>
                      <Log text={middle(d.path, 48)} />
                    </button>
                  </th>
                  <td class="text">{d.group}</td>
                  <td>{ok ? count(ok[0]) : "-"}</td>
                  <td>{d.page ? count(d.page.clients) : "-"}</td>
                  <td>{d.page ? bytes(d.page.out) : "-"}</td>
                  <td class="text">{ok?.length === 3 ? period(ok[1], ok[2]) : "-"}</td>
                  <td>
                    <FindingLink no={d.finding.no}>{d.finding.no}</FindingLink>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </section>
      {all.length > MAX_LINES && <p class="more">{count(all.length - MAX_LINES)} more in findings.jsonl.</p>}
    </section>
  );
}
