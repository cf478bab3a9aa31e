import "@/i18n/later";
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "react-router";
import { castQuery, clipsQuery, glossaryQuery, memoryQuery, settingsQuery } from "@/api/account";
import { enginesQuery, languagesQuery } from "@/api/queries";
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
  { id: "appearance", title: "settings.appearance", Part: AppearanceSection },
  { id: "defaults", title: "settings.defaults", Part: DefaultsSection },
  { id: "engines", title: "settings.engines", Part: EnginesSection },
  { id: "languages", title: "settings.languages", Part: LanguagesSection },
  { id: "glossary", title: "glossary.title", Part: GlossarySection },
  { id: "memory", title: "memory.title", Part: MemorySection },
  { id: "cast", title: "cast.title", Part: CastSection },
  { id: "clips", title: "clips.title", Part: ClipsSection },
  { id: "access", title: "settings.access", Part: AccessSection },
] as const;

/** Show the section that the address names, once all sections have what they show and none above it grows any more. */
function useSectionOfAddress(): void {
  const { hash } = useLocation();
  const shown = [
    useQuery(settingsQuery),
    useQuery(enginesQuery),
    useQuery(languagesQuery),
    useQuery(glossaryQuery("")),
    useQuery(memoryQuery("")),
    useQuery(castQuery),
    useQuery(clipsQuery),
  ];
  const pending = shown.some(({ isPending }) => isPending);
  useEffect(() => {
    if (!pending) document.getElementById(hash.slice(1))?.scrollIntoView();
  }, [hash, pending]);
}

export default function SettingsPage() {
  const { t } = useTranslation();
  useSectionOfAddress();
  return (
    <div className="mx-auto grid w-full max-w-6xl grid-cols-[minmax(0,1fr)] gap-x-8 gap-y-5 px-3 py-5 sm:px-5 lg:grid-cols-[12rem_minmax(0,1fr)]">
      <title>{`${t("settings.title")} · LocalClip`}</title>
      <h1 className="text-lg font-semibold tracking-tight lg:col-span-2">{t("settings.title")}</h1>
      <nav aria-label={t("settings.menu")} className="hidden lg:block">
        <ul className="sticky top-20 grid gap-0.5">
          {SECTIONS.map(({ id, title }) => (
            <li key={id}>
              <a href={`#${id}`} className="text-soft hover:bg-sunken hover:text-ink block rounded-md px-3 py-2">
                {t(title)}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
        {SECTIONS.map(({ id, Part }) => (
          <div key={id} id={id} className="scroll-mt-20">
            <PanelBoundary>
              <Part />
            </PanelBoundary>
          </div>
        ))}
      </div>
    </div>
  );
}
