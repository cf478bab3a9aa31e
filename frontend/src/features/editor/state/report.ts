import { queryOptions } from "@tanstack/react-query";
import { getReport, type TaskRead } from "@/api/generated";
import { keys } from "@/api/keys";
import { data } from "@/api/problems";
import { finished } from "@/core/progress";
import type { ReportDocument } from "./figures";

/** The measured report of a language's newest export, with the gate's verdict. */
export const reportQuery = (task: TaskRead, language: string) =>
  queryOptions({
    queryKey: keys.report(task.task_id, language),
    enabled: finished(task).includes(language),
    queryFn: async ({ signal }) =>
      (await data(getReport({ path: { task_id: task.task_id, language }, signal }))) as ReportDocument,
  });
