import { useTranslation } from "react-i18next";
import { useEditor } from "../state/context";

/** In place of a line's text: it is on its way here, being made, or there is none. */
export function NoLine({ read }: { read: boolean }) {
  const { t } = useTranslation();
  const { busy } = useEditor();
  if (read) return <span className="text-soft">{busy ? t("editor.not_yet") : "–"}</span>;
  return (
    <span className="skeleton block h-5">
      <span className="sr-only">{t("common.loading")}</span>
    </span>
  );
}
