import { execFileSync } from "node:child_process";
import { expect, test } from "@playwright/test";
import { folder } from "./media";
import { expectAccessible, finishedTask, screens, tasks } from "./support";

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

test("a video in which nothing is said does not look like a finished dub", async ({ page, request }) => {
  const video = `${folder}/Nothing said.mp4`;
  execFileSync("ffmpeg", ["-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=d=3:s=320x240", "-f", "lavfi", "-i", "anullsrc=d=3", "-shortest", "-pix_fmt", "yuv420p", video]);
  const id = await finishedTask(request, video, ["es"], "Nothing said.mp4");
  await page.goto("/dashboard");
  const card = page.locator(`[data-task=${id}]`);
  await expect(card.getByText("Nothing dubbed", { exact: true })).toBeVisible();
  await expect(card).toContainText("The audio is silent");
  await expect(card).not.toContainText("Done");
  await page.goto(`/tasks/${id}`);
  await expect(page.getByTestId("task-status")).toHaveText("Nothing dubbed");
  await expect(page.getByTestId("progress-es")).toHaveText("Nothing dubbed");
  await request.delete(`/api/tasks/${id}`);
});
