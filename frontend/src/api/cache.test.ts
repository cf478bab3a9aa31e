import { QueryClient } from "@tanstack/react-query";
import { afterEach, expect, it, vi } from "vitest";
import { language, line, segment, task } from "@/test-tasks";
import type { TaskRead } from "./generated";
import { apply, sort, type TaskPage } from "./cache";
import { keys } from "./keys";

const filter = { q: "", status: "", sort: "-created_at", batch: "" };
const fact = (type: string, values: object) => ({ type, data: { data: { task_id: "task_1", ...values } } });

function cacheWith(): QueryClient {
  const cache = new QueryClient();
  const kept = task({ es: language({ status: "processing" }) });
  cache.setQueryData(keys.task("task_1"), kept);
  cache.setQueryData<TaskPage>(keys.page(filter, 0), { items: [kept, task({}, { task_id: "task_2" })], total: 2 });
  return cache;
}

function answer(status: number, body: unknown): ReturnType<typeof vi.fn> {
  const asked = vi.fn(() =>
    Promise.resolve(new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } })),
  );
  vi.stubGlobal("fetch", asked);
  return asked;
}

afterEach(() => void vi.unstubAllGlobals());

it("progress changes the task and the list without asking the server", async () => {
  const asked = answer(500, {});
  const cache = cacheWith();
  const other = cache.getQueryData<TaskPage>(keys.page(filter, 0))?.items[1];
  await apply(cache, [
    { type: "progress", data: { task_id: "task_1", language: "es", stage: "translation", attempt: 1, progress: 100 } },
  ]);
  const page = cache.getQueryData<TaskPage>(keys.page(filter, 0));
  expect(page?.items[0]?.language_status["es"]?.progress).toBe(15);
  expect(page?.items[1]).toBe(other);
  expect(asked).not.toHaveBeenCalled();
});

it("a fact reads its task again, once for a batch", async () => {
  const asked = answer(200, task({ es: language({ status: "completed", progress: 100 }) }, { status: "completed" }));
  const cache = cacheWith();
  await apply(cache, [
    fact("translation.completed", { language: "es" }),
    fact("language.completed", { language: "es" }),
    fact("task.completed", {}),
  ]);
  expect(asked).toHaveBeenCalledTimes(1);
  expect(cache.getQueryData<TaskPage>(keys.page(filter, 0))?.items[0]?.status).toBe("completed");
});

it("a task nobody looks at is not asked for", async () => {
  const asked = answer(200, {});
  await apply(new QueryClient(), [fact("task.completed", {})]);
  expect(asked).not.toHaveBeenCalled();
});

it("a line that was dubbed is read again by itself", async () => {
  const one = segment("s1", 0, 1);
  const asked = answer(200, line(one, { text: "new", version: 2 }));
  const cache = cacheWith();
  cache.setQueryData(keys.lines("task_1", "es"), [line(one), line(segment("s2", 1, 2))]);
  await apply(cache, [fact("line.updated", { language: "es", segment_id: "s1" })]);
  await vi.waitFor(() =>
    expect(cache.getQueryData<{ text: string }[]>(keys.lines("task_1", "es"))?.[0]?.text).toBe("new"),
  );
  expect(asked).toHaveBeenCalledTimes(1);
});

it("what a batch asks for is told apart", () => {
  const wanted = sort([
    fact("task.created", {}),
    fact("segment.updated", { segment_id: "s" }),
    fact("recipe.completed", {}),
    { type: "resync", data: {} },
  ]);
  expect([wanted.lists, [...wanted.tasks], [...wanted.content], [...wanted.exports], wanted.everything]).toEqual([
    true,
    ["task_1"],
    ["task_1"],
    ["task_1"],
    true,
  ]);
});

it("a line that was edited has its verdict read again: the gate of its language follows", async () => {
  vi.useFakeTimers();
  const [was, judged] = [0, 1].map((issues) =>
    task({ es: language({ status: "completed", issues }) }, { task_id: "judged" }),
  );
  answer(200, judged);
  const cache = new QueryClient();
  cache.setQueryData(keys.task("judged"), was);
  await apply(cache, [fact("line.updated", { task_id: "judged", language: "es", segment_id: "s1" })]);
  await vi.advanceTimersByTimeAsync(1100);
  vi.useRealTimers();
  await vi.waitFor(() =>
    expect(cache.getQueryData<TaskRead>(keys.task("judged"))?.language_status["es"]?.issues).toBe(1),
  );
});

it("a task that cannot be read is no unhandled rejection", async () => {
  vi.stubGlobal("fetch", () =>
    Promise.resolve(new Response("<html>", { status: 200, headers: { "Content-Type": "application/json" } })),
  );
  await expect(apply(cacheWith(), [fact("task.completed", {})])).resolves.toBeUndefined();
});

it("what moves a task, or tells of a batch, has the figures of batches read again, once", () => {
  vi.useFakeTimers();
  const cache = new QueryClient();
  const asked = vi.spyOn(cache, "invalidateQueries");
  void apply(cache, [fact("language.completed", { language: "es" }), { type: "batch.created", data: { data: { batch_id: "batch_1" } } }]);
  void apply(cache, [fact("task.completed", {})]);
  void apply(cache, [fact("line.updated", { language: "es", segment_id: "s1" })]);
  vi.advanceTimersByTime(1000);
  expect(asked.mock.calls.filter(([query]) => query?.queryKey === keys.batches)).toHaveLength(1);
  vi.useRealTimers();
});
