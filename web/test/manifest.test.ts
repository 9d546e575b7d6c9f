import { expect, test } from "vitest";
import { build } from "../src/data";
import { differences } from "../src/manifest";
import { finding, raw } from "./made";

test("differences to the list stand in groups, planted programs first", () => {
  const of = (id: string, change: object) => finding({ id, detector: "manifest-diff", severity: "info", ...change });
  const data = build(
    raw(3, [
      of("a", { pages: ["/old.php"], numbers: { n_never_asked: 1 } }),
      of("b", { pages: ["/b.zip"], numbers: { n_files: 1 } }),
      of("c", { pages: ["/gone.css"], numbers: { n_files: 1 }, severity: "low" }),
      of("d", { pages: ["/x.php"], artefacts: ["/x.php"], severity: "high" }),
      of("e", { pages: ["/%69ndex.php"], numbers: { n_respelled: 1 }, severity: "low" }),
      finding({ id: "f", pages: ["/scanned"] }),
    ]),
  );
  expect(differences(data).map((d) => [d.path, d.group])).toEqual([
    ["/x.php", "program off the list"],
    ["/%69ndex.php", "other spelling of a file"],
    ["/b.zip", "file off the list"],
    ["/gone.css", "gone from the list"],
    ["/old.php", "never asked for"],
  ]);
});
