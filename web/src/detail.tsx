// One request in full: as it stands in the log, decoded, where it stands, and ways on.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { METHODS } from "./data";
import { FindingLink, useStore } from "./parts";
import { bytes, count, iso, time } from "./scale";
import { pathOf } from "./state";
import { decodeTarget, Log, plain } from "./text";

const AROUND_MS = 5 * 60_000;

/** An argument for a shell, in quotes where it is not plain. */
export function shellWord(text: string): string {
  return /^[\w./:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** The command that prints a line of a file; none for members of archives, and for names that would act in a terminal. */
export function lineCommand(path: string, compression: string, line: number): string {
  if (path.includes("!") || plain(path) !== path) return "";
  const reader = { gzip: "zcat", zstd: "zstdcat", bzip2: "bzcat", xz: "xzcat" }[compression];
  if (reader) return `${reader} -- ${shellWord(path)} | sed -n '${line}{p;q}'`;
  return compression === "none" || !compression ? `sed -n '${line}{p;q}' -- ${shellWord(path)}` : "";
}

export function Detail({ row, onClose }: { row: number; onClose: () => void }) {
  const store = useStore();
  const { data } = store;
  const { rows } = data;
  const t = rows.t[row] ?? Number.NaN;
  const client = data.clients[rows.client[row] ?? -1];
  const target = data.targets[rows.target[row] ?? -1];
  const host = data.targetHosts[rows.host[row] ?? -1];
  const raw = rows.raw.get(row);
  const [path = "", compression = ""] = data.inputs[rows.input[row] ?? -1] ?? [];
  const line = rows.line[row] ?? 0;
  const decoded = target === undefined ? "" : decodeTarget(target);
  const findings = (data.sets[rows.set[row] ?? -1] ?? []).map((i) => data.findings[i]).filter((f) => f !== undefined);
  const size = rows.bytes[row] ?? -1;
  const status = rows.status[row] ?? -1;
  const command = lineCommand(path, compression, line);
  return (
    <section class="detail" aria-label="The request in full">
      <div class="bar">
        <h3>
          {METHODS[rows.method[row] ?? -1] ?? "Line"} <span class="when">{time(t)} UTC</span>
        </h3>
        {client && (
          <button type="button" onClick={() => store.pick({ client: client[0] })}>
            Only this client
          </button>
        )}
        {target !== undefined && (
          <button type="button" onClick={() => store.pick({ page: host && !target ? host : pathOf(target) })}>
            Only this page
          </button>
        )}
        {Number.isFinite(t) && (
          <button
            type="button"
            onClick={() => {
              store.range.value = [t - AROUND_MS, t + AROUND_MS];
            }}
          >
            ± 5 minutes
          </button>
        )}
        <button type="button" class="quiet" onClick={onClose}>
          Close
        </button>
      </div>
      <dl class="facts">
        {client && (
          <>
            <dt>Client</dt>
            <dd>
              <code>
                <Log text={client[0]} />
              </code>
              {client[1] ? ` ${client[1]}` : ""}
            </dd>
          </>
        )}
        {target !== undefined && (
          <>
            <dt>Decoded</dt>
            <dd>
              <code>
                <Log text={(host ?? "") + decoded} />
              </code>
            </dd>
          </>
        )}
        {status > 0 && (
          <>
            <dt>Answer</dt>
            <dd>
              {status}
              {size >= 0 ? `, ${bytes(size)}${size >= 1000 ? ` (${count(size)} bytes)` : ""}` : ""}
            </dd>
          </>
        )}
        <dt>Findings</dt>
        <dd>
          {findings.length
            ? findings.map((f, i) => (
                <span key={f.id}>
                  {i > 0 && ", "}
                  <FindingLink no={f.no}>
                    {f.no ? `${f.no} ` : ""}
                    {f.title.toLowerCase()}
                  </FindingLink>
                </span>
              ))
            : "less severe than those shown"}
        </dd>
        <dt>Place</dt>
        <dd>
          <code>
            <Log text={path} />:{line}
          </code>
          {iso(t) && `, ${iso(t)}`}
        </dd>
      </dl>
      {raw !== undefined ? (
        <Copy label="As it stands in the log" text={raw} />
      ) : (
        <p class="lead">The line itself is not part of this page.{command ? " This prints it:" : ""}</p>
      )}
      {raw === undefined && command && <Copy label="Command" text={command} />}
    </section>
  );
}

/** Text that can be copied as it is shown: what would act where it is pasted is copied as its number. */
function Copy({ label, text }: { label: string; text: string }) {
  const state = useSignal("");
  useEffect(() => {
    state.value = "";
  }, [text]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(plain(text));
      state.value = "copied";
    } catch {
      state.value = "the browser does not allow it: select the text";
    }
  };
  return (
    <div class="raw">
      <div class="bar">
        <h4>{label}</h4>
        <button type="button" onClick={copy}>
          Copy
        </button>
        <span role="status" class="when">
          {state.value}
        </span>
      </div>
      <pre>
        <Log text={text} />
      </pre>
    </div>
  );
}
