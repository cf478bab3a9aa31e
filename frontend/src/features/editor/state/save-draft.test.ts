import { beforeEach, expect, it, vi } from "vitest";
import { ApiProblem } from "@/api/problems";
import { useDrafts } from "./drafts";
import { DraftSaver, type Saved } from "./save-draft";

const KEY = "es/seg_1";
const draft = () => useDrafts.getState().drafts[KEY];
const type = (text: string, version = 1) => useDrafts.getState().write(KEY, { ...draft(), text, version });

/** A gateway whose answers are given by hand. */
function gateway(first: Saved) {
  let now = first;
  let open: (() => void) | undefined;
  let away = false;
  const sent: string[] = [];
  return {
    sent,
    goAway: (is: boolean) => (away = is),
    answer: async () => {
      const go = await vi.waitFor(() => open ?? Promise.reject(new Error("nothing was sent")));
      open = undefined;
      go();
    },
    texts: {
      known: () => now.text,
      read: async () => now,
      write: async (_: string, text: string, version: number) => {
        sent.push(text);
        if (away) throw new ApiProblem(0, "offline", "");
        await new Promise<void>((done) => (open = done));
        if (version !== now.version) throw new ApiProblem(412, "version_conflict", "");
        return (now = { text, version: version + 1 });
      },
    },
  };
}

beforeEach(() => useDrafts.getState().clear());

it("keeps what is typed while a save is on its way, and saves it after", async () => {
  const there = gateway({ text: "old", version: 1 });
  const saver = new DraftSaver(there.texts, () => undefined);
  type("one");
  const first = saver.save(KEY);
  type("one and more");
  const second = saver.save(KEY);
  await there.answer();
  expect(await first).toBe("saved");
  expect(draft()?.text).toBe("one and more");
  await there.answer();
  expect(await second).toBe("saved");
  expect(there.sent).toEqual(["one", "one and more"]);
  expect(draft()).toBeUndefined();
});

it("keeps what cannot be sent as unsent, and sends it later", async () => {
  const there = gateway({ text: "old", version: 1 });
  const saver = new DraftSaver(there.texts, () => undefined);
  there.goAway(true);
  type("mine");
  expect(await saver.save(KEY)).toBe("away");
  expect(draft()).toMatchObject({ text: "mine", unsent: true });
  there.goAway(false);
  const again = saver.save(KEY);
  await there.answer();
  expect(await again).toBe("saved");
  expect(draft()).toBeUndefined();
});
