import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import en from "./en.json";
import { type Retell, retellBy } from "./retold";

export const LOCALES = { en: "English", "zh-CN": "简体中文" } as const;
export type Locale = keyof typeof LOCALES;

const KEPT = "localclip.locale";
const LOADERS: Record<Locale, () => Promise<{ default: object; retell?: Retell }>> = {
  en: () => Promise.resolve({ default: en }),
  "zh-CN": () => import("./zh"),
};

/** The language a person chose here; null: that of the system. */
export function chosenLocale(): Locale | null {
  const kept = localStorage.getItem(KEPT);
  return kept !== null && kept in LOCALES ? (kept as Locale) : null;
}

export function systemLocale(languages: readonly string[] = navigator.languages): Locale {
  for (const language of languages) {
    if (language.toLowerCase().startsWith("zh")) return "zh-CN";
    if (language.toLowerCase().startsWith("en")) return "en";
  }
  return "en";
}

export async function startI18n(): Promise<void> {
  await i18next.use(initReactI18next).init({
    fallbackLng: "en",
    resources: { en: { translation: en } },
    interpolation: { escapeValue: false },
  });
  await showLocale(chosenLocale() ?? systemLocale());
}

/** Choose a language, or follow the system again with null. */
export async function chooseLocale(locale: Locale | null): Promise<void> {
  if (locale) localStorage.setItem(KEPT, locale);
  else localStorage.removeItem(KEPT);
  await showLocale(locale ?? systemLocale());
}

async function showLocale(locale: Locale): Promise<void> {
  const { default: texts, retell } = await LOADERS[locale]();
  retellBy(retell);
  i18next.addResourceBundle(locale, "translation", texts, true, true);
  await i18next.changeLanguage(locale);
  document.documentElement.lang = locale;
}
