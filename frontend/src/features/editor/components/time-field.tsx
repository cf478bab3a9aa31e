import { useState } from "react";
import { Field, Input } from "@/components/ui/fields";
import { clock, parseClock } from "@/core/format";

interface TimeFieldProps {
  label: string;
  value: number;
  onCommit: (value: number) => void;
}

const SAME_S = 0.0005;

/** A time of the video; what is no time is not taken. */
export function TimeField({ label, value, onCommit }: TimeFieldProps) {
  const [text, setText] = useState<string | null>(null);
  const commit = () => {
    const time = text === null ? undefined : parseClock(text);
    setText(null);
    if (time !== undefined && Math.abs(time - value) > SAME_S) onCommit(time);
  };
  return (
    <Field label={label}>
      {(field) => (
        <Input
          {...field}
          inputMode="decimal"
          className="tabular-nums"
          value={text ?? clock(value, 2)}
          onChange={(event) => setText(event.target.value)}
          onBlur={commit}
          onKeyDown={(event) => event.key === "Enter" && commit()}
        />
      )}
    </Field>
  );
}
