import "@/i18n/later";
import { Check } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useApprove } from "@/api/approving";
import type { TaskRead } from "@/api/generated";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { languageName } from "@/core/format";
import { toApprove } from "@/core/progress";

/** That languages of a task wait for approval, with a button that opens them. */
export default function Approving({ task }: { task: TaskRead }) {
  const { t, i18n } = useTranslation();
  const [open, setOpen] = useState(false);
  const codes = toApprove(task);
  const names = codes.map((code) => languageName(code, i18n.language)).join(", ");
  return (
    <div className="flex items-center gap-2" data-testid="approving">
      <p className="text-warn line-clamp-2 min-w-0 flex-1 text-xs">{t("approval.waiting", { languages: names })}</p>
      <Button onClick={() => setOpen(true)}>{t("approval.action")}</Button>
      <Dialog
        open={open && codes.length > 0}
        onOpenChange={setOpen}
        title={task.video_original_name}
        description={task.config.stop_after ? t(`approval.at.${task.config.stop_after}`) : t("approval.title")}
      >
        <Languages task={task} codes={codes} />
      </Dialog>
    </div>
  );
}

/** Each language that waits, to be looked at and approved. */
function Languages({ task, codes }: { task: TaskRead; codes: string[] }) {
  const { t, i18n } = useTranslation();
  const { approve, busy } = useApprove(task);
  return (
    <div className="grid gap-3">
      <ul className="border-line divide-line divide-y rounded-lg border">
        {codes.map((code) => {
          const language = languageName(code, i18n.language);
          return (
            <li key={code} className="flex flex-wrap items-center gap-2 px-3.5 py-2.5" data-approve={code}>
              <strong className="min-w-0 flex-1 font-medium">{language}</strong>
              <Button small asChild>
                <Link to={`/tasks/${task.task_id}?language=${code}`}>{t("approval.check", { language })}</Link>
              </Button>
              <Button
                small
                look="primary"
                icon={Check}
                disabled={busy}
                aria-label={t("approval.approve_name", { language })}
                onClick={() => approve([code])}
              >
                {t("approval.approve")}
              </Button>
            </li>
          );
        })}
      </ul>
      {codes.length > 1 && (
        <Button className="justify-self-end" icon={Check} disabled={busy} onClick={() => approve(codes)}>
          {t("approval.approve_all")}
        </Button>
      )}
    </div>
  );
}
