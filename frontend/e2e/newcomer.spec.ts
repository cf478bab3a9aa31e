import { expect, test } from "@playwright/test";
import { expectAccessible, screens, tasks } from "./support";

test("who has no video tries the sample: two clicks to a dub that plays", async ({ page, request }) => {
  for (const { task_id } of await tasks(request)) await request.delete(`/api/tasks/${task_id}`);
  await page.goto("/");
  const sample = page.getByRole("button", { name: "Try the sample" });
  await expect(sample).toBeVisible();
  await expectAccessible(page);
  await page.screenshot({ path: `${screens}/first-run.png` });
  await sample.click();
  await expect(page).toHaveURL(/\/tasks\//);
  await expect(page.getByTestId("task-status")).toHaveAttribute("data-status", "completed", { timeout: 180_000 });
  await expect(page.getByRole("radio", { name: "Dub", exact: true })).toHaveAttribute("data-state", "on");
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await expect.poll(() => page.getByTestId("video").evaluate((video: HTMLVideoElement) => video.currentTime)).toBeGreaterThan(1);
  await expect.poll(() => page.getByTestId("dub").evaluate((dub: HTMLAudioElement) => dub.currentTime)).toBeGreaterThan(1);
  await request.delete(`/api/tasks/${page.url().split("/").at(-1)?.split("?")[0]}`);
});
