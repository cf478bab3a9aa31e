import "@/i18n/later";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Input } from "./ui/fields";

interface NameFieldProps {
  name: string;
  className?: string;
  onCommit: (name: string) => void;
}

/** A name that is changed in place: Enter or leaving the field saves it, an empty one is not taken. */
export function NameField({ name, className, onCommit }: NameFieldProps) {
  const { t } = useTranslation();
  const [text, setText] = useState<string | null>(null);
  const commit = () => {
    if (text !== null && text.trim() && text.trim() !== name) onCommit(text.trim());
    setText(null);
  };
  return (
    <Input
      aria-label={t("speaker.name")}
      className={className}
      maxLength={80}
      value={text ?? name}
      onChange={(event) => setText(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => event.key === "Enter" && commit()}
    />
  );
}
