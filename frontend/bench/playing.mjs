// How busy the main thread is while the editor plays: processor time of the thread from a trace, not time that passed,
// so that what else the machine does counts less.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const TRACED = ["devtools.timeline", "disabled-by-default-devtools.timeline"];
const TASK = "RunTask";

/** The sample, over and over, for `seconds`; `remove` it at the end. */
export function longVideo(seconds) {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const file = join(folder, "v.mp4");
  const sample = new URL("../public/sample.mp4", import.meta.url).pathname;
  const args = ["-v", "error", "-stream_loop", "-1", "-i", sample, "-t", String(seconds), "-c", "copy", file];
  execFileSync("ffmpeg", args);
  return { file, size: statSync(file).size, remove: () => rmSync(folder, { recursive: true }) };
}

/** Two seconds of silence: a take. */
export function take() {
  const rate = 16_000;
  const wav = Buffer.alloc(44 + rate * 2 * 2);
  wav.write("RIFF", 0);
  wav.writeUInt32LE(wav.length - 8, 4);
  wav.write("WAVEfmt ", 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(rate * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write("data", 36);
  wav.writeUInt32LE(wav.length - 44, 40);
  return wav;
}

/** Play from `from_s` for `seconds`: how much of its time the main thread worked, on what (in thousandths), and how often. */
export async function playing(browser, page, from_s, seconds) {
  await page.evaluate(async (start) => {
    const video = document.querySelector("[data-testid=video]");
    video.currentTime = start;
    await new Promise((resolve) => video.addEventListener("seeked", resolve, { once: true }));
    await video.play();
  }, from_s);
  await page.waitForTimeout(2000);
  await browser.startTracing(page, { categories: TRACED });
  const began = await page.evaluate(() => document.querySelector("[data-testid=video]").currentTime);
  await page.waitForTimeout(seconds * 1000);
  const ended = await page.evaluate(() => document.querySelector("[data-testid=video]").currentTime);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  if (ended - began < seconds / 2) throw new Error(`of ${seconds} s only ${ended - began} s were played`);
  return { ...busy(traceEvents), played_s: Number((ended - began).toFixed(1)) };
}

function busy(events) {
  const names = events.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain");
  const threads = new Map(names.map(({ pid, tid }) => [`${pid}/${tid}`, []]));
  for (const event of events) if (event.ph === "X") threads.get(`${event.pid}/${event.tid}`)?.push(event);
  const cpu = (list) => list.reduce((sum, { name, tdur = 0 }) => sum + (name === TASK ? tdur : 0), 0);
  const page = [...threads.values()].toSorted((one, other) => cpu(other) - cpu(one))[0] ?? [];
  const first = Math.min(...page.map(({ ts }) => ts));
  const span = Math.max(...page.map(({ ts, dur = 0 }) => ts + dur)) - first;
  const parts = {};
  for (const { name, tdur = 0 } of page) parts[name] = (parts[name] ?? 0) + tdur;
  const dearest = Object.entries(parts)
    .filter(([name]) => name !== TASK)
    .toSorted(([, one], [, other]) => other - one)
    .slice(0, 8);
  return {
    busy_share: Number((cpu(page) / span).toFixed(3)),
    frames_per_s: Math.round(page.filter(({ name }) => name === "Commit").length / (span / 1e6)),
    dearest: Object.fromEntries(dearest.map(([name, us]) => [name, Math.round((1000 * us) / span)])),
  };
}
