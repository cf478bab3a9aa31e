import { expect, test } from "@playwright/test";
import { clips, heavy, notAVideo } from "./media";
import { Proxy } from "./proxy";
import { bring, taskNamed, tasks } from "./support";

test.describe("uploads", () => {
  let proxy: Proxy;
  let url: string;
  test.beforeEach(async ({ baseURL }) => {
    proxy = new Proxy(baseURL ?? "");
    url = await proxy.start();
  });
  test.afterEach(() => proxy.stop());

  const parts = (from = 0) => new Set(proxy.seen.slice(from).flatMap((line) => /^PUT .*\/parts\/(\d+)\?/.exec(line)?.[1] ?? []));

  test("go on after a reload where they stopped", async ({ page, request }) => {
    proxy.uploadBytesPerS = 4_000_000;
    proxy.mostParts = 3;
    await page.goto(`${url}/dashboard`);
    await page.getByTestId("file-input").first().setInputFiles(heavy);
    await page.getByRole("dialog").getByRole("checkbox", { name: "Spanish" }).check();
    await page.getByRole("dialog").getByRole("button", { name: /^Dub into/ }).click();
    const uploads = page.getByRole("region", { name: "Uploads" });
    await expect(uploads).toContainText("left", { timeout: 30_000 });
    await page.screenshot({ path: "test-results/screens/uploading.png" });
    const id = () => proxy.seen.map((line) => /\/api\/uploads\/(upload_\w+)\/parts/.exec(line)?.[1]).find(Boolean);
    await expect.poll(async () => ((await (await request.get(`/api/uploads/${id()}`)).json()) as { arrived: unknown[] }).arrived.length, { timeout: 40_000 }).toBe(proxy.mostParts);
    page.on("dialog", (dialog) => void dialog.accept());
    await page.reload();
    const arrived = ((await (await request.get(`/api/uploads/${id()}`)).json()) as { arrived: { part_number: number }[] }).arrived.map((part) => String(part.part_number));
    await expect(uploads).toContainText(/Interrupted.* [1-9]\d MB \/ /); // what is there already
    await page.screenshot({ path: "test-results/screens/upload-interrupted.png" });
    proxy.uploadBytesPerS = proxy.mostParts = Infinity;
    const mark = proxy.seen.length;
    await page.getByTestId("file-input").first().setInputFiles(heavy);
    const task = await taskNamed(request, "Long recording.mp4");
    await expect(uploads.getByRole("link", { name: "Long recording.mp4" })).toBeVisible();
    for (const number of arrived) expect(parts(mark).has(number), `part ${number} was sent again`).toBe(false);
    expect(parts(mark).size + arrived.length).toBe(5);
    await request.delete(`/api/tasks/${task.task_id}`);
  });

  for (const how of ["drop", "paste"] as const) {
    test(`begin with a ${how} anywhere, of many videos at once`, async ({ page, request }) => {
      await page.goto(`${url}/settings`);
      await expect(page.getByRole("heading", { name: "Settings", level: 1 })).toBeVisible();
      const before = new Set((await tasks(request)).map(({ task_id }) => task_id));
      await bring(page, how, clips.slice(0, 2));
      const dialog = page.getByRole("dialog", { name: "How should the 2 videos be dubbed?" });
      await expect(dialog).toContainText("Opening scene.mp4");
      await expect(page.getByText("Drop to upload")).toBeHidden();
      await dialog.getByRole("button", { name: "Upload only" }).click();
      await expect(page.getByRole("region", { name: "Uploads" }).getByRole("link")).toHaveCount(2, { timeout: 30_000 });
      const made = (await tasks(request)).filter(({ task_id }) => !before.has(task_id));
      expect(made.map(({ video_original_name }) => video_original_name).toSorted()).toEqual(["Opening scene.mp4", "访谈 第一集.mp4"].toSorted());
      for (const { task_id } of made) await request.delete(`/api/tasks/${task_id}`);
    });
  }

  test("are announced while they are dragged over the page", async ({ page }) => {
    await page.goto(`${url}/dashboard`);
    await expect(page.getByRole("heading", { name: "Tasks" })).toBeVisible();
    const drag = (type: string, files: boolean) =>
      page.evaluate(({ type, files }) => {
        const dataTransfer = new DataTransfer();
        if (files) dataTransfer.items.add(new File([""], "a.mp4"));
        else dataTransfer.setData("text/plain", "a word");
        document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
      }, { type, files });
    await drag("dragenter", false);
    await expect(page.getByText("Drop to upload")).toBeHidden();
    await drag("dragenter", true);
    await expect(page.getByText("Drop to upload")).toBeVisible();
    await page.screenshot({ path: "test-results/screens/dropping.png" });
    await drag("dragleave", true);
    await expect(page.getByText("Drop to upload")).toBeHidden();
  });

  test("say why a file is refused, before it is sent", async ({ page }) => {
    await page.goto(`${url}/dashboard`);
    await page.getByTestId("file-input").first().setInputFiles(notAVideo);
    const uploads = page.getByRole("region", { name: "Uploads" });
    await expect(uploads.getByRole("alert")).toContainText("neither a video nor a sound file");
    expect(parts().size).toBe(0);
    await page.keyboard.press("Escape");
    await page.screenshot({ path: "test-results/screens/upload-refused.png" });
  });

  test("pause, go on, and are canceled with all that had arrived", async ({ page, request }) => {
    proxy.uploadBytesPerS = 4_000_000;
    proxy.mostParts = 2; // it does not end by itself
    await page.goto(`${url}/dashboard`);
    await page.getByTestId("file-input").first().setInputFiles(heavy);
    await expect(page.getByRole("dialog")).toBeVisible();
    await page.keyboard.press("Escape");
    const uploads = page.getByRole("region", { name: "Uploads" });
    await uploads.getByRole("button", { name: "Pause Long recording.mp4" }).click();
    await expect(uploads).toContainText("Paused");
    const mark = proxy.seen.length;
    await page.waitForTimeout(1500);
    expect(parts(mark).size).toBe(0);
    await uploads.getByRole("button", { name: "Continue Long recording.mp4" }).click();
    await expect.poll(() => parts(mark).size).toBeGreaterThan(0);
    const id = proxy.seen.map((line) => /\/api\/uploads\/(upload_\w+)\/parts/.exec(line)?.[1]).find(Boolean);
    await uploads.getByRole("button", { name: "Cancel Long recording.mp4" }).click();
    await expect.poll(async () => (await request.get(`/api/uploads/${id}`)).status()).toBe(404);
    await expect(uploads).toBeHidden();
  });

  test("wait for a lost network and go on by themselves", async ({ page, context, request }) => {
    proxy.uploadBytesPerS = 4_000_000;
    proxy.mostParts = 2;
    await page.goto(`${url}/dashboard`);
    await page.getByTestId("file-input").first().setInputFiles(heavy);
    await page.getByRole("dialog").getByRole("button", { name: "Upload only" }).click();
    await expect.poll(() => parts().size).toBe(5); // two come, three are held
    await context.setOffline(true);
    proxy.lose(); // alone, the former ends nothing that is on its way
    const uploads = page.getByRole("region", { name: "Uploads" });
    await expect(uploads).toContainText("Waiting for the network");
    proxy.uploadBytesPerS = proxy.mostParts = Infinity;
    proxy.lost = false;
    await context.setOffline(false);
    const task = await taskNamed(request, "Long recording.mp4");
    await request.delete(`/api/tasks/${task.task_id}`);
  });
});
