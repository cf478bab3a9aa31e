import { Check } from "lucide-react";
import { Dialog, Popover } from "radix-ui";
import { type KeyboardEvent, type RefObject, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import "@/i18n/later";
import { begins, found, MANY, type Option } from "@/core/options";
import { cn } from "./cn";
import { useMedia } from "./use-media";

const PAUSE_MS = 700; // letters typed within this belong together
const PAGE = 8;

type Value = string | number | null;
type Entry = Option<Value>;

interface ChoiceListProps {
  id: string;
  field: RefObject<HTMLButtonElement | null>;
  options: readonly Entry[];
  value: Value;
  /** The letter that opened the list, or "". */
  typed: string;
  onChoose: (value: Value) => void;
  onClose: () => void;
}

/** The list of a choice: below its field, on a phone a sheet from below. */
export default function ChoiceList(props: ChoiceListProps) {
  const { field, onClose } = props;
  const phone = useMedia("(max-width: 39.99rem)");
  const label = field.current?.getAttribute("aria-label") ?? field.current?.labels[0]?.textContent ?? "";
  const shared = {
    onOpenAutoFocus: (event: Event) => {
      event.preventDefault();
      if (event.currentTarget instanceof Element) event.currentTarget.querySelector<HTMLElement>("[data-first]")?.focus();
    },
    onCloseAutoFocus: (event: Event) => {
      event.preventDefault();
      field.current?.focus();
    },
    onKeyDown: (event: KeyboardEvent) => event.stopPropagation(), // keys of the page below are not meant
  };
  const list = <List {...props} label={label} phone={phone} />;
  if (phone)
    return (
      <Dialog.Root open onOpenChange={onClose}>
        <Dialog.Portal>
          <Dialog.Overlay className="fixed inset-0 z-60 bg-black/45" />
          <Dialog.Content
            {...shared}
            aria-describedby={undefined}
            className="bg-surface border-line rise fixed inset-x-0 bottom-0 z-60 flex max-h-[80dvh] flex-col rounded-t-2xl border outline-none"
          >
            <Dialog.Title className="text-soft px-5 pt-3.5 pb-1 text-xs font-medium">{label}</Dialog.Title>
            {list}
          </Dialog.Content>
        </Dialog.Portal>
      </Dialog.Root>
    );
  return (
    <Popover.Root open modal onOpenChange={onClose}>
      <Popover.Anchor virtualRef={field as RefObject<HTMLButtonElement>} />
      <Popover.Portal>
        <Popover.Content
          {...shared}
          align="start"
          sideOffset={4}
          collisionPadding={8}
          aria-label={label}
          className="bg-surface border-line shadow-card rise z-60 flex max-h-[min(24rem,var(--radix-popover-content-available-height))] min-w-(--radix-popover-trigger-width) max-w-[min(26rem,calc(100vw-1rem))] flex-col rounded-lg border outline-none"
        >
          {list}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

interface ListProps extends ChoiceListProps {
  label: string;
  phone: boolean;
}

function List({ id, label, options, value, typed, phone, onChoose, onClose }: ListProps) {
  const { t } = useTranslation();
  const searched = options.length >= MANY;
  const [query, setQuery] = useState(searched ? typed : "");
  const shown = found(options, query);
  const [at, setAt] = useState(() => {
    const chosen = options.findIndex((option) => option.value === value);
    const first = typed && (searched ? 0 : begins(options, typed, chosen));
    return Math.max(0, first === "" || first < 0 ? chosen : first);
  });
  const active = Math.min(at, shown.length - 1);
  const activeId = active < 0 ? undefined : `${id}-${active}`;
  const input = useRef<HTMLInputElement>(null);
  const type = useTyping();
  useEffect(() => {
    if (activeId) document.getElementById(activeId)?.scrollIntoView({ block: "nearest" });
  }, [activeId]);
  const search = (next: string) => {
    setQuery(next);
    setAt(0);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const to = moved(event.key, active, shown.length);
    const inSearch = event.target === input.current;
    const letter = [...event.key].length === 1 && !event.ctrlKey && !event.metaKey ? event.key : "";
    if (to !== undefined) setAt(to);
    else if (event.key === "Enter" || (event.key === " " && !inSearch)) {
      const option = shown[active];
      if (option) onChoose(option.value);
    } else if (event.key === "Tab") onClose();
    else if (!letter || inSearch) return;
    else if (searched) {
      input.current?.focus();
      search(query + letter);
    } else {
      const next = begins(shown, type(letter), active);
      if (next >= 0) setAt(next);
    }
    event.preventDefault();
  };
  const first = searched && !phone; // on a phone the keyboard comes when it is asked for
  useEffect(() => {
    if (first && document.activeElement?.id === id) input.current?.focus(); // the options came while it was open
  }, [first, id]);
  return (
    <div role="presentation" className="flex min-h-0 flex-col" onKeyDown={onKey}>
      {searched && (
        <input
          ref={input}
          data-first={first || undefined}
          role="combobox"
          aria-expanded
          aria-autocomplete="list"
          aria-controls={id}
          aria-activedescendant={activeId}
          aria-label={t("choice.search")}
          placeholder={t("choice.search")}
          autoComplete="off"
          className="border-line placeholder:text-soft h-10 shrink-0 border-b bg-transparent px-3 outline-none max-sm:h-12 max-sm:px-5 max-sm:text-base"
          value={query}
          onChange={(event) => search(event.target.value)}
        />
      )}
      <div
        id={id}
        data-first={!first || undefined}
        role="listbox"
        tabIndex={-1}
        aria-label={label}
        aria-activedescendant={activeId}
        className="min-h-0 overflow-y-auto overscroll-contain p-1 outline-none max-sm:px-3 max-sm:pb-4"
      >
        {parts(shown).map(([group, entries]) => {
          const rows = entries.map(([option, index]) => (
            <Row
              key={String(option.value)}
              id={`${id}-${index}`}
              option={option}
              chosen={option.value === value}
              active={index === active}
              onReach={() => setAt(index)}
              onChoose={() => onChoose(option.value)}
            />
          ));
          if (!group) return rows;
          return (
            <div key={group} role="group" aria-label={group}>
              <div aria-hidden className="text-soft px-2 pt-2 pb-1 text-xs font-medium">
                {group}
              </div>
              {rows}
            </div>
          );
        })}
      </div>
      {shown.length === 0 && (
        <p role="status" className="text-soft px-4 pb-4">
          {t("palette.nothing")}
        </p>
      )}
    </div>
  );
}

interface RowProps {
  id: string;
  option: Entry;
  chosen: boolean;
  active: boolean;
  onReach: () => void;
  onChoose: () => void;
}

function Row({ id, option, chosen, active, onReach, onChoose }: RowProps) {
  return (
    <button
      type="button"
      tabIndex={-1}
      id={id}
      role="option"
      aria-selected={chosen}
      lang={option.lang}
      onPointerMove={onReach}
      onClick={onChoose}
      className={cn(
        "flex min-h-9 w-full items-center gap-2 rounded-md px-2 py-1 text-left max-sm:min-h-11",
        active && "bg-accent-soft text-accent",
      )}
    >
      <Check aria-hidden size={15} className={cn("shrink-0", !chosen && "invisible")} />
      <span className="min-w-0 break-words">{option.label}</span>
    </button>
  );
}

/** Where a key leads in a list of `count`; undefined: it is no such key. */
function moved(key: string, at: number, count: number): number | undefined {
  const last = count - 1;
  if (key === "ArrowDown") return Math.min(at + 1, last);
  if (key === "ArrowUp") return Math.max(at - 1, 0);
  if (key === "PageDown") return Math.min(at + PAGE, last);
  if (key === "PageUp") return Math.max(at - PAGE, 0);
  if (key === "Home") return 0;
  return key === "End" ? last : undefined;
}

/** Letters that are typed shortly after each other, together. */
function useTyping(): (letter: string) => string {
  const typing = useRef({ letters: "", at: 0 });
  return (letter) => {
    const now = performance.now();
    const { letters, at } = typing.current;
    typing.current = { letters: now - at < PAUSE_MS ? letters + letter : letter, at: now };
    return typing.current.letters;
  };
}

/** Entries by what they stand under, with their places in the list. */
function parts(shown: readonly Entry[]): [string | undefined, [Entry, number][]][] {
  const all = new Map<string | undefined, [Entry, number][]>();
  for (const [index, option] of shown.entries()) {
    const part = all.get(option.group) ?? [];
    all.set(option.group, part);
    part.push([option, index]);
  }
  return [...all];
}
