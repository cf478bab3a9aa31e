import { useCallback } from "react";
import { toast } from "sonner";
import { ApiProblem } from "@/api/problems";
import { useProblemText } from "./problem-text";
import { retold } from "./retold";

/** What the gateway said of a refusal beyond what its code says: which language, which row, and the way out. */
export function detailOf(error: unknown, text: string): string | undefined {
  if (!(error instanceof ApiProblem) || !error.message || text.includes(error.message)) return undefined;
  return retold(error.message).join("") || undefined;
}

/** Tell that something was refused, with the reason and the way out; `what` is what it was refused for. */
export function useRefusal(): (error: unknown, what?: string) => void {
  const say = useProblemText();
  return useCallback(
    (error: unknown, what?: string) => {
      const text = say(error);
      toast.error(what ? `${what}: ${text}` : text, { id: text, description: detailOf(error, text) });
    },
    [say],
  );
}
