import "@/i18n/later";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { TaskConfig } from "@/api/generated";
import { languagesQuery } from "@/api/queries";
import { Choice } from "@/components/ui/choice";
import { Field, Input } from "@/components/ui/fields";
import { ChineseScript } from "@/components/chinese-script";
import { MixFields } from "@/components/mix-fields";
import { LanguagePicker } from "@/components/language-picker";
import { languageName } from "@/core/format";

type StopAfter = NonNullable<TaskConfig["stop_after"]>;
const STOPS = ["speaker_diarization", "translation", "voice_cloning"] as const satisfies StopAfter[];

interface PlanFormProps {
  config: TaskConfig;
  onChange: (config: TaskConfig) => void;
  /** What the chosen languages ask for. */
  children?: ReactNode;
}

/** Languages and options of a task. */
export function PlanForm({ config, onChange, children }: PlanFormProps) {
  const { t, i18n } = useTranslation();
  const { data: languages = [] } = useQuery(languagesQuery);
  const set = (values: Partial<TaskConfig>) => onChange({ ...config, ...values });
  return (
    <div className="grid gap-5">
      <LanguagePicker
        label={t("plan.languages")}
        source={config.source_language ?? null}
        value={config.target_languages ?? []}
        onChange={(target_languages) => set({ target_languages })}
      />
      {children}
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label={t("plan.source")} hint={t("plan.source_hint")}>
          {(field) => (
            <Choice
              {...field}
              value={config.source_language ?? null}
              onChange={(source_language) => set({ source_language })}
              options={[
                { value: null, label: t("plan.recognize") },
                ...languages.map(({ code }) => ({ value: code, label: languageName(code, i18n.language) })),
              ]}
            />
          )}
        </Field>
        <Field label={t("plan.speakers")} hint={t("plan.speakers_hint")}>
          {(field) => (
            <Input
              {...field}
              type="number"
              min={1}
              max={20}
              placeholder={t("plan.automatic")}
              value={config.num_speakers ?? ""}
              onChange={(event) => set({ num_speakers: event.target.value ? Number(event.target.value) : null })}
            />
          )}
        </Field>
        {["", "zh"].includes(config.source_language ?? "") && (
          <ChineseScript value={config.chinese} onChange={(chinese) => set({ chinese })} />
        )}
        <Field label={t("plan.stop")} hint={t("plan.stop_hint")}>
          {(field) => (
            <Choice
              {...field}
              value={config.stop_after ?? null}
              onChange={(stop_after) => set({ stop_after })}
              options={[
                { value: null, label: t("plan.stops.none") },
                ...STOPS.map((stage) => ({ value: stage, label: t(`plan.stops.${stage}`) })),
              ]}
            />
          )}
        </Field>
      </div>
      <details className="border-line rounded-lg border px-3.5 py-2.5">
        <summary className="font-medium">{t("plan.export_settings")}</summary>
        <div className="mt-3">
          <MixFields settings={config.export_settings ?? {}} onChange={(export_settings) => set({ export_settings })} />
        </div>
      </details>
    </div>
  );
}
