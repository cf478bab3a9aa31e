import type { KeyboardEvent } from "react";
import { placesIn } from "@/core/find";
import { cn } from "@/components/ui/cn";
import { type Row, textOf } from "@/core/lines";
import { useEditor } from "../state/context";
import { draftKey, type Side, useDrafts } from "../state/drafts";
import { useCaret } from "../state/caret";
import { useEdits } from "../state/use-edits";
import { useRedub } from "../state/use-redub";
import { focusNeighbour } from "../state/focus";
import { useReviewMode } from "../state/review-mode";
import { useView } from "../state/view";

interface TextCellProps {
  row: Row;
  side: Side;
  label: string;
}

/** A text that is edited in place: Enter saves and goes on (in review it stays on the line), Escape takes back, leaving the field saves. */
export function TextCell({ row, side, label }: TextCellProps) {
  const { task, language } = useEditor();
  const { saveDraft } = useEdits(task.task_id, language);
  const redub = useRedub();
  const { segment, line } = row;
  const key = draftKey(side, language, segment.segment_id);
  const draft = useDrafts((state) => state.drafts[key]);
  const write = useDrafts((state) => state.write);
  const drop = useDrafts((state) => state.drop);
  const saved = textOf(row, side);
  const save = () => saveDraft(key);
  function onKey(event: KeyboardEvent<HTMLTextAreaElement>): void {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Escape" && draft) {
      event.stopPropagation();
      drop(key);
    }
    if (event.key !== "Enter" || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) {
      event.stopPropagation(); // the page's own Ctrl+Enter would ask a second time
      void redub(segment.segment_id);
    } else {
      void save();
      if (useReviewMode.getState().list) event.currentTarget.blur();
      else focusNeighbour(event.currentTarget, 1);
    }
  }
  const field = (
    <textarea
      aria-label={label}
      data-side={side}
      data-draft={draft ? "" : undefined}
      rows={1}
      lang={side === "source" ? (task.source_language ?? undefined) : language}
      value={draft?.text ?? saved}
      onChange={(event) =>
        write(key, {
          text: event.target.value.replaceAll("\n", " "),
          version: draft?.version ?? (side === "source" ? segment.version : (line?.version ?? 1)),
        })
      }
      onSelect={({ currentTarget }) =>
        useCaret.setState({ caret: { segment: segment.segment_id, side, at: currentTarget.selectionStart } })
      }
      onBlur={() => void save()}
      onKeyDown={onKey}
      className={cn(
        "hover:border-line focus:border-accent relative block [field-sizing:content] min-h-[max(2rem,var(--target))] w-full resize-none rounded-md border border-transparent bg-transparent px-2 py-1 leading-snug outline-none",
        side === "source" && "text-soft focus:text-ink",
        draft && "border-warn bg-warn-soft/50",
        draft?.unsent && "border-dashed",
      )}
    />
  );
  return (
    <div className="relative">
      <Marks text={draft?.text ?? saved} segment={segment.segment_id} side={side} />
      {field}
    </div>
  );
}

/** What was found, marked behind the text as the field lays it out. */
function Marks({ text, segment, side }: { text: string; segment: string; side: Side }) {
  const search = useView((state) => state.search);
  const options = useView((state) => state.findOptions);
  const selected = useView((state) => side === "target" && state.foundAt >= 0 && state.selected === segment);
  const places = placesIn(text, search, options);
  if (places.length === 0) return null;
  return (
    <div
      aria-hidden
      className="pointer-events-none absolute inset-0 border border-transparent px-2 py-1 leading-snug break-words whitespace-pre-wrap text-transparent"
    >
      {places.map(([start, end], index) => (
        <span key={start}>
          {text.slice(index === 0 ? 0 : places[index - 1]?.[1], start)}
          <mark className={cn("rounded-xs text-transparent", selected ? "bg-warn/50" : "bg-warn/25")}>
            {text.slice(start, end)}
          </mark>
        </span>
      ))}
    </div>
  );
}
