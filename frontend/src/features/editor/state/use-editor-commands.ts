import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import type { Command } from "@/components/commands";
import { languageName } from "@/core/format";
import { targets } from "@/core/progress";
import { useEditor } from "./context";
import { show, type Tab } from "./view";

const TABS: Tab[] = ["line", "review", "speaker", "task"];

/** What can be done in the editor and has no key of its own. */
export function useEditorCommands(): Command[] {
  const { t, i18n } = useTranslation();
  const { task } = useEditor();
  const [params, setParams] = useSearchParams();
  const languages = targets(task).map(([code]) => ({
    id: `language-${code}`,
    label: `${t("editor.languages")}: ${languageName(code, i18n.language)}`,
    run: () => setParams({ ...Object.fromEntries(params), language: code }, { replace: true }),
  }));
  const tabs = TABS.map((tab) => ({
    id: `tab-${tab}`,
    label: `${t("editor.properties")}: ${t(`properties.${tab}`)}`,
    run: () => show({ tab }),
  }));
  const filters = (["all", "review"] as const).map((filter) => ({
    id: `filter-${filter}`,
    label: `${t("editor.filter")}: ${t(`editor.${filter}`)}`,
    run: () => show({ filter }),
  }));
  const exporting = { id: "export", label: t("editor.export"), run: () => show({ exporting: true }) };
  return [exporting, ...languages, ...filters, ...tabs];
}
