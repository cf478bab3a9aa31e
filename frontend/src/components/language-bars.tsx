import type { TFunction } from "i18next";
import { TriangleAlert } from "lucide-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { LanguageStatus, TaskRead } from "@/api/generated";
import { Bar } from "@/components/ui/bar";
import { languageName, remaining } from "@/core/format";
import { BASE, languageTone, shownLanguage, targets } from "@/core/progress";

const SHOWN = 3;

/** One bar for each language, with its stage and the time left; while speakers are told apart, that comes first. */
export function LanguageBars({ task }: { task: TaskRead }) {
  const { t } = useTranslation();
  const languages = targets(task);
  const base = task.language_status[BASE];
  const preparing = base?.status === "processing" || base?.status === "failed";
  if (task.nothing_to_dub) return null;
  return (
    <ul className="grid gap-1.5">
      {preparing && base && <LanguageBar code={BASE} name={t("stage.speaker_diarization")} language={base} />}
      {languages.length === 0 && !preparing && <li className="text-soft text-xs">{t("task.no_languages")}</li>}
      {languages.slice(0, SHOWN).map(([code, language]) => (
        <LanguageBar key={code} code={code} language={language} />
      ))}
      {languages.length > SHOWN && (
        <li className="text-soft text-xs">{t("task.more_languages", { count: languages.length - SHOWN })}</li>
      )}
    </ul>
  );
}

/** Memoized: of the languages of a task few move at a time. */
export const LanguageBar = memo(function LanguageBar({
  code,
  name,
  language,
}: {
  code: string;
  name?: string;
  language: LanguageStatus;
}) {
  const { t, i18n } = useTranslation();
  const shown = name ?? languageName(code, i18n.language);
  return (
    <li
      className="grid grid-cols-[minmax(0,1fr)_auto] items-baseline gap-x-2 gap-y-0.5 text-xs"
      data-language={code}
      data-status={language.status}
    >
      <span className="truncate font-medium">{shown}</span>
      <span className="text-soft inline-flex items-center gap-1 tabular-nums">
        {(language.issues ?? 0) > 0 && (
          <span
            className="text-warn inline-flex items-center gap-0.5"
            title={t("task.issues", { count: language.issues })}
          >
            <TriangleAlert aria-hidden size={12} />
            {language.issues}
          </span>
        )}
        {barText(language, t, i18n.language)}
      </span>
      <div className="col-span-2">
        <Bar value={language.progress} look={languageTone(language)} label={t("task.progress_of", { name: shown })} />
      </div>
    </li>
  );
});

/** Stage, share and time left. A function, not a component: hundreds of them are drawn anew every second. */
function barText(language: LanguageStatus, t: TFunction, locale: string) {
  if (language.status !== "processing")
    return (
      <span className={language.status === "failed" ? "text-bad" : ""}>{t(`status.${shownLanguage(language)}`)}</span>
    );
  const parts = [
    language.stage ? t(`stage_short.${language.stage}`) : t("status.processing"),
    `${language.progress} %`,
  ];
  if (language.eta_seconds) parts.push(remaining(language.eta_seconds, locale));
  return <span>{parts.join(" · ")}</span>;
}
