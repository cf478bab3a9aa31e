import type { Found } from "@/core/pairing";

const MEDIA =
  /\.(mp4|m4v|mov|mkv|webm|avi|ts|m2ts|mts|flv|wmv|mpe?g|ogv|3gp|mp3|m4a|wav|flac|ogg|opus|aac|srt|vtt|ass|ssa|sbv|ttml|dfxp|smi|lrc)$/i;

/** Videos, sound files and subtitles among what was dropped, with all that is below its folders; the rest is left alone. */
export async function filesIn(entries: FileSystemEntry[]): Promise<Found<File>[]> {
  const found = await Promise.all(entries.map((entry) => walk(entry, "")));
  return found.flat().toSorted((a, b) => a.path.localeCompare(b.path, undefined, { numeric: true }));
}

async function walk(entry: FileSystemEntry, above: string): Promise<Found<File>[]> {
  const path = above + entry.name;
  if (entry.isDirectory) {
    const below = await children(entry as FileSystemDirectoryEntry);
    return (await Promise.all(below.map((one) => walk(one, `${path}/`)))).flat();
  }
  if (entry.name.startsWith(".") || (above && !MEDIA.test(entry.name))) return [];
  return [{ path, file: await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)) }];
}

/** All of a folder: browsers hand out a hundred at a time. */
async function children(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}
