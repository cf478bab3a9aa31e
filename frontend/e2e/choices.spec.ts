import { expect, test, type Locator, type Page } from "@playwright/test";
import { clips } from "./media";
import { choose, expectAccessible, expectNoOverflow, screens, still } from "./support";

/** The options of an upload: a dialog with a long list and short ones. */
async function plan(page: Page): Promise<Locator> {
  await page.goto("/dashboard");
  await page.getByTestId("file-input").first().setInputFiles(clips[2] ?? "");
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("checkbox", { name: "Spanish" })).toBeVisible(); // the languages are there
  return dialog;
}

/** The name of what an arrow or a letter has come to. */
async function active(page: Page): Promise<string> {
  const id = await page.locator(":focus").getAttribute("aria-activedescendant");
  return page.locator(`[id="${id}"]`).innerText();
}

async function expectInside(page: Page, box: Locator): Promise<void> {
  await still(page);
  const found = await box.boundingBox();
  const { width, height } = page.viewportSize() ?? { width: 0, height: 0 };
  if (!found) throw new Error("nothing is shown");
  expect(found.x).toBeGreaterThanOrEqual(0);
  expect(found.y).toBeGreaterThanOrEqual(0);
  expect(found.x + found.width).toBeLessThanOrEqual(width);
  expect(found.y + found.height).toBeLessThanOrEqual(height);
}

test("a short list is used by arrows and letters, and Esc leaves what was chosen", async ({ page }) => {
  await page.goto("/dashboard");
  const order = page.getByRole("combobox", { name: "Order", includeHidden: true }); // while it is open, the list is all there is
  const list = page.getByRole("listbox", { name: "Order" });
  await order.focus();
  await page.keyboard.press("ArrowDown");
  await expect(list).toBeFocused();
  await expect(order).toHaveAttribute("aria-expanded", "true");
  expect(await active(page)).toBe(await list.getByRole("option", { selected: true }).innerText());
  await page.keyboard.press("End");
  expect(await active(page)).toBe("Name Z–A");
  await page.keyboard.press("Home");
  await page.keyboard.type("name");
  expect(await active(page)).toBe("Name A–Z");
  await expectAccessible(page);
  await page.screenshot({ path: `${screens}/choice.png` });
  await page.keyboard.press("Escape");
  await expect(list).toBeHidden();
  await expect(order).toBeFocused();
  await expect(page).not.toHaveURL(/sort=/);
  await page.keyboard.type("n");
  await expect(list).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(order).toHaveText("Name A–Z");
  await expect(order).toBeFocused();
  await expect(page).toHaveURL(/sort=name/);
});

test("a long list is searched, within a dialog that stays", async ({ page }) => {
  await page.setViewportSize({ width: 1440, height: 480 }); // too low for all of it
  const dialog = await plan(page);
  const spoken = dialog.getByRole("combobox", { name: "Spoken language" });
  await spoken.click();
  const search = page.getByRole("combobox", { name: "Search the list" });
  const list = page.getByRole("listbox", { name: "Spoken language" });
  await expect(search).toBeFocused();
  await expectInside(page, list);
  await list.hover();
  await page.mouse.wheel(0, 2000);
  await expect.poll(() => list.evaluate((element) => element.scrollTop)).toBeGreaterThan(0);
  await search.fill("klingon");
  await expect(list.getByRole("option")).toHaveCount(0);
  await expect(page.getByText("Nothing with this name")).toBeVisible();
  await search.fill("germ");
  await expect(list.getByRole("option")).toHaveText(["German"]);
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await expect(list).toBeHidden();
  await expect(dialog).toBeVisible();
  await expect(spoken).toBeFocused();
  await page.keyboard.type("fr"); // the first letter opens it
  await expect(list.getByRole("option").first()).toHaveText("French");
  await page.keyboard.press("Enter");
  await expect(spoken).toHaveText("French");
});

test("a list that grows long while it is open is searched like any other", async ({ page }) => {
  let come = () => {};
  const late = new Promise<void>((resolve) => (come = resolve));
  await page.route("**/api/languages", async (route) => (await late, route.continue()));
  await page.goto("/dashboard");
  await page.getByTestId("file-input").first().setInputFiles(clips[2] ?? "");
  await page.getByRole("dialog").getByRole("combobox", { name: "Spoken language" }).click();
  await expect(page.getByRole("listbox", { name: "Spoken language" })).toBeFocused();
  come();
  await expect(page.getByRole("combobox", { name: "Search the list" })).toBeFocused();
});

test.describe("on a phone", () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true });

  test("a list comes up from below, as wide as the window", async ({ page }) => {
    const dialog = await plan(page);
    const spoken = dialog.getByRole("combobox", { name: "Spoken language" });
    await spoken.tap();
    const sheet = page.getByRole("dialog", { name: "Spoken language" });
    const list = page.getByRole("listbox");
    await expect(list).toBeFocused(); // no keyboard over it until somebody searches
    expect((await sheet.boundingBox())?.width).toBe(390);
    await expectInside(page, sheet);
    for (const option of await list.getByRole("option").all()) expect((await option.boundingBox())?.height).toBeGreaterThanOrEqual(44);
    await expectAccessible(page);
    await expectNoOverflow(page);
    await page.screenshot({ path: `${screens}/choice-390.png` });
    await page.mouse.click(195, 20);
    await expect(sheet).toBeHidden();
    await expect(dialog).toBeVisible();
    await choose(spoken, "German");
    await expect(spoken).toHaveText("German");
  });
});
