import { useTranslation } from "react-i18next";
import { PanelBoundary } from "@/components/ui/panel-boundary";
import { AccessSection } from "./access-section";
import { AppearanceSection } from "./appearance-section";
import { CastSection } from "./cast-section";
import { ClipsSection } from "./clips-section";
import { DefaultsSection } from "./defaults-section";
import { EnginesSection } from "./engines-section";
import { GlossarySection } from "./glossary-section";
import { LanguagesSection } from "./languages-section";
import { MemorySection } from "./memory-section";

const SECTIONS = [
  AppearanceSection,
  DefaultsSection,
  EnginesSection,
  LanguagesSection,
  GlossarySection,
  MemorySection,
  CastSection,
  ClipsSection,
  AccessSection,
];

export default function SettingsPage() {
  const { t } = useTranslation();
  return (
    <div className="mx-auto grid w-full max-w-4xl grid-cols-[minmax(0,1fr)] gap-5 px-3 py-5 sm:px-5">
      <title>{`${t("settings.title")} · LocalClip`}</title>
      <h1 className="text-lg font-semibold tracking-tight">{t("settings.title")}</h1>
      {SECTIONS.map((Section) => (
        <PanelBoundary key={Section.name}>
          <Section />
        </PanelBoundary>
      ))}
    </div>
  );
}
