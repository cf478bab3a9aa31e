import { create } from "zustand";
import { base64 } from "@/api/base64";
import { completeUpload, deleteUpload, dropBatchRow, getUpload, type TaskConfig } from "@/api/generated";
import { ApiProblem, data } from "@/api/problems";
import { broughtBy, type Found, pairByName } from "@/core/pairing";
import type { Place } from "./batch";
import { isSame, keepUploads, keptUploads } from "./kept";
import { Rate } from "./rate";
import { sendFile } from "./send-file";

/** What the videos are to become; decided once for all that were chosen together. */
export interface Plan {
  config: TaskConfig;
  start: boolean;
}

/** Where a video belongs in a batch, which says what becomes of it. */
export interface Row {
  batch_id: string;
  row: number;
}

export type UploadState = "waiting" | "sending" | "paused" | "needs_file" | "sent" | "finishing" | "done" | "failed";

export interface UploadItem {
  id: string;
  name: string;
  /** With the folders it was dropped in. */
  path: string;
  size: number;
  modified: number;
  file: File | null;
  state: UploadState;
  sent: number;
  rate: number | null;
  offline: boolean;
  error: unknown;
  uploadId: string | undefined;
  plan: Plan | null;
  row: Row | null;
  /** By language; "" where it is not said which. A reload forgets them. */
  subtitles: Readonly<Record<string, File>>;
  taskId: string | undefined;
}

const FILES_AT_ONCE = 2;
const TELL_EVERY_MS = 200;
const DONE_SHOWN_MS = 10_000;

interface UploadsState {
  items: UploadItem[];
  /** The dialog that asks what the videos are to become. */
  asking: boolean;
  add: (found: Found<File>[]) => void;
  /** `places` of those that are made a batch; another that is undecided becomes a task of its own. */
  decide: (plan: Plan, places?: ReadonlyMap<string, Place>) => void;
  /** Keep the translation of a video into a language. */
  translate: (id: string, language: string, file: File) => void;
  pause: (id: string) => void;
  resume: (id: string) => void;
  retryAll: () => void;
  cancel: (id: string) => void;
  clearDone: () => void;
  ask: (open: boolean) => void;
}

const controls = new Map<string, AbortController>();
let counter = 0;

function item(values: Partial<UploadItem> & Pick<UploadItem, "name" | "size" | "modified">): UploadItem {
  counter += 1;
  return {
    id: `upload-${counter}`,
    file: null,
    state: "waiting",
    sent: 0,
    rate: null,
    offline: false,
    error: null,
    uploadId: undefined,
    path: values.name,
    plan: null,
    row: null,
    subtitles: {},
    taskId: undefined,
    ...values,
  };
}

function restored(): UploadItem[] {
  return keptUploads().map((kept) => item({ ...kept, state: "needs_file" }));
}

export const useUploads = create<UploadsState>((set, get) => ({
  items: restored(),
  asking: false,
  add: (found) => {
    const items = [...get().items];
    let fresh = false;
    for (const { file, path, subtitles } of pairByName(found)) {
      const at = items.findIndex((old) => old.state === "needs_file" && isSame(old, file));
      const old = items[at];
      if (old) items[at] = { ...old, file, state: "waiting", subtitles: { ...old.subtitles, ...subtitles } };
      else items.push(item({ name: file.name, path, size: file.size, modified: file.lastModified, file, subtitles }));
      fresh ||= !old?.plan;
    }
    set({ items, asking: get().asking || fresh });
    next();
  },
  decide: (plan, places) => {
    const decided = (one: UploadItem): UploadItem => {
      const place = places?.get(one.id);
      if (one.plan) return one;
      if (!(place instanceof ApiProblem)) return { ...one, plan, row: place ?? null };
      controls.get(one.id)?.abort();
      return { ...one, state: "failed", error: place, rate: null };
    };
    set({ asking: false, items: get().items.map(decided) });
    keep();
    next();
  },
  translate: (id, language, file) => {
    const found = get().items.find((one) => one.id === id);
    if (found) change(id, { subtitles: { ...found.subtitles, [language]: file } });
  },
  pause: (id) => {
    controls.get(id)?.abort();
    change(id, { state: "paused", rate: null, offline: false });
    next();
  },
  resume: (id) => {
    change(id, { state: "waiting", error: null });
    next();
  },
  retryAll: () => {
    set({ items: get().items.map((one) => (isRetryable(one) ? { ...one, state: "waiting", error: null } : one)) });
    next();
  },
  cancel: (id) => {
    const found = get().items.find((one) => one.id === id);
    controls.get(id)?.abort();
    set({ items: get().items.filter((one) => one.id !== id) });
    keep();
    if (found?.uploadId && !found.taskId) void deleteUpload({ path: { upload_id: found.uploadId } });
    if (found && !found.taskId) giveUp(found);
    next();
  },
  clearDone: () => set({ items: get().items.filter((one) => one.state !== "done") }),
  ask: (asking) => set({ asking }),
}));

/** What of an upload that was interrupted has arrived; one that is gone is forgotten. */
async function lookUp({ id, uploadId = "" }: UploadItem): Promise<void> {
  try {
    const { arrived } = await data(getUpload({ path: { upload_id: uploadId } }));
    change(id, { sent: arrived.reduce((sum, part) => sum + part.size, 0) });
  } catch (error) {
    if (!(error instanceof ApiProblem && error.status === 404)) return; // seen when it goes on
    drop(id);
    keep();
  }
}
for (const one of useUploads.getState().items) void lookUp(one);

/** Whether bytes of it are on their way, or about to be. */
export function isMoving({ state }: UploadItem): boolean {
  return state === "waiting" || state === "sending" || state === "finishing";
}

/** The video of a row does not come: its batch ends without it. */
function giveUp({ row }: UploadItem): void {
  if (row) void dropBatchRow({ path: row });
}

/** A failed upload is worth another try unless the file itself was refused. */
export function isRetryable(one: UploadItem): boolean {
  return one.state === "failed" && one.file !== null && !isRefused(one.error);
}

const isRefused = (error: unknown) => error instanceof ApiProblem && [413, 415].includes(error.status);

/** Reasons that more than one upload was refused for, in the words of `say`. */
export function sameRefusals(items: UploadItem[], say: (error: unknown) => string): [string, UploadItem[]][] {
  const failed = items.filter((one) => one.state === "failed");
  return [...Map.groupBy(failed, ({ error }) => say(error))].filter(([, { length }]) => length > 1);
}

/** Uploads nobody has said yet what to make of. */
export function undecided(items: UploadItem[]): UploadItem[] {
  return items.filter((one) => one.plan === null && one.state !== "done" && one.state !== "failed");
}

/** Whoever uploads in the browser is there to be asked, unless the plan says otherwise. */
export function asking({ config, start }: Plan): Plan {
  return { config: { on_doubt: "ask", ...config }, start };
}

function change(id: string, values: Partial<UploadItem>): void {
  useUploads.setState(({ items }) => ({ items: items.map((one) => (one.id === id ? { ...one, ...values } : one)) }));
}

function drop(id: string): void {
  useUploads.setState(({ items }) => ({ items: items.filter((one) => one.id !== id) }));
}

function keep(): void {
  const open = useUploads.getState().items.filter((one) => one.uploadId && !one.taskId && one.state !== "failed");
  keepUploads(
    open.map(({ uploadId = "", name, path, size, modified, plan, row }) => ({
      uploadId,
      name,
      path,
      size,
      modified,
      plan,
      row,
    })),
  );
}

/** Start what may start: files in order, then completions of those that are sent and decided. */
function next(): void {
  const { items } = useUploads.getState();
  const free = FILES_AT_ONCE - items.filter((one) => one.state === "sending").length;
  for (const one of items.filter(({ state }) => state === "waiting").slice(0, Math.max(0, free))) void send(one);
  for (const one of items) if (one.state === "sent" && one.plan) void finish(one, one.plan);
}

async function send(one: UploadItem): Promise<void> {
  const control = new AbortController();
  controls.set(one.id, control);
  if (!one.file) return change(one.id, { state: "needs_file" });
  change(one.id, { state: "sending", error: null });
  const rate = new Rate();
  let toldMs = 0;
  try {
    await sendFile({
      file: one.file,
      uploadId: one.uploadId,
      signal: control.signal,
      onCreated: (uploadId) => {
        change(one.id, { uploadId });
        keep();
      },
      onProgress: (sent) => {
        const nowMs = performance.now();
        rate.add(sent, nowMs);
        if (nowMs - toldMs < TELL_EVERY_MS && sent < one.size) return;
        toldMs = nowMs;
        change(one.id, { sent, rate: rate.perSecond() });
      },
      onWaiting: (offline) => change(one.id, offline ? { offline, rate: null } : { offline }),
    });
    change(one.id, { state: "sent", sent: one.size, rate: null });
  } catch (error) {
    if (!control.signal.aborted) change(one.id, { state: "failed", error, rate: null, offline: false });
    if (isRefused(error)) giveUp(useUploads.getState().items.find(({ id }) => id === one.id) ?? one);
  }
  next();
}

async function finish(one: UploadItem, plan: Plan): Promise<void> {
  change(one.id, { state: "finishing" });
  try {
    const body = await completion(one, asking(plan));
    const { task_id } = await data(completeUpload({ path: { upload_id: one.uploadId ?? "" }, body }));
    change(one.id, { taskId: task_id, state: "done", file: null });
    setTimeout(() => drop(one.id), DONE_SHOWN_MS);
  } catch (error) {
    const mistaken = error instanceof ApiProblem && error.status === 422 && !one.row; // the plan was refused, not the file
    change(one.id, { state: "failed", error, ...(mistaken ? { plan: null } : {}) });
    if (isRefused(error)) giveUp(one);
  }
  keep();
}

/** What is said when all of it has come: what becomes of it, or which row it is of, and the subtitles beside it. */
async function completion({ subtitles, row }: UploadItem, { config, start }: Plan) {
  const brought = broughtBy(subtitles, config.target_languages ?? [], config.source_language ?? null);
  const named = Object.entries(brought.files).map(
    async ([field, file]) => [field, { filename: file.name, data: await base64(file) }] as const,
  );
  const files = Object.fromEntries(await Promise.all(named));
  if (row) return { ...row, files };
  return { config: { ...config, source_language: brought.source_language }, start, files };
}
