import { useQuery } from "@tanstack/react-query";
import { Check, Minus } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { LanguageService } from "@/api/generated";
import { languagesQuery } from "@/api/queries";
import { languageName } from "@/core/format";
import { Section } from "./section";

/** For each language: who speaks it here and from what it can be translated. */
export function LanguagesSection() {
  const { t, i18n } = useTranslation();
  const { data: languages = [] } = useQuery(languagesQuery);
  return (
    <Section title={t("settings.languages")} text={t("settings.languages_text")}>
      <div className="overflow-x-auto" tabIndex={0} role="region" aria-label={t("settings.languages")}>
        <table className="w-full min-w-[34rem] text-left">
          <thead className="text-soft text-xs">
            <tr className="border-line border-b">
              <th scope="col" className="py-1.5 pr-3 font-medium">
                {t("settings.language")}
              </th>
              <th scope="col" className="py-1.5 pr-3 font-medium">
                {t("settings.as_target")}
              </th>
              <th scope="col" className="py-1.5 pr-3 font-medium">
                {t("settings.understood_by")}
              </th>
              <th scope="col" className="py-1.5 pr-3 font-medium">
                {t("settings.voices")}
              </th>
              <th scope="col" className="py-1.5 font-medium">
                {t("settings.translated_from")}
              </th>
            </tr>
          </thead>
          <tbody className="divide-line divide-y">
            {languages.map((language) => (
              <tr key={language.code}>
                <th scope="row" className="py-2 pr-3 font-medium">
                  {languageName(language.code, i18n.language)}{" "}
                  <span className="text-soft font-normal">{language.native_name}</span>
                </th>
                <td className="py-2 pr-3">
                  {language.is_target ? (
                    <Check size={15} aria-label={t("common.yes")} className="text-good" />
                  ) : (
                    <Minus size={15} aria-label={t("common.no")} className="text-soft" />
                  )}
                </td>
                <td className="py-2 pr-3">
                  <Served service={language.understood_by} />
                </td>
                <td className="py-2 pr-3">
                  <Served service={language.spoken_by} />
                </td>
                <td className="py-2">
                  {language.translated_from.map((code) => languageName(code, i18n.language)).join(", ") || (
                    <span className="text-warn">{t("settings.none")}</span>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}

/** An engine, how much of it goes wrong, and the command that makes it better. */
function Served({ service }: { service: LanguageService }) {
  const { t } = useTranslation();
  return (
    <>
      {service.engine || <span className="text-warn">{t("settings.none")}</span>}
      {service.error_percent !== null && (
        <span className={service.poor ? "text-warn" : "text-soft"}>
          {" "}
          {t("settings.wrong", { percent: service.error_percent })}
        </span>
      )}
      {service.better && (
        <span className="text-soft block text-xs">
          {t("settings.better")} <code className="select-all">{service.better}</code>
        </span>
      )}
    </>
  );
}
