// @vitest-environment jsdom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { startI18n } from "@/i18n";
import { HealthBanner } from "./health-banner";

beforeAll(startI18n);
afterEach(() => vi.unstubAllGlobals());

it("a part that is away is named with what that stops, also when the gateway says that it is not ready", async () => {
  const asked: string[] = [];
  const checks = { database: true, store: true, broker: false };
  vi.stubGlobal("fetch", async (request: Request) => {
    asked.push(request.url);
    return Response.json({ status: "not ready", checks, workers: {} }, { status: 503 });
  });
  render(
    <QueryClientProvider client={new QueryClient()}>
      <HealthBanner />
    </QueryClientProvider>,
  );
  expect(await screen.findByText(/The message broker is down/, {}, { timeout: 10_000 })).toBeInTheDocument();
  expect(screen.queryByText(/object store/)).toBeNull();
  expect(asked[0]).toContain("/readyz?all=true");
});
