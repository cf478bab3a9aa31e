import { execFileSync } from "node:child_process";
import { expect, test, type Page } from "@playwright/test";
import { clips, folder } from "./media";
import { choose, finishedTask, row, screens } from "./support";

/** What belongs to an account, kept over tasks. */
test.describe("the account", () => {
  test.describe.configure({ mode: "serial" });
  let id = "";
  const voice = `${folder}/voice.wav`;
  test.beforeAll(async ({ request }) => {
    id = await finishedTask(request, clips[0] ?? "", ["es"], "Account.mp4");
    execFileSync("espeak-ng", ["-v", "en-us", "-w", voice, "This is what my voice sounds like. It is the voice of somebody who agreed that it is used for dubbing, and who has read this text aloud."]);
  });
  test.afterAll(async ({ request }) => void (await request.delete(`/api/tasks/${id}`)));

  const section = (page: Page, name: string) => page.locator("section").filter({ has: page.getByRole("heading", { name, exact: true }) });

  test("keeps terms: added, searched, brought as CSV, taken away, and removed", async ({ page }) => {
    await page.goto("/settings");
    const terms = section(page, "Glossary");
    await choose(terms.getByRole("combobox", { name: "From" }), "English");
    await terms.getByRole("textbox", { name: "Term", exact: true }).fill("LocalClip");
    await terms.getByRole("textbox", { name: "Spoken as" }).fill("local clip");
    await terms.getByRole("button", { name: "Add" }).click();
    await expect(terms.getByRole("listitem")).toContainText(["LocalClip"]);
    await expect(terms.getByRole("listitem").first()).toContainText("keep as it is");
    const [download] = await Promise.all([page.waitForEvent("download"), terms.getByRole("link", { name: "Export CSV" }).click()]);
    const { readFileSync } = await import("node:fs");
    const csv = readFileSync(await download.path(), "utf8");
    expect(csv).toContain("LocalClip");
    await terms.locator("input[type=file]").setInputFiles({ name: "terms.csv", mimeType: "text/csv", buffer: Buffer.from(csv.replaceAll("LocalClip", "Mountain hut")) });
    await expect(page.getByText("1 added, 0 changed")).toBeVisible();
    const search = terms.getByRole("searchbox", { name: "Search terms" });
    await search.pressSequentially("hut"); // letter by letter: the field stays while each is answered
    await expect(search).toHaveValue("hut");
    await expect(search).toBeFocused();
    await expect(terms.getByRole("listitem")).toHaveCount(1);
    await search.fill("");
    await expect(terms.getByRole("listitem")).toHaveCount(2);
    await page.screenshot({ path: `${screens}/settings-glossary.png` });
    for (const term of ["LocalClip", "Mountain hut"]) await terms.getByRole("button", { name: `Remove ${term}` }).click();
    await expect(terms.getByText("No terms")).toBeVisible();
  });

  test("remembers what people settle", async ({ page }) => {
    await page.goto(`/tasks/${id}`);
    await page.getByRole("textbox", { name: "Translation of line 2" }).fill("Me parece muy bien.");
    await page.getByRole("textbox", { name: "Translation of line 2" }).press("Enter");
    await expect(row(page, 2).locator("[data-issue=stale]")).toBeVisible();
    await page.goto("/settings");
    const memory = section(page, "Translation memory");
    await memory.getByRole("searchbox", { name: "Search texts" }).fill("muy bien");
    await expect(memory.getByRole("listitem")).toHaveCount(1);
    await expect(memory.getByRole("listitem")).toContainText("Me parece muy bien.");
    await memory.getByRole("button", { name: /^Forget the translation/ }).click();
    await expect(memory.getByText("No text matches")).toBeVisible();
  });

  test("keeps reference voices, of people who agreed, and speakers get them", async ({ page, request }) => {
    await page.goto("/settings");
    const voices = section(page, "Voice clips");
    await voices.getByLabel("Sound file").setInputFiles(voice);
    await voices.getByRole("textbox", { name: "Name" }).fill("Ada");
    await expect(voices.getByRole("button", { name: "Add" })).toBeDisabled();
    await voices.getByRole("checkbox", { name: /agreed/ }).check();
    await voices.getByRole("button", { name: "Add" }).click();
    await expect(voices.getByRole("listitem")).toContainText("Ada");
    await page.screenshot({ path: `${screens}/settings-clips.png` });
    await page.goto(`/tasks/${id}`);
    await page.getByRole("tab", { name: "Speaker" }).click();
    const speaker = page.getByRole("region", { name: "Properties" }).locator("section").first();
    await speaker.getByRole("button", { name: /^Voice:/ }).click();
    const picker = page.getByRole("dialog", { name: "Voices in Spanish" });
    await picker.getByRole("radio", { name: "Your clips", exact: true }).click();
    await picker.locator("[data-voice]", { hasText: "Ada" }).click();
    await picker.getByRole("button", { name: "Use this voice" }).click();
    await expect.poll(async () => ((await (await request.get(`/api/tasks/${id}/speakers`)).json()) as { voice: { kind: string } | null }[])[0]?.voice?.kind).toBe("clip");
    await page.getByRole("button", { name: "Undo", exact: true }).click();
    await expect.poll(async () => ((await (await request.get(`/api/tasks/${id}/speakers`)).json()) as { voice: unknown }[])[0]?.voice).toBeNull();
    await page.goto("/settings");
    await voices.getByRole("button", { name: "Remove Ada" }).click();
    await expect(voices.getByRole("listitem")).toHaveCount(0);
  });

  test("knows the cast, and asks whether somebody is in a new video", async ({ page, request }) => {
    await page.goto(`/tasks/${id}`);
    await page.getByRole("tab", { name: "Speaker" }).click();
    const speakers = page.getByRole("region", { name: "Properties" }).locator("section");
    await speakers.first().getByRole("textbox", { name: "Name" }).fill("Emma");
    await speakers.first().getByRole("textbox", { name: "Name" }).press("Enter");
    await page.getByRole("button", { name: "More for Emma" }).click();
    await page.getByRole("menuitem", { name: "Remember for other videos" }).click();
    await expect(speakers.first()).toContainText("This is Emma");
    const next = await finishedTask(request, clips[0] ?? "", ["es"], "Episode two.mp4");
    await page.goto(`/tasks/${next}`);
    await page.getByRole("tab", { name: "Speaker" }).click();
    const asked = speakers.filter({ hasText: "Is this Emma?" });
    await expect(asked).toHaveCount(1);
    await page.screenshot({ path: `${screens}/cast.png` });
    await asked.getByRole("button", { name: "Yes" }).click();
    await expect(speakers.filter({ hasText: "This is Emma" })).toHaveCount(1);
    await page.goto("/settings");
    const cast = section(page, "Cast");
    await expect(cast.getByRole("listitem")).toContainText("2 videos");
    await cast.getByRole("textbox", { name: "Name" }).fill("Emma Stone");
    await cast.getByRole("textbox", { name: "Name" }).press("Enter");
    await expect(cast.getByRole("button", { name: "Forget Emma Stone" })).toBeVisible();
    await cast.getByRole("button", { name: "Forget Emma Stone" }).click();
    await expect(cast.getByText("Nobody yet")).toBeVisible();
    await request.delete(`/api/tasks/${next}`);
  });
});
