import { expect, test, type Page } from "@playwright/test";
import { clips } from "./media";
import { choose, expectAccessible, expectHeadings, expectNoOverflow, expectTargets, finishedTask, makeBatch, screens } from "./support";

let id = "";
let batch = "";

/** Bring a part of the inspector up: by its tab, on a phone from below. */
async function inspect(page: Page, part: number): Promise<void> {
  await expect(page.getByTestId("lines")).toBeVisible();
  const phone = (page.viewportSize()?.width ?? 0) < 1024;
  await (phone ? page.getByRole("main").getByRole("navigation").getByRole("button") : page.getByRole("tab")).nth(part).click();
}

/** Every page and dialog, and how one gets there. */
const PLACES: Record<string, (page: Page) => Promise<void>> = {
  dashboard: async (page) => {
    await page.goto("/dashboard");
    await expect(page.locator("[data-task]").first()).toBeVisible();
  },
  batch: async (page) => {
    await page.goto("/dashboard");
    await page.locator(`[data-batch=${batch}]`).getByRole("link").first().click();
    await expect(page.getByRole("heading", { level: 1, name: "Every page" })).toBeVisible();
    await expect(page.getByText("two.mp4")).toBeVisible();
  },
  "dashboard-selected": async (page) => {
    await page.goto("/dashboard");
    await page.getByRole("checkbox").first().check();
    await expect(page.getByRole("toolbar")).toBeVisible();
    await page.locator("[data-task] [aria-haspopup=menu]").first().click();
    await expect(page.getByRole("menuitem").first()).toBeVisible();
  },
  editor: async (page) => {
    await page.goto(`/tasks/${id}`);
    await expect(page.getByTestId("lines").getByRole("listitem").first()).toBeVisible();
    await page.getByTestId("lines").getByRole("listitem").first().getByRole("textbox").nth(1).click();
    await page.locator("[data-testid=timeline][data-ready=true]").waitFor();
  },
  "editor-task": async (page) => {
    await page.goto(`/tasks/${id}`);
    await inspect(page, 3);
    await expect(page.getByTestId("task-engines")).toBeVisible();
  },
  "editor-speakers": async (page) => {
    await page.goto(`/tasks/${id}`);
    await inspect(page, 2);
    await expect(page.getByTestId("voice").last()).toBeVisible();
  },
  voices: async (page) => {
    await page.goto(`/tasks/${id}`);
    await inspect(page, 2);
    await page.getByTestId("voice").last().click();
    await expect(page.locator("[data-voice]").nth(5)).toBeVisible();
  },
  export: async (page) => {
    await page.goto(`/tasks/${id}`);
    await page.locator("main header button").last().click();
    await expect(page.getByRole("dialog").getByRole("link").first()).toBeVisible();
  },
  "export-many": async (page) => {
    await page.goto("/dashboard");
    await page.locator(`[data-task=${id}]`).getByRole("checkbox").check();
    await page.getByRole("toolbar").getByRole("button").nth(3).click();
    await expect(page.getByRole("dialog").getByRole("combobox")).toBeVisible();
  },
  "editor-review": async (page) => {
    await page.goto(`/tasks/${id}`);
    await inspect(page, 1);
    await expect(page.locator("[data-gate]:visible")).toHaveCount(2);
  },
  commands: async (page) => {
    await page.goto(`/tasks/${id}`);
    await expect(page.getByTestId("lines").getByRole("listitem").first()).toBeVisible();
    await page.keyboard.press("Control+k");
    await expect(page.getByRole("dialog").getByRole("option").nth(20)).toBeAttached();
  },
  help: async (page) => {
    await page.goto(`/tasks/${id}`);
    await expect(page.getByTestId("lines").getByRole("listitem").first()).toBeVisible();
    await page.keyboard.press("?");
    await expect(page.getByRole("dialog").getByRole("definition").first()).toBeVisible();
  },
  conflict: async (page) => {
    await page.goto(`/tasks/${id}`);
    const field = page.getByTestId("lines").getByRole("listitem").first().getByRole("textbox").nth(1);
    const [line] = (await (await page.request.get(`/api/tasks/${id}/languages/es/lines`)).json()) as { segment_id: string; text: string }[];
    await field.fill("Una cosa mía.");
    const saved = await page.request.patch(`/api/tasks/${id}/languages/es/lines/${line?.segment_id}`, { data: { text: `${line?.text} Sí.` }, headers: { "If-Match": "*" } });
    expect(saved.status()).toBe(200);
    await field.press("Enter");
    await expect(page.getByRole("dialog").getByRole("figure")).toHaveCount(2);
  },
  leave: async (page) => {
    await page.goto(`/tasks/${id}`);
    await page.getByTestId("lines").getByRole("listitem").first().getByRole("textbox").nth(1).fill("Not saved");
    await page.route("**/lines/**", (route) => (route.request().method() === "PATCH" ? route.abort() : route.continue()));
    await page.locator("header nav").getByRole("link").last().click();
    await expect(page.getByRole("dialog").getByRole("button")).toHaveCount(3);
  },
  plan: async (page) => {
    await page.goto("/dashboard");
    await page.getByTestId("file-input").first().setInputFiles(clips);
    await expect(page.getByRole("dialog").getByRole("checkbox").first()).toBeVisible();
  },
  settings: async (page) => {
    await page.goto("/settings");
    await expect(page.getByRole("heading", { level: 3 }).first()).toBeVisible();
    await expect(page.getByRole("row").nth(1)).toBeVisible();
  },
  "not-found": async (page) => {
    await page.goto("/nowhere");
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  },
  "task-gone": async (page) => {
    await page.goto("/tasks/task_20200101_000000_00000000");
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  },
};

const SIZES = {
  390: { viewport: { width: 390, height: 844 }, hasTouch: true },
  1440: { viewport: { width: 1440, height: 900 }, hasTouch: false },
  2560: { viewport: { width: 2560, height: 1440 }, hasTouch: false },
} as const;

const look = (locale: "en-GB" | "zh-CN", colorScheme: "light" | "dark", size: keyof typeof SIZES) => ({
  name: `${locale.slice(0, 2)}-${colorScheme}-${size}`,
  options: { locale, colorScheme, ...SIZES[size] },
});

/** Both languages, colours and sizes, English on a phone, where it is the longer; LOCALCLIP_E2E_LOOKS=all takes all twelve. */
const LOOKS =
  process.env["LOCALCLIP_E2E_LOOKS"] === "all"
    ? (["en-GB", "zh-CN"] as const).flatMap((locale) =>
        (["light", "dark"] as const).flatMap((scheme) => ([390, 1440, 2560] as const).map((size) => look(locale, scheme, size))),
      )
    : [look("zh-CN", "light", 1440), look("en-GB", "dark", 390)];

test.beforeAll(async ({ request }) => {
  id = await finishedTask(request, clips[1] ?? "", ["es", "fr"], "Every page.mp4");
  for (const name of ["Ada", "Grace"]) await request.post(`/api/tasks/${id}/speakers`, { data: { name } }); // more lanes than a phone shows
  batch = await makeBatch(request, "Every page", ["one.mp4", "two.mp4"], { target_languages: ["es"] });
});
test.afterAll(async ({ request }) => {
  await request.delete(`/api/tasks/${id}`);
  await request.delete(`/api/batches/${batch}`);
});

for (const { name: shown, options } of LOOKS) {
  test.describe(shown, () => {
    test.use(options);
    for (const [name, go] of Object.entries(PLACES)) {
      test(`${name} has nothing for axe to find, and nothing too small to hit`, async ({ page }) => {
        const problems: string[] = [];
        page.on("pageerror", (error) => problems.push(error.message));
        await go(page);
        await expect(page.locator("[data-connection=live]")).toBeVisible();
        await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => (animation.effect?.getTiming().iterations === Infinity ? null : animation.finished.catch(() => null)))));
        await page.screenshot({ path: `${screens}/${shown}-${name}.png` });
        await expectNoOverflow(page);
        await expectHeadings(page);
        await expectTargets(page, options.hasTouch ? 36 : 24);
        if (options.locale === "zh-CN") await expect(page.locator("span[lang=en]:visible")).toHaveCount(0); // no service's English
        await expectAccessible(page);
        expect(problems).toEqual([]);
      });
    }
  });
}

for (const { name: shown, options } of LOOKS) {
  test.describe(shown, () => {
    test.use({ ...options, locale: "en-GB" });
    test("uploads and messages cover neither the text one is in nor the buttons one works with", async ({ page }) => {
      await page.goto("/dashboard");
      await page.getByTestId("file-input").first().setInputFiles(clips);
      await expect(page.getByRole("dialog")).toBeVisible();
      await page.keyboard.press("Escape");
      const uploads = page.getByRole("region", { name: "Uploads" });
      await expect(uploads.getByRole("listitem")).toHaveCount(3);
      const card = page.locator("[data-task]").last();
      await card.getByRole("link").first().focus();
      await expect(card.getByRole("link").first()).toBeInViewport({ ratio: 1 });
      expect(await covered(page, "[data-task] a:focus")).toEqual([]);
      await page.locator(`[data-task=${id}]`).getByRole("link", { name: "Every page.mp4" }).click();
      const field = page.getByRole("textbox", { name: /^Translation of line/ }).last();
      await expect(field).toBeVisible();
      await page.route("**/lines/**", (route) => (route.request().method() === "PATCH" ? route.abort() : route.continue()));
      await field.fill("Una cosa más.");
      await field.blur();
      await expect(page.locator("[data-sonner-toast]")).toContainText("What you typed is kept");
      await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => (animation.effect?.getTiming().iterations === Infinity ? null : animation.finished.catch(() => null)))));
      await field.focus();
      await page.screenshot({ path: `${screens}/${shown}-messages.png` });
      expect(await covered(page, ":focus, main header .bg-accent, [data-testid=picture], section:has([data-testid=picture]) button, main nav button")).toEqual([]);
      await expect(uploads).toBeVisible();
    });
  });
}

/** What uploads and messages, which have to be there, cover of the elements that are named. */
const covered = (page: Page, selector: string): Promise<string[]> =>
  page.evaluate((names) => {
    const over = [...document.querySelectorAll("[data-sonner-toast], section[aria-label=Uploads]")].map((one) => one.getBoundingClientRect());
    if (over.length === 0) return ["nothing that could cover anything"];
    return [...document.querySelectorAll<HTMLElement>(names)].filter((one) => one.checkVisibility()).flatMap((one) => {
      const { left, right, top, bottom } = one.getBoundingClientRect();
      const hidden = over.some((box) => box.left < right && box.right > left && box.top < bottom && box.bottom > top);
      return hidden ? [`${one.tagName.toLowerCase()} ${one.ariaLabel ?? one.textContent?.slice(0, 40)}: ${Math.round(top)}–${Math.round(bottom)}`] : [];
    });
  }, selector);

test("the settings have a menu that leads to each part", async ({ page }) => {
  await page.goto("/settings");
  const menu = page.getByRole("navigation", { name: "Sections of the settings" });
  await expect(menu.getByRole("link")).toHaveCount(9);
  await menu.getByRole("link", { name: "Glossary" }).click();
  await expect(page).toHaveURL(/#glossary$/);
  await expect(page.getByRole("heading", { name: "Glossary", exact: true })).toBeInViewport();
  await expect(menu.getByRole("link", { name: "Appearance" })).toBeInViewport(); // it stays
  await page.screenshot({ path: `${screens}/settings-menu.png` });
});

test("an address with a part of the settings shows it, though what stands above comes late", async ({ page }) => {
  let come = () => {};
  const late = new Promise<void>((resolve) => (come = resolve));
  await page.route("**/api/languages", async (route) => (await late, route.continue()));
  await page.goto("/settings#glossary");
  const glossary = page.getByRole("heading", { name: "Glossary", exact: true });
  await expect(glossary).toBeVisible();
  come();
  await expect(page.getByRole("rowheader", { name: "Spanish" })).toBeVisible();
  await expect(glossary).toBeInViewport();
});

test("language and colours follow the system until they are chosen", async ({ browser }) => {
  const context = await browser.newContext({ locale: "zh-CN", colorScheme: "dark" });
  const page = await context.newPage();
  await page.goto("/settings");
  await expect(page.getByRole("heading", { name: "设置", exact: true })).toBeVisible();
  await expect(page.locator("html")).toHaveClass(/dark/);
  await expect(page.locator("html")).toHaveAttribute("lang", "zh-CN");
  await choose(page.getByRole("combobox", { name: "语言", exact: true }), "English");
  await page.getByRole("radio", { name: "Light" }).click();
  await page.reload();
  await expect(page.getByRole("heading", { name: "Settings", level: 1 })).toBeVisible();
  await expect(page.locator("html")).not.toHaveClass(/dark/);
  await context.close();
});

test("a crash of one panel leaves the others", async ({ page }) => {
  await page.route("**/api/tasks/*/engines", (route) => route.fulfill({ json: { not: "a list" } }));
  await page.goto(`/tasks/${id}`);
  await page.getByRole("tab", { name: "Task" }).click();
  await expect(page.getByRole("region", { name: "Properties" }).getByRole("alert")).toBeVisible();
  await expect(page.getByTestId("lines").getByRole("listitem").first()).toBeVisible();
  await page.screenshot({ path: `${screens}/panel-crash.png` });
});

test("a server that is away is said so", async ({ page }) => {
  await page.route("**/api/tasks**", (route) => route.abort());
  await page.goto("/dashboard");
  await expect(page.getByRole("alert")).toContainText("The server does not answer", { timeout: 30_000 });
  await page.screenshot({ path: `${screens}/offline.png` });
  await page.unroute("**/api/tasks**");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.locator("[data-task]").first()).toBeVisible();
});

test("a gateway with keys asks for one, and lets in who has it", async ({ page }) => {
  const key = "a-key-of-somebody-01";
  await page.route("**/api/**", async (route) => {
    const cookie = (await route.request().allHeaders())["cookie"] ?? "";
    if (cookie.includes(key)) await route.continue();
    else await route.fulfill({ status: 401, contentType: "application/problem+json", json: { code: "unauthorized" } });
  });
  await page.goto("/dashboard");
  await expect(page.getByRole("heading", { name: "This LocalClip needs a key" })).toBeVisible();
  await page.screenshot({ path: `${screens}/key.png` });
  await expectAccessible(page);
  await page.getByLabel("API key").fill("not the right one at all");
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page.getByText("This key is not accepted.")).toBeVisible();
  await page.getByLabel("API key").fill(key);
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page.locator("[data-task]").first()).toBeVisible();
});

test("everything is reached by keyboard", async ({ page }) => {
  await page.goto("/dashboard");
  await expect(page.getByRole("searchbox")).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("searchbox")).toBeFocused();
});
