import { useTranslation } from "react-i18next";
import en from "@/i18n/en.json";

type Code = keyof typeof en.failure;

interface EngineTextProps {
  code?: string | null | undefined;
  text: string;
}

/**
 * What a service said of its work. Its own words are English and say most, so they stand where the page is English;
 * elsewhere the code decides the words, and what has no code is marked as the English it is.
 */
export function EngineText({ code, text }: EngineTextProps) {
  const { t, i18n } = useTranslation();
  if (i18n.language.startsWith("en")) return text;
  const known = code && code in en.failure;
  return known ? <span title={text}>{t(`failure.${code as Code}`)}</span> : <span lang="en">{text}</span>;
}
