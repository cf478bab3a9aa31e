import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { useConnection } from "@/api/connection";
import { unsentDrafts, useDrafts } from "./drafts";
import { useEdits } from "./use-edits";

const AGAIN_MS = 4000;

/** Send what was typed while the gateway was away: as soon as the stream is back, and every few seconds until then. */
export function useSendDrafts(id: string, language: string): void {
  const { t } = useTranslation();
  const { saveDraft } = useEdits(id, language);
  const waiting = useDrafts(({ drafts }) => Object.values(drafts).some(({ unsent }) => unsent));
  const stream = useConnection((state) => state.stream);
  useEffect(() => {
    if (!waiting) return undefined;
    let working = false;
    const send = async () => {
      if (working) return;
      working = true;
      const keys = unsentDrafts();
      let count = 0;
      for (const key of keys) {
        if (!(await saveDraft(key)) && unsentDrafts().includes(key)) break; // still away
        count += 1;
      }
      working = false;
      if (count === 0 || unsentDrafts().length > 0) return;
      toast.dismiss("drafts"); // not changed into the good news: it may be on its way out at this moment
      toast.success(t("drafts.sent", { count }), { id: "drafts-sent" });
    };
    if (stream === "live") void send();
    const timer = setInterval(() => void send(), AGAIN_MS);
    return () => clearInterval(timer);
  }, [waiting, stream, saveDraft, t]);
}
