import { ChevronDown } from "lucide-react";
import { type KeyboardEvent, useId, useRef, useState } from "react";
import type { Option } from "@/core/options";
import { cn } from "./cn";
import { later } from "./later";

const ChoiceList = later(() => import("./choice-list"));
const prepare = () => void ChoiceList.fetch().catch(() => undefined); // where it cannot be had, the open list says so

interface ChoiceProps<T extends string | number | null> {
  options: readonly Option<T>[];
  value: T;
  onChange: (value: T) => void;
  small?: boolean;
  className?: string;
  id?: string;
  "aria-label"?: string;
  "aria-describedby"?: string;
}

/** One of a list: a button that says what is chosen, and the list when it is asked for. */
export function Choice<T extends string | number | null>({
  options,
  value,
  onChange,
  small,
  className,
  ...rest
}: ChoiceProps<T>) {
  const [typed, open] = useState<string | null>(null);
  const list = useId();
  const button = useRef<HTMLButtonElement>(null);
  const chosen = options.find((option) => option.value === value);
  const onKey = (event: KeyboardEvent) => {
    const letter = [...event.key].length === 1 && event.key !== " " ? event.key : "";
    if (event.ctrlKey || event.metaKey || !(letter || event.key === "ArrowDown" || event.key === "ArrowUp")) return;
    event.preventDefault();
    open(letter);
  };
  return (
    <>
      <button
        type="button"
        role="combobox"
        ref={button}
        aria-haspopup="listbox"
        aria-expanded={typed !== null}
        aria-controls={typed === null ? undefined : list}
        onFocus={prepare}
        onPointerEnter={prepare}
        onClick={() => open("")}
        onKeyDown={onKey}
        className={cn(
          "field inline-flex items-center justify-between gap-1.5 text-left",
          small && "px-2 text-xs",
          className,
        )}
        {...rest}
      >
        <span className="min-w-0 truncate" lang={chosen?.lang}>
          {chosen?.label ?? value ?? " "}
        </span>
        <ChevronDown aria-hidden size={14} className="text-soft shrink-0" />
      </button>
      {typed !== null && (
        <ChoiceList
          id={list}
          field={button}
          options={options}
          value={value}
          typed={typed}
          onChoose={(next) => {
            open(null);
            if (next !== value) onChange(next as T);
          }}
          onClose={() => open(null)}
        />
      )}
    </>
  );
}
