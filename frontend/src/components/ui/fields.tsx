import { type ComponentProps, type ReactNode, useId } from "react";
import { cn } from "./cn";

interface FieldProps {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  children: (id: { id: string; "aria-describedby"?: string }) => ReactNode;
}

/** A label, its control, and what is to be known about it. */
export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const note = error ?? hint;
  return (
    <div className="grid content-start gap-1">
      <label htmlFor={id} className="text-soft text-xs font-medium">
        {label}
      </label>
      {children(note ? { id, "aria-describedby": `${id}-note` } : { id })}
      {note && (
        <p id={`${id}-note`} className={cn("text-xs", error ? "text-bad" : "text-soft")}>
          {note}
        </p>
      )}
    </div>
  );
}

export function Input({ className, ...rest }: ComponentProps<"input">) {
  return <input className={cn("field", className)} {...rest} />;
}

interface CheckProps extends Omit<ComponentProps<"input">, "type"> {
  label: ReactNode;
  hideLabel?: boolean;
}

export function Check({ label, hideLabel, className, ...rest }: CheckProps) {
  return (
    <label className={cn("inline-flex items-center gap-2", hideLabel && "justify-center", className)}>
      <input type="checkbox" className="accent-accent size-4 shrink-0" {...rest} />
      <span className={hideLabel ? "sr-only" : ""}>{label}</span>
    </label>
  );
}
