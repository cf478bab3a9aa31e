import { existsSync, readdirSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { clips, dialogue } from "./media";
import { choose, record, screens, taskNamed, tasks, upload, waitFor } from "./support";

test.describe.configure({ mode: "serial" });

// a newcomer's account remembers no translation; those before have settled some of the same sentences
test.beforeAll(async ({ request }) => {
  const known = (await (await request.get("/api/memory?limit=200")).json()) as { id: number }[];
  for (const { id } of known) expect((await request.delete(`/api/memory/${id}`)).status()).toBe(204);
});

test("an empty dashboard says what to do first", async ({ page }) => {
  await page.goto("/");
  await expect(page).toHaveURL(/\/dashboard$/);
  await expect(page.getByRole("heading", { name: "Dub your first videos" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Choose videos" })).toBeVisible();
  await page.screenshot({ path: `${screens}/dashboard-empty.png` });
});

test("a video is uploaded, watched while it is made, and played", async ({ page, request }) => {
  await page.goto("/dashboard");
  await page.getByTestId("file-input").first().setInputFiles(dialogue);
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("heading", { name: "How should the video be dubbed?" })).toBeVisible();
  for (const name of ["Spanish", "French"]) await dialog.getByRole("checkbox", { name }).check();
  await page.screenshot({ path: `${screens}/plan-dialog.png` });
  await dialog.getByRole("button", { name: "Dub into 2 languages" }).click();
  const task = await taskNamed(request, "dialogue.mp4");

  // the list is right
  const card = page.locator(`[data-task=${task.task_id}]`);
  await expect(card.getByRole("heading", { name: "dialogue.mp4" })).toBeVisible();
  await expect(card.getByRole("progressbar", { name: "Progress of Spanish" })).toBeVisible();
  await expect(card.getByRole("progressbar", { name: "Progress of French" })).toBeVisible();

  // the editor opens, and the work on speakers is told live
  await card.getByRole("link", { name: "dialogue.mp4" }).click();
  await expect(page).toHaveURL(new RegExp(`/tasks/${task.task_id}`));
  const [base, spanish, french] = await Promise.all(["[data-testid=base-progress]", "[data-testid=progress-es]", "[data-testid=progress-fr]"].map((selector) => record(page, selector)));
  await expect(page.locator("[data-connection=live]")).toBeVisible();
  await page.screenshot({ path: `${screens}/editor-listening.png` });
  await expect(page.getByTestId("task-status")).toHaveAttribute("data-status", "completed", { timeout: 180_000 });
  const told = (await base?.())?.map((text) => Number.parseInt(text)) ?? [];
  expect(told.some((value) => value > 0 && value < 100), String(told)).toBe(true);
  expect(told).toEqual(told.toSorted((a, b) => a - b));

  // languages advance on their own, and each shows its dubbing
  const seen = { es: (await spanish?.()) ?? [], fr: (await french?.()) ?? [] };
  expect(seen.es).not.toEqual(seen.fr);
  for (const texts of Object.values(seen)) {
    expect(texts.some((text) => text.startsWith("Dubbing")), texts.join()).toBe(true);
    expect(texts.at(-1)).toBe("Done");
  }

  // lines are there, and the export plays in step with the picture
  await expect(page.getByTestId("lines").getByRole("listitem")).not.toHaveCount(0);
  const captions = await record(page, "[data-testid=caption]");
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await expect.poll(() => page.getByTestId("video").evaluate((video: HTMLVideoElement) => video.currentTime)).toBeGreaterThan(1.5);
  const state = () =>
    page.evaluate(() => {
      const video = document.querySelector<HTMLVideoElement>("[data-testid=video]");
      const dub = document.querySelector<HTMLAudioElement>("[data-testid=dub]");
      return { muted: video?.muted, dub: dub?.src, paused: dub?.paused, apart: Math.abs((video?.currentTime ?? 0) - (dub?.currentTime ?? 9)) };
    });
  expect(await state()).toMatchObject({ muted: true, paused: false, dub: expect.stringContaining("export_es.mp4") });
  await expect.poll(async () => (await state()).apart).toBeLessThan(0.3);
  await expect.poll(async () => (await captions()).join("\n")).toContain("montañas");
  await page.getByRole("radio", { name: "Original" }).click();
  expect(await page.getByTestId("video").evaluate((video: HTMLVideoElement) => video.muted)).toBe(false);
  expect(await page.getByTestId("dub").evaluate((dub: HTMLAudioElement) => dub.muted)).toBe(true);
  await page.getByRole("radio", { name: "Dub" }).click();
  await page.screenshot({ path: `${screens}/editor-playing.png` });
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  await page.getByRole("button", { name: "French" }).click();
  await expect(page.getByTestId("dub")).toHaveAttribute("src", /export_fr\.mp4/);
});

test("exported files are downloaded under real names", async ({ page, request }) => {
  const task = await taskNamed(request, "dialogue.mp4");
  await page.goto(`/tasks/${task.task_id}`);
  await page.getByRole("button", { name: "Export" }).click();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download dialogue.es.mp4" }).click()]);
  expect(download.suggestedFilename()).toBe("dialogue.es.mp4");
  await page.screenshot({ path: `${screens}/export-dialog.png` });
});

test("several tasks are made at once, found and sorted", async ({ page, request }) => {
  await upload(page, clips, ["Spanish"]);
  await expect.poll(async () => (await tasks(request)).length, { timeout: 30_000 }).toBe(4);
  await expect(page.getByTestId("total")).toHaveText("4 tasks");
  for (const task of await tasks(request)) await waitFor(request, task.task_id, "completed");
  await expect(page.locator("[data-task][data-status=completed]")).toHaveCount(4);
  await expect(page.getByRole("region", { name: "Uploads" })).toBeHidden();
  await page.screenshot({ path: `${screens}/dashboard-grid.png` });
  await page.getByRole("searchbox", { name: "Search names" }).fill("访谈");
  await expect(page.locator("[data-task]")).toHaveCount(1);
  await expect(page).toHaveURL(/q=/);
  await page.getByRole("searchbox", { name: "Search names" }).fill("nothing like this");
  await expect(page.getByRole("heading", { name: "No task matches" })).toBeVisible();
  await page.getByRole("button", { name: "Show all" }).click();
  await expect(page.locator("[data-task]")).toHaveCount(4);
  await expect(page.getByRole("searchbox", { name: "Search names" })).toHaveValue("");
  await choose(page.getByRole("combobox", { name: "Order" }), "Name A–Z");
  await expect(page.locator("[data-task] h2").first()).toHaveText("dialogue.mp4");
  await page.getByRole("radio", { name: "List" }).click();
  await page.screenshot({ path: `${screens}/dashboard-list.png` });
  await page.getByRole("radio", { name: "Grid" }).click();
});

test("deleting can be undone, and then removes the files", async ({ page, request }) => {
  await page.goto("/dashboard");
  const doomed = await Promise.all(["Opening scene.mp4", "Trailer.mp4"].map((name) => taskNamed(request, name)));
  for (const { video_original_name } of doomed) {
    await page.getByRole("checkbox", { name: `Select ${video_original_name}` }).check();
  }
  const bar = page.getByRole("toolbar", { name: "For the selected tasks" });
  await expect(bar).toContainText("2 selected");
  await bar.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Undo" }).click();
  expect(await tasks(request)).toHaveLength(4);
  for (const { video_original_name } of doomed) await page.getByRole("checkbox", { name: `Select ${video_original_name}` }).check();
  await bar.getByRole("button", { name: "Delete" }).click();
  await expect.poll(async () => (await tasks(request)).length, { timeout: 30_000 }).toBe(2);
  await expect(page.locator("[data-task]")).toHaveCount(2);
  const folder = `${process.env["LOCALCLIP_E2E_DATA"]}/objects/tasks`;
  for (const { task_id } of doomed) await expect.poll(() => existsSync(`${folder}/${task_id}`), { timeout: 60_000 }).toBe(false);
  expect(readdirSync(folder)).toHaveLength(2);
});
