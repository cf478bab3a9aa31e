import { queryOptions } from "@tanstack/react-query";
import {
  type CastRead,
  createClip,
  createTerm,
  decideCast,
  deleteCast,
  deleteClip,
  deleteMemory,
  deleteTerm,
  getSettings,
  importTerms,
  keepSpeaker,
  listCast,
  listClips,
  listMemory,
  listTerms,
  putSettings,
  type Settings,
  type SettingsRead,
  type TermWrite,
  updateCast,
} from "./generated";
import { match } from "./editing";
import { data } from "./problems";

/** What belongs to an account and is there in every task. */
const MOST = 200;

export const glossaryQuery = (q: string) =>
  queryOptions({
    queryKey: ["glossary", q],
    queryFn: ({ signal }) => data(listTerms({ query: { q, limit: MOST }, signal })),
  });
export const memoryQuery = (q: string) =>
  queryOptions({
    queryKey: ["memory", q],
    queryFn: ({ signal }) => data(listMemory({ query: { q, limit: MOST }, signal })),
  });
export const settingsQuery = queryOptions({
  queryKey: ["settings"],
  queryFn: ({ signal }) => data(getSettings({ signal })),
});
export const castQuery = queryOptions({ queryKey: ["cast"], queryFn: ({ signal }) => data(listCast({ signal })) });
export const clipsQuery = queryOptions({ queryKey: ["clips"], queryFn: ({ signal }) => data(listClips({ signal })) });

export const account = {
  addTerm: (body: TermWrite) => data(createTerm({ body })),
  removeTerm: (term_id: string) => data(deleteTerm({ path: { term_id } })),
  importTerms: (file: File) => data(importTerms({ body: { file } })),
  removeMemory: (memory_id: number) => data(deleteMemory({ path: { memory_id } })),
  saveSettings: ({ version, ...body }: SettingsRead & Settings) => data(putSettings({ body, headers: match(version) })),
  renameCast: ({ cast_id, version }: CastRead, name: string) =>
    data(updateCast({ path: { cast_id }, body: { name }, headers: match(version) })),
  removeCast: (cast_id: string) => data(deleteCast({ path: { cast_id } })),
  keepSpeaker: (task_id: string, speaker_id: string, name: string) =>
    data(keepSpeaker({ body: { task_id, speaker_id, name } })),
  decideCast: (task_id: string, speaker_id: string, cast_id: string | null) =>
    data(decideCast({ path: { task_id, speaker_id }, body: { cast_id } })),
  addClip: (audio: File, name: string) => data(createClip({ body: { audio, name, consent: "true" } })),
  removeClip: (clip_id: string) => data(deleteClip({ path: { clip_id } })),
};
