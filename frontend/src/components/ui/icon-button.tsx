import type { LucideIcon } from "lucide-react";
import { Tooltip } from "radix-ui";
import type { ComponentProps } from "react";
import { cn } from "./cn";

interface IconButtonProps extends Omit<ComponentProps<"button">, "title"> {
  icon: LucideIcon;
  label: string;
  shortcut?: string | undefined;
  pressed?: boolean | undefined;
  small?: boolean;
  solid?: boolean;
}

/** A button that is only a picture: its name is read out and shown on hover. */
export function IconButton({
  icon: Icon,
  label,
  shortcut,
  pressed,
  small,
  solid,
  className,
  ...rest
}: IconButtonProps) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>
        <button
          type="button"
          aria-label={label}
          aria-pressed={pressed}
          className={cn(
            "inline-flex shrink-0 items-center justify-center transition-colors",
            solid ? "bg-accent text-on-accent hover:bg-accent-strong rounded-full" : "rounded-md",
            !solid && (pressed ? "bg-accent-soft text-accent" : "text-soft hover:bg-sunken hover:text-ink"),
            "disabled:pointer-events-none disabled:opacity-40",
            small ? "size-7" : "size-9",
            className,
          )}
          {...rest}
        >
          <Icon aria-hidden size={small ? 15 : 17} />
        </button>
      </Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content sideOffset={6} className="bg-ink text-page rise z-50 rounded-md px-2 py-1 text-xs shadow-lg">
          {label}
          {shortcut && <kbd className="ml-2 font-sans opacity-75">{shortcut}</kbd>}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
