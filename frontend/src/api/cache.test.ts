import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, expect, it, vi } from "vitest";
import { language, line, segment, task } from "@/test-tasks";
import { createQueryClient } from "@/app/query";
import { apply, replaceLines, sort, type TaskPage } from "./cache";
import { getTask, listLines, listTakes, listTasks, type TaskRead } from "./generated";
import { keys } from "./keys";
import { data } from "./problems";

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
  const cache = new QueryClient(); // without the task: reading its verdict again, a second later, asks for nothing
  cache.setQueryData(keys.lines("dubbed", "es"), [line(one), line(segment("s2", 1, 2))]);
  await apply(cache, [fact("line.updated", { task_id: "dubbed", language: "es", segment_id: "s1" })]);
  await vi.waitFor(() =>
    expect(cache.getQueryData<{ text: string }[]>(keys.lines("dubbed", "es"))?.[0]?.text).toBe("new"),
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

/** A gateway that answers each question when the test says so. */
function answerLater(): { url: string; say: (body: unknown) => void }[] {
  const asked: { url: string; say: (body: unknown) => void }[] = [];
  vi.stubGlobal("fetch", (request: Request) => {
    const { pathname } = new URL(request.url);
    return new Promise<Response>((answer) => asked.push({ url: pathname, say: (body) => answer(Response.json(body)) }));
  });
  return asked;
}

it("takes that were on their way when the line got its take are read again", async () => {
  const asked = answerLater();
  const cache = createQueryClient();
  const place = { task_id: "takes", language: "es", segment_id: "s1" };
  cache.setQueryData(keys.lines("takes", "es"), [line(segment("s1", 0, 1))]);
  const takes = new QueryObserver(cache, { queryKey: keys.takes("takes", "es", "s1"), queryFn: () => data(listTakes({ path: place })) });
  const stop = takes.subscribe(() => undefined);
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  await apply(cache, [fact("line.dubbed", place)]);
  asked[0]?.say([{ take_id: "old", current: true }]); // as it was before
  const again = () => asked.filter(({ url }) => url.endsWith("/takes"));
  await vi.waitFor(() => expect(again()).toHaveLength(2));
  again()[1]?.say([{ take_id: "new", current: true }, { take_id: "old", current: false }]);
  await vi.waitFor(() => expect(takes.getCurrentResult().data).toHaveLength(2));
  stop();
});

it("a list of lines that was on its way when a line changed does not bring the older line back", async () => {
  const asked = answerLater();
  const cache = createQueryClient();
  const [was, is] = [1, 2].map((version) => line(segment("s1", 0, 1), { version, text: `text ${version}` }));
  const path = { task_id: "overtaken", language: "es" };
  const lines = new QueryObserver(cache, { queryKey: keys.lines("overtaken", "es"), queryFn: () => data(listLines({ path })) });
  const stop = lines.subscribe(() => undefined);
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  await apply(cache, [fact("line.dubbed", { ...path, segment_id: "s1" })]);
  asked[0]?.say([was]);
  const alone = () => asked.find(({ url }) => url.endsWith("/lines/s1"));
  await vi.waitFor(() => expect(alone()).toBeDefined());
  alone()?.say(is);
  await vi.waitFor(() => expect(lines.getCurrentResult().data?.[0]?.text).toBe("text 2"));
  replaceLines(cache, "overtaken", "es", was ? [was] : []); // an answer that was overtaken
  expect(lines.getCurrentResult().data?.[0]?.text).toBe("text 2");
  stop();
});

it("a task that was on its way when it changed is read again, and shown as it is now, alone and in the list", async () => {
  const asked = answerLater();
  const cache = createQueryClient();
  const one = new QueryObserver(cache, { queryKey: keys.task("task_1"), queryFn: () => data(getTask({ path: { task_id: "task_1" } })) });
  const page = new QueryObserver(cache, { queryKey: keys.page(filter, 0), queryFn: async () => ({ items: await data(listTasks()), total: 1 }) });
  const stops = [one, page].map((observer) => observer.subscribe(() => undefined));
  await vi.waitFor(() => expect(asked).toHaveLength(2));
  const applied = apply(cache, [fact("task.completed", {})]);
  const was = task({ es: language({ status: "processing" }) });
  for (const { url, say } of asked.slice()) say(url.endsWith("/tasks") ? [was] : was);
  await vi.waitFor(() => expect(asked).toHaveLength(3));
  asked[2]?.say(task({ es: language({ status: "completed" }) }));
  await applied;
  for (const shown of [one.getCurrentResult().data, page.getCurrentResult().data?.items[0]]) expect(shown?.language_status["es"]?.status).toBe("completed");
  stops.forEach((stop) => stop());
});

it("a task that moves while it is read is read once more after that, however often it moved", async () => {
  const asked = answerLater();
  const cache = createQueryClient();
  cache.setQueryData(keys.task("task_1"), task({}));
  const applied = ["export.started", "export.completed", "language.completed", "task.completed"].map((type) => apply(cache, [fact(type, {})]));
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  asked[0]?.say(task({ es: language({ status: "processing" }) }));
  await vi.waitFor(() => expect(asked).toHaveLength(2));
  asked[1]?.say(task({ es: language({ status: "completed" }) }));
  await Promise.all(applied);
  expect(asked).toHaveLength(2);
  expect(cache.getQueryData<TaskRead>(keys.task("task_1"))?.language_status["es"]?.status).toBe("completed");
});
