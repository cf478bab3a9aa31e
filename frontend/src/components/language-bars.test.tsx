// @vitest-environment jsdom
import { render, screen } from "@testing-library/react";
import { beforeAll, expect, it } from "vitest";
import { startI18n } from "@/i18n";
import { language, task } from "@/test-tasks";
import { LanguageBars } from "./language-bars";

beforeAll(startI18n);

it("every language has its own bar, with its stage and the time left", () => {
  const shown = task(
    {
      es: language({ status: "processing", progress: 41, stage: "voice_cloning", eta_seconds: 95 }),
      fr: language({ status: "failed", progress: 25 }),
    },
    {},
  );
  shown.language_status["base"] = language({ status: "completed", progress: 100 });
  render(<LanguageBars task={shown} />);
  expect(screen.getByRole("progressbar", { name: "Progress of Spanish" })).toHaveAttribute("aria-valuenow", "41");
  expect(screen.getByText("Dubbing · 41 % · 2m")).toBeInTheDocument();
  expect(screen.getByText("Failed")).toBeInTheDocument();
});

it("while speakers are told apart, that is shown first", () => {
  render(<LanguageBars task={task({ es: language() })} />);
  const bars = screen.getAllByRole("progressbar").map((bar) => bar.getAttribute("aria-label"));
  expect(bars).toEqual(["Progress of Listening for speakers", "Progress of Spanish"]);
});
