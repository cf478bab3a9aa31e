import type { LucideIcon } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import type { ReactNode } from "react";
import { cn } from "./cn";

export interface MenuEntry {
  label: string;
  icon?: LucideIcon;
  onSelect: () => void;
  danger?: boolean;
  disabled?: boolean;
}

/** A button's list of further things to do; `null` draws a line. */
export function Menu({ trigger, entries }: { trigger: ReactNode; entries: (MenuEntry | null)[] }) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="end"
          sideOffset={4}
          className="bg-surface border-line shadow-card rise z-50 min-w-44 rounded-lg border p-1"
        >
          {entries.map((entry, index) => (
            <Entry key={entry?.label ?? `after ${entries[index - 1]?.label}`} entry={entry} />
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

function Entry({ entry }: { entry: MenuEntry | null }) {
  if (entry === null) return <DropdownMenu.Separator className="bg-line my-1 h-px" />;
  const Icon = entry.icon;
  return (
    <DropdownMenu.Item
      {...(entry.disabled ? { disabled: true } : {})}
      onSelect={entry.onSelect}
      className={cn(
        "data-[highlighted]:bg-sunken flex cursor-pointer items-center gap-2 rounded-md px-2 py-1.5 outline-none select-none",
        "data-[disabled]:pointer-events-none data-[disabled]:opacity-45",
        entry.danger && "text-bad",
      )}
    >
      {Icon && <Icon aria-hidden size={15} className={entry.danger ? "" : "text-soft"} />}
      {entry.label}
    </DropdownMenu.Item>
  );
}
