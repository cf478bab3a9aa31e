import { useMutation, useQuery } from "@tanstack/react-query";
import { CircleAlert, CircleCheck, Ear } from "lucide-react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { listenToLines, type TaskRead } from "@/api/generated";
import { data } from "@/api/problems";
import { Button } from "@/components/ui/button";
import { languageName } from "@/core/format";
import { useProblemText } from "@/i18n/problem-text";
import { figuresOf, isHeardInPart } from "../state/figures";
import { reportQuery } from "../state/report";
import { Accepted, Misses } from "./verdicts";

/** Figures of the newest export, as they were measured, and whether they are good enough. */
export function Report({ task, language }: { task: TaskRead; language: string }) {
  const { t, i18n } = useTranslation();
  const { data: report } = useQuery(reportQuery(task, language));
  if (!report) return null;
  const passed = report.gate?.passed ?? report.passed;
  return (
    <section>
      <h3 className="mb-1.5 flex items-center gap-1.5 text-xs font-medium">
        {passed ? (
          <CircleCheck aria-hidden size={14} className="text-good" />
        ) : (
          <CircleAlert aria-hidden size={14} className="text-warn" />
        )}
        <span className="text-soft">{t("task.report", { language: languageName(language, i18n.language) })}</span>
        <span className={passed ? "text-good" : "text-warn"}>{t(passed ? "report.passed" : "report.not_passed")}</span>
      </h3>
      <div className="mb-1.5 empty:hidden">
        <Misses misses={report.gate?.misses ?? []} />
        <Accepted misses={report.gate?.accepted ?? []} />
      </div>
      <dl className="border-line divide-line divide-y rounded-lg border text-xs">
        {figuresOf(report).map(({ name, value }) => (
          <div key={name} className="flex justify-between gap-4 px-2.5 py-1.5">
            <dt className="text-soft">{t(`report.${name}`)}</dt>
            <dd className="text-right tabular-nums">{value}</dd>
          </div>
        ))}
      </dl>
      {isHeardInPart(report) && <ListenToAll task={task} language={language} />}
    </section>
  );
}

/** Has the takes heard that nobody listened to; their figures come with the live events. */
function ListenToAll({ task, language }: { task: TaskRead; language: string }) {
  const { t } = useTranslation();
  const say = useProblemText();
  const { mutate, isPending } = useMutation({
    mutationFn: () => data(listenToLines({ path: { task_id: task.task_id, language } })),
    onSuccess: ({ lines }) => toast(t("report.listening", { count: lines })),
    onError: (error) => toast.error(say(error)),
  });
  return (
    <Button className="mt-1.5" icon={Ear} disabled={isPending} onClick={() => mutate()}>
      {t("report.listen_to_all")}
    </Button>
  );
}
