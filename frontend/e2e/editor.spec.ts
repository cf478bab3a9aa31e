import { expect, test, type APIRequestContext, type Page } from "@playwright/test";
import { clips } from "./media";
import { choose, expectAccessible, finishedTask, row, screens, waitFor } from "./support";

interface Line {
  segment_id: string;
  text: string;
  start_s: number;
  speaker_id: string;
  voice: { kind: string; id: string } | null;
  moved: boolean;
  state: string;
  version: number;
  take_key: string;
}

let id = "";

test.describe("the editor", () => {
  test.describe.configure({ mode: "serial" });
  test.beforeAll(async ({ request }) => {
    id = await finishedTask(request, clips[0] ?? "", ["es", "fr"], "Editing.mp4");
  });
  test.afterAll(async ({ request }) => void (await request.delete(`/api/tasks/${id}`)));

  const lines = async (request: APIRequestContext): Promise<Line[]> => (await request.get(`/api/tasks/${id}/languages/es/lines`)).json();
  const translation = (page: Page, number: number) => page.getByRole("textbox", { name: `Translation of line ${number}` });
  const undone = async (request: APIRequestContext) => ((await (await request.get(`/api/tasks/${id}/edits?limit=100`)).json()) as { undone: boolean }[]).filter((edit) => edit.undone).length;

  test("what is on its way is not called missing, and what cannot be read says so", async ({ page }) => {
    const held = new Map<string, () => void>();
    const hold = (name: string, path: string) =>
      page.route(path, (route) => new Promise<void>((go) => held.set(name, () => go(route.continue()))));
    await hold("segments", `**/api/tasks/${id}/segments`);
    await hold("lines", `**/api/tasks/${id}/languages/es/lines`);
    await hold("peaks", `**/api/tasks/${id}/artifacts/base/peaks.json`);
    await page.route(`**/api/tasks/${id}/review*`, (route) => route.fulfill({ status: 500, json: { code: "INTERNAL", detail: "" } }));
    await page.goto(`/tasks/${id}`);
    await expect.poll(() => [...held.keys()].toSorted()).toEqual(["lines", "peaks", "segments"]);
    const missing = page.getByText(/Not dubbed|No lines|Nothing to review|once the video has been analysed/);
    await expect(page.getByRole("radio", { name: "All …" })).toBeVisible();
    await expect(missing).toHaveCount(0);
    held.get("segments")?.();
    await expect(page.getByRole("textbox", { name: "Original of line 1" })).toBeVisible();
    await expect(row(page, 1).getByText("Loading")).toBeAttached();
    await expect(page.getByRole("radio", { name: "To review …" })).toBeVisible();
    await expect(missing).toHaveCount(0);
    await page.screenshot({ path: `${screens}/editor-on-its-way.png` });
    held.get("lines")?.();
    held.get("peaks")?.();
    await expect(translation(page, 1)).not.toHaveValue("");
    await expect(page.getByRole("button", { name: "Zoom in" })).toBeVisible();
    const failure = page.getByTestId("unread");
    await expect(failure).toBeVisible(); // of the review list, after it was asked for three times
    await page.getByRole("tab", { name: "Review" }).click();
    await expect(page.getByRole("region", { name: "Properties" }).getByRole("alert")).toBeVisible();
    await page.screenshot({ path: `${screens}/editor-unread.png` });
    await page.unroute(`**/api/tasks/${id}/review*`);
    await failure.getByRole("button", { name: "Try again" }).click();
    await expect(failure).toHaveCount(0);
    await expect(page.getByTestId("review-count")).toHaveText(/\d/);
  });

  test("one line is edited, spoken again and heard, and the export follows", async ({ page, request }) => {
    await page.goto(`/tasks/${id}`);
    const before = (await lines(request))[1];
    await translation(page, 2).fill("Es una idea excelente.");
    await translation(page, 2).press("Control+Enter");
    await expect(row(page, 2).locator("[data-state=dubbed]")).toBeVisible({ timeout: 40_000 });
    await expect.poll(async () => (await lines(request))[1]?.take_key).not.toBe(before?.take_key);
    expect((await lines(request))[1]?.text).toBe("Es una idea excelente.");
    // it is heard as soon as it is there, from the take itself: the export is of the old text
    await expect(page.getByTestId("task-status")).toHaveAttribute("data-status", "stale");
    await expect(page.getByRole("radio", { name: "Dub (draft)" })).toBeVisible();
    await expect.poll(() => page.getByTestId("video").evaluate((video: HTMLVideoElement) => video.currentTime)).toBeGreaterThan(3);
    await page.screenshot({ path: `${screens}/editor-draft.png` });
    await page.getByRole("button", { name: "Update export" }).click();
    await expect(page.getByTestId("task-status")).toHaveAttribute("data-status", "completed", { timeout: 60_000 });
    await expect(page.getByRole("radio", { name: "Dub", exact: true })).toBeVisible();
    const subtitles = await request.get(`/api/tasks/${id}/artifacts/es/subtitles_es.srt`);
    expect(await subtitles.text()).toContain("Es una idea excelente.");
  });

  test("takes are kept, and an older one counts again", async ({ page, request }) => {
    await page.goto(`/tasks/${id}`);
    await translation(page, 2).click();
    const takes = page.getByRole("region", { name: "Properties" }).getByRole("listitem");
    await expect(takes).toHaveCount(2);
    await page.screenshot({ path: `${screens}/editor-takes.png` });
    await takes.filter({ has: page.getByRole("button", { name: "Use", exact: true }) }).getByRole("button", { name: "Use", exact: true }).click();
    await expect.poll(async () => (await lines(request))[1]?.text).not.toBe("Es una idea excelente.");
    await page.getByRole("button", { name: "Undo", exact: true }).click();
    await expect.poll(async () => (await lines(request))[1]?.text).toBe("Es una idea excelente.");
  });

  test("an edited original marks its lines, all changed lines are spoken at once, and each edit is undone", async ({ page, request }) => {
    await page.goto(`/tasks/${id}`);
    const original = page.getByRole("textbox", { name: "Original of line 1" });
    const text = await original.inputValue();
    await original.fill("We want to see the sea in the summer.");
    await original.press("Enter");
    await expect(row(page, 1).locator("[data-issue=source_changed]")).toBeVisible();
    await translation(page, 1).fill("Queremos ver el mar en verano.");
    await translation(page, 1).press("Enter");
    await translation(page, 3).fill("Podemos quedarnos dos semanas.");
    await translation(page, 3).press("Enter");
    const stale = page.getByTestId("lines").locator("[data-issue=stale]");
    // whoever would export now is offered to have them spoken first
    await expect(page.getByRole("button", { name: /Dub [23] changes and export/ })).toBeVisible();
    await page.getByRole("radio", { name: /To review/ }).click();
    await expect(stale).toHaveCount(2);
    await page.screenshot({ path: `${screens}/editor-review.png` });
    await page.getByRole("button", { name: "Dub 2 changed lines" }).click();
    await expect(stale).toHaveCount(0, { timeout: 40_000 });
    await page.getByRole("radio", { name: /^All/ }).click();
    const undo = page.getByRole("button", { name: "Undo", exact: true });
    for (const expected of [3, 2, 1]) {
      await undo.click();
      await expect(page.getByText("Undone:").first()).toBeVisible();
      await expect.poll(() => undone(request)).toBe(4 - expected);
    }
    await expect(original).toHaveValue(text);
    const redo = page.getByRole("button", { name: "Redo", exact: true });
    await redo.click();
    await expect(original).toHaveValue("We want to see the sea in the summer.");
  });

  test("lines are split, merged, inserted, deleted and timed anew", async ({ page }) => {
    await page.goto(`/tasks/${id}`);
    const items = page.getByTestId("lines").getByRole("listitem");
    await expect(items.first()).toBeVisible();
    const count = await items.count();
    await translation(page, 1).click();
    await page.keyboard.press("Alt+S");
    await expect(items).toHaveCount(count + 1);
    await page.keyboard.press("Alt+M");
    await expect(items).toHaveCount(count);
    await row(page, 1).getByRole("button", { name: "More for this line" }).click();
    await page.getByRole("menuitem", { name: "Insert after" }).click();
    await expect(items).toHaveCount(count + 1);
    await row(page, 2).getByRole("button", { name: "More for this line" }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await expect(items).toHaveCount(count);
    const holes = () =>
      items.evaluateAll((rows) => {
        const boxes = rows.map((line) => line.getBoundingClientRect()).toSorted((a, b) => a.top - b.top);
        return boxes.slice(1).map((box, n) => Math.round(box.top - (boxes[n]?.bottom ?? 0))).filter((hole) => Math.abs(hole) > 2); // but for rounding
      });
    expect(await holes()).toEqual([]); // closed at once
    await translation(page, 1).click();
    const start = page.getByRole("region", { name: "Properties" }).getByRole("textbox", { name: "Start" });
    await start.fill("0:01.25");
    await start.press("Enter");
    await expect(start).toHaveValue("0:01.25");
  });

  test("a line has times, a speaker and a voice of its own in one language, and gives them back", async ({ page, request }) => {
    await page.goto(`/tasks/${id}`);
    await translation(page, 3).click();
    const panel = page.getByRole("region", { name: "Properties" });
    await panel.getByText("Only in Spanish").click();
    const own = panel.locator("details").filter({ hasText: "Only in Spanish" });
    const before = (await lines(request))[2];
    if (!before) throw new Error("no third line");
    await own.getByRole("textbox", { name: "Start" }).fill(`0:0${(before.start_s + 0.3).toFixed(2)}`);
    await own.getByRole("textbox", { name: "Start" }).press("Enter");
    await expect.poll(async () => (await lines(request))[2]).toMatchObject({ moved: true, start_s: Number((before.start_s + 0.3).toFixed(2)) });
    const segments = (await (await request.get(`/api/tasks/${id}/segments`)).json()) as { start_s: number }[];
    expect(segments[2]?.start_s).toBe(before.start_s);
    const french = (await (await request.get(`/api/tasks/${id}/languages/fr/lines`)).json()) as Line[];
    expect(french[2]?.moved).toBe(false);
    const speakers = (await (await request.get(`/api/tasks/${id}/speakers`)).json()) as { speaker_id: string; name: string }[];
    const other = speakers.find(({ speaker_id }) => speaker_id !== before.speaker_id);
    await choose(own.getByRole("combobox", { name: "Speaker" }), other?.name ?? "");
    await expect.poll(async () => (await lines(request))[2]?.speaker_id).toBe(other?.speaker_id);
    // voices are heard before one is chosen, by arrow keys too, and nothing changes by that
    await panel.getByRole("button", { name: /^Voice:/ }).click();
    const picker = page.getByRole("dialog", { name: "Voices in Spanish" });
    await picker.getByRole("radio", { name: "Low", exact: true }).click();
    await picker.getByRole("searchbox").fill("mar");
    const mario = picker.locator("[data-voice=espeak-male-5]");
    await expect(picker.locator("[data-voice]")).toHaveText([/^Mario ?Low/]);
    const audio = page.waitForResponse((answer) => /auditions\/try_\w+\/audio$/.test(answer.url()));
    await mario.click();
    expect((await audio).status()).toBeLessThan(300);
    await expect(mario).not.toHaveAttribute("data-heard", "failed");
    await expectAccessible(page);
    await picker.getByRole("searchbox").fill("");
    await page.screenshot({ path: `${screens}/voices.png` });
    const another = page.waitForResponse((answer) => /auditions\/try_\w+\/audio$/.test(answer.url()));
    await mario.getByRole("radio").press("ArrowUp");
    expect((await another).status()).toBeLessThan(300);
    await expect(picker.locator("[data-voice=espeak-male-4]").getByRole("radio")).toBeChecked();
    expect((await lines(request))[2]?.voice).toBeNull();
    await mario.click();
    await picker.getByRole("button", { name: "Use this voice" }).click();
    await expect.poll(async () => (await lines(request))[2]?.voice).toEqual({ kind: "stock", id: "espeak-male-5" });
    await expect(panel.getByRole("button", { name: "Voice: Mario. Choose another" })).toBeVisible();
    await page.screenshot({ path: `${screens}/editor-own.png` });
    const undo = page.getByRole("button", { name: "Undo", exact: true });
    await undo.click();
    await expect.poll(async () => (await lines(request))[2]?.voice).toBeNull();
    await undo.click();
    await expect.poll(async () => (await lines(request))[2]?.speaker_id).toBe(before.speaker_id);
    expect((await lines(request))[2]?.moved).toBe(true);
    await own.getByRole("button", { name: "As in the original" }).click();
    await expect.poll(async () => (await lines(request))[2]).toMatchObject({ moved: false, start_s: before.start_s });
  });

  test("a line is cut where the text cursor is, in the original and in the translation", async ({ page, request }) => {
    await page.goto(`/tasks/${id}`);
    const items = page.getByTestId("lines").getByRole("listitem");
    await expect(items.first()).toBeVisible();
    const count = await items.count();
    const original = page.getByRole("textbox", { name: "Original of line 1" });
    const text = await original.inputValue();
    const translated = await translation(page, 1).inputValue();
    const at = text.indexOf(" ", text.length / 3);
    await original.focus();
    await original.evaluate((field: HTMLTextAreaElement, at) => field.setSelectionRange(at, at), at);
    await page.keyboard.press("Alt+S");
    await expect(items).toHaveCount(count + 1);
    await expect(original).toHaveValue(text.slice(0, at));
    await expect(page.getByRole("textbox", { name: "Original of line 2" })).toHaveValue(text.slice(at).trim());
    await page.keyboard.press("Control+z"); // in the field: nothing is typed in it, so that the task's own edit is undone
    await expect(items).toHaveCount(count);
    await expect(original).toHaveValue(text);
    await expect(translation(page, 1)).toHaveValue(translated); // typed over what the undo has not brought yet, it would be a conflict

    // from the menu, with words that are not saved yet
    await translation(page, 1).fill("Primero esto y luego lo otro.");
    await translation(page, 1).evaluate((field: HTMLTextAreaElement) => field.setSelectionRange(12, 12));
    await row(page, 1).getByRole("button", { name: "More for this line" }).click();
    await page.getByRole("menuitem", { name: "Split at the text cursor" }).click();
    await expect(items).toHaveCount(count + 1);
    await expect.poll(async () => (await lines(request)).slice(0, 2).map((line) => line.text)).toEqual(["Primero esto", "y luego lo otro."]);
    for (const expected of [1, 2]) {
      await page.getByRole("button", { name: "Undo", exact: true }).click();
      await expect.poll(() => undone(request)).toBe(expected);
      await expect(items).toHaveCount(count);
      await expect(page.getByText("Undone:").first()).toBeVisible();
    }
  });

  test("subtitles are brought as a translation, and taken away", async ({ page, request }) => {
    await page.goto(`/tasks/${id}?language=fr`);
    await expect(page.getByTestId("lines").getByRole("listitem").first()).toBeVisible();
    const segments = (await (await request.get(`/api/tasks/${id}/segments`)).json()) as { start_s: number; end_s: number }[];
    const time = (s: number) => `00:00:${s.toFixed(3).padStart(6, "0").replace(".", ",")}`;
    const srt = segments.map(({ start_s, end_s }, n) => `${n + 1}\n${time(start_s)} --> ${time(end_s)}\nMa propre phrase ${n + 1}.\n`).join("\n");
    await page.getByTestId("subtitle-input").setInputFiles({ name: "mine.srt", mimeType: "application/x-subrip", buffer: Buffer.from(srt) });
    const dialog = page.getByRole("dialog");
    await expect(dialog).toContainText(`${segments.length} of ${segments.length} lines matched.`);
    await dialog.getByRole("button", { name: "Take it", exact: true }).click();
    await expect(page.getByText("Translation imported")).toBeVisible();
    await page.getByTestId("subtitle-input").setInputFiles({ name: "broken.srt", mimeType: "application/x-subrip", buffer: Buffer.from("no subtitles") });
    await expect(dialog.getByRole("alert")).toContainText("The subtitles cannot be read.");
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: / changes? and export$/ }).or(page.getByRole("button", { name: "Start", exact: true })).click();
    await expect(page.getByTestId("progress-fr")).toHaveText("Done", { timeout: 60_000 });
    await waitFor(request, id, "completed"); // Spanish, too: the next test edits it
    await expect(translation(page, 1)).toHaveValue("Ma propre phrase 1.");
    await page.getByRole("button", { name: "Subtitles in and out" }).click();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: /^Download .+\.fr\.srt$/ }).click()]);
    const { readFileSync } = await import("node:fs");
    expect(readFileSync(await download.path(), "utf8")).toContain("Ma propre phrase 1.");
  });

  test("the review of all languages comes worst first, leads to each line, and says which thresholds were missed", async ({ page, request }) => {
    const line = (await lines(request))[1];
    await request.patch(`/api/tasks/${id}/languages/es/lines/${line?.segment_id}`, { data: { text: "Una idea del revisor." }, headers: { "If-Match": "*" } });
    await request.patch(`/api/tasks/${id}`, { data: { gate: { max_p95_speed: 0.5 } } });
    const review = (await (await request.get(`/api/tasks/${id}/review`)).json()) as (Line & { language: string; score: number })[];
    expect(review.length).toBeGreaterThan(0);
    await page.goto(`/tasks/${id}?language=fr`);
    await page.getByRole("tab", { name: "Review" }).click();
    await expect(page.locator("[data-review]:visible")).toHaveCount(review.length);
    expect(await page.locator("[data-review]:visible").evaluateAll((all) => all.map((one) => one.getAttribute("data-review")))).toEqual(review.map((one) => one.language));
    expect(review.map((one) => one.score)).toEqual(review.map((one) => one.score).toSorted((a, b) => b - a));
    await expect(page.locator("[data-gate=fr]:visible [data-miss='speed.p95']")).toContainText(/Speed of 95 % of lines: \d\.\d\d× \(limit 0\.50×\)/);
    await expect(page.locator("[data-gate=fr]:visible")).toContainText("Not passed");
    await page.screenshot({ path: `${screens}/editor-review-panel.png` });
    await page.locator("[data-review]:visible").filter({ hasText: "Una idea del revisor." }).getByRole("button").click();
    await expect(page.getByRole("group", { name: "Languages" }).getByRole("button", { name: "Spanish" })).toHaveAttribute("aria-pressed", "true");
    const spanish = review.filter((one) => one.language === "es").length;
    await expect(page.getByTestId("review-count")).toHaveText(String(spanish));
    await page.getByRole("radio", { name: /To review/ }).click();
    await expect(page.getByTestId("lines").getByRole("listitem")).toHaveCount(spanish);
    await request.patch(`/api/tasks/${id}`, {
      data: { gate: { max_failed_lines: null, max_overflow_lines: null, min_in_window_share: null, max_p95_speed: null, loudness_tolerance_lu: null, export_checks: false, max_voice_misheard: null } },
    });
    await expect(page.locator("[data-gate=fr]:visible")).toHaveAttribute("data-passed", "true");
  });

  test("on the timeline an edge is dragged, and a clip of the dub is moved for its language alone", async ({ page, request }) => {
    await page.goto(`/tasks/${id}`);
    const ends = async () => ((await (await request.get(`/api/tasks/${id}/segments`)).json()) as { end_s: number }[]).map(({ end_s }) => end_s);
    const drag = async (from: { x: number; y: number }, by: number, meanwhile: () => Promise<void>) => {
      await page.mouse.move(from.x, from.y);
      await page.mouse.down();
      await page.mouse.move(from.x + by, from.y, { steps: 5 });
      await meanwhile();
      await page.mouse.up();
    };
    const middle = async (name: string) => {
      const box = await page.getByRole("slider", { name }).boundingBox();
      if (!box) throw new Error(`no ${name}`);
      return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    };
    await expect(page.getByTestId("timeline")).toHaveAttribute("data-ready", "true");
    await translation(page, 1).click();
    const [before = 0] = await ends();
    const fit = page.getByTestId("drag-fit");
    await drag(await middle("End of line 1 in the original"), -30, async () => expect(fit).toContainText(/fits|faster|too long by \d\.\d s/));
    await expect.poll(async () => (await ends())[0]).toBeLessThan(before - 0.1);

    await translation(page, 2).click();
    const start = (await lines(request))[1]?.start_s ?? 0;
    const edge = await middle("Start of line 2 in the dub");
    await drag({ x: edge.x + 20, y: edge.y }, 25, async () => {
      await expect(fit).toBeVisible();
      await page.screenshot({ path: `${screens}/timeline-drag.png` });
    });
    await expect.poll(async () => (await lines(request))[1]).toMatchObject({ moved: true });
    expect((await lines(request))[1]?.start_s).toBeGreaterThan(start + 0.1);
    const french = (await (await request.get(`/api/tasks/${id}/languages/fr/lines`)).json()) as Line[];
    expect(french[1]?.moved).toBe(false);
    // by keys, and without letting go
    const end = page.getByRole("slider", { name: "End of line 2 in the dub" });
    const value = Number(await end.getAttribute("aria-valuenow"));
    await end.press("ArrowLeft");
    await expect.poll(async () => Number(await end.getAttribute("aria-valuenow"))).toBeCloseTo(value - 0.05, 2);
    await page.mouse.move(edge.x + 60, edge.y);
    await page.mouse.down();
    await page.mouse.move(edge.x + 110, edge.y, { steps: 3 });
    await page.keyboard.press("Escape");
    await page.mouse.up();
    await expect(fit).toBeHidden();
    for (let n = 0; n < 3; n += 1) {
      await page.getByRole("button", { name: "Undo", exact: true }).click();
      await expect.poll(() => undone(request)).toBe(n + 1);
    }
    await expect.poll(async () => (await ends())[0]).toBe(before);
  });

  test("the panes keep their sizes, and zoom shows all or one line", async ({ page }) => {
    await page.goto(`/tasks/${id}`);
    const picture = page.getByTestId("picture");
    const width = async () => (await picture.boundingBox())?.width ?? 0;
    const before = await width();
    await page.getByRole("separator", { name: "Width of the picture" }).focus();
    await page.keyboard.press("ArrowRight");
    await expect.poll(width).toBeGreaterThan(before + 20);
    const wider = await width();
    // kept a moment after the key, not at once
    const kept = () => page.evaluate(() => localStorage.getItem("react-resizable-panels:localclip.editor.picture"));
    const share = async () => Object.values(JSON.parse((await kept()) ?? "{}") as Record<string, { layout: number[] }>)[0]?.layout[0];
    const now = Number(await page.getByRole("separator", { name: "Width of the picture" }).getAttribute("aria-valuenow"));
    await expect.poll(share).toBeCloseTo(now, 0);
    await page.reload();
    await expect.poll(width).toBeCloseTo(wider, -1);
    await translation(page, 1).click();
    const timeline = page.getByTestId("timeline");
    await page.getByRole("button", { name: "Zoom to the line" }).click();
    await expect(page.getByTestId("minimap")).toBeVisible();
    await expect.poll(async () => Number(await timeline.getAttribute("data-clips"))).toBeGreaterThan(0);
    await page.getByRole("button", { name: "Whole video" }).click();
    await expect(page.getByTestId("minimap")).toBeHidden();
  });

  test("a conflict shows both versions, and either may count", async ({ page, request }) => {
    await page.goto(`/tasks/${id}`);
    for (const [choice, expected] of [["Keep mine", "Lo mío."], ["Take theirs", "Lo suyo 1."]] as const) {
      const line = (await lines(request))[0];
      await translation(page, 1).fill("Lo mío.");
      const text = `Lo suyo ${choice === "Keep mine" ? 0 : 1}.`;
      await page.route("**/api/events**", (route) => route.abort());
      const saved = await request.patch(`/api/tasks/${id}/languages/es/lines/${line?.segment_id}`, { data: { text }, headers: { "If-Match": "*" } });
      expect(saved.status()).toBe(200);
      await translation(page, 1).press("Enter");
      const dialog = page.getByRole("dialog", { name: "Somebody else changed this line" });
      await expect(dialog).toContainText("Lo mío.");
      await expect(dialog).toContainText(text);
      await page.screenshot({ path: `${screens}/conflict.png` });
      await dialog.getByRole("button", { name: choice }).click();
      await expect(translation(page, 1)).toHaveValue(expected);
      await expect.poll(async () => (await lines(request))[0]?.text).toBe(expected);
      await request.patch(`/api/tasks/${id}/languages/es/lines/${line?.segment_id}`, { data: { text: "Otra vez." }, headers: { "If-Match": "*" } });
      await expect(translation(page, 1)).toHaveValue("Otra vez.");
    }
  });

  test("text is found and replaced", async ({ page, request }) => {
    const [first] = await lines(request);
    await request.patch(`/api/tasks/${id}/languages/es/lines/${first?.segment_id}`, { data: { text: "Otra vez." }, headers: { "If-Match": "*" } });
    await page.goto(`/tasks/${id}`);
    await translation(page, 1).click();
    await page.keyboard.press("Control+f");
    const search = page.getByRole("searchbox", { name: "Find" });
    await search.fill("otra");
    await expect(page.getByTestId("lines").getByRole("listitem")).toHaveCount(1);
    await page.getByRole("textbox", { name: "Replace with" }).fill("Esta");
    await page.getByRole("button", { name: "Replace all in 1 line" }).click();
    await expect.poll(async () => (await lines(request))[0]?.text).toBe("Esta vez.");
    // over several lines, as one edit with one undo; place by place; whole words; Esc from anywhere in the bar
    const texts = async () => (await lines(request)).slice(0, 3).map(({ text }) => text);
    const all = await lines(request);
    await request.patch(`/api/tasks/${id}/languages/es/lines`, { data: { lines: ["Un sol y un solar.", "El sol.", "Sol y sol."].map((text, n) => ({ segment_id: all[n]?.segment_id, text })) } });
    const before = await texts();
    await search.fill("sol");
    await expect(page.getByTestId("found")).toHaveText("1 / 5");
    await page.getByRole("checkbox", { name: "Whole word" }).check();
    await expect(page.getByTestId("found")).toHaveText("1 / 4");
    await expect(page.getByTestId("lines").locator("mark")).toHaveCount(4);
    await search.press("Enter");
    await search.press("Enter");
    await expect(page.getByTestId("found")).toHaveText("2 / 4");
    await page.getByRole("textbox", { name: "Replace with" }).fill("mar");
    await page.getByRole("button", { name: "Replace", exact: true }).click();
    await expect.poll(texts).toEqual(["Un sol y un solar.", "El mar.", "Sol y sol."]);
    await page.screenshot({ path: `${screens}/editor-find.png` });
    await page.getByRole("button", { name: "Replace all in 2 lines" }).click();
    await expect.poll(texts).toEqual(["Un mar y un solar.", "El mar.", "mar y mar."]);
    for (const expected of [["Un sol y un solar.", "El mar.", "Sol y sol."], before]) {
      await page.getByRole("main").getByRole("button", { name: "Undo", exact: true }).click();
      await expect.poll(texts).toEqual(expected);
    }
    await page.getByRole("textbox", { name: "Replace with" }).press("Escape");
    await expect(search).toBeHidden();
  });

  test("what is typed is not lost by leaving", async ({ page }) => {
    await page.goto(`/tasks/${id}`);
    await translation(page, 1).fill("Not saved");
    await page.evaluate(() => document.activeElement?.addEventListener("blur", (event) => event.stopImmediatePropagation(), { capture: true, once: true }));
    await page.route("**/lines/**", (route) => (route.request().method() === "PATCH" ? route.abort() : route.continue()));
    await page.getByRole("link", { name: "Settings" }).click();
    const guard = page.getByRole("dialog", { name: "Leave without saving?" });
    await expect(guard).toBeVisible();
    await page.screenshot({ path: `${screens}/leave.png` });
    await guard.getByRole("button", { name: "Cancel" }).click();
    await expect(translation(page, 1)).toHaveValue("Not saved");
    await page.getByRole("link", { name: "Settings" }).click();
    await guard.getByRole("button", { name: "Leave" }).click();
    await expect(page).toHaveURL(/\/settings/);
  });

  test("speakers are renamed and given a voice", async ({ page, request }) => {
    await page.goto(`/tasks/${id}`);
    await page.getByRole("tab", { name: "Speaker" }).click();
    const first = page.getByRole("region", { name: "Properties" }).locator("section").first();
    await first.getByRole("textbox", { name: "Name" }).fill("Sarah");
    await first.getByRole("textbox", { name: "Name" }).press("Enter");
    await expect(row(page, 1)).toContainText("Sarah");
    await page.screenshot({ path: `${screens}/editor-speakers.png` });
    await page.getByRole("region", { name: "Sarah" }).getByRole("button", { name: /^Voice:/ }).click();
    const picker = page.getByRole("dialog", { name: "Voices in Spanish" });
    await picker.getByRole("radio", { name: "Ready-made", exact: true }).click();
    await picker.locator("[data-voice]").first().click();
    await expect(picker.getByRole("radio", { name: "All lines of Sarah" })).toHaveAttribute("data-state", "on");
    await picker.getByRole("button", { name: "Use this voice" }).click();
    await expect(picker).toBeHidden();
    await expect.poll(async () => ((await (await request.get(`/api/tasks/${id}/speakers`)).json()) as { voice: { kind: string } | null }[])[0]?.voice?.kind).toBe("stock");
    await expect(page.locator("[data-issue=stale]").first()).toBeVisible();
  });

  test("keys work, in fields too, and are listed", async ({ page }) => {
    await page.goto(`/tasks/${id}`);
    const paused = () => page.getByTestId("video").evaluate((video: HTMLVideoElement) => video.paused);
    await page.getByTestId("clock").click();
    await page.keyboard.press("Space");
    await expect.poll(paused).toBe(false);
    await translation(page, 1).click();
    await page.keyboard.press("Control+Space");
    await expect.poll(paused).toBe(true);
    await expect(translation(page, 1)).toHaveValue(/\S/);
    await page.getByTestId("clock").click();
    await page.keyboard.press("?");
    await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
    await expect(page.getByRole("dialog")).toContainText("Ctrl + K");
    await page.screenshot({ path: `${screens}/shortcuts.png` });
  });

  test("everything is found by name, and works on the text the focus was in", async ({ page }) => {
    await page.goto(`/tasks/${id}`);
    const items = page.getByTestId("lines").getByRole("listitem");
    await expect(items.first()).toBeVisible();
    const count = await items.count();
    await translation(page, 1).fill("Uno dos.");
    await translation(page, 1).evaluate((field: HTMLTextAreaElement) => field.setSelectionRange(3, 3));
    await page.keyboard.press("Control+k");
    const palette = page.getByRole("dialog", { name: "Commands" });
    await palette.getByRole("combobox").fill("cursor split");
    await expect(palette.getByRole("option")).toHaveText(["Split at the text cursor or the playheadAlt + S"]);
    await page.keyboard.press("Enter");
    await expect(items).toHaveCount(count + 1);
    await expect(translation(page, 1)).toHaveValue("Uno");
    await page.keyboard.press("Control+k");
    await palette.getByRole("combobox").fill("french");
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(/language=fr/);
    await page.keyboard.press("Control+k");
    await palette.getByRole("combobox").fill("dark");
    await page.keyboard.press("Enter");
    await expect(page.locator("html")).toHaveClass(/dark/);
    await page.goto("/settings");
    await expect(page.getByRole("heading", { level: 3 }).first()).toBeVisible();
    await page.keyboard.press("Control+k");
    await palette.getByRole("combobox").fill("Editing");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowUp");
    await expect(palette.getByRole("option", { name: "Open Editing.mp4" })).toHaveAttribute("aria-selected", "true");
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(new RegExp(`/tasks/${id}`));
  });
});
