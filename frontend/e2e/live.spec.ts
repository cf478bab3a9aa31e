import { expect, test } from "@playwright/test";
import { clips } from "./media";
import { Proxy } from "./proxy";
import { finishedTask, tasks } from "./support";

test.describe("the event stream", () => {
  let proxy: Proxy;
  let url: string;
  test.beforeEach(async ({ baseURL }) => {
    proxy = new Proxy(baseURL ?? "");
    url = await proxy.start();
  });
  test.afterEach(() => proxy.stop());

  const polls = () => proxy.count("GET /api/tasks?");

  test("its loss switches to polling, and back, with the state of the server all the while", async ({ page, request }) => {
    await page.goto(`${url}/dashboard`);
    await expect(page.locator("[data-connection=live]")).toBeVisible();
    proxy.events = "refuse";
    proxy.cut();
    await expect(page.locator("[data-connection=polling]")).toBeVisible();
    const before = polls();
    const total = (await tasks(request)).length;
    await finishedTask(request, clips[0] ?? "", ["es"], "While polling.mp4");
    await expect(page.getByRole("heading", { name: "While polling.mp4" })).toBeVisible();
    await expect(page.getByTestId("total")).toContainText(String(total + 1));
    expect(polls()).toBeGreaterThan(before);
    await page.screenshot({ path: "test-results/screens/dashboard-polling.png" });
    proxy.events = "pass";
    await expect(page.locator("[data-connection=live]")).toBeVisible();
    const during = async (ms: number) => {
      const after = polls();
      await page.waitForTimeout(ms);
      return polls() - after;
    };
    await expect.poll(() => during(5000)).toBe(0); // more than two polls long; the first may see the read after the recovery
    expect(proxy.seen.some((line) => /GET \/api\/events\?last_event_id=\d+/.test(line))).toBe(true);
  });

  test("a stream that hangs is noticed", async ({ page }) => {
    await page.goto(`${url}/dashboard`);
    await expect(page.locator("[data-connection=live]")).toBeVisible();
    proxy.events = "hang";
    await expect(page.locator("[data-connection=polling]")).toBeVisible({ timeout: 30_000 });
    proxy.events = "pass";
    await expect(page.locator("[data-connection=live]")).toBeVisible({ timeout: 30_000 });
  });

  test("a browser without shared workers has a stream of its own in every tab", async ({ context, request }) => {
    await context.addInitScript(() => delete (window as { SharedWorker?: unknown }).SharedWorker);
    const pages = await Promise.all([context.newPage(), context.newPage()]);
    for (const page of pages) {
      await page.goto(`${url}/dashboard`);
      await expect(page.locator("[data-connection=live]")).toBeVisible();
    }
    expect(proxy.openStreams).toBe(2);
    const before = polls();
    const id = await finishedTask(request, clips[0] ?? "", ["es"], "Without a worker.mp4");
    for (const page of pages) await expect(page.locator(`[data-task=${id}][data-status=completed]`)).toBeVisible();
    await request.delete(`/api/tasks/${id}`);
    for (const page of pages) await expect(page.locator(`[data-task=${id}]`)).toHaveCount(0);
    expect(polls() - before).toBeLessThan(10); // as events asked for it, not every two seconds
    await pages[0]?.close();
    await expect.poll(() => proxy.openStreams).toBe(1);
  });

  test("all tabs share one", async ({ context, request }) => {
    const pages = await Promise.all(Array.from({ length: 8 }, () => context.newPage()));
    for (const page of pages) {
      await page.goto(`${url}/dashboard`);
      await expect(page.locator("[data-connection=live]")).toBeVisible();
    }
    expect(proxy.openStreams).toBe(1);
    const [created] = (await tasks(request)).slice(0, 1);
    const [first, second] = pages;
    if (!created || !first || !second) throw new Error("nothing to look at");
    await first.getByRole("button", { name: `More for ${created.video_original_name}` }).first().click();
    await first.getByRole("menuitem", { name: "Delete" }).click();
    await expect(second.locator(`[data-task=${created.task_id}]`)).toHaveCount(0, { timeout: 30_000 });
  });
});
