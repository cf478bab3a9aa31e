import { useTranslation } from "react-i18next";
import { PanelBoundary } from "@/components/ui/panel-boundary";
import { AccessSection } from "./access-section";
import { AppearanceSection } from "./appearance-section";
import { CastSection } from "./cast-section";
import { DefaultsSection } from "./defaults-section";
import { EnginesSection } from "./engines-section";
import { GlossarySection } from "./glossary-section";
import { LanguagesSection } from "./languages-section";

const SECTIONS = [AppearanceSection, DefaultsSection, EnginesSection, LanguagesSection, GlossarySection, CastSection, AccessSection];

export default function SettingsPage() {
  const { t } = useTranslation();
  return (
    <div className="mx-auto grid w-full max-w-4xl gap-5 px-3 py-5 sm:px-5">
      <title>{`${t("settings.title")} · LocalClip`}</title>
      <h1 className="text-lg font-semibold tracking-tight">{t("settings.title")}</h1>
      {SECTIONS.map((Section) => <PanelBoundary key={Section.name}><Section /></PanelBoundary>)}
    </div>
  );
}
