import { useQuery } from "@tanstack/react-query";
import { CircleCheck, CircleX } from "lucide-react";
import { useTranslation } from "react-i18next";
import { getReport, type TaskRead } from "@/api/generated";
import { keys } from "@/api/keys";
import { data } from "@/api/problems";
import { languageName } from "@/core/format";
import { figuresOf, type ReportDocument } from "../state/figures";

/** Figures of the newest export, as they were measured. */
export function Report({ task, language }: { task: TaskRead; language: string }) {
  const { t, i18n } = useTranslation();
  const status = task.language_status[language]?.status;
  const { data: report } = useQuery({
    queryKey: keys.report(task.task_id, language),
    enabled: status === "completed" || status === "stale",
    queryFn: async ({ signal }) =>
      (await data(getReport({ path: { task_id: task.task_id, language }, signal }))) as ReportDocument,
  });
  if (!report) return null;
  return (
    <section>
      <h3 className="mb-1.5 flex items-center gap-1.5 text-xs font-medium">
        {report.passed ? (
          <CircleCheck aria-hidden size={14} className="text-good" />
        ) : (
          <CircleX aria-hidden size={14} className="text-bad" />
        )}
        <span className="text-soft">{t("task.report", { language: languageName(language, i18n.language) })}</span>
        <span className={report.passed ? "text-good" : "text-bad"}>
          {t(report.passed ? "report.passed" : "report.not_passed")}
        </span>
      </h3>
      <dl className="border-line divide-line divide-y rounded-lg border text-xs">
        {figuresOf(report).map(({ name, value }) => (
          <div key={name} className="flex justify-between gap-4 px-2.5 py-1.5">
            <dt className="text-soft">{t(`report.${name}`)}</dt>
            <dd className="text-right tabular-nums">{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
