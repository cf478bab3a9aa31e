/** One entry of a list that something is chosen from. */
export interface Option<T extends string | number | null> {
  value: T;
  label: string;
  /** What it stands under, if the list has parts; entries of one part follow each other. */
  group?: string;
  /** The language its label is in, where that is not the language of the page. */
  lang?: string;
}

/** From this many entries on a list can be searched. */
export const MANY = 9;

const plain = (text: string) =>
  text
    .normalize("NFD")
    .replaceAll(/\p{Diacritic}/gu, "")
    .toLowerCase();

type Entry = Option<string | number | null>;

/** Entries whose label holds every word that was typed, or whose value is what was typed (`de` for German). */
export function found<E extends Entry>(options: readonly E[], typed: string): E[] {
  const words = plain(typed).split(/\s+/).filter(Boolean);
  return options.filter(
    ({ label, value }) =>
      words.every((word) => plain(label).includes(word)) || plain(String(value)) === plain(typed.trim()),
  );
}

/**
 * Where the entry is that begins with what was typed, from `at` on and round; -1: nowhere. The same letter again and
 * again goes from one entry that begins with it to the next.
 */
export function begins(options: readonly Entry[], typed: string, at: number): number {
  const repeated = [...typed].every((letter) => letter === typed[0]);
  const start = plain(repeated ? typed.slice(0, 1) : typed);
  const from = typed.length === 1 || repeated ? at + 1 : at;
  for (let step = 0; step < options.length; step++) {
    const index = (from + step) % options.length;
    if (plain(options[index]?.label ?? "").startsWith(start)) return index;
  }
  return -1;
}
