import { readFileSync } from "node:fs";
import { type APIRequestContext, expect, test } from "@playwright/test";
import { clips, dialogue } from "./media";
import { screens, taskNamed, type TaskRead, waitFor } from "./support";

const CUES = ["One", "Two", "Three", "Four"].map((word, n) => `${n + 1}\n00:00:0${2 * n},100 --> 00:00:0${2 * n + 1},900\nLine ${word}.\n`).join("\n");
const file = (name: string) => ({ name, mimeType: "application/x-subrip", buffer: Buffer.from(CUES) });

async function made(request: APIRequestContext, name: string, buffer: Buffer, languages: string[]): Promise<TaskRead> {
  const config = JSON.stringify({ target_languages: languages });
  const answer = await request.post("/api/tasks", { multipart: { config, start: "false", video: { name, mimeType: "video/mp4", buffer } } });
  expect(answer.status()).toBe(201);
  return (await answer.json()) as TaskRead;
}

test("languages that nothing here translates are brought as subtitles, at upload and later, and hold up no other", async ({ page, request }) => {
  await page.goto("/dashboard");
  await page.getByTestId("file-input").first().setInputFiles(clips[2] ?? "");
  const dialog = page.getByRole("dialog");
  for (const name of ["Spanish", "French"]) await dialog.getByRole("checkbox", { name }).setChecked(false);
  for (const name of ["Japanese", "Korean", "German"]) await dialog.getByRole("checkbox", { name }).check();
  await expect(dialog.getByRole("button", { name: "Supply subtitles to dub" })).toBeDisabled();
  for (const code of ["ja", "ko", "de"]) await dialog.getByTestId(`slot-${code}`).setInputFiles(file(`mine.${code}.srt`));
  await dialog.getByRole("checkbox", { name: "Spanish" }).check();
  await dialog.getByRole("checkbox", { name: "Indonesian" }).check(); // this one waits
  await expect(dialog.getByTestId("translation-slots")).toContainText("mine.ko.srt");
  await page.screenshot({ path: `${screens}/plan-subtitles.png` });
  await dialog.getByRole("button", { name: "Dub into 4 languages" }).click();
  const { task_id } = await taskNamed(request, "Trailer.mp4");
  const state = async () => ((await (await request.get(`/api/tasks/${task_id}`)).json()) as { language_status: Record<string, { status: string; brought: boolean }> }).language_status;
  for (const code of ["es", "ja", "ko", "de"]) await expect.poll(async () => (await state())[code]?.status, { timeout: 120_000 }).toBe("completed");
  expect((await state())["id"]).toMatchObject({ status: "pending", brought: false });

  await page.goto(`/tasks/${task_id}?language=id`);
  await expect(page.getByTestId("needs-translation")).toContainText("No engine here translates this video into Indonesian");
  await expect(page.getByRole("button", { name: "Start", exact: true })).toBeHidden();
  await page.screenshot({ path: `${screens}/editor-needs.png` });
  await page.getByTestId("subtitle-input").setInputFiles(file("mine.id.srt"));
  await expect(page.getByTestId("subtitle-preview")).toContainText(/[1-4] of [1-4] lines matched/);
  await page.screenshot({ path: `${screens}/editor-bring.png` });
  expect((await state())["id"]?.brought).toBe(false); // looked at, not taken
  await dialog.getByRole("button", { name: "Take it and dub" }).click();
  await expect.poll(async () => (await state())["id"]?.status, { timeout: 120_000 }).toBe("completed");
  await expect(page.getByTestId("needs-translation")).toBeHidden();
  await request.delete(`/api/tasks/${task_id}`);
});

test("a language whose subtitles lack lines says how many, and is mended by those that have them", async ({ page, request }) => {
  const { task_id } = await made(request, "bare.mp4", readFileSync(clips[2] ?? ""), ["es"]);
  await request.post(`/api/tasks/${task_id}/process`, { data: {} });
  await waitFor(request, task_id, "completed");
  await request.patch(`/api/tasks/${task_id}`, { data: { target_languages: ["es", "ja"] } });
  await page.goto(`/tasks/${task_id}?language=ja`);
  const needs = page.getByTestId("needs-translation");
  await expect(needs).toContainText("No engine here translates this video into Japanese");
  const lines = ((await (await request.get(`/api/tasks/${task_id}/segments`)).json()) as unknown[]).length;
  const take = page.getByRole("dialog").getByRole("button", { name: "Take it and dub" });
  await page.getByTestId("subtitle-input").setInputFiles({ ...file("first.ja.srt"), buffer: Buffer.from(CUES.split("\n\n")[0] ?? "") });
  await take.click();
  await expect(needs).toContainText(`${lines - 1} lines have no translation`);
  await expect(page.getByTestId("task-status")).toHaveAttribute("data-status", "failed");
  await page.getByTestId("subtitle-input").setInputFiles(file("all.ja.srt"));
  await take.click();
  await waitFor(request, task_id, "completed");
  await expect(needs).toBeHidden();
  await request.delete(`/api/tasks/${task_id}`);
});

test("a video that failed says why where its lines would be", async ({ page, request }) => {
  const { task_id } = await made(request, "cut.mp4", readFileSync(dialogue).subarray(0, 60_000), ["es"]);
  await request.post(`/api/tasks/${task_id}/process`, { data: {} });
  await waitFor(request, task_id, "failed");
  await page.goto(`/tasks/${task_id}`);
  await expect(page.getByTestId("failed-work")).toContainText("upload the complete file");
  await request.delete(`/api/tasks/${task_id}`);
});

test("whoever reads the page in Chinese dubs a video into Chinese, with a voice that says how well it is understood", async ({ browser, request }) => {
  const context = await browser.newContext({ locale: "zh-CN" });
  const page = await context.newPage();
  const cues = ["我们明天去山里。", "那里的天气很好。", "我们坐火车去。", "再见，朋友们。"];
  const srt = cues.map((text, n) => `${n + 1}\n00:00:0${2 * n},100 --> 00:00:0${2 * n + 1},900\n${text}\n`).join("\n");
  await page.goto("/dashboard");
  await page.getByTestId("file-input").first().setInputFiles(clips[2] ?? "");
  const dialog = page.getByRole("dialog");
  for (const name of ["西班牙语", "法语"]) await dialog.getByRole("checkbox", { name }).setChecked(false);
  await dialog.getByRole("checkbox", { name: "中文" }).check();
  await dialog.getByTestId("slot-zh").setInputFiles({ name: "mine.zh.srt", mimeType: "application/x-subrip", buffer: Buffer.from(srt) });
  await page.screenshot({ path: `${screens}/plan-chinese.png` });
  await dialog.getByRole("button", { name: /^配音为/ }).click();
  const { task_id } = await taskNamed(request, "Trailer.mp4");
  const state = async () => ((await (await request.get(`/api/tasks/${task_id}`)).json()) as { language_status: Record<string, { status: string; gate_reasons: { code: string }[] }> }).language_status["zh"];
  await expect.poll(async () => (await state())?.status, { timeout: 120_000 }).toBe("completed");
  expect((await state())?.gate_reasons.map(({ code }) => code)).toContain("voice_poor"); // of eSpeak NG
  await page.goto(`/tasks/${task_id}?language=zh`);
  await expect(page.getByTestId("lines").getByRole("textbox").nth(1)).toHaveValue(/[\u4e00-\u9fff]/);
  await expect(page.getByTestId("lines").locator("[data-state=dubbed]").first()).toBeVisible();
  const subtitles = await (await request.get(`/api/tasks/${task_id}/artifacts/zh/subtitles_zh.srt`)).text();
  expect(subtitles).toMatch(/[\u4e00-\u9fff]/);
  await request.delete(`/api/tasks/${task_id}`);
  await context.close();
});

test("files that are refused for one reason are told once, with what the server said of it", async ({ page }) => {
  await page.route("**/complete", (route) => route.fulfill({ status: 422, contentType: "application/problem+json", json: { code: "language_unsupported", detail: "no voice here speaks 'fr'; install an engine that does" } }));
  await page.goto("/dashboard");
  await page.getByTestId("file-input").first().setInputFiles(clips);
  await page.getByRole("dialog").getByRole("button", { name: "Upload only" }).click();
  const uploads = page.getByRole("region", { name: "Uploads" });
  await expect(uploads.getByRole("alert")).toHaveCount(1);
  await expect(uploads.getByRole("alert")).toContainText(/3 videos:.*install an engine that does/);
});
