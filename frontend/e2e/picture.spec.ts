import { readFileSync } from "node:fs";
import { expect, test, type APIRequestContext, type Page } from "@playwright/test";
import { BURNED, burned } from "./media";
import { choose, expectAccessible, expectNoOverflow, screens, waitFor } from "./support";

const SPANISH = "1\n00:00:00,800 --> 00:00:03,200\nEn verano queremos ver las montañas.\n\n2\n00:00:04,000 --> 00:00:05,600\nEs una idea muy buena.\n";

interface Picture {
  edits: { cues?: Record<string, { box?: { x: number; y: number; w: number; h: number } | null; cover?: string | null }> };
  readings: Record<string, { state: string }>;
}

const phone = { width: 390, height: 844 };
const desk = { width: 1440, height: 900 };

async function made(request: APIRequestContext, config: object, translation?: string): Promise<string> {
  const brought: Record<string, { name: string; mimeType: string; buffer: Buffer }> = {};
  if (translation) brought["translation_es"] = { name: "es.srt", mimeType: "text/plain", buffer: Buffer.from(translation) };
  const answer = await request.post("/api/tasks", {
    multipart: { config: JSON.stringify({ target_languages: ["es"], ...config }), start: "true", video: { name: "Burned in.mp4", mimeType: "video/mp4", buffer: readFileSync(burned) }, ...brought },
  });
  expect(answer.status(), await answer.text()).toBe(201);
  const { task_id } = (await answer.json()) as { task_id: string };
  await waitFor(request, task_id, "completed");
  return task_id;
}

const segments = async (page: Page, id: string): Promise<{ segment_id: string; text: string }[]> => (await page.request.get(`/api/tasks/${id}/segments`)).json();
const original = (page: Page, number: number) => page.getByRole("textbox", { name: `Original of line ${number}` });

test("subtitles in the picture are offered as the source text, line by line or all of them", async ({ page, request }) => {
  const id = await made(request, {});
  await page.goto(`/tasks/${id}`);
  const banner = page.getByTestId("picture-question");
  await expect(banner).toContainText("Chinese subtitles in the picture: use them as source text?");
  await original(page, 1).click();
  const both = page.getByTestId("line-source");
  await expect(both.getByRole("button", { name: `Read in the picture ${BURNED[0]}` })).toBeVisible();
  await expect(both.getByRole("button", { name: "Heard We want to visit the mountains in the summer." })).toBeVisible();
  await expectAccessible(page);
  await page.screenshot({ path: `${screens}/picture-question.png` });
  await both.getByRole("button", { name: /^Read in the picture/ }).click();
  await expect.poll(async () => (await segments(page, id))[0]?.text).toBe(BURNED[0]);
  await expect(both.getByRole("button", { name: /^Read in the picture/ })).toHaveAttribute("aria-pressed", "true");
  await page.setViewportSize(phone);
  await expect(banner).toBeVisible();
  await expectNoOverflow(page);
  await page.setViewportSize(desk);
  await banner.getByRole("button", { name: "Use them" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Use them" }).click();
  await expect(banner).toBeHidden();
  await expect.poll(async () => (await segments(page, id)).map(({ text }) => text), { timeout: 120_000 }).toEqual(BURNED);
  await request.delete(`/api/tasks/${id}`);
});

test.describe("the box of a subtitle", () => {
  test.describe.configure({ mode: "serial" });
  let id = "";
  test.beforeAll(async ({ request }) => {
    id = await made(request, { source_language: "zh", export_settings: { picture: "localised" } }, SPANISH);
  });
  test.afterAll(async ({ request }) => void (await request.delete(`/api/tasks/${id}`)));

  const picture = async (page: Page): Promise<Picture> => (await page.request.get(`/api/tasks/${id}/picture`)).json();
  const edit = async (page: Page) => (await picture(page)).edits.cues?.["p0001"];
  const box = (page: Page) => page.getByTestId("picture-box");
  /** The video tells its size, and the tools below it, which come later, take some of its room. */
  const measured = async (page: Page) => {
    await expect.poll(() => page.getByTestId("video").evaluate((video: HTMLVideoElement) => video.videoWidth)).toBeGreaterThan(0);
    await expect(page.getByTestId("picture-tools").getByRole("combobox")).toBeVisible();
  };

  test("a sign beside it is covered from when to when, and named in the new language", async ({ page }) => {
    await page.goto(`/tasks/${id}`);
    await page.getByRole("tab", { name: "Task" }).click();
    const signs = page.getByTestId("picture-titles");
    await signs.getByText("Titles and signs").click();
    const placed = async () => ((await (await page.request.get(`/api/tasks/${id}/picture`)).json()) as { edits: { placed?: object[] } }).edits.placed ?? [];
    expect(await placed()).toEqual([]);
    await signs.getByRole("checkbox", { name: /^Cover:/ }).first().click();
    await signs.getByLabel("To", { exact: true }).fill("0:05.5");
    await signs.getByLabel("To", { exact: true }).press("Enter");
    await expect.poll(placed).toEqual([expect.objectContaining({ end_s: 5.5 })]);
    await signs.getByLabel("In its place, Spanish").fill("Salida");
    await signs.getByLabel("In its place, Spanish").press("Enter");
    await expect.poll(placed).toEqual([expect.objectContaining({ end_s: 5.5, texts: { es: "Salida" } })]);
    await expectAccessible(page);
    await signs.getByRole("button", { name: /^Translate: / }).first().click();
    const offered = signs.getByRole("button", { name: /^Use “/ });
    await expect(offered).toBeVisible({ timeout: 120_000 });
    expect(await placed()).toEqual([expect.objectContaining({ texts: { es: "Salida" } })]); // offered, and nothing else
    const translation = /^Use “(.+)”$/.exec((await offered.textContent()) ?? "")?.[1] ?? "";
    expect(translation).not.toBe("");
    await expectAccessible(page);
    await page.screenshot({ path: `${screens}/picture-titles.png` });
    await offered.click();
    await expect(signs.getByLabel("In its place, Spanish")).toHaveValue(translation);
    await expect.poll(placed).toEqual([expect.objectContaining({ texts: { es: translation } })]);
    await expect(offered).toBeHidden();
    await signs.getByRole("checkbox", { name: /^Cover:/ }).first().click();
    await expect.poll(placed).toEqual([]);
  });

  test("is dragged, resized, moved by keys, and covered otherwise", async ({ page }) => {
    await page.goto(`/tasks/${id}`);
    await page.getByRole("tab", { name: "Task" }).click();
    await page.getByRole("button", { name: "Correct boxes on the picture" }).click();
    const handle = box(page).getByRole("button", { name: `Box of the subtitle: ${BURNED[0]}` });
    await measured(page);
    await handle.hover(); // once it stands still
    const from = await handle.boundingBox();
    if (!from) throw new Error("no box");
    await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
    await page.mouse.down();
    await page.mouse.move(from.x + from.width / 2 + 24, from.y + from.height / 2 - 12, { steps: 4 });
    await page.mouse.up();
    await expect.poll(async () => (await edit(page))?.box?.w).toBeGreaterThan(0);
    const dragged = (await edit(page))?.box ?? { x: 0, y: 0, w: 0, h: 0 };
    const now = await handle.boundingBox();
    expect(Math.abs((now?.x ?? 0) - from.x - 24)).toBeLessThan(2);
    const corner = await box(page).locator("[data-corner=left-top]").boundingBox();
    if (!corner) throw new Error("no corner");
    await page.mouse.move(corner.x + 12, corner.y + 12);
    await page.mouse.down();
    await page.mouse.move(corner.x + 2, corner.y + 4, { steps: 3 });
    await page.mouse.up();
    await expect.poll(async () => (await edit(page))?.box?.w).toBeGreaterThan(dragged.w + 0.01);
    const wide = (await edit(page))?.box ?? dragged;
    await handle.focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Shift+ArrowDown");
    await expect.poll(async () => (await edit(page))?.box).toMatchObject({ x: expect.closeTo(wide.x + 0.01, 3), h: expect.closeTo(wide.h + 0.005, 3) });

    const tools = page.getByTestId("picture-tools");
    await choose(tools.getByRole("combobox", { name: "How this subtitle is covered" }), "a bar");
    await expect.poll(async () => (await edit(page))?.cover).toBe("bar");
    await choose(tools.getByRole("combobox", { name: "How this subtitle is covered" }), "not covered");
    await expect.poll(async () => (await edit(page))?.cover).toBe("off");
    await expectAccessible(page);
    await page.screenshot({ path: `${screens}/picture-boxes.png` });
    await tools.getByRole("button", { name: "As it was found" }).click();
    await expect.poll(async () => (await edit(page))?.box ?? null).toBe(null);
    expect((await edit(page))?.cover).toBe("off");
  });

  test("is read again; what comes of it is offered, and nothing is lost", async ({ page }) => {
    const [first] = await segments(page, id);
    await page.request.patch(`/api/tasks/${id}/segments/${first?.segment_id}`, { data: { text: "我写的" }, headers: { "If-Match": "*" } });
    await page.goto(`/tasks/${id}`);
    await page.getByRole("tab", { name: "Task" }).click();
    await page.getByRole("button", { name: "Correct boxes on the picture" }).click();
    const tools = page.getByTestId("picture-tools");
    await tools.getByRole("button", { name: "Read again" }).click();
    await expect(page.getByTestId("read-again")).toContainText(BURNED[0] ?? "", { timeout: 120_000 });
    expect((await segments(page, id))[0]?.text).toBe("我写的");
    await expectAccessible(page);
    await page.screenshot({ path: `${screens}/picture-read-again.png` });
    await page.getByTestId("read-again").getByRole("button", { name: "Use as original" }).click();
    await expect.poll(async () => (await segments(page, id))[0]?.text).toBe(BURNED[0]);
    await expect(page.getByTestId("read-again").getByRole("button")).toHaveCount(0);
  });

  test("is dragged by a finger on a phone, in Chinese", async ({ browser }) => {
    const context = await browser.newContext({ viewport: phone, hasTouch: true, locale: "zh-CN" });
    const page = await context.newPage();
    await page.addInitScript(() => localStorage.setItem("localclip.locale", "zh-CN"));
    await page.goto(`/tasks/${id}`);
    await page.getByRole("navigation", { name: "属性" }).getByRole("button", { name: "任务" }).tap();
    await page.getByRole("button", { name: "在画面上修正方框" }).tap();
    const handle = box(page).getByRole("button", { name: /^字幕方框/ });
    await measured(page);
    await handle.tap({ trial: true }); // it stands still
    await expectNoOverflow(page);
    const from = await handle.boundingBox();
    if (!from) throw new Error("no box");
    const [x, y] = [from.x + from.width / 2, from.y + from.height / 2];
    const touch = await context.newCDPSession(page);
    await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [{ x, y }] });
    for (const by of [4, 8, 14]) await touch.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: [{ x, y: y - by }] });
    await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
    await expect.poll(async () => (await edit(page))?.box?.y).toBeGreaterThan(0);
    expect(await page.getByTestId("video").evaluate((video: HTMLVideoElement) => video.paused)).toBe(true);
    await page.screenshot({ path: `${screens}/picture-phone.png` });
    await expectAccessible(page);
    await context.close();
  });
});
