import { useTranslation } from "react-i18next";
import type { Remark, TaskRead } from "@/api/generated";
import { languageName } from "@/core/format";
import { BASE } from "@/core/progress";

/** What was repaired, merged or left out of the subtitle files that were brought, with their rows. */
export function SubtitleRemarks({ task }: { task: TaskRead }) {
  const { t, i18n } = useTranslation();
  return Object.entries(task.subtitle_remarks ?? {}).map(([code, remarks]) => (
    <section key={code} className="grid gap-1.5" data-testid={`remarks-${code}`}>
      <h3 className="text-soft text-xs font-medium">
        {code === BASE
          ? t("remarks.title")
          : t("remarks.title_of", { language: languageName(code, i18n.language) })}
      </h3>
      <RemarkList remarks={remarks} />
    </section>
  ));
}

/** Each kind of thing, with rows of the file. */
export function RemarkList({ remarks }: { remarks: Remark[] }) {
  const { t } = useTranslation();
  return (
    <ul className="grid gap-1 text-xs">
      {remarks.map((remark) => (
        <li key={remark.kind}>
          {remark.count > 1 && <span className="text-soft tabular-nums">{remark.count}× </span>}
          <span title={remark.text}>{t(`remarks.kind.${remark.kind}`, { defaultValue: remark.text })}</span>
          {remark.rows && remark.rows.length > 0 && (
            <span className="text-soft">
              {" · "}
              {t("remarks.rows", { rows: remark.rows.join(", ") + (remark.count > remark.rows.length ? " …" : "") })}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
