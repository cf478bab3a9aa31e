import { Sparkles, Upload } from "lucide-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { settingsQuery } from "@/api/account";
import type { TaskConfig } from "@/api/generated";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { keepLastConfig, lastConfig } from "../state/presets";
import { undecided, useUploads } from "../state/store";
import { PlanForm } from "./plan-form";
import { TranslationSlots, useUntranslated } from "./translation-slots";
import { PresetBar } from "./preset-bar";

/** What the videos are to become, asked once for all of them, while they are already on their way. */
export default function PlanDialog() {
  const { t } = useTranslation();
  const { asking, ask, decide, items } = useUploads();
  const { data: settings } = useQuery({ ...settingsQuery, enabled: asking });
  const [chosenConfig, setConfig] = useState<TaskConfig | null>(lastConfig);
  const config = chosenConfig ?? { target_languages: settings?.default_languages ?? [] };
  const videos = undecided(items);
  const untranslated = useUntranslated(config);
  const waiting = untranslated.filter((code) => !videos.some(({ translations }) => translations[code]));
  const chosen = (config.target_languages?.length ?? 0) - waiting.length;
  const settle = (start: boolean) => {
    keepLastConfig(config);
    decide({ config, start });
  };
  return (
    <Dialog
      wide
      open={asking && videos.length > 0}
      onOpenChange={ask}
      title={t("plan.title", { count: videos.length })}
      description={t("plan.text", { count: videos.length })}
      footer={
        <>
          <Button icon={Upload} onClick={() => settle(false)}>
            {t("plan.only_upload")}
          </Button>
          <Button look="primary" icon={Sparkles} disabled={chosen === 0} onClick={() => settle(true)}>
            {chosen > 0
              ? t("plan.start", { count: chosen })
              : t(waiting.length > 0 ? "needs.first" : "plan.choose_first")}
          </Button>
        </>
      }
    >
      <ul className="text-soft mb-4 flex flex-wrap gap-1.5">
        {videos.slice(0, 8).map((video) => (
          <li key={video.id} className="bg-sunken max-w-56 truncate rounded px-2 py-0.5 text-xs">
            {video.name}
          </li>
        ))}
        {videos.length > 8 && <li className="px-1 py-0.5 text-xs">+{videos.length - 8}</li>}
      </ul>
      <PresetBar config={config} onChoose={setConfig} />
      <PlanForm config={config} onChange={setConfig}>
        <TranslationSlots languages={untranslated} videos={videos} />
      </PlanForm>
    </Dialog>
  );
}
