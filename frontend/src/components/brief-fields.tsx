import { useTranslation } from "react-i18next";
import type { Brief, LanguageBrief } from "@/api/generated";
import { languageName } from "@/core/format";
import { Field, Select } from "./ui/fields";

const TEXTS = ["summary", "audience", "tone", "instructions"] as const;
const MOST = { summary: 4000, audience: 500, tone: 500, instructions: 4000 };

interface BriefFieldsProps {
  brief: Brief;
  /** The target language whose form of address and forbidden words are shown; none: those of all are left alone. */
  language?: string;
  onChange: (brief: Brief) => void;
}

/** What a translator is told; a field is saved when it is left. */
export function BriefFields({ brief, language, onChange }: BriefFieldsProps) {
  const { t, i18n } = useTranslation();
  const own: LanguageBrief = (language && brief.languages?.[language]) || {};
  const named = { language: language ? languageName(language, i18n.language) : "" };
  const set = (values: LanguageBrief) =>
    language && onChange({ ...brief, languages: { ...brief.languages, [language]: { ...own, ...values } } });
  return (
    <div className="grid gap-2.5">
      {TEXTS.map((name) => (
        <Field key={name} label={t(`brief.${name}`)}>
          {(field) => (
            <textarea
              {...field}
              key={brief[name]}
              className="field min-h-9"
              rows={name === "instructions" || name === "summary" ? 3 : 1}
              maxLength={MOST[name]}
              defaultValue={brief[name] ?? ""}
              onBlur={(event) => {
                if (event.target.value !== (brief[name] ?? "")) onChange({ ...brief, [name]: event.target.value });
              }}
            />
          )}
        </Field>
      ))}
      {language && (
        <>
          <Field label={t("brief.address", named)}>
            {(field) => (
              <Select
                {...field}
                value={own.address ?? ""}
                onChange={(event) => set({ address: (event.target.value || null) as LanguageBrief["address"] })}
              >
                <option value="">{t("brief.any")}</option>
                <option value="formal">{t("brief.formal")}</option>
                <option value="informal">{t("brief.informal")}</option>
              </Select>
            )}
          </Field>
          <Forbidden key={language} words={own.forbidden ?? []} onChange={(forbidden) => set({ forbidden })} {...named} />
        </>
      )}
    </div>
  );
}

function Forbidden(props: { words: string[]; language: string; onChange: (words: string[]) => void }) {
  const { t } = useTranslation();
  const written = props.words.join(", ");
  return (
    <Field label={t("brief.forbidden", { language: props.language })} hint={t("brief.forbidden_hint")}>
      {(field) => (
        <textarea
          {...field}
          key={written}
          className="field min-h-9"
          rows={1}
          defaultValue={written}
          onBlur={(event) => {
            const words = event.target.value.split(/[,，、\n]/).map((word) => word.trim());
            const next = [...new Set(words.filter(Boolean))];
            if (next.join() !== props.words.join()) props.onChange(next);
          }}
        />
      )}
    </Field>
  );
}
