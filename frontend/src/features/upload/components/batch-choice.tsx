import "@/i18n/later";
import { useTranslation } from "react-i18next";
import type { PlannedRow, Refusal } from "@/api/generated";
import { ApiProblem } from "@/api/problems";
import { Check, Field, Input } from "@/components/ui/fields";
import { languageName } from "@/core/format";
import { useProblemText } from "@/i18n/problem-text";
import { detailOf } from "@/i18n/refusal";

interface BatchChoiceProps {
  /** Its name; null: each video is a task of its own. */
  name: string | null;
  suggested: string;
  onChange: (name: string | null) => void;
}

/** Whether several videos are to be one batch, and what it is called. */
export function BatchChoice({ name, suggested, onChange }: BatchChoiceProps) {
  const { t } = useTranslation();
  return (
    <section className="border-line mb-4 grid gap-2 rounded-lg border px-3.5 py-2.5">
      <Check
        label={<span className="font-medium">{t("as_batch.choose")}</span>}
        checked={name !== null}
        onChange={(event) => onChange(event.target.checked ? suggested : null)}
      />
      {name === null ? (
        <p className="text-soft text-xs">{t("as_batch.hint")}</p>
      ) : (
        <Field label={t("as_batch.name")} hint={t("as_batch.hint")}>
          {(field) => (
            <Input {...field} value={name} maxLength={200} onChange={(event) => onChange(event.target.value)} />
          )}
        </Field>
      )}
    </section>
  );
}

const SHOWN = 3;

/** What cannot be made as it was chosen: each reason once, with the videos it is about. */
export function Refused({ rows }: { rows: PlannedRow[] }) {
  const { t, i18n } = useTranslation();
  const say = useProblemText();
  const tell = ({ code, detail, language }: Refusal) => {
    const problem = new ApiProblem(422, code, detail);
    const text = say(problem);
    const about = language ? `${languageName(language, i18n.language)}: ` : "";
    return `${about}${text} ${detailOf(problem, text) ?? ""}`;
  };
  const told = rows.flatMap((row) => (row.refused ?? []).map((refusal) => ({ source: row.source, why: tell(refusal) })));
  return (
    <div role="alert" className="bg-bad-soft text-bad mb-4 grid gap-1.5 rounded-lg px-3.5 py-2.5 text-xs">
      <p className="font-medium">{t("as_batch.refused", { count: rows.length })}</p>
      {[...Map.groupBy(told, ({ why }) => why)].map(([why, same]) => (
        <p key={why} className="break-words">
          <strong className="font-medium">
            {same
              .slice(0, SHOWN)
              .map(({ source }) => source)
              .join(", ")}
            {same.length > SHOWN && ` ${t("as_batch.more", { count: same.length - SHOWN })}`}
          </strong>
          <br />
          {why}
        </p>
      ))}
    </div>
  );
}
