import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { ApiProblem } from "@/api/problems";
import en from "./en.json";

type Key = `problem.${keyof typeof en.problem}` | `failure.${keyof typeof en.failure}`;

/** What a problem is in the words of the page, by its code; the gateway's own words for a code that is not known. */
export function useProblemText(): (error: unknown) => string {
  const { t } = useTranslation();
  return useCallback(
    (error: unknown) => {
      if (isMissingPart(error)) return t("problem.chunk");
      if (!(error instanceof ApiProblem)) return t("problem.crash"); // React has told the console what it was
      const { code, message } = error;
      return problemText(code, message, (key) => t(key, { detail: message }));
    },
    [t],
  );
}

/** Whether a part of the app itself could not be fetched, in the words of each browser. */
function isMissingPart(error: unknown): boolean {
  return error instanceof TypeError && /module script|dynamically imported/i.test(error.message);
}

export function problemText(code: string, detail: string, translate: (key: Key) => string): string {
  if (code in en.problem) return translate(`problem.${code as keyof typeof en.problem}`);
  if (code in en.failure) return translate(`failure.${code as keyof typeof en.failure}`);
  return detail || translate("problem.unknown");
}
