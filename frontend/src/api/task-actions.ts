import { useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { patchTask } from "./cache";
import { cancelTask, deleteTask, processTask, retryTask, type TaskRead } from "./generated";
import { keys } from "./keys";
import { toExport, toStart } from "@/core/progress";
import { data } from "./problems";
import { useProblemText } from "@/i18n/problem-text";
import { deleteLater, UNDO_MS } from "./deletions";

export interface TaskActions {
  start: (tasks: TaskRead[]) => Promise<void>;
  /** Speak the lines that were edited, and those alone, and export. */
  dubChanged: (task: TaskRead) => Promise<void>;
  cancel: (tasks: TaskRead[]) => Promise<void>;
  retry: (tasks: TaskRead[]) => Promise<void>;
  remove: (tasks: TaskRead[]) => void;
}

/** What can be done with tasks, one or many; failures are told once. */
export function useTaskActions(): TaskActions {
  const cache = useQueryClient();
  const { t } = useTranslation();
  const say = useProblemText();
  return useMemo(() => {
    const each = async (tasks: TaskRead[], act: (id: string, task: TaskRead) => Promise<TaskRead>) => {
      const results = await Promise.allSettled(
        tasks.map((task) => act(task.task_id, task).then((next) => patchTask(cache, task.task_id, () => next))),
      );
      const failed = results.filter((result) => result.status === "rejected");
      if (failed[0])
        toast.error(failed.length > 1 ? t("actions.some_failed", { count: failed.length }) : say(failed[0].reason), {
          description: failed.length > 1 ? say(failed[0].reason) : undefined,
        });
    };
    return {
      start: (tasks) =>
        each(tasks, (task_id, task) => data(processTask({ path: { task_id }, body: { languages: toStart(task) } }))),
      dubChanged: (task) =>
        each([task], (task_id) =>
          data(processTask({ path: { task_id }, body: { languages: toExport(task), dub_changed: true } })),
        ),
      cancel: (tasks) => each(tasks, (id) => data(cancelTask({ path: { task_id: id } }))),
      retry: (tasks) => each(tasks, (id) => data(retryTask({ path: { task_id: id } }))),
      remove: (tasks) => {
        const ids = tasks.map((task) => task.task_id);
        const undo = deleteLater(
          ids,
          async (id) => void (await data(deleteTask({ path: { task_id: id }, keepalive: true }))),
          () => void cache.invalidateQueries({ queryKey: keys.tasks }),
        );
        const name = tasks[0]?.video_original_name ?? "";
        toast(tasks.length > 1 ? t("actions.deleted_many", { count: tasks.length }) : t("actions.deleted", { name }), {
          duration: UNDO_MS,
          action: { label: t("actions.undo"), onClick: undo },
        });
      },
    };
  }, [cache, t, say]);
}
