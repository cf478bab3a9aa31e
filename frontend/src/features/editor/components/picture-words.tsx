import { Frame } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { ExportSettings, PictureCue, PictureRead, TaskUpdate } from "@/api/generated";
import { Button } from "@/components/ui/button";
import { Choice } from "@/components/ui/choice";
import { Check, Field } from "@/components/ui/fields";
import { languageName } from "@/core/format";
import { cueAt, withCue } from "@/core/picture";
import { useEditor } from "../state/context";
import { usePicture, useSaveEdits } from "../state/use-picture";
import { show, useView } from "../state/view";
import { Moment, PictureTitles } from "./picture-titles";

const MODES = ["original", "covered", "localised"] as const;
const WAYS = ["blur", "fill", "bar"] as const;
const SOURCES = ["heard", "picture", "inside", "brought"] as const;

/** Subtitles that are burned in: whether they are the source text, what becomes of them, and each of them. */
export default function PictureWords({ change }: { change: (change: TaskUpdate) => void }) {
  const { t, i18n } = useTranslation();
  const { task } = useEditor();
  const picture = usePicture();
  const words = picture?.words;
  if (!picture || !words || (!words.language && !words.titles?.length)) return null;
  return (
    <section className="grid gap-2.5" data-testid="picture-words">
      <h3 className="text-soft text-xs font-medium">{t("picture.title")}</h3>
      {words.language && (
        <>
          <p className="text-xs">
            {t("picture.found", {
              language: languageName(words.language, i18n.language),
              count: words.cues?.length ?? 0,
            })}
          </p>
          <SourceText change={change} />
          <Covering settings={task.config.export_settings ?? {}} change={change} />
          <Boxes cues={words.cues ?? []} />
          <Cues picture={picture} />
        </>
      )}
      <PictureTitles picture={picture} />
    </section>
  );
}

function SourceText({ change }: { change: (change: TaskUpdate) => void }) {
  const { t } = useTranslation();
  const { task } = useEditor();
  return (
    <Field label={t("picture.source")} hint={t("picture.source_hint")}>
      {(field) => (
        <Choice
          {...field}
          value={task.config.source_text ?? null}
          onChange={(source_text) => change({ source_text })}
          options={[
            { value: null, label: t("picture.sources.best") },
            ...SOURCES.map((source) => ({ value: source, label: t(`picture.sources.${source}`) })),
          ]}
        />
      )}
    </Field>
  );
}

function Covering({ settings, change }: { settings: ExportSettings; change: (change: TaskUpdate) => void }) {
  const { t } = useTranslation();
  const set = (values: ExportSettings) => change({ export_settings: { ...settings, ...values } });
  return (
    <div className="grid grid-cols-[repeat(auto-fit,minmax(8.5rem,1fr))] gap-3">
      <Field label={t("picture.mode")}>
        {(field) => (
          <Choice
            {...field}
            value={settings.picture ?? "original"}
            onChange={(mode) => set({ picture: mode })}
            options={MODES.map((mode) => ({ value: mode, label: t(`picture.modes.${mode}`) }))}
          />
        )}
      </Field>
      <Field label={t("picture.cover")}>
        {(field) => (
          <Choice
            {...field}
            value={settings.cover ?? "blur"}
            onChange={(cover) => set({ cover })}
            options={WAYS.map((way) => ({ value: way, label: t(`picture.ways.${way}`) }))}
          />
        )}
      </Field>
    </div>
  );
}

/** Draw the box of the subtitle over the player; where none is shown the first one is gone to. */
function Boxes({ cues }: { cues: PictureCue[] }) {
  const { t } = useTranslation();
  const { transport } = useEditor();
  const boxes = useView((state) => state.boxes);
  const [first] = cues;
  if (!first) return null;
  const toggle = () => {
    if (!boxes && !cueAt(cues, transport.time)) transport.seek((first.start_s + first.end_s) / 2);
    show(boxes ? { boxes: false } : { boxes: true, sheet: false });
  };
  return (
    <Button icon={Frame} aria-pressed={boxes} className="justify-self-start" onClick={toggle}>
      {t(boxes ? "picture.hide_boxes" : "picture.show_boxes")}
    </Button>
  );
}

function Cues({ picture }: { picture: PictureRead }) {
  const { t } = useTranslation();
  const save = useSaveEdits();
  const edits = picture.edits.cues ?? {};
  if (!picture.words?.cues?.length) return null;
  const cover = (cue: PictureCue, on: boolean) => save(withCue(picture.edits, cue.id, { cover: on ? null : "off" }));
  return (
    <details>
      <summary className="font-medium">{t("picture.cues")}</summary>
      <ul className="mt-2 grid gap-1 text-xs">
        {picture.words.cues.map((cue) => (
          <li key={cue.id} className="bg-sunken grid grid-cols-[auto_1fr_auto] items-start gap-2 rounded-md px-2.5 py-1.5">
            <Moment at={cue.start_s} />
            <Both cue={cue} />
            <Check
              label={t("picture.covers", { text: cue.text })}
              hideLabel
              checked={edits[cue.id]?.cover !== "off"}
              onChange={(event) => cover(cue, event.target.checked)}
            />
          </li>
        ))}
      </ul>
    </details>
  );
}

/** What was read, and the line that came of it as it is now. */
function Both({ cue }: { cue: PictureCue }) {
  const { rows } = useEditor();
  const middle = (cue.start_s + cue.end_s) / 2;
  const row = rows.find(({ segment }) => segment.start_s <= middle && middle < segment.end_s);
  return (
    <span className="grid">
      <span>{cue.text}</span>
      {cue.second && <span className="text-soft">{cue.second}</span>}
      {row?.line?.text && <span className="text-soft">{row.line.text}</span>}
    </span>
  );
}
