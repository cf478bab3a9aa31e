import { Check, Pencil, RotateCw, SkipForward, Undo2, Volume2, X } from "lucide-react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Bar } from "@/components/ui/bar";
import { Button } from "@/components/ui/button";
import { IconButton } from "@/components/ui/icon-button";
import { Keys } from "@/components/ui/keys";
import { languageName } from "@/core/format";
import { useEditor } from "../state/context";
import { reviewMode, useReviewMode } from "../state/review-mode";
import { useEdits } from "../state/use-edits";
import { useGoToLine } from "../state/use-go-to-line";
import { useRedub } from "../state/use-redub";

/** One doubtful line after the other: it plays by itself, and a key decides. */
export function ReviewBar() {
  const list = useReviewMode((state) => state.list);
  return list && <Reviewing list={list} />;
}

const BEFORE_S = 1;
const AFTER_S = 0.6;

/** What can be done with the line at hand, by key. */
function useActs() {
  const { task, language, rows, transport } = useEditor();
  const { list, at } = useReviewMode();
  const { setLine } = useEdits(task.task_id, language);
  const redub = useRedub();
  const current = list?.[at];
  const row = rows.find(({ segment }) => segment.segment_id === current?.segment);
  const here = current?.language === language ? row : undefined;
  const play = () => {
    if (!here) return;
    const { line, segment } = here;
    const end = Math.max(segment.end_s, (line?.take_start_s ?? segment.start_s) + (line?.take_duration_s ?? 0));
    transport.setVoice("dub");
    transport.playSpan(Math.max(0, segment.start_s - BEFORE_S), end + AFTER_S);
  };
  const accept = () => {
    if (here?.line?.take_key && !here.line.pinned) void setLine(here.segment.segment_id, { pinned: true });
    reviewMode.next(true);
  };
  const edit = () => {
    const id = here?.segment.segment_id ?? ""; // not a line of the language that is about to go
    document.querySelector<HTMLElement>(`[data-segment="${CSS.escape(id)}"] textarea[data-side=target]`)?.focus();
  };
  const redo = () => here?.line?.text && void redub(here.segment.segment_id);
  return { here, play, accept, edit, redo, skip: () => reviewMode.next(false), back: reviewMode.back };
}

function Reviewing({ list }: { list: { language: string; segment: string }[] }) {
  const { t, i18n } = useTranslation();
  const { at, accepted } = useReviewMode();
  const acts = useActs();
  const goTo = useGoToLine();
  const current = list[at];
  const latest = useRef({ acts, goTo });
  useEffect(() => {
    latest.current = { acts, goTo };
  });
  useEffect(() => {
    if (current) latest.current.goTo(current.language, current.segment);
  }, [current]);
  const shown = acts.here ? current : undefined; // once its language is here
  useEffect(() => {
    if (shown) latest.current.acts.play();
  }, [shown]);
  useReviewKeys(acts);
  const { accept, redo, edit, skip, play, back } = acts;
  return (
    <section
      aria-label={t("walk.title")}
      data-testid="review-bar"
      className="bg-accent-soft/60 border-line grid gap-1.5 border-b px-3 py-2"
    >
      <div className="flex flex-wrap items-center gap-2">
        <p className="font-medium tabular-nums" aria-live="polite">
          {current
            ? t("walk.at", { at: at + 1, count: list.length, language: languageName(current.language, i18n.language) })
            : t("walk.over", { count: list.length, accepted })}
        </p>
        <span className="ml-auto flex flex-wrap items-center gap-1.5">
          {current && (
            <>
              <Act icon={Check} label={t("walk.accept")} keys="Enter" onClick={accept} main />
              <Act icon={RotateCw} label={t("walk.redo")} keys="R" onClick={redo} />
              <Act icon={Pencil} label={t("walk.edit")} keys="E" onClick={edit} />
              <Act icon={SkipForward} label={t("walk.skip")} keys="S" onClick={skip} />
              <IconButton small icon={Volume2} label={t("walk.again")} shortcut="Space" onClick={play} />
              <IconButton small icon={Undo2} label={t("walk.back")} shortcut="B" onClick={back} disabled={at === 0} />
            </>
          )}
          <IconButton small icon={X} label={t("walk.end")} shortcut="Esc" onClick={reviewMode.end} />
        </span>
      </div>
      <Bar value={(at / Math.max(1, list.length)) * 100} label={t("walk.title")} />
    </section>
  );
}

function Act({
  icon,
  label,
  keys,
  onClick,
  main,
}: {
  icon: typeof Check;
  label: string;
  keys: string;
  onClick: () => void;
  main?: boolean;
}) {
  return (
    <Button small icon={icon} look={main ? "primary" : "plain"} onClick={onClick}>
      {label}
      <span aria-hidden className="max-sm:hidden">
        <Keys keys={keys} />
      </span>
    </Button>
  );
}

/** Keys of the walk, while nothing is typed; Escape in a text leads back to the walk first. */
function useReviewKeys({ accept, redo, edit, skip, play, back }: ReturnType<typeof useActs>): void {
  const latest = useRef<Record<string, () => unknown>>({});
  useEffect(() => {
    latest.current = { Enter: accept, r: redo, e: edit, s: skip, " ": play, b: back, Escape: reviewMode.end };
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target instanceof HTMLElement ? event.target : document.body;
      if (event.ctrlKey || event.metaKey || event.altKey || target.closest("[role=dialog], [role=menu]")) return;
      if (target.matches("textarea, input, select")) {
        if (event.key === "Escape") target.blur();
        return;
      }
      const act = latest.current[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (!act) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      act();
    };
    window.addEventListener("keydown", onKey, { capture: true });
    return () => window.removeEventListener("keydown", onKey, { capture: true });
  }, []);
}
