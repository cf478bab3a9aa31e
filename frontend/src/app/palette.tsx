import { useQuery } from "@tanstack/react-query";
import { Dialog } from "radix-ui";
import { type KeyboardEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { pageQuery } from "@/api/queries";
import { type Command, matching, showCommands, useCommands } from "@/components/commands";
import { cn } from "@/components/ui/cn";
import { Keys } from "@/components/ui/keys";
import { useShellCommands } from "./shell-commands";

const TASKS = 6;

/** Everything that can be done here, by name. */
export default function Palette() {
  const { t } = useTranslation();
  const chosen = useRef<Command>(null);
  return (
    <Dialog.Root open onOpenChange={showCommands}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-black/45" />
        <Dialog.Content
          aria-describedby={undefined}
          className="bg-surface border-line shadow-card rise fixed inset-x-3 top-[12dvh] z-50 mx-auto flex max-h-[70dvh] max-w-xl flex-col overflow-hidden rounded-2xl border outline-none"
          onCloseAutoFocus={() => {
            const command = chosen.current; // the focus goes back first: commands are for the text it was in
            if (command) queueMicrotask(() => command.run());
          }}
        >
          <Dialog.Title className="sr-only">{t("palette.title")}</Dialog.Title>
          <Choices
            onChoose={(command) => {
              chosen.current = command;
              showCommands(false);
            }}
          />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function useTasks(typed: string): Command[] {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const q = typed.trim();
  const { data } = useQuery({ ...pageQuery({ q, status: "", sort: "-updated_at", batch: "" }, 0), enabled: q !== "" });
  return (q === "" ? [] : (data?.items ?? [])).slice(0, TASKS).map((task) => ({
    id: task.task_id,
    label: t("palette.open_task", { name: task.video_original_name }),
    run: () => void navigate(`/tasks/${task.task_id}`),
  }));
}

function Choices({ onChoose }: { onChoose: (command: Command) => void }) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const sources = useCommands((state) => state.sources);
  const own = useShellCommands();
  const offered = [...[...sources].flatMap((source) => source()), ...own];
  const found = [...matching(offered, typed), ...useTasks(typed)];
  const active = found[Math.min(at, found.length - 1)];
  const onKey = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by !== undefined && found.length > 0) {
      event.preventDefault();
      const next = (Math.min(at, found.length - 1) + by + found.length) % found.length;
      setAt(next);
      document.getElementById(`command-${found[next]?.id}`)?.scrollIntoView({ block: "nearest" });
    }
    if (event.key === "Enter" && active) {
      event.preventDefault();
      onChoose(active);
    }
  };
  return (
    <>
      <input
        autoFocus
        role="combobox"
        aria-expanded
        aria-controls="commands"
        aria-autocomplete="list"
        aria-activedescendant={active ? `command-${active.id}` : undefined}
        aria-label={t("palette.title")}
        placeholder={t("palette.placeholder")}
        className="border-line placeholder:text-soft h-12 shrink-0 border-b bg-transparent px-4 text-base outline-none"
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKey}
      />
      <div id="commands" role="listbox" aria-label={t("palette.title")} className="overflow-y-auto p-1.5">
        {found.map((command) => (
          <button
            type="button"
            tabIndex={-1}
            key={command.id}
            id={`command-${command.id}`}
            role="option"
            aria-selected={command === active}
            onClick={() => onChoose(command)}
            className={cn(
              "flex w-full items-center justify-between gap-4 rounded-md px-2.5 py-1.5 text-left",
              command === active ? "bg-accent-soft text-accent" : "hover:bg-sunken",
            )}
          >
            <span className="min-w-0 truncate">{command.label}</span>
            {command.keys && <Keys keys={command.keys} />}
          </button>
        ))}
      </div>
      {found.length === 0 && <p className="text-soft px-4 pb-4">{t("palette.nothing")}</p>}
    </>
  );
}
