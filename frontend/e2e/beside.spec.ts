import { expect, test, type APIRequestContext, type Page } from "@playwright/test";
import { clips } from "./media";
import { choose, expectAccessible, expectNoOverflow, finishedTask, row, screens } from "./support";

interface Line {
  segment_id: string;
  text: string;
  start_s: number;
  end_s: number;
  moved: boolean;
}

/** Two languages of a task are seen, and timed, beside each other. */
test.describe("two languages side by side", () => {
  test.describe.configure({ mode: "serial" });
  let id = "";
  test.beforeAll(async ({ request }) => {
    id = await finishedTask(request, clips[0] ?? "", ["es", "fr"], "Beside.mp4");
  });
  test.afterAll(async ({ request }) => void (await request.delete(`/api/tasks/${id}`)));

  const lines = async (request: APIRequestContext, language: string): Promise<Line[]> => (await request.get(`/api/tasks/${id}/languages/${language}/lines`)).json();
  const times = async (request: APIRequestContext, language: string) => (await lines(request, language)).map(({ start_s, end_s }) => [start_s, end_s]);
  const beside = (page: Page, number: number) => row(page, number).locator("[data-beside]");
  const translation = (page: Page, number: number) => page.getByRole("textbox", { name: `Translation of line ${number}` });
  const copy = async (page: Page, what: string | RegExp) => {
    await page.getByRole("button", { name: "Copy times" }).click();
    await page.getByRole("menuitem", { name: what }).click();
  };

  test("both are read, a click changes their places, and times are copied as one edit", async ({ page, request }) => {
    await page.goto(`/tasks/${id}`);
    await choose(page.getByRole("combobox", { name: "Second language beside" }), "Beside: French");
    const french = await lines(request, "fr");
    await expect(beside(page, 2)).toContainText(french[1]?.text ?? "-");
    await expect(translation(page, 2)).toHaveValue((await lines(request, "es"))[1]?.text ?? "-");
    await page.reload();
    await expect(beside(page, 2)).toHaveAttribute("data-beside", "fr"); // kept in the browser

    // what somebody else does to it is seen as it happens, also when it is timed otherwise
    const starts = french.slice(0, 3).map((line) => Number((line.start_s + 0.2).toFixed(2)));
    for (const [index, start_s] of starts.entries())
      if (index > 0) await request.patch(`/api/tasks/${id}/languages/fr/lines/${french[index]?.segment_id}`, { data: { start_s, ...(index === 1 && { text: "Autrement dit." }) }, headers: { "If-Match": "*" } });
    await expect(beside(page, 2)).toContainText("Autrement dit.");
    await expect(beside(page, 3).getByTestId("beside-times")).toBeVisible();
    await page.screenshot({ path: `${screens}/editor-beside.png` });

    await beside(page, 3).click();
    await expect(page.locator("[data-language=fr]")).toHaveAttribute("aria-pressed", "true");
    await expect(row(page, 3).locator("[data-chosen]")).toBeVisible();
    await expect(beside(page, 3)).toHaveAttribute("data-beside", "es");
    await expect(translation(page, 2)).toHaveValue("Autrement dit.");
    await beside(page, 2).click();
    await expect(page.locator("[data-language=es]")).toHaveAttribute("aria-pressed", "true");
    await expect(beside(page, 2)).toHaveAttribute("data-beside", "fr");

    const before = await times(request, "es");
    const taken = (...numbers: number[]) => before.map(([start = 0, end = 0], index) => [numbers.includes(index) ? (starts[index] ?? 0) : start, end]);
    await copy(page, "This line: take its times from French");
    await expect.poll(() => times(request, "es")).toEqual(taken(1));
    const undo = page.getByRole("button", { name: "Undo", exact: true }).first();
    await undo.click();
    await expect.poll(() => times(request, "es")).toEqual(before);
    await copy(page, "Take the custom times of 2 lines from French");
    await expect.poll(() => times(request, "es")).toEqual(taken(1, 2));
    await undo.click();
    await expect.poll(() => times(request, "es")).toEqual(before);
    // nothing of its own in Spanish: nothing to give
    await page.getByRole("button", { name: "Copy times" }).click();
    await expect(page.getByRole("menuitem", { name: /^Give the custom times/ })).toHaveAttribute("data-disabled", "");
    await page.keyboard.press("Escape");
    await expectAccessible(page);
  });

  test("on a phone they stand below each other", async ({ page, request }) => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`/tasks/${id}`);
    await choose(page.getByRole("combobox", { name: "Second language beside" }), "Beside: French");
    await expect(beside(page, 2)).toContainText((await lines(request, "fr"))[1]?.text ?? "-");
    await beside(page, 2).scrollIntoViewIfNeeded();
    const [above, below] = [await translation(page, 2).boundingBox(), await beside(page, 2).boundingBox()];
    expect(below?.y).toBeGreaterThan(above?.y ?? 0);
    await page.screenshot({ path: `${screens}/phone-beside.png` });
    await expectNoOverflow(page);
    await expectAccessible(page);
    await beside(page, 2).click();
    await expect(beside(page, 2)).toHaveAttribute("data-beside", "es");
    await choose(page.getByRole("combobox", { name: "Second language beside" }), "One language");
    await expect(page.locator("[data-beside]")).toHaveCount(0);
  });
});
