import { expect, test } from "vitest";
import { termsOf } from "./brief-terms";

const PROPOSED = { source: "Kraken", target: "Kraken", proposed: true };

test("rows are terms, and those nobody changed stay proposed", () => {
  expect(termsOf("Kraken = Kraken\nharbour master= capitán\n\nnothing\n = x", [PROPOSED])).toEqual([
    PROPOSED,
    { source: "harbour master", target: "capitán", proposed: false },
  ]);
  expect(termsOf("Kraken = el Kraken", [PROPOSED])).toEqual([{ source: "Kraken", target: "el Kraken", proposed: false }]);
  expect(termsOf("", [PROPOSED])).toEqual([]);
});
