import type { LanguageStatus, TaskRead } from "@/api/generated";
import type { ProgressEvent } from "@/api/live-batch";

export const BASE = "base";
export const STAGES = ["speaker_diarization", "translation", "voice_cloning", "export"] as const;
export type Stage = (typeof STAGES)[number];

/** Share of each stage in the progress of a language; the gateway counts the same way. */
const WEIGHTS: Record<Stage, number> = {
  speaker_diarization: 0.25,
  translation: 0.15,
  voice_cloning: 0.35,
  export: 0.25,
};

interface StageState {
  status: string;
  progress: number;
  attempt?: number;
  message?: string;
  eta_seconds?: number | null;
}

function stageState(language: LanguageStatus, stage: string): StageState {
  const found = language.stages?.[stage] as Partial<StageState> | undefined;
  return { status: "pending", progress: 0, ...found };
}

/** Progress of a stage of a language, 0 to 100. */
export function stageProgress(language: LanguageStatus, stage: string): number {
  const state = stageState(language, stage);
  return state.status === "completed" ? 100 : state.progress;
}

function overall(language: LanguageStatus): number {
  return Math.min(
    99,
    Math.round(STAGES.reduce((sum, stage) => sum + WEIGHTS[stage] * stageProgress(language, stage), 0)),
  );
}

function told(language: LanguageStatus, event: ProgressEvent): LanguageStatus {
  const state = stageState(language, event.stage);
  if (state.attempt !== undefined && state.attempt > event.attempt) return language;
  if (state.status === "completed" && state.attempt === event.attempt) return language;
  const stages = {
    ...language.stages,
    [event.stage]: { ...state, status: "processing", attempt: event.attempt, progress: Math.min(99, event.progress) },
  };
  const next = {
    ...language,
    stages,
    stage: event.stage as Stage,
    message: event.message ?? "",
    eta_seconds: event.eta_seconds ?? null,
  };
  return next;
}

/** The task after a progress event. What the server said of a later attempt is not overwritten by an earlier one. */
export function withProgress(task: TaskRead, event: ProgressEvent): TaskRead {
  const languages = { ...task.language_status };
  const own = languages[event.language];
  if (!own) return task;
  if (event.language !== BASE) {
    const next = told(own, event);
    if (next === own) return task;
    languages[event.language] = { ...next, progress: overall(next) };
    return { ...task, language_status: languages };
  }
  const base = told(own, event);
  if (base === own) return task;
  for (const [code, language] of Object.entries(languages)) {
    if (code === BASE) languages[code] = { ...base, progress: Math.min(99, event.progress) };
    else if (language.status === "processing" || language.status === "pending") {
      const next = { ...language, stages: { ...language.stages, [event.stage]: base.stages?.[event.stage] ?? {} } };
      languages[code] = { ...next, progress: overall(next) };
    }
  }
  return { ...task, language_status: languages };
}

export type Tone = "idle" | "busy" | "good" | "warn" | "bad";

/** How a status is shown. */
export function tone(status: string): Tone {
  if (status === "processing") return "busy";
  if (status === "completed") return "good";
  if (status === "stale" || status === "asking" || status === "approval") return "warn";
  if (status === "failed") return "bad";
  return "idle";
}

/** The status of a language as it is shown: one at its stop waits for somebody's approval. */
export function shownLanguage(language: LanguageStatus): LanguageStatus["status"] | "approval" {
  return language.waiting_for === "approval" ? "approval" : language.status;
}

/** How a language is shown: finished is green only if it passed its gate. */
export function languageTone(language: LanguageStatus): Tone {
  if (language.waiting_for === "approval") return "warn";
  return language.status === "completed" && language.gate === "failed" ? "warn" : tone(language.status);
}

/** The same of a whole task. */
export function taskTone(task: TaskRead): Tone {
  const status = shownStatus(task);
  const missed = targets(task).some(([, language]) => languageTone(language) === "warn");
  return status === "completed" && missed ? "warn" : tone(status);
}

/** Target languages of a task, in the order they were chosen. */
export function targets(task: TaskRead): [string, LanguageStatus][] {
  return Object.entries(task.language_status).filter(([code]) => code !== BASE);
}

const TO_START = new Set<string>(["pending", "stale", "canceled", "failed"]);

/** Languages that are not what they are to become; those that wait for an answer need no start. */
export function toStart(task: TaskRead): string[] {
  return targets(task).flatMap(([code, language]) =>
    TO_START.has(language.status) && !language.waiting_for ? [code] : [],
  );
}

const FINISHED = new Set<string>(["completed", "stale"]);

/** Languages an export can be made of. */
export function finished(task: TaskRead): string[] {
  return targets(task).flatMap(([code, language]) => (FINISHED.has(language.status) ? [code] : []));
}

/** Languages that are to be started, and finished ones with lines that were not spoken since their edit. */
export function toExport(task: TaskRead): string[] {
  const start = new Set(toStart(task));
  return targets(task).flatMap(([code, language]) =>
    start.has(code) || language.gate_reasons?.some((reason) => reason.code === "unspoken_edits") ? [code] : [],
  );
}

export function canStart(task: TaskRead): boolean {
  return toStart(task).length > 0;
}

/** Languages that wait for somebody's approval. */
export function toApprove(task: TaskRead): string[] {
  return targets(task).flatMap(([code, language]) => (language.waiting_for === "approval" ? [code] : []));
}

/** The status of a task as it is shown: what it wants of a person comes first, then changes to take in. */
export function shownStatus(task: TaskRead): TaskRead["status"] | "asking" | "approval" | "silent" {
  if (task.waiting_for) return "asking";
  if (task.status !== "failed" && toApprove(task).length > 0) return "approval";
  const outdated = targets(task).some(([, language]) => language.status === "stale");
  if (task.status !== "completed") return task.status;
  return task.nothing_to_dub ? "silent" : outdated ? "stale" : "completed";
}

/** Lines that were edited or added and not spoken since, in languages that are to be exported again. */
export function unspoken(task: TaskRead): number {
  return targets(task).reduce((sum, [, language]) => {
    const reason = language.gate_reasons?.find(({ code }) => code === "unspoken_edits");
    return sum + (FINISHED.has(language.status) ? (reason?.lines_total ?? 0) : 0);
  }, 0);
}

export function canRetry(task: TaskRead): boolean {
  return Object.values(task.language_status).some((language) => ["failed", "canceled"].includes(language.status));
}

export function isBusy(task: TaskRead): boolean {
  return Object.values(task.language_status).some((language) => language.status === "processing");
}
