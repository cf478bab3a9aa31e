import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { languagesQuery } from "@/api/queries";
import { SubtitleSlot } from "@/components/subtitle-slot";
import { languageName } from "@/core/format";
import { needing } from "@/core/needs";
import { useEditor } from "../state/context";
import { show } from "../state/view";

/** A language, or the rest of its lines, that nobody here translates: why nothing happens, and the place for subtitles. */
export function NeedsTranslation() {
  const { t, i18n } = useTranslation();
  const { task, language, rows } = useEditor();
  const { data: languages = [] } = useQuery(languagesQuery);
  const whole = needing(task, languages).includes(language);
  const refused = task.language_status[language]?.error_code === "language_unsupported";
  const count = refused ? rows.filter(({ line }) => !line?.text).length : 0;
  if (!whole && count === 0) return null;
  const name = { language: languageName(language, i18n.language) };
  return (
    <div
      data-testid="needs-translation"
      className="bg-warn-soft text-warn border-line flex flex-wrap items-center gap-2 border-b px-3 py-2"
    >
      <p className="min-w-48 flex-1">{whole ? t("needs.text", name) : t("needs.rest", { ...name, count })}</p>
      <SubtitleSlot label={t("needs.choose")} onChoose={(bringing) => show({ bringing })} />
    </div>
  );
}
