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
/** Chinese, which the recognizer of these tests takes for English. */
export const chinese = `${folder}/Chinese talk.mp4`;
/** Two people speak English, and what stands in the picture is Chinese. */
export const burned = `${folder}/Burned in.mp4`;
export const BURNED = ["我们想在夏天去看大山", "这是个很好的主意"];
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
  const said = "今天我们来谈一谈城市的交通。每天早上都有很多人坐地铁去上班。";
  execFileSync("espeak-ng", ["-v", "cmn", "-w", `${folder}/zh.wav`, said]);
  const blank = ["-f", "lavfi", "-i", "color=c=slategray:size=640x360:rate=25:duration=12"]; // no words in it to read instead
  execFileSync("ffmpeg", ["-v", "error", "-y", ...blank, "-i", `${folder}/zh.wav`, "-shortest", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", chinese]);
  execFileSync("ffmpeg", ["-v", "error", "-y", "-i", dialogue, "-t", "6.4", "-vn", `${folder}/burned.wav`]);
  const lines = BURNED.map((text, n) => `Line(${[0.8, 4.0][n]}, ${[3.2, 5.6][n]}, "${text}")`).join(", ");
  const clip = `Clip("burned", background="still", beside=("sign",), lines=(${lines}))`;
  const script = `from pathlib import Path; from benchmarks.picture.clips import Clip, Line, make; make(${clip}, Path("${burned}"), Path("${folder}/burned.wav"))`;
  execFileSync(`${root}.venv/bin/python`, ["-c", script], { cwd: root });
  writeFileSync(notAVideo, "These are notes, and no video. ".repeat(2000));
}
