import { useQuery } from "@tanstack/react-query";
import { Minus, Plus, Shuffle } from "lucide-react";
import { useId } from "react";
import { useTranslation } from "react-i18next";
import { type LineRead, wishForLine, type WishRead } from "@/api/generated";
import { data } from "@/api/problems";
import { wishesQuery } from "@/api/queries";
import { EngineText } from "@/components/engine-text";
import { Button } from "@/components/ui/button";
import { WaitText } from "@/components/wait-text";
import { useEditor } from "../state/context";
import { draftKey } from "../state/drafts";
import { useEdits } from "../state/use-edits";

const WISHES = [
  ["shorter", Minus],
  ["longer", Plus],
  ["other", Shuffle],
] as const;

/** Another text from the translator at one click; it comes as an edit, which one undo takes back. */
export function Wishes({ line }: { line: LineRead }) {
  const { t } = useTranslation();
  const { task, language } = useEditor();
  const { edit, saveDraft } = useEdits(task.task_id, language);
  const { data: able } = useQuery(wishesQuery(task.task_id, language));
  const note = useId();
  if (!able || !line.text) return null;
  const waits = line.wish?.state === "waiting";
  const ask = async (wish: WishRead["wish"]) => {
    const { segment_id } = line;
    if (!(await saveDraft(draftKey("target", language, segment_id)))) return;
    const path = { task_id: task.task_id, language, segment_id };
    await edit(() => data(wishForLine({ path, body: { wish } })));
  };
  return (
    <section className="grid gap-1.5" data-testid="wishes">
      <h3 className="text-soft text-xs font-medium">{t("wishes.title")}</h3>
      <div className="flex flex-wrap gap-1.5">
        {WISHES.map(([wish, icon]) => (
          <Button
            key={wish}
            small
            icon={icon}
            disabled={waits || !able.wishes.includes(wish)}
            aria-describedby={note}
            onClick={() => void ask(wish)}
          >
            {t(`wishes.${wish}`)}
          </Button>
        ))}
      </div>
      <div id={note} className="text-soft grid gap-1 text-xs empty:hidden">
        {!able.translator && <p>{t("wishes.none")}</p>}
        {able.translator && !able.wishes.includes("other") && (
          <p>{t("wishes.only_shorter", { translator: able.translator })}</p>
        )}
        <Outcome wish={line.wish} />
        {waits && <WaitText task={task.task_id} of={{ what: "wish", language, segment_id: line.segment_id }} />}
      </div>
    </section>
  );
}

/** That it is asked for, or why there is none. */
function Outcome({ wish }: { wish: WishRead | null | undefined }) {
  const { t } = useTranslation();
  return (
    <p role="status" className={wish?.state === "failed" ? "text-bad" : "empty:hidden"}>
      {wish?.state === "waiting" && t("wishes.waiting")}
      {wish?.state === "nothing" && t(`wishes.nothing.${wish.wish}`)}
      {wish?.state === "failed" && (
        <>
          {t("wishes.failed")} <EngineText code={wish.code} text={wish.message ?? ""} />
        </>
      )}
    </p>
  );
}
