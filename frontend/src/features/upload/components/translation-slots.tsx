import "@/i18n/later";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { TaskConfig } from "@/api/generated";
import { languagesQuery } from "@/api/queries";
import { SubtitleSlot } from "@/components/subtitle-slot";
import { languageName } from "@/core/format";
import { obstacle } from "@/core/needs";
import { type UploadItem, useUploads } from "../state/store";

/** Chosen languages that nothing here translates. */
export function useUntranslated(config: TaskConfig): string[] {
  const { data: languages = [] } = useQuery(languagesQuery);
  const chosen = languages.filter(({ code }) => config.target_languages?.includes(code));
  return chosen
    .filter((language) => obstacle(language, config.source_language ?? null) === "no_translation")
    .map(({ code }) => code);
}

/** For each of them and each video a place for its subtitles; without them the language waits, and no other does. */
export function TranslationSlots({ languages, videos }: { languages: string[]; videos: UploadItem[] }) {
  const { t, i18n } = useTranslation();
  const translate = useUploads((state) => state.translate);
  if (languages.length === 0) return null;
  const missing = languages.filter((code) => videos.some((video) => !video.subtitles[code]));
  return (
    <section className="bg-warn-soft grid gap-2 rounded-lg px-3.5 py-2.5" data-testid="translation-slots">
      {missing.length > 0 && <p className="text-warn">{t("needs.upload", { count: missing.length })}</p>}
      {languages.map((code) => {
        const language = languageName(code, i18n.language);
        return videos.map((video) => (
          <div key={`${code}/${video.id}`} className="flex min-w-0 items-center gap-2">
            <span className="min-w-0 flex-1 truncate">
              {videos.length > 1 ? `${language} · ${video.name}` : language}
            </span>
            <SubtitleSlot
              label={video.subtitles[code]?.name ?? t("needs.choose")}
              name={t("needs.choose_for", { language, name: video.name })}
              testId={`slot-${code}`}
              onChoose={(file) => translate(video.id, code, file)}
            />
          </div>
        ));
      })}
    </section>
  );
}
