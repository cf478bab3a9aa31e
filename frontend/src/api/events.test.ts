import { expect, it } from "vitest";
import { EVENT_NAMES } from "./live-connection";

const gateway = Object.values(
  import.meta.glob<string>("../../../services/gateway/**/*.py", { query: "?raw", import: "default", eager: true }),
).join("\n");

it("every fact that the gateway tells under a fixed name is listened to", () => {
  const told = [...gateway.matchAll(/\btell(?:_all)?\(\s*session,\s*task,\s*[\w.]+,\s*"(\w+)",\s*"(\w+)"/g)];
  const names = new Set(told.map(([, topic, name]) => `${topic}.${name}`));
  for (const [, name] of gateway.matchAll(/\btell_batch\(\s*session,\s*[\w.]+,\s*"(\w+)"/g)) names.add(`batch.${name}`);
  expect(names.size).toBeGreaterThan(6);
  expect([...names].filter((name) => !(EVENT_NAMES as readonly string[]).includes(name))).toEqual([]);
});
