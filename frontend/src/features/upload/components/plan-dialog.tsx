import "@/i18n/later";
import { Sparkles, Upload } from "lucide-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { settingsQuery } from "@/api/account";
import type { PlannedRow, TaskConfig } from "@/api/generated";
import { keys } from "@/api/keys";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { commonName } from "@/core/pairing";
import { useRefusal } from "@/i18n/refusal";
import { makeBatch } from "../state/batch";
import { keepLastConfig, lastConfig } from "../state/presets";
import { type Plan, undecided, type UploadItem, useUploads } from "../state/store";
import { BatchChoice, Refused } from "./batch-choice";
import { PlanForm } from "./plan-form";
import { TranslationSlots, useUntranslated } from "./translation-slots";
import { PresetBar } from "./preset-bar";

/** What the videos are to become, asked once for all of them, while they are already on their way. */
export default function PlanDialog() {
  const { t } = useTranslation();
  const { asking, ask, items } = useUploads();
  const { data: settings } = useQuery({ ...settingsQuery, enabled: asking });
  const [chosenConfig, setConfig] = useState<TaskConfig | null>(lastConfig);
  const config = chosenConfig ?? { target_languages: settings?.default_languages ?? [] };
  const videos = undecided(items);
  const untranslated = useUntranslated(config);
  const waiting = untranslated.filter((code) => !videos.some(({ subtitles }) => subtitles[code]));
  const chosen = (config.target_languages?.length ?? 0) - waiting.length;
  const batch = useBatch(videos);
  const change = (next: TaskConfig) => {
    setConfig(next);
    batch.forget();
  };
  const settle = (start: boolean, withoutRefused = false) => {
    keepLastConfig(config);
    batch.decide({ config, start }, withoutRefused);
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
          {batch.refused && (
            <Button disabled={batch.busy} onClick={() => settle(batch.refused?.start ?? false, true)}>
              {t("as_batch.without")}
            </Button>
          )}
          <Button icon={Upload} disabled={batch.busy} onClick={() => settle(false)}>
            {t("plan.only_upload")}
          </Button>
          <Button
            look="primary"
            icon={Sparkles}
            disabled={chosen === 0 || batch.busy}
            onClick={() => settle(true)}
          >
            {chosen > 0
              ? t("plan.start", { count: chosen })
              : t(waiting.length > 0 ? "needs.first" : "plan.choose_first")}
          </Button>
        </>
      }
    >
      <Videos videos={videos} />
      {batch.refused && <Refused rows={batch.refused.rows} />}
      {videos.length > 1 && (
        <BatchChoice name={batch.name} suggested={batch.suggested} onChange={batch.call} />
      )}
      <PresetBar config={config} onChoose={change} />
      <PlanForm config={config} onChange={change}>
        <TranslationSlots languages={untranslated} videos={videos} />
      </PlanForm>
    </Dialog>
  );
}

function Videos({ videos }: { videos: UploadItem[] }) {
  return (
    <ul className="text-soft mb-4 flex flex-wrap gap-1.5">
      {videos.slice(0, 8).map((video) => (
        <li key={video.id} className="bg-sunken max-w-full truncate rounded px-2 py-0.5 text-xs" title={video.path}>
          {[video.name, ...Object.values(video.subtitles).map(({ name }) => name)].join(" + ")}
        </li>
      ))}
      {videos.length > 8 && <li className="px-1 py-0.5 text-xs">+{videos.length - 8}</li>}
    </ul>
  );
}

interface Batching {
  name: string | null;
  suggested: string;
  call: (name: string | null) => void;
  decide: (plan: Plan, withoutRefused: boolean) => void;
  refused: { rows: PlannedRow[]; start: boolean } | null;
  forget: () => void;
  busy: boolean;
}

/** The batch that several videos become, if they are to: a folder that was dropped is one unless somebody says no. */
function useBatch(videos: UploadItem[]): Batching {
  const { t, i18n } = useTranslation();
  const cache = useQueryClient();
  const refuse = useRefusal();
  const decide = useUploads((state) => state.decide);
  const [called, call] = useState<string | null>();
  const [refused, setRefused] = useState<Batching["refused"]>(null);
  const paths = videos.map(({ path }) => path);
  const [today] = useState(() => new Date());
  const date = new Intl.DateTimeFormat(i18n.language, { dateStyle: "medium" }).format(today);
  const suggested = commonName(paths) || t("as_batch.usual", { date });
  const usual = paths.length > 1 && paths.every((path) => path.includes("/")) ? suggested : null;
  const name = called === undefined ? usual : called;
  const { mutate, isPending } = useMutation({
    mutationFn: ({ plan, withoutRefused }: { plan: Plan; withoutRefused: boolean }) =>
      makeBatch(name?.trim() ?? "", plan, videos, withoutRefused),
    onSuccess: ({ refused: rows, places }, { plan }) => {
      if (!places) return setRefused({ rows, start: plan.start });
      setRefused(null);
      decide(plan, places);
      void cache.invalidateQueries({ queryKey: keys.batches });
    },
    onError: (error) => refuse(error),
  });
  return {
    name,
    suggested,
    call: (next) => {
      call(next);
      setRefused(null);
    },
    decide: (plan, withoutRefused) => {
      if (name !== null && videos.length > 1) mutate({ plan, withoutRefused });
      else decide(plan);
    },
    refused,
    forget: () => setRefused(null),
    busy: isPending,
  };
}
