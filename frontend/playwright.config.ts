import { mkdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { defineConfig } from "@playwright/test";

/** A port nobody listens on; found once, and handed to the processes Playwright starts. */
async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => (address && typeof address === "object" ? resolve(address.port) : reject(new Error("no port"))));
    });
  });
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
  retries: 1, // what passes only then is listed as flaky
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: [["list"]],
  use: {
    baseURL: url,
    locale: "en-GB",
    viewport: { width: 1440, height: 900 },
    screenshot: "only-on-failure",
    trace: "retain-on-failure",
    launchOptions: { executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args: ["--autoplay-policy=no-user-gesture-required"] },
  },
  webServer: {
    command: `${root}.venv/bin/localclip up --port ${process.env["LOCALCLIP_E2E_PORT"]} --data ${process.env["LOCALCLIP_E2E_DATA"]}`,
    cwd: root,
    url: `${url}/readyz`,
    timeout: 120_000,
    gracefulShutdown: { signal: "SIGTERM", timeout: 20_000 },
    env: { LOCALCLIP_UPLOAD_PART_MB: "5", LOCALCLIP_HEARTBEAT_S: "1", NATS_URL: "" },
  },
});
