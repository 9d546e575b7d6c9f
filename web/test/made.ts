// A small made-up case for the tests.

import { build, type Data, type Finding, type Raw } from "../src/data";

export const T0 = Date.UTC(2026, 9, 13);

const STAGES: [string, string][] = [
  ["reconnaissance", "recon"],
  ["attack", "attack"],
  ["access", "access"],
  ["exploit", "exploit"],
  ["implant", "implant"],
  ["exfiltration", "exfil"],
  ["command-and-control", "c2"],
  ["download", "download"],
  ["lateral-movement", "lateral"],
  ["impact", "flood"],
];

export function finding(change: Partial<Finding>): Finding {
  return {
    id: "a",
    no: 1,
    detector: "scan",
    title: "Scans",
    stage: 0,
    techniques: [],
    severity: "high",
    level: "probable",
    span: [T0, T0 + 60_000],
    n: 1,
    out: null,
    in: null,
    clients: [0],
    nClients: 1,
    pages: [],
    hosts: [],
    artefacts: [],
    numbers: {},
    ...change,
  };
}

/** Rows of two clients on two pages, one a second; the second page belongs to an exploit. */
export function raw(
  n: number,
  findings: Finding[] = [finding({}), finding({ id: "b", no: 2, stage: 3, clients: [0, 1] })],
): Raw {
  const column = (of: (i: number) => number | null) => Array.from({ length: n }, (_, i) => of(i));
  return {
    head: {
      layout: 1,
      span: [T0, T0 + n * 1000],
      inputs: [["a b.log.gz", "gzip"]],
      gaps: [],
      stages: STAGES,
      hours: { from: T0, step: 3_600_000, n: [n, 5], attacks: [1, 0], errors: [0, 0], out: [9, 9] },
      findings,
      who: [],
      pages: [],
      hosts: [],
      answers: [{ finding: 1, bytes: [100, 120] }],
      beats: [],
      sweeps: [],
      countries: [],
      expectation: "",
      countrySource: "",
      leftOut: 0,
      sets: [[0], [0, 1], []],
      clients: [
        ["203.0.113.9", "NL", 500],
        ["2001:db8::1", null, 1],
      ],
    },
    targets: ["/index.html", "/p.php?id=1%27%20UNION"],
    hosts: ["evil.example"],
    t: column((i) => (i === 0 ? T0 : 1000)),
    target: column((i) => i % 2),
    host: column((i) => (i === 2 ? 0 : null)),
    client: column((i) => (i % 4 === 3 ? 1 : 0)),
    method: column((i) => (i === 4 ? null : 1)),
    status: column((i) => (i % 2 ? 200 : 404)),
    bytes: column((i) => (i % 2 ? 100 + (i > n - 4 ? 90_000 : 0) : null)),
    set: column((i) => i % 2),
    input: column(() => 0),
    line: column(() => 2),
    rawRow: [1],
    raw: ['GET "sqlmap/1.8"'],
  };
}

export function made(n: number): Data {
  return build(raw(n));
}
