import "@/i18n/later";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Download, FileUp, Plus, Trash2 } from "lucide-react";
import { type FormEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { account, glossaryQuery } from "@/api/account";
import type { TermRead } from "@/api/generated";
import { languagesQuery } from "@/api/queries";
import { Button } from "@/components/ui/button";
import { Choice } from "@/components/ui/choice";
import { Input } from "@/components/ui/fields";
import { IconButton } from "@/components/ui/icon-button";
import { languageName } from "@/core/format";
import { useRefusal } from "@/i18n/refusal";
import { Section } from "./section";

/** Terms with a fixed rendering, in every task of the account. */
export function GlossarySection() {
  const { t } = useTranslation();
  const [q, setQ] = useState("");
  const { data: terms } = useQuery({ ...glossaryQuery(q), placeholderData: keepPreviousData }); // the search keeps the focus
  const change = useChange();
  const input = useRef<HTMLInputElement>(null);
  if (!terms) return null;
  const bring = (file: File | undefined) =>
    file &&
    change(async () => {
      const { added, updated } = await account.importTerms(file);
      toast.success(t("glossary.imported", { added, updated }));
    });
  return (
    <Section title={t("glossary.title")} text={t("glossary.text")}>
      <div className="mb-3 flex flex-wrap gap-2">
        <Input
          type="search"
          aria-label={t("glossary.search")}
          placeholder={t("glossary.search")}
          className="max-w-64"
          value={q}
          onChange={(event) => setQ(event.target.value)}
        />
        <span className="ml-auto flex gap-2">
          <Button icon={FileUp} onClick={() => input.current?.click()}>
            {t("glossary.import")}
          </Button>
          <Button asChild>
            <a href="/api/glossary/export" download>
              <Download aria-hidden size={16} />
              {t("glossary.export")}
            </a>
          </Button>
        </span>
        <input
          ref={input}
          type="file"
          hidden
          accept=".csv,text/csv"
          onChange={(event) => bring(event.target.files?.[0])}
        />
      </div>
      <NewTerm onAdd={(term) => change(() => account.addTerm(term))} />
      <ul className="divide-line mt-3 divide-y">
        {terms.map((term) => (
          <TermRow key={term.term_id} term={term} onRemove={() => change(() => account.removeTerm(term.term_id))} />
        ))}
        {terms.length === 0 && <li className="text-soft py-3">{t("glossary.empty")}</li>}
      </ul>
    </Section>
  );
}

function useChange(): (act: () => Promise<unknown>) => void {
  const cache = useQueryClient();
  const refuse = useRefusal();
  const { mutate } = useMutation({
    mutationFn: (act: () => Promise<unknown>) => act(),
    onSuccess: () => cache.invalidateQueries({ queryKey: ["glossary"] }),
    onError: (error) => refuse(error),
  });
  return mutate;
}

function TermRow({ term, onRemove }: { term: TermRead; onRemove: () => void }) {
  const { t, i18n } = useTranslation();
  const pair = `${languageName(term.source_language, i18n.language)} → ${term.target_language ? languageName(term.target_language, i18n.language) : t("glossary.all")}`;
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-3 py-2 sm:grid-cols-[minmax(0,1.4fr)_minmax(0,1fr)_auto]">
      <span className="truncate">
        <strong className="font-medium">{term.source}</strong> →{" "}
        {term.target ?? <em className="text-soft">{t("glossary.keep")}</em>}
      </span>
      <span className="text-soft text-xs max-sm:row-start-2">
        {[pair, term.pronunciation && t("glossary.spoken", { spoken: term.pronunciation })].filter(Boolean).join(" · ")}
      </span>
      <IconButton small icon={Trash2} label={t("glossary.remove", { term: term.source })} onClick={onRemove} />
    </li>
  );
}

function NewTerm({ onAdd }: { onAdd: (term: Parameters<typeof account.addTerm>[0]) => void }) {
  const { t, i18n } = useTranslation();
  const { data: languages = [] } = useQuery(languagesQuery);
  const [from, choose] = useState<string | null>(null);
  const [to, chooseTo] = useState<string | null>(null);
  const add = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "").trim();
    onAdd({
      source_language: from ?? languages[0]?.code ?? "",
      target_language: to,
      source: text("source"),
      target: text("target") || null,
      pronunciation: text("spoken") || null,
    });
    event.currentTarget.reset();
    choose(null);
    chooseTo(null);
  };
  const options = languages.map(({ code }) => ({ value: code, label: languageName(code, i18n.language) }));
  return (
    <form onSubmit={add} className="bg-sunken/60 grid gap-2 rounded-lg p-3 sm:grid-cols-[auto_1fr_auto_1fr_1fr_auto]">
      <Choice
        aria-label={t("glossary.from")}
        className="sm:min-w-32"
        value={from ?? languages[0]?.code ?? ""}
        onChange={choose}
        options={options}
      />
      <Input
        name="source"
        required
        maxLength={200}
        aria-label={t("glossary.source")}
        placeholder={t("glossary.source")}
      />
      <Choice
        aria-label={t("glossary.to")}
        className="sm:min-w-32"
        value={to}
        onChange={chooseTo}
        options={[{ value: null, label: t("glossary.all") }, ...options]}
      />
      <Input
        name="target"
        maxLength={200}
        aria-label={t("glossary.target")}
        placeholder={t("glossary.target_or_keep")}
      />
      <Input
        name="spoken"
        maxLength={200}
        aria-label={t("glossary.pronunciation")}
        placeholder={t("glossary.pronunciation")}
      />
      <Button type="submit" look="primary" icon={Plus}>
        {t("common.add")}
      </Button>
    </form>
  );
}
