import { client } from "./generated/client.gen";
import type { LineRead, SegmentRead, SpeakerRead, VoiceChoice } from "./generated";
import { data } from "./problems";

/** Calls of the editing interface. A gateway without one of them answers 404, and what needs it is not shown. */
interface Call {
  body?: unknown;
  version?: number;
}

function call<T>(method: "GET" | "POST" | "PATCH" | "DELETE", url: string, { body, version }: Call = {}): Promise<T> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (version !== undefined) headers["If-Match"] = `"${version}"`;
  return data<T>(client.request({ method, url, headers, ...(body === undefined ? {} : { body }) }) as Promise<{ data?: T }>);
}

export interface Take {
  take_id: string;
  text: string;
  duration_s: number;
  natural_s: number | null;
  speed: number | null;
  fit: string | null;
  decision: string | null;
  created_at: string;
  current: boolean;
  url: string;
}

export interface Edit {
  number: number;
  kind: string;
  summary: string;
  undone: boolean;
  author: string;
  created_at: string;
}

/** What an edit brought back or took away. */
export interface Undone {
  edit: Edit;
  segments: string[];
  lines: { language: string; segment_id: string }[];
}

export interface NewSegment {
  start_s: number;
  end_s: number;
  speaker_id: string;
  text: string;
}

export interface LineChange {
  text?: string;
  start_s?: number | null;
  end_s?: number | null;
  speaker_id?: string | null;
  voice?: VoiceChoice | null;
  omitted?: boolean;
  pinned?: boolean;
}

export interface Voice {
  kind: VoiceChoice["kind"];
  id: string;
  engine?: string;
  name?: string;
}

const task = (id: string) => `/api/tasks/${id}`;
const line = (id: string, language: string, segment: string) => `${task(id)}/languages/${language}/lines/${segment}`;

export const editing = {
  insert: (id: string, body: NewSegment) => call<SegmentRead>("POST", `${task(id)}/segments`, { body }),
  remove: (id: string, segment: string, version: number) => call<void>("DELETE", `${task(id)}/segments/${segment}`, { version }),
  split: (id: string, segment: string, version: number, body: { at_s: number; text_at?: number }) =>
    call<{ segments: SegmentRead[] }>("POST", `${task(id)}/segments/${segment}/split`, { body, version }),
  merge: (id: string, segment_ids: string[]) => call<SegmentRead>("POST", `${task(id)}/segments/merge`, { body: { segment_ids } }),
  changeLine: (id: string, language: string, segment: string, version: number, body: LineChange) =>
    call<LineRead>("PATCH", line(id, language, segment), { body, version }),
  takes: (id: string, language: string, segment: string) => call<Take[]>("GET", `${line(id, language, segment)}/takes`),
  chooseTake: (id: string, language: string, segment: string, take: string, version: number) =>
    call<LineRead>("POST", `${line(id, language, segment)}/takes/${take}/choose`, { version }),
  dub: (id: string, language: string, body: { only_stale: true } | { segment_ids: string[] }) =>
    call<{ lines: number }>("POST", `${task(id)}/languages/${language}/dub`, { body }),
  edits: (id: string) => call<Edit[]>("GET", `${task(id)}/edits?limit=50`),
  undo: (id: string) => call<Undone>("POST", `${task(id)}/undo`),
  redo: (id: string) => call<Undone>("POST", `${task(id)}/redo`),
  addSpeaker: (id: string, name: string) => call<SpeakerRead>("POST", `${task(id)}/speakers`, { body: { name } }),
  assign: (id: string, speaker: string, segment_ids: string[]) => call<void>("POST", `${task(id)}/speakers/${speaker}/assign`, { body: { segment_ids } }),
  mergeSpeakers: (id: string, from: string[], into: string) => call<void>("POST", `${task(id)}/speakers/merge`, { body: { from, into } }),
  voices: (language: string) => call<Voice[]>("GET", `/api/voices?language=${language}`),
};
