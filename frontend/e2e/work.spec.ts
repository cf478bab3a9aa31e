import { expect, test, type Locator, type Page } from "@playwright/test";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { clips, folder } from "./media";
import { choose, expectAccessible, finishedTask, row, screens } from "./support";

interface Line {
  segment_id: string;
  text: string;
  origin: string;
  pinned: boolean;
}

/** Work with lines: by keys alone, on a phone, and with texts whose origin is told. */
test.describe("lines", () => {
  test.describe.configure({ mode: "serial" });
  let id = "";
  test.beforeAll(async ({ request }) => {
    id = await finishedTask(request, clips[0] ?? "", ["es", "fr"], "Working.mp4");
  });
  test.afterAll(async ({ request }) => void (await request.delete(`/api/tasks/${id}`)));

  const lines = async (page: Page, language = "es"): Promise<Line[]> => (await page.request.get(`/api/tasks/${id}/languages/${language}/lines`)).json();
  const translation = (page: Page, number: number) => page.getByRole("textbox", { name: `Translation of line ${number}` });

  test("what the translation memory did is told and taken back, and a text is measured while it is typed", async ({ page }) => {
    const [first] = await lines(page);
    const path = `/api/tasks/${id}/languages/es/lines/${first?.segment_id}`;
    await page.request.patch(path, { data: { text: "Lo recordado." }, headers: { "If-Match": "*" } });
    await page.request.post(`${path}/translate`);
    await expect.poll(async () => (await lines(page))[0]).toMatchObject({ text: "Lo recordado.", origin: "memory" });
    await page.goto(`/tasks/${id}`);
    await row(page, 1).locator("[data-origin=memory]").click();
    await expect(page.getByText("You wrote this translation before")).toBeVisible();
    await page.screenshot({ path: `${screens}/editor-memory.png` });
    await page.getByRole("button", { name: "Forget it and translate again" }).click();
    await expect.poll(async () => (await lines(page))[0]?.origin).toBe("engine");
    await expect(row(page, 1).locator("[data-origin]")).toHaveCount(0);
    await translation(page, 1).fill("Una frase muy larga que no cabe de ninguna manera en el tiempo que hay para decirla, por mucho que se hable deprisa.");
    await expect(page.getByTestId("figures")).toContainText(/\d+ characters\/s.*about \d+\.\d s to say/);
    await page.keyboard.press("Escape");
    await expect(page.getByTestId("figures")).toBeHidden();
    await row(page, 1).getByRole("button", { name: "Play line" }).click();
    await expect(page.getByTestId("spoken")).toBeVisible();
  });

  test("doubtful lines of all languages are gone through by keys alone", async ({ page }) => {
    for (const language of ["es", "fr"])
      await page.request.patch(`/api/tasks/${id}/languages/${language}/lines`, { data: { lines: (await lines(page, language)).map(({ segment_id }, n) => ({ segment_id, text: `Texto nuevo ${n}.` })) } });
    await page.goto(`/tasks/${id}`);
    await page.getByRole("tab", { name: "Review" }).click();
    await page.getByRole("button", { name: /^Go through \d+ lines one by one/ }).click();
    const bar = page.getByTestId("review-bar");
    const count = Number(/1 of (\d+)/.exec((await bar.textContent()) ?? "")?.[1]);
    expect(count).toBeGreaterThanOrEqual(6);
    await expect.poll(() => page.getByTestId("video").evaluate((video: HTMLVideoElement) => video.paused)).toBe(false); // in context, by itself
    await page.screenshot({ path: `${screens}/editor-walk.png` });
    const accept = bar.getByRole("button", { name: "Accept" });
    const chosen = page.getByTestId("lines").locator("[data-chosen]");
    const segment = (await chosen.getAttribute("data-segment")) ?? "";
    await page.keyboard.press("e");
    await page.keyboard.press("Control+a");
    await page.keyboard.type("Corregido.");
    await page.keyboard.press("Enter"); // saved, and still at the line that the bar speaks of
    await expect(chosen.getByRole("textbox", { name: /^Translation/ })).not.toBeFocused();
    await expect(chosen).toHaveAttribute("data-segment", segment);
    await page.keyboard.press("r");
    await expect.poll(async () => [...(await lines(page)), ...(await lines(page, "fr"))].some(({ text }) => text === "Corregido.")).toBe(true);
    await page.getByTestId("lines").locator("[data-segment]:not([data-chosen])").first().getByRole("textbox").last().click();
    await expect(bar).toContainText("another line is selected");
    await expect(accept).toBeHidden();
    for (const key of ["Escape", "Enter"]) await page.keyboard.press(key);
    await expect(chosen).toHaveAttribute("data-segment", segment);
    await expect(accept).toBeEnabled();
    await page.keyboard.press("s");
    await expect(bar).toContainText(`2 of ${count}`);
    for (let at = 3; at <= count; at += 1) {
      await expect(accept).toBeEnabled();
      await page.keyboard.press("Enter");
      await expect(bar).toContainText(`${at} of ${count}`);
    }
    await page.keyboard.press("b");
    await expect(bar).toContainText(`${count - 1} of ${count}`);
    for (let at = count; at <= count + 1; at += 1) {
      await expect(accept).toBeEnabled();
      await page.keyboard.press("Enter");
      if (at <= count) await expect(bar).toContainText(`${at} of ${count}`);
    }
    await expect(bar).toContainText("Review done");
    await expect.poll(async () => [...(await lines(page)), ...(await lines(page, "fr"))].filter(({ pinned }) => pinned).length).toBeGreaterThan(0);
    await page.keyboard.press("Escape");
    await expect(bar).toBeHidden();
  });

  test("on a phone each doubtful line is wholly seen, and accepted only once its language is shown", async ({ page }) => {
    for (const language of ["es", "fr"])
      await page.request.patch(`/api/tasks/${id}/languages/${language}/lines`, { data: { lines: (await lines(page, language)).map(({ segment_id }, n) => ({ segment_id, text: `Un texto nuevo que no es corto, ${n}.`, pinned: false })) } });
    let free = () => {};
    const held = new Promise<void>((resolve) => (free = resolve));
    await page.route("**/languages/fr/lines", async (route) => (await held, route.continue()));
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`/tasks/${id}`);
    const places = page.getByRole("main").getByRole("navigation");
    await places.getByRole("button", { name: "Review", exact: true }).click();
    await page.getByRole("button", { name: /^Go through \d+ lines one by one/ }).click();
    const bar = page.getByTestId("review-bar");
    const accept = bar.getByRole("button", { name: "Accept" });
    const count = Number(/1 of (\d+)/.exec((await bar.textContent()) ?? "")?.[1]);
    const edges = async (one: Locator): Promise<[number, number]> => {
      const { y, height } = (await one.boundingBox()) ?? { y: -1, height: 0 };
      return [y, y + height];
    };
    let isFirst = true;
    for (let at = 1; at <= count; at += 1) {
      await expect(bar).toContainText(`${at} of ${count}`);
      if (isFirst && (await bar.textContent())?.includes("French")) {
        isFirst = false;
        await expect(accept).toBeDisabled();
        await page.keyboard.press("Enter"); // nothing to accept yet
        await expect(bar).toContainText(`${at} of ${count}`);
        free();
      }
      await expect(accept).toBeEnabled();
      const [player, nav] = [page.getByRole("region", { name: "Player" }), places];
      await expect.poll(async () => {
        const line = page.getByTestId("lines").locator("[data-chosen]");
        const [[, top], [barTop, barEnd], [lineTop, lineEnd], [bottom]] = await Promise.all([edges(player), edges(bar), edges(line), edges(nav)]);
        return [top <= barTop, barEnd <= lineTop + 1, lineEnd <= bottom];
      }).toEqual([true, true, true]);
      if (at === 2) await page.screenshot({ path: `${screens}/phone-review.png` });
      await page.keyboard.press("Enter");
    }
    expect(isFirst).toBe(false);
    await expect(bar).toContainText(`Review done: ${count} of ${count}`);
  });

  test("a language that did not pass is not green, and says why and what would mend it", async ({ page, request }) => {
    await request.patch(`/api/tasks/${id}`, { data: { gate: { max_p95_speed: 0.5 } } });
    await page.goto(`/tasks/${id}`);
    await page.getByRole("tab", { name: "Review" }).click();
    await expect(page.locator("[data-gate=fr] [data-reason=too_fast]")).toContainText("write shorter texts");
    await expect(page.locator("[data-gate=fr] [data-reason=unspoken_edits]")).toContainText("dub the changed lines");
    await page.locator("[data-gate=fr] [data-reason=unspoken_edits]").getByRole("button").click();
    await expect(page.locator("[data-language=fr]")).toHaveAttribute("aria-pressed", "true");
  });

  test("axe finds nothing in badges, reasons, the walk by keys, limits and exports", async ({ page, request }) => {
    await request.patch(`/api/tasks/${id}`, { data: { gate: { max_p95_speed: 0.5, max_unspoken_lines: 0 } } });
    const [first] = await lines(page, "es");
    await request.patch(`/api/tasks/${id}/languages/es/lines/${first?.segment_id}`, { data: { text: "De otra manera." }, headers: { "If-Match": "*" } });
    await page.goto(`/tasks/${id}`);
    await page.getByRole("tab", { name: "Review" }).click();
    await expect(page.locator("[data-gate=es] [data-reason=too_fast]")).toBeVisible();
    await expect(row(page, 1).locator("[data-issue]").first()).toBeVisible();
    await expectAccessible(page);
    await page.getByRole("button", { name: /^Go through/ }).click();
    await expect(page.getByTestId("review-bar")).toBeVisible();
    await expectAccessible(page);
    await page.keyboard.press("Escape");
    await row(page, 1).locator("[data-origin=person]").click();
    await expect(page.getByRole("button", { name: "Translate it automatically again" })).toBeVisible();
    await expectAccessible(page);
    await page.keyboard.press("Escape");
    await page.getByRole("tab", { name: "Task" }).click();
    const panel = page.getByRole("region", { name: "Properties" });
    await panel.evaluate((box) => {
      for (const one of box.querySelectorAll("details")) one.open = true;
    });
    await expect(page.getByTestId("limits").getByRole("button", { name: "Back to the defaults" })).toBeVisible();
    await expectAccessible(page);
    await page.getByRole("button", { name: "Export", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Export" });
    await expect(dialog.getByRole("button", { name: /and export/ })).toBeVisible(); // why it is not current
    await expectAccessible(page);
  });

  test("all lines are moved at once, and back", async ({ page, request }) => {
    const starts = async () => ((await (await request.get(`/api/tasks/${id}/segments`)).json()) as { start_s: number }[]).map(({ start_s }) => start_s);
    const before = await starts();
    await page.goto(`/tasks/${id}`);
    await page.getByRole("tab", { name: "Task" }).click();
    const source = page.getByTestId("source-fields");
    await source.getByRole("textbox", { name: "Move all lines by (s)" }).fill("0.2");
    await source.getByRole("button", { name: "Move", exact: true }).click();
    await expect.poll(async () => (await starts())[0]).toBeCloseTo((before[0] ?? 0) + 0.2, 2);
    await page.getByRole("button", { name: "Undo", exact: true }).click();
    await expect.poll(starts).toEqual(before);
  });

  test("on a phone a line is mended, spoken again and its takes are compared", async ({ page }, { repeatEachIndex }) => {
    const text = `Desde el móvil, ${repeatEachIndex}.`; // a text of its own: what the memory knows is no change
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`/tasks/${id}`);
    await translation(page, 2).fill(text);
    await row(page, 2).getByRole("button", { name: "Dub line again" }).click();
    await expect(row(page, 2).locator("[data-state=dubbed]")).toBeVisible();
    await expect.poll(async () => (await lines(page))[1]?.text).toBe(text);
    await expect(page.getByTestId("picture")).toBeInViewport(); // it stays while the lines scroll
    await page.getByRole("main").getByRole("navigation").getByRole("button", { name: "Line", exact: true }).click();
    const sheet = page.getByRole("dialog", { name: "Line" });
    await expect(sheet.getByRole("listitem").filter({ hasText: text })).toContainText("In use");
    await page.screenshot({ path: `${screens}/phone-sheet.png` });
    await sheet.getByRole("button", { name: "Use", exact: true }).first().click();
    await expect.poll(async () => (await lines(page))[1]?.text).not.toBe(text);
    await sheet.getByRole("button", { name: "Close" }).click();
    await page.getByRole("button", { name: "Export", exact: true }).click();
    await expect(page.getByRole("dialog", { name: "Export" }).getByRole("link").first()).toBeVisible();
  });
});

test("which track of a file is the source is chosen by fields in which axe finds nothing", async ({ page, request }) => {
  const [words, video] = [`${folder}/tracks.srt`, `${folder}/Two tracks.mkv`];
  writeFileSync(words, "1\n00:00:00,500 --> 00:00:03,000\nWe want to see the mountains.\n");
  const maps = ["-map", "0:v", "-map", "0:a", "-map", "0:a", "-map", "1:s"];
  execFileSync("ffmpeg", ["-v", "error", "-y", "-i", clips[0] ?? "", "-i", words, ...maps, "-c:v", "copy", "-c:a", "copy", "-c:s", "srt", video]);
  const id = await finishedTask(request, video, ["es"], "Two tracks.mkv");
  await page.goto(`/tasks/${id}`);
  await page.getByRole("tab", { name: "Task" }).click();
  const source = page.getByTestId("source-fields");
  await expect(source.getByRole("combobox")).toHaveCount(2);
  await source.scrollIntoViewIfNeeded();
  await expectAccessible(page);
  await choose(source.getByRole("combobox").last(), 1);
  await source.getByRole("button").first().click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await expectAccessible(page);
  await request.delete(`/api/tasks/${id}`);
});
