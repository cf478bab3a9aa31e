import { expect, it } from "vitest";
import { begins, found } from "./options";

const LANGUAGES = [
  { value: null, label: "Recognize it" },
  { value: "de", label: "German" },
  { value: "fr", label: "French" },
  { value: "fi", label: "Finnish" },
  { value: "nb", label: "Norwegian Bokmål" },
];
const codes = (typed: string) => found(LANGUAGES, typed).map(({ value }) => value);

it("finds by any part of a name, whatever its accents, and by the code", () => {
  expect(codes("")).toHaveLength(LANGUAGES.length);
  expect(codes("MAN")).toEqual(["de"]);
  expect(codes("bokmal nor")).toEqual(["nb"]);
  expect(codes(" de ")).toEqual(["de"]);
  expect(codes("klingon")).toEqual([]);
});

it("goes to the entry that begins with what is typed, and on with the same letter again", () => {
  expect(begins(LANGUAGES, "f", 0)).toBe(2);
  expect(begins(LANGUAGES, "fi", 2)).toBe(3);
  expect(begins(LANGUAGES, "ff", 2)).toBe(3);
  expect(begins(LANGUAGES, "fff", 3)).toBe(2);
  expect(begins(LANGUAGES, "x", 0)).toBe(-1);
});
