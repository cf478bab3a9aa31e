import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { expect, test, type Locator, type Page } from "@playwright/test";
import { clips, dialogue } from "./media";
import { bring, screens, taskNamed, tasks } from "./support";

interface Line {
  segment_id: string;
  text: string;
  state: string;
  moved: boolean;
  pinned: boolean;
  start_s: number;
  voice: { kind: string; id: string } | null;
}

/** When the sentences of the dialogue are said, and what is to be said instead: most of it is too long. */
const CUES: [string, string, string][] = [
  ["00:00:01,000", "00:00:03,100", "Wir möchten im kommenden Sommer unbedingt wieder einmal gemeinsam die hohen Berge im Süden besuchen und dort wandern."],
  ["00:00:04,100", "00:00:05,700", "Das ist aus meiner Sicht eine wirklich ganz ausgezeichnete und sehr willkommene Idee von dir."],
  ["00:00:06,800", "00:00:08,400", "Wir könnten, wenn du damit einverstanden bist, zwei ganze Wochen lang dort oben bleiben."],
  ["00:00:09,300", "00:00:12,700", "Das Wetter ist um diese Zeit meist sehr gut."],
  ["00:00:13,700", "00:00:16,000", "Möchtest du lieber ganz bequem mit der Eisenbahn reisen oder doch wie beim letzten Mal mit dem eigenen Auto?"],
  ["00:00:16,900", "00:00:20,200", "Der Zug ist besser, wir können lesen."],
  ["00:00:21,200", "00:00:23,600", "Dann gehe ich gleich morgen in aller Frühe zum Bahnhof und kaufe dort für uns beide die Fahrkarten am Schalter."],
  ["00:00:24,500", "00:00:26,700", "Und ich schreibe deinem Bruder einen Brief."],
];
const SHORTER = ["Wir wollen in die Berge.", "Das ist gut.", "Wir bleiben lange.", "Mit Zug oder Auto?", "Ich kaufe die Karten.", "Ja.", "Gut.", "Nein."];

const DEVICES = [
  { device: "a laptop", viewport: { width: 1440, height: 900 }, hasTouch: false },
  { device: "a phone", viewport: { width: 390, height: 844 }, hasTouch: true },
];

const NAMES = new Set(["dialogue.mp4", "Opening scene.mp4", "Trailer.mp4"]);

/** Files as somebody has them who had them translated elsewhere. */
function files(): string[] {
  const videos = [dialogue, clips[0] ?? "", clips[2] ?? ""];
  return videos.flatMap((video) => {
    const subtitles = video.replace(".mp4", ".de.srt");
    const cues = video === dialogue ? CUES : CUES.slice(0, 3);
    writeFileSync(subtitles, cues.map(([from, to, text], n) => `${n + 1}\n${from} --> ${to}\n${text}\n`).join("\n"));
    return [video, subtitles];
  });
}

/** The whole job as somebody does it who has read nothing: only what is on the screen is used. */
for (const { device, ...options } of DEVICES) {
  test.describe(`on ${device}`, () => {
    test.use(options);
    test.afterEach(async ({ request }) => {
      for (const { task_id, video_original_name } of await tasks(request)) if (NAMES.has(video_original_name)) await request.delete(`/api/tasks/${task_id}`);
    });

    test("three videos are dubbed into two languages, one of them brought, mended and taken away as one file", async ({ page, request, context }) => {
      test.setTimeout(600_000);
      const phone = options.hasTouch;
      let [clicks, number] = [0, 0];
      const touch = async (target: Locator) => (phone ? target.tap() : target.click());
      const click = async (target: Locator) => {
        clicks += 1;
        await touch(target);
      };
      const look = async (name: string) => {
        number += 1;
        await page.screenshot({ path: `${screens}/wholejob-${phone ? "390" : "1440"}-${number}-${name}.png` });
      };
      for (const { id } of (await (await request.get("/api/memory?limit=200")).json()) as { id: number }[]) await request.delete(`/api/memory/${id}`);
      const before = (await tasks(request)).length;

      // three videos and their German subtitles; one choice for all
      await page.goto("/");
      await expect(page.getByRole("button", { name: /^(Choose|Add) videos$/ }).last()).toBeVisible();
      if (phone) {
        const [chooser] = await Promise.all([page.waitForEvent("filechooser"), touch(page.getByRole("button", { name: /^(Choose|Add) videos$/ }).last())]);
        await chooser.setFiles(files());
      } else await bring(page, "drop", files());
      const dialog = page.getByRole("dialog", { name: "How should the 3 videos be dubbed?" });
      await expect(dialog).toContainText("dialogue.mp4 + dialogue.de.srt");
      await look("plan");
      for (const [name, wanted] of [["Spanish", true], ["French", false], ["German", true]] as const) {
        const box = dialog.getByRole("checkbox", { name });
        if ((await box.isChecked()) !== wanted) await click(box);
      }
      await expect(dialog.getByTestId("translation-slots")).toContainText("Trailer.de.srt");
      await look("languages");
      await click(dialog.getByRole("button", { name: "Dub into 2 languages" }));
      await expect(page.getByTestId("total")).toHaveText(`${before + 3} tasks`);

      // done is what all languages of are done
      const { task_id: id } = await taskNamed(request, "dialogue.mp4");
      const card = page.locator(`[data-task=${id}]`);
      await expect(card).toHaveAttribute("data-status", "completed", { timeout: 300_000 });
      const { language_status } = await taskNamed(request, "dialogue.mp4");
      expect(["es", "de"].map((code) => [language_status[code]?.status, language_status[code]?.brought])).toEqual([["completed", false], ["completed", true]]);
      await look("done");
      await click(card.getByRole("button", { name: "Play the dub of dialogue.mp4" }));
      const dub = page.getByTestId("dub");
      await expect.poll(() => dub.evaluate((sound: HTMLAudioElement) => (sound.muted ? 0 : sound.currentTime))).toBeGreaterThan(1.5);
      expect(clicks, "from the drop to hearing the dub").toBeLessThanOrEqual(4);
      await touch(page.getByRole("button", { name: "Pause", exact: true }));
      await look("heard");

      // the places of the inspector: tabs, or from below
      const inspect = async (name: string) => {
        await touch(phone ? page.getByRole("main").getByRole("navigation").getByRole("button", { name, exact: true }) : page.getByRole("tab", { name }));
        return phone ? page.getByRole("dialog", { name }) : page.getByRole("region", { name: "Properties" });
      };
      const german = async (): Promise<Line[]> => (await request.get(`/api/tasks/${id}/languages/de/lines`)).json();
      const leave = async (sheet: Locator) => phone && (await touch(sheet.getByRole("button", { name: "Close" })));

      // five lines are mended, one after the other
      const fixed = await mendFive(page, await inspect("Review"), german, { phone, touch, look });
      for (const [segment, text] of fixed) expect((await german()).find((line) => line.segment_id === segment)).toMatchObject({ text, state: "dubbed", pinned: true });
      await expect(page.locator("[data-language=de]")).toHaveAttribute("aria-pressed", "true");
      await expect(page.getByTestId("task-status")).toHaveAttribute("data-status", "stale"); // its files have the old lines

      // another voice is heard, and then used
      const lineOf = (n: number) => page.getByTestId("lines").getByRole("listitem").filter({ has: page.getByRole("textbox", { name: `Translation of line ${n}` }) });
      const go = async (n: number) => {
        await lineOf(n).scrollIntoViewIfNeeded();
        await touch(lineOf(n).getByRole("button", { name: new RegExp(`^Line ${n},`) }));
      };
      await page.getByTestId("lines").evaluate((list) => list.scrollTo(0, 0));
      await go(4);
      const sheet = phone ? await inspect("Line") : page.getByRole("region", { name: "Properties" });
      await touch(sheet.getByTestId("voice"));
      const picker = page.getByRole("dialog", { name: "Voices in German" });
      const voice = picker.locator("[data-voice^=espeak]").nth(1);
      const audition = page.waitForResponse((answer) => /auditions\/try_\w+\/audio$/.test(answer.url()));
      await touch(voice);
      expect((await audition).status()).toBeLessThan(300);
      await expect(voice).not.toHaveAttribute("data-heard", "failed");
      await look("voices");
      await touch(picker.getByRole("button", { name: "Use this voice" }));
      await expect(picker).toBeHidden();
      await expect.poll(async () => (await german())[3]?.voice?.kind).toBe("stock");
      await leave(sheet);
      await expect(lineOf(4).locator("[data-issue=stale]")).toBeVisible(); // spoken by the old one still

      // a clip of the dub is moved by hand
      const start = (await german())[5]?.start_s ?? 0;
      await go(6);
      await page.evaluate(() => scrollTo(0, 0));
      await touch(page.getByRole("button", { name: "Zoom to the line" }));
      const [left, right] = await Promise.all(["Start", "End"].map((edge) => page.getByRole("slider", { name: `${edge} of line 6 in the dub` }).boundingBox()));
      if (!left || !right) throw new Error("no clip to drag");
      const from = { x: (left.x + left.width + right.x) / 2, y: left.y + left.height / 2 };
      await drag(page, phone ? await context.newCDPSession(page) : null, from, 40, async () => {
        await expect(page.getByTestId("drag-fit")).toContainText(/fits|faster|too long/);
        await look("clip");
      });
      await expect.poll(async () => (await german())[5]).toMatchObject({ moved: true });
      expect((await german())[5]?.start_s).toBeGreaterThan(start + 0.05);

      // what was changed is spoken and exported, and all languages are taken away as one file
      await click(page.getByRole("main").getByRole("button", { name: /^Dub \d+ changes? and export$/ }));
      await expect(page.getByTestId("task-status")).toHaveAttribute("data-status", "completed", { timeout: 180_000 });
      expect((await german()).filter(({ state }) => state !== "dubbed")).toEqual([]);
      await click(page.getByRole("button", { name: "Export", exact: true }));
      const exporting = page.getByRole("dialog", { name: "Export" });
      await expect(exporting.getByRole("combobox", { name: "Make another file" })).toHaveText("One video with all languages");
      await click(exporting.getByRole("button", { name: "Create" }));
      const master = exporting.locator("[data-recipe=master]");
      await expect(master).toHaveAttribute("data-export", "completed", { timeout: 120_000 });
      await expect(master).not.toContainText("older than its lines");
      await master.scrollIntoViewIfNeeded();
      await look("master");
      clicks += 1;
      const [download] = await Promise.all([page.waitForEvent("download"), touch(master.getByRole("link").first())]);
      expect(download.suggestedFilename()).toMatch(/^dialogue\.master\.(mp4|mkv)$/);
      const probe = ["-v", "error", "-select_streams", "a", "-show_entries", "stream_tags=language", "-of", "csv=p=0"];
      expect(execFileSync("ffprobe", [...probe, await download.path()]).toString().trim().split("\n").toSorted()).toEqual(["deu", "eng", "spa"]);
      expect(clicks, "the whole job, but for what is mended").toBeLessThanOrEqual(12);
    });
  });
}

interface Hands {
  phone: boolean;
  touch: (target: Locator) => Promise<void>;
  look: (name: string) => Promise<void>;
}

/** Go through the doubtful lines: German ones get a shorter text, are spoken again and accepted, until there are five. */
async function mendFive(page: Page, panel: Locator, german: () => Promise<Line[]>, { phone, touch, look }: Hands): Promise<Map<string, string>> {
  await touch(panel.getByRole("button", { name: /^Go through \d+ lines/ }));
  const bar = page.getByTestId("review-bar");
  const count = Number(/1 of (\d+)/.exec((await bar.textContent()) ?? "")?.[1]);
  const fixed = new Map<string, string>();
  for (let at = 1; at <= count && fixed.size < 5; at += 1) {
    await expect(bar).toContainText(`${at} of ${count}`);
    if (!(await bar.textContent())?.includes("German")) {
      await (phone ? touch(bar.getByRole("button", { name: "Skip" })) : page.keyboard.press("s"));
      continue;
    }
    await expect(page.locator("[data-language=de]")).toHaveAttribute("aria-pressed", "true"); // the walk goes there by itself
    const line = page.getByTestId("lines").locator("[data-chosen]");
    const field = line.getByRole("textbox", { name: /^Translation of/ });
    await expect(field).toHaveValue(/\S/);
    const segment = (await line.getAttribute("data-segment")) ?? "";
    const text = SHORTER[fixed.size] ?? "";
    if (phone) {
      await touch(bar.getByRole("button", { name: "Edit" }));
      await expect(field).toBeFocused();
      await field.fill(text);
      if (fixed.size === 0) await look("edit");
      await touch(bar.getByRole("button", { name: "Dub again" }));
    } else {
      await page.keyboard.press("e");
      await expect(field).toBeFocused();
      await page.keyboard.press("ControlOrMeta+a");
      await page.keyboard.type(text);
      await page.keyboard.press("Enter"); // saved; the walk stays at the line
      await page.keyboard.press("r");
    }
    await expect.poll(async () => (await german()).find((one) => one.segment_id === segment), { timeout: 120_000 }).toMatchObject({ text, state: "dubbed" });
    const row = page.locator(`[data-segment="${segment}"]`);
    await expect(row).toHaveAttribute("data-state", "dubbed");
    await expect(row.locator("[data-issue=overflow]")).toHaveCount(0);
    fixed.set(segment, text);
    if (fixed.size === 1) await look("mended");
    await (phone ? touch(bar.getByRole("button", { name: "Accept" })) : page.keyboard.press("Enter"));
  }
  expect(fixed.size).toBe(5);
  await touch(bar.getByRole("button", { name: "End the review" }));
  await expect.poll(async () => (await german()).filter(({ pinned }) => pinned).length).toBe(5);
  return fixed;
}

/** Drag by mouse, or by a finger where there is one. */
async function drag(page: Page, finger: { send: (method: "Input.dispatchTouchEvent", event: { type: "touchStart" | "touchMove" | "touchEnd"; touchPoints: { x: number; y: number }[] }) => Promise<unknown> } | null, from: { x: number; y: number }, by: number, meanwhile: () => Promise<void>): Promise<void> {
  const steps = [1, 2, 3, 4].map((step) => ({ x: from.x + (by * step) / 4, y: from.y }));
  if (finger) {
    await finger.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [from] });
    for (const at of steps) await finger.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: [at] });
    await meanwhile();
    // a finger let go in motion flings, and Chromium takes a tap within some 100 ms after that for the end of the fling
    for (const y of [from.y + 1, from.y]) await finger.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: [{ x: from.x + by, y }] });
    return void (await finger.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] }));
  }
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  for (const at of steps) await page.mouse.move(at.x, at.y);
  await meanwhile();
  await page.mouse.up();
}
