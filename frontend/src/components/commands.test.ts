import { expect, it } from "vitest";
import { matching } from "./commands";

const command = (label: string) => ({ id: label, label, run: () => undefined });
const all = ["Split at the playhead", "Play or pause", "Play the line"].map(command);

it("every word that is typed has to be in a command, in any order and case", () => {
  const labels = (typed: string) => matching(all, typed).map(({ label }) => label);
  expect(labels("PLAY")).toEqual(["Split at the playhead", "Play or pause", "Play the line"]);
  expect(labels("line  play")).toEqual(["Play the line"]);
  expect(labels("export")).toEqual([]);
  expect(labels("")).toHaveLength(3);
});
