import { useQueries } from "@tanstack/react-query";
import { CircleAlert, CircleCheck } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { GateReason } from "@/api/generated";
import { languageName } from "@/core/format";
import { finished } from "@/core/progress";
import { useEditor } from "../state/context";
import { useGoToLine } from "../state/use-go-to-line";
import { reportQuery } from "../state/report";
import { type Miss, sizeOf } from "../state/figures";

/** Whether each finished language reached its thresholds, and which it missed. */
export function Verdicts() {
  const { i18n } = useTranslation();
  const { task } = useEditor();
  const codes = finished(task);
  const reports = useQueries({ queries: codes.map((code) => reportQuery(task, code)) });
  return (
    <ul className="grid gap-2 empty:hidden">
      {codes.map((code, index) => {
        const gate = reports[index]?.data?.gate;
        if (!gate) return null;
        return (
          <li key={code} data-gate={code} data-passed={gate.passed} className="grid gap-1">
            <Verdict passed={gate.passed} name={languageName(code, i18n.language)} />
            <Misses misses={gate.misses} />
            <Reasons code={code} reasons={task.language_status[code]?.gate_reasons ?? []} />
            <Accepted misses={gate.accepted ?? []} />
          </li>
        );
      })}
    </ul>
  );
}

/** Why a language did not pass, what would mend it, and the way to the lines behind it. */
function Reasons({ code, reasons }: { code: string; reasons: GateReason[] }) {
  const { t, i18n } = useTranslation();
  const go = useGoToLine();
  const english = i18n.language.startsWith("en"); // the gateway's own words say most
  const say = (part: "why" | "mend", { code: kind, variant, values }: GateReason, text: string) =>
    english
      ? text
      : t([`gate.${part}.${variant || kind}` as "gate.why.speech_lost", `gate.${part}.${kind as "speech_lost"}`], {
          ...values,
          defaultValue: text,
        });
  return reasons.map((reason) => (
    <div
      key={reason.code}
      data-reason={reason.code}
      className="border-line grid gap-0.5 rounded-md border px-2.5 py-1.5 text-xs"
    >
      <p className="font-medium">{say("why", reason, reason.text)}</p>
      <p className="text-soft">{say("mend", reason, reason.mend)}</p>
      {(reason.lines?.length ?? 0) > 0 && (
        <p>
          <button
            type="button"
            className="text-accent hover:underline"
            onClick={() => go(code, reason.lines?.[0] ?? "")}
          >
            {t("gate.show_lines", { count: reason.lines_total ?? 0 })}
          </button>
        </p>
      )}
    </div>
  ));
}

function Verdict({ passed, name }: { passed: boolean; name: string }) {
  const { t } = useTranslation();
  const Icon = passed ? CircleCheck : CircleAlert;
  return (
    <p className="flex items-center gap-1.5">
      <Icon aria-hidden size={15} className={passed ? "text-good" : "text-warn"} />
      <strong className="font-medium">{name}</strong>
      <span className={passed ? "text-good" : "text-warn"}>{t(passed ? "report.passed" : "report.not_passed")}</span>
    </p>
  );
}

/** Each figure beyond its limit. */
export function Misses({ misses }: { misses: Miss[] }) {
  const { t } = useTranslation();
  if (misses.length === 0) return null;
  return (
    <ul className="text-warn bg-warn-soft grid gap-0.5 rounded-md px-2.5 py-1.5 text-xs">
      {misses.map((miss) => {
        const figure = t(`miss.${miss.figure.replaceAll(".", "_") as "overlap"}`, { defaultValue: miss.figure });
        const [value, limit] = [sizeOf(miss.figure, miss.value), sizeOf(miss.figure, miss.limit)];
        return (
          <li key={miss.figure} data-miss={miss.figure}>
            {typeof miss.value === "boolean" ? figure : t("miss.limit", { figure, value, limit })}
          </li>
        );
      })}
    </ul>
  );
}

/** What is beyond its limit and was accepted by a person. */
export function Accepted({ misses }: { misses: Miss[] }) {
  const { t } = useTranslation();
  return misses.map(({ figure, value }) => (
    <p key={figure} data-accepted={figure} className="text-soft text-xs">
      {t("miss.accepted", {
        figure: t(`miss.${figure.replaceAll(".", "_") as "overlap"}`, { defaultValue: figure }),
        value: sizeOf(figure, value),
      })}
    </p>
  ));
}
