import "@/i18n/later";
import { useTranslation } from "react-i18next";
import type { TaskConfig } from "@/api/generated";
import { Choice } from "./ui/choice";
import { Field } from "./ui/fields";

type Script = NonNullable<TaskConfig["chinese"]>;
const SCRIPTS: Script[] = ["zh-Hans", "zh-Hant"];

/** In which characters recognized and translated Chinese is written. */
export function ChineseScript({ value, onChange }: { value?: Script | null; onChange: (script: Script) => void }) {
  const { t } = useTranslation();
  return (
    <Field label={t("plan.chinese")} hint={t("plan.chinese_hint")}>
      {(field) => (
        <Choice
          {...field}
          value={value ?? "zh-Hans"}
          onChange={onChange}
          options={SCRIPTS.map((script) => ({ value: script, label: t(`plan.script.${script}`) }))}
        />
      )}
    </Field>
  );
}
