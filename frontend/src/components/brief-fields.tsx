import "@/i18n/later";
import { useTranslation } from "react-i18next";
import type { Brief, BriefTerm, LanguageBrief } from "@/api/generated";
import { termsOf } from "@/core/brief-terms";
import { languageName } from "@/core/format";
import { Choice } from "./ui/choice";
import { Field } from "./ui/fields";

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
        <Field
          key={name}
          label={t(`brief.${name}`)}
          hint={name === "summary" && brief.summary_proposed ? t("brief.summary_proposed") : undefined}
        >
          {(field) => (
            <textarea
              {...field}
              key={brief[name]}
              className="field min-h-9"
              rows={name === "instructions" || name === "summary" ? 3 : 1}
              maxLength={MOST[name]}
              defaultValue={brief[name] ?? ""}
              onBlur={(event) => {
                if (event.target.value === (brief[name] ?? "")) return;
                const own = name === "summary" ? { summary_proposed: false } : {};
                onChange({ ...brief, [name]: event.target.value, ...own });
              }}
            />
          )}
        </Field>
      ))}
      {language && (
        <>
          <Field label={t("brief.address", named)}>
            {(field) => (
              <Choice
                {...field}
                value={own.address ?? null}
                onChange={(address) => set({ address })}
                options={[
                  { value: null, label: t("brief.any") },
                  { value: "formal", label: t("brief.formal") },
                  { value: "informal", label: t("brief.informal") },
                ]}
              />
            )}
          </Field>
          <Forbidden key={language} words={own.forbidden ?? []} onChange={(forbidden) => set({ forbidden })} {...named} />
          <Terms key={`${language} terms`} terms={own.terms ?? []} onChange={(terms) => set({ terms })} {...named} />
        </>
      )}
      <label className="flex items-center gap-2 text-xs">
        <input
          type="checkbox"
          checked={brief.propose ?? true}
          onChange={(event) => onChange({ ...brief, propose: event.target.checked })}
        />
        {t("brief.propose")}
      </label>
    </div>
  );
}

/** Terms of one language, a row each; one that is changed is a person's from then on. */
function Terms(props: { terms: BriefTerm[]; language: string; onChange: (terms: BriefTerm[]) => void }) {
  const { t } = useTranslation();
  const written = props.terms.map(({ source, target }) => `${source} = ${target}`).join("\n");
  const proposed = props.terms.filter((term) => term.proposed).length;
  return (
    <Field
      label={t("brief.terms", { language: props.language })}
      hint={proposed > 0 ? t("brief.terms_proposed", { count: proposed }) : t("brief.terms_hint")}
    >
      {(field) => (
        <textarea
          {...field}
          key={written}
          className="field min-h-9"
          rows={Math.min(8, Math.max(1, props.terms.length))}
          defaultValue={written}
          onBlur={(event) => {
            const next = termsOf(event.target.value, props.terms);
            if (JSON.stringify(next) !== JSON.stringify(props.terms)) props.onChange(next);
          }}
        />
      )}
    </Field>
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
