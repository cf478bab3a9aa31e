import { expect, test } from "@playwright/test";
import { chinese } from "./media";
import { choose, expectAccessible, expectNoOverflow, screens, taskNamed, upload, waitFor } from "./support";

const NAME = "Chinese talk.mp4";
const CUES = "1\n00:00:00,200 --> 00:00:02,000\nLet us talk about traffic.\n\n2\n00:00:03,000 --> 00:00:05,000\nMany people take the train.\n";

test.describe("a question about a doubtful transcript", () => {
  test.describe.configure({ mode: "serial" });

  test("the dashboard shows it, in both languages, and the editor takes the answer", async ({ page, request }) => {
    await upload(page, [chinese], ["Spanish"]);
    const { task_id } = await taskNamed(request, NAME);
    const card = page.locator(`[data-task=${task_id}]`);
    await expect(card.getByTestId("asking")).toBeVisible({ timeout: 120_000 });
    await expect(card).toContainText("This may not be English");
    await expect(card).toContainText("Asks something");
    await page.screenshot({ path: `${screens}/question-dashboard.png` });
    await card.getByRole("button", { name: "Answer" }).click();
    const dialog = page.getByRole("dialog");
    await expect(dialog.getByRole("button", { name: "Dub it as it is" })).toBeVisible();
    await expectAccessible(page);
    await page.keyboard.press("Escape");

    await page.goto(`/tasks/${task_id}`);
    const banner = page.getByTestId("question");
    await expect(banner).toContainText("Recognition is poor here");
    await expect(banner.getByRole("button", { name: "Hear it again" })).toBeDisabled();
    await expectAccessible(page);
    await page.screenshot({ path: `${screens}/question-editor.png` });
    await page.setViewportSize({ width: 390, height: 844 });
    await expectNoOverflow(page);
    await page.setViewportSize({ width: 1440, height: 900 });
    await banner.getByTestId("question-subtitles").setInputFiles({ name: "own.srt", mimeType: "text/plain", buffer: Buffer.from(CUES) });
    await expect(banner).toBeHidden();
    await waitFor(request, task_id, "completed");
    await expect(page.getByRole("textbox", { name: "Original of line 1" })).toHaveValue("Let us talk about traffic.");
    await request.delete(`/api/tasks/${task_id}`);
  });

  test("a language that nothing here understands is refused, and going on is an answer", async ({ page, request }) => {
    const { readFileSync } = await import("node:fs");
    const made = await request.post("/api/tasks", {
      multipart: {
        config: JSON.stringify({ target_languages: ["es"], on_doubt: "ask" }),
        start: "true",
        video: { name: NAME, mimeType: "video/mp4", buffer: readFileSync(chinese) },
      },
    });
    const { task_id } = (await made.json()) as { task_id: string };
    await page.addInitScript(() => localStorage.setItem("localclip.locale", "zh-CN"));
    await page.goto(`/tasks/${task_id}`);
    const banner = page.getByTestId("question");
    await expect(banner).toContainText("这可能不是英语", { timeout: 120_000 });
    await choose(banner.getByRole("combobox"), "中文");
    await banner.getByRole("button", { name: "重新识别" }).click();
    await expect(page.getByText("没有支持该语言的引擎")).toBeVisible();
    await expect(banner).toBeVisible();
    await banner.getByRole("button", { name: "照此配音" }).click();
    await expect(banner).toBeHidden();
    await waitFor(request, task_id, "completed");
    await request.delete(`/api/tasks/${task_id}`);
  });
});
