// How busy the browser is: `node bench/load.mjs` after a build, with `playing` for the last figure alone. The built app runs in Chromium against a server that
// holds 10 000 tasks in memory and sends 800 progress events a second, which no small machine could earn honestly.
import { createReadStream, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { chromium } from "@playwright/test";
import { longVideo, playing, take } from "./playing.mjs";

const DIST = new URL("../dist", import.meta.url).pathname;
const TASKS = 10_000;
const LANGUAGES = ["en", "ko", "ja", "fr", "de", "es", "id"];
const SHOWN = 100;
const EVENTS_PER_S = 800;
const MEASURED_S = 10;
const PLAYED_S = 20;
const LINES = 3000;
const TYPES = { ".js": "application/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml" };

const language = () => ({
  status: "processing",
  progress: 30,
  stage: "voice_cloning",
  message: "",
  eta_seconds: 60,
  issues: 0,
  gate: "pending",
  gate_passed: null,
  gate_reasons: [],
  brought: false,
  waiting_for: null,
  approved_by: null,
  approved_at: null,
  error_code: null,
  error_message: null,
  stages: { voice_cloning: { status: "processing", progress: 10, attempt: 1 } },
});

function task(number) {
  const status = { base: { ...language(), status: "completed", progress: 100, stage: null } };
  for (const code of LANGUAGES) status[code] = language();
  return {
    id: number,
    task_id: `task_${number}`,
    video_filename: "v.mp4",
    video_original_name: `Video ${number}.mp4`,
    video_size: 1e8,
    status: "processing",
    language_status: status,
    config: { target_languages: LANGUAGES },
    media: { duration_s: LINES * 2.4, fps: 25 },
    source_language: "en",
    note: null,
    waiting_for: null,
    subtitle_remarks: {},
    engines: [],
    subtitle_timing: null,
    source: null,
    batch_id: null,
    batch_row: null,
    error_code: null,
    error_message: null,
    version: 1,
    created_at: "2026-01-01T00:00:00Z",
    updated_at: "2026-01-01T00:00:00Z",
  };
}

const segments = Array.from({ length: LINES }, (_, n) => {
  const text = `What is said in line ${n} of a long recording.`;
  const words = text.split(" ");
  const at = (index) => n * 2.4 + (index / words.length) * 2;
  return {
    segment_id: `s${n}`,
    start_s: n * 2.4,
    end_s: n * 2.4 + 2,
    speaker_id: `spk_${n % 4}`,
    text,
    words: words.map((word, index) => ({ text: word, start_s: at(index), end_s: at(index + 1) })),
    version: 1,
  };
});
const lines = segments.map((segment) => ({
  ...segment,
  source_text: segment.text,
  text: `Lo que se dice en la línea ${segment.segment_id}.`,
  state: "dubbed",
  take_key: "k",
  take_start_s: segment.start_s,
  take_duration_s: 2,
  natural_s: 2,
  speed: 1,
  fit: "natural",
  edited: false,
  origin: "engine",
  alternatives: [],
  rounds: 0,
  voice: null,
  omitted: false,
  decisions: [],
  pinned: false,
  moved: false,
  source_changed: false,
  heard: null,
  wish: null,
  error_rate: null,
  similarity: null,
}));
const speakers = [0, 1, 2, 3].map((n) => ({
  speaker_id: `spk_${n}`,
  name: `Speaker ${n}`,
  f0_hz: 120,
  speech_s: 100,
  voice: null,
  version: 1,
}));

function api(path, query) {
  if (path === "/api/tasks") {
    const skip = Number(query.get("skip"));
    return Array.from({ length: Math.min(Number(query.get("limit")), TASKS - skip) }, (_, n) => task(skip + n));
  }
  if (path.endsWith("/segments")) return segments;
  if (path.endsWith("/lines")) return lines;
  if (path.endsWith("/speakers")) return speakers;
  if (path.endsWith("/peaks.json"))
    return { duration_s: LINES * 2.4, peaks: Array.from({ length: LINES * 48 }, (_, n) => Math.abs(Math.sin(n / 7))) };
  if (/^\/api\/tasks\/task_\d+$/.test(path)) return task(Number(path.split("_")[1]));
  return [];
}

const video = longVideo(LINES * 2.4);
const sound = take();

function part(request, response) {
  const [, from = "0", to = ""] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? "") ?? [];
  const [start, end] = [Number(from), to ? Number(to) : video.size - 1];
  response.writeHead(206, {
    "Content-Type": "video/mp4",
    "Accept-Ranges": "bytes",
    "Content-Range": `bytes ${start}-${end}/${video.size}`,
    "Content-Length": end - start + 1,
  });
  createReadStream(video.file, { start, end })
    .on("error", () => response.destroy())
    .pipe(response);
}

let told = true; // whether events are sent

function stream(response) {
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  response.write('id: 1\nevent: hello\ndata: {"tasks":[]}\n\n');
  let count = 0;
  const timer = setInterval(() => {
    if (!told) return;
    const out = [];
    for (let n = 0; n < EVENTS_PER_S / 20; n += 1, count += 1) {
      const progress = Math.floor(count / (SHOWN * LANGUAGES.length)) % 99;
      const event = {
        task_id: `task_${count % SHOWN}`,
        language: LANGUAGES[count % LANGUAGES.length],
        stage: "voice_cloning",
        attempt: 1,
        progress,
        message: "",
        eta_seconds: 60,
      };
      out.push(`event: progress\ndata: ${JSON.stringify(event)}\n\n`);
    }
    response.write(out.join(""));
  }, 50);
  response.on("close", () => clearInterval(timer));
}

function json(response, body) {
  response.writeHead(200, { "Content-Type": "application/json", "X-Total-Count": String(TASKS) });
  return response.end(JSON.stringify(body));
}

const server = createServer((request, response) => {
  const url = new URL(request.url, "http://x");
  if (url.pathname === "/api/events") return stream(response);
  if (url.pathname.endsWith("/v.mp4")) return part(request, response);
  if (url.pathname.includes("/takes/")) {
    response.writeHead(200, { "Content-Type": "audio/wav", "Content-Length": sound.length });
    return response.end(sound);
  }
  if (url.pathname === "/readyz") return json(response, { status: "ready", checks: {}, workers: {}, engines_left_out: {} });
  if (url.pathname.startsWith("/api/")) return json(response, api(url.pathname, url.searchParams));
  const file = join(DIST, extname(url.pathname) ? url.pathname : "index.html");
  try {
    const body = readFileSync(file);
    response.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream" });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
});

await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const base = `http://127.0.0.1:${server.address().port}`;
statSync(DIST);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--autoplay-policy=no-user-gesture-required"],
});

const figures = process.argv[2] === "playing" ? {} : await dashboard();

const editor = await browser.newPage({ viewport: { width: 1440, height: 900 } });
await editor.goto(`${base}/settings`); // files are there already, as they are for who comes from the dashboard
await editor.goto(`${base}/dashboard`);
await editor.locator("[data-task=task_7] h3 a").waitFor();
const interactive = await editor.evaluate(async () => {
  const began = performance.now();
  document.querySelector("[data-task=task_7] h3 a").click();
  while (
    !document.querySelector("[data-testid=lines] textarea") ||
    !document.querySelector("[data-testid=timeline][data-ready=true]")
  )
    await new Promise(requestAnimationFrame);
  await new Promise((resolve) => setTimeout(resolve)); // the work of that frame is over: a key press would be answered
  return performance.now() - began;
});
// of one task that nothing is done to, from the middle on, its takes over the lowered original
told = false;
const played = await playing(browser, editor, (LINES / 2) * 2.4, PLAYED_S);
console.log(
  JSON.stringify({ ...figures, editor_3000_lines_ms: Math.round(interactive), playing_3000_lines: played }),
);
await browser.close();
server.closeAllConnections();
server.close();
video.remove();

/** How busy a window of 100 cards is, and how long a jump takes. */
async function dashboard() {
  const page = await browser.newPage({ viewport: { width: 2600, height: 6400 } });
  await page.goto(`${base}/dashboard`);
  await page.waitForFunction((wanted) => document.querySelectorAll("[data-task]").length >= wanted, SHOWN);
  const client = await page.context().newCDPSession(page);
  await client.send("Performance.enable");
  const busy = async () =>
    (await client.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration").value;
  await page.waitForTimeout(2000);
  const before = await busy();
  await page.waitForTimeout(MEASURED_S * 1000);
  const share = ((await busy()) - before) / MEASURED_S;
  const cards = await page.locator("[data-task]").count();

  const began = performance.now();
  await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight / 2));
  await page.waitForFunction(() =>
    [...document.querySelectorAll("[data-task]")].some(
      ({ dataset }) => Math.abs(Number(dataset.task.slice(5)) - 5000) < 100,
    ),
  );
  const far = performance.now() - began;
  await page.close();
  return {
    cards,
    events_per_s: EVENTS_PER_S,
    busy_share: Number(share.toFixed(3)),
    jump_to_the_middle_ms: Math.round(far),
  };
}
