import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { replaceLines } from "@/api/cache";
import { editing } from "@/api/editing";
import type { LineChange } from "@/api/generated";
import { languageName } from "@/core/format";
import { useEditor } from "./context";
import { useHistory } from "./history";
import { useEdits } from "./use-edits";

/** Give lines of a language the times that another one has, as one edit. */
export function useCopyTimes(): (to: string, changes: LineChange[]) => Promise<void> {
  const { t, i18n } = useTranslation();
  const { task, language } = useEditor();
  const cache = useQueryClient();
  const { edit } = useEdits(task.task_id, language);
  const history = useHistory(task.task_id, language);
  return async (to, changes) => {
    const done = await edit(async () =>
      replaceLines(cache, task.task_id, to, await editing.changeLines(task.task_id, to, changes)),
    );
    if (!done) return;
    toast.success(t("beside.copied", { count: changes.length, language: languageName(to, i18n.language) }), {
      action: { label: t("actions.undo"), onClick: history.undo },
    });
  };
}
