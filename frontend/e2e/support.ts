import { AxeBuilder } from "@axe-core/playwright";
import { expect, type APIRequestContext, type Locator, type Page } from "@playwright/test";

export interface TaskRead {
  task_id: string;
  status: string;
  video_original_name: string;
  batch_id: string | null;
  batch_row: number | null;
  language_status: Record<string, { status: string; progress: number; brought: boolean }>;
}

export const screens = "test-results/screens";

/** Choose files on the dashboard and say what is to become of them. */
export async function upload(page: Page, files: string[], languages: string[], start = true): Promise<void> {
  await page.goto("/dashboard");
  await page.getByTestId("file-input").first().setInputFiles(files);
  const dialog = page.getByRole("dialog");
  for (const name of ["Spanish", "French"]) await dialog.getByRole("checkbox", { name }).setChecked(languages.includes(name));
  await dialog.getByRole("button", { name: start ? /^Dub into/ : "Upload only" }).click();
  await expect(dialog).toBeHidden();
}

export async function tasks(request: APIRequestContext): Promise<TaskRead[]> {
  return (await request.get("/api/tasks")).json();
}

export async function taskNamed(request: APIRequestContext, name: string): Promise<TaskRead> {
  let found: TaskRead | undefined;
  await expect.poll(async () => (found = (await tasks(request)).find((task) => task.video_original_name === name))?.task_id, { timeout: 30_000 }).toBeTruthy();
  if (!found) throw new Error(`no task ${name}`);
  return found;
}

/** Make a task through the API and wait for its end. */
export async function finishedTask(request: APIRequestContext, file: string, languages: string[], name: string): Promise<string> {
  const { readFileSync } = await import("node:fs");
  const answer = await request.post("/api/tasks", {
    multipart: {
      config: JSON.stringify({ target_languages: languages, num_speakers: 2 }),
      start: "true",
      video: { name, mimeType: "video/mp4", buffer: readFileSync(file) },
    },
  });
  expect(answer.status()).toBe(201);
  const { task_id } = (await answer.json()) as TaskRead;
  await waitFor(request, task_id, "completed");
  return task_id;
}

export async function waitFor(request: APIRequestContext, id: string, status: string): Promise<void> {
  await expect.poll(async () => ((await (await request.get(`/api/tasks/${id}`)).json()) as TaskRead).status, { timeout: 180_000, intervals: [300] }).toBe(status);
}

/** Let go of files over the page, or paste them into it, as browsers tell it. */
export async function bring(page: Page, how: "drop" | "paste", files: string[]): Promise<void> {
  const { readFileSync } = await import("node:fs");
  const sent = files.map((file) => ({ name: file.split("/").at(-1) ?? "", bytes: readFileSync(file).toString("base64") }));
  await page.evaluate(({ how, sent }) => {
    const transfer = new DataTransfer();
    for (const { name, bytes } of sent) transfer.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], name, { type: "video/mp4" }));
    if (how === "paste") document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true }));
    else for (const type of ["dragenter", "dragover", "drop"]) document.body.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }, { how, sent });
}

/** Keep every text an element shows from now on. */
export async function record(page: Page, selector: string): Promise<() => Promise<string[]>> {
  await page.evaluate((selector) => {
    const kept: string[] = [];
    const look = () => {
      for (const element of document.querySelectorAll(selector)) {
        const text = element.textContent ?? "";
        if (kept.at(-1) !== text) kept.push(text);
      }
    };
    look();
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
    Object.assign(window, { [`kept ${selector}`]: kept });
  }, selector);
  return () => page.evaluate((selector) => (window as unknown as Record<string, string[]>)[`kept ${selector}`] ?? [], selector);
}

export const row = (page: Page, number: number): Locator => page.getByTestId("lines").getByRole("listitem").nth(number - 1);

/** Choose an entry of a list, by its name or its place. */
export async function choose(field: Locator, entry: string | number): Promise<void> {
  await field.click();
  const list = field.page().getByRole("listbox");
  await (typeof entry === "number" ? list.getByRole("option").nth(entry) : list.getByRole("option", { name: entry, exact: true })).click();
  await expect(list).toBeHidden();
}

/** What rises, fades or moves has come to its end; what turns for ever does not count. */
export const still = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    const ending = document
      .getAnimations()
      .filter((one) => one.playState === "running" && one.effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(ending.map((one) => one.finished));
  });

/** Nothing axe finds, by WCAG 2.2 AA. */
export async function expectAccessible(page: Page): Promise<void> {
  // what header and player, which stay, happen to cover at this moment is no target too small
  await page.evaluate(() => {
    for (const one of document.querySelectorAll<HTMLElement>("body *")) if (getComputedStyle(one).position === "sticky") one.style.position = "static";
  });
  // a message that goes, or a button that turns, while axe works has no colours in between
  await page.addStyleTag({ content: "*, ::before, ::after { transition: none !important }" });
  await still(page); // what fades in or out is too faint only for a moment
  const runOnly = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
  // The page has no frames, and what passes is not read: half the time.
  const axe = new AxeBuilder({ page }).options({ runOnly, resultTypes: ["violations"] }).setLegacyMode();
  const { violations } = await axe.analyze();
  expect(violations.map((one) => `${one.id}: ${one.nodes.map((node) => `${node.target} ${node.failureSummary}`).join(" | ")}`)).toEqual([]);
}

/**
 * All that can be clicked or dragged is at least `least` CSS px wide and high: itself, its label, or what is hit that far
 * around its middle. Links in a sentence need not be, nor dividers of panes, which are caught from beside them, nor with a
 * mouse the edges of a clip, whose times are fields, too. Names what is smaller.
 */
export async function expectTargets(page: Page, least: number): Promise<void> {
  await still(page);
  const kinds = "a[href], button, input, select, textarea, summary, [role=slider], [role=menuitem], [role=option], .cursor-pointer, [tabindex='0']:not([role=separator])";
  const small = await page.evaluate(
    ({ kinds, least }) => {
      const isMouse = matchMedia("(pointer: fine)").matches;
      const isSeen = (element: Element) => {
        const { width, height } = element.getBoundingClientRect();
        return element.checkVisibility({ visibilityProperty: true }) && width > 1 && height > 1 && !element.closest(".sr-only, [data-aria-hidden], [inert]");
      };
      const isInSentence = (element: Element) =>
        getComputedStyle(element).display === "inline" && [...(element.parentElement?.childNodes ?? [])].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim());
      const isLarge = (element: Element) => {
        const { width, height } = element.getBoundingClientRect();
        return Math.min(width, height) >= least - 0.5;
      };
      const isHitAround = (element: Element, targets: Element[]) => {
        element.scrollIntoView({ block: "center", inline: "center" });
        const { left, top, width, height } = element.getBoundingClientRect();
        const [x, y, far] = [left + width / 2, top + height / 2, least / 2 - 1];
        const around = [[x - far, y], [x + far, y], [x, y - far], [x, y + far]] as const;
        return around.every((at) => targets.some((target) => target.contains(document.elementFromPoint(...at))));
      };
      return [...document.querySelectorAll<HTMLElement>(kinds)].flatMap((element) => {
        const targets = [element, ...((element as HTMLInputElement).labels ?? [])];
        const seen = targets.find(isSeen);
        if (!seen || (isMouse && element.role === "slider") || isInSentence(element) || targets.some(isLarge) || isHitAround(seen, targets)) return [];
        const { width, height } = seen.getBoundingClientRect();
        const name = element.getAttribute("aria-label") ?? seen.textContent?.trim().slice(0, 40);
        return [`${element.tagName.toLowerCase()} "${name}": ${Math.round(width)} × ${Math.round(height)}`];
      });
    },
    { kinds, least },
  );
  expect(small).toEqual([]);
}

/** Headings begin with the page's own, in a dialog with the one below it, and leave out no level. */
export async function expectHeadings(page: Page): Promise<void> {
  const first = (await page.locator("[role=dialog], [role=menu]").count()) > 0 ? 2 : 1;
  const levels = await page.getByRole("heading").evaluateAll((all) => all.map(({ tagName }) => Number(tagName.slice(1))));
  expect([first - 1, ...levels].slice(0, -1).filter((level, n) => (levels[n] ?? 0) > level + 1), `headings ${levels}`).toEqual([]);
  if (first === 1) expect(levels.filter((level) => level === 1), `headings ${levels}`).toHaveLength(1);
}

/** The page is not wider than the window. */
export async function expectNoOverflow(page: Page): Promise<void> {
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0);
}

interface Batch {
  batch_id: string;
}

/** Make a batch through the API; `videos` are the rows, in their order. */
export async function makeBatch(request: APIRequestContext, name: string, rows: string[], config: object): Promise<string> {
  const answer = await request.post("/api/batches", { data: { name, config, rows: rows.map((source) => ({ source })) } });
  expect(answer.status(), await answer.text()).toBe(201);
  return ((await answer.json()) as { batch: Batch }).batch.batch_id;
}

/** Send the video of a row; answers with its task. */
export async function sendRow(request: APIRequestContext, batch: string, row: number, file: string, name: string): Promise<string> {
  const { readFileSync } = await import("node:fs");
  const answer = await request.post(`/api/tasks?batch_id=${batch}&row=${row}`, { multipart: { video: { name, mimeType: "video/mp4", buffer: readFileSync(file) } } });
  expect(answer.status(), await answer.text()).toBe(201);
  return ((await answer.json()) as TaskRead).task_id;
}
