// @vitest-environment jsdom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { renderHook } from "@testing-library/react";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { keys } from "@/api/keys";
import { startI18n } from "@/i18n";
import { line, segment } from "@/test-tasks";
import { useEdits } from "./use-edits";

beforeAll(startI18n);
afterEach(() => vi.unstubAllGlobals());

it("a take is chosen, though the line is newer than what is shown, and changes once more meanwhile", async () => {
  const known = line(segment("s1", 0, 1), { version: 1 });
  const chosen: (string | null)[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    if (request.method === "GET") return Response.json({ ...known, version: chosen.length + 2 });
    chosen.push(request.headers.get("If-Match"));
    if (chosen.length === 1) return Response.json({ code: "version_conflict" }, { status: 412 });
    return Response.json({ ...known, version: 4, text: "an older text" });
  });
  const cache = new QueryClient();
  cache.setQueryData(keys.lines("chosen", "es"), [known]);
  const { result } = renderHook(() => useEdits("chosen", "es"), {
    wrapper: ({ children }) => <QueryClientProvider client={cache}>{children}</QueryClientProvider>,
  });
  expect(await result.current.chooseTake("s1", "take_1")).toBe(true);
  expect(chosen).toEqual(['"2"', '"3"']);
  expect(cache.getQueryData<{ text: string }[]>(keys.lines("chosen", "es"))?.[0]?.text).toBe("an older text");
});
