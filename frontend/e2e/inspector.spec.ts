import { readdirSync, readFileSync } from "node:fs";
import { expect, test, type APIRequestContext, type Page } from "@playwright/test";
import { clips } from "./media";
import { expectAccessible, finishedTask, row, screens } from "./support";

let id = "";

interface Line {
  text: string;
  wish: { state: string } | null;
  edited: boolean;
}

/** The process of a service of the stack that these tests run. */
function pidOf(service: string): number {
  const data = process.env["LOCALCLIP_E2E_DATA"] ?? "none";
  const read = (pid: string, file: string) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, "latin1");
    } catch {
      return ""; // it ended meanwhile
    }
  };
  const found = readdirSync("/proc").find((pid) => /^\d+$/.test(pid) && read(pid, "cmdline").includes(`services.${service}`) && read(pid, "environ").includes(data));
  if (!found) throw new Error(`no process of ${service}`);
  return Number(found);
}

test.describe("the inspector", () => {
  test.describe.configure({ mode: "serial" });
  test.beforeAll(async ({ request }) => {
    id = await finishedTask(request, clips[0] ?? "", ["es"], "Inspector.mp4");
  });
  test.afterAll(async ({ request }) => void (await request.delete(`/api/tasks/${id}`)));

  const line = async (request: APIRequestContext, number: number): Promise<Line> =>
    ((await (await request.get(`/api/tasks/${id}/languages/es/lines`)).json()) as Line[])[number - 1] as Line;
  const translation = (page: Page, number: number) => page.getByRole("textbox", { name: `Translation of line ${number}` });

  test("a shorter text comes from the translator at one click, as one edit, and what it cannot do says why", async ({ page, request }) => {
    await page.goto(`/tasks/${id}`);
    const wordy = "Vamos a fin de que podamos verla.";
    await translation(page, 2).fill(wordy);
    await translation(page, 2).press("Enter");
    await translation(page, 2).click();
    const wishes = page.getByTestId("wishes");
    await expect(wishes.getByRole("button", { name: "Longer" })).toBeDisabled();
    await expect(wishes.getByRole("button", { name: "Other wording" })).toHaveAccessibleDescription(/one text per line/);
    await wishes.getByRole("button", { name: "Shorter" }).click();
    await expect(translation(page, 2)).toHaveValue("Vamos para que podamos verla.");
    expect((await line(request, 2)).edited).toBe(true);
    await page.screenshot({ path: `${screens}/editor-wishes.png` });
    // the same again: nothing is left to cut, which is said, and the button lives
    await wishes.getByRole("button", { name: "Shorter" }).click();
    await expect(wishes.getByRole("status")).toHaveText("The translator has no shorter text.");
    await expect(wishes.getByRole("button", { name: "Shorter" })).toBeEnabled();
    await expectAccessible(page);
    await page.getByRole("button", { name: "Undo", exact: true }).click();
    await expect(translation(page, 2)).toHaveValue(wordy);
  });

  test("limits of the task are changed, judge at once, and go back to the defaults", async ({ page, request }) => {
    await page.goto(`/tasks/${id}`);
    await page.getByRole("tab", { name: "Task" }).click();
    const limits = page.getByTestId("limits");
    await limits.getByText("Limits of this task").click();
    const natural = limits.getByLabel(/^Lines at natural speed/);
    await expect(natural).toHaveValue("80");
    await expect(limits.getByRole("button", { name: "Back to the defaults" })).toBeDisabled();
    await limits.getByLabel(/^Speed of 95 % of lines/).fill("0.5");
    await limits.getByLabel(/^Speed of 95 % of lines/).press("Enter");
    await expect(limits.getByText("Default: 1.35 ×")).toBeVisible();
    await expect(page.locator("[data-miss='speed.p95']").first()).toBeVisible();
    const gate = async () => ((await (await request.get(`/api/tasks/${id}`)).json()) as { language_status: Record<string, { gate_reasons: { figures: string[] }[] }>; config: { gate: Record<string, unknown> } });
    expect((await gate()).language_status["es"]?.gate_reasons.flatMap((one) => one.figures)).toContain("speed.p95");
    await limits.getByLabel(/^Speed of 95 % of lines/).fill("");
    await limits.getByLabel(/^Speed of 95 % of lines/).press("Enter");
    await expect(page.locator("[data-miss='speed.p95']")).toHaveCount(0);
    expect((await gate()).config.gate["max_p95_speed"]).toBeNull();
    await limits.getByLabel("The file passes its own checks").click(); // uncheck() reads it before the page has drawn it
    await expect(limits.getByLabel("The file passes its own checks")).not.toBeChecked();
    await limits.scrollIntoViewIfNeeded();
    await page.screenshot({ path: `${screens}/editor-limits.png` });
    await expectAccessible(page);
    await limits.getByRole("button", { name: "Back to the defaults" }).click();
    await expect(limits.getByLabel(/^Speed of 95 % of lines/)).toHaveValue("1.35");
    await expect(limits.getByLabel("The file passes its own checks")).toBeChecked();
    expect((await gate()).config.gate["max_p95_speed"]).toBe(1.35);
  });

  test("what a click waits for is said where it was clicked, also that nobody works", async ({ page }) => {
    await page.goto(`/tasks/${id}`);
    await translation(page, 1).click();
    const inspector = page.getByRole("region", { name: "Properties" });
    const cloner = pidOf("cloner");
    process.kill(cloner, "SIGSTOP");
    try {
      await inspector.getByRole("button", { name: "Dub line again" }).click();
      await expect(inspector.getByText("No worker for “Voices” is running: it starts automatically when one is")).toBeVisible({ timeout: 60_000 });
      await page.screenshot({ path: `${screens}/editor-waits.png` });
      await expectAccessible(page);
    } finally {
      process.kill(cloner, "SIGCONT");
    }
    await expect(inspector.getByRole("button", { name: "Dub line again" })).toBeEnabled({ timeout: 180_000 });
    await expect(inspector.locator("[data-wait]")).toHaveCount(0);
  });

  test("a line is fixed and heard by keys alone, the lines being two steps from the top of the page", async ({ page }) => {
    await page.goto(`/tasks/${id}`);
    await expect(translation(page, 1)).toBeVisible();
    await page.keyboard.press("Tab");
    await expect(page.getByRole("link", { name: "Skip to content" })).toBeFocused();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await expect(page.getByRole("button", { name: "Skip to the lines" })).toBeFocused();
    await page.screenshot({ path: `${screens}/editor-skip.png` });
    await expectAccessible(page);
    await page.reload();
    await expect(translation(page, 1)).toBeVisible();
    for (const key of ["Tab", "Enter", "Tab", "Enter"]) await page.keyboard.press(key);
    await expect(translation(page, 1)).toBeFocused();
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type("Queremos ver el mar.");
    await page.keyboard.press("Control+Enter");
    await expect(row(page, 1).locator("[data-state=dubbed]")).toBeVisible({ timeout: 60_000 });
    await expect.poll(() => page.getByTestId("video").evaluate((video: HTMLVideoElement) => video.currentTime), { timeout: 60_000 }).toBeGreaterThan(0.3);
    await page.keyboard.press("Enter"); // saved already; goes on to the next line
    await expect(translation(page, 2)).toBeFocused();
  });

  test("both speak Chinese", async ({ browser }) => {
    const context = await browser.newContext({ locale: "zh-CN", colorScheme: "dark" });
    const page = await context.newPage();
    await page.goto(`/tasks/${id}`);
    await page.getByTestId("lines").getByRole("textbox").nth(1).click();
    await expect(page.getByTestId("wishes").getByRole("button", { name: "更短" })).toBeVisible();
    await page.getByRole("tab", { name: "任务" }).click();
    await page.getByText("此任务的限值").click();
    await expect(page.getByLabel(/95% 行的语速上限/)).toHaveValue("1.35");
    await expectAccessible(page);
    await context.close();
  });
});
