import type { QueryClient } from "@tanstack/react-query";
import { withProgress } from "@/core/progress";
import { getLine, getTask, type LineRead, type TaskRead } from "./generated";
import { keys } from "./keys";
import type { ProgressEvent } from "./live-batch";
import type { LiveEvent } from "./live-connection";
import { ApiProblem, data } from "./problems";

export interface TaskPage {
  items: TaskRead[];
  total: number;
}

interface Fact {
  data: { task_id: string; language?: string; segment_id?: string };
}

const MANY_LINES = 20;
const VERDICTS_AFTER_MS = 1000;

/** Change a task wherever it is kept: by itself and in every page of every list. */
export function patchTask(cache: QueryClient, id: string, change: (task: TaskRead) => TaskRead): void {
  cache.setQueryData<TaskRead>(keys.task(id), (task) => (task ? change(task) : task));
  patchPages(cache, (items) =>
    items.some((task) => task.task_id === id)
      ? items.map((task) => (task.task_id === id ? change(task) : task))
      : items,
  );
}

function patchPages(cache: QueryClient, change: (items: TaskRead[]) => TaskRead[]): void {
  cache.setQueriesData<TaskPage>({ queryKey: keys.tasks }, (page) => {
    if (!page) return page;
    const items = change(page.items);
    return items === page.items ? page : { ...page, items };
  });
}

/** What a batch of events asks for, told apart so that each is done once. */
export interface Wanted {
  progress: ProgressEvent[];
  tasks: Set<string>;
  lists: boolean;
  everything: boolean;
  lines: Map<string, Set<string>>;
  content: Set<string>;
  exports: Set<string>;
  /** Figures of batches: what moves a task moves those of its batch. */
  batches: boolean;
}

/** Read a batch of events. Pure. */
export function sort(events: LiveEvent[]): Wanted {
  const wanted: Wanted = {
    progress: [],
    tasks: new Set(),
    lists: false,
    everything: false,
    lines: new Map(),
    content: new Set(),
    exports: new Set(),
    batches: false,
  };
  for (const event of events) {
    const [topic, name] = event.type.split(".");
    if (topic === "progress") wanted.progress.push(event.data as ProgressEvent);
    else if (topic === "resync") wanted.everything = true;
    else if (topic !== "hello") sortFact(wanted, topic ?? "", name ?? "", (event.data as Fact).data);
  }
  return wanted;
}

function sortFact(wanted: Wanted, topic: string, name: string, fact: Fact["data"]): void {
  const id = fact.task_id;
  if (topic === "batch") {
    wanted.batches = true;
    wanted.lists ||= name === "deleted";
  } else if (topic === "recipe") {
    wanted.exports.add(id);
  } else if (topic === "line" && fact.language && fact.segment_id && name !== "created" && name !== "deleted") {
    const key = `${id}/${fact.language}`;
    wanted.lines.set(key, (wanted.lines.get(key) ?? new Set()).add(fact.segment_id));
    if (name !== "updated") wanted.tasks.add(id);
  } else if (topic === "line" || topic === "segment" || topic === "speaker" || topic === "edit") {
    wanted.content.add(id);
  } else {
    wanted.tasks.add(id);
    wanted.batches = true;
    if (topic === "task" && (name === "created" || name === "deleted")) wanted.lists = true;
    const judged = topic === "task" && name === "updated"; // by other thresholds, perhaps
    if (name === "completed" || name === "failed" || judged) wanted.content.add(id);
  }
}

/** Bring the cache up to what happened. */
export async function apply(cache: QueryClient, events: LiveEvent[]): Promise<void> {
  const wanted = sort(events);
  if (wanted.everything) return void cache.invalidateQueries();
  patchProgress(cache, wanted.progress);
  if (wanted.batches) refreshBatches(cache);
  if (wanted.lists) void cache.invalidateQueries({ queryKey: keys.tasks });
  for (const id of wanted.content)
    void cache.invalidateQueries({ queryKey: keys.task(id), predicate: ({ queryKey }) => queryKey.length > 2 });
  for (const id of wanted.exports) void cache.invalidateQueries({ queryKey: keys.exports(id) });
  for (const [key, segments] of wanted.lines) {
    const [id = "", language = ""] = key.split("/");
    if (!wanted.content.has(id)) void refreshLines(cache, id, language, [...segments]);
    void cache.invalidateQueries({ queryKey: keys.edits(id) });
    refreshVerdicts(cache, id);
  }
  await Promise.all([...wanted.tasks].map((id) => refreshTask(cache, id)));
}

const BATCHES_AFTER_MS = 1000;
const moved = new WeakSet<QueryClient>();

/** Counting the rows of batches is costly for the gateway, and hundreds of tasks move at once: once a second will do. */
function refreshBatches(cache: QueryClient): void {
  if (moved.has(cache)) return;
  moved.add(cache);
  setTimeout(() => {
    moved.delete(cache);
    void cache.invalidateQueries({ queryKey: keys.batches });
  }, BATCHES_AFTER_MS);
}

const verdicts = new Map<string, ReturnType<typeof setTimeout>>();

/**
 * Every change of a line judges its language anew, in the review list and in the gate that the task tells. Ranking is
 * costly for the gateway, and while a language is dubbed every line would ask for it: once a second will do.
 */
function refreshVerdicts(cache: QueryClient, id: string): void {
  if (verdicts.has(id)) return;
  const timer = setTimeout(() => {
    verdicts.delete(id);
    void cache.invalidateQueries({ queryKey: keys.review(id) });
    void refreshTask(cache, id);
  }, VERDICTS_AFTER_MS);
  verdicts.set(id, timer);
}

function patchProgress(cache: QueryClient, events: ProgressEvent[]): void {
  if (events.length === 0) return;
  const byTask = new Map<string, ProgressEvent[]>();
  for (const event of events) byTask.set(event.task_id, [...(byTask.get(event.task_id) ?? []), event]);
  for (const [id, told] of byTask)
    cache.setQueryData<TaskRead>(keys.task(id), (task) => (task ? told.reduce(withProgress, task) : task));
  patchPages(cache, (items) => {
    if (!items.some((task) => byTask.has(task.task_id))) return items;
    return items.map((task) => byTask.get(task.task_id)?.reduce(withProgress, task) ?? task);
  });
}

function isKept(cache: QueryClient, id: string): boolean {
  if (cache.getQueryData(keys.task(id))) return true;
  const pages = cache.getQueriesData<TaskPage>({ queryKey: keys.tasks });
  return pages.some(([, page]) => page?.items.some((task) => task.task_id === id));
}

/** Tasks that are being read, and whether each was told of again meanwhile. */
const reading = new Map<string, { again: boolean; done: Promise<void> }>();

/** Read a task that is shown again: one read at a time, so that no answer overtakes a newer one. */
function refreshTask(cache: QueryClient, id: string): Promise<void> {
  const under = reading.get(id);
  if (under) {
    under.again = true;
    return under.done;
  }
  const now = { again: false, done: Promise.resolve() };
  now.done = (async () => {
    do {
      now.again = false;
      await readTask(cache, id);
    } while (now.again);
  })().finally(() => reading.delete(id));
  reading.set(id, now);
  return now.done;
}

async function readTask(cache: QueryClient, id: string): Promise<void> {
  const alone = { queryKey: keys.task(id), exact: true };
  const underway = [{ queryKey: keys.tasks }, alone].flatMap((of) =>
    cache.getQueryCache().findAll({ ...of, fetchStatus: "fetching" }),
  );
  await Promise.allSettled(underway.map(({ promise }) => promise)); // their answers may be older
  if (!isKept(cache, id)) return;
  try {
    const task = await data(getTask({ path: { task_id: id } }));
    patchTask(cache, id, () => task);
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 404)
      patchPages(cache, (items) => items.filter((task) => task.task_id !== id));
    void cache.invalidateQueries(alone);
  }
}

async function refreshLines(cache: QueryClient, id: string, language: string, segments: string[]): Promise<void> {
  const key = keys.lines(id, language);
  const kept = cache.getQueryCache().find({ queryKey: key });
  if (!kept) return;
  void cache.invalidateQueries({ queryKey: ["task", id, "takes"] });
  if (segments.length > MANY_LINES) return cache.invalidateQueries({ queryKey: key });
  try {
    await kept.promise; // all lines, on their way, may be older
    const fresh = await Promise.all(
      segments.map((segment_id) => data(getLine({ path: { task_id: id, language, segment_id } }))),
    );
    replaceLines(cache, id, language, fresh);
  } catch {
    await cache.invalidateQueries({ queryKey: key });
  }
}

/** Put lines the server sent into the list of their language. */
export function replaceLines(cache: QueryClient, id: string, language: string, fresh: LineRead[]): void {
  const byId = new Map(fresh.map((line) => [line.segment_id, line]));
  cache.setQueryData<LineRead[]>(keys.lines(id, language), (lines) =>
    lines?.map((line) => {
      const other = byId.get(line.segment_id);
      return other && other.version >= line.version ? other : line; // answers may overtake each other
    }),
  );
}
