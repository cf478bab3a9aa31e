import { Ban, CheckCheck, PackageOpen, Play, RotateCw, Trash2, X } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import type { TaskRead } from "@/api/generated";
import { Button } from "@/components/ui/button";
import { IconButton } from "@/components/ui/icon-button";
import { canRetry, canStart, finished, isBusy } from "@/core/progress";
import { useSelection } from "../state/selection";
import { useTaskActions } from "@/api/task-actions";

const BulkExport = lazy(() => import("./bulk-export"));

/** What can be done with all ticked tasks at once. */
export function BulkBar({ shown }: { shown: TaskRead[] }) {
  const { t } = useTranslation();
  const { selected, set } = useSelection();
  const actions = useTaskActions();
  const [exporting, setExporting] = useState(false);
  if (selected.size === 0) return null;
  const now = new Map(shown.map((task) => [task.task_id, task]));
  const tasks = [...selected].map(([id, task]) => now.get(id) ?? task);
  const some = (test: (task: TaskRead) => boolean) => tasks.filter(test);
  const remove = () => {
    actions.remove(tasks);
    set([]);
  };
  return (
    <div
      role="toolbar"
      aria-label={t("dashboard.bulk")}
      className="panel shadow-card sticky top-15 z-20 flex flex-wrap items-center gap-1.5 px-3 py-2"
    >
      <strong className="mr-2 font-semibold" aria-live="polite">
        {t("dashboard.selected", { count: tasks.length })}
      </strong>
      <Button
        small
        icon={Play}
        disabled={some(canStart).length === 0}
        onClick={() => void actions.start(some(canStart))}
      >
        {t("actions.start")}
      </Button>
      <Button small icon={Ban} disabled={some(isBusy).length === 0} onClick={() => void actions.cancel(some(isBusy))}>
        {t("actions.cancel")}
      </Button>
      <Button
        small
        icon={RotateCw}
        disabled={some(canRetry).length === 0}
        onClick={() => void actions.retry(some(canRetry))}
      >
        {t("actions.retry")}
      </Button>
      <Button
        small
        icon={PackageOpen}
        disabled={some((task) => finished(task).length > 0).length === 0}
        onClick={() => setExporting(true)}
      >
        {t("actions.export")}
      </Button>
      <Button small look="danger" icon={Trash2} onClick={remove}>
        {t("actions.delete")}
      </Button>
      <span className="ml-auto flex items-center gap-1">
        <Button small look="quiet" icon={CheckCheck} onClick={() => set(shown)}>
          {t("dashboard.select_shown")}
        </Button>
        <IconButton small icon={X} label={t("dashboard.clear_selection")} onClick={() => set([])} />
      </span>
      {exporting && (
        <Suspense>
          <BulkExport tasks={tasks} onClose={() => setExporting(false)} />
        </Suspense>
      )}
    </div>
  );
}
