import { Replace } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { Button } from "@/components/ui/button";
import { Check, Input } from "@/components/ui/fields";
import { findRows, replaceText, textOf } from "@/core/lines";
import { useEditor } from "../state/context";
import type { Side } from "../state/drafts";
import { useEdits } from "../state/use-edits";
import { show, useView } from "../state/view";

/** Find in source and translation; replace in the translation. */
export function FindBar() {
  const { finding, search } = useView();
  return finding ? <Open search={search} /> : null;
}

function Open({ search }: { search: string }) {
  const { t } = useTranslation();
  const { task, language, rows } = useEditor();
  const { saveText } = useEdits(task.task_id, language);
  const [replacement, setReplacement] = useState("");
  const [matchCase, setMatchCase] = useState(false);
  const [working, setWorking] = useState(false);
  const side: Side = "target";
  const found = findRows(rows, search, side, matchCase);
  async function replaceAll(): Promise<void> {
    setWorking(true);
    let done = 0;
    for (const index of found) {
      const row = rows[index];
      if (!row?.line) continue;
      const text = replaceText(textOf(row, side), search, replacement, matchCase);
      if (await saveText(side, row.segment.segment_id, text, row.line.version)) done += 1;
    }
    setWorking(false);
    toast.success(t("editor.replaced", { count: done }));
  }
  return (
    <div role="search" className="border-line bg-sunken/50 flex flex-wrap items-center gap-2 border-b px-3 py-2">
      <Input
        autoFocus
        type="search"
        aria-label={t("editor.find")}
        placeholder={t("editor.find")}
        className="h-8 w-40 flex-1 sm:max-w-56"
        onKeyDown={(event) => event.key === "Escape" && show({ finding: false, search: "" })}
        value={search}
        onChange={(event) => show({ search: event.target.value })}
      />
      <Input
        aria-label={t("editor.replace_with")}
        placeholder={t("editor.replace_with")}
        className="h-8 w-40 flex-1 sm:max-w-56"
        value={replacement}
        onChange={(event) => setReplacement(event.target.value)}
      />
      <Check
        label={t("editor.match_case")}
        checked={matchCase}
        onChange={(event) => setMatchCase(event.target.checked)}
        className="text-xs"
      />
      <Button small icon={Replace} disabled={found.length === 0 || working} onClick={() => void replaceAll()}>
        {t("editor.replace_all", { count: found.length })}
      </Button>
    </div>
  );
}
