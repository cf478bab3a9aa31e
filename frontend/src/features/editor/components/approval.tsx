import { Check } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useApprove } from "@/api/approving";
import { Button } from "@/components/ui/button";
import { languageName } from "@/core/format";
import { toApprove } from "@/core/progress";
import { useEditor } from "../state/context";

/** The language shown waits at its stop: what there is to look at, and the button that lets it go on. */
export function Approval() {
  const { t, i18n } = useTranslation();
  const { task, language } = useEditor();
  const { approve, busy } = useApprove(task);
  const codes = toApprove(task);
  if (!codes.includes(language)) return null;
  return (
    <div
      data-testid="approval"
      className="bg-warn-soft text-warn border-line flex flex-wrap items-center gap-2 border-b px-3 py-2"
    >
      <p className="min-w-48 flex-1">
        {task.config.stop_after ? t(`approval.at.${task.config.stop_after}`) : t("approval.title")}
      </p>
      <Button look="primary" icon={Check} disabled={busy} onClick={() => approve([language])}>
        {t("approval.approve_name", { language: languageName(language, i18n.language) })}
      </Button>
      {codes.length > 1 && (
        <Button icon={Check} disabled={busy} onClick={() => approve(codes)}>
          {t("approval.approve_all")}
        </Button>
      )}
    </div>
  );
}
