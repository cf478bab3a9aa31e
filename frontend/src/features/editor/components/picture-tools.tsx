import { RotateCcw, ScanText, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { CueEdit, PictureCue, PictureRead } from "@/api/generated";
import { Button } from "@/components/ui/button";
import { Choice } from "@/components/ui/choice";
import { IconButton } from "@/components/ui/icon-button";
import { boxOf, cueAt, isSaidBy, withCue } from "@/core/picture";
import { useEditor } from "../state/context";
import { useEdits } from "../state/use-edits";
import { usePicture, useReadAgain, useSaveEdits } from "../state/use-picture";
import { useTime } from "../state/use-time";
import { show } from "../state/view";

const WAYS = ["blur", "fill", "bar", "off"] as const;

/** What is done with the subtitle that is shown: below the player while boxes are drawn. */
export default function PictureTools() {
  const { t } = useTranslation();
  const picture = usePicture();
  const cue = cueAt(picture?.words?.cues ?? [], useTime());
  return (
    <section
      aria-label={t("picture.tools")}
      data-testid="picture-tools"
      className="border-line grid gap-2 border-t px-3 py-2"
    >
      <div className="flex flex-wrap items-center gap-2">
        {picture && cue ? (
          <Tools picture={picture} cue={cue} />
        ) : (
          <p className="text-soft text-xs">{t("picture.nowhere")}</p>
        )}
        <span className="ml-auto">
          <IconButton small icon={X} label={t("picture.hide_boxes")} onClick={() => show({ boxes: false })} />
        </span>
      </div>
      {picture && cue && <ReadAnew picture={picture} cue={cue} />}
    </section>
  );
}

interface CueProps {
  picture: PictureRead;
  cue: PictureCue;
}

function Tools({ picture, cue }: CueProps) {
  const { t } = useTranslation();
  const save = useSaveEdits();
  const readAgain = useReadAgain();
  const edit = picture.edits.cues?.[cue.id];
  const change = (values: CueEdit) => save(withCue(picture.edits, cue.id, values));
  const waiting = picture.readings?.[cue.id]?.state === "waiting";
  return (
    <>
      <Choice
        small
        aria-label={t("picture.cover_this")}
        className="w-36"
        value={edit?.cover ?? null}
        onChange={(cover) => change({ cover })}
        options={[
          { value: null, label: t("picture.as_the_rest") },
          ...WAYS.map((way) => ({ value: way, label: t(`picture.ways.${way}`) })),
        ]}
      />
      <Button small icon={ScanText} disabled={waiting} onClick={() => readAgain(cue.id, boxOf(cue, picture.edits))}>
        {t(waiting ? "picture.reading" : "picture.read_again")}
      </Button>
      {edit?.box && (
        <Button small icon={RotateCcw} onClick={() => change({ box: null })}>
          {t("picture.reset")}
        </Button>
      )}
    </>
  );
}

/** What came of reading it again, and what the line says now: a person chooses. */
function ReadAnew({ picture, cue }: CueProps) {
  const { t } = useTranslation();
  const { task, language, rows } = useEditor();
  const { saveText } = useEdits(task.task_id, language);
  const found = picture.readings?.[cue.id];
  const segment = rows.find((row) => isSaidBy(row.segment, cue))?.segment;
  if (!found || found.state === "waiting") return null;
  const text = found.reading?.text ?? "";
  if (found.state === "canceled") return null;
  if (!text)
    return (
      <p role="status" className="text-warn text-xs" title={found.error_message ?? undefined}>
        {t(found.state === "failed" ? "picture.not_read" : "picture.read_nothing")}
      </p>
    );
  const next = segment?.text.includes(cue.text) ? segment.text.replace(cue.text, text) : text;
  return (
    <div role="status" className="flex flex-wrap items-center gap-2 text-xs" data-testid="read-again">
      <span>
        <span className="text-soft">{t("picture.read_now")} </span>
        <strong className="font-medium">{text}</strong>
      </span>
      {segment && segment.text !== next && (
        <Button small look="primary" onClick={() => void saveText("source", segment.segment_id, next, segment.version)}>
          {t("picture.use")}
        </Button>
      )}
    </div>
  );
}
