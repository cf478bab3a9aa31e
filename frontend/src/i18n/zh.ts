import { languageName } from "@/core/format";
import type { Retell } from "./retold";
import { sentences, words } from "./zh.sentences.json";

export { default } from "./zh-CN.json";

/**
 * The sentences of services that have no code of their own, by their English, with blanks that are filled from it. A
 * service joins several of them, so they are taken from the front: those that begin with a blank last, long ones before
 * short ones. Blanks of one letter are numbers.
 * "" is what the words of a problem's code say already.
 */
const SENTENCES = Object.entries(sentences)
  .toSorted(([one], [other]) => +one.startsWith("{") - +other.startsWith("{") || other.length - one.length)
  .map(([english, chinese]) => ({ pattern: patternOf(english), names: blanksOf(english), chinese }));

const JOINTS: Record<string, string> = { "; or ": "；或", ";": "；", ":": "：", ",": "，", ".": "。" };

const WORDS = new Map([
  ...Object.entries(words),
  ...["en", "ko", "ja", "fr", "de", "es", "id", "zh"].flatMap((code): [string, string][] => {
    const chinese = languageName(code, "zh-CN");
    return [[code, chinese], [languageName(code, "en"), chinese]];
  }),
]);

export const retell: Retell = (english) => {
  let [told, rest, joint] = ["", english, ""];
  for (;;) {
    const next = rest.slice(joint.length);
    const found = begins(next);
    if (!found) return next.trim() === "" ? [told + (JOINTS[joint.trim()] ?? ""), ""] : [told, rest];
    told += (told && (JOINTS[joint] ?? JOINTS[joint.trim()] ?? "")) + found.told;
    rest = next.slice(found.length);
    joint = /^(; or |[;:,.]? ?)/.exec(rest)?.[0] ?? "";
  }
};

function begins(english: string): { told: string; length: number } | null {
  for (const { pattern, names, chinese } of english ? SENTENCES : []) {
    const match = pattern.exec(english);
    if (!match) continue;
    const values = new Map(names.map((name, index) => [name, valueOf(name, match[index + 1] ?? "")]));
    return { told: chinese.replaceAll(/\{(\w+)\}/g, (_, name: string) => values.get(name) ?? ""), length: match[0].length };
  }
  return null;
}

function valueOf(name: string, english: string): string {
  if (name === "tracks") return [...WORDS].reduce((text, [word, chinese]) => (word.length > 2 ? text.replaceAll(new RegExp(word, "gi"), chinese) : text), english);
  const parts = english.split(", ").map((part) => WORDS.get(part) ?? "");
  if (parts.every(Boolean)) return parts.join("、");
  const [told, rest] = retell(english);
  return rest === "" ? told : english;
}

function blanksOf(english: string): string[] {
  return [...english.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
}

function patternOf(english: string): RegExp {
  const blank = (name: string) => (name.length === 1 ? "([\\d.]+%?)" : "((?:(?!; |\\. ).)+?)");
  const parts = english.split(/(\{\w+\})/).map((part) =>
    part.startsWith("{") ? blank(part.slice(1, -1)) : part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"),
  );
  return new RegExp(`^${parts.join("")}${english.endsWith("}") ? "(?=$|; |\\.$|\\. )" : "(?=$|[;:,. ])"}`, "i");
}
