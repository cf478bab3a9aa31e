import { expect, it } from "vitest";
import { anotherFolder, folderFor, folderOf, shareOf, statusOf, toneOf } from "./deliveries";

const delivery = (values: Partial<Parameters<typeof statusOf>[0]>): Parameters<typeof statusOf>[0] => ({
  delivery_id: "delivery_1",
  batch_id: "batch_1",
  bucket: "dubbed",
  prefix: "ready/season-1",
  languages: [],
  state: "copying",
  files: 6,
  done: 0,
  size: 600,
  size_done: 0,
  missing: [],
  error_code: null,
  error_message: null,
  next_at: null,
  created_at: "2026-01-01T00:00:00Z",
  ended_at: null,
  ...values,
});

it("a delivery is green only where every file lies there", () => {
  expect(toneOf(delivery({ state: "completed", done: 6 }))).toBe("good");
  expect(statusOf(delivery({ state: "completed", done: 5, missing: ["a.es.mp4"] }))).toBe("partly");
  expect(statusOf(delivery({ state: "completed", files: 0 }))).toBe("nothing");
  expect(toneOf(delivery({ state: "failed", done: 5 }))).toBe("bad");
});

it("one that is tried again is not said to be copied meanwhile", () => {
  expect(statusOf(delivery({ files: 0 }))).toBe("counting");
  expect(statusOf(delivery({}))).toBe("copying");
  expect(statusOf(delivery({ next_at: "2026-01-01T00:01:00Z", error_code: "storage_unavailable" }))).toBe("waiting");
});

it("bytes say how far it is, files where they are unknown", () => {
  expect(shareOf(delivery({ done: 3, size_done: 60 }))).toBe(10);
  expect(shareOf(delivery({ done: 3, size: 0 }))).toBe(50);
  expect(shareOf(delivery({ files: 0, size: 0 }))).toBe(0);
});

it("the folder is asked for again as it was named", () => {
  expect(folderOf(delivery({}), "dubbed/ready/")).toBe("season-1");
  expect(folderOf(delivery({}), "dubbed/")).toBe("ready/season-1");
});

it("the name of a batch is suggested where it can be a folder", () => {
  expect(folderFor({ name: "Season 1: 第一季/..", batch_id: "batch_1" })).toBe("Season 1- 第一季-..");
  expect(folderFor({ name: "../x", batch_id: "batch_1" })).toBe("x");
  expect(folderFor({ name: "???", batch_id: "batch_1" })).toBe("batch_1");
});

it("another folder is one that nothing was copied into", () => {
  expect(anotherFolder("season-1", ["season-1"])).toBe("season-1-2");
  expect(anotherFolder("season-1-2", ["season-1", "season-1-2"])).toBe("season-1-3");
  expect(anotherFolder("season-1", ["season-1", "season-1-2", "season-1-3"])).toBe("season-1-4");
});
