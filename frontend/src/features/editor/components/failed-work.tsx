import { useTranslation } from "react-i18next";
import { EngineText } from "@/components/engine-text";
import { languageName } from "@/core/format";
import { failureOf } from "@/core/needs";
import { BASE } from "@/core/progress";
import { useEditor } from "../state/context";

/** Why the whole video, or the language that is shown, could not be made; `NeedsTranslation` says what nobody translates. */
export function FailedWork() {
  const { t, i18n } = useTranslation();
  const { task, language } = useEditor();
  const state = failureOf(task, language);
  if (!state?.error_message) return null;
  return (
    <p role="note" data-testid="failed-work" className="bg-bad-soft text-bad border-line border-b px-3 py-2">
      {state !== task.language_status[BASE] && `${t("editor.failed", { language: languageName(language, i18n.language) })} `}
      <EngineText code={state.error_code} text={state.error_message} />
    </p>
  );
}
