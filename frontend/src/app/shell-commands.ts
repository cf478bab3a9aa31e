import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import type { Command } from "@/components/commands";
import { useTheme } from "@/components/ui/theme";
import { chooseLocale, type Locale, LOCALES } from "@/i18n";

/** What can be done on every page. */
export function useShellCommands(): Command[] {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const choose = useTheme((state) => state.choose);
  const places = [
    { id: "tasks", label: t("not_found.home"), run: () => void navigate("/dashboard") },
    { id: "settings", label: t("settings.title"), run: () => void navigate("/settings") },
  ];
  const themes = (["system", "light", "dark"] as const).map((theme) => ({
    id: `theme-${theme}`,
    label: `${t("settings.theme")}: ${t(`settings.${theme}`)}`,
    run: () => choose(theme === "system" ? null : theme),
  }));
  const locales = Object.entries(LOCALES).map(([code, name]) => ({
    id: `locale-${code}`,
    label: `${t("settings.language")}: ${name}`,
    run: () => void chooseLocale(code as Locale),
  }));
  return [...places, ...themes, ...locales];
}
