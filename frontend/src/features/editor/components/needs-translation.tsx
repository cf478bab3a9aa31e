import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { languagesQuery } from "@/api/queries";
import { SubtitleSlot } from "@/components/subtitle-slot";
import { languageName } from "@/core/format";
import { needing } from "@/core/needs";
import { useEditor } from "../state/context";
import { show } from "../state/view";

/** A language that nobody here translates: why nothing happens, and the place for its subtitles. */
export function NeedsTranslation() {
  const { t, i18n } = useTranslation();
  const { task, language } = useEditor();
  const { data: languages = [] } = useQuery(languagesQuery);
  if (!needing(task, languages).includes(language)) return null;
  return (
    <div
      data-testid="needs-translation"
      className="bg-warn-soft text-warn border-line flex flex-wrap items-center gap-2 border-b px-3 py-2"
    >
      <p className="min-w-48 flex-1">{t("needs.text", { language: languageName(language, i18n.language) })}</p>
      <SubtitleSlot label={t("needs.choose")} onChoose={(bringing) => show({ bringing })} />
    </div>
  );
}
