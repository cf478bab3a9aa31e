import type { LucideIcon } from "lucide-react";
import { Slot } from "radix-ui";
import type { ComponentProps } from "react";
import { cn } from "./cn";

const LOOKS = {
  primary: "bg-accent text-on-accent hover:bg-accent-strong",
  plain: "bg-surface border-edge/50 text-ink hover:bg-sunken border",
  quiet: "text-soft hover:bg-sunken hover:text-ink",
  danger: "bg-bad-soft text-bad hover:bg-bad hover:text-surface",
} as const;

interface ButtonProps extends ComponentProps<"button"> {
  look?: keyof typeof LOOKS;
  icon?: LucideIcon | undefined;
  small?: boolean;
  asChild?: boolean;
}

export function Button({ look = "plain", icon: Icon, small, asChild, className, children, ...rest }: ButtonProps) {
  const Part = asChild ? Slot.Root : "button";
  const looks = cn(
    "inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md font-medium whitespace-nowrap transition-colors",
    "disabled:pointer-events-none disabled:opacity-50",
    small ? "h-7 px-2 text-xs" : "h-9 px-3 text-sm",
    LOOKS[look],
    className,
  );
  if (asChild)
    return (
      <Part className={looks} {...rest}>
        {children}
      </Part>
    );
  return (
    <button type="button" className={looks} {...rest}>
      {Icon && <Icon aria-hidden size={small ? 14 : 16} />}
      {children}
    </button>
  );
}
