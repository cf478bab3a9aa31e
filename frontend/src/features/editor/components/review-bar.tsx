import { Check, CornerUpLeft, Pencil, RotateCw, SkipForward, Undo2, Volume2, X } from "lucide-react";
import { useEffect, useLayoutEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Bar } from "@/components/ui/bar";
import { Button } from "@/components/ui/button";
import { IconButton } from "@/components/ui/icon-button";
import { Keys } from "@/components/ui/keys";
import { languageName } from "@/core/format";
import { useEditor } from "../state/context";
import { type Doubtful, REVIEW_KEYS, reviewMode, useReviewMode } from "../state/review-mode";
import { useEdits } from "../state/use-edits";
import { useGoToLine } from "../state/use-go-to-line";
import { useRedub } from "../state/use-redub";
import { useView } from "../state/view";

/** One doubtful line after the other: it plays by itself, and a key decides. */
export function ReviewBar() {
  const list = useReviewMode((state) => state.list);
  return list && <Reviewing list={list} />;
}

const BEFORE_S = 1;
const AFTER_S = 0.6;

/** What can be done with the line at hand; nothing until it is the one that is shown and chosen. */
function useActs() {
  const { task, language, rows, transport } = useEditor();
  const { list, at } = useReviewMode();
  const { setLine } = useEdits(task.task_id, language);
  const redub = useRedub();
  const goTo = useGoToLine();
  const selected = useView((state) => state.selected);
  const current = list?.[at];
  const row = rows.find(({ segment }) => segment.segment_id === current?.segment);
  const isShown = current?.language === language && current.segment === selected && row?.line !== undefined;
  const here = isShown ? row : undefined;
  const go = () => current && goTo(current.language, current.segment);
  const play = () => {
    if (!here) return go();
    const { line, segment } = here;
    const end = Math.max(segment.end_s, (line?.take_start_s ?? segment.start_s) + (line?.take_duration_s ?? 0));
    transport.setVoice("dub");
    transport.playSpan(Math.max(0, segment.start_s - BEFORE_S), end + AFTER_S);
  };
  const accept = async () => {
    if (!here || !current) return go();
    const keep = here.line?.take_key && !here.line.pinned;
    reviewMode.next();
    if (!keep || (await setLine(current.segment, { pinned: true }))) reviewMode.accept(current);
  };
  const edit = () => {
    if (!here) return go();
    document.querySelector<HTMLElement>(`[data-segment="${CSS.escape(here.segment.segment_id)}"] textarea[data-side=target]`)?.focus();
  };
  const redo = () => (here ? here.line?.text && void redub(here.segment.segment_id) : go());
  return { here, go, play, accept, edit, redo, skip: reviewMode.next, back: reviewMode.back };
}

function Reviewing({ list }: { list: Doubtful[] }) {
  const { t, i18n } = useTranslation();
  const { at, arrived, accepted } = useReviewMode();
  const acts = useActs();
  const current = list[at];
  const latest = useRef(acts);
  useLayoutEffect(() => {
    latest.current = acts;
  });
  useEffect(() => {
    if (current) latest.current.go();
  }, [current]);
  const shown = acts.here ? current : undefined; // once its language is here
  useEffect(() => {
    if (!shown) return;
    reviewMode.arrive();
    latest.current.play();
  }, [shown]);
  useReviewKeys(acts);
  const left = current && arrived && !shown; // for another line or language, by whoever reviews
  const where = { at: at + 1, count: list.length, language: current && languageName(current.language, i18n.language) };
  return (
    <section
      aria-label={t("walk.title")}
      data-testid="review-bar"
      className="bg-accent-soft/60 border-line grid gap-1.5 border-b px-3 py-2"
    >
      <div className="flex flex-wrap items-center gap-2">
        <p className="font-medium tabular-nums" aria-live="polite">
          {current
            ? t(left ? "walk.left" : "walk.at", where)
            : t("walk.over", { count: list.length, accepted: accepted.size })}
        </p>
        <span className="ml-auto flex flex-wrap items-center gap-1.5">
          {left && <Act icon={CornerUpLeft} label={t("walk.return")} keys={REVIEW_KEYS.accept} onClick={acts.go} main />}
          {current && !left && <Acts acts={acts} />}
          <IconButton small icon={X} label={t("walk.end")} shortcut={REVIEW_KEYS.end} onClick={reviewMode.end} />
        </span>
      </div>
      <Bar value={(at / Math.max(1, list.length)) * 100} label={t("walk.title")} />
    </section>
  );
}

function Acts({ acts }: { acts: ReturnType<typeof useActs> }) {
  const { t } = useTranslation();
  const isFirst = useReviewMode((state) => state.at === 0);
  const { here, accept, redo, edit, skip, play, back } = acts;
  return (
    <>
      <Act icon={Check} label={t("walk.accept")} keys={REVIEW_KEYS.accept} onClick={() => void accept()} disabled={!here} main />
      <Act icon={RotateCw} label={t("walk.redo")} keys={REVIEW_KEYS.redo} onClick={redo} disabled={!here} />
      <Act icon={Pencil} label={t("walk.edit")} keys={REVIEW_KEYS.edit} onClick={edit} disabled={!here} />
      <Act icon={SkipForward} label={t("walk.skip")} keys={REVIEW_KEYS.skip} onClick={skip} />
      <IconButton small icon={Volume2} label={t("walk.again")} shortcut={REVIEW_KEYS.again} onClick={play} disabled={!here} />
      <IconButton small icon={Undo2} label={t("walk.back")} shortcut={REVIEW_KEYS.back} onClick={back} disabled={isFirst} />
    </>
  );
}

function Act({
  icon,
  label,
  keys,
  onClick,
  disabled,
  main,
}: {
  icon: typeof Check;
  label: string;
  keys: string;
  onClick: () => void;
  disabled?: boolean;
  main?: boolean;
}) {
  return (
    <Button small icon={icon} look={main ? "primary" : "plain"} onClick={onClick} disabled={disabled}>
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
  useLayoutEffect(() => {
    // a key pressed as soon as the line is seen means that line
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
