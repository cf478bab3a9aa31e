import { useTranslation } from "react-i18next";
import type { PictureRead, PictureTitle, PlacedText } from "@/api/generated";
import { Check, Field, Input } from "@/components/ui/fields";
import { clock, languageName } from "@/core/format";
import { placed, placedFor, withPlaced } from "@/core/picture";
import { useEditor } from "../state/context";
import { useSaveEdits } from "../state/use-picture";
import { TimeField } from "./time-field";

/** Titles and signs: each may be covered, and a text of one's own set in its place. Nothing of that happens by itself. */
export function PictureTitles({ picture }: { picture: PictureRead }) {
  const { t } = useTranslation();
  const { task } = useEditor();
  const titles = picture.words?.titles ?? [];
  if (titles.length === 0) return null;
  return (
    <details data-testid="picture-titles">
      <summary className="font-medium">{t("picture.titles")}</summary>
      {(task.config.export_settings?.picture ?? "original") === "original" && (
        <p className="text-soft mt-1.5 text-xs">{t("picture.titles_left")}</p>
      )}
      <ul className="mt-2 grid gap-1 text-xs">
        {titles.map((title) => (
          <Title key={`${title.text}/${title.first_s}/${title.box.y}`} picture={picture} title={title} />
        ))}
      </ul>
    </details>
  );
}

function Title({ picture, title }: { picture: PictureRead; title: PictureTitle }) {
  const { t } = useTranslation();
  const { duration } = useEditor();
  const save = useSaveEdits();
  const set = placedFor(picture.edits, title);
  const change = (next: PlacedText | null) => save(withPlaced(picture.edits, title, next));
  return (
    <li className="bg-sunken grid gap-2 rounded-md px-2.5 py-1.5">
      <span className="grid grid-cols-[auto_1fr_auto] items-start gap-2">
        <Moment at={title.first_s} />
        <span>{title.text}</span>
        <Check
          label={t("picture.covers", { text: title.text })}
          hideLabel
          checked={set !== undefined}
          onChange={(event) => change(event.target.checked ? placed(title, duration) : null)}
        />
      </span>
      {set && <Covered set={set} title={title} change={change} />}
    </li>
  );
}

/** From when to when it is covered, and what stands there in the language shown. */
function Covered({ set, title, change }: { set: PlacedText; title: PictureTitle; change: (next: PlacedText) => void }) {
  const { t, i18n } = useTranslation();
  const { language } = useEditor();
  const keep = (text: string) => {
    const { [language]: _, ...others } = set.texts ?? {};
    const texts = text.trim() ? { ...others, [language]: text.trim() } : others;
    if ((set.texts?.[language] ?? "") !== text.trim()) change({ ...set, texts });
  };
  return (
    <div className="grid grid-cols-2 gap-2">
      <TimeField
        label={t("picture.title_from")}
        value={set.start_s}
        onCommit={(start_s) => start_s < set.end_s && change({ ...set, start_s: Math.max(0, start_s) })}
      />
      <TimeField
        label={t("picture.title_to")}
        value={set.end_s}
        onCommit={(end_s) => end_s > set.start_s && change({ ...set, end_s })}
      />
      <div className="col-span-2">
        <Field
          label={t("picture.title_text", { language: languageName(language, i18n.language) })}
          hint={t("picture.title_hint")}
        >
          {(field) => (
            <Input
              {...field}
              key={`${language}/${title.text}`}
              lang={language}
              defaultValue={set.texts?.[language] ?? ""}
              onBlur={(event) => keep(event.target.value)}
              onKeyDown={(event) => event.key === "Enter" && keep(event.currentTarget.value)}
            />
          )}
        </Field>
      </div>
    </div>
  );
}

/** A time that leads there. */
export function Moment({ at }: { at: number }) {
  const { transport } = useEditor();
  return (
    <button type="button" className="text-soft tabular-nums underline" onClick={() => transport.seek(at)}>
      {clock(at, 1)}
    </button>
  );
}
