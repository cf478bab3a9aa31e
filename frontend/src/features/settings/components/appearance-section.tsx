import { Monitor, Moon, Sun } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Choice } from "@/components/ui/choice";
import { Field } from "@/components/ui/fields";
import { Segmented } from "@/components/ui/segmented";
import { useTheme } from "@/components/ui/theme";
import { chooseLocale, chosenLocale, LOCALES, type Locale } from "@/i18n";
import { Section } from "./section";

/** Language and colours; both follow the system until somebody chooses. */
export function AppearanceSection() {
  const { t } = useTranslation();
  const { chosen, choose } = useTheme();
  const [locale, setLocale] = useState(chosenLocale);
  const pick = (next: Locale | null) => {
    setLocale(next);
    void chooseLocale(next);
  };
  return (
    <Section title={t("settings.appearance")}>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label={t("settings.language")}>
          {(field) => (
            <Choice
              {...field}
              value={locale}
              onChange={pick}
              options={[
                { value: null, label: t("settings.system") },
                ...(Object.keys(LOCALES) as Locale[]).map((code) => ({ value: code, label: LOCALES[code], lang: code })),
              ]}
            />
          )}
        </Field>
        <div className="grid content-start gap-1">
          <span className="text-soft text-xs font-medium">{t("settings.theme")}</span>
          <Segmented
            label={t("settings.theme")}
            value={chosen ?? "system"}
            onChange={(next) => choose(next === "system" ? null : next)}
            className="w-fit"
            options={[
              {
                value: "system",
                label: (
                  <>
                    <Monitor aria-hidden size={14} />
                    {t("settings.system")}
                  </>
                ),
              },
              {
                value: "light",
                label: (
                  <>
                    <Sun aria-hidden size={14} />
                    {t("settings.light")}
                  </>
                ),
              },
              {
                value: "dark",
                label: (
                  <>
                    <Moon aria-hidden size={14} />
                    {t("settings.dark")}
                  </>
                ),
              },
            ]}
          />
        </div>
      </div>
    </Section>
  );
}
