import "@/i18n/later";
import { useTranslation } from "react-i18next";
import type { ExportSettings } from "@/api/generated";
import { Choice } from "./ui/choice";
import { Check, Field, Input } from "./ui/fields";

const LOUDNESS = [-14, -16, -23, -24];
const CONTAINERS = ["auto", "mp4", "mkv"] as const;

interface LoudnessFieldProps {
  value: number | undefined;
  onChange: (loudness: number) => void;
}

export function LoudnessField({ value, onChange }: LoudnessFieldProps) {
  const { t } = useTranslation();
  return (
    <Field label={t("plan.loudness")}>
      {(field) => (
        <Choice
          {...field}
          value={value ?? -16}
          onChange={onChange}
          options={LOUDNESS.map((lufs) => ({ value: lufs, label: t("plan.lufs", { value: lufs }) }))}
        />
      )}
    </Field>
  );
}

interface MixFieldsProps {
  settings: ExportSettings;
  onChange: (settings: ExportSettings) => void;
}

/** How dubs are mixed and what file they come in. */
export function MixFields({ settings, onChange }: MixFieldsProps) {
  const { t } = useTranslation();
  const set = (values: ExportSettings) => onChange({ ...settings, ...values });
  return (
    <div className="grid gap-3">
      <div className="grid grid-cols-[repeat(auto-fit,minmax(8.5rem,1fr))] gap-3">
        <LoudnessField value={settings.loudness_lufs} onChange={(loudness_lufs) => set({ loudness_lufs })} />
        <DuckField value={settings.duck_db ?? -14} onCommit={(duck_db) => set({ duck_db })} />
        <Field label={t("plan.container")}>
          {(field) => (
            <Choice
              {...field}
              value={settings.container ?? "auto"}
              onChange={(container) => set({ container })}
              options={CONTAINERS.map((value) => ({
                value,
                label: value === "auto" ? t("plan.automatic") : value.toUpperCase(),
              }))}
            />
          )}
        </Field>
      </div>
      <Check
        label={t("plan.keep_original")}
        checked={settings.keep_original ?? true}
        onChange={(event) => set({ keep_original: event.target.checked })}
      />
    </div>
  );
}

/** Takes a level when it was typed to its end: a half-typed one would be a request, and often a wrong one. */
function DuckField({ value, onCommit }: { value: number; onCommit: (duck_db: number) => void }) {
  const { t } = useTranslation();
  return (
    <Field label={t("plan.duck")} hint={t("plan.duck_hint")}>
      {(field) => (
        <Input
          {...field}
          key={value}
          type="number"
          min={-60}
          max={0}
          defaultValue={value}
          onBlur={({ target }) => {
            if (target.value === "" || !target.validity.valid) target.value = String(value);
            else if (Number(target.value) !== value) onCommit(Number(target.value));
          }}
        />
      )}
    </Field>
  );
}
