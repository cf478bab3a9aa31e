import { describe, expect, it } from "vitest";
import { language, task } from "@/test-tasks";
import { canRetry, canStart, shownStatus, targets, taskTone, withProgress } from "./progress";

const event = (of: string, stage: string, progress: number, attempt = 1) => ({
  task_id: "task_1",
  language: of,
  stage,
  attempt,
  progress,
  message: "m",
  eta_seconds: 3,
});

describe("progress told by the stream", () => {
  it("moves one language and leaves the others as they are", () => {
    const before = task({ es: language({ status: "processing" }), fr: language({ status: "processing" }) });
    const after = withProgress(before, event("es", "voice_cloning", 40));
    expect(after.language_status["es"]).toMatchObject({
      progress: 14,
      stage: "voice_cloning",
      eta_seconds: 3,
      message: "m",
    });
    expect(after.language_status["fr"]).toBe(before.language_status["fr"]);
    expect(before.language_status["es"]?.progress).toBe(0);
  });

  it("counts the work done once per task for every language", () => {
    const after = withProgress(
      task({ es: language(), fr: language({ status: "completed", progress: 100 }) }),
      event("base", "speaker_diarization", 80),
    );
    expect(after.language_status["base"]?.progress).toBe(80);
    expect(after.language_status["es"]?.progress).toBe(20);
    expect(after.language_status["fr"]?.progress).toBe(100);
  });

  it("does not fall back to an attempt that is over, nor from completed", () => {
    const done = task({
      es: language({ stages: { translation: { status: "completed", progress: 100, attempt: 2 } } }),
    });
    expect(withProgress(done, event("es", "translation", 50, 1))).toBe(done);
    expect(withProgress(done, event("es", "translation", 50, 2))).toBe(done);
    expect(withProgress(done, event("es", "translation", 50, 3))).not.toBe(done);
  });

  it("ignores languages the task does not have", () => {
    const before = task();
    expect(withProgress(before, event("es", "translation", 50))).toBe(before);
  });
});

describe("what can be done", () => {
  it("follows from the languages", () => {
    const failed = task({ es: language({ status: "failed" }), fr: language({ status: "processing" }) });
    expect(targets(failed).map(([code]) => code)).toEqual(["es", "fr"]);
    expect([canStart(failed), canRetry(failed)]).toEqual([true, true]);
    const busy = task({ es: language({ status: "processing" }) });
    expect([canStart(busy), canRetry(busy)]).toEqual([false, false]);
  });
});

describe("how a task is shown", () => {
  it("is not green if nothing is said in the video", () => {
    const done = task({ es: language({ status: "completed" }) }, { status: "completed" });
    expect([shownStatus(done), taskTone(done)]).toEqual(["completed", "good"]);
    const silent = { ...done, nothing_to_dub: true };
    expect([shownStatus(silent), taskTone(silent)]).toEqual(["silent", "idle"]);
  });
});
