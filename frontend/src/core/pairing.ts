/** A file, and where it lay among those that were chosen with it. */
export interface Found<T> {
  file: T;
  path: string;
}

/** A video and the subtitles beside it, by the language that their name says; "" where it says none. */
export interface Paired<T> extends Found<T> {
  subtitles: Record<string, T>;
}

const SUBTITLES = /\.(srt|vtt|ass|ssa|sbv|ttml|dfxp|smi|sub|lrc)$/i;
const TAGGED = /^(.+)\.([^./]+)$/;
/** Tags of the languages that are offered, and of Chinese in either script, as `shared/pairing.py` reads them. */
const LANGUAGE = /^(?:en|ko|ja|fr|de|es|id|(zh)(?:[-_](?:han[st]|cn|sg|tw|hk|mo))?)$/i;

const stem = (path: string) => path.replace(/\.[^./]*$/, "");

/**
 * Videos with their subtitles: `talk.mp4` with `talk.srt`, `talk.es.srt` and `talk.zh-Hant.srt`. Subtitles of no video
 * stand by themselves, as do those of a language that another file of the video has: the first by name counts.
 */
export function pairByName<T>(found: Found<T>[]): Paired<T>[] {
  const paired = new Map<string, Paired<T>>();
  const rest: Found<T>[] = [];
  for (const one of found) {
    if (SUBTITLES.test(one.path)) rest.push(one);
    else paired.set(one.path, { ...one, subtitles: {} });
  }
  const byStem = new Map([...paired.values()].map((video) => [stem(video.path), video]));
  for (const one of rest.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const name = stem(one.path);
    const [, tagged = "", tag = ""] = TAGGED.exec(name) ?? [];
    const [code, chinese] = LANGUAGE.exec(tag) ?? [];
    const video = byStem.get(name) ?? (code && byStem.get(tagged));
    const key = video === byStem.get(name) ? "" : (chinese ?? code ?? "").toLowerCase();
    if (!video || key in video.subtitles) paired.set(one.path, { ...one, subtitles: {} });
    else video.subtitles[key] = one.file;
  }
  return [...paired.values()];
}

export interface Brought<T> {
  /** By the name that the gateway takes them under. */
  files: Record<string, T>;
  source_language: string | null;
}

/**
 * What the subtitles of a video are, once it is known what becomes of it: translations into its targets, and what is
 * said in it, where their language is the one that is spoken, or is not known to be another.
 */
export function broughtBy<T>(subtitles: Readonly<Record<string, T>>, targets: string[], spoken: string | null): Brought<T> {
  const files: Record<string, T> = {};
  let source_language = spoken;
  for (const [code, file] of Object.entries(subtitles)) {
    if (targets.includes(code)) files[`translation_${code}`] = file;
    else if (code === source_language || (code === "" && source_language)) files["subtitles"] ??= file;
    else if (code !== "" && source_language === null) {
      source_language = code;
      files["subtitles"] = file;
    }
  }
  return { files, source_language };
}

/** What many files may be called together: their folder, or how all their names begin; "" where nothing is common. */
export function commonName(paths: string[]): string {
  const folders = new Set(paths.map((path) => (path.includes("/") ? path.split("/")[0] : "")));
  const [folder = ""] = folders;
  if (folders.size === 1 && folder) return folder;
  const names = paths.map((path) => stem(path.split("/").at(-1) ?? path));
  let common = names[0] ?? "";
  for (const name of names) while (!name.startsWith(common)) common = common.slice(0, -1);
  const trimmed = common.replace(/[\s\d_.\-–—([#]+$/, "");
  return trimmed.length >= 3 ? trimmed : "";
}
