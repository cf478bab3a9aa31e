import { mkdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { defineConfig } from "@playwright/test";

/** A port nobody listens on, below those of outgoing connections; found once, and handed to the processes Playwright starts. */
async function freePort(): Promise<number> {
  const port = 15_000 + Math.floor(Math.random() * 17_000);
  const free = await new Promise<boolean>((resolve) => {
    const probe = createServer().once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
  return free ? port : freePort();
}

const OUTPUT = "test-results";
const root = new URL("..", import.meta.url).pathname;
if (!process.env["LOCALCLIP_E2E_PORT"]) {
  process.env["LOCALCLIP_E2E_PORT"] = String(await freePort());
  process.env["LOCALCLIP_E2E_DATA"] = `${root}frontend/${OUTPUT}/data`;
  rmSync(`${root}frontend/${OUTPUT}`, { recursive: true, force: true });
  mkdirSync(`${root}frontend/${OUTPUT}/screens`, { recursive: true });
}
const url = `http://127.0.0.1:${process.env["LOCALCLIP_E2E_PORT"]}`;

export default defineConfig({
  testDir: "e2e",
  outputDir: `${OUTPUT}/runs`,
  globalSetup: "./e2e/media.ts",
  workers: 1,
  timeout: 240_000, // a deadline tells a failure, not a slow machine
  expect: { timeout: 40_000 },
  reporter: [["list"]],
  use: {
    baseURL: url,
    locale: "en-GB",
    viewport: { width: 1440, height: 900 },
    screenshot: "only-on-failure",
    trace: process.env["LOCALCLIP_E2E_TRACE"] ? "retain-on-failure" : "off", // recording costs a fifth of the CPU time
    launchOptions: { executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args: ["--autoplay-policy=no-user-gesture-required", "--disable-gpu"] },
  },
  webServer: {
    command: `${root}.venv/bin/localclip up --port ${process.env["LOCALCLIP_E2E_PORT"]} --data ${process.env["LOCALCLIP_E2E_DATA"]}`,
    cwd: root,
    url: `${url}/readyz?all=true`,
    timeout: 300_000,
    gracefulShutdown: { signal: "SIGTERM", timeout: 20_000 },
    env: { LOCALCLIP_PROFILE: "embedded", LOCALCLIP_UPLOAD_PART_MB: "5", LOCALCLIP_HEARTBEAT_S: "1", NATS_URL: "" },
  },
});
