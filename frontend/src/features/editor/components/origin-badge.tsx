import { BookMarked, FileText, PenLine, Sparkle } from "lucide-react";
import { Popover } from "radix-ui";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { account, glossaryQuery, memoryQuery } from "@/api/account";
import { type LineRead, translateLine } from "@/api/generated";
import { data } from "@/api/problems";
import { Button } from "@/components/ui/button";
import { ago } from "@/core/format";
import { useEditor } from "../state/context";
import { useEdits } from "../state/use-edits";

const LOOKS = { memory: Sparkle, provided: FileText, person: PenLine, glossary: BookMarked } as const;
export type Origin = keyof typeof LOOKS;
const BY_HAND: Origin[] = ["memory", "provided", "person"];

/** Where the text of a line comes from, if not from the translator, and which terms are in it. */
export function originsOf(line: LineRead | undefined, terms: readonly { source: string }[]): Origin[] {
  if (!line?.text) return [];
  const own = BY_HAND.filter((origin) => origin === line.origin);
  const source = line.source_text.toLowerCase();
  const termed = terms.some((term) => source.includes(term.source.toLowerCase()));
  return termed ? [...own, "glossary"] : own;
}

export function OriginBadges({ line }: { line: LineRead | undefined }) {
  const { task } = useEditor();
  const { data: kept = [] } = useQuery(glossaryQuery(""));
  return originsOf(line, [...(task.config.glossary ?? []), ...kept]).map(
    (origin) => line && <OriginBadge key={origin} origin={origin} line={line} />,
  );
}

function OriginBadge({ origin, line }: { origin: Origin; line: LineRead }) {
  const { t } = useTranslation();
  const Icon = LOOKS[origin];
  return (
    <Popover.Root>
      <Popover.Trigger data-origin={origin} className="text-soft hover:text-ink text-xs">
        <span className="border-line inline-flex items-center gap-1 rounded-full border px-1.5 py-0.5">
          <Icon aria-hidden size={11} />
          {t(`origin.${origin}.name`)}
        </span>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="start"
          sideOffset={4}
          className="bg-surface border-line shadow-card z-50 grid max-w-80 gap-2 rounded-lg border p-3 text-xs"
        >
          <p>{t(`origin.${origin}.text`)}</p>
          {origin === "memory" && <Memory line={line} />}
          {origin === "glossary" && <Terms line={line} />}
          {origin !== "glossary" && <TakeBack line={line} />}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

const useRemembered = (line: LineRead) => {
  const { language } = useEditor();
  const { data: found } = useQuery(memoryQuery(line.source_text));
  return found?.find((one) => one.target_language === language && one.text === line.text);
};

function Memory({ line }: { line: LineRead }) {
  const { t, i18n } = useTranslation();
  const found = useRemembered(line);
  return found ? (
    <p className="text-soft">
      {t("origin.memory.from", { source: found.source, when: ago(found.updated_at, i18n.language) })}
    </p>
  ) : null;
}

function Terms({ line }: { line: LineRead }) {
  const { task } = useEditor();
  const { data: kept = [] } = useQuery(glossaryQuery(""));
  const source = line.source_text.toLowerCase();
  const terms = [...(task.config.glossary ?? []), ...kept].filter((term) => source.includes(term.source.toLowerCase()));
  return (
    <ul>
      {terms.map((term) => (
        <li key={term.source}>
          <strong className="font-medium">{term.source}</strong> → {term.target ?? term.source}
        </li>
      ))}
    </ul>
  );
}

/** Have the line translated again: what the memory holds of it is forgotten first. */
function TakeBack({ line }: { line: LineRead }) {
  const { t } = useTranslation();
  const { task, language } = useEditor();
  const { edit } = useEdits(task.task_id, language);
  const found = useRemembered(line);
  const path = { task_id: task.task_id, language, segment_id: line.segment_id };
  const again = () =>
    void edit(async () => {
      if (found) await account.removeMemory(found.id);
      await data(translateLine({ path }));
    });
  return (
    <Popover.Close asChild>
      <Button small onClick={again}>
        {t(line.origin === "memory" ? "origin.forget" : "origin.translate")}
      </Button>
    </Popover.Close>
  );
}
