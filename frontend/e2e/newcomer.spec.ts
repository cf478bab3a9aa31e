import { expect, test } from "@playwright/test";
import { clips } from "./media";
import { expectAccessible, row, screens, taskNamed, tasks } from "./support";

/** The whole job as somebody does it who has read nothing: only what is on the screen is used. */
test("a newcomer uploads three videos, watches, mends two lines, exports the master and deletes", async ({ page, request }) => {
  let number = 0;
  const look = async () => {
    await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => (animation.effect?.getTiming().iterations === Infinity ? null : animation.finished.catch(() => null)))));
    number += 1;
    await page.screenshot({ path: `${screens}/newcomer-${String(number).padStart(2, "0")}.png` });
  };
  const before = (await tasks(request)).length;

  // upload three videos
  await page.goto("/");
  await look();
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.getByRole("button", { name: /^(Choose|Add) videos$/ }).last().click()]);
  await chooser.setFiles(clips);

  // choose languages, once
  const dialog = page.getByRole("dialog", { name: "How should the 3 videos be dubbed?" });
  for (const name of ["Spanish", "French"]) await dialog.getByRole("checkbox", { name }).setChecked(true);
  await look();
  await dialog.getByRole("button", { name: "Dub into 2 languages" }).click();
  await expect(page.locator("[data-task]")).toHaveCount(before + 3);

  // watch
  await expect(page.locator("[data-task][data-status=processing]").first()).toBeVisible();
  await look();
  await expect(page.locator("[data-task][data-status=completed]")).toHaveCount(before + 3, { timeout: 110_000 });
  await look();
  await page.getByRole("link", { name: "Trailer.mp4" }).click();
  await expect(page.getByRole("textbox", { name: "Translation of line 1" })).toHaveValue(/\S/);
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await expect(page.getByTestId("caption")).toHaveText(/\S/);
  await look();
  await page.getByRole("button", { name: "Pause", exact: true }).click();

  // mend two lines and dub them again
  await page.getByRole("textbox", { name: "Translation of line 1" }).fill("Vamos a las montañas este verano.");
  await page.getByRole("textbox", { name: "Translation of line 1" }).press("Enter");
  await page.getByRole("textbox", { name: "Translation of line 2" }).fill("¡Qué gran idea!");
  await page.getByRole("textbox", { name: "Translation of line 2" }).press("Enter");
  await expect(page.locator("[data-issue=stale]")).toHaveCount(2);
  await look();
  await page.getByRole("button", { name: "Dub 2 changed lines" }).click();
  for (const line of [1, 2]) await expect(row(page, line).locator("[data-state=dubbed]")).toBeVisible({ timeout: 40_000 });
  await page.getByRole("button", { name: "Update export" }).click();
  await expect(page.getByTestId("task-status")).toHaveAttribute("data-status", "completed", { timeout: 60_000 });
  await look();

  // export the master
  await page.getByRole("button", { name: "Export", exact: true }).click();
  const exporting = page.getByRole("dialog", { name: "Export" });
  await expect(exporting.getByRole("combobox", { name: "Make another file" })).toHaveText("One video with all languages");
  await exporting.getByRole("button", { name: "Create" }).click();
  const master = exporting.locator("[data-recipe=master]");
  await expect(master).toHaveAttribute("data-export", "completed", { timeout: 60_000 });
  await master.scrollIntoViewIfNeeded();
  await look();
  const [download] = await Promise.all([page.waitForEvent("download"), master.getByRole("link").first().click()]);
  expect(download.suggestedFilename()).toMatch(/^Trailer.*\.(mp4|mkv)$/);
  const { statSync } = await import("node:fs");
  expect(statSync(await download.path()).size).toBeGreaterThan(10_000);
  await exporting.getByRole("button", { name: "Close" }).click();

  // delete
  await page.getByRole("link", { name: "Back to all tasks" }).click();
  const doomed = await Promise.all(["Opening scene.mp4", "访谈 第一集.mp4", "Trailer.mp4"].map((name) => taskNamed(request, name)));
  for (const { task_id } of doomed) await page.locator(`[data-task=${task_id}]`).getByRole("checkbox").check();
  await look();
  await page.getByRole("toolbar").getByRole("button", { name: "Delete" }).click();
  await look();
  await expect.poll(async () => (await tasks(request)).length, { timeout: 30_000 }).toBe(before);
  await expect(page.locator("[data-task]")).toHaveCount(before);
});

test("who has no video tries the sample: two clicks to a dub that plays", async ({ page, request }) => {
  for (const { task_id } of await tasks(request)) await request.delete(`/api/tasks/${task_id}`);
  await page.goto("/");
  const sample = page.getByRole("button", { name: "Try the sample" });
  await expect(sample).toBeVisible();
  await expectAccessible(page);
  await page.screenshot({ path: `${screens}/first-run.png` });
  await sample.click();
  await expect(page).toHaveURL(/\/tasks\//);
  await expect(page.getByTestId("task-status")).toHaveAttribute("data-status", "completed", { timeout: 180_000 });
  await expect(page.getByRole("radio", { name: "Dub", exact: true })).toHaveAttribute("data-state", "on");
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await expect.poll(() => page.getByTestId("video").evaluate((video: HTMLVideoElement) => video.currentTime)).toBeGreaterThan(1);
  await expect.poll(() => page.getByTestId("dub").evaluate((dub: HTMLAudioElement) => dub.currentTime)).toBeGreaterThan(1);
  await request.delete(`/api/tasks/${page.url().split("/").at(-1)?.split("?")[0]}`);
});
