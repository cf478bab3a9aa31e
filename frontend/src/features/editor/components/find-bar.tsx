import { ChevronDown, ChevronUp, Replace, ReplaceAll, X } from "lucide-react";
import { type KeyboardEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/components/ui/button";
import { Check, Input } from "@/components/ui/fields";
import { IconButton } from "@/components/ui/icon-button";
import { useEditor } from "../state/context";
import { type Finder, useFinder } from "../state/use-finder";
import { show, useView } from "../state/view";

/** Find in source and translation; replace in the translation. */
export function FindBar() {
  const finding = useView((state) => state.finding);
  return finding ? <Open /> : null;
}

/** Escape closes the bar from any of its fields. */
function onEscape(bar: HTMLElement | null): (() => void) | undefined {
  const onKey = (event: globalThis.KeyboardEvent) => event.key === "Escape" && close();
  bar?.addEventListener("keydown", onKey);
  return () => bar?.removeEventListener("keydown", onKey);
}

const close = () => show({ finding: false, search: "" });

function Open() {
  const { t } = useTranslation();
  const { task, language } = useEditor();
  const finder = useFinder(task.task_id, language);
  const search = useView((state) => state.search);
  function onEnter(event: KeyboardEvent): void {
    if (event.key !== "Enter" || event.nativeEvent.isComposing) return;
    event.preventDefault();
    finder.go(event.shiftKey ? -1 : 1);
  }
  return (
    <div
      role="search"
      aria-label={t("editor.find")}
      ref={(bar) => onEscape(bar)}
      className="border-line bg-sunken/50 flex flex-wrap items-center gap-2 border-b px-3 py-2"
    >
      <Input
        autoFocus
        type="search"
        aria-label={t("editor.find")}
        placeholder={t("editor.find")}
        className="h-8 w-36 flex-1 sm:max-w-52"
        onKeyDown={onEnter}
        value={search}
        onChange={(event) => show({ search: event.target.value, foundAt: -1 })}
      />
      <span className="inline-flex items-center">
        <span className="text-soft min-w-10 text-center text-xs tabular-nums" data-testid="found" aria-live="polite">
          {finder.count > 0 ? `${finder.at + 1} / ${finder.count}` : search && "0"}
        </span>
        <IconButton small icon={ChevronUp} label={t("editor.find_previous")} onClick={() => finder.go(-1)} />
        <IconButton small icon={ChevronDown} label={t("editor.find_next")} onClick={() => finder.go(1)} />
      </span>
      <Replacing finder={finder} />
      <IconButton small icon={X} label={t("common.close")} shortcut="Esc" onClick={close} className="ml-auto" />
    </div>
  );
}

function Replacing({ finder }: { finder: Finder }) {
  const { t } = useTranslation();
  const [replacement, setReplacement] = useState("");
  const options = useView((state) => state.findOptions);
  const none = finder.count === 0 || finder.working;
  return (
    <>
      <Input
        aria-label={t("editor.replace_with")}
        placeholder={t("editor.replace_with")}
        className="h-8 w-36 flex-1 sm:max-w-52"
        value={replacement}
        onChange={(event) => setReplacement(event.target.value)}
      />
      <Button small icon={Replace} disabled={none} onClick={() => void finder.replace(replacement)}>
        {t("editor.replace_one")}
      </Button>
      <Button small icon={ReplaceAll} disabled={none} onClick={() => void finder.replaceAll(replacement)}>
        {t("editor.replace_all", { count: finder.lines })}
      </Button>
      {(["matchCase", "wholeWord"] as const).map((option) => (
        <Check
          key={option}
          label={t(option === "matchCase" ? "editor.match_case" : "editor.whole_word")}
          checked={options[option]}
          onChange={(event) => show({ findOptions: { ...options, [option]: event.target.checked }, foundAt: -1 })}
          className="text-xs"
        />
      ))}
    </>
  );
}
