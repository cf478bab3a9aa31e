import "@/i18n/later";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { account, settingsQuery } from "@/api/account";
import type { Settings } from "@/api/generated";
import { LoudnessField } from "@/components/mix-fields";
import { BriefFields } from "@/components/brief-fields";
import { ChineseScript } from "@/components/chinese-script";
import { LanguagePicker } from "@/components/language-picker";
import { Field, Input } from "@/components/ui/fields";
import { useRefusal } from "@/i18n/refusal";
import { Section } from "./section";

const LIMITS = ["max_failed_lines", "max_overflow_lines", "max_p95_speed", "min_overlap"] as const;

/** What new tasks begin with, and from when on a language has issues. */
export function DefaultsSection() {
  const { t } = useTranslation();
  const refuse = useRefusal();
  const cache = useQueryClient();
  const { data: settings } = useQuery(settingsQuery);
  const { mutate } = useMutation({
    mutationFn: account.saveSettings,
    onSuccess: (saved) => {
      cache.setQueryData(settingsQuery.queryKey, saved);
      toast.success(t("settings.saved"));
    },
    onError: (error) => refuse(error),
  });
  if (!settings) return null;
  const set = (values: Settings) => mutate({ ...settings, ...values });
  return (
    <Section title={t("settings.defaults")} text={t("settings.defaults_text")}>
      <div className="grid gap-5">
        <LanguagePicker
          label={t("plan.languages")}
          source={null}
          value={settings.default_languages ?? []}
          onChange={(default_languages) => set({ default_languages })}
        />
        <div className="grid gap-3 sm:grid-cols-3">
          <LoudnessField
            value={settings.export_settings?.loudness_lufs}
            onChange={(loudness_lufs) => set({ export_settings: { ...settings.export_settings, loudness_lufs } })}
          />
          <ChineseScript value={settings.chinese} onChange={(chinese) => set({ chinese })} />
          {LIMITS.map((limit) => (
            <NumberField
              key={limit}
              label={t(`gate.${limit}`)}
              value={settings.gate?.[limit] ?? null}
              onCommit={(value) => set({ gate: { ...settings.gate, [limit]: value } })}
            />
          ))}
        </div>
        <details>
          <summary className="font-medium">{t("brief.title")}</summary>
          <div className="mt-2.5">
            <BriefFields brief={settings.brief ?? {}} onChange={(brief) => set({ brief })} />
          </div>
        </details>
      </div>
    </Section>
  );
}

function NumberField({
  label,
  value,
  onCommit,
}: {
  label: string;
  value: number | null;
  onCommit: (value: number | null) => void;
}) {
  const { t } = useTranslation();
  return (
    <Field label={label}>
      {(field) => (
        <Input
          {...field}
          type="number"
          step="any"
          min={0}
          placeholder={t("settings.no_limit")}
          defaultValue={value ?? ""}
          onBlur={(event) => {
            const next = event.target.value === "" ? null : Number(event.target.value);
            if (next !== value) onCommit(next);
          }}
        />
      )}
    </Field>
  );
}
