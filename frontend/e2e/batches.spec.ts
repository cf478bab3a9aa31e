import { expect, test, type APIRequestContext, type Page } from "@playwright/test";
import { readFileSync, writeFileSync } from "node:fs";
import { BucketStack } from "./bucket";
import { clips, folder } from "./media";
import { choose, expectAccessible, expectNoOverflow, expectTargets, makeBatch, screens, sendRow, taskNamed, tasks, waitFor } from "./support";

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
    await expect(page.getByRole("region", { name: "Copies in a bucket" })).toHaveCount(0); // none is opened here
    await expectAccessible(page);
    await rows.getByRole("button", { name: "Give up s1/Never.mp4" }).click();
    const group = page.locator(`[data-batch=${id}]`);
    await expect(group.locator("[data-outcome=canceled]")).toHaveText("1 canceled");
    await expect(group).toHaveAttribute("data-status", "partly");
    await expect(rows).toContainText("given up because no file arrived");
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

test.describe("the files of a batch", () => {
  test.describe.configure({ mode: "serial", timeout: 480_000 });
  test.skip(!BucketStack.binary, "no minio binary: make install fetches one");
  let stack: BucketStack;
  let request: APIRequestContext;
  let id = "";
  test.beforeAll(async ({ playwright }, info) => {
    info.setTimeout(480_000);
    stack = await BucketStack.start(info.outputPath("bucket"));
    request = await playwright.request.newContext({ baseURL: stack.url });
    const ready = async () => (await request.get("/readyz?all=true").catch(() => null))?.status();
    await expect.poll(ready, { timeout: 300_000 }).toBe(200);
    id = await makeBatch(request, "Season one", ["s1/One.mp4"], config);
  });
  test.afterAll(async () => {
    await request?.dispose();
    await stack?.stop();
  });

  const copies = (page: Page, name = "Copies in a bucket") => page.getByRole("region", { name });
  const one = (page: Page, place: string) => page.locator("[data-delivery]").filter({ hasText: `shelf/ready/${place}` });
  const told = async (place: string) => {
    const all = (await (await request.get(`/api/batches/${id}/deliveries`)).json()) as { prefix: string; ended_at: string | null; next_at: string | null }[];
    return all.find(({ prefix }) => prefix === `ready/${place}`);
  };

  test("are copied into a bucket by keys alone, and the page says how far it is", async ({ page }) => {
    await page.goto(`${stack.url}/dashboard?batch=${id}`);
    await expect(copies(page)).toContainText("As soon as a language is finished, its files can be copied to shelf/ready/");
    await expect(copies(page).getByRole("button")).toHaveCount(0);
    await sendRow(request, id, 1, clip, "One.mp4");
    stack.store.copies = 4;
    await expect(page.locator(`[data-batch=${id}] [data-outcome=completed]`)).toHaveText("1 done", { timeout: 240_000 });
    const begin = copies(page).getByRole("button", { name: "Copy into the bucket …" });
    await begin.focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "Copy “Season one” into the bucket" });
    const name = dialog.getByRole("textbox", { name: "Folder" });
    await expect(name).toHaveValue("Season one");
    await name.fill("season-1");
    await expect(dialog).toContainText("The files go to shelf/ready/season-1/");
    await expectAccessible(page);
    await page.screenshot({ path: `${screens}/deliver-dialog.png` });
    await name.press("Enter");
    await expect(dialog).toBeHidden();
    await expect(begin).toBeFocused();
    const delivery = one(page, "season-1");
    await expect(delivery).toContainText(/4 of (?:[5-9]|\d\d) files · [\d.]+ \w?B of/); // the others are held
    await expect(delivery).toHaveAttribute("data-status", "copying");
    await expect(delivery.getByRole("button")).toHaveCount(0);
    await expectAccessible(page);
    await page.screenshot({ path: `${screens}/deliver-1440-en.png` });
    stack.store.release();
    await expect(delivery).toHaveAttribute("data-status", "done");
    await expect(delivery).toContainText(/(\d+) of \1 files/);
    expect(["es", "fr"].map((code) => stack.has(`ready/season-1/s1/One.${code}.mp4`))).toEqual([true, true]);
    stack.store.copies = 0; // nothing needs to be copied again
    const before = (await told("season-1"))?.ended_at ?? "";
    expect(before).not.toBe("");
    await delivery.getByRole("button", { name: "Copy what is new" }).press("Enter");
    await expect.poll(async () => ((await told("season-1"))?.ended_at ?? before) > before).toBe(true); // it went through all again
    await expect(delivery).toHaveAttribute("data-status", "done");
    stack.store.release();
  });

  test("say why they were not copied, and what helps", async ({ page }) => {
    await page.goto(`${stack.url}/dashboard?batch=${id}`);
    await expect(one(page, "season-1")).toHaveAttribute("data-status", "done"); // as it was left
    stack.somebodyElse("ready/two/s1/One.es.srt", "puts");
    await copies(page).getByRole("button", { name: "Copy into the bucket …" }).click();
    const dialog = page.getByRole("dialog");
    const name = dialog.getByRole("textbox", { name: "Folder" });
    await name.fill("../two");
    await dialog.getByRole("button", { name: "Copy", exact: true }).click();
    await expect(dialog).toContainText("this is no prefix of keys, such as season-2");
    await name.fill("two");
    await dialog.getByRole("checkbox", { name: "Spanish" }).check();
    await dialog.getByRole("button", { name: "Copy", exact: true }).click();
    const delivery = one(page, "two");
    await expect(delivery).toHaveAttribute("data-status", "failed");
    await expect(delivery.getByRole("alert")).toContainText("shelf/ready/two/s1/One.es.srt was not put there by LocalClip");
    await expect(delivery.getByRole("alert")).toContainText("Move that file away and try again");
    await expectAccessible(page);
    await page.screenshot({ path: `${screens}/deliver-failed-1440-en.png` });
    await delivery.getByRole("button", { name: "Another folder …" }).click();
    await expect(name).toHaveValue("two-2");
    await page.keyboard.press("Escape");
    stack.somebodyElse("ready/two/s1/One.es.srt", "removes");
    stack.store.copies = "refuse";
    await delivery.getByRole("button", { name: "Try again" }).click();
    await expect(delivery).toHaveAttribute("data-status", "waiting");
    await expect(delivery).toContainText("It is tried again automatically.");
    await expect.poll(async () => Date.parse((await told("two"))?.next_at ?? "") - Date.now()).toBeGreaterThan(5000); // not before the click
    stack.store.release();
    await delivery.getByRole("button", { name: "Try now" }).click();
    await expect(delivery).toHaveAttribute("data-status", "done");
    expect([stack.has("ready/two/s1/One.es.mp4"), stack.has("ready/two/s1/One.fr.mp4")]).toEqual([true, false]);
  });

  test("are copied from a phone, in Chinese too", async ({ browser }) => {
    stack.somebodyElse("ready/第一季/s1/One.fr.srt", "puts");
    for (const [locale, width, more, go] of [
      ["zh-CN", 1440, "复制到存储桶…", "复制"],
      ["zh-CN", 390, "复制到存储桶…", "复制"],
      ["en-GB", 390, "Copy into the bucket …", "Copy"],
    ] as const) {
      const context = await browser.newContext({ locale, viewport: { width, height: 844 }, hasTouch: width === 390 });
      const page = await context.newPage();
      await page.goto(`${stack.url}/dashboard?batch=${id}`);
      await page.getByRole("button", { name: more }).click();
      await page.getByRole("textbox", { name: locale === "zh-CN" ? "文件夹" : "Folder" }).fill("第一季");
      await expectNoOverflow(page);
      if (width === 390) await expectTargets(page, 36);
      await page.screenshot({ path: `${screens}/deliver-dialog-${width}-${locale}.png` });
      await page.getByRole("button", { name: go, exact: true }).click();
      await expect(one(page, "第一季")).toHaveAttribute("data-status", "failed");
      await expect(page.locator("span[lang=en]:visible")).toHaveCount(0); // no service's English, unmarked in an English page
      await expectNoOverflow(page);
      await expectAccessible(page);
      await page.screenshot({ path: `${screens}/deliver-${width}-${locale}.png`, fullPage: true });
      await context.close();
    }
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
  await choose(plan.getByRole("combobox", { name: "Stop to check" }), "the translation first");
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

const CUES = "1\n00:00:01,000 --> 00:00:03,000\nUna cosa.\n\n2\n00:00:04,000 --> 00:00:06,000\nOtra cosa.\n";

test("several videos become one batch, each with the subtitles of its name", async ({ page, request }) => {
  writeFileSync(`${folder}/Trailer.es.srt`, CUES);
  await page.goto("/dashboard");
  await page.getByTestId("file-input").first().setInputFiles([clips[0] ?? "", clips[2] ?? "", `${folder}/Trailer.es.srt`]);
  const plan = page.getByRole("dialog", { name: "How should the 2 videos be dubbed?" });
  await expect(plan).toContainText("Trailer.mp4 + Trailer.es.srt");
  await plan.getByRole("checkbox", { name: "Keep them together as a batch" }).check();
  await plan.getByRole("textbox", { name: "Name of the batch" }).fill("Two of them");
  for (const name of ["Spanish", "French"]) await plan.getByRole("checkbox", { name }).setChecked(name === "Spanish");
  await expectAccessible(page);
  await page.screenshot({ path: `${screens}/plan-batch.png` });
  await plan.getByRole("button", { name: "Dub into 1 language" }).click();
  await expect(plan).toBeHidden();
  const group = page.getByTestId("batches").getByRole("article").filter({ has: page.getByRole("link", { name: "Two of them" }) });
  await expect(group.locator("[data-outcome=completed]")).toHaveText("2 done", { timeout: 180_000 });
  const made = (await tasks(request)).filter((task) => task.batch_id);
  expect(made.map((task) => [task.video_original_name, task.batch_row, task.language_status["es"]?.brought]).toSorted()).toEqual([
    ["Opening scene.mp4", 1, false],
    ["Trailer.mp4", 2, true],
  ]);
  await request.delete(`/api/batches/${made[0]?.batch_id}`);
});

test("a folder that is dropped is a batch, and what cannot be made of it is told before and left out", async ({ page, request }) => {
  await page.goto("/dashboard");
  await expect(page.getByRole("searchbox")).toBeVisible();
  await page.evaluate((video) => {
    const bytes = Uint8Array.from(atob(video), (c) => c.charCodeAt(0));
    const file = (name: string) => ({ name, isDirectory: false, file: (take: (file: File) => void) => take(new File([bytes], name, { type: "video/mp4" })) });
    const directory = (name: string, inside: object[]) => ({
      name,
      isDirectory: true,
      createReader: () => ({ readEntries: (take: (entries: object[]) => void) => take(inside.splice(0)) }),
    });
    const dropped = directory("Season", [file("One.mp4"), file("notes.txt"), file(".hidden.mp4"), directory("extra", [file("Two.mp4")])]);
    Object.assign(DataTransferItem.prototype, { webkitGetAsEntry: () => dropped });
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["x"], "Season"));
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
  }, readFileSync(clips[0] ?? "").toString("base64"));
  const plan = page.getByRole("dialog", { name: "How should the 2 videos be dubbed?" });
  await expect(plan.getByRole("textbox", { name: "Name of the batch" })).toHaveValue("Season");
  for (const name of ["Spanish", "French"]) await plan.getByRole("checkbox", { name }).setChecked(name === "Spanish");
  await plan.getByRole("checkbox", { name: "Japanese" }).check(); // nothing here translates into it
  await plan.getByRole("button", { name: "Upload only" }).click();
  await expect(plan.getByRole("alert")).toContainText(/2 videos cannot be made as chosen.*Season\/extra\/Two.mp4.*Japanese/);
  await expectAccessible(page);
  await page.screenshot({ path: `${screens}/plan-refused.png` });
  await plan.getByRole("button", { name: "Leave that out" }).click();
  await expect(plan).toBeHidden();
  const batches = async () => (await (await request.get("/api/batches")).json()) as { batch_id: string; name: string; rows: { pending: number } }[];
  await expect.poll(async () => (await batches()).find(({ name }) => name === "Season")?.rows.pending).toBe(2); // come, and not begun
  const { batch_id } = (await batches()).find(({ name }) => name === "Season") ?? { batch_id: "" };
  const rows = (await (await request.get(`/api/batches/${batch_id}/rows`)).json()) as { source: string; languages: object }[];
  expect(rows.map(({ source, languages }) => [source, Object.keys(languages)])).toEqual([
    ["Season/extra/Two.mp4", ["es"]],
    ["Season/One.mp4", ["es"]],
  ]);
  await request.delete(`/api/batches/${batch_id}`);
});
