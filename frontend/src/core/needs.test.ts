import { expect, it } from "vitest";
import { language, task } from "@/test-tasks";
import { failureOf } from "./needs";

const failed = (stage: string, error_code: string) => language({ status: "failed", error_code, stages: { [stage]: { status: "failed" } } });

it("what failed is told, unless it is that nobody translates", () => {
  const unspoken = failed("voice_cloning", "language_unsupported"); // no voice speaks it
  const broken = failed("translation", "engine_failed");
  const states = { es: unspoken, fr: broken, ja: failed("translation", "language_unsupported"), de: language({ status: "completed" }) };
  const told = (base: Parameters<typeof language>[0]) => Object.keys(states).map((code) => failureOf(task({ ...states, base: language(base) }), code));
  expect(told({ status: "completed" })).toEqual([unspoken, broken, null, null]);
  expect(told({ status: "failed", error_code: "media_unreadable" }).map((state) => state?.error_code)).toEqual(Array(4).fill("media_unreadable"));
});
