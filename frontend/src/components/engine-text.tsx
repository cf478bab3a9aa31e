import { useTranslation } from "react-i18next";
import en from "@/i18n/en.json";
import { retold } from "@/i18n/retold";

type Code = keyof typeof en.failure;

interface EngineTextProps {
  code?: string | null | undefined;
  text: string;
}

/**
 * What a service said of its work. Its own words are English and say most, so they stand where the page is English;
 * elsewhere they are retold, or the code decides the words; what has neither is marked as the English it is.
 */
export function EngineText({ code, text }: EngineTextProps) {
  const { t, i18n } = useTranslation();
  if (i18n.language.startsWith("en")) return text;
  const [told, rest] = retold(text);
  if (code && code in en.failure) return <span title={text}>{told || t(`failure.${code as Code}`)}</span>;
  return (
    <>
      {told}
      {rest && <span lang="en">{rest}</span>}
    </>
  );
}
