import { useTranslation } from "react-i18next";
import type { LineRead } from "@/api/generated";
import { Badge } from "@/components/ui/badge";
import type { Issue } from "@/core/lines";
import type { Tone } from "@/core/progress";

const TONES: Record<Issue, Tone> = {
  failed: "bad",
  overflow: "bad",
  stale: "warn",
  source_changed: "warn",
  misheard: "warn",
  tight: "warn",
  unlike: "idle",
  forbidden_word: "warn",
  other_register: "idle",
  doubtful_source: "idle",
  missing: "idle",
};

/** What a person should look at, and why on hover. */
export function IssueBadges({ issues, line }: { issues: Issue[]; line: LineRead | undefined }) {
  const { t } = useTranslation();
  return issues.map((issue) => (
    <span
      key={issue}
      data-issue={issue}
      title={t(`issue_hint.${issue}`)}
    >
      <Badge look={TONES[issue]}>
        {t(`issue.${issue}`)}
        {(issue === "tight" || issue === "overflow") && line?.speed ? ` ${line.speed.toFixed(2)}×` : ""}
      </Badge>
    </span>
  ));
}
