/** What a service says in English, in the words of the page: what is known of it, and the rest, which stays English. */
export type Retell = (english: string) => [told: string, rest: string];

const asItIs: Retell = (english) => ["", english];
let retell = asItIs;

/** Which language it is told in from now on; without one: English. */
export function retellBy(next: Retell = asItIs): void {
  retell = next;
}

export const retold: Retell = (english) => retell(english);
