import { expect, test } from "@playwright/test";
import { clips } from "./media";
import { expectAccessible, expectNoOverflow, makeBatch, screens, sendRow, taskNamed, tasks, waitFor } from "./support";

const clip = clips[0] ?? "";
const config = { target_languages: ["es", "fr"], num_speakers: 2 };

test.describe("a batch", () => {
  test.describe.configure({ mode: "serial" });
  let id = "";
  const made: string[] = [];
  test.beforeAll(async ({ request }) => {
    id = await makeBatch(request, "Season one", ["s1/One.mp4", "s1/Two.mp4", "s1/Never.mp4"], config);
  });
  test.afterAll(async ({ request }) => void (await request.delete(`/api/batches/${id}`)));

  test("is a group on the dashboard that is followed live, and its tasks stand in it alone", async ({ page, request }) => {
    await page.goto("/dashboard");
    const group = page.locator(`[data-batch=${id}]`);
    await expect(group).toHaveAttribute("data-status", "files");
    await expect(group).toContainText("3 not uploaded yet");
    await expect(page.locator("[data-connection=live]")).toBeVisible();
    for (const [index, name] of ["One.mp4", "Two.mp4"].entries()) made.push(await sendRow(request, id, index + 1, clip, name));
    await expect(group.locator("[data-outcome=completed]")).toHaveText("2 done", { timeout: 120_000 }); // nobody loads the page again
    await expect(group.getByRole("progressbar")).toHaveAttribute("aria-valuenow", /^[5-9]\d$/);
    await expect(page.locator(`[data-task=${made[0]}]`)).toHaveCount(0);
    await page.getByRole("searchbox").fill("One");
    await expect(page.locator(`[data-task=${made[0]}]`)).toBeVisible(); // who looks for it finds it
    await expect(group).toBeHidden();
  });

  test("opens to its tasks, in their order, and a row whose video does not come is given up", async ({ page }) => {
    await page.goto("/dashboard");
    await page.locator(`[data-batch=${id}]`).getByRole("link", { name: "Season one" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Season one" })).toBeVisible();
    await expect(page.locator("[data-task]")).toHaveCount(2);
    expect(await page.locator("[data-task]").evaluateAll((cards) => cards.map((card) => card.getAttribute("data-task")))).toEqual(made);
    await page.screenshot({ path: `${screens}/batch-open.png` });
    const rows = page.getByRole("region", { name: "Videos without a task" });
    await expect(rows).toContainText("s1/Never.mp4");
    await expectAccessible(page);
    await rows.getByRole("button", { name: "Give up s1/Never.mp4" }).click();
    const group = page.locator(`[data-batch=${id}]`);
    await expect(group.locator("[data-outcome=canceled]")).toHaveText("1 canceled");
    await expect(group).toHaveAttribute("data-status", "partly");
    await expect(rows).toContainText("given up because no file came");
    await page.locator(`[data-task=${made[0]}]`).getByRole("link", { name: "One.mp4" }).click();
    await page.getByRole("link", { name: "Back to the batch" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Season one" })).toBeVisible();
  });

  test("is tried again, paused, resumed, stopped, fetched as one ZIP and deleted by keys alone", async ({ page, request }) => {
    await page.goto(`/dashboard?batch=${id}`);
    const group = page.locator(`[data-batch=${id}]`);
    const press = async (name: string) => {
      const button = group.getByRole("button", { name });
      await expect(button).toBeEnabled();
      await button.focus();
      await page.keyboard.press("Enter");
    };
    await press("Try 1 again");
    await expect(group).toHaveAttribute("data-status", "files");
    await press("Pause");
    await expect(group).toHaveAttribute("data-status", "paused");
    await press("Resume");
    await expect(group).toHaveAttribute("data-status", "files");
    const download = page.waitForEvent("download");
    await group.getByRole("link", { name: "Download all" }).focus();
    await page.keyboard.press("Enter");
    expect((await download).suggestedFilename()).toBe("Season one.zip");
    await press("More for Season one");
    await page.getByRole("menuitem", { name: "Stop the batch" }).press("Enter");
    await expect(group).toHaveAttribute("data-status", "canceled");
    await press("More for Season one");
    await page.getByRole("menuitem", { name: "Delete the batch" }).press("Enter");
    const dialog = page.getByRole("dialog", { name: "Delete “Season one”?" });
    await expect(dialog).toContainText("All 3 videos");
    await dialog.getByRole("button", { name: "Delete the batch" }).press("Enter");
    await expect(page).toHaveURL(/\/dashboard$/);
    await expect(group).toHaveCount(0);
    await expect.poll(async () => (await tasks(request)).filter(({ task_id }) => made.includes(task_id)).length).toBe(0);
  });
});

test("of thousands of rows stays a short page, on a phone too", async ({ page, request }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  const id = await makeBatch(request, "Archive", Array.from({ length: 3000 }, (_, n) => `clips/${n + 1}.mp4`), config);
  await page.goto("/dashboard");
  const group = page.locator(`[data-batch=${id}]`);
  await expect(group).toContainText("3000 videos");
  await expectNoOverflow(page);
  await page.screenshot({ path: `${screens}/batch-390.png` });
  await group.getByRole("link", { name: "Archive" }).click();
  const rows = page.getByRole("group", { name: "3000 not uploaded yet" });
  await expect(rows).toContainText("clips/1.mp4");
  await rows.evaluate((box) => box.scrollTo(0, box.scrollHeight));
  await expect(rows).toContainText("clips/3000.mp4");
  expect(await rows.getByRole("listitem").count()).toBeLessThan(30);
  await expectNoOverflow(page);
  await expectAccessible(page);
  await page.screenshot({ path: `${screens}/batch-rows-390.png` });
  await request.delete(`/api/batches/${id}`);
});

test("a task stops to be checked: it is shown as waiting, and goes on language by language once it is approved", async ({ page, request }) => {
  await page.goto("/dashboard");
  await page.getByTestId("file-input").first().setInputFiles(clips[2] ?? "");
  const plan = page.getByRole("dialog");
  for (const name of ["Spanish", "French"]) await plan.getByRole("checkbox", { name }).check();
  await plan.getByRole("combobox", { name: "Stop to check" }).selectOption("translation");
  await plan.getByRole("button", { name: /^Dub into/ }).click();
  const { task_id } = await taskNamed(request, "Trailer.mp4");
  const card = page.locator(`[data-task=${task_id}]`);
  await expect(card.getByTestId("approving")).toContainText("Waiting for your approval: Spanish, French", { timeout: 120_000 });
  await expect(card.locator("[data-language=es]")).toContainText("Waits for approval");
  await expect(card).toContainText("Waits for approval");
  await page.screenshot({ path: `${screens}/approval-dashboard.png` });
  await card.getByRole("button", { name: "Approve …" }).click();
  const dialog = page.getByRole("dialog", { name: "Trailer.mp4" });
  await expect(dialog).toContainText("The translation is ready");
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Approve Spanish" }).click();
  await expect(dialog.locator("[data-approve=es]")).toHaveCount(0);
  await dialog.getByRole("link", { name: "Check French" }).click();
  const banner = page.getByTestId("approval");
  await expect(banner).toContainText("once you approve, it is dubbed");
  await expect(page.getByTestId("progress-fr")).toHaveText("Waits for approval");
  await expect(page.getByRole("button", { name: "Start", exact: true })).toBeHidden();
  await expectAccessible(page);
  await page.screenshot({ path: `${screens}/approval-editor.png` });
  await page.setViewportSize({ width: 390, height: 844 });
  await expectNoOverflow(page);
  await banner.getByRole("button", { name: "Approve French" }).click();
  await expect(banner).toBeHidden();
  await waitFor(request, task_id, "completed");
  const { config, language_status } = (await (await request.get(`/api/tasks/${task_id}`)).json()) as { config: { stop_after: string }; language_status: Record<string, { approved_by: string }> };
  expect([config.stop_after, language_status["fr"]?.approved_by]).toEqual(["translation", "anonymous"]);
  await request.delete(`/api/tasks/${task_id}`);
});
