import { useTranslation } from "react-i18next";
import type { ExportSettings } from "@/api/generated";
import { Check, Field, Input, Select } from "@/components/ui/fields";

const LOUDNESS = [-14, -16, -23, -24];

/** How dubs are mixed; a change counts for the next export. */
export function MixSettings({
  settings,
  onChange,
}: {
  settings: ExportSettings;
  onChange: (settings: ExportSettings) => void;
}) {
  const { t } = useTranslation();
  const set = (values: ExportSettings) => onChange({ ...settings, ...values });
  return (
    <section className="grid gap-2.5">
      <h3 className="text-soft text-xs font-medium">{t("plan.export_settings")}</h3>
      <div className="grid grid-cols-2 gap-2.5">
        <Field label={t("plan.loudness")}>
          {(field) => (
            <Select
              {...field}
              value={settings.loudness_lufs ?? -16}
              onChange={(event) => set({ loudness_lufs: Number(event.target.value) })}
            >
              {LOUDNESS.map((value) => (
                <option key={value} value={value}>
                  {t("plan.lufs", { value })}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Field label={t("plan.duck")}>
          {(field) => (
            <Input
              {...field}
              type="number"
              min={-60}
              max={0}
              defaultValue={settings.duck_db ?? -14}
              onBlur={(event) =>
                event.target.value !== "" &&
                Number(event.target.value) !== settings.duck_db &&
                set({ duck_db: Number(event.target.value) })
              }
            />
          )}
        </Field>
      </div>
      <Check
        label={t("plan.keep_original")}
        checked={settings.keep_original ?? true}
        onChange={(event) => set({ keep_original: event.target.checked })}
      />
    </section>
  );
}
