import { queryOptions } from "@tanstack/react-query";
import type { ExportSettings, VoiceChoice } from "./generated";
import { client } from "./generated/client.gen";
import { data, isAbsent } from "./problems";

/** What belongs to an account. A gateway without it answers 404: null then, and its section is not shown. */
type Answer<T> = Promise<{ data?: T }>;
const json = { "Content-Type": "application/json" };

async function orNull<T>(request: Answer<T>): Promise<T | null> {
  try {
    return await data(request);
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

export interface Term {
  term_id: string;
  source_language: string;
  target_language: string | null;
  source: string;
  target: string | null;
  pronunciation: string | null;
  version: number;
}

export type TermWrite = Omit<Term, "term_id" | "version">;

export interface Gate {
  max_failed_lines?: number | null;
  max_overflow_lines?: number | null;
  max_p95_speed?: number | null;
  min_overlap?: number | null;
  [name: string]: unknown;
}

export interface AccountSettings {
  default_languages: string[];
  num_speakers: number | null;
  export_settings: ExportSettings;
  gate: Gate;
  version?: number;
  [name: string]: unknown;
}

export interface CastMember {
  cast_id: string;
  name: string;
  voice: VoiceChoice | null;
  episodes: number;
  version: number;
}

export const glossaryQuery = (q: string) =>
  queryOptions({ queryKey: ["glossary", q], queryFn: () => orNull(client.get({ url: "/api/glossary", query: { q, limit: 200 } }) as Answer<Term[]>) });
export const settingsQuery = queryOptions({ queryKey: ["settings"], queryFn: () => orNull(client.get({ url: "/api/settings" }) as Answer<AccountSettings>) });
export const castQuery = queryOptions({ queryKey: ["cast"], queryFn: () => orNull(client.get({ url: "/api/cast" }) as Answer<CastMember[]>) });

export const account = {
  addTerm: (body: TermWrite) => data(client.post({ url: "/api/glossary", body, headers: json }) as Answer<Term>),
  removeTerm: (id: string) => data(client.delete({ url: `/api/glossary/${id}` }) as Answer<void>),
  importTerms: (csv: string) => data(client.post({ url: "/api/glossary/import", body: csv, bodySerializer: null, headers: { "Content-Type": "text/csv" } }) as Answer<{ added: number; updated: number }>),
  saveSettings: ({ version: _version, ...body }: AccountSettings) => data(client.put({ url: "/api/settings", body, headers: json }) as Answer<AccountSettings>),
  renameCast: (member: CastMember, name: string) =>
    data(client.patch({ url: `/api/cast/${member.cast_id}`, body: { name }, headers: { ...json, "If-Match": `"${member.version}"` } }) as Answer<CastMember>),
  removeCast: (id: string) => data(client.delete({ url: `/api/cast/${id}` }) as Answer<void>),
};
