import { expect, test } from "@playwright/test";
import { clips } from "./media";
import { choose, finishedTask, screens } from "./support";

test.describe("exports by recipe", () => {
  const ids: string[] = [];
  test.beforeAll(async ({ request }) => {
    for (const name of ["One.mp4", "Two.mp4"]) ids.push(await finishedTask(request, clips[0] ?? "", ["es", "fr"], name));
    const pending = await request.post("/api/tasks", {
      multipart: {
        config: JSON.stringify({ target_languages: ["es"] }),
        start: "false",
        video: { name: "Three.mp4", mimeType: "video/mp4", buffer: (await import("node:fs")).readFileSync(clips[0] ?? "") },
      },
    });
    ids.push(((await pending.json()) as { task_id: string }).task_id);
  });
  test.afterAll(async ({ request }) => {
    for (const id of ids) await request.delete(`/api/tasks/${id}`);
  });

  const exportsOf = async (request: import("@playwright/test").APIRequestContext, id: string | undefined) =>
    (await (await request.get(`/api/tasks/${id}/exports`)).json()) as { export_id: string; status: string; recipe: { name: string; burn: { language: string } | null } }[];

  test("are made of many tasks at once, and what is not finished is said", async ({ page, request }) => {
    await page.goto("/dashboard");
    for (const name of ["One", "Two", "Three"]) await page.getByRole("checkbox", { name: `Select ${name}.mp4` }).check();
    await page.getByRole("toolbar").getByRole("button", { name: "Export" }).click();
    const dialog = page.getByRole("dialog", { name: "Export 3 tasks" });
    await choose(dialog.getByRole("combobox", { name: "What to make" }), "Sound only (MP3)");
    await expect(dialog.locator(`[data-task-export=${ids[2]}]`)).toContainText("No language of it is finished yet");
    await dialog.getByRole("button", { name: "Export 2 tasks" }).click();
    await expect(dialog.locator("[data-export=completed][data-recipe=audio_mp3]")).toHaveCount(2, { timeout: 60_000 });
    await page.screenshot({ path: `${screens}/bulk-export.png` });
    const first = dialog.locator(`[data-task-export=${ids[0]}]`).getByRole("link").first();
    const [download] = await Promise.all([page.waitForEvent("download"), first.click()]);
    expect(download.suggestedFilename()).toMatch(/^One\..*mp3$/);
    for (const id of ids.slice(0, 2)) expect((await exportsOf(request, id)).map(({ status }) => status)).toEqual(["completed"]);
    expect(await exportsOf(request, ids[2])).toEqual([]);
  });

  test("with burned-in subtitles are one for each language", async ({ page, request }) => {
    await page.goto("/dashboard");
    await page.getByRole("checkbox", { name: "Select Two.mp4" }).check();
    await page.getByRole("toolbar").getByRole("button", { name: "Export" }).click();
    const dialog = page.getByRole("dialog", { name: "Export the task" });
    await choose(dialog.getByRole("combobox"), "Dubbed video with burned-in subtitles");
    await expect(dialog).toContainText("One file for each language.");
    await dialog.getByRole("button", { name: "Export 1 task" }).click();
    await expect(dialog.locator("[data-export=completed]")).toHaveCount(2, { timeout: 180_000 });
    const burned = (await exportsOf(request, ids[1])).flatMap(({ recipe }) => recipe.burn?.language ?? []);
    expect(burned.toSorted()).toEqual(["es", "fr"]);
  });

  test("are made, fetched and removed in the editor", async ({ page, request }) => {
    await page.goto(`/tasks/${ids[0]}`);
    await page.getByRole("button", { name: "Export" }).click();
    const dialog = page.getByRole("dialog", { name: "Export" });
    await choose(dialog.getByRole("combobox", { name: "Make another file" }), "Stems for a mixing desk");
    await dialog.getByRole("button", { name: "Create" }).click();
    const made = dialog.locator("[data-recipe=stems]");
    await expect(made).toHaveAttribute("data-export", "completed", { timeout: 60_000 });
    await expect(made.getByRole("link").first()).toBeVisible();
    const before = (await exportsOf(request, ids[0])).length;
    await made.getByRole("button", { name: "Remove this export" }).click();
    await expect(made).toHaveCount(0);
    expect((await exportsOf(request, ids[0])).length).toBe(before - 1);
  });

  test("for YouTube are asked for a title, which is translated", async ({ page, request }) => {
    await page.goto(`/tasks/${ids[1]}`);
    await page.getByRole("button", { name: "Export" }).click();
    const dialog = page.getByRole("dialog", { name: "Export" });
    await choose(dialog.getByRole("combobox", { name: "Make another file" }), "Kit for YouTube");
    await dialog.getByRole("textbox", { name: "Title of the video" }).fill("How are you?");
    await dialog.getByRole("button", { name: "Create" }).click();
    const made = dialog.locator("[data-recipe=youtube]");
    await expect(made).toHaveAttribute("data-export", "completed", { timeout: 60_000 });
    const [newest] = (await (await request.get(`/api/tasks/${ids[1]}/exports`)).json()) as {
      recipe: { publication: { texts: Record<string, { title: string }> } };
    }[];
    expect(Object.keys(newest?.recipe.publication.texts ?? {}).toSorted()).toEqual(["es", "fr"]);
    await page.screenshot({ path: `${screens}/kit.png` });
  });
});
