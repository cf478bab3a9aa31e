import { execFileSync } from "node:child_process";
import { appendFileSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";

const root = new URL("../..", import.meta.url).pathname;
export const folder = `${root}frontend/test-results/media`;
/** Two speakers, eight sentences, half a minute. */
export const dialogue = `${folder}/dialogue.mp4`;
/** Its first three sentences, under several names. */
export const clips = ["Opening scene.mp4", "访谈 第一集.mp4", "Trailer.mp4"].map((name) => `${folder}/${name}`);
/** The same, padded to some parts of an upload. */
export const heavy = `${folder}/Long recording.mp4`;
export const notAVideo = `${folder}/notes.mp4`;

const PADDING = 24 * 1024 * 1024;

/** Make the videos the tests use. */
export default function make(): void {
  mkdirSync(folder, { recursive: true });
  if (!existsSync(dialogue)) execFileSync(`${root}.venv/bin/localclip`, ["sample", dialogue], { cwd: root });
  const [first = "", ...others] = clips;
  execFileSync("ffmpeg", ["-v", "error", "-y", "-i", dialogue, "-t", "9.0", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", first]);
  for (const other of others) copyFileSync(first, other);
  copyFileSync(first, heavy);
  const box = Buffer.alloc(8 + PADDING); // a "free" box: players skip it
  box.writeUInt32BE(box.length, 0);
  box.write("free", 4, "latin1");
  appendFileSync(heavy, box);
  writeFileSync(notAVideo, "These are notes, and no video. ".repeat(2000));
}
