import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { patchTask } from "./cache";
import { cancelTask, deleteTask, type LanguageRead, processTask, retryTask, type TaskRead } from "./generated";
import { keys } from "./keys";
import { needing } from "@/core/needs";
import { toExport, toStart } from "@/core/progress";
import { data } from "./problems";
import { useProblemText } from "@/i18n/problem-text";
import { useRefusal } from "@/i18n/refusal";
import { deleteLater, UNDO_MS } from "./deletions";

export interface TaskActions {
  start: (tasks: TaskRead[]) => Promise<void>;
  /** Speak the lines that were edited, and those alone, and export. */
  dubChanged: (task: TaskRead) => Promise<void>;
  cancel: (tasks: TaskRead[]) => Promise<void>;
  retry: (tasks: TaskRead[]) => Promise<void>;
  remove: (tasks: TaskRead[]) => void;
}

/** Of `codes` those that can be begun: a language that waits for its translation holds up no other. */
function possible(cache: QueryClient, task: TaskRead, codes: string[]): string[] {
  const needed = new Set(needing(task, cache.getQueryData<LanguageRead[]>(keys.languages) ?? []));
  const rest = codes.filter((code) => !needed.has(code));
  return rest.length > 0 ? rest : codes; // the gateway says what they need
}

/** What can be done with tasks, one or many; failures are told once. */
export function useTaskActions(): TaskActions {
  const cache = useQueryClient();
  const { t } = useTranslation();
  const say = useProblemText();
  const refuse = useRefusal();
  return useMemo(() => {
    const each = async (tasks: TaskRead[], act: (id: string, task: TaskRead) => Promise<TaskRead>) => {
      const results = await Promise.allSettled(
        tasks.map((task) => act(task.task_id, task).then((next) => patchTask(cache, task.task_id, () => next))),
      );
      const failed = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
      const reasons = Map.groupBy(failed, say);
      for (const [, [first, ...others]] of reasons)
        refuse(first, others.length > 0 ? t("actions.some_failed", { count: others.length + 1 }) : undefined);
    };
    return {
      start: (tasks) =>
        each(tasks, (task_id, task) =>
          data(processTask({ path: { task_id }, body: { languages: possible(cache, task, toStart(task)) } })),
        ),
      dubChanged: (task) =>
        each([task], (task_id) =>
          data(
            processTask({
              path: { task_id },
              body: { languages: possible(cache, task, toExport(task)), dub_changed: true },
            }),
          ),
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
  }, [cache, t, say, refuse]);
}
