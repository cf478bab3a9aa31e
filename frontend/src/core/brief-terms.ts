import type { BriefTerm } from "@/api/generated";

/** Rows of "source = target" as terms; rows without both are left out, those that stand in `before` stay as they were. */
export function termsOf(text: string, before: readonly BriefTerm[]): BriefTerm[] {
  const found = new Map<string, BriefTerm>();
  for (const row of text.split("\n")) {
    const [source = "", ...rest] = row.split(/[=＝→]/);
    const term = { source: source.trim(), target: rest.join("=").trim() };
    if (!term.source || !term.target) continue;
    const same = before.find((other) => other.source === term.source && other.target === term.target);
    found.set(term.source, same ?? { ...term, proposed: false });
  }
  return [...found.values()];
}
