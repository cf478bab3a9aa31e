import "@/i18n/later";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { languagesQuery } from "@/api/queries";
import { languageName } from "@/core/format";
import { obstacle } from "@/core/needs";
import { cn } from "./ui/cn";

interface LanguagePickerProps {
  label: string;
  source: string | null;
  value: string[];
  onChange: (codes: string[]) => void;
}

/** Target languages to tick, with what cannot be done here said beside the name. */
export function LanguagePicker({ label, source, value, onChange }: LanguagePickerProps) {
  const { t, i18n } = useTranslation();
  const { data: languages, isPending } = useQuery(languagesQuery);
  const offered = (languages ?? []).filter((language) => language.is_target && language.code !== source);
  return (
    <fieldset>
      <legend className="text-soft mb-1.5 text-xs font-medium">{label}</legend>
      {isPending && <div className="skeleton h-24" />}
      <div className="grid grid-cols-[repeat(auto-fill,minmax(10.5rem,1fr))] gap-2">
        {offered.map((language) => {
          const why = obstacle(language, source);
          const ticked = value.includes(language.code);
          return (
            <label
              key={language.code}
              className={cn(
                "flex items-start gap-2.5 rounded-lg border px-3 py-2 transition-colors",
                ticked ? "border-accent bg-accent-soft" : "border-line hover:border-edge",
              )}
            >
              <input
                type="checkbox"
                className="accent-accent mt-0.5 size-4 shrink-0"
                checked={ticked}
                onChange={() =>
                  onChange(ticked ? value.filter((code) => code !== language.code) : [...value, language.code])
                }
              />
              <span className="min-w-0">
                <span className="block font-medium">{languageName(language.code, i18n.language)}</span>
                <span className={cn("block text-xs", why ? "text-warn" : "text-soft")}>
                  {why ? t(`plan.${why}`) : language.native_name}
                </span>
              </span>
            </label>
          );
        })}
      </div>
    </fieldset>
  );
}
