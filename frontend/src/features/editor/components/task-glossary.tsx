import { Plus, X } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { GlossaryTerm } from "@/api/generated";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/fields";
import { IconButton } from "@/components/ui/icon-button";

/** Terms with a fixed rendering in this task; without one they stay as they are. */
export function TaskGlossary({
  terms,
  onChange,
}: {
  terms: GlossaryTerm[];
  onChange: (terms: GlossaryTerm[]) => void;
}) {
  const { t } = useTranslation();
  const [source, setSource] = useState("");
  const [target, setTarget] = useState("");
  const add = (event: FormEvent) => {
    event.preventDefault();
    if (!source.trim()) return;
    onChange([
      ...terms.filter((term) => term.source !== source.trim()),
      { source: source.trim(), target: target.trim() || null },
    ]);
    setSource("");
    setTarget("");
  };
  return (
    <section className="grid gap-2">
      <h3 className="text-soft text-xs font-medium">{t("glossary.of_task")}</h3>
      <ul className="grid gap-1">
        {terms.map((term) => (
          <li key={term.source} className="bg-sunken flex items-center gap-2 rounded-md pl-2.5">
            <span className="min-w-0 flex-1 truncate">
              <strong className="font-medium">{term.source}</strong> →{" "}
              {term.target ?? <em className="text-soft">{t("glossary.keep")}</em>}
            </span>
            <IconButton
              small
              icon={X}
              label={t("glossary.remove", { term: term.source })}
              onClick={() => onChange(terms.filter((other) => other !== term))}
            />
          </li>
        ))}
      </ul>
      <form className="flex gap-2" onSubmit={add}>
        <Input
          aria-label={t("glossary.source")}
          placeholder={t("glossary.source")}
          value={source}
          onChange={(event) => setSource(event.target.value)}
          maxLength={200}
        />
        <Input
          aria-label={t("glossary.target")}
          placeholder={t("glossary.target_or_keep")}
          value={target}
          onChange={(event) => setTarget(event.target.value)}
          maxLength={200}
        />
        <Button type="submit" icon={Plus}>
          {t("common.add")}
        </Button>
      </form>
    </section>
  );
}
