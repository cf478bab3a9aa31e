import { expect, test, type Page } from "@playwright/test";
import { clips } from "./media";
import { finishedTask, row } from "./support";

/** Nothing that was typed, asked for or shown is lost or mistaken when something else goes wrong. */
test.describe("what is kept", () => {
  test.describe.configure({ mode: "serial" });
  let [one, other] = ["", ""];
  test.beforeAll(async ({ request }) => {
    [one, other] = (await Promise.all(["One", "Other"].map((name) => finishedTask(request, clips[0] ?? "", ["es"], `${name} of two.mp4`)))) as [string, string];
  });
  test.afterAll(async ({ request }) => void (await Promise.all([one, other].map((id) => request.delete(`/api/tasks/${id}`)))));

  const translation = (page: Page, number: number) => page.getByRole("textbox", { name: `Translation of line ${number}` });
  const texts = async (page: Page) => ((await (await page.request.get(`/api/tasks/${one}/languages/es/lines`)).json()) as { text: string }[]).map(({ text }) => text);

  test("what is typed while a save is on its way is kept, and saved after it", async ({ page }) => {
    await page.goto(`/tasks/${one}`);
    let held: (() => void) | undefined;
    await page.route("**/lines/*", async (route) => {
      if (route.request().method() === "PATCH" && !held) await new Promise<void>((go) => (held = go));
      await route.continue();
    });
    await translation(page, 1).fill("Uno.");
    await translation(page, 1).press("Enter");
    await expect.poll(() => held !== undefined).toBe(true);
    await translation(page, 1).fill("Uno. Y dos.");
    const saved = page.waitForResponse((answer) => answer.request().method() === "PATCH");
    held?.();
    await saved;
    await expect(translation(page, 1)).toHaveValue("Uno. Y dos.");
    await translation(page, 1).press("Enter");
    await expect.poll(async () => (await texts(page))[0]).toBe("Uno. Y dos.");
    await expect(translation(page, 1)).not.toHaveAttribute("data-draft");
  });

  test("what is typed while the server is away is sent when it is back", async ({ page }) => {
    await page.goto(`/tasks/${one}`);
    await page.route("**/lines/*", (route) => (route.request().method() === "PATCH" ? route.abort() : route.continue()));
    await translation(page, 2).fill("Mientras no hay red.");
    await translation(page, 2).press("Enter");
    await expect(page.getByText("What you typed is kept.")).toBeVisible();
    await page.unroute("**/lines/*");
    await expect(page.getByText("Saved: the text you typed while the server was down.")).toBeVisible();
    expect((await texts(page))[1]).toBe("Mientras no hay red.");
  });

  test("a line that is spoken again in one task waits in no other, and one that nobody speaks is not waited for", async ({ page }) => {
    await page.goto(`/tasks/${one}`);
    const again = (number: number) => row(page, number).getByRole("button", { name: "Dub line again" });
    await page.route("**/dub", (route) => route.fulfill({ status: 202, json: {} })); // taken, and stopped before it began
    await again(1).click();
    await expect(row(page, 1).getByRole("button", { name: "Dubbing…" })).toBeDisabled();
    await page.getByRole("link", { name: "Back to all tasks" }).click();
    await page.getByRole("link", { name: "Other of two.mp4" }).click();
    await expect(again(1)).toBeEnabled();
    await again(2).click();
    await expect(row(page, 2).getByRole("button", { name: "Dubbing…" })).toBeDisabled();
    await expect(again(2)).toBeEnabled();
    await page.unroute("**/dub");
    await page.route("**/dub", (route) => route.fulfill({ status: 503, json: {} }));
    await again(1).click();
    await expect(again(1)).toBeEnabled();
  });

  test("a part of the page that cannot be loaded leaves the rest, and is loaded again", async ({ page }) => {
    await page.goto("/dashboard");
    await expect(page.locator("[data-task]").first()).toBeVisible();
    await page.route("**/assets/editor-page*", (route) => route.abort());
    await page.getByRole("link", { name: "One of two.mp4" }).click();
    await expect(page.getByRole("alert")).toContainText("could not be loaded");
    await expect(page.getByRole("navigation", { name: "Main" })).toBeVisible();
    await page.route("**/assets/palette*", (route) => route.abort());
    await page.keyboard.press("Control+k");
    await expect(page.getByRole("alert")).toHaveCount(2);
    await page.unroute("**/assets/editor-page*");
    await page.getByRole("main").getByRole("button", { name: "Try again" }).click();
    await expect(translation(page, 1)).toBeVisible();
  });

  test("a newer version is told", async ({ page }) => {
    await page.goto("/dashboard");
    await expect(page.locator("[data-connection=live]")).toBeVisible();
    await expect(page.getByText("There is a new version")).toBeHidden();
    await page.route(/\/$/, async (route) => route.fulfill({ contentType: "text/html", body: '<script type="module" crossorigin src="/assets/index-newer.js"></script>' }));
    await page.evaluate(() => window.dispatchEvent(new Event("vite:preloadError")));
    await expect(page.getByText("There is a new version of LocalClip.")).toBeVisible();
    await expect(page.getByRole("button", { name: "Reload to update" })).toBeVisible();
  });
});
