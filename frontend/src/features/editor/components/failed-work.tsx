import { useTranslation } from "react-i18next";
import { EngineText } from "@/components/engine-text";
import { languageName } from "@/core/format";
import { BASE } from "@/core/progress";
import { useEditor } from "../state/context";

/** Why the whole video, or the language that is shown, could not be made; `NeedsTranslation` says what nobody translates. */
export function FailedWork() {
  const { t, i18n } = useTranslation();
  const { task, language } = useEditor();
  const whole = task.language_status[BASE]?.status === "failed";
  const state = task.language_status[whole ? BASE : language];
  if (state?.status !== "failed" || !state.error_message) return null;
  if (!whole && state.error_code === "language_unsupported") return null;
  return (
    <p role="note" data-testid="failed-work" className="bg-bad-soft text-bad border-line border-b px-3 py-2">
      {!whole && `${t("editor.failed", { language: languageName(language, i18n.language) })} `}
      <EngineText code={state.error_code} text={state.error_message} />
    </p>
  );
}
