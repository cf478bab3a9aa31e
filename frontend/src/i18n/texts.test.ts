import { expect, it } from "vitest";
import { problemText } from "./problem-text";
import first from "./en.json";
import later from "./en.later.json";
import zh from "./zh-CN.json";
import { systemLocale } from ".";

const en = { ...first, ...later };

function entries(tree: object, path = ""): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]: [string, unknown]) =>
    typeof value === "string" ? [[path + key, value] as [string, string]] : entries(value as object, `${path}${key}.`),
  );
}

const blanks = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]).toSorted();

it("both languages have the same texts with the same blanks", () => {
  const english = new Map(entries(en));
  const chinese = new Map(entries(zh));
  for (const [key, text] of english) {
    if (key.endsWith("_one")) continue; // Chinese has one form
    expect(chinese.get(key), key).toBeTruthy();
    expect(blanks(chinese.get(key) ?? ""), key).toEqual(blanks(text));
  }
  for (const key of chinese.keys()) expect(english.has(key), key).toBe(true);
});

it("the system's first language that there is counts", () => {
  expect([["zh-TW", "en"], ["fr", "en-GB"], ["fr"]].map((languages) => systemLocale(languages))).toEqual([
    "zh-CN",
    "en",
    "en",
  ]);
});

it("a problem is told by its code, an unknown one in the gateway's words", () => {
  const say = (code: string) => `<${code}>`;
  expect(problemText("video_too_large", "detail", say)).toBe("<problem.video_too_large>");
  expect(problemText("subtitles_unreadable", "detail", say)).toBe("<failure.subtitles_unreadable>");
  expect(problemText("new_code", "detail", say)).toBe("detail");
  expect(problemText("new_code", "", say)).toBe("<problem.unknown>");
});

const gateway = Object.values(
  import.meta.glob<string>("../../../services/gateway/**/*.py", { query: "?raw", import: "default", eager: true }),
).join("\n");
const failures = Object.values(
  import.meta.glob<string>("../../../shared/pipeline/_errors.py", { query: "?raw", import: "default", eager: true }),
).join("\n");

it("every code the gateway refuses with has words", () => {
  const refusals = /\b(?:Problem\(\s*\d+,|unprocessable\(|Refusal\()\s*"(\w+)"/g;
  const codes = new Set([...gateway.matchAll(refusals)].map((match) => match[1] ?? ""));
  expect(codes.size).toBeGreaterThan(40);
  expect([...codes].filter((code) => !(code in en.problem))).toEqual([]);
});

it("every failure of a stage has words", () => {
  const codes = [...failures.matchAll(/^ {4}[A-Z_]+ = "(\w+)"$/gm)].map((match) => match[1] ?? "");
  expect(codes.toSorted()).toEqual(Object.keys(en.failure).toSorted());
});

it("every reason of a gate has words, and every form of it", () => {
  const kinds = new Set([...gateway.matchAll(/_Kind\(\s*"(\w+)"/g)].map((match) => match[1] ?? ""));
  const variants = new Set([...gateway.matchAll(/\bvariant="(\w+)"/g)].map((match) => match[1] ?? ""));
  expect([kinds.size, variants.size]).toEqual([12, 5]);
  const { why, mend } = en.gate;
  expect([...kinds].filter((code) => !(code in why) || !(code in mend))).toEqual([]);
  expect([...variants].filter((variant) => !(variant in mend))).toEqual([]);
  expect(Object.keys(mend).toSorted()).toEqual([...kinds, ...variants].toSorted());
});

it("every kind of edit has words", () => {
  const kinds = new Set([...gateway.matchAll(/\bEdit\(session, \w+, "(\w+)"/g)].map((match) => match[1]));
  expect([...kinds].toSorted()).toEqual(Object.keys(en.edit).toSorted());
});

it("a part of the words stands in one file", () => {
  expect(Object.keys(first).filter((part) => part in later)).toEqual([]);
});

const sources = import.meta.glob<string>(["../**/*.{ts,tsx}", "!../features/editor/**", "!../api/generated/**"], {
  query: "?raw",
  import: "default",
  eager: true,
});

it("whatever says words that come later brings them", () => {
  const says = new RegExp(`["\`](?:${Object.keys(later).join("|")})\\.`);
  const forgetful = Object.entries(sources).filter(
    ([name, text]) => !name.includes(".test.") && /\bt\(/.test(text) && says.test(text) && !text.includes("i18n/later"),
  );
  expect(forgetful.map(([name]) => name)).toEqual([]);
});
